//! Dates: enough days to make what is not in stock, and a day that has not passed.

use super::{Case, amounts};
use crate::order::line::Line;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::HashMap;

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let mut problems = impossible(case);
    // Lines of one product share its stock.
    let mut wanted: HashMap<&str, Decimal> = HashMap::new();
    for (at, line) in case.content.lines.iter().enumerate() {
        if let Some((sku, quantity, path, days, lead)) = short(case, at, line) {
            let sum = wanted.entry(sku).or_default();
            *sum = sum.saturating_add(quantity);
            let free = free_stock(case, sku);
            if *sum > free {
                let problem = Problem::new(Code::LeadTimeTooShort, path, Severity::Review, Queue::Production);
                problems.push(problem.found(days).expected(lead));
            }
        }
    }
    problems
}

/// A line that is wanted sooner than its product can be made: SKU, quantity, path of the date, days there are, days needed.
fn short<'a>(case: &Case<'a>, at: usize, line: &'a Line) -> Option<(&'a str, Decimal, String, i64, u32)> {
    let (wanted, path) = wanted(case, at, line)?;
    let sku = line.sku.as_deref()?;
    let product = case.facts.master.product(sku)?;
    let days = (wanted - case.around.on).num_days();
    let quantity = amounts::quantity(line, product)?;
    (days < i64::from(product.lead_days)).then_some((sku, quantity, path, days, product.lead_days))
}

fn wanted(case: &Case<'_>, at: usize, line: &Line) -> Option<(NaiveDate, String)> {
    let own = line.required.map(|day| (day, format!("lines.{at}.delivery_date")));
    own.or_else(|| case.content.requested.map(|day| (day, "requested_delivery".to_owned())))
}

fn free_stock(case: &Case<'_>, sku: &str) -> Decimal {
    let reserved = case.facts.reserved.get(sku).copied().unwrap_or_default();
    case.facts.master.free_stock(sku).saturating_sub(reserved)
}

/// Dates that nobody can mean: passed already, or further ahead than anybody orders.
fn impossible(case: &Case<'_>) -> Vec<Problem> {
    let on = case.around.on;
    let last = on
        .checked_add_days(chrono::Days::new(case.facts.settings.furthest_days.into()))
        .unwrap_or(NaiveDate::MAX);
    let requested = case.content.requested.map(|day| (day, "requested_delivery".to_owned()));
    let lines = case.content.lines.iter().enumerate();
    let lines = lines.filter_map(|(at, line)| Some((line.required?, format!("lines.{at}.delivery_date"))));
    let odd = requested.into_iter().chain(lines).filter(|(day, _)| *day < on || *day > last);
    odd.map(|(day, path)| Problem::new(Code::Unsure, path, Severity::Review, Queue::Keying).found(day))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, date};

    #[test]
    fn what_is_not_in_stock_needs_its_lead_time() {
        for (lines, expected) in [
            (&["A18||3001|条|0.47||2026-03-27"][..], &[][..]),
            (&["A18||3000|条|0.47||2026-03-21"], &[]),
            (&["A18||3001|条|0.47||2026-03-26"], &["lead_time_too_short lines.0.delivery_date 6 7"]),
            (
                &["A18||2000|条|0.47||2026-03-22", "A18||2000|条|0.47||2026-03-23"],
                &["lead_time_too_short lines.1.delivery_date 3 7"],
            ),
            (&["A18||250|打|5.64||2026-03-26"], &[]),
            (&["A18||251|打|5.64||2026-03-26"], &["lead_time_too_short lines.0.delivery_date 6 7"]),
            (
                &["A20||1|条|0.60||2026-03-19"],
                &[
                    "unsure lines.0.delivery_date 2026-03-19",
                    "lead_time_too_short lines.0.delivery_date -1 7",
                ],
            ),
            (&["A18||1|条|0.47||2027-03-21"], &["unsure lines.0.delivery_date 2027-03-21"]),
        ] {
            assert_eq!(Desk::new(lines).says(check), expected, "{lines:?}");
        }
    }

    #[test]
    fn the_date_of_the_whole_order_and_other_orders_reservations_count() {
        let mut desk = Desk::new(&["A18||3000|条|0.47"]);
        desk.order().requested_delivery = date("2026-03-22");
        assert!(desk.says(check).is_empty());
        desk.reserved.insert("N18".to_owned(), 1.into());
        assert_eq!(desk.says(check), ["lead_time_too_short requested_delivery 2 7"]);
    }
}
