//! Stock: what is free (on hand less reserved) against what the order wants, and what can be offered where it is short.

use super::{Case, amounts, dates};
use crate::master::{Product, units};
use crate::order::problem::{Code, Problem, Severity};
use crate::order::proposal::Proposal;
use crate::order::review::Queue;
use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use std::collections::HashMap;

/// A line that is wanted sooner than its product can be made is served from stock first, and for production to look at
/// where that is short; what is short and can still be made in time is only said.
#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let (late, in_time): (Vec<Need<'_>>, Vec<Need<'_>>) = needs(case).partition(Need::is_late);
    // Lines of one product share its stock.
    let mut taken: HashMap<&str, Decimal> = HashMap::new();
    let mut problems = Vec::new();
    for need in late.into_iter().chain(in_time) {
        let sum = taken.entry(&need.product.sku).or_default();
        let left = amounts::free_stock(case, &need.product.sku).saturating_sub(*sum).max(Decimal::ZERO);
        *sum = sum.saturating_add(need.quantity);
        if need.quantity > left {
            problems.extend(need.problem(case, left));
        }
    }
    problems.sort_by_key(|(at, _)| *at);
    problems.into_iter().map(|(_, problem)| problem).collect()
}

/// What one line wants of a product, in the product's unit.
struct Need<'a> {
    at: usize,
    product: &'a Product,
    quantity: Decimal,
    /// The day, the path of its field, and in how many days that is.
    wanted: Option<(String, i64)>,
}

fn needs<'a>(case: &Case<'a>) -> impl Iterator<Item = Need<'a>> {
    let case = *case;
    case.content.lines.iter().enumerate().filter_map(move |(at, line)| {
        let product = case.facts.master.product(line.sku.as_deref()?)?;
        let quantity = amounts::quantity(line, product)?;
        let wanted = dates::wanted(&case, at, line);
        let wanted = wanted.map(|(day, path)| (path, (day - case.around.on).num_days()));
        Some(Need { at, product, quantity, wanted })
    })
}

