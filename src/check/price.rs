//! Price: not under the customer's floor, and the one on the list.

use super::{Case, amounts};
use crate::order::line::Line;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use rust_decimal::Decimal;

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let priced = |(at, line): (usize, &Line)| {
        let price = line.unit_price.filter(|_| !line.price_from_list)?;
        against_list(case, at, line, price)
    };
    case.content.lines.iter().enumerate().filter_map(priced).collect()
}

/// With an agreed price that is the floor; without one, the customer's least share of the standard price. Prices in
/// other currencies are not compared.
fn against_list(case: &Case<'_>, at: usize, line: &Line, price: Decimal) -> Option<Problem> {
    let facts = case.facts;
    let product = facts.master.product(line.sku.as_deref()?)?;
    let customer = facts.master.customer(case.content.customer.as_deref()?)?;
    let currency = case.content.currency;
    let problem = |code, severity, expected: Decimal| {
        let problem = Problem::new(code, format!("lines.{at}.unit_price"), severity, Queue::Price);
        Some(problem.found(price.normalize()).expected(expected.normalize()))
    };
    let agreed = amounts::agreed_price(facts.master, customer, line, case.around.on);
    if let Some(agreed) = agreed.filter(|_| currency == Some(customer.currency)) {
        return match price {
            _ if price < agreed => problem(Code::PriceBelowFloor, Severity::Review, agreed),
            _ if price > agreed => problem(Code::PriceNotOnList, Severity::Review, agreed),
            _ => None,
        };
    }
    let standard = amounts::standard_price(product, line, currency)?;
    let floor = standard.checked_mul(customer.discount_floor)?;
    match price {
        _ if price < floor => problem(Code::PriceBelowFloor, Severity::Review, floor),
        _ if price > standard => problem(Code::PriceNotOnList, Severity::Review, standard),
        _ if price < standard => problem(Code::PriceNotOnList, Severity::Note, standard),
        _ => None,
    }
}
