//! One row of goods to an order line, or to one line for each size.

use super::cells::{self, is_position};
use super::columns::Heading;
use super::plan::{Frame, Plan, quantity_text, text_at};
use super::table::{Event, TakenLine};
use super::{Context, Doubt, field, sure};
use crate::order::draft::{Confidence, DraftLine, Field, Found};
use crate::read::codes::Code;
use crate::read::labels::{Column, Fit};
use crate::read::page::{Grid, Row};
use crate::read::value::text::{plain, squeeze};
use crate::read::value::{date, money};
/// The line of a row; with size columns one line for each size.
pub(super) fn lines(frame: &Frame<'_>, row: &Row, count: usize, out: &mut Vec<Event>) {
    let Frame { grid, plan, heading, context } = *frame;
    let mut taken = TakenLine::default();
    let line = &mut taken.line;
    let printed = text_at(row, plan.line);
    line.line = Some(if is_position(printed) {
        plain(printed).trim().trim_end_matches(['.', ')', '、']).to_owned()
    } else {
        count.to_string()
    });
    line.customer_part = text_field(grid, row, plan.part, heading, plan);
    line.description = text_field(grid, row, plan.description, heading, plan);
    line.color = text_field(grid, row, plan.color, heading, plan);
    line.spec = joined(grid, row, &plan.spec, heading, plan);
    line.note = joined(grid, row, &plan.note, heading, plan);
    line.unit = text_field(grid, row, plan.unit, heading, plan);
    figures_of(frame, row, line, out);
    if let Some(column) = plan.date {
        date_of(frame, row, column, line, out);
    }
    header_values(grid, row, heading, context, &mut taken);
    if heading.sizes.is_empty() {
        out.push(Event::Line(Box::new(taken)));
    } else {
        by_size(frame, row, &taken, out);
    }
}
fn confidence(heading: &Heading, column: usize, plan: &Plan) -> Confidence {
    match heading.heads.get(column).and_then(Option::as_ref) {
        _ if plan.guessed.contains(&column) => sure::GUESSED,
        Some(head) if head.fit == Fit::Exact => sure::LABELLED,
        Some(_) => sure::LIKELY,
        None => sure::GUESSED,
    }
}
fn text_field(
    grid: &Grid,
    row: &Row,
    column: Option<usize>,
    heading: &Heading,
    plan: &Plan,
) -> Found<String> {
    let column = column?;
    let text = squeeze_lines(text_at(row, Some(column)));
    let blank = text.is_empty() || matches!(text.as_str(), "-" | "/" | "—" | "--" | "N/A" | "n/a" | "无");
    (!blank).then(|| field(text, grid.evidence(row.number, column), confidence(heading, column, plan)))
}
/// Line breaks inside a cell: between Chinese words they are nothing, else a blank.
fn squeeze_lines(text: &str) -> String {
    text.split('\n').map(squeeze).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n")
}
fn joined(grid: &Grid, row: &Row, columns: &[usize], heading: &Heading, plan: &Plan) -> Found<String> {
    let mut out: Found<String> = None;
    for found in columns.iter().filter_map(|c| text_field(grid, row, Some(*c), heading, plan)) {
        match &mut out {
            Some(first) => first.value = format!("{} {}", first.value, found.value),
            None => out = Some(found),
        }
    }
    out
}
fn figures_of(frame: &Frame<'_>, row: &Row, line: &mut DraftLine, out: &mut Vec<Event>) {
    let Frame { grid, plan, heading, context } = *frame;
    let at = |c: usize| grid.evidence(row.number, c);
    let mut bad = |what: &str| {
        out.push(Event::Doubt(Doubt::new(Code::BadValue, format!("{what} in row {}", row.number))))
    };
    let mut per_many = false;
    if let Some((column, text)) = plan.quantity.and_then(|c| Some((c, quantity_text(row, plan)?))) {
        match cells::quantity(text, context) {
            Some(found) => {
                let clean = found.is_clean() && !in_thousands(heading, column);
                if !clean {
                    bad("quantity");
                }
                if found.ambiguous {
                    bad("ambiguous quantity");
                }
                let confidence = confidence(heading, column, plan);
                let confidence = if found.ambiguous || !clean { sure::AMBIGUOUS } else { confidence };
                line.quantity = Some(field(found.value, at(column), confidence));
                let head_unit =
                    heading.heads.get(column).and_then(Option::as_ref).and_then(|h| h.unit.clone());
                line.unit = line
                    .unit
                    .take()
                    .or_else(|| Some(field(found.unit.or(head_unit)?, at(column), sure::LIKELY)));
            }
            None => bad("quantity"),
        }
    }
    for (column, is_price) in [(plan.price, true), (plan.amount, false)] {
        let Some(column) = column else { continue };
        let text = text_at(row, Some(column));
        if text.is_empty() || matches!(text, "-" | "/" | "—") {
            continue;
        }
        let Some(found) = cells::money(text, context) else {
            bad(if is_price { "price" } else { "amount" });
            continue;
        };
        let strange = found.rest.contains(|c: char| c.is_ascii_digit());
        if strange || found.ambiguous {
            bad(if is_price { "price" } else { "amount" });
        }
        let confidence =
            if strange || found.ambiguous { sure::AMBIGUOUS } else { confidence(heading, column, plan) };
        let value = Some(field(found.value, at(column), confidence));
        if is_price {
            line.unit_price = value
        } else {
            line.amount = value
        }
        let heading_text = heading.heads.get(column).and_then(Option::as_ref).map_or("", |h| h.text.as_str());
        per_many |= is_price && (money::per_many(heading_text) || money::per_many(text));
    }
    if per_many {
        out.push(Event::Doubt(Doubt::new(Code::PricePerMany, format!("row {}", row.number))));
    }
}
/// "数量(千个)", "Qty (K)": the figures are not pieces, which nothing else would show.
fn in_thousands(heading: &Heading, column: usize) -> bool {
    let text =
        heading.heads.get(column).and_then(Option::as_ref).map_or("", |h| h.text.as_str()).to_lowercase();
    ["千", "万", "(k", "kpcs", "k)", "thousand", "1000", "百"]
        .iter()
        .any(|w| text.contains(w) && !text.contains("千克"))
}

