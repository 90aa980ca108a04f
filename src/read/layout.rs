//! Printed pages to lines and grids: ruled tables become grids, everything else lines whose words keep their distance, so
//! that tables without ruling are found like those of plain text.

mod level;
mod ruled;

use super::page::{Block, Cell, Grid, Page, Row, TextLine};
use super::print::{Print, Word};
use super::words;
use level::levelled;
use ruled::Table;

/// The words of a row or line, for showing where a value stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// From 1.
    pub page: u32,
    /// By column; a line of text has one.
    pub cells: Vec<Vec<Word>>,
}

/// What pages became, with the place of each row and line: number 1 is first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    pub page: Page,
    pub places: Vec<Place>,
}

/// Lays out pages that belong together, in their order, each with its number in the file.
#[must_use]
pub fn layout(pages: &[(u32, Print)]) -> Layout {
    let mut out = Layout::default();
    let mut columns: Option<Vec<f32>> = None;
    for (number, print) in pages {
        columns = lay(print, *number, columns.take(), &mut out);
    }
    out
}

/// Adds a page. `columns`: where the columns of a table stood at the foot of the page before.
fn lay(print: &Print, number: u32, columns: Option<Vec<f32>>, out: &mut Layout) -> Option<Vec<f32>> {
    let (tables, rest) = ruled::tables(print);
    let lines = levelled(words::lines(rest));
    let unit = unit(print) / crowd(&lines, unit(print));
    let mut open: Vec<TextLine> = Vec::new();
    let mut first = true;
    let mut below = None;
    let mut parts: Vec<Part> =
        lines.into_iter().map(Part::Line).chain(tables.into_iter().map(Part::Table)).collect();
    parts.sort_by(|a, b| a.top().total_cmp(&b.top()));
    for part in parts {
        match part {
            Part::Line(line) => {
                open.push(TextLine {
                    number: place(out, number, vec![line.clone()]),
                    text: text(&line, unit),
                });
            }
            Part::Table(table) => {
                flush(&mut open, out);
                let goes_on = first && columns.as_ref().is_some_and(|it| same_columns(it, &table.columns));
                first = false;
                below = Some(table.columns.clone());
                grid(table, number, goes_on, out);
            }
        }
    }
    flush(&mut open, out);
    below
}

enum Part {
    Line(Vec<Word>),
    Table(Table),
}

impl Part {
    fn top(&self) -> f32 {
        match self {
            Self::Line(line) => line.iter().map(|word| word.area.middle().1).fold(f32::MAX, f32::min),
            Self::Table(table) => table.area.top,
        }
    }
}

/// Half the height of the type in which most of the page is set: about the width of a letter.
fn unit(print: &Print) -> f32 {
    let mut heights: Vec<f32> = print.words.iter().map(|word| word.area.height()).collect();
    heights.sort_by(f32::total_cmp);
    heights.get(heights.len() / 2).map_or(5.0, |height| height * 0.45).max(1.0)
}

/// How much more room the letters of a line need than they have on the page: a text of several lines that was put on one has
/// to stand between its neighbours all the same.
fn crowd(lines: &[Vec<Word>], unit: f32) -> f32 {
    let needed = |word: &Word, next: &Word| {
        let room = next.area.left - word.area.left;
        (columns(&word.text) + 2) as f32 * unit / room.max(unit)
    };
    let pairs = lines.iter().flat_map(|line| line.windows(2)).filter(|pair| is_several(&pair[0]));
    pairs.map(|pair| needed(&pair[0], &pair[1])).fold(1.0, f32::max).min(4.0)
}

/// A text of several lines is higher than those beside it, and wider than its place.
fn is_several(word: &Word) -> bool {
    columns(&word.text) as f32 * word.area.height() * 0.2 > word.area.width()
}

fn columns(text: &str) -> usize {
    text.chars().map(crate::read::value::text::width).sum()
}

fn place(out: &mut Layout, page: u32, cells: Vec<Vec<Word>>) -> u32 {
    out.places.push(Place { page, cells });
    u32::try_from(out.places.len()).unwrap_or(u32::MAX)
}

fn flush(open: &mut Vec<TextLine>, out: &mut Layout) {
    if !open.is_empty() {
        out.page.blocks.push(Block::Text(std::mem::take(open)));
    }
}

fn same_columns(above: &[f32], below: &[f32]) -> bool {
    above.len() == below.len() && above.iter().zip(below).all(|(a, b)| (a - b).abs() < 4.0)
}

/// Adds a table; one that goes on from the page before is put to it.
fn grid(table: Table, page: u32, goes_on: bool, out: &mut Layout) {
    let mut rows = Vec::with_capacity(table.rows.len());
    for row in table.rows {
        let cells =
            row.iter().map(|cell| Cell { text: written(&cell.words), carried: cell.carried }).collect();
        let number = place(out, page, row.into_iter().map(|cell| cell.words).collect());
        rows.push(Row { number, cells });
    }
    let above = out.page.blocks.iter_mut().rev().find_map(|block| match block {
        Block::Grid(grid) => Some(grid),
        Block::Text(_) => None,
    });
    match above.filter(|_| goes_on) {
        Some(above) => above.rows.extend(rows),
        None => out.page.blocks.push(Block::Grid(Grid { sheet: Some(format!("page {page}")), rows })),
    }
}

/// The text of a cell: its lines, each with its words.
fn written(all: &[Word]) -> String {
    let lines = words::lines(all.to_vec());
    lines.iter().map(|line| text(line, f32::INFINITY)).collect::<Vec<_>>().join("\n")
}

/// The words of a line, each as far to the right as it stands on the page, counted in letters of this width.
fn text(line: &[Word], unit: f32) -> String {
    let mut out = String::new();
    let mut at = 0usize;
    let mut end: Option<f32> = None;
    for word in line {
        let target = (word.area.left / unit).round().max(0.0) as usize;
        let blanks = match end.map(|end| (word.area.left - end) / word.area.height()) {
            None => target,
            Some(gap) if gap > 1.0 => target.saturating_sub(at).max(2),
            Some(_) => 1,
        };
        out.extend(std::iter::repeat_n(' ', blanks.min(800)));
        out.push_str(&word.text);
        at += blanks + columns(&word.text);
        end = Some(word.area.right);
    }
    out
}
