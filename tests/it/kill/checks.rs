//! What must hold in a data folder when everything is done, seen from outside: by commands and by files.

use super::house::{House, files};
use super::letters::Letters;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What was found, for the record.
#[derive(Debug)]
#[expect(dead_code, reason = "printed")]
pub(super) struct Seen {
    pub(super) orders: usize,
    pub(super) numbered: usize,
    pub(super) told: usize,
    pub(super) mails: usize,
    pub(super) unsure: usize,
}

pub(super) fn all(house: &House, letters: &Letters) -> Seen {
    let balance = house.ask(&["balance"]);
    let none = |what: &str| assert_eq!(balance[what], Value::Array(Vec::new()), "{what}");
    none("missing");
    none("double");
    // Each file is an arrival, the same bytes under another name too.
    assert_eq!(balance["documents"]["total"], letters.all.len(), "{balance}");
    assert_eq!(balance["documents"]["done"], letters.all.len(), "{balance}");
    assert_eq!(balance["messages"]["parked"], 0, "{}", house.ask(&["parked", "list"]));
    assert_eq!(
        house.names("in/done").iter().filter(|name| name.ends_with(".eml")).count(),
        letters.all.len()
    );
    assert_eq!(house.names("in/failed"), Vec::<String>::new());
    assert_eq!(house.ask(&["audit"])["findings"], Value::Array(Vec::new()));
    let orders = house.ask(&["orders", "list", "--limit", "100000"]);
    let orders = orders.as_array().unwrap();
    let own = orders.iter().filter(|order| order["kind"] == "order").count();
    assert_eq!(own, letters.orders, "each order once");
    let mails = mails(house);
    let unsure: BTreeSet<String> =
        balance["unsure"].as_array().unwrap().iter().map(|it| text(&it["message_id"])).collect();
    let told = told(house, orders, &mails, &unsure);
    let numbered = numbers(orders);
    Seen { orders: orders.len(), numbered, told, mails: mails.len(), unsure: unsure.len() }
}

/// The Message-ID of each mail that left, none twice.
fn mails(house: &House) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for file in files(&house.path().join("out/mail")) {
        let mail = std::fs::read_to_string(&file).unwrap();
        let id = mail.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
        let id = id.trim_matches(['<', '>', ' ']).to_owned();
        assert!(ids.insert(id), "{} was sent before", file.display());
    }
    ids
}

/// What an order says it told has left, once: as a message of that id, or as a mail of that purpose.
fn told(house: &House, orders: &[Value], mails: &BTreeSet<String>, unsure: &BTreeSet<String>) -> usize {
    let mut messages = BTreeMap::new();
    for file in
        files(&house.path().join("out")).iter().filter(|it| it.extension().is_some_and(|it| it == "json"))
    {
        *messages.entry(file.file_stem().unwrap().to_string_lossy().into_owned()).or_insert(0) += 1;
    }
    let twice: Vec<_> = messages.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "messages written twice: {twice:?}");
    let mut all = 0;
    for order in orders {
        let id = text(&order["id"]);
        let mut once = BTreeSet::new();
        let mut by_mail: BTreeMap<String, usize> = BTreeMap::new();
        for it in order["told"].as_array().unwrap() {
            all += 1;
            let what = text(&it["what"]);
            assert!(once.insert(format!("{what} {} {}", it["to"], it["version"])), "told twice: {it}");
            let message = text(&it["message_id"]);
            if !messages.contains_key(&message) && !unsure.contains(&message) {
                *by_mail.entry(what).or_default() += 1;
            }
        }
        for (what, count) in by_mail {
            let sent = mails.range(id.clone()..).take_while(|it| it.starts_with(&id));
            let sent = sent.filter(|it| it.contains(&format!(".{what}"))).count();
            assert_eq!(sent, count, "order {id} says it told {what} so often");
        }
    }
    all
}

/// Each customer's numbers of a month count from 01 on, without a gap and none twice; how many there are.
fn numbers(orders: &[Value]) -> usize {
    let mut series: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for number in orders.iter().filter_map(|order| order["number"].as_str()) {
        let (before, sequence) = number.rsplit_once('-').unwrap();
        series.entry(before.to_owned()).or_default().push(sequence.parse().unwrap());
    }
    for (before, mut given) in series.clone() {
        given.sort_unstable();
        let whole: Vec<u32> = (1..).take(given.len()).collect();
        assert_eq!(given, whole, "the numbers {before}");
    }
    series.values().map(Vec::len).sum()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
