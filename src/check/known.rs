//! Known: the customer and every line's product are ones of ours, beyond doubt.

use super::{Case, CustomerBy};
use crate::master::units;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = customer(case).into_iter().collect();
    for (at, line) in case.content.lines.iter().enumerate() {
        match &line.sku {
            None => problems.push(unknown(case, at)),
            Some(sku) => problems.extend(unit(case, at, sku)),
        }
    }
    problems.extend(currency(case));
    problems
}

fn customer(case: &Case<'_>) -> Option<Problem> {
    let found = &case.resolved.customer;
    let printed = case.draft.order.as_ref().and_then(|order| order.customer.name.as_ref());
    let known = case.content.customer.as_deref().and_then(|code| case.facts.master.customer(code));
    let problem = match known {
        None => {
            let problem = Problem::new(Code::UnknownCustomer, "customer", Severity::Blocks, Queue::Keying);
            match &found.hint {
                Some(hint) => problem.expected(hint),
                None => problem,
            }
        }
        // A clerk who chose another customer has looked at what spoke against the first.
        Some(customer) if found.code.as_deref() == Some(customer.code.as_str()) => {
            let weak = !found.by.iter().any(|by| by.is_strong());
            if found.against.is_empty() && !weak {
                return None;
            }
            Problem::new(Code::Unsure, "customer", Severity::Review, Queue::Keying).expected(&customer.code)
        }
        Some(_) => return None,
    };
    let against: Vec<&str> = found.against.iter().map(|by| CustomerBy::as_str(*by)).collect();
    let printed = printed.map(|name| name.value.clone());
    let found = printed.or_else(|| (!against.is_empty()).then(|| against.join(" ")));
    Some(Problem { found, ..problem })
}

fn unknown(case: &Case<'_>, at: usize) -> Problem {
    let candidates = case.resolved.lines.get(at).map_or(&[][..], |line| &line.candidates);
    let draft = case.draft.order.as_ref().and_then(|order| order.lines.get(at));
    let path = format!("lines.{at}.description");
    let problem = if candidates.is_empty() {
        Problem::new(Code::UnknownProduct, path, Severity::Blocks, Queue::Keying)
    } else {
        Problem::new(Code::AmbiguousProduct, path, Severity::Blocks, Queue::Keying)
            .expected(candidates.join(" "))
    };
    match draft {
        Some(line) => {
            let texts =
                [&line.customer_part, &line.description, &line.spec, &line.color].into_iter().flatten();
            let found = texts.map(|field| field.value.as_str()).collect::<Vec<_>>().join(" ");
            problem.found(found).at(&line.description)
        }
        None => problem,
    }
}

fn unit(case: &Case<'_>, at: usize, sku: &str) -> Option<Problem> {
    let product = case.facts.master.product(sku)?;
    let unit = case.content.lines.get(at)?.unit.as_deref()?;
    if units::factor(unit, &product.unit).is_some() {
        return None;
    }
    let path = format!("lines.{at}.unit");
    let problem = Problem::new(Code::UnitMismatch, path, Severity::Review, Queue::Keying);
    Some(problem.found(unit).expected(&product.unit))
}

