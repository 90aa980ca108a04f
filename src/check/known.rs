//! Known: the customer and every line's product are ones of ours, beyond doubt.

use super::{Case, CustomerBy};
use crate::master::text::{firm, simple};
use crate::master::{AddressKind, units};
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
    problems.extend(ship_to(case));
    problems
}

/// The place that the order names is none of the customer's, where any of his is known. The problem stands in events: it
/// says where the address is printed, and not what it is.
fn ship_to(case: &Case<'_>) -> Option<Problem> {
    let printed = &case.draft.order.as_ref()?.ship_to;
    let customer = case.facts.master.customer(case.content.customer.as_deref()?)?;
    let known = case.facts.master.addresses(&customer.code);
    if !known.iter().any(|it| it.kind == AddressKind::ShipTo) {
        return None;
    }
    let (field, path, is_known) = match (&printed.address, &printed.name) {
        (Some(address), _) => {
            let all = known.iter().map(|it| &it.address).chain(&customer.address);
            (&printed.address, "ship_to.address", all.into_iter().any(|it| same_place(it, &address.value)))
        }
        (None, Some(name)) => {
            let all = known.iter().map(|it| &it.name).chain([&customer.name]).chain(&customer.name_en);
            (&printed.name, "ship_to.name", all.into_iter().any(|it| firm(it) == firm(&name.value)))
        }
        (None, None) => return None,
    };
    let problem = Problem::new(Code::NewShipTo, path, case.facts.settings.new_ship_to, Queue::Sales);
    (!is_known).then(|| problem.at(field))
}

/// Characters of an address that say enough without the province and city before them.
const ENOUGH: usize = 6;

/// Whether two texts are one address: but for blanks and marks, or for what only one of them has before it (`广东省东莞市`).
fn same_place(a: &str, b: &str) -> bool {
    let bare = |text: &str| simple(text).chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let (a, b) = (bare(a), bare(b));
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    short == long || (short.chars().count() >= ENOUGH && long.ends_with(&short))
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
    fn goods_for_a_place_that_is_not_known_are_told_of() {
        for (name, address, expected) in [
            ("", "", ""),
            ("", "广东省东莞市虎门镇长堤路 18 号", ""),
            ("", "虎门镇长堤路18号", ""),
            ("别的名字", "东莞市虎门镇长堤路18号", ""),
            ("", "虎门镇长堤路8号", "new_ship_to ship_to.address"),
            ("", "东莞市虎门镇长堤路18号2栋", "new_ship_to ship_to.address"),
            ("岭澜二厂", "", ""),
            ("岭澜制衣有限公司", "", "new_ship_to ship_to.name"),
            ("东莞市岭澜制衣有限公司", "", ""),
            ("", "虎门", ""),
        ] {
            let mut desk = Desk::new(&[]).with_list();
            desk.order().ship_to.name = text(name);
            desk.order().ship_to.address = text(address);
            assert_eq!(desk.says(check).join(""), expected, "{name} {address}");
        }
        let mut desk = Desk::new(&[]);
        desk.order().ship_to.address = text("没有人知道的地方");
        assert!(desk.says(check).is_empty(), "no address of his is known");
    }

    #[test]
    fn the_only_place_that_he_has_goods_sent_to_is_meant() {
        let to = Desk::new(&[]).with_list().with(&[], |case| case.resolved.ship_to.clone()).unwrap();
        assert_eq!((to.name.as_deref(), to.phone.as_deref()), (Some("岭澜二厂"), Some("0769-5550-9999")));
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
