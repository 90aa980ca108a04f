//! Promotion and discount codes: the code is real, in date, for this customer and these goods, and the total is reached.

use super::Case;
use crate::master::text::squeezed;
use crate::master::{Product, Promotion};
use crate::order::money::Currency;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use rust_decimal::Decimal;

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let Some(code) = &case.content.discount_code else { return Vec::new() };
    let Err(why) = valid(case, code) else { return Vec::new() };
    let printed = case.draft.order.as_ref().and_then(|order| order.discount_code.as_ref());
    let problem =
        Problem::new(Code::DiscountCodeInvalid, "discount_code", Severity::Review, Queue::Clarification);
    vec![Problem {
        evidence: printed.map(|field| field.evidence.clone()),
        ..problem.found(code).expected(why)
    }]
}

/// What the order's code takes off its prices.
pub(super) struct Discount<'a>(Vec<&'a Promotion>);

impl<'a> Discount<'a> {
    /// Nothing where the order has no code, or one that does not hold.
    pub(super) fn of(case: &Case<'a>) -> Self {
        let code = case.content.discount_code.as_deref();
        Self(code.and_then(|code| valid(case, code).ok()).unwrap_or_default())
    }

    /// What share of its price a product costs under the code; the best of several promotions counts, none where none
    /// is for it.
    pub(super) fn share(&self, product: &Product) -> Option<Decimal> {
        let percents = self.0.iter().filter(|row| is_for(row, product)).map(|row| row.percent);
        let off = percents.max()?.checked_div(Decimal::ONE_HUNDRED)?;
        Decimal::ONE.checked_sub(off)
    }
}

/// The promotions of the code that hold for this order, or a key of the wording that says why none does, and the value
/// that it should have been.
fn valid<'a>(case: &Case<'a>, code: &str) -> Result<Vec<&'a Promotion>, String> {
    let rows: Vec<&Promotion> = case.facts.master.promotions(code).iter().collect();
    if rows.is_empty() {
        return Err("promotion.unknown".to_owned());
    }
    let on = case.content.order_date.unwrap_or(case.around.on);
    let in_date = |row: &&Promotion| row.valid_from <= on && on <= row.valid_to;
    let rows = those(rows, in_date, |rows| {
        let (first, last) =
            (rows.iter().map(|row| row.valid_from).min(), rows.iter().map(|row| row.valid_to).max());
        match (first, last) {
            (_, Some(last)) if last < on => format!("promotion.until {last}"),
            (Some(first), _) if first > on => format!("promotion.from {first}"),
            (_, _) => "promotion.not_on_the_day".to_owned(),
        }
    })?;
    let customer = case.content.customer.as_deref().map(squeezed);
    let his =
        |row: &&Promotion| row.customer_code.as_deref().is_none_or(|code| Some(squeezed(code)) == customer);
    let rows = those(rows, his, |_| "promotion.other_customer".to_owned())?;
    let skus = case.content.lines.iter().filter_map(|line| line.sku.as_deref());
    let products: Vec<&Product> = skus.filter_map(|sku| case.facts.master.product(sku)).collect();
    let goods = |row: &&Promotion| products.iter().any(|product| is_for(row, product));
    let rows = those(rows, goods, |_| "promotion.other_goods".to_owned())?;
    let total = case.content.total().ok().flatten();
    let reached = |row: &&Promotion| {
        row.min_total.is_zero()
            || total.is_some_and(|total| total.currency == row.currency && total.amount >= row.min_total)
    };
    those(rows, reached, |rows| {
        let least: Option<(Decimal, Currency)> =
            rows.iter().map(|row| (row.min_total, row.currency)).min_by_key(|(least, _)| *least);
        least.map_or_else(String::new, |(least, currency)| format!("promotion.total {least} {currency}"))
    })
}

/// The rows that pass, or why none did.
fn those<'a>(
    rows: Vec<&'a Promotion>,
    pass: impl Fn(&&'a Promotion) -> bool,
    why: impl Fn(&[&Promotion]) -> String,
) -> Result<Vec<&'a Promotion>, String> {
    let (good, bad): (Vec<_>, Vec<_>) = rows.into_iter().partition(pass);
    if good.is_empty() { Err(why(&bad)) } else { Ok(good) }
}

