//! What a queue looks at, and its digest: a decision stands only on what the person had seen.

use super::facts::RuleFacts;
use super::open::RETURNED;
use super::rules::Asked;
use super::typing::Wrong;
use crate::order::Order;
use crate::order::change::{Change, changes};
use crate::order::ids::sha256_hex;
use crate::order::line::{Content, Line};
use crate::order::money::{Currency, Tax, TaxBasis};
use crate::order::problem::{Code, Problem};
use crate::order::review::Queue;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// What this queue is shown: the values of the paths it covers, and the rules that ask.
#[must_use]
pub fn inputs(order: &Order, facts: &RuleFacts, asked: &Asked) -> Value {
    let mut view = view(&order.content, facts, &order.problems, asked.queue);
    view["offer"] = json!(offer(order));
    let covered: Map<String, Value> =
        asked.covers.iter().map(|path| (path.clone(), at(&view, path).unwrap_or(Value::Null))).collect();
    // That it was sent back is no part of what is decided: the answer stands when that is over.
    let rules: Vec<&String> = asked.rules.iter().filter(|rule| *rule != RETURNED).collect();
    let mut seen = json!({ "queue": asked.queue, "rules": rules, "inputs": covered });
    // What the customer answered, or that he did not, is looked at by those who wait for him.
    let waits = matches!(asked.queue, Queue::Keying | Queue::Clarification | Queue::Offer);
    if let Some(heard) = order.heard().filter(|_| waits) {
        seen["heard"] = heard;
    }
    seen
}

/// SHA-256 over [`inputs`] as canonical JSON (keys sorted, no spaces), lower-case hex.
#[must_use]
pub fn digest(order: &Order, facts: &RuleFacts, asked: &Asked) -> String {
    sha256_hex(canonical(&inputs(order, facts, asked)).as_bytes())
}

/// What is offered and was not asked for, field by field.
#[must_use]
pub fn offer(order: &Order) -> Vec<Change> {
    order.asked_for.as_ref().map(|asked| changes(asked.as_ref(), &order.content)).unwrap_or_default()
}

/// Everything that `covers` may name: the facts, `content`, `offer`, and `own_problems`, which this queue's people can clear.
fn view(content: &Content, facts: &RuleFacts, problems: &[Problem], queue: Queue) -> Value {
    let mut view = serde_json::to_value(facts).unwrap_or_default();
    let own: Vec<Problem> = problems.iter().filter(|problem| problem.clears == queue).map(seen).collect();
    view["content"] = json!(content);
    view["own_problems"] = json!(own);
    view["offer"] = json!([]);
    view
}

/// What a decision rests on: what is free in stock changes with every order of the goods, and is shown as a help alone.
fn seen(problem: &Problem) -> Problem {
    let free = matches!(problem.code, Code::ShortOfStock | Code::MaterialsShort);
    let expected = problem.expected.clone().filter(|_| !free);
    Problem { expected, proposals: Vec::new(), ..problem.clone() }
}

/// The value at a path; `*` gathers a field of all members of a list.
fn at(value: &Value, path: &str) -> Option<Value> {
    let Some((first, rest)) = path.split_once('.') else {
        return if path == "*" { Some(value.clone()) } else { value.get(path).cloned() };
    };
    if first == "*" {
        return value.as_array()?.iter().map(|member| at(member, rest)).collect();
    }
    at(value.get(first)?, rest)
}

/// Whether every path leads somewhere.
pub(super) fn check_paths(paths: &[String]) -> Result<(), Wrong> {
    let mut view = view(&full_content(), &RuleFacts::specimen(), &[], Queue::Keying);
    view["own_problems"] =
        json!([{"code": "unsure", "path": "", "found": "", "expected": "", "severity": ""}]);
    match paths.iter().find(|path| at(&view, path).is_none()) {
        None if paths.is_empty() => {
            Err(Wrong::new("it covers nothing", "name in `covers` what its queue decides on"))
        }
        None => Ok(()),
        Some(path) => Err(Wrong::new(
            format!("`covers` names `{path}`, which there is not"),
            "use paths such as content.lines.*.unit_price, own_problems, customer.grade or figures.total",
        )),
    }
}

fn full_content() -> Content {
    let text = || Some("x".to_owned());
    let line = Line {
        position: 1,
        customer_part: text(),
        sku: text(),
        description: String::new(),
        spec: text(),
        color: text(),
        quantity: Some(Decimal::ONE),
        unit: text(),
        unit_price: Some(Decimal::ONE),
        price_from_list: false,
        required: Some(chrono::NaiveDate::MIN),
        note: text(),
    };
    Content {
        customer: text(),
        po_number: text(),
        order_date: Some(chrono::NaiveDate::MIN),
        currency: Some(Currency::CNY),
        payment_terms: text(),
        incoterm: text(),
        tax: Some(Tax { rate: Decimal::ONE, basis: TaxBasis::Net, title: text(), number: text() }),
        shipping_method: text(),
        discount_code: text(),
        requested: Some(chrono::NaiveDate::MIN),
        contact: Some(Uuid::nil()),
        ship_to: Some(Uuid::nil()),
        lines: vec![line],
    }
}

/// JSON with sorted keys, whatever the order in which a map keeps them.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            let fields: Vec<String> = keys
                .into_iter()
                .map(|key| format!("{}:{}", Value::String(key.clone()), canonical(&fields[key])))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::problem::Severity;
    use crate::order::proposal::Proposal;

    #[test]
    fn what_is_free_in_stock_undoes_no_decision() {
        let seen = |problem: &Problem| {
            let problems = std::slice::from_ref(problem);
            canonical(&view(&full_content(), &RuleFacts::specimen(), problems, Queue::Production))
        };
        let short = |code, expected: &str| {
            let problem = Problem::new(code, "lines.0.quantity", Severity::Note, Queue::Production);
            problem.found("4000 条").expected(expected)
        };
        assert_eq!(seen(&short(Code::ShortOfStock, "3000 条")), seen(&short(Code::ShortOfStock, "2000 条")));
        let late = short(Code::LeadTimeTooShort, "7");
        let date = chrono::NaiveDate::MIN;
        let offered = Problem { proposals: vec![Proposal::LaterDate { date }], ..late.clone() };
        assert_eq!(seen(&late), seen(&offered));
        assert_ne!(seen(&late), seen(&short(Code::LeadTimeTooShort, "8")));
    }
}
