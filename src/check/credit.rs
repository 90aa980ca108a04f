//! Credit: what the customer owes, his open orders and this one within his limit; nothing overdue.

use super::{Case, amounts};
use crate::order::line::Line;
use crate::order::money::round;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use rust_decimal::Decimal;

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let facts = case.facts;
    let customer = case.content.customer.as_deref().and_then(|code| facts.master.customer(code));
    let Some(customer) = customer.filter(|_| case.is_new()) else { return Vec::new() };
    let mut problems = Vec::new();
    let balance = facts.master.balance(&customer.code);
    if let Some(overdue) = balance.map(|balance| balance.overdue).filter(|overdue| *overdue > Decimal::ZERO) {
        problems.push(Problem::new(Code::Overdue, "", Severity::Review, Queue::Credit).found(overdue));
    }
    // Limit and balance are in the customer's currency; an order in another one is asked about before it is counted.
    let comparable = case.content.currency.is_none_or(|currency| currency == customer.currency);
    if facts.settings.prepaid_terms.contains(&customer.payment_terms) || !comparable {
        return problems;
    }
    let owed = [balance.map(|balance| balance.receivable), facts.open_credit, Some(order_value(case))];
    let taken =
        owed.into_iter().flatten().try_fold(Decimal::ZERO, Decimal::checked_add).unwrap_or(Decimal::MAX);
    if taken > customer.credit_limit {
        let problem = Problem::new(Code::OverCreditLimit, "", Severity::Review, Queue::Credit);
        problems.push(problem.found(taken).expected(customer.credit_limit));
    }
    problems
}

/// What the order comes to; a line without a price counts at the standard price, one without a quantity not at all.
fn order_value(case: &Case<'_>) -> Decimal {
    let value = |line: &Line| {
        let standard = || {
            let product = case.facts.master.product(line.sku.as_deref()?)?;
            amounts::standard_price(product, line, case.content.currency)
        };
        let exact = line.quantity?.checked_mul(line.unit_price.or_else(standard)?)?;
        Some(case.content.currency.map_or(exact, |currency| round(exact, currency)))
    };
    let values = case.content.lines.iter().filter_map(value);
    values.fold(Decimal::ZERO, Decimal::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, text};

    #[test]
    fn owed_open_and_ordered_stay_within_the_limit() {
        for (line, open, expected) in [
            ("A20||8000|条|0.60", None, ""),
            ("A20||8000|条|0.60", Some(200), ""),
            ("A20||8000|条|0.60", Some(201), "over_credit_limit 10001.00 10000"),
            ("A20||10000|条|", None, "over_credit_limit 11000.00 10000"),
            ("A18||10000|条|", None, ""),
            ("|没有的东西|10000|条|", None, ""),
        ] {
            let desk = Desk { open_credit: open.map(Into::into), ..Desk::new(&[line]) };
            assert_eq!(desk.says(check).join(" "), expected, "{line} {open:?}");
        }
    }

    #[test]
    fn prepaid_takes_no_credit_and_overdue_is_said() {
        let desk = Desk::new(&["|5#尼龙闭尾 黑 18cm|99999|条|0.50"])
            .from("石狮市蓝豚泳装有限公司", "cai@lantun.example");
        assert!(desk.says(check).is_empty());
        let mut desk =
            Desk::new(&["NG-TAG||3000|张|0.040"]).from("Northgate Apparel Ltd", "helen@northgate.example");
        assert_eq!(desk.says(check), ["overdue 3"]);
        desk.order().currency = text("CNY");
        assert_eq!(desk.says(check), ["overdue 3"]);
    }
}
