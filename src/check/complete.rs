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

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, text};
    use crate::order::document::Kind;
    use crate::order::problem::Severity;

    #[test]
    fn what_the_document_and_master_data_do_not_say_is_missing() {
        for (line, expected) in [
            ("A18||1000|条|0.47", &[][..]),
            ("A18|||条|0.47", &["missing_quantity lines.0.quantity"]),
            ("A20||1000|条|", &["missing_price lines.0.unit_price"]),
            ("A18||1000|条|", &["missing_price lines.0.unit_price 0.47"]),
            ("A18||1000||0.47", &["missing_unit lines.0.unit 条"]),
            ("|没有的东西|1000||0.47", &["missing_unit lines.0.unit"]),
        ] {
            assert_eq!(Desk::new(&[line]).says(check), expected, "{line}");
        }
        let blocks = |line| Desk::new(&[line]).with(&[], |case| check(case)[0].severity == Severity::Blocks);
        assert!(blocks("A20||1000|条|"));
        assert!(!blocks("A18||1000|条|"), "the agreed price stands in");
    }

    #[test]
    fn heads_are_complete_too() {
        let mut desk = Desk::new(&[]);
        assert_eq!(desk.says(check), ["missing_lines lines"]);
        desk = Desk::new(&["A18||1000|条|0.47||2026-04-01", "A18||1000|条|0.47"]);
        desk.order().requested_delivery = None;
        assert_eq!(desk.says(check), ["missing_delivery_date requested_delivery"]);
        desk = Desk::new(&["|5#尼龙闭尾 黑 18cm|1000|条|0.47"]).from("谁也不是", "nobody@nowhere.example");
        let missing = ["missing_currency currency", "missing_terms payment_terms", "missing_ship_to ship_to"];
        assert_eq!(desk.says(check), missing);
        desk.order().currency = text("贝壳");
        assert_eq!(desk.says(check)[0], "missing_currency currency 贝壳");
        desk.draft.kind = Kind::Amendment;
        assert!(desk.says(check).is_empty());
    }
}
