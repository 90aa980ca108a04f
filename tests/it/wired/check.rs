//! What must hold when everything has come to rest: each order once, everything told at its receiver, no mail twice.

use super::shop::Shop;
use super::site::Site;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Says what was seen.
pub(super) fn check(site: &Site, shop: &Shop, orders: usize) -> String {
    let balance = site.ask(&["balance"]);
    assert_eq!((&balance["missing"], &balance["double"]), (&json!([]), &json!([])));
    assert_eq!(balance["messages"]["parked"], 0, "{}", site.ask(&["parked", "list"]));
    assert_eq!(site.ask(&["audit"])["findings"], json!([]));
    let unsure: BTreeSet<String> =
        balance["unsure"].as_array().unwrap().iter().map(|it| text(&it["message_id"])).collect();
    let all = site.ask(&["orders", "list", "--limit", "100000"]);
    let own = all.as_array().unwrap().iter().filter(|order| order["kind"] == "order").count();
    assert_eq!(own, orders, "each order once");

    // Every message that an order says it told is at its receiver, or is a mail; the mail server may still have it.
    let received = shop.received();
    let mut told = 0;
    let mut mails: BTreeMap<(String, String), usize> = BTreeMap::new();
    for order in all.as_array().unwrap() {
        for it in order["told"].as_array().unwrap() {
            told += 1;
            let message = text(&it["message_id"]);
            if !received.contains_key(&message) && !unsure.contains(&message) {
                *mails.entry((text(&order["id"]), text(&it["what"]))).or_default() += 1;
            }
        }
    }
    let missing = || {
        let delivered = site.delivered();
        let sent = |id: &String, what: &String| {
            let about = delivered.range(id.clone()..).take_while(|(it, _)| it.starts_with(id));
            about.filter(|(it, _)| it.contains(&format!(".{what}"))).count()
        };
        let less = |((id, what), count): &(&(String, String), &usize)| sent(id, what) < **count;
        mails.iter().filter(less).map(|(it, _)| it.clone()).collect::<Vec<_>>()
    };
    let end = Instant::now() + Duration::from_secs(60);
    while !missing().is_empty() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(missing().is_empty(), "mails that never came: {:?}", missing());
    let delivered = site.delivered();
    let twice: Vec<_> = delivered.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "mails that went twice: {twice:?}");
    let mails: usize = mails.values().sum();
    let again = received.values().filter(|(times, _)| *times > 1).count();
    format!(
        "{told} told, {} at receivers ({again} more than once by the same id), {mails} mails checked, {} unsure",
        received.len(),
        unsure.len()
    )
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
