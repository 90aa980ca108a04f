//! Credit: what the customer owes, his open orders and this one within his limit; nothing overdue; who pays before, pays before.

use super::{Case, amounts};
use crate::master::{Balance, Customer};
use crate::order::line::Line;
use crate::order::money::{Money, round};
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use rust_decimal::Decimal;

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    if !case.is_new() {
        return Vec::new();
    }
    let facts = case.facts;
    let customer = case.content.customer.as_deref().and_then(|code| facts.master.customer(code));
    let mut problems: Vec<Problem> = without_rate(case, customer).into_iter().collect();
    let Some(customer) = customer else { return problems };
    let balance = facts.master.balance(&customer.code);
    if let Some(overdue) = balance.map(|balance| balance.overdue).filter(|overdue| *overdue > Decimal::ZERO) {
        problems.push(Problem::new(Code::Overdue, "", Severity::Review, Queue::Credit).found(overdue));
    }
    if facts.settings.prepaid_terms.contains(&customer.payment_terms) {
        problems.extend(asks_for_credit(case, customer));
        problems.extend(unpaid(balance));
    } else {
        problems.extend(over_limit(case, customer, balance));
    }
    problems
}

/// Limits stand in the book currency, and his own in his: what the order comes to has to be known in both.
fn without_rate(case: &Case<'_>, customer: Option<&Customer>) -> Option<Problem> {
    let exchange = case.facts.exchange;
    let currency = case.content.currency?;
    let foreign = customer.map(|customer| customer.currency).filter(|theirs| *theirs != currency);
    let missing = [Some(currency), foreign].into_iter().flatten().find(|it| exchange.rate(*it).is_none())?;
    let problem = Problem::new(Code::RateMissing, "currency", Severity::Review, Queue::Margin);
    Some(problem.found(missing).expected(exchange.book))
}

/// He pays before, and his order says that he wants to pay later.
fn asks_for_credit(case: &Case<'_>, customer: &Customer) -> Option<Problem> {
    let terms = case.content.payment_terms.as_deref().filter(|terms| *terms != customer.payment_terms)?;
    let said = terms.to_lowercase();
    let asked = case.facts.settings.credit_words.iter().any(|word| said.contains(&word.to_lowercase()));
    let problem = Problem::new(Code::CreditAsked, "payment_terms", Severity::Review, Queue::Credit);
    asked.then(|| problem.found(terms).expected(&customer.payment_terms))
}

/// Who should have paid before owes for earlier orders: this one goes back to sales.
fn unpaid(balance: Option<&Balance>) -> Option<Problem> {
    let owed = balance.map(|balance| balance.receivable).filter(|owed| *owed > Decimal::ZERO)?;
    Some(Problem::new(Code::UnpaidEarlier, "", Severity::Review, Queue::Sales).found(owed))
}

/// Limit and balance are in the customer's currency, into which the order is converted.
fn over_limit(case: &Case<'_>, customer: &Customer, balance: Option<&Balance>) -> Option<Problem> {
    let currency = case.content.currency.unwrap_or(customer.currency);
    let ordered = case.facts.exchange.convert(Money::new(order_value(case), currency), customer.currency);
    // What can't be converted is said as such.
    let ordered = ordered?.amount;
    let owed = [balance.map(|balance| balance.receivable), case.facts.open_credit, Some(ordered)];
    let taken =
        owed.into_iter().flatten().try_fold(Decimal::ZERO, Decimal::checked_add).unwrap_or(Decimal::MAX);
    let problem = Problem::new(Code::OverCreditLimit, "", Severity::Review, Queue::Credit);
    (taken > customer.credit_limit).then(|| problem.found(taken).expected(customer.credit_limit))
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

    #[test]
    fn an_order_in_another_currency_counts_by_the_rate() {
        for (price, currency, expected) in [
            // 7,000 RMB are 985.92 dollars; he owes 10, and his limit is 1,000.
            ("2", "CNY", ""),
            ("2.10", "CNY", "over_credit_limit 1045.21 1000"),
            ("2.10", "GBP", "rate_missing currency GBP CNY"),
        ] {
            let line = format!("NG-TAG||3500|张|{price}");
            let mut desk = Desk::new(&[&line]).from("Northgate Apparel Ltd", "helen@northgate.example");
            desk.order().currency = text(currency);
            let said: Vec<String> = desk.says(check).into_iter().filter(|it| it != "overdue 3").collect();
            assert_eq!(said.join(" "), expected, "{price} {currency}");
        }
        let mut desk = Desk::new(&["A20||8000|条|0.60"]);
        desk.order().currency = text("GBP");
        assert_eq!(desk.says(check), ["rate_missing currency GBP CNY"]);
    }

    #[test]
    fn who_pays_before_is_not_given_credit_without_a_word() {
        for (terms, expected) in [
            ("款到发货", ""),
            ("月结30天", "credit_asked payment_terms 月结30天 prepaid"),
            ("Net 30 days", "credit_asked payment_terms Net 30 days prepaid"),
        ] {
            let mut desk = Desk::new(&["|5#尼龙闭尾 黑 18cm|1000|条|0.50"])
                .from("石狮市蓝豚泳装有限公司", "cai@lantun.example");
            desk.order().payment_terms = text(terms);
            assert_eq!(desk.says(check).join(" "), expected, "{terms}");
            let mut desk = Desk::new(&["A20||100|条|0.60"]);
            desk.order().payment_terms = text(terms);
            assert!(desk.says(check).is_empty(), "of others the terms are agreed");
        }
    }

    #[test]
    fn who_should_have_paid_and_did_not_goes_back_to_sales() {
        let mut desk = Desk::new(&["A20||100|条|0.60"]);
        desk.settings.prepaid_terms = vec!["monthly60".to_owned()];
        assert_eq!(desk.says(check), ["unpaid_earlier 5000"]);
    }
}
