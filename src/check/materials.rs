//! Materials: what the making of lines that are not in stock takes by the bills of material, against what is free of it.

use super::{Case, amounts, dates};
use crate::master::Product;
use crate::master::bills::{Bills, Item, Need};
use crate::order::problem::{Code, Problem, Severity};
use crate::order::proposal::Proposal;
use crate::order::review::Queue;
use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Each component that is short is said once for the whole order, with the first line that is short of it. Lines take from
/// stock in their order, whole or not at all, as a release takes them; what they leave is there for the making of the others.
#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    // What a change of an order takes is weighed with the order that it changes.
    if !case.is_new() {
        return Vec::new();
    }
    let skus: Vec<String> = case.content.lines.iter().filter_map(|line| line.sku.clone()).collect();
    let bills = case.facts.master.bills(&skus);
    let mut free: BTreeMap<String, Decimal> =
        bills.skus().map(|sku| (sku.clone(), amounts::free_stock(case, sku))).collect();
    let made = made(case, &mut free);
    let there = free.clone();
    let mut short: Vec<Short<'_>> = Vec::new();
    let mut problems = Vec::new();
    for line in &made {
        problems.extend(unusable(&bills, line));
        let making = bills.make(&line.product.sku, line.quantity, &mut free);
        for need in making.needs {
            Short::add(&mut short, need, line, making.days);
        }
    }
    let short = short.into_iter().filter(|it| it.to_buy > Decimal::ZERO);
    problems.extend(short.map(|it| it.problem(case, there.get(it.component))));
    problems
}

/// A line that is made.
struct Made<'a> {
    at: usize,
    product: &'a Product,
    quantity: Decimal,
}

fn made<'a>(case: &Case<'a>, free: &mut BTreeMap<String, Decimal>) -> Vec<Made<'a>> {
    let case = *case;
    let wanted = case.content.lines.iter().enumerate().filter_map(|(at, line)| {
        let product = case.facts.master.product(line.sku.as_deref()?)?;
        let quantity = amounts::quantity(line, product).filter(|it| *it > Decimal::ZERO)?;
        Some(Made { at, product, quantity })
    });
    let is_made = |line: &Made<'_>| {
        let there = free.entry(line.product.sku.clone()).or_default();
        let made = *there < line.quantity;
        *there -= if made { Decimal::ZERO } else { line.quantity };
        made
    };
    wanted.filter(is_made).collect()
}

fn unusable(bills: &Bills, line: &Made<'_>) -> Option<Problem> {
    let path = format!("lines.{}.sku", line.at);
    let problem = Problem::new(Code::BomUnusable, path, Severity::Review, Queue::Technical);
    bills.fault(&line.product.sku).map(|fault| problem.found(fault))
}

/// What all lines are short of a component together.
struct Short<'a> {
    component: &'a str,
    item: &'a Item,
    /// The first line that is short of it, and the day by which the last one that is can be ready.
    at: usize,
    days: u32,
    needed: Decimal,
    to_buy: Decimal,
}

impl<'a> Short<'a> {
    fn add(all: &mut Vec<Self>, need: Need<'a>, line: &Made<'_>, making: u32) {
        let place = all.iter().position(|it| it.component == need.component).unwrap_or_else(|| {
            let (needed, to_buy) = (Decimal::ZERO, Decimal::ZERO);
            all.push(Short {
                component: need.component,
                item: need.item,
                at: line.at,
                days: 0,
                needed,
                to_buy,
            });
            all.len() - 1
        });
        let short = &mut all[place];
        if short.to_buy.is_zero() {
            short.at = line.at;
        }
        if need.to_buy > Decimal::ZERO {
            short.days = short.days.max(making).max(need.item.days().saturating_add(need.ahead));
        }
        short.needed = short.needed.saturating_add(need.quantity);
        short.to_buy = short.to_buy.saturating_add(need.to_buy);
    }

    fn problem(&self, case: &Case<'_>, free: Option<&Decimal>) -> Problem {
        let free = free.copied().unwrap_or_default().max(Decimal::ZERO);
        let path = format!("lines.{}.quantity", self.at);
        let problem = Problem::new(Code::MaterialsShort, path, Severity::Review, Queue::Purchasing);
        let problem = problem
            .found(format!("{} {}", self.component, self.counted(self.needed)))
            .expected(self.counted(free));
        Problem { proposals: self.proposals(case), ..problem }
    }

    fn counted(&self, quantity: Decimal) -> String {
        let unit = self.item.unit.as_deref().unwrap_or_default();
        format!("{} {unit}", quantity.normalize()).trim_end().to_owned()
    }

