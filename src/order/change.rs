//! The difference between two versions of what an order asks for, field by field.

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
