//! Quantities: the minimum of each product over the whole order (a dozen counts 12), and whole packs.

use super::attributes::Sums;
use super::{Case, amounts, category};
use crate::master::Product;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use rust_decimal::Decimal;

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    if !case.is_new() {
        return Vec::new();
    }
    let (sums, mut problems) = (Sums::new(case), Vec::new());
    for (first, product, quantity) in by_product(case) {
        let path = format!("lines.{first}.quantity");
        if quantity < product.moq && !category::frees_of_minimum(case, first, &sums) {
            let problem = Problem::new(Code::BelowMoq, path, Severity::Review, Queue::Sales);
            problems.push(problem.found(quantity.normalize()).expected(product.moq.normalize()));
        } else if quantity.checked_rem(product.pack_qty).is_some_and(|rest| !rest.is_zero()) {
            let problem = Problem::new(Code::NotPackMultiple, path, Severity::Note, Queue::Sales);
            problems.push(problem.found(quantity.normalize()).expected(product.pack_qty.normalize()));
        }
    }
    problems
}

/// Each product with its first line and its quantity over all lines, in its own unit. A line that can't be counted in
/// that unit, or says no quantity, leaves its product out.
fn by_product<'a>(case: &Case<'a>) -> Vec<(usize, &'a Product, Decimal)> {
    let mut sums: Vec<(usize, &Product, Option<Decimal>)> = Vec::new();
    for (at, line) in case.content.lines.iter().enumerate() {
        let Some(product) = line.sku.as_deref().and_then(|sku| case.facts.master.product(sku)) else {
            continue;
        };
        let quantity = amounts::quantity(line, product);
        match sums.iter_mut().find(|(_, known, _)| known.sku == product.sku) {
            Some((_, _, sum)) => *sum = sum.zip(quantity).and_then(|(sum, more)| sum.checked_add(more)),
            None => sums.push((at, product, quantity)),
        }
    }
    sums.into_iter().filter_map(|(at, product, sum)| Some((at, product, sum?))).collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::Desk;

    #[test]
    fn the_minimum_counts_over_the_whole_order() {
        for (lines, expected) in [
            (&["A18||1000|条|0.47"][..], &[][..]),
            (&["A18||800|条|0.47"], &["below_moq lines.0.quantity 800 1000"]),
            (&["A18||600|条|0.47", "A20||1000|条|0.6", "A18||400|条|0.47"], &[]),
            (&["A18||100|打|5.64"], &[]),
            (&["A18||50|打|5.64"], &["below_moq lines.0.quantity 600 1000"]),
            (&["A18||1|千条|470"], &[]),
            (&["A18||1100|条|0.47"], &["not_pack_multiple lines.0.quantity 1100 200"]),
            (&["A18||1200|条|0.47"], &[]),
            (&["A18||100|打|5.64"], &[]),
            (&["A18||101|打|5.64"], &["not_pack_multiple lines.0.quantity 1212 200"]),
            (&["A18||500|条|0.47", "A18||600|条|0.47"], &["not_pack_multiple lines.0.quantity 1100 200"]),
            (&["T5||400|米|0.58"], &[]),
            (&["T5||399.5|米|0.58"], &["below_moq lines.0.quantity 399.5 400"]),
            (&["T5||500|码|0.53"], &["not_pack_multiple lines.0.quantity 457.2 200"]),
            (&["T5||400|码|0.53"], &["below_moq lines.0.quantity 365.76 400"]),
            (&["A18||10|箱|0.47"], &[]),
            (&["A18|||条|0.47"], &[]),
            (&["|没有的东西|10|条|0.47"], &[]),
        ] {
            assert_eq!(Desk::new(lines).says(check), expected, "{lines:?}");
        }
    }

    #[test]
    fn what_a_category_frees_has_no_minimum() {
        let distributor =
            |line: &str| Desk::new(&[line]).from("武汉江城优品商贸有限公司", "he@jiangcheng.example");
        for (line, expected) in
            [("C1||19|箱|96", "below_moq lines.0.quantity 19 20"), ("C2||1|箱|72", ""), ("C3||1|箱|300", "")]
        {
            assert_eq!(distributor(line).says(check).join(""), expected, "{line}");
        }
        let mut desk = distributor("C1||10|箱|96");
        desk.settings.new_market_regions = vec!["Central".to_owned()];
        assert!(desk.says(check).is_empty(), "a new market's own number holds instead");
        let mut factory = Desk::new(&["C1||10|箱|96"]);
        factory.settings.new_market_regions = vec!["South".to_owned()];
        assert_eq!(factory.says(check), ["below_moq lines.0.quantity 10 20"]);
    }
}
