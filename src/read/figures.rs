//! Figures of recognised pages: none is as certain as a printed one, and a quantity may be thousands, as "2.400" is read of
//! 2,400 as easily as of 2.400.

use super::codes::Code;
use super::find::{Doubt, Found};
use crate::master::units;
use crate::order::draft::{Confidence, DraftLine, Field};
use rust_decimal::Decimal;

/// A recogniser is as sure of a wrong digit as of a right one: its figures are below `check.sure_confidence`, and only sums
/// prove them.
const MOST: Confidence = Confidence::new(850);
/// What is left of the confidence when nothing decides.
const OPEN: Confidence = Confidence::new(500);

/// Lowers the confidence of figures, and decides what quantities mean: by the printed amount; where there is none, whole units
/// mean thousands, and a person is told. Only for orders of recognised pages.
pub(super) fn settle(found: &mut [Found]) {
    for one in found {
        for line in &mut one.order.lines {
            for figure in [&mut line.quantity, &mut line.unit_price, &mut line.amount].into_iter().flatten() {
                figure.confidence = figure.confidence.min(MOST);
            }
        }
        let open = one.order.lines.iter_mut().filter(|line| is_open(line));
        let doubts = open.filter_map(decide).count();
        if doubts > 0 {
            one.doubts.push(Doubt::new(Code::Ambiguous, format!("{doubts} quantities")));
        }
    }
}

/// Three decimals of something that is counted.
fn is_open(line: &DraftLine) -> bool {
    let whole = line.unit.as_ref().is_none_or(|unit| units::is_whole(&unit.value));
    let open = |it: &Field<Decimal>| it.value.scale() == 3;
    whole && line.quantity.as_ref().is_some_and(open)
}

/// Some: nothing decides.
fn decide(line: &mut DraftLine) -> Option<()> {
    let price = line.unit_price.as_ref().map(|it| it.value);
    let amount = line.amount.as_ref().map(|it| it.value);
    let quantity = line.quantity.as_mut()?;
    let thousands = quantity.value.checked_mul(Decimal::ONE_THOUSAND)?.normalize();
    let fits = |quantity: Decimal| {
        let (price, amount) = price.zip(amount)?;
        Some(quantity.checked_mul(price)?.round_dp(2) == amount.round_dp(2))
    };
    match (fits(quantity.value), fits(thousands)) {
        (Some(true), _) => None,
        (_, Some(true)) => {
            quantity.value = thousands;
            None
        }
        _ => {
            quantity.value = thousands;
            quantity.confidence = quantity.confidence.min(OPEN);
            Some(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::draft::Evidence;

    fn field(text: &str) -> Option<Field<Decimal>> {
        let value = text.parse().ok()?;
        Some(Field { value, evidence: Evidence::Line { line: 1 }, confidence: Confidence::new(980) })
    }

    #[test]
    fn the_amount_decides_then_the_unit() {
        for (quantity, price, amount, wanted, open) in [
            ("2.400", "1.72", "4128.00", "2400", false),
            ("2.400", "1.72", "4.13", "2.400", false),
            ("2.400", "1.72", "", "2400", true),
            ("2.400", "1.72", "5000", "2400", true),
            ("2.40", "1.72", "4128.00", "2.40", false),
        ] {
            let line = DraftLine {
                quantity: field(quantity),
                unit_price: field(price),
                amount: field(amount),
                ..DraftLine::default()
            };
            let mut found = Found::default();
            found.order.lines.push(line);
            let mut found = [found];
            settle(&mut found);
            let line = &found[0].order.lines[0];
            let read = line.quantity.as_ref().unwrap();
            assert_eq!(read.value, wanted.parse().unwrap(), "{quantity} {amount}");
            assert_eq!(read.confidence, if open { OPEN } else { MOST }, "{quantity} {amount}");
            assert_eq!(line.unit_price.as_ref().unwrap().confidence, MOST);
            assert_eq!(!found[0].doubts.is_empty(), open, "{quantity} {amount}");
        }
    }
}
