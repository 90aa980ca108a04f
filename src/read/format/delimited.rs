//! Delimited text (CSV and its likes) to a grid: the delimiter is the one that gives the most even rows.

use super::text::clean;
use crate::read::limits::Limits;
use crate::read::page::{Block, Cell, Grid, Page, Row};
use csv::{ReaderBuilder, StringRecord};

/// The delimiter of a text, if it is delimited at all.
#[must_use]
pub fn delimiter(text: &str) -> Option<u8> {
    let sample: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).take(40).collect();
    let score = |mark: u8| {
        let counts: Vec<usize> = sample.iter().map(|l| outside_quotes(l, mark)).collect();
        let most = counts.iter().copied().max().unwrap_or(0);
        let usual = counts.iter().filter(|c| **c > 0 && **c * 2 >= most).count();
        (usual * 3 >= sample.len().max(2) && most > 1).then_some((usual, most))
    };
    [b'\t', b',', b';', b'|']
        .into_iter()
        .filter_map(|m| Some((score(m)?, m)))
        .max_by_key(|(s, m)| (s.0, s.1, *m == b'\t'))
        .map(|(_, m)| m)
}

fn outside_quotes(line: &str, mark: u8) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for byte in line.bytes() {
        quoted ^= byte == b'"';
        count += usize::from(byte == mark && !quoted);
    }
    count
}

/// Reads delimited text; row numbers are record numbers.
#[must_use]
pub fn read(text: &str, mark: u8, name: &str, limits: &Limits) -> Page {
    let text = text.trim_start_matches('\u{feff}');
    let text = text.strip_prefix("sep=").and_then(|t| t.split_once('\n')).map_or(text, |(_, rest)| rest);
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(mark).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    while rows.len() < limits.rows as usize && matches!(reader.read_record(&mut record), Ok(true)) {
        let cells = record.iter().take(limits.columns as usize).map(|c| Cell::new(cell(c))).collect();
        rows.push(Row { number: u32::try_from(rows.len() + 1).unwrap_or(u32::MAX), cells });
    }
    Page { blocks: vec![Block::Grid(Grid { sheet: Some(name.to_owned()), rows })] }
}

/// A cell's text; the `="00123"` and `\t00123` by which programs keep leading zeros are undone.
fn cell(text: &str) -> String {
    let text = text.strip_prefix("=\"").and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n").trim_matches(['\t', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters() {
        for (text, want) in [
            ("a,b,c\n1,2,3", Some(b',')),
            ("a;b;c\n1,5;2;3", Some(b';')),
            ("a\tb\tc\n1,5\t2\t3", Some(b'\t')),
            ("no table here\nat all", None),
            ("a,\"b,c\",d\n\"1\n2\",3,4", Some(b',')),
        ] {
            assert_eq!(delimiter(text), want, "{text}");
        }
    }

    #[test]
    fn quoted_newlines_stay_in_their_cell() {
        let page = read("品名,备注\nA,\"一\n二\"\n", b',', "x.csv", &Limits::default());
        let Block::Grid(grid) = &page.blocks[0] else { unreachable!() };
        assert_eq!((grid.rows.len(), grid.rows[1].cells[1].text.as_str()), (2, "一\n二"));
    }
}