impl Need<'_> {
    fn is_late(&self) -> bool {
        self.wanted.as_ref().is_some_and(|(_, days)| *days < i64::from(self.product.lead_days))
    }

    fn problem(&self, case: &Case<'_>, left: Decimal) -> Option<(usize, Problem)> {
        let problem = match &self.wanted {
            Some((path, days)) if self.is_late() => {
                let problem = Problem::new(Code::LeadTimeTooShort, path, Severity::Review, Queue::Production);
                problem.found(days).expected(self.product.lead_days)
            }
            // What a change of an order takes is weighed with the order that it changes.
            Some(_) | None if !case.is_new() => return None,
            Some(_) | None => {
                let path = format!("lines.{}.quantity", self.at);
                let problem = Problem::new(Code::ShortOfStock, path, Severity::Note, Queue::Production);
                problem.found(self.counted(self.quantity)).expected(self.counted(left))
            }
        };
        Some((self.at, Problem { proposals: self.proposals(case, left), ..problem }))
    }

    fn counted(&self, quantity: Decimal) -> String {
        format!("{} {}", quantity.normalize(), self.product.unit)
    }

    /// A later day where the wanted one can't be kept, another product that is there, what is there now and the rest later.
    fn proposals(&self, case: &Case<'_>, left: Decimal) -> Vec<Proposal> {
        let made = case.around.on.checked_add_days(Days::new(self.product.lead_days.into()));
        let made: NaiveDate = made.unwrap_or(case.around.on);
        let later = self.is_late().then_some(Proposal::LaterDate { date: made });
        let whole_packs = left.checked_rem(self.product.pack_qty).map_or(left, |rest| left - rest);
        let part = (whole_packs > Decimal::ZERO).then(|| Proposal::PartDelivery {
            now: whole_packs.normalize(),
            later: (self.quantity - whole_packs).normalize(),
            unit: self.product.unit.clone(),
            date: made,
        });
        later.into_iter().chain(self.substitute(case)).chain(part).collect()
    }

    /// The product's substitute, where enough of it is free beside what the order takes of it already.
    fn substitute(&self, case: &Case<'_>) -> Option<Proposal> {
        let other = case.facts.master.product(self.product.substitute.as_deref()?)?;
        let quantity = self.quantity.checked_mul(units::factor(&self.product.unit, &other.unit)?)?;
        let own = needs(case).filter(|need| need.product.sku == other.sku).map(|need| need.quantity);
        let own = own.fold(Decimal::ZERO, Decimal::saturating_add);
        let free = amounts::free_stock(case, &other.sku).saturating_sub(own);
        (other.sku != self.product.sku && free >= quantity).then(|| Proposal::Substitute {
            sku: other.sku.clone(),
            name: other.name.clone(),
            quantity: quantity.normalize(),
            unit: other.unit.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, date};
    use crate::order::problem::Severity;
    use serde_json::json;

    #[test]
    fn what_is_not_in_stock_needs_its_lead_time() {
        for (lines, expected) in [
            (&["A18||3000|条|0.47||2026-03-27"][..], &[][..]),
            (&["A18||3001|条|0.47||2026-03-27"], &["short_of_stock lines.0.quantity 3001 条 3000 条"]),
            (&["A18||3000|条|0.47||2026-03-21"], &[]),
            (&["A18||3001|条|0.47||2026-03-26"], &["lead_time_too_short lines.0.delivery_date 6 7"]),
            (
                &["A18||2000|条|0.47||2026-03-22", "A18||2000|条|0.47||2026-03-23"],
                &["lead_time_too_short lines.1.delivery_date 3 7"],
            ),
            (
                &["A18||2000|条|0.47||2026-04-22", "A18||2000|条|0.47||2026-03-23"],
                &["short_of_stock lines.0.quantity 2000 条 1000 条"],
            ),
            (&["A18||250|打|5.64||2026-03-26"], &[]),
            (&["A18||251|打|5.64||2026-03-26"], &["lead_time_too_short lines.0.delivery_date 6 7"]),
            (&["A20||1|条|0.60||2026-03-19"], &["lead_time_too_short lines.0.delivery_date -1 7"]),
            (&["A18|||条|0.47||2026-03-22"], &[]),
            (&["A18||4000|卷|0.47||2026-03-22"], &[]),
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
        desk.order().requested_delivery = None;
        assert_eq!(desk.says(check), ["short_of_stock lines.0.quantity 3000 条 2999 条"]);
    }

    #[test]
    fn what_is_made_in_time_is_a_note() {
        let severity = |line| Desk::new(&[line]).with(&[], |case| check(case)[0].severity);
        assert_eq!(severity("A18||3001|条|0.47||2026-03-27"), Severity::Note);
        assert_eq!(severity("A18||3001|条|0.47||2026-03-26"), Severity::Review);
    }

    #[test]
    fn alternatives_are_proposed() {
        let later = json!({"propose": "later_date", "date": "2026-03-27"});
        let part = |now: &str, rest: &str| json!({"propose": "part_delivery", "now": now, "later": rest, "unit": "条", "date": "2026-03-27"});
        let other = json!({"propose": "substitute", "sku": "N18", "name": "5#尼龙闭尾拉链 自动头 黑色580 18cm", "quantity": "2000", "unit": "条"});
        for (lines, reserved, expected) in [
            (&["A18||4000|条|0.47||2026-03-22"][..], 0, json!([later, part("3000", "1000")])),
            (&["A18||4000|条|0.47||2026-04-22"], 0, json!([part("3000", "1000")])),
            (&["A18||4000|条|0.47||2026-03-22"], 2801, json!([later])),
            (&["A18||4000|条|0.47||2026-03-22"], 2790, json!([later, part("200", "3800")])),
            (&["A20||2000|条|0.60||2026-03-22"], 0, json!([later, other])),
            (&["A20||2000|条|0.60||2026-03-22"], 1001, json!([later])),
            (&["A20||2000|条|0.60||2026-03-22", "A18||1001|条|0.47||2026-03-22"], 0, json!([later])),
        ] {
            let mut desk = Desk::new(lines);
            desk.reserved.insert("N18".to_owned(), reserved.into());
            let proposals = desk.with(&[], |case| json!(check(case)[0].proposals));
            assert_eq!(proposals, expected, "{lines:?} {reserved}");
        }
    }
}
