//! Every message type against its schema, in both directions.

#![allow(clippy::unwrap_used, reason = "a case that can't be set up fails")]

use crate::office::{self, Shop, checked, local};
use gendan::order::message::{Body, Message};
use gendan::order::problem::{Code, Severity};
use gendan::order::review::Queue;
use gendan::schemas::Schemas;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

fn schemas() -> Schemas {
    Schemas::shipped().unwrap()
}

fn examples(schema: &Value) -> Vec<Value> {
    schema["examples"].as_array().unwrap().clone()
}

/// Follows a reference, and what it says may be null.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// Every object in `value` with the schema that speaks of it, and the pointer to it.
fn objects<'a>(
    root: &'a Value,
    schema: &'a Value,
    value: &Value,
    at: &str,
    found: &mut Vec<(String, &'a Value)>,
) {
    let schema = resolved(root, schema);
    match value {
        Value::Object(fields) if schema["properties"].is_object() => {
            found.push((at.to_owned(), schema));
            for (name, value) in fields {
                objects(root, &schema["properties"][name], value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(root, &schema["items"], item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn fields(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

fn read(name: &str, value: Value) -> Result<Value, String> {
    if name == "envelope" {
        let message: Message = serde_json::from_value(value).map_err(|error| error.to_string())?;
        return Ok(serde_json::to_value(message).unwrap());
    }
    let body: Body = serde_json::from_value(value).map_err(|error| error.to_string())?;
    assert_eq!(body.type_name(), name);
    Ok(serde_json::to_value(body).unwrap())
}

fn accepts(schemas: &Schemas, name: &str, value: &Value) -> bool {
    if name != "envelope" {
        return schemas.check_body(name, value).is_ok();
    }
    let schema = schemas.show(name).unwrap();
    jsonschema::draft202012::options().should_validate_formats(true).build(schema).unwrap().is_valid(value)
}

#[test]
fn there_is_a_schema_for_every_type_and_no_other() {
    let mut names: Vec<&str> = Body::TYPES.into_iter().chain(["envelope"]).collect();
    names.sort_unstable();
    assert_eq!(schemas().list().collect::<Vec<_>>(), names);
    for name in names {
        let schemas = schemas();
        let schema = schemas.show(name).unwrap();
        assert!(jsonschema::meta::is_valid(schema), "{name}");
        assert_eq!(schema["$id"], json!(format!("urn:gendan:message:{name}:1")));
    }
    assert!(schemas().check_body("nonsense", &json!({})).is_err());
    assert!(schemas().check_body("envelope", &json!({})).is_err());
}

#[test]
fn every_example_is_read_and_written_back_the_same() {
    let schemas = schemas();
    for name in schemas.list() {
        for example in examples(schemas.show(name).unwrap()) {
            assert!(accepts(&schemas, name, &example), "{name}: {example}");
            assert_eq!(read(name, example.clone()), Ok(example), "{name}");
        }
    }
}

/// Together, the examples of a schema fill in each property that it knows, and Rust writes no other.
#[test]
fn schema_and_type_know_the_same_properties() {
    let schemas = schemas();
    for name in schemas.list() {
        let root = schemas.show(name).unwrap();
        let mut written: Vec<(*const Value, &Value, BTreeSet<String>)> = Vec::new();
        for example in examples(root) {
            let back = read(name, example).unwrap();
            let mut found = Vec::new();
            objects(root, root, &back, "", &mut found);
            for (at, schema) in found {
                let names = fields(back.pointer(&at).unwrap());
                match written.iter_mut().find(|(known, _, _)| std::ptr::eq(*known, schema)) {
                    Some((_, _, all)) => all.extend(names),
                    None => written.push((schema, schema, names)),
                }
            }
        }
        for (_, schema, names) in
            written.iter().filter(|(_, schema, _)| schema["additionalProperties"] == json!(false))
        {
            assert_eq!(fields(&schema["properties"]), *names, "{name}");
        }
    }
}

#[test]
fn what_is_missing_or_unknown_is_refused_by_both() {
    let schemas = schemas();
    for name in schemas.list() {
        let root = schemas.show(name).unwrap();
        for example in examples(root) {
            let mut found = Vec::new();
            objects(root, root, &example, "", &mut found);
            for (at, schema) in found {
                for required in schema["required"].as_array().unwrap() {
                    let mut less = example.clone();
                    less.pointer_mut(&at)
                        .unwrap()
                        .as_object_mut()
                        .unwrap()
                        .remove(required.as_str().unwrap());
                    assert!(
                        !accepts(&schemas, name, &less),
                        "{name}: schema takes it without {at}/{required}"
                    );
                    // An order as data is understood later, field by field (`order::keyed`).
                    let late = name == "order.placed" && !at.is_empty();
                    assert!(
                        late || read(name, less).is_err(),
                        "{name}: type takes it without {at}/{required}"
                    );
                }
                if schema["additionalProperties"] != json!(false) {
                    continue;
                }
                let mut more = example.clone();
                more.pointer_mut(&at).unwrap()["colour"] = json!("red");
                assert!(!accepts(&schemas, name, &more), "{name}: schema takes an unknown {at}/colour");
                // A type whose fields are flattened or tagged can't refuse; there the schema alone does.
                let later = ["review.decide", "order.placed"].contains(&name) && !at.is_empty();
                let loose = later || name == "envelope";
                assert!(loose || read(name, more).is_err(), "{name}: type takes an unknown {at}/colour");
            }
        }
    }
}

#[test]
fn a_verdict_brings_what_it_needs_and_nothing_else() {
    let schemas = schemas();
    let good = &examples(schemas.show("review.decide").unwrap())[0];
    for (verdict, more, fits) in [
        ("approve", json!({}), true),
        ("approve", json!({"reason": "x"}), false),
        ("return", json!({}), false),
        ("return", json!({"what": "x"}), true),
        ("reject", json!({"what": "x"}), false),
        ("file", json!({"reason": "x"}), true),
        ("correct", json!({"draft": {}}), true),
        (
            "correct",
            json!({"draft": {"lines": [{"quantity": {"value": "1e5", "evidence": {"at": "keyed"}, "confidence": 1000}}]}}),
            false,
        ),
        (
            "correct",
            json!({"draft": {"total": {"value": "5", "evidence": {"at": "line"}, "confidence": 1000}}}),
            false,
        ),
        ("approve", json!({"role": "boss"}), false),
    ] {
        let mut body = good.clone();
        body["decision"]["verdict"] = json!(verdict);
        body["decision"].as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_else(Map::new));
        assert_eq!(schemas.check_body("review.decide", &body).is_ok(), fits, "{verdict} {more}");
        assert!(!fits || schemas.read_body("review.decide", body).is_ok(), "{verdict} {more}");
    }
}

#[test]
fn an_error_names_the_place_and_not_the_value() {
    let mut mail = examples(schemas().show("mail.send").unwrap())[0].clone();
    mail["subject"] = json!("secret\r\nBcc: all@evil.example");
    let error = schemas().check_body("mail.send", &mail).unwrap_err();
    assert_eq!((error.type_name.as_str(), error.path.as_str()), ("mail.send", "/subject"));
    assert!(!error.to_string().contains("secret"), "{error}");
}

/// Whatever the rooms send passes its schema.
#[test]
fn what_is_sent_passes_its_schema() {
    let schemas = schemas();
    let mut shop = Shop::open().with_bills();
    for (terms, stock) in [("0", true), ("0", false), ("1", true)] {
        if !stock {
            shop.stock.clear();
        }
        shop.buyer.tax_rate = Some(office::decimal(terms));
        let mut order = checked(Vec::new());
        order.content.lines[0].unit = None;
        let mut messages = shop.release(&mut order).messages;
        for milestone in gendan::order::event::Milestone::ALL {
            office::report(&mut order, milestone);
            messages.extend(shop.due(&mut order, local("2026-03-20 09:00")).messages);
        }
        messages.extend(asked(&shop));
        for message in &messages {
            assert_eq!(schemas.check_message(message), Ok(()), "{message:?}");
        }
    }
}

fn asked(shop: &Shop) -> Vec<Message> {
    let mut order = checked(vec![office::problem(Code::PriceBelowFloor, Severity::Review, Queue::Price)]);
    let rules = office::strict();
    let desk = gendan::review::Desk::new(&rules, &shop.calendar);
    let facts = office::facts(&order);
    let events = gendan::review::open(&order, &facts, &desk, office::now(), office::ids(3));
    office::apply(&mut order, &events);
    gendan::release::ask::ask(&order, &events, &shop.office(), office::now(), office::ids(3)).unwrap()
}
