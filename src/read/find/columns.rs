//! Heading rows: which cell names which column, by label words alone.

use super::Context;
use crate::read::labels::{Column, Fit, Words};
use crate::read::page::Row;
use crate::read::value::text::{key, plain};

/// What a heading says about its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub column: Column,
    pub fit: Fit,
    /// The heading as printed.
    pub text: String,
    /// Unit in the heading: 数量(条).
    pub unit: Option<String>,
    pub currency: Option<String>,
}

/// A heading row: one entry for each cell; None where a cell says nothing known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heading {
    pub heads: Vec<Option<Head>>,
    /// Columns whose headings are sizes, with the size.
    pub sizes: Vec<(usize, String)>,
    /// Unknown headings that are not empty.
    pub unknown: Vec<usize>,
    /// Rows that the heading takes.
    pub rows: usize,
}

impl Heading {
    /// Columns of a kind, in reading order.
    #[must_use]
    pub fn all(&self, column: Column) -> Vec<usize> {
        self.heads
            .iter()
            .enumerate()
            .filter(|(_, h)| h.as_ref().is_some_and(|h| h.column == column))
            .map(|(i, _)| i)
            .collect()
    }

    #[must_use]
    pub fn first(&self, column: Column) -> Option<usize> {
        self.all(column).first().copied()
    }

    #[must_use]
    pub fn has(&self, column: Column) -> bool {
        self.first(column).is_some()
    }
}

/// What one heading cell says.
#[must_use]
pub fn head(text: &str, context: &Context<'_>) -> Option<Head> {
    let text = plain(text);
    if text.chars().count() > 48 || text.trim_end().ends_with(['。', '!', '?']) {
        return None;
    }
    let labelled = text.split_once(':').is_some_and(|(_, value)| !value.trim().is_empty());
    let (column, fit) = context.labels.column(&text).filter(|_| !labelled)?;
    let inner = brackets(&text);
    let unit = inner.iter().map(|t| t.trim()).find(|t| context.labels.is_unit(t)).map(str::to_owned);
    let priced = matches!(column, Column::Price | Column::PriceNet | Column::Amount | Column::AmountNet);
    let currency = if priced { context.labels.currency_in(&text) } else { None };
    Some(Head { column, fit, text: text.clone(), unit, currency })
}

/// Texts in brackets, and what stands behind a slash.
fn brackets(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['(', '[', '/']) {
        let inner = &rest[open + 1..];
        let end = inner.find([')', ']', '(']).unwrap_or(inner.len());
        out.push(inner[..end].trim_start_matches("单位").trim_start_matches(':').to_owned());
        rest = &inner[end..];
    }
    out
}

/// Reads a row as a heading; the row below may complete it.
#[must_use]
pub fn heading(row: &Row, below: Option<&Row>, context: &Context<'_>) -> Option<Heading> {
    let single = read(row, context);
    if let Some(below) = below
        && completes(row, below, context)
    {
        let joined = read(&join(row, below, context), context).filter(|h| enough(h, row));
        if let Some(mut joined) = joined {
            joined.rows = 2;
            return Some(joined);
        }
    }
    single.filter(|h| enough(h, row))
}

fn read(row: &Row, context: &Context<'_>) -> Option<Heading> {
    let mut heading = Heading { rows: 1, ..Heading::default() };
    for (at, cell) in row.cells.iter().enumerate() {
        let text = cell.text.trim();
        let found = if text.is_empty() { None } else { head(text, context) };
        if found.is_none() && !text.is_empty() {
            match size(text, context) {
                Some(size) => heading.sizes.push((at, size)),
                None => heading.unknown.push(at),
            }
        }
        heading.heads.push(found);
    }
    // Sizes stand side by side.
    let together = heading.sizes.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1);
    if heading.sizes.len() < 2 || !together {
        heading.unknown.extend(heading.sizes.drain(..).map(|(at, _)| at));
    }
    Some(heading)
}

/// A size as a heading: S, XL, 36, 15cm, 38码.
fn size(text: &str, context: &Context<'_>) -> Option<String> {
    let text = plain(text);
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let tail = text[digits.len()..].trim().to_lowercase();
    let number = !digits.is_empty()
        && digits.len() <= 5
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && matches!(tail.as_str(), "" | "cm" | "码" | "#" | "mm" | "\"" | "号" | "寸" | "m");
    (number || context.labels.is(Words::Size, text)).then(|| text.to_owned())
}

