//! Conditions under which a reviewer agrees: they are put into what the order comes to.

use crate::order::line::{Content, Line};
use crate::order::review::{Condition, Refusal};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// The content with all conditions met, or the first that can't be.
pub fn apply(content: &Content, conditions: &[Condition]) -> Result<Content, Refusal> {
    let mut offered = content.clone();
    for condition in conditions {
        set(&mut offered, condition)
            .map_err(|why| Refusal::Condition { path: condition.path.clone(), why })?;
    }
    Ok(offered)
}

fn set(content: &mut Content, condition: &Condition) -> Result<(), String> {
    let value = condition.value.trim();
    match condition.path.as_str() {
        "requested" => content.requested = Some(date(value)?),
        "payment_terms" if value.is_empty() => return Err("name the terms".to_owned()),
        "payment_terms" => content.payment_terms = Some(value.to_owned()),
        path => {
            let (at, field) = path
                .strip_prefix("lines.")
                .and_then(|rest| rest.split_once('.'))
                .ok_or_else(|| NAMES.to_owned())?;
            let at: usize = at.parse().map_err(|_| NAMES.to_owned())?;
            let lines = content.lines.len();
            let line = content
                .lines
                .get_mut(at)
                .ok_or_else(|| format!("the order has {lines} lines, counted from 0"))?;
            set_line(line, field, value)?;
        }
    }
    Ok(())
}

const NAMES: &str = "name lines.N.unit_price, lines.N.quantity, lines.N.required, requested or payment_terms";

fn set_line(line: &mut Line, field: &str, value: &str) -> Result<(), String> {
    match field {
        "unit_price" => {
            line.unit_price = Some(positive(value)?);
            line.price_from_list = false;
        }
        "quantity" => line.quantity = Some(positive(value)?),
        "required" => line.required = Some(date(value)?),
        _ => return Err(NAMES.to_owned()),
    }
    Ok(())
}

fn date(value: &str) -> Result<NaiveDate, String> {
    value.parse().map_err(|_| format!("`{value}` is not a date: write it as 2026-11-30"))
}

fn positive(value: &str) -> Result<Decimal, String> {
    let number = value.parse().ok().filter(|it| *it > Decimal::ZERO);
    number.ok_or_else(|| format!("`{value}` is not a number over 0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        let line = Line {
            position: 1,
            customer_part: None,
            sku: Some("N18".to_owned()),
            description: "zipper".to_owned(),
            spec: None,
            color: None,
            quantity: Some(Decimal::from(1000)),
            unit: None,
            unit_price: Some(Decimal::ONE),
            price_from_list: true,
            required: None,
            note: None,
        };
        Content { lines: vec![line], ..Content::default() }
    }

    fn said(path: &str, value: &str) -> String {
        let condition = Condition { path: path.to_owned(), value: value.to_owned() };
        match apply(&content(), &[condition]) {
            Ok(offered) => {
                let changed = crate::order::change::changes(&content(), &offered);
                changed.iter().map(|it| format!("{}={}", it.path, it.to)).collect::<Vec<_>>().join(" ")
            }
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn a_condition_sets_its_field_or_says_what_is_wrong() {
        for (path, value, comes_to) in [
            ("lines.0.unit_price", "0.48", r#"lines.0.price_from_list=false lines.0.unit_price="0.48""#),
            ("lines.0.quantity", " 1200 ", r#"lines.0.quantity="1200""#),
            ("lines.0.required", "2026-11-30", r#"lines.0.required="2026-11-30""#),
            ("requested", "2026-12-01", r#"requested="2026-12-01""#),
            ("payment_terms", "prepaid", r#"payment_terms="prepaid""#),
            ("payment_terms", " ", "condition payment_terms: name the terms"),
            ("requested", "soon", "condition requested: `soon` is not a date: write it as 2026-11-30"),
            ("lines.0.quantity", "-1", "condition lines.0.quantity: `-1` is not a number over 0"),
            ("lines.1.quantity", "1", "condition lines.1.quantity: the order has 1 lines, counted from 0"),
        ] {
            assert_eq!(said(path, value), comes_to, "{path}");
        }
        for path in ["customer", "lines.0.sku", "lines.x.quantity", "lines", ""] {
            assert!(said(path, "1").ends_with(NAMES), "{path}");
        }
    }
}