fn is_for(row: &Promotion, product: &Product) -> bool {
    row.sku.as_deref().is_none_or(|sku| squeezed(sku) == squeezed(&product.sku))
        && row.category.as_ref().is_none_or(|category| *category == product.category)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, date, number, text};
    use crate::check::price;

    fn desk(code: &str, lines: &[&str]) -> Desk {
        let mut desk = Desk::new(lines);
        desk.order().discount_code = text(code);
        desk
    }

    #[test]
    fn a_code_is_real_in_date_and_for_this_order() {
        let line = "A18||10000|条|0.45";
        for (code, line, expected) in [
            ("", line, ""),
            ("SPRING10", line, ""),
            ("spring 10", line, ""),
            ("SPRING11", line, "discount_code_invalid discount_code SPRING11 promotion.unknown"),
            ("OLD5", line, "discount_code_invalid discount_code OLD5 promotion.until 2026-03-19"),
            ("NEXT5", line, "discount_code_invalid discount_code NEXT5 promotion.from 2026-03-21"),
            ("OTHER5", line, "discount_code_invalid discount_code OTHER5 promotion.other_customer"),
            ("TAGS20", line, "discount_code_invalid discount_code TAGS20 promotion.other_goods"),
            ("TAGS20", "TAG||3000|张|0.088", ""),
            ("BIG5", line, ""),
            (
                "BIG5",
                "A18||9999|条|0.45",
                "discount_code_invalid discount_code BIG5 promotion.total 4500 CNY",
            ),
        ] {
            assert_eq!(desk(code, &[line]).says(check).join(""), expected, "{code} {line}");
        }
        let mut dated = desk("OLD5", &[line]);
        dated.order().order_date = date("2026-03-19");
        assert!(dated.says(check).is_empty(), "the date of the order counts");
        let mut dollars = desk("BIG5", &["A18||100000|条|0.45"]);
        dollars.order().currency = text("USD");
        assert!(dollars.says(check).join("").ends_with("promotion.total 4500 CNY"));
    }

    #[test]
    fn a_valid_code_lowers_what_the_price_is_held_against() {
        for (code, line, expected) in [
            ("SPRING10", "A18||1000|条|0.423", ""),
            ("SPRING10", "A18||1000|条|0.4229", "price_below_floor lines.0.unit_price 0.4229 0.423"),
            ("SPRING10", "A18||1000|条|0.47", "price_not_on_list lines.0.unit_price 0.47 0.423"),
            ("SPRING10", "A18||1000|条|", "price_not_on_list lines.0.unit_price 0.47 0.423"),
            ("SPRING10", "A20||1000|条|0.486", "price_not_on_list lines.0.unit_price 0.486 0.54"),
            ("SPRING10", "A20||1000|条|0.485", "price_below_floor lines.0.unit_price 0.485 0.486"),
            ("TAGS20", "A18||1000|条|0.423", "price_below_floor lines.0.unit_price 0.423 0.47"),
            ("OLD5", "A18||1000|条|0.4465", "price_below_floor lines.0.unit_price 0.4465 0.47"),
        ] {
            assert_eq!(desk(code, &[line]).says(price::check).join(""), expected, "{code} {line}");
        }
    }

    #[test]
    fn a_code_makes_no_order_surer() {
        let sure = |code: &str, line: &str, total: &str| {
            let mut desk = desk(code, &[line]);
            desk.order().total = number(total);
            desk.surety()
        };
        assert_eq!(sure("SPRING10", "A18||6000|条|0.423|", "").doubts, ["line.1.figures"]);
        assert!(sure("SPRING10", "A18||6000|条|0.423|2538", "2538").sure);
        let wrong = sure("SPRING11", "A18||6000|条|0.47|2820", "2820");
        assert_eq!(wrong.doubts, ["discount_code_invalid:discount_code"]);
    }
}