/// Enough known words to be a table of goods, and few unknown ones.
fn enough(heading: &Heading, row: &Row) -> bool {
    use Column::{
        Amount, AmountNet, Description, Item, Part, PartElse, Price, PriceNet, Quantity, QuantityElse, Spec,
        Unit,
    };
    let known = heading.heads.iter().flatten().count();
    let filled = row.filled().count();
    let any = |list: &[Column]| list.iter().any(|c| heading.has(*c));
    let goods = any(&[Description, Part, PartElse, Spec, Item]);
    let counted = any(&[Quantity, QuantityElse]) || heading.sizes.len() > 1;
    let priced = any(&[Price, PriceNet, Amount, AmountNet]);
    let shape = (goods && counted)
        || (goods && priced && known >= 3)
        || (counted && priced && known >= 2 && any(&[Unit, Price]) && heading.unknown.len() == 1);
    shape && known >= 2 && (known + heading.sizes.len()) * 2 >= filled
}

/// Whether the row below is a second heading row: no numbers, and it says more about columns or is a translation.
fn completes(row: &Row, below: &Row, context: &Context<'_>) -> bool {
    let known = row.filled().filter(|(_, t)| head(t, context).is_some()).count();
    let figures =
        row.filled().any(|(_, t)| t.chars().any(|c| c.is_ascii_digit()) && size(t, context).is_none());
    if figures || known * 2 <= row.filled().count() {
        return false;
    }
    let mut more = 0;
    let mut filled = 0;
    for (at, text) in below.filled() {
        let spanned = row.cells.get(at).is_none_or(|c| {
            c.text.trim().is_empty() || head(&c.text, context).is_some_and(|h| h.column == Column::Quantity)
        });
        if text.chars().any(|c| c.is_ascii_digit()) && !(spanned && size(text, context).is_some()) {
            return false;
        }
        if below.cells.get(at).is_some_and(|c| c.carried) {
            continue;
        }
        filled += 1;
        let above = row.cells.get(at).map_or("", |c| c.text.trim());
        let known = head(text, context).is_some()
            || size(text, context).is_some()
            || (context.labels.is_unit(text) && !above.is_empty());
        more += usize::from(known);
    }
    filled > 0 && more * 2 > filled && (more > 1 || filled == 1)
}

/// The two rows as one: a text above that spans several columns goes to each of them.
fn join(row: &Row, below: &Row, context: &Context<'_>) -> Row {
    let mut spanning = String::new();
    let mut cells = Vec::new();
    for at in 0..row.cells.len().max(below.cells.len()) {
        let top = row.cells.get(at).map_or("", |c| c.text.trim());
        let low = below.cells.get(at).filter(|c| !c.carried).map_or("", |c| c.text.trim());
        if !top.is_empty() {
            top.clone_into(&mut spanning);
        }
        let text = match (top, low) {
            (top, "") => top.to_owned(),
            ("", low) if context.labels.is_unit(low) => format!("{spanning}({low})"),
            ("", low) => low.to_owned(),
            (top, low) if context.labels.is_unit(low) => format!("{top}({low})"),
            (top, low) if key(top) == key(low) => low.to_owned(),
            (_, low) => low.to_owned(),
        };
        let text =
            if text == low && !top.is_empty() && top != low && key(low).is_ascii() && !key(top).is_ascii() {
                format!("{top} {low}")
            } else {
                text
            };
        cells.push(crate::read::page::Cell::new(text));
    }
    Row { number: row.number, cells }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::labels::Labels;
    use crate::read::page::Cell;

    fn row(cells: &[&str]) -> Row {
        Row { number: 1, cells: cells.iter().map(|c| Cell::new(*c)).collect() }
    }

    #[test]
    fn headings_are_told_from_data() {
        let labels = Labels::built_in();
        let context =
            Context { labels: &labels, printed: false, style: Default::default(), dates: Default::default() };
        for (cells, want) in [
            (vec!["序号", "品名", "数量", "单价"], true),
            (vec!["Item", "Part #", "Description", "Qty", "UOM", "Unit Price", "Ext. Price"], true),
            (vec!["品名", "S", "M", "L", "XL", "合计"], true),
            (vec!["1", "LL-FL-1180", "5#尼龙闭尾", "6,000"], false),
            (vec!["订单号", "A1", "日期", "2026/3/7"], false),
            (vec!["课程", "地点"], false),
        ] {
            assert_eq!(heading(&row(&cells), None, &context).is_some(), want, "{cells:?}");
        }
    }

    #[test]
    fn two_rows_make_one_heading() {
        let labels = Labels::built_in();
        let context =
            Context { labels: &labels, printed: false, style: Default::default(), dates: Default::default() };
        let heading =
            heading(&row(&["品名", "数量", "", "单价"]), Some(&row(&["", "箱数", "总数量", ""])), &context);
        let columns: Vec<Option<Column>> = heading
            .map(|h| h.heads.iter().map(|x| x.as_ref().map(|x| x.column)).collect())
            .unwrap_or_default();
        assert_eq!(
            columns,
            [
                Some(Column::Description),
                Some(Column::QuantityElse),
                Some(Column::Quantity),
                Some(Column::Price)
            ]
        );
    }
}
