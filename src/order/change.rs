//! The difference between two versions of what an order asks for, field by field.

use super::line::{Content, Line};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Path as in problems: `lines.0.quantity`.
    pub path: String,
    pub from: Value,
    pub to: Value,
}

/// All fields in which `to` differs from `from`, in the order of the paths.
#[must_use]
pub fn changes<T: Serialize>(from: &T, to: &T) -> Vec<Change> {
    let value = |it: &T| serde_json::to_value(it).unwrap_or(Value::Null);
    let mut found = Vec::new();
    compare(String::new(), &value(from), &value(to), &mut found);
    found
}

fn compare(path: String, from: &Value, to: &Value, found: &mut Vec<Change>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (from, to) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                compare(
                    below(key),
                    a.get(key).unwrap_or(&Value::Null),
                    b.get(key).unwrap_or(&Value::Null),
                    found,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for at in 0..a.len().max(b.len()) {
                let item = |list: &Vec<Value>| list.get(at).cloned().unwrap_or(Value::Null);
                compare(below(&at.to_string()), &item(a), &item(b), found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => found.push(Change { path, from: a.clone(), to: b.clone() }),
    }
}

/// A field that says something else than before, as people read it. Of a line that was added or left out, the whole line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `lines.0.quantity`; `lines` for one that was left out.
    pub path: String,
    pub now: Option<String>,
    pub before: Option<String>,
}

impl Difference {
    /// Whether it shows prices or terms of payment.
    #[must_use]
    pub fn shows_prices(&self) -> bool {
        let field = self.path.rsplit('.').next().unwrap_or_default();
        ["unit_price", "currency", "payment_terms", "incoterm", "discount_code"].contains(&field)
    }
}

/// What an amended order says differently from before; its lines are told apart by their positions.
#[must_use]
pub fn differences(now: &Content, before: &Content) -> Vec<Difference> {
    let mut found = head_differences(now, before);
    for (at, line) in now.lines.iter().enumerate() {
        match before.lines.iter().find(|was| was.position == line.position) {
            Some(was) => found.extend(line_differences(at, line, was)),
            None => found.push(added(at, line)),
        }
    }
    let stays = |line: &&Line| now.lines.iter().any(|it| it.position == line.position);
    found.extend(before.lines.iter().filter(|line| !stays(line)).map(left_out));
    found.retain(|it| it.now != it.before);
    if now.ship_to != before.ship_to {
        // Whose address it is stands with the parties.
        found.push(Difference { path: "ship_to".to_owned(), now: None, before: None });
    }
    found
}

/// All fields of the head, also those that say the same.
#[must_use]
pub fn head_differences(now: &Content, before: &Content) -> Vec<Difference> {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
    let fields = |it: &Content| {
        [
            ("currency", it.currency.map(String::from)),
            ("order_date", day(it.order_date)),
            ("requested_delivery", day(it.requested)),
            ("payment_terms", it.payment_terms.clone()),
            ("incoterm", it.incoterm.clone()),
            ("shipping_method", it.shipping_method.clone()),
            ("discount_code", it.discount_code.clone()),
        ]
    };
    paired("", fields(now), fields(before))
}

/// All fields of the line at this place, also those that say the same.
#[must_use]
pub fn line_differences(at: usize, now: &Line, before: &Line) -> Vec<Difference> {
    let figure = |figure: Option<Decimal>| figure.map(|figure| figure.normalize().to_string());
    let fields = |line: &Line| {
        [
            ("sku", line.sku.clone()),
            ("quantity", figure(line.quantity)),
            ("unit", line.unit.clone()),
            ("unit_price", figure(line.unit_price)),
            ("delivery_date", line.required.map(|day| day.to_string())),
            ("spec", line.spec.clone()),
            ("color", line.color.clone()),
            ("note", line.note.clone()),
        ]
    };
    paired(&format!("lines.{at}."), fields(now), fields(before))
}

/// A line that was not there before.
#[must_use]
pub fn added(at: usize, line: &Line) -> Difference {
    Difference { path: format!("lines.{at}"), now: Some(in_short(line)), before: None }
}

/// A line that is not there any more.
#[must_use]
pub fn left_out(line: &Line) -> Difference {
    Difference { path: "lines".to_owned(), now: None, before: Some(in_short(line)) }
}

fn paired<const N: usize>(
    below: &str,
    now: [(&str, Option<String>); N],
    before: [(&str, Option<String>); N],
) -> Vec<Difference> {
    let both = now.into_iter().zip(before);
    both.map(|((field, now), (_, before))| Difference { path: format!("{below}{field}"), now, before })
        .collect()
}

/// `N18 × 6000 条`
fn in_short(line: &Line) -> String {
    let goods = line.sku.as_deref().unwrap_or(&line.description);
    let quantity = line.quantity.map(|quantity| format!("× {}", quantity.normalize()));
    let parts = [Some(goods.to_owned()), quantity, line.unit.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_field_that_differs_is_named_by_its_path() {
        let from = json!({"po": "A", "lines": [{"quantity": "6000"}]});
        let to = json!({"po": "A", "lines": [{"quantity": "7500"}, {"quantity": "1"}]});
        let paths: Vec<String> = changes(&from, &to).into_iter().map(|change| change.path).collect();
        assert_eq!(paths, ["lines.0.quantity", "lines.1"]);
    }
}
