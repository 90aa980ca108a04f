//! Rows under a heading to order lines: totals told from lines, continuations joined, columns chosen by arithmetic.

use super::cells::{self, is_code, is_position};
use super::columns::{self, Heading};
use super::plan::{self, Frame, Plan, quantity_text, text_at};
use super::rows::lines;
use super::totals::{total, total_label};
use super::{Context, Doubt, Loose, Piece, sure};
use crate::order::draft::{DraftLine, Found};
use crate::read::codes::Code;
use crate::read::labels::Column;
use crate::read::page::{Grid, Row};
use crate::read::value::text::squeeze;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// A line with the header values that stand in its row (CSV exports repeat them).
#[derive(Debug, Clone, Default)]
pub struct TakenLine {
    pub line: DraftLine,
    pub po_number: Found<String>,
    pub order_date: Found<NaiveDate>,
    pub currency: Found<String>,
    pub terms: Found<String>,
}

/// What a grid holds, in reading order.
#[derive(Debug, Clone)]
pub enum Event {
    TableStart,
    Line(Box<TakenLine>),
    /// A total; `grand` tells it from subtotals, taxes and freight.
    Total {
        amount: Found<Decimal>,
        words: Found<Decimal>,
        currency: Option<String>,
        grand: bool,
    },
    Loose(Loose),
    Doubt(Doubt),
}

/// Reads a grid: rows outside tables are loose, rows under headings are lines.
#[must_use]
pub fn events(grid: &Grid, context: &Context<'_>) -> Vec<Event> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < grid.rows.len() {
        match columns::heading(&grid.rows[at], grid.rows.get(at + 1), context) {
            Some(heading) => {
                let start = at + heading.rows;
                let end = table_end(grid, start, &heading, context);
                if end > start {
                    out.push(Event::TableStart);
                    read_rows(grid, &grid.rows[start..end], &heading, context, &mut out);
                }
                at = end.max(start);
            }
            None => {
                out.push(Event::Loose(loose(grid, &grid.rows[at])));
                at += 1;
            }
        }
    }
    out
}

fn loose(grid: &Grid, row: &Row) -> Loose {
    let pieces = row.cells.iter().enumerate().filter(|(_, c)| !c.carried && !c.text.trim().is_empty());
    let piece = |(column, c): (usize, &crate::read::page::Cell)| Piece {
        text: c.text.clone(),
        column,
        evidence: grid.evidence(row.number, column),
    };
    Loose { pieces: pieces.map(piece).collect(), text: grid.sheet.is_none() }
}

/// The rows up to the next heading that differs, to label rows after a total, or to the end.
fn table_end(grid: &Grid, start: usize, heading: &Heading, context: &Context<'_>) -> usize {
    let mut blank = 0;
    for at in start..grid.rows.len() {
        let row = &grid.rows[at];
        if row.filled().next().is_none() {
            blank += 1;
            continue;
        }
        if let Some(other) = columns::heading(row, None, context)
            && other.heads != heading.heads
            && other.heads.iter().flatten().count() >= 3
        {
            return at;
        }
        if blank > 0 && is_label_row(row, heading, context) {
            return at;
        }
        blank = 0;
    }
    grid.rows.len()
}

/// A row of labels and values ("单号 | A1 | 日期 | …"), not of goods.
fn is_label_row(row: &Row, heading: &Heading, context: &Context<'_>) -> bool {
    let labels =
        row.filled().filter(|(_, t)| context.labels.label(t.trim_end_matches([':', '：'])).is_some()).count();
    let quantity = heading
        .first(Column::Quantity)
        .or(heading.first(Column::QuantityElse))
        .and_then(|c| row.cells.get(c))
        .and_then(|c| cells::quantity(&c.text, context));
    labels > 0 && quantity.is_none() && total_label(row, context).is_none()
}

fn read_rows(grid: &Grid, rows: &[Row], heading: &Heading, context: &Context<'_>, out: &mut Vec<Event>) {
    let body: Vec<&Row> = rows.iter().filter(|r| is_goods(r, heading, context)).collect();
    let plan = plan::plan(&body, heading, context, out);
    let frame = Frame { grid, plan: &plan, heading, context };
    let asked = body.iter().filter(|r| quantity_text(r, &plan).is_some()).count();
    // A preprinted form lists everything; only rows with a quantity are ordered.
    let form = heading.sizes.is_empty()
        && plan.quantity.is_some()
        && asked > 0
        && asked * 2 < body.len()
        && body.len() > 3;
    let mut count = 0;
    let mut ended = false;
    for row in rows {
        if row.filled().next().is_none() || columns::heading(row, None, context).is_some() {
            continue;
        }
        if let Some(total) = total(grid, row, &plan, context) {
            ended |= matches!(total, Event::Total { grand: true, .. });
            out.push(total);
        } else if (ended && !is_goods(row, heading, context)) || is_label_row(row, heading, context) {
            out.push(Event::Loose(loose(grid, row)));
        } else if !is_goods(row, heading, context)
            || !has_line(row, &plan, heading)
            || (ended && !is_solid(row, &plan, heading, context))
        {
            other_row(&frame, row, out);
        } else if form && quantity_text(row, &plan).is_none() {
            out.push(Event::Doubt(Doubt::new(
                Code::SkippedLine,
                format!("row {} has no quantity", row.number),
            )));
        } else {
            count += 1;
            lines(&frame, row, count, out);
        }
    }
}

