//! Quantities: the minimum of each product over the whole order (a dozen counts 12), and whole packs.

use super::{Case, amounts};
use crate::master::Product;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use rust_decimal::Decimal;

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    if !case.is_new() {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for (first, product, quantity) in by_product(case) {
        let path = format!("lines.{first}.quantity");
        if quantity < product.moq {
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
            (&["A18||10|箱|0.47"], &[]),
            (&["A18|||条|0.47"], &[]),
            (&["|没有的东西|10|条|0.47"], &[]),
        ] {
            assert_eq!(Desk::new(lines).says(check), expected, "{lines:?}");
        }
    }
}
