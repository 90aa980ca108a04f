//! Master data and checks: the sample orders, keyed as they are, come to what the samples expect.

mod again;
mod any;
mod import;
mod sample;
mod speed;
mod sure;
mod texts;

use gendan::check::{Around, Case, check_all, resolve};
use gendan::order::document::Channel;
use sample::{Sample, World};
use std::collections::BTreeSet;

#[test]
fn every_sample_comes_to_its_customer_products_and_problems() {
    let world = World::load();
    let mut wrong = Vec::new();
    for sample in Sample::all() {
        let around = Around { envelope: &sample.envelope, channel: sample.channel, on: sample.on };
        let found = gendan::check::expect::expect(&sample.drafts, &around, &world.facts());
        let expected = &sample.truth["expect"];
        let words = |value: &serde_json::Value| -> BTreeSet<String> {
            let words =
                value["problems"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned());
            words.filter(|word| !word.contains(':')).collect()
        };
        for field in ["customer_code", "skus"] {
            if found[field] != expected[field] {
                wrong.push(format!("{} {field}: {} ≠ {}", sample.name, found[field], expected[field]));
            }
        }
        if words(&found) != words(expected) {
            wrong.push(format!("{} problems: {:?} ≠ {:?}", sample.name, words(&found), words(expected)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_sample_order_is_resolved_against_its_own_text() {
    let world = World::load();
    for sample in Sample::all() {
        let around = Around { envelope: &sample.envelope, channel: sample.channel, on: sample.on };
        for draft in &sample.drafts {
            let resolved = resolve(draft, &around, &sample::ids(), &world.master);
            assert!(resolved.customer.against.is_empty(), "{}: {:?}", sample.name, resolved.customer);
        }
    }
}

#[test]
fn checks_say_nothing_of_what_is_no_order() {
    let world = World::load();
    for sample in Sample::all().into_iter().filter(|sample| sample.truth["order"].is_null()) {
        let around = Around { envelope: &sample.envelope, channel: Channel::Mail, on: sample.on };
        for draft in sample.drafts.iter().filter(|draft| draft.kind.as_str() != "cancellation") {
            let resolved = resolve(draft, &around, &sample::ids(), &world.master);
            let facts = world.facts();
            let case = Case {
                content: &resolved.content,
                draft,
                around: &around,
                resolved: &resolved,
                facts: &facts,
            };
            assert_eq!(check_all(&case), [], "{}", sample.name);
        }
    }
}