/// Neither empty nor total nor heading: has content in the columns of goods.
fn is_goods(row: &Row, heading: &Heading, context: &Context<'_>) -> bool {
    if total_label(row, context).is_some() || columns::heading(row, None, context).is_some() {
        return false;
    }
    let labelled = row.filled().any(|(_, t)| {
        t.ends_with([':', '：'])
            || t.split_once(['：', ':'])
                .is_some_and(|(l, _)| l.chars().count() <= 12 && context.labels.label(l).is_some())
    });
    if labelled || is_label_row(row, heading, context) {
        return false;
    }
    let own = |c: &usize| row.cells.get(*c).is_some_and(|x| !x.text.trim().is_empty() && !x.carried);
    let goods =
        [Column::Description, Column::Part, Column::PartElse, Column::Spec, Column::Item, Column::Color];
    let named = goods
        .iter()
        .flat_map(|c| heading.all(*c))
        .any(|c| row.cells.get(c).is_some_and(|x| !x.text.trim().is_empty()));
    let figures = [Column::Quantity, Column::QuantityElse, Column::Price, Column::Amount];
    let counted = figures.iter().flat_map(|c| heading.all(*c)).any(|c| own(&c))
        || heading.sizes.iter().any(|(c, _)| own(c));
    named && (counted || row.filled().count() > 1)
}

/// A row that can be an order line: a figure of its own, or (a forgotten quantity) a named product with price, unit or position.
fn has_line(row: &Row, plan: &Plan, heading: &Heading) -> bool {
    let own = |c: Option<usize>| {
        c.and_then(|c| row.cells.get(c)).is_some_and(|x| !x.text.trim().is_empty() && !x.carried)
    };
    let sized = heading.sizes.iter().any(|(c, _)| own(Some(*c)));
    let named = own(plan.description) || own(plan.part);
    let told = named
        || own(plan.color)
        || plan.spec.iter().any(|c| own(Some(*c)))
        || (plan.description.is_some() && !text_at(row, plan.description).is_empty());
    let placed = own(plan.price)
        || own(plan.unit)
        || (own(plan.line) && is_position(text_at(row, plan.line)))
        || (own(plan.part) && own(plan.description));
    let figured = own(plan.quantity)
        && text_at(row, plan.quantity)
            .contains(|c: char| c.is_numeric() || crate::read::value::hanzi::is_numeral(c));
    (told && (sized || figured)) || (named && placed)
}

/// Behind the total only a row with a clean quantity and a price or amount still is a line.
fn is_solid(row: &Row, plan: &Plan, heading: &Heading, context: &Context<'_>) -> bool {
    let clean = quantity_text(row, plan)
        .and_then(|t| cells::quantity(t, context))
        .is_some_and(|q| !q.rest.contains(|c: char| c.is_ascii_digit()));
    let priced = [plan.price, plan.amount].into_iter().flatten().next().is_none_or(|_| {
        [plan.price, plan.amount].into_iter().any(|c| cells::money(text_at(row, c), context).is_some())
    });
    !heading.sizes.is_empty() || (clean && priced)
}

/// A row without figures: a continuation of the line above in text tables, else a note or section title.
fn other_row(frame: &Frame<'_>, row: &Row, out: &mut Vec<Event>) {
    let Frame { grid, plan, heading, context } = *frame;
    let filled: Vec<(usize, &str)> = row.filled().filter(|(c, _)| !row.cells[*c].carried).collect();
    let previous = out.iter_mut().rev().find_map(|e| if let Event::Line(l) = e { Some(l) } else { None });
    let wrapped = |c: usize, t: &str| grid.sheet.is_none() && Some(c) == plan.part && !is_code(t);
    let continues =
        |c: usize| Some(c) == plan.description || plan.spec.contains(&c) || plan.note.contains(&c);
    if let (Some(line), [(column, text)]) = (previous, filled.as_slice())
        && (continues(*column) || wrapped(*column, text))
        && (grid.sheet.is_none() || *column > 0)
        && context
            .labels
            .label_in(text.split([':', '：']).next().unwrap_or(""))
            .is_none_or(|_| !text.contains([':', '：']))
    {
        let spot = if Some(*column) == plan.description || wrapped(*column, text) {
            &mut line.line.description
        } else if plan.note.contains(column) {
            &mut line.line.note
        } else {
            &mut line.line.spec
        };
        if let Some(found) = spot {
            found.value = squeeze(&format!("{} {text}", found.value));
            found.confidence = found.confidence.min(sure::LOOSE);
            return;
        }
    }
    let figures = [plan.quantity, plan.amount]
        .into_iter()
        .any(|c| text_at(row, c).contains(|x: char| x.is_ascii_digit()));
    if figures && !heading.has(Column::Line) {
        out.push(Event::Doubt(Doubt::new(Code::SkippedLine, format!("row {}", row.number))));
    }
    out.push(Event::Loose(loose(grid, row)));
}
