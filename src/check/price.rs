//! Price: not under the customer's floor, and the one on the list.

use super::promotion::Discount;
use super::{Case, amounts};
use crate::order::line::Line;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use rust_decimal::Decimal;

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let discount = Discount::of(case);
    let priced = |(at, line): (usize, &Line)| against_list(case, (at, line), &discount);
    case.content.lines.iter().enumerate().filter_map(priced).collect()
}

/// With a price that was agreed with him, or one on his price list, that is the floor; without one, the customer's least
/// share of the standard price. Prices in other currencies are not compared. A valid discount code lowers both; where the document prints no price, and a code
/// is valid, a person looks at what the list's price becomes.
fn against_list(case: &Case<'_>, (at, line): (usize, &Line), discount: &Discount<'_>) -> Option<Problem> {
    let facts = case.facts;
    let product = facts.master.product(line.sku.as_deref()?)?;
    let share = discount.share(product);
    let price = line.unit_price.filter(|_| !line.price_from_list || share.is_some())?;
    let share = share.unwrap_or(Decimal::ONE);
    let customer = facts.master.customer(case.content.customer.as_deref()?)?;
    let currency = case.content.currency;
    let problem = |code, severity, expected: Decimal| {
        let problem = Problem::new(code, format!("lines.{at}.unit_price"), severity, Queue::Price);
        Some(problem.found(price.normalize()).expected(expected.normalize()))
    };
    let own = amounts::own_price(facts.master, customer, line, case.around.on);
    if let Some(own) = own.filter(|_| currency == Some(customer.currency)) {
        let own = own.checked_mul(share)?;
        return match price {
            _ if price < own => problem(Code::PriceBelowFloor, Severity::Review, own),
            _ if price > own => problem(Code::PriceNotOnList, Severity::Review, own),
            _ => None,
        };
    }
    let standard = amounts::standard_price(product, line, currency)?.checked_mul(share)?;
    let floor = standard.checked_mul(customer.discount_floor)?;
    match price {
        _ if price < floor => problem(Code::PriceBelowFloor, Severity::Review, floor),
        _ if price > standard => problem(Code::PriceNotOnList, Severity::Review, standard),
        _ if price < standard => problem(Code::PriceNotOnList, Severity::Note, standard),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, text};

    #[test]
    fn the_floor_is_the_agreed_price_or_a_share_of_the_standard_one() {
        for (line, expected) in [
            ("A18||1000|条|0.47", ""),
            ("A18||1000|条|0.469", "price_below_floor lines.0.unit_price 0.469 0.47"),
            ("A18||1000|条|0.50", "price_not_on_list lines.0.unit_price 0.5 0.47"),
            ("A18||10000|条|0.45", ""),
            ("A18||9999|条|0.45", "price_below_floor lines.0.unit_price 0.45 0.47"),
            ("A18||100|条|0.45", "price_not_on_list lines.0.unit_price 0.45 0.5"),
            ("A18||100|条|0.449", "price_below_floor lines.0.unit_price 0.449 0.45"),
            ("A18||100|打|5.64", ""),
            ("A18||100|打|0.47", "price_below_floor lines.0.unit_price 0.47 5.64"),
            ("A20||1000|条|0.60", ""),
            ("A20||1000|条|0.53", "price_below_floor lines.0.unit_price 0.53 0.54"),
            ("A20||1000|条|", ""),
            ("|没有的东西|1000|条|0.01", ""),
        ] {
            assert_eq!(Desk::new(&[line]).says(check).join(""), expected, "{line}");
        }
    }

    #[test]
    fn an_agreed_price_comes_before_the_list_and_the_list_before_the_standard_price() {
        for (line, expected) in [
            // Agreed, though the list says 0.49.
            ("A18||1000|条|0.47", ""),
            // From the list: under its quantity nothing is agreed.
            ("A18||100|条|0.49", ""),
            ("A18||100|条|0.48", "price_below_floor lines.0.unit_price 0.48 0.49"),
            ("A20||500|条|0.57", ""),
            ("A20||5000|条|0.55", ""),
            ("A20||5000|条|0.57", "price_not_on_list lines.0.unit_price 0.57 0.55"),
            // Not on the list.
            ("|5#金属闭尾 古铜 18cm|1000|条|1.10", ""),
        ] {
            assert_eq!(Desk::new(&[line]).with_list().says(check).join(""), expected, "{line}");
        }
        let found = Desk::new(&["A20||5000|条|"]).with_list().with(&[], |case| {
            let line = &case.content.lines[0];
            (line.unit_price.map(|it| it.to_string()), line.price_from_list)
        });
        assert_eq!(found, (Some("0.55".to_owned()), true));
    }

    #[test]
    fn prices_of_two_currencies_are_not_compared() {
        let mut desk = Desk::new(&["A18||1000|条|0.01"]);
        desk.order().currency = text("USD");
        assert!(desk.says(check).is_empty());
    }
}
