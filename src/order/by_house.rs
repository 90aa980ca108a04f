//! Changes that come from the house: what a customer says by phone or at the counter, or what the house itself needs.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// One of the house asks for it: `change.asked`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeAsked {
    pub order_id: Uuid,
    pub change: HouseChange,
    /// Why; kept with the order.
    pub reason: String,
    /// User id; not a name.
    pub by: String,
}

/// What is asked for. A `line` is a position of the order; none is the whole order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum HouseChange {
    /// `order` is what it says now, in the plain JSON of [`super::keyed`].
    Amend { order: Value },
    Cancel {
        #[serde(default)]
        line: Option<u32>,
    },
    Hold {
        #[serde(default)]
        line: Option<u32>,
    },
    Resume {
        #[serde(default)]
        line: Option<u32>,
    },
}

/// The JSON without what is null: that says nothing.
#[must_use]
pub fn said(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let says = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(says.map(|(key, value)| (key.clone(), said(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(said).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
