//! What a person gets to see: fields that he may not see are absent, not hidden.

use crate::order::problem::Problem;
use serde_json::Value;

/// Which fields somebody gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sees {
    /// Prices, amounts, credit and terms.
    pub prices: bool,
    /// Names, phones, mails and addresses of the customers' people.
    pub contacts: bool,
}

const PRICES: [&str; 24] = [
    "unit_price",
    "price_from_list",
    "price",
    "amount",
    "total",
    "total_in_words",
    "discount",
    "discount_code",
    "credit",
    "credit_limit",
    "exposure",
    "overdue_amount",
    "payment_terms",
    "terms",
    "currency",
    "tax",
    "proofs",
    "figures",
    "conditions",
    "asked_for",
    "offer",
    "guarantee",
    "guarantees",
    "early",
];
const CONTACTS: [&str; 13] = [
    "contact",
    "phone",
    "email",
    "mail",
    "caller",
    "from_name",
    "from_address",
    "reply_to",
    "ship_to",
    "subject",
    "passed_on_by",
    "to",
    "from",
];
/// Whole texts, in which both may stand.
const TEXTS: [&str; 2] = ["text", "html"];
/// What people wrote on a decision: it may name prices.
const NOTES: [&str; 4] = ["note", "reason", "what", "returned"];

/// Queues whose problems are about money.
const MONEY: [&str; 3] = ["price", "credit", "margin"];

impl Sees {
    pub const ALL: Self = Self { prices: true, contacts: true };

    /// Takes out of a record what is not for these eyes.
    pub fn redact(self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                let decided = ["verdict", "event"].iter().any(|key| fields.contains_key(*key));
                let kept = |key: &str| {
                    self.shows(key)
                        && (self.prices || !decided || !NOTES.contains(&key))
                        && (self.prices || key != "returned")
                };
                fields.retain(|key, _| kept(key));
                fields.values_mut().for_each(|it| self.redact(it));
            }
            Value::Array(items) => {
                items.retain(|item| {
                    (self.prices || !is_about_money(item)) && (self.contacts || !is_about_people(item))
                });
                items.iter_mut().for_each(|it| self.redact(it));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Whether a problem is for these eyes.
    #[must_use]
    pub fn shows_problem(self, problem: &Problem) -> bool {
        (self.prices || !about_money(problem.clears.as_str(), &problem.path))
            && (self.contacts || !about_people(&problem.path))
    }

    /// Whether a field of this name is for these eyes.
    #[must_use]
    pub fn shows(self, key: &str) -> bool {
        (self.prices || !PRICES.contains(&key))
            && (self.contacts || !CONTACTS.contains(&key))
            && ((self.prices && self.contacts) || !TEXTS.contains(&key))
    }
}

/// A problem that says what a price or a balance is, or a change of one.
fn is_about_money(item: &Value) -> bool {
    let word = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
    about_money(word("clears"), word("path"))
}

/// A problem with who the customer's people are or where they sit.
fn is_about_people(item: &Value) -> bool {
    item.get("code").is_some() && item.get("path").and_then(Value::as_str).is_some_and(about_people)
}

fn about_people(path: &str) -> bool {
    path.starts_with("customer.") || path.starts_with("ship_to")
}

fn about_money(clears: &str, path: &str) -> bool {
    MONEY.contains(&clears) || PRICES.contains(&path.rsplit('.').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_for_these_eyes_is_absent() {
        let order = json!({
            "content": {"po_number": "PO-1", "currency": "CNY", "contact": "id", "lines": [
                {"sku": "N18", "quantity": "5", "unit_price": "0.47", "price_from_list": false}]},
            "problems": [
                {"code": "price_below_floor", "path": "lines.0.unit_price", "clears": "price", "expected": "0.5"},
                {"code": "total_mismatch", "path": "total", "clears": "clarification", "found": "9"},
                {"code": "below_moq", "path": "lines.0.quantity", "clears": "sales", "expected": "1000"}],
            "credit": {"amount": "9", "currency": "CNY"},
        });
        let seen = |prices, contacts| {
            let mut value = order.clone();
            Sees { prices, contacts }.redact(&mut value);
            value
        };
        assert_eq!(seen(true, true), order);
        let warehouse = seen(false, false);
        assert_eq!(
            warehouse,
            json!({
                "content": {"po_number": "PO-1", "lines": [{"sku": "N18", "quantity": "5"}]},
                "problems": [
                    {"code": "below_moq", "path": "lines.0.quantity", "clears": "sales", "expected": "1000"}],
            })
        );
        assert_eq!(seen(false, true)["content"]["contact"], "id");
        assert_eq!(seen(true, false)["credit"], order["credit"]);
    }
}