    /// Where a supplier has it and by when; and the day for the goods, where they are wanted sooner.
    fn proposals(&self, case: &Case<'_>) -> Vec<Proposal> {
        let on = case.around.on;
        let after = |days: u32| on.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX);
        let purchase = self.item.source.as_ref().map(|source| Proposal::Purchase {
            component: self.component.to_owned(),
            quantity: self.to_buy.normalize(),
            unit: self.item.unit.clone().unwrap_or_default(),
            supplier: source.code.clone(),
            date: after(source.lead_days),
        });
        let line = case.content.lines.get(self.at);
        let wanted = line.and_then(|line| dates::wanted(case, self.at, line)).map(|(day, _)| day);
        let ready = after(self.days);
        let later = wanted.filter(|day| *day < ready).map(|_| Proposal::LaterDate { date: ready });
        purchase.into_iter().chain(later).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, date};
    use crate::order::problem::Severity;
    use serde_json::json;

    /// N18 = 0.21 T5 + 1 SL + 0.01 kg PIN (5 % waste); N20 = 0.5 SUB; SUB = 2 SL; LOOP is made of itself. 3,000 N18, 100 T5, 400
    /// SL, 10 SUB are free.
    const BOMS: &str = "sku,component,qty_per,unit,scrap\nN18,T5,0.21,,\nN18,SL,1,个,\nN18,PIN,10,g,5\nN20,SUB,0.5,,\n\
        SUB,SL,2,,\nM18,M18,1,,\nTAG,PIN,0.001,kg,\n";
    const SUPPLIERS: &str = "code,name,mail,phone,lead_days,items\nS1,甲,,,9,T5;SL\nS2,乙,,,4,SL;C4\n";
    const STOCK: &str = "sku,warehouse,on_hand,reserved\nN18,W1,3000,500\nN18,W2,600,100\nT5,W1,100,0\nSL,W1,500,100\n\
        SUB,W1,10,0\n";

    fn desk(lines: &[&str]) -> Desk {
        Desk::new(lines).holding(&[("boms", BOMS), ("suppliers", SUPPLIERS), ("stock", STOCK)])
    }

    #[test]
    fn what_is_made_takes_its_bill_less_what_is_free() {
        for (lines, expected) in [
            // From stock nothing is needed.
            (&["A18||3000|条|0.47"][..], &[][..]),
            (
                &["A18||3001|条|0.47"],
                &[
                    "materials_short lines.0.quantity PIN 31510.5 g 0 g",
                    "materials_short lines.0.quantity SL 3001 个 400 个",
                    "materials_short lines.0.quantity T5 630.21 米 100 米",
                ],
            ),
            // 400 of SL make 400, the rest is there.
            (
                &["A18||3000|条|0.47", "A18||400|条|0.47"],
                &["materials_short lines.1.quantity PIN 4200 g 0 g"],
            ),
            // Both lines take from the same 400.
            (
                &["A18||300|条|0.47", "A18||3000|条|0.47", "A20||220|条|0.6"],
                &[
                    "materials_short lines.1.quantity PIN 31500 g 0 g",
                    "materials_short lines.1.quantity SL 3200 个 400 个",
                    "materials_short lines.1.quantity T5 630 米 100 米",
                ],
            ),
            // 10 SUB are there, the others take 400 SL, and one more is one too many.
            (&["A20||420|条|0.6"], &[]),
            (&["A20||421|条|0.6"], &["materials_short lines.0.quantity SL 401 个 400 个"]),
            (
                &["A18||300|打|5.64"],
                &[
                    "materials_short lines.0.quantity PIN 37800 g 0 g",
                    "materials_short lines.0.quantity SL 3600 个 400 个",
                    "materials_short lines.0.quantity T5 756 米 100 米",
                ],
            ),
            // What has no bill and no supplier is made of what nobody says; what a supplier delivers is bought itself.
            (&["C1||10|箱|96"], &[]),
            (&["C4||10|箱|108"], &["materials_short lines.0.quantity C4 10 箱 0 箱"]),
            (&["M18||10|条|1.1"], &["bom_unusable lines.0.sku M18 → M18"]),
            (&["TAG||3000|张|0.11"], &["materials_short lines.0.quantity PIN 3000 g 0 g"]),
            (&["A18|||条|0.47"], &[]),
            (&["|没有的东西|10|条|0.47"], &[]),
        ] {
            assert_eq!(desk(lines).says(check), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_firm_without_bills_hears_nothing() {
        assert!(Desk::new(&["A18||9000|条|0.47", "A20||9000|条|0.6"]).says(check).is_empty());
    }

    #[test]
    fn what_others_reserved_is_not_free() {
        let mut desk = desk(&["A20||420|条|0.6"]);
        desk.reserved.insert("SL".to_owned(), 1.into());
        assert_eq!(desk.says(check), ["materials_short lines.0.quantity SL 400 个 399 个"]);
        desk.reserved.insert("SL".to_owned(), 1000.into());
        assert_eq!(desk.says(check), ["materials_short lines.0.quantity SL 400 个 0 个"]);
    }

    #[test]
    fn the_soonest_supplier_is_named_and_a_later_day_where_it_is_too_late() {
        let buy = json!({"propose": "purchase", "component": "SL", "quantity": "80", "unit": "个", "supplier": "S2", "date": "2026-03-24"});
        // 4 days for SL; then SUB, which is no product, and 7 for N20.
        let later = json!({"propose": "later_date", "date": "2026-03-31"});
        for (day, expected) in [("2026-03-31", json!([buy])), ("2026-03-30", json!([buy, later]))] {
            let mut desk = desk(&["A20||500|条|0.6"]);
            desk.order().requested_delivery = date(day);
            let problems = desk.with(&[], |case| json!(check(case)));
            assert_eq!(problems[0]["proposals"], expected, "{day}");
            assert_eq!(problems[0]["severity"], json!(Severity::Review));
        }
    }
}
