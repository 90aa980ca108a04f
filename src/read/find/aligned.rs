//! Tables in plain text: columns by pipes, tabs, wide gaps or alignment under the heading words.

use super::Context;
use super::align::{Token, is_figure, is_number_role, place, starts_number, tokens};
use super::columns;
use crate::read::labels::{Column, Fit, Words};
use crate::read::page::{Block, Cell, Grid, Row, TextLine};
use crate::read::value::text::{has_han, plain};

/// Parts lines into running text and grids.
#[must_use]
pub fn blocks(lines: &[TextLine], context: &Context<'_>) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    let mut text: Vec<TextLine> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        match grid_at(&lines[at..], context) {
            Some((grid, used)) => {
                if !text.is_empty() {
                    out.push(Block::Text(std::mem::take(&mut text)));
                }
                out.push(Block::Grid(grid));
                at += used;
            }
            None => {
                text.push(lines[at].clone());
                at += 1;
            }
        }
    }
    if !text.is_empty() {
        out.push(Block::Text(text));
    }
    out
}

/// A table that starts with a heading at the first of the lines, and how many lines it takes.
fn grid_at(lines: &[TextLine], context: &Context<'_>) -> Option<(Grid, usize)> {
    let first = plain(&lines[0].text);
    if first.trim().is_empty() {
        return None;
    }
    match mark(&first) {
        Some(mark) => marked(lines, mark, context),
        None => spaced(lines, context),
    }
}

fn mark(line: &str) -> Option<char> {
    ['|', '│', '┃', '\t']
        .into_iter()
        .find(|m| line.trim().matches(*m).count() >= 2)
        .or_else(|| [',', ';'].into_iter().find(|m| line.matches(*m).count() >= 3 && !line.contains("  ")))
}

/// Whether a line only draws: ----, =====, +---+, |:--|--:|.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.chars().count() > 2
        && line.chars().all(|c| {
            matches!(
                c,
                '-' | '=' | '_' | '+' | '|' | ':' | ' ' | '*' | '—' | '–' | '~' | '.' | '\u{2500}'
                    ..='\u{257f}'
            )
        })
}

fn marked(lines: &[TextLine], mark: char, context: &Context<'_>) -> Option<(Grid, usize)> {
    let split = |line: &TextLine| -> Row {
        let text = plain(&line.text).replace(['│', '┃'], "|");
        let mark = if mark == '│' || mark == '┃' { '|' } else { mark };
        let text = if mark == '|' {
            text.trim().trim_start_matches('|').trim_end_matches('|').to_owned()
        } else {
            text
        };
        let cells = match mark {
            ',' | ';' => quoted(&text, mark),
            _ => text.split(mark).map(|c| Cell::new(c.trim())).collect(),
        };
        Row { number: line.number, cells }
    };
    let heading = split(&lines[0]);
    let below = lines.get(1).filter(|l| mark != ',' && !is_rule(&l.text)).map(split);
    columns::heading(&heading, below.as_ref().filter(|b| b.cells.len() == heading.cells.len()), context)?;
    let columns = heading.cells.len();
    let mut rows = vec![heading];
    let mut used = 1;
    for line in &lines[1..] {
        let row = split(line);
        if is_rule(&line.text) {
            used += 1;
            continue;
        }
        let start = line.text.trim_start_matches([' ', '|', '│', '┃', '\t']);
        let total = context.labels.starts(Words::Total, &plain(start)).is_some();
        if line.text.trim().is_empty()
            || (row.cells.len() * 2 < columns && !total)
            || (total && row.cells.len() < 2)
        {
            break;
        }
        used += 1;
        rows.push(row);
    }
    (rows.len() > 1).then_some((Grid { sheet: None, rows }, used))
}

fn quoted(text: &str, mark: char) -> Vec<Cell> {
    let mark = u8::try_from(mark).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(mark)
        .from_reader(text.as_bytes());
    let record = reader.records().next().and_then(Result::ok).unwrap_or_default();
    record.iter().map(|c| Cell::new(c.trim())).collect()
}

/// Heading words of a line: neighbours are joined while together they name a column.
fn heads(line: &str, context: &Context<'_>) -> Vec<Token> {
    let words = tokens(line);
    let mut out: Vec<Token> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let mut best = (at + 1, false);
        let mut text = words[at].text.clone();
        if context.labels.column(&text).is_some() {
            best.1 = true;
        }
        for to in at + 1..words.len().min(at + 5) {
            if words[to].start > words[to - 1].end + 1 {
                break;
            }
            text = format!("{text} {}", words[to].text);
            let exact = names_column(&text, context)
                && !(has_han(&text) && best.1 && names_column(&words[to].text, context));
            let bracket = words[to].text.starts_with('(') || words[to].text.starts_with('（');
            if exact || (bracket && best.1) {
                best = (to + 1, true);
            }
        }
        let joined = words[at..best.0].iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
        out.push(Token { text: joined, start: words[at].start, end: words[best.0 - 1].end });
        at = best.0;
    }
    out
}

