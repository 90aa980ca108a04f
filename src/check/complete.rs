//! Complete: products, quantities, units, prices, dates, place and terms are there, on the document or in master data.

use super::Case;
use crate::order::draft::DraftLine;
use crate::order::line::Line;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    if !case.is_new() {
        return Vec::new();
    }
    let missing = |code, path: &str| Problem::new(code, path, Severity::Blocks, Queue::Clarification);
    let content = case.content;
    let mut problems = Vec::new();
    if content.lines.is_empty() {
        problems.push(missing(Code::MissingLines, "lines"));
    }
    let draft = case.draft.order.as_ref();
    for (at, line) in content.lines.iter().enumerate() {
        problems.extend(of_line(at, line, draft.and_then(|order| order.lines.get(at))));
    }
    if content.requested.is_none() && content.lines.iter().any(|line| line.required.is_none()) {
        problems.push(missing(Code::MissingDeliveryDate, "requested_delivery"));
    }
    if content.currency.is_none() {
        let printed = draft.and_then(|order| order.currency.as_ref());
        let problem = missing(Code::MissingCurrency, "currency");
        problems.push(match printed {
            Some(field) => problem.found(&field.value),
            None => problem,
        });
    }
    if content.payment_terms.is_none() {
        problems.push(missing(Code::MissingTerms, "payment_terms"));
    }
    if case.resolved.ship_to.is_none() && content.ship_to.is_none() {
        problems.push(missing(Code::MissingShipTo, "ship_to"));
    }
    problems
}

fn of_line(at: usize, line: &Line, draft: Option<&DraftLine>) -> Vec<Problem> {
    let missing = |code, field: &str, severity| {
        Problem::new(code, format!("lines.{at}.{field}"), severity, Queue::Clarification)
    };
    let mut problems = Vec::new();
    if line.quantity.is_none() {
        problems.push(missing(Code::MissingQuantity, "quantity", Severity::Blocks));
    }
    match line.unit_price {
        None => problems.push(missing(Code::MissingPrice, "unit_price", Severity::Blocks)),
        Some(price) if line.price_from_list => {
            problems.push(missing(Code::MissingPrice, "unit_price", Severity::Note).expected(price));
        }
        Some(_) => {}
    }
    let printed = draft.is_some_and(|line| line.unit.is_some());
    match &line.unit {
        None => problems.push(missing(Code::MissingUnit, "unit", Severity::Blocks)),
        Some(unit) if draft.is_some() && !printed => {
            problems.push(missing(Code::MissingUnit, "unit", Severity::Note).expected(unit));
        }
        Some(_) => {}
    }
    problems
}
