//! Orders written as records: "品名：… 数量：… 单价：…", one label a line or several.

use super::prose::number_lines;
use super::{Context, Loose, cells, field, sure};
use crate::order::draft::{DraftLine, Evidence};
use crate::read::labels::{Column, Fit};
use crate::read::value::date;
use crate::read::value::text::{squeeze, trim};

/// The lines of all records in the rows.
#[must_use]
pub fn lines(rows: &[Loose], context: &Context<'_>) -> Vec<DraftLine> {
    let mut out: Vec<DraftLine> = Vec::new();
    let mut open = DraftLine::default();
    let mut seen: Vec<Column> = Vec::new();
    for (column, value, at) in rows.iter().flat_map(|r| pairs(r, context)) {
        if seen.contains(&column) && column != Column::Note {
            close(&mut open, &mut out);
            seen.clear();
        }
        seen.push(column);
        put(&mut open, column, &value, &at, context);
    }
    close(&mut open, &mut out);
    number_lines(&mut out);
    out
}

fn close(open: &mut DraftLine, out: &mut Vec<DraftLine>) {
    let line = std::mem::take(open);
    if line.quantity.is_some() && (line.description.is_some() || line.customer_part.is_some()) {
        out.push(line);
    }
}

/// Column words with a colon, or alone in a cell before the cell of their value.
fn pairs(row: &Loose, context: &Context<'_>) -> Vec<(Column, String, Evidence)> {
    let mut out = Vec::new();
    for (n, piece) in row.pieces.iter().enumerate() {
        let alone = exact(piece.text.trim().trim_end_matches([':', '：']), context);
        if let (Some(column), Some(next)) = (alone, row.pieces.get(n + 1)) {
            out.push((column, next.text.clone(), next.evidence.clone()));
            continue;
        }
        for text in piece.text.split('\n') {
            let spots = spots(text, context);
            for (at, (column, _, value)) in spots.iter().enumerate() {
                let end = spots.get(at + 1).map_or(text.len(), |s| s.1);
                out.push((*column, trim(&text[*value..end]).to_owned(), piece.evidence.clone()));
            }
        }
    }
    out.retain(|(_, value, _)| !value.is_empty());
    out
}

fn exact(text: &str, context: &Context<'_>) -> Option<Column> {
    use Column::{Amount, Color, Description, Note, Part, PartElse, Price, Quantity, Spec, Unit};
    let (column, fit) = context.labels.column(text)?;
    (fit == Fit::Exact
        && matches!(
            column,
            Description | Part | PartElse | Spec | Color | Quantity | Unit | Price | Amount | Note
        ))
    .then_some(column)
}

/// (column, start of the label, start of the value)
fn spots(text: &str, context: &Context<'_>) -> Vec<(Column, usize, usize)> {
    let mut out = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| matches!(c, ':' | '：')) {
        let start = text[..at].trim_end().rfind(|c: char| {
            c.is_whitespace()
                || matches!(c, '，' | ',' | ';' | '；' | '。' | '、' | '.' | ')' | '）' | ':' | '：')
        });
        let behind = |s: usize| s + text[s..].chars().next().map_or(1, char::len_utf8);
        let start = start.map_or(0, behind);
        let two_words = text[..start].trim_end().rfind(char::is_whitespace).map_or(0, behind);
        let found =
            [two_words, start].into_iter().find_map(|s| Some((exact(text[s..at].trim(), context)?, s)));
        if let Some((column, start)) = found {
            out.push((column, start, at + c.len_utf8()));
        }
    }
    out
}

#[expect(clippy::wildcard_enum_match_arm, reason = "records have no other columns")]
fn put(line: &mut DraftLine, column: Column, value: &str, at: &Evidence, context: &Context<'_>) {
    let text = || Some(field(squeeze(value), at.clone(), sure::LIKELY));
    match column {
        Column::Part | Column::PartElse => line.customer_part = text(),
        Column::Description => line.description = text(),
        Column::Spec => line.spec = text(),
        Column::Color => line.color = text(),
        Column::Unit => line.unit = text(),
        Column::Note => line.note = text(),
        Column::Date => {
            line.delivery_date =
                date::find(value, &context.dates, true).map(|d| field(d.value, at.clone(), sure::LIKELY))
        }
        Column::Quantity => {
            if let Some(found) = cells::quantity(value, context) {
                let clean = !found.ambiguous && found.is_clean();
                line.quantity =
                    Some(field(found.value, at.clone(), if clean { sure::LIKELY } else { sure::AMBIGUOUS }));
                line.unit = line.unit.take().or_else(|| Some(field(found.unit?, at.clone(), sure::LIKELY)));
            }
        }
        Column::Price | Column::Amount => {
            let money = cells::money(value, context);
            let found = money.map(|m| {
                field(m.value, at.clone(), if m.ambiguous { sure::AMBIGUOUS } else { sure::LIKELY })
            });
            if column == Column::Price { line.unit_price = found } else { line.amount = found }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::labels::Labels;

    #[test]
    fn wide_blanks_part_words() {
        let labels = Labels::built_in();
        let context =
            Context { labels: &labels, printed: false, style: Default::default(), dates: Default::default() };
        for text in ["A　客户　品名：拉链", "A\u{a0}B\u{a0}品名：拉链"] {
            let found: Vec<(Column, &str)> = spots(text, &context)
                .into_iter()
                .map(|(column, _, value)| (column, &text[value..]))
                .collect();
            assert_eq!(found, [(Column::Description, "拉链")], "{text}");
        }
    }
}