fn names_column(text: &str, context: &Context<'_>) -> bool {
    matches!(context.labels.column(text), Some((_, Fit::Exact)))
}

fn spaced(lines: &[TextLine], context: &Context<'_>) -> Option<(Grid, usize)> {
    let line = &lines[0];
    if line.text.contains([':', '：']) && !line.text.contains("  ") {
        return None;
    }
    let heads = heads(&line.text, context);
    if heads.len() < 2 || heads.len() > 30 {
        return None;
    }
    let row = Row { number: line.number, cells: heads.iter().map(|h| Cell::new(h.text.clone())).collect() };
    let heading = columns::heading(&row, None, context)?;
    let roles: Vec<Option<Column>> = heading.heads.iter().map(|h| h.as_ref().map(|h| h.column)).collect();
    let mut rows = vec![row];
    let (mut used, mut pending, mut blanks) = (1, 1, 0);
    for line in &lines[1..] {
        pending += 1;
        if line.text.trim().is_empty() {
            blanks += 1;
            if blanks > 1 && rows.len() > 1 {
                break;
            }
            continue;
        }
        if is_rule(&line.text) {
            continue;
        }
        let Some(cells) = body(line, (&heads, &roles), rows.len() > 1 && blanks == 0, context) else { break };
        blanks = 0;
        used = pending;
        rows.push(Row { number: line.number, cells });
    }
    (rows.len() > 1).then_some((Grid { sheet: None, rows }, used))
}

/// The cells of a line under the heading; None when it does not belong to the table.
fn body(
    line: &TextLine,
    (heads, roles): (&[Token], &[Option<Column>]),
    directly: bool,
    context: &Context<'_>,
) -> Option<Vec<Cell>> {
    let text = line.text.trim();
    let words = tokens(&line.text);
    let labelled = text
        .split([':', '：'])
        .next()
        .is_some_and(|l| l.len() < text.len() && context.labels.label(l).is_some());
    let total = context
        .labels
        .starts(Words::Total, &plain(text))
        .or_else(|| context.labels.starts(Words::Subtotal, &plain(text)))
        .is_some();
    if labelled || (total && words.len() < 2) {
        return None;
    }
    let cells = place(&line.text, &words, heads, roles, context);
    let filled: Vec<usize> = (0..cells.len()).filter(|c| !cells[*c].text.is_empty()).collect();
    let numeric = filled.iter().any(|c| is_number_role(roles[*c]) && is_figure(&cells[*c].text));
    if numeric || (total && words.iter().any(|w| starts_number(&w.text))) {
        return Some(cells);
    }
    // A wrapped description: one column only, indented to it, directly below a row.
    let wrapped =
        directly && words.first().is_some_and(|w| w.start > heads[0].start + 1) && filled.len() == 1;
    let repeated = columns::heading(&Row { number: 0, cells: cells.clone() }, None, context).is_some();
    // A row whose quantity is a word (待定, TBD) still is one when most columns are filled.
    let worded = filled.len() * 2 > roles.len() && filled.len() > 2;
    (wrapped || repeated || worded).then_some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::labels::Labels;

    fn grid(text: &str) -> Vec<Vec<String>> {
        let labels = Labels::built_in();
        let context =
            Context { labels: &labels, printed: false, style: Default::default(), dates: Default::default() };
        let lines: Vec<TextLine> =
            text.lines().zip(1..).map(|(t, number)| TextLine { number, text: t.to_owned() }).collect();
        let found = blocks(&lines, &context)
            .into_iter()
            .find_map(|b| if let Block::Grid(g) = b { Some(g) } else { None });
        found
            .map(|g| g.rows.into_iter().map(|r| r.cells.into_iter().map(|c| c.text).collect()).collect())
            .unwrap_or_default()
    }

    #[test]
    fn aligned_columns() {
        let rows = grid(
            "序号 货号         品名                   数量 单位     单价\n----\n1    LL-FL-1180   5#尼龙闭尾 自动头     6,000 条       0.47\n2                 3#隐形               12,000 条       0.5",
        );
        assert_eq!(rows[1], ["1", "LL-FL-1180", "5#尼龙闭尾 自动头", "6,000", "条", "0.47"]);
        assert_eq!(rows[2], ["2", "", "3#隐形", "12,000", "条", "0.5"]);
    }

    #[test]
    fn pipes_tabs_and_markdown() {
        assert_eq!(
            grid("| Part No | Description | Qty |\n|---|---|---:|\n| A-100 | Bolt M8 | 500 |")[1],
            ["A-100", "Bolt M8", "500"]
        );
        assert_eq!(grid("品名\t数量\t单价\n拉链\t500\t0.4")[1], ["拉链", "500", "0.4"]);
    }
}
