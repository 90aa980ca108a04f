//! Puts what a customer answered into the fields of the draft that he was asked for.

use super::draft::{Confidence, DraftOrder, Evidence, Field, Found};
use std::str::FromStr;

/// Fills the field of a question's path (`lines.0.quantity`, `ship_to`); false where the value can't be one of it, or nobody
/// asks for such a field.
pub fn fill(order: &mut DraftOrder, path: &str, value: &str, evidence: &Evidence) -> bool {
    let text = |found: &mut Found<String>| {
        *found = Some(field(value.to_owned(), evidence));
        true
    };
    if let Some((at, name)) = path.strip_prefix("lines.").and_then(|rest| rest.split_once('.')) {
        let line = at.parse::<usize>().ok().and_then(|at| order.lines.get_mut(at));
        return line.is_some_and(|line| match name {
            "quantity" => parsed(&mut line.quantity, value, evidence),
            "unit_price" => parsed(&mut line.unit_price, value, evidence),
            "delivery_date" => parsed(&mut line.delivery_date, value, evidence),
            "unit" => text(&mut line.unit),
            // Which product it is, its number says.
            "description" | "customer_part" => text(&mut line.customer_part),
            _ => false,
        });
    }
    match path {
        "requested_delivery" => parsed(&mut order.requested_delivery, value, evidence),
        "currency" => text(&mut order.currency),
        "payment_terms" => text(&mut order.payment_terms),
        "ship_to" => text(&mut order.ship_to.address),
        _ => false,
    }
}

fn parsed<T: FromStr>(found: &mut Found<T>, value: &str, evidence: &Evidence) -> bool {
    let parsed = value.parse().ok();
    let fits = parsed.is_some();
    if let Some(value) = parsed {
        *found = Some(field(value, evidence));
    }
    fits
}

fn field<T>(value: T, evidence: &Evidence) -> Field<T> {
    Field { value, evidence: evidence.clone(), confidence: Confidence::FULL }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::draft::DraftLine;
    use crate::order::fields::fields;

    #[test]
    fn only_the_field_that_was_asked_for_is_filled() {
        let evidence = Evidence::Answer { document: uuid::Uuid::from_u128(7), part: 0 };
        for (path, value, filled) in [
            ("lines.0.quantity", "3000", Some("lines.0.quantity")),
            ("lines.0.description", "ZN5-018", Some("lines.0.customer_part")),
            ("requested_delivery", "2026-03-20", Some("requested_delivery")),
            ("ship_to", "东莞市虎门镇", Some("ship_to.address")),
            ("lines.0.quantity", "many", None),
            ("lines.7.quantity", "3000", None),
            ("total", "3000", None),
            ("lines.0.amount", "3000", None),
        ] {
            let mut order = DraftOrder { lines: vec![DraftLine::default()], ..DraftOrder::default() };
            assert_eq!(fill(&mut order, path, value, &evidence), filled.is_some(), "{path}");
            let found: Vec<(String, String)> =
                fields(&order).iter().map(|it| (it.path.clone(), it.value.to_string())).collect();
            let wanted: Vec<(String, String)> =
                filled.iter().map(|path| ((*path).to_owned(), value.to_owned())).collect();
            assert_eq!(found, wanted);
        }
    }
}