fn date_of(frame: &Frame<'_>, row: &Row, column: usize, line: &mut DraftLine, out: &mut Vec<Event>) {
    let Frame { grid, context, .. } = *frame;
    let text = text_at(row, Some(column));
    if text.is_empty() || matches!(text, "-" | "/" | "—") {
        return;
    }
    let serial = cells::bare_number(text, context)
        .and_then(date::serial)
        .filter(|_| text.len() <= 7 && !text.contains('/'));
    let found = date::find(text, &context.dates, true);
    if date::all(text, &context.dates).len() > 1 {
        out.push(Event::Doubt(Doubt::new(Code::BadValue, format!("several dates in row {}", row.number))));
    }
    let value = serial.map(|d| (d, false)).or(found.map(|d| (d.value, d.ambiguous)));
    match value {
        Some((value, ambiguous)) => {
            let confidence = if ambiguous { sure::AMBIGUOUS } else { sure::LABELLED };
            line.delivery_date = Some(field(value, grid.evidence(row.number, column), confidence));
        }
        None => out.push(Event::Doubt(Doubt::new(Code::BadValue, format!("date in row {}", row.number)))),
    }
}
/// PO number, date, currency and terms that stand in the row.
fn header_values(grid: &Grid, row: &Row, heading: &Heading, context: &Context<'_>, taken: &mut TakenLine) {
    let found = |column: Column| -> Option<Field<String>> {
        let column = heading.first(column)?;
        let text = squeeze(text_at(row, Some(column)));
        (!text.is_empty()).then(|| field(text, grid.evidence(row.number, column), sure::LABELLED))
    };
    taken.po_number = found(Column::PoNumber).filter(|f| f.value.contains(|c: char| c.is_ascii_digit()));
    taken.order_date = found(Column::OrderDate).and_then(|f| {
        let date = date::find(&f.value, &context.dates, true)?;
        Some(field(date.value, f.evidence, if date.ambiguous { sure::AMBIGUOUS } else { f.confidence }))
    });
    taken.terms = found(Column::Terms);
    let named = found(Column::Currency)
        .and_then(|f| Some(field(context.labels.currency_in(&f.value)?, f.evidence, f.confidence)));
    let price = [Column::Price, Column::Amount].into_iter().filter_map(|c| heading.first(c));
    let printed = price.clone().find_map(|c| {
        let code = context.labels.currency_in(text_at(row, Some(c)))?;
        Some(field(code, grid.evidence(row.number, c), sure::LIKELY))
    });
    let headed = price.clone().find_map(|c| {
        let head = heading.heads.get(c)?.as_ref()?;
        Some(field(head.currency.clone()?, grid.evidence(row.number, c), sure::LIKELY))
    });
    taken.currency = named.or(printed).or(headed);
}
fn by_size(frame: &Frame<'_>, row: &Row, taken: &TakenLine, out: &mut Vec<Event>) {
    let Frame { grid, heading, context, .. } = *frame;
    for (column, size) in &heading.sizes {
        let text = text_at(row, Some(*column));
        let Some(found) = cells::quantity(text, context).filter(|q| !q.value.is_zero()) else { continue };
        let mut one = taken.clone();
        let at = grid.evidence(row.number, *column);
        let spec = one.line.spec.take().map_or_else(|| size.clone(), |s| format!("{} {size}", s.value));
        one.line.spec = Some(field(spec, at.clone(), sure::LIKELY));
        one.line.quantity = Some(field(found.value, at, sure::LIKELY));
        one.line.amount = None;
        one.line.line = None;
        out.push(Event::Line(Box::new(one)));
    }
    out.push(Event::Doubt(Doubt::new(Code::Matrix, format!("row {}", row.number))));
}
