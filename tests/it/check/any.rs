//! Whatever a document or file says, nothing panics.

use super::sample::{World, field, ids};
use gendan::check::{Around, Case, check_all, resolve, sure};
use gendan::master::import::import;
use gendan::master::tables::NAMES;
use gendan::order::document::{Channel, Envelope, Kind, Language};
use gendan::order::draft::{Confidence, Draft, DraftLine, DraftOrder};
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::sync::LazyLock;

static WORLD: LazyLock<World> = LazyLock::new(World::load);

fn decimal() -> impl Strategy<Value = Decimal> {
    (any::<i64>(), 0u32..28).prop_map(|(figures, behind)| Decimal::new(figures, behind))
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![".{0,40}", "[0-9x×*#.号cm米 黑色580尼龙拉链头no]{0,30}"]
}

fn line() -> impl Strategy<Value = DraftLine> {
    (words(), words(), words(), decimal(), decimal(), decimal()).prop_map(
        |(part, text, unit, quantity, price, amount)| DraftLine {
            customer_part: Some(field(part)),
            description: Some(field(text)),
            unit: Some(field(unit)),
            quantity: Some(field(quantity)),
            unit_price: Some(field(price)),
            amount: Some(field(amount)),
            ..DraftLine::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_order_is_checked(lines in prop::collection::vec(line(), 0..4), name in words(), from in words(), total in decimal()) {
        let mut order = DraftOrder { lines, total: Some(field(total)), ..DraftOrder::default() };
        order.customer.name = Some(field(name.clone()));
        order.customer.phone = Some(field(name));
        order.currency = Some(field(from.clone()));
        order.requested_delivery = Some(field(chrono::NaiveDate::MAX));
        let draft = Draft {
            source: "body".to_owned(),
            kind: Kind::Order,
            kind_confidence: Confidence::FULL,
            language: Language::Zh,
            order: Some(order),
            refers_to: None,
            unread: Vec::new(),
        };
        let envelope = Envelope { from_address: Some(from), ..Envelope::default() };
        let around = Around { envelope: &envelope, channel: Channel::Mail, on: "2026-03-20".parse().unwrap() };
        let resolved = resolve(&draft, &around, &ids(), &WORLD.master);
        let facts = WORLD.facts();
        let case = Case { content: &resolved.content, draft: &draft, around: &around, resolved: &resolved, facts: &facts };
        prop_assert!(!sure(&case, &check_all(&case)).sure);
    }

    #[test]
    fn any_file_is_imported_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0..NAMES.len()) {
        prop_assert!(import(NAMES[at], "x.csv", &bytes).is_err());
    }

    #[test]
    fn any_rows_are_imported_or_refused(rows in "([^\"\n]{0,12},){3}[^\"\n]{0,12}\n") {
        let _ = import("stock", "x.csv", format!("sku,warehouse,on_hand,reserved\n{rows}").as_bytes());
    }
}
