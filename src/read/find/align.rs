//! Words of a text line put under headings: by wide gaps where they fit, else by position and kind of content.

use super::Context;
use crate::read::labels::Column;
use crate::read::page::Cell;
use crate::read::value::number;
use crate::read::value::text::{is_han, plain, width};
/// A word of a line with the columns of the page that it takes.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) start: usize,
    pub(super) end: usize,
}
pub(super) fn tokens(line: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut at = 0;
    let mut open = false;
    for c in plain_keeping_width(line) {
        let wide = if c == '\t' { 8 - at % 8 } else { width(c) };
        if c.is_whitespace() {
            open = false;
        } else if open && let Some(last) = out.last_mut() {
            last.text.push(c);
            last.end = at + wide;
        } else {
            out.push(Token { text: c.to_string(), start: at, end: at + wide });
            open = true;
        }
        at += wide;
    }
    out
}
/// Full-width forms keep their two columns: only ideographic blanks are made plain.
fn plain_keeping_width(line: &str) -> Vec<char> {
    line.chars().flat_map(|c| if c == '\u{3000}' { vec![' ', ' '] } else { vec![c] }).collect()
}
pub(super) fn is_number_role(role: Option<Column>) -> bool {
    matches!(
        role,
        Some(
            Column::Quantity
                | Column::QuantityElse
                | Column::Price
                | Column::PriceNet
                | Column::Amount
                | Column::AmountNet
                | Column::Pack
        )
    )
}
pub(super) fn starts_number(text: &str) -> bool {
    let text = plain(text);
    let text = text.trim_start_matches(|c: char| {
        matches!(c, '@' | '$' | '¥' | '€' | '-' | '+') || c.is_ascii_uppercase()
    });
    number::leading(text, number::Style::Point).is_some()
}
/// A number that is not the start of a phone number or code.
pub(super) fn is_figure(text: &str) -> bool {
    let text = plain(text);
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let tail = number::leading(&text[start..], number::Style::Point).map_or("", |n| &text[start + n.len..]);
    starts_number(&text) && !tail.starts_with('-') && tail.chars().filter(char::is_ascii_digit).count() < 5
}
/// Puts the words of a line under the headings.
pub(super) fn place(
    line: &str,
    words: &[Token],
    heads: &[Token],
    roles: &[Option<Column>],
    context: &Context<'_>,
) -> Vec<Cell> {
    let wide = chunks(line);
    if wide.len() == heads.len() && fits(&wide, roles, context) {
        return wide.into_iter().map(Cell::new).collect();
    }
    align(words, heads, roles, context)
}
/// The line split at gaps of two blanks or more.
fn chunks(line: &str) -> Vec<String> {
    let line = line.replace('\u{3000}', "  ").replace('\t', "    ");
    line.trim().split("  ").map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect()
}
fn fits(cells: &[String], roles: &[Option<Column>], context: &Context<'_>) -> bool {
    cells.iter().zip(roles).all(|(cell, role)| cost(cell, *role, context) < 3)
}
/// How badly a text fits a column, from 0.
fn cost(text: &str, role: Option<Column>, context: &Context<'_>) -> usize {
    let number = starts_number(text);
    let text = plain(text);
    let text = text.as_str();
    let pure = number
        && !text
            .contains(|c: char| is_han(c) || (c.is_alphabetic() && !context.labels.is_unit(&c.to_string())));
    match role {
        Some(
            Column::Quantity
            | Column::QuantityElse
            | Column::Price
            | Column::PriceNet
            | Column::Amount
            | Column::AmountNet,
        ) => {
            if number {
                0
            } else if context.labels.is_unit(text) || context.labels.currency_in(text).is_some() {
                2
            } else {
                6
            }
        }
        Some(Column::Date) => usize::from(!text.contains(|c: char| c.is_ascii_digit())) * 3,
        Some(Column::Unit) => usize::from(!context.labels.is_unit(text)) * 4,
        Some(Column::Line) => 5 * usize::from(text.chars().count() > 5 || !number),
        Some(Column::Description | Column::Note) => 3 * usize::from(pure),
        Some(Column::Color) => usize::from(pure),
        Some(Column::Part | Column::PartElse) => {
            usize::from(text.chars().any(is_han) || (number && text.contains(','))) * 2
        }
        _ => 0,
    }
}
/// Monotonic assignment of words to columns with the least cost: distance, kind of content, and gaps.
fn align(words: &[Token], heads: &[Token], roles: &[Option<Column>], context: &Context<'_>) -> Vec<Cell> {
    let n = heads.len();
    let mut best: Vec<Vec<(usize, usize)>> = Vec::with_capacity(words.len());
    for (t, word) in words.iter().enumerate() {
        let mut row = vec![(usize::MAX, 0); n];
        for (c, slot) in row.iter_mut().enumerate() {
            let own = distance(word, heads, roles, c) + cost(&word.text, roles[c], context) * 4;
            let before = match best.last() {
                None => Some((0, 0)),
                Some(previous) => {
                    (0..=c).map(|p| (previous[p].0.saturating_add(step(words, t, p == c, roles[c])), p)).min()
                }
            };
            if let Some((sum, from)) = before {
                *slot = (sum.saturating_add(own), from);
            }
        }
        best.push(row);
    }
    let mut cells = vec![Cell::default(); n];
    let Some(last) = best.last() else { return cells };
    let mut column = (0..n).min_by_key(|c| last[*c].0).unwrap_or(0);
    for t in (0..words.len()).rev() {
        let cell = &mut cells[column].text;
        *cell = if cell.is_empty() { words[t].text.clone() } else { format!("{} {cell}", words[t].text) };
        column = best[t][column].1;
    }
    cells
}
/// What it costs to stay in a column over a gap, or to leave it without one.
fn step(words: &[Token], t: usize, same: bool, role: Option<Column>) -> usize {
    let gap = words[t].start.saturating_sub(words[t - 1].end);
    match (same, gap) {
        (true, 0..=1) => {
            if is_number_role(role) && starts_number(&words[t].text) {
                20
            } else {
                0
            }
        }
        (true, _) => 6 + if is_number_role(role) { 10 } else { 0 },
        (false, 0..=1) => 3,
        (false, _) => 0,
    }
}
/// Columns of the page between a word and the zone of a heading.
fn distance(word: &Token, heads: &[Token], roles: &[Option<Column>], c: usize) -> usize {
    let head = &heads[c];
    if word.start < head.end && head.start < word.end {
        return 0;
    }
    let numeric = is_number_role(roles[c]);
    let left = if numeric { c.checked_sub(1).map_or(0, |p| heads[p].end) } else { head.start };
    let right = if numeric { head.end } else { heads.get(c + 1).map_or(usize::MAX, |h| h.start) };
    if word.start >= left && word.end <= right {
        return 1;
    }
    let far =
        if word.end <= head.start { head.start - word.end } else { word.start.saturating_sub(head.end) };
    far.min(30) + 2
}