fn currency(case: &Case<'_>) -> Option<Problem> {
    let own = case.facts.master.customer(case.content.customer.as_deref()?)?.currency;
    let currency = case.content.currency.filter(|currency| *currency != own)?;
    let problem = Problem::new(Code::CurrencyMismatch, "currency", Severity::Review, Queue::Sales);
    Some(problem.found(currency).expected(own))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, text};
    use crate::order::document::Channel;
    use crate::order::draft::Evidence;

    #[test]
    fn products_and_units_are_ours() {
        for (line, expected) in [
            ("A18||1000|条|0.47", ""),
            ("A18||1000|pcs|0.47", ""),
            ("A18||1000|卷|0.47", "unit_mismatch lines.0.unit 卷 条"),
            ("X9|没有的东西|1000|条|0.47", "unknown_product lines.0.description X9 没有的东西"),
            ("|5#尼龙闭尾|1000|条|0.47", "ambiguous_product lines.0.description 5#尼龙闭尾 N18 N20"),
            ("A18|20cm|1000|条|0.47", "ambiguous_product lines.0.description A18 20cm N18 N20"),
        ] {
            assert_eq!(Desk::new(&[line]).says(check).join(""), expected, "{line}");
        }
    }

    #[test]
    fn sender_and_name_have_to_agree() {
        for (name, address, expected) in [
            ("东莞市岭澜制衣有限公司", "chen@linglan.example", ""),
            ("岭澜制衣", "new@mail.linglan.example", ""),
            ("", "chen@linglan.example", ""),
            ("linglan garment", "chen@linglan.example", ""),
            ("石狮市蓝豚泳装有限公司", "chen@linglan.example", "unsure customer 石狮市蓝豚泳装有限公司 K1"),
            ("某某服装厂", "chen@linglan.example", "unsure customer 某某服装厂 K1"),
            ("东莞市岭澜制衣有限公司", "x@nowhere.example", ""),
            ("某某服装厂", "x@nowhere.example", "unknown_customer customer 某某服装厂"),
            ("岭澜制衣", "x@nowhere.example", "unknown_customer customer 岭澜制衣 K1"),
            ("", "sales@own.example", "unknown_customer customer"),
        ] {
            let desk = Desk::new(&[]).from(name, address);
            assert_eq!(desk.says(check).join(""), expected, "{name} {address}");
        }
    }

    #[test]
    fn a_fax_is_known_by_its_name_and_the_caller_is_a_hint() {
        for (name, caller, expected) in [
            ("东莞市岭澜制衣有限公司", "", ""),
            ("东莞市岭澜制衣有限公司", "+86 769 55501201", ""),
            ("东莞市岭澜制衣有限公司", "0595-55507731", "unsure customer 东莞市岭澜制衣有限公司 K1"),
            ("东莞市蛉澜制衣有限公司", "0769-55501201", "unsure customer 东莞市蛉澜制衣有限公司 K1"),
            ("东莞市蛉澜制衣有限公司", "", "unknown_customer customer 东莞市蛉澜制衣有限公司 K1"),
            ("", "0769-55501201", "unknown_customer customer K1"),
        ] {
            let mut desk = Desk { channel: Channel::Fax, ..Desk::new(&[]).from(name, "gateway@fax.example") };
            desk.envelope.caller = Some(caller.to_owned()).filter(|caller| !caller.is_empty());
            assert_eq!(desk.says(check).join(""), expected, "{name} {caller}");
        }
    }

    #[test]
    fn a_forwarded_order_is_its_first_senders() {
        let mut desk = Desk::new(&[]).from("", "sales@own.example");
        desk.order().customer.email = text("cai@lantun.example");
        assert!(desk.says(check).is_empty());
        assert_eq!(desk.with(&[], |case| case.content.customer.clone()).as_deref(), Some("K2"));
    }

    #[test]
    fn what_a_person_keyed_stands_against_the_paper() {
        let mut desk = Desk::new(&["A18|5#尼龙闭尾 20cm|1000|条|0.47"]).from("K2", "chen@linglan.example");
        assert_eq!(
            desk.says(check),
            ["unsure customer K2 K1", "ambiguous_product lines.0.description A18 5#尼龙闭尾 20cm N18 N20"]
        );
        let order = desk.order();
        for field in [&mut order.customer.name, &mut order.lines[0].customer_part] {
            field.as_mut().unwrap().evidence = Evidence::Keyed;
        }
        order.lines[0].customer_part.as_mut().unwrap().value = "N18".to_owned();
        assert!(desk.says(check).is_empty());
        assert_eq!(desk.with(&[], |case| case.content.customer.clone()).as_deref(), Some("K2"));
    }

    #[test]
    fn another_currency_than_the_customers_is_asked_about() {
        let mut desk = Desk::new(&["A18||1000|条|0.47"]);
        desk.order().currency = text("RMB");
        assert!(desk.says(check).is_empty());
        desk.order().currency = text("USD");
        assert_eq!(desk.says(check), ["currency_mismatch currency USD CNY"]);
    }
}
