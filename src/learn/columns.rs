//! Where the keyed lines stand in the pages, and the headings above them: the tables that may have been meant.

use super::Meaning;
use super::derive::LINES;
use crate::read::find::texts::Table;
use crate::read::labels::{Column, Fit, Labels};
use crate::read::said::Sought;
use std::collections::{BTreeMap, BTreeSet};

/// A heading with the column that it may name.
pub(super) type Heading = (String, Column);

impl From<Heading> for Meaning {
    fn from((heading, column): Heading) -> Self {
        Self::Column { heading, column }
    }
}

/// Rows above the first line that are looked at for headings.
const ABOVE: usize = 4;
/// Letters of a heading.
const LONGEST: usize = 40;

const COLUMNS: [(&str, Column); 10] = [
    ("customer_part", Column::Part),
    ("description", Column::Description),
    ("spec", Column::Spec),
    ("color", Column::Color),
    ("quantity", Column::Quantity),
    ("unit", Column::Unit),
    ("unit_price", Column::Price),
    ("amount", Column::Amount),
    ("delivery_date", Column::Date),
    ("note", Column::Note),
];

/// A line that was found: its row, and the columns in which each of its fields stands.
struct Row {
    at: usize,
    fields: BTreeMap<Column, BTreeSet<usize>>,
}

/// What each table of the pages would have to say, the likeliest first; without what it says already.
pub(super) fn headings(
    tables: &[Table],
    wanted: &BTreeMap<String, String>,
    known: &Labels,
) -> Vec<Vec<Heading>> {
    let lines = lines(wanted);
    let mut meant = Vec::new();
    for rows in tables {
        let found: Vec<Row> = lines.iter().filter_map(|line| find(rows, line)).collect();
        let Some(first) = found.iter().map(|row| row.at).min() else { continue };
        let columns = columns(&found);
        for above in (first.saturating_sub(ABOVE)..first).rev() {
            let heads: Vec<Heading> = heads(&rows[above], &columns, (known, found.len() > 1));
            meant.push((found.len() * columns.len(), heads));
        }
    }
    meant.retain(|(_, heads)| !heads.is_empty());
    meant.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    meant.into_iter().map(|(_, heads)| heads).collect()
}

/// What a row of headings would have to say: the column of each field, and of other columns that they are not that.
///
/// `several`: more than one line was found. A figure that stands in the row of one line by chance is no ground for taking a
/// known heading for another.
fn heads(row: &[String], columns: &[(Column, usize)], (known, several): (&Labels, bool)) -> Vec<Heading> {
    let mut heads = Vec::new();
    for (at, text) in row.iter().map(|text| text.trim()).enumerate() {
        let fits = text.chars().count() <= LONGEST && text.chars().any(char::is_alphabetic);
        let meant = columns.iter().find(|(_, place)| *place == at).map(|(column, _)| *column);
        let says = known.column(text);
        let taken = says.is_some_and(|(said, _)| columns.iter().any(|(column, _)| *column == said));
        let column = meant.or(taken.then_some(Column::Other));
        let firm = says.is_some_and(|(_, fit)| fit == Fit::Exact);
        if let Some(column) = column
            && fits
            && says != Some((column, Fit::Exact))
            && (several || !firm)
        {
            heads.push((text.to_owned(), column));
        }
    }
    heads
}

/// The fields of each wanted line, as texts to look for.
fn lines(wanted: &BTreeMap<String, String>) -> Vec<Vec<(Column, Sought)>> {
    let line = |at: usize| {
        let field = |(name, column): &(&str, Column)| {
            let value = wanted.get(&format!("lines.{at}.{name}"))?;
            Some((*column, Sought::new(value)?))
        };
        COLUMNS.iter().filter_map(field).collect::<Vec<_>>()
    };
    (0..LINES).map(line).take_while(|line| !line.is_empty()).collect()
}

/// The row that says most of a line: two fields at least, for one alone may stand anywhere.
fn find(rows: &[Vec<String>], line: &[(Column, Sought)]) -> Option<Row> {
    let row = |(at, cells): (usize, &Vec<String>)| {
        let mut fields: BTreeMap<Column, BTreeSet<usize>> = BTreeMap::new();
        for (column, sought) in line {
            let says = cells.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
            let says = says.filter(|(_, cell)| sought.is_said_by(&[cell.trim()])).map(|(at, _)| at);
            let places: BTreeSet<usize> = says.collect();
            if !places.is_empty() {
                fields.insert(*column, places);
            }
        }
        Row { at, fields }
    };
    let found = rows.iter().enumerate().map(row).filter(|row| row.fields.len() > 1);
    found.max_by_key(|row| (row.fields.len(), std::cmp::Reverse(row.at)))
}

/// The column of each field: where it stands in most lines, and no two in one.
fn columns(found: &[Row]) -> Vec<(Column, usize)> {
    let mut votes: BTreeMap<(Column, usize), usize> = BTreeMap::new();
    for row in found {
        for (column, places) in &row.fields {
            for place in places {
                *votes.entry((*column, *place)).or_default() += 1;
            }
        }
    }
    let mut ranked: Vec<((Column, usize), usize)> = votes.into_iter().collect();
    ranked.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
    let mut chosen: Vec<(Column, usize)> = Vec::new();
    for ((column, at), _) in ranked {
        if chosen.iter().all(|(other, place)| *other != column && *place != at) {
            chosen.push((column, at));
        }
    }
    chosen
}
