//! Arithmetic: quantity × price = amount, the amounts = the total, and the total in words = the digits, to the coin.

use super::Case;
use crate::order::draft::{DraftLine, DraftOrder, Found};
use crate::order::money::{Currency, round};
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use rust_decimal::Decimal;

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let Some(order) = &case.draft.order else { return Vec::new() };
    let currency = case.content.currency.unwrap_or(Currency::CNY);
    let mut problems = Vec::new();
    for (at, line) in order.lines.iter().enumerate() {
        if let (Some(computed), Some(printed)) = (product(line, currency), &line.amount)
            && computed != printed.value
        {
            problems.push(mismatch(format!("lines.{at}.amount"), &line.amount, computed));
        }
    }
    let sums = sums(order, currency);
    let total = order.total.as_ref().map(|total| total.value);
    for (path, field) in [("total", &order.total), ("total_in_words", &order.total_in_words)] {
        let Some(printed) = field else { continue };
        let words = path == "total_in_words";
        let expected = match (sums.first(), total) {
            (Some(sum), _) if !sums.contains(&printed.value) => Some(*sum),
            (None, Some(total)) if words && total != printed.value => Some(total),
            (Some(_), _) | (None, _) => None,
        };
        problems.extend(expected.map(|expected| mismatch(path.to_owned(), field, expected)));
    }
    problems
}

fn mismatch(path: String, field: &Found<Decimal>, expected: Decimal) -> Problem {
    let problem = Problem::new(Code::TotalMismatch, path, Severity::Review, Queue::Clarification);
    let problem = problem.expected(expected).at(field);
    Problem { found: field.as_ref().map(|field| field.value.to_string()), ..problem }
}

/// Quantity × price, rounded to the coin.
pub(super) fn product(line: &DraftLine, currency: Currency) -> Option<Decimal> {
    exact(line).map(|exact| round(exact, currency))
}

fn exact(line: &DraftLine) -> Option<Decimal> {
    line.quantity.as_ref()?.value.checked_mul(line.unit_price.as_ref()?.value)
}

/// What the total may be: the sum of the amounts, or that of the unrounded products, as a spreadsheet adds them.
/// Empty where a line has neither.
pub(super) fn sums(order: &DraftOrder, currency: Currency) -> Vec<Decimal> {
    let add = |terms: Option<Vec<Decimal>>| {
        let terms = terms.filter(|terms| !terms.is_empty())?;
        terms.into_iter().try_fold(Decimal::ZERO, Decimal::checked_add)
    };
    let printed =
        |line: &DraftLine| line.amount.as_ref().map(|a| a.value).or_else(|| product(line, currency));
    let of_amounts = add(order.lines.iter().map(printed).collect());
    let unrounded = add(order.lines.iter().map(exact).collect()).map(|sum| round(sum, currency));
    of_amounts.into_iter().chain(unrounded).collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, number};

    #[test]
    fn amounts_and_totals_are_exact_to_the_coin() {
        for (lines, total, words, expected) in [
            (&["A18||6000|条|0.47|2820"][..], "2820.00", "2820", &[][..]),
            (&["A18||6000|条|0.47|2280"], "", "", &["total_mismatch lines.0.amount 2280 2820.00"]),
            (&["A18||3|条|0.115|0.35"], "", "", &[]),
            (&["A18||3|条|0.115|0.34"], "", "", &["total_mismatch lines.0.amount 0.34 0.35"]),
            (
                &["A18||800|条|0.92|736", "A20||6000|条|0.021|126"],
                "1030.5",
                "",
                &["total_mismatch total 1030.5 862"],
            ),
            (&["A18||10|条|2|", "A20||5|条|3|"], "35", "", &[]),
            (&["A18||10|条|2|", "A20||5|条|3|"], "35", "53", &["total_mismatch total_in_words 53 35"]),
            (&["A18||10|条||"], "35", "", &[]),
            (&["A18||10|条||"], "35", "53", &["total_mismatch total_in_words 53 35"]),
            (&["A18||3|条|0.335|1.01", "A20||3|条|0.335|1.01"], "2.01", "", &[]),
            (
                &["A18||1|条|79228162514264337593543950335|", "A20||2|条|79228162514264337593543950335|"],
                "1",
                "",
                &[],
            ),
        ] {
            let mut desk = Desk::new(lines);
            desk.order().total = number(total);
            desk.order().total_in_words = number(words);
            assert_eq!(desk.says(check), expected, "{lines:?} {total}");
        }
    }
}
