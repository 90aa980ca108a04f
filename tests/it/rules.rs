//! The table of the business's rules, `tests/rules.toml`: each is shown by a case or a test that is there.

#![allow(clippy::unwrap_used, reason = "a table that can't be read fails")]

use crate::office::{checked, facts, lean, strict};
use gendan::order::document::Kind;
use gendan::order::problem::Code;
use gendan::order::review::{Queue, Sign};
use gendan::review::facts::{ChangeFacts, CustomerFacts};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    rule: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    says: String,
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    problems: Vec<String>,
    #[serde(default)]
    cases: Vec<String>,
    #[serde(default)]
    tests: Vec<String>,
}

fn table() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("tests/rules.toml")).unwrap();
    toml::from_str::<Table>(&text).unwrap().rule
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The file that a test of this path stands in, and its name.
fn place(test: &str) -> (Vec<PathBuf>, &str) {
    let (module, name) = test.rsplit_once("::").unwrap();
    let path = module.replace("::", "/");
    let files = match path.strip_prefix("it/") {
        Some(file) => vec![root().join(format!("tests/it/{file}.rs"))],
        None => vec![root().join(format!("src/{path}.rs")), root().join(format!("src/{path}/tests.rs"))],
    };
    (files, name)
}

#[test]
fn every_rule_is_shown_by_what_is_there() {
    let mut wrong = Vec::new();
    for row in table() {
        if row.cases.is_empty() && row.tests.is_empty() {
            wrong.push(format!("nothing shows: {}", row.says));
        }
        for case in row.cases.iter().filter(|case| !root().join("tests/cases").join(case).is_dir()) {
            wrong.push(format!("there is no case {case}"));
        }
        for test in &row.tests {
            let (files, name) = place(test);
            let text: String = files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
            if !text.contains(&format!("fn {name}(")) {
                wrong.push(format!("there is no test {test}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_shipped_rule_and_every_kind_of_problem_is_in_the_table() {
    let table = table();
    let named: BTreeSet<&str> = table.iter().flat_map(|row| &row.rules).map(String::as_str).collect();
    let said: BTreeSet<&str> = table.iter().flat_map(|row| &row.problems).map(String::as_str).collect();
    let profiles = [lean(), strict()];
    let shipped: BTreeSet<&str> =
        profiles.iter().flat_map(|rules| rules.list()).map(|rule| rule.name.as_str()).collect();
    let problems: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(named, shipped);
    assert_eq!(said, problems);
}

#[test]
fn both_profiles_ask_about_a_dearer_prepaid_order() {
    let order = checked(Vec::new());
    let (one, all) = (Some(Sign::Any), Some(Sign::All));
    for (prepaid, released, more, asks) in [
        (true, true, 1, one),
        (true, true, 5_000, one),
        (true, true, 5_001, all),
        (true, true, 0, None),
        (true, false, 1, None),
        (false, true, 1, None),
    ] {
        for rules in [lean(), strict()] {
            let mut facts = facts(&order);
            facts.order.kind = Kind::Amendment.as_str().to_owned();
            facts.customer = CustomerFacts { prepaid, ..facts.customer };
            facts.change =
                ChangeFacts { released, more: Some(Decimal::from(more)), ..ChangeFacts::default() };
            let asked = rules.ask(&facts).iter().find(|it| it.queue == Queue::Credit).map(|it| it.sign);
            assert_eq!(asked, asks, "{} prepaid {prepaid}, released {released}, {more}", rules.profile);
        }
    }
}
