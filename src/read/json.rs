//! A reading as one JSON object in the format of the sample truth: plain decimal strings, ISO dates, null for nothing.

use super::Reading;
use crate::order::document::Channel;
use crate::order::draft::DraftOrder;
use crate::order::fields::fields;
use crate::order::keyed;
use serde_json::{Map, Value, json};

/// The object for a file; `label` is its folder and name ("inbox/m01.eml").
#[must_use]
pub fn object(label: &str, channel: Channel, reading: &Reading) -> Map<String, Value> {
    let mut out = Map::new();
    let first = reading.drafts.iter().find(|d| d.order.is_some()).or(reading.drafts.first());
    out.insert("file".to_owned(), json!(label));
    out.insert(
        "channel".to_owned(),
        json!(match channel {
            Channel::Mail => "mail",
            Channel::Fax => "fax",
            Channel::Data => "data",
            Channel::Form => "form",
        }),
    );
    out.insert("kind".to_owned(), first.map_or(Value::Null, |d| json!(d.kind.as_str())));
    out.insert("language".to_owned(), first.map_or(Value::Null, |d| json!(d.language)));
    out.insert("source".to_owned(), first.map_or(Value::Null, |d| json!(d.source)));
    let mut orders: Vec<Value> = reading.drafts.iter().filter_map(|d| d.order.as_ref()).map(order).collect();
    let rest = if orders.is_empty() { Vec::new() } else { orders.split_off(1) };
    out.insert("order".to_owned(), orders.pop().unwrap_or(Value::Null));
    out.insert("more_orders".to_owned(), Value::Array(rest));
    let refers = reading.drafts.iter().find_map(|d| d.refers_to.clone());
    out.insert("refers_to".to_owned(), json!(refers));
    let unread: Vec<Value> = reading.drafts.iter().flat_map(|d| &d.unread).map(|u| json!(u)).collect();
    out.insert("unread".to_owned(), Value::Array(unread));
    out
}

fn order(order: &DraftOrder) -> Value {
    let mut plain = keyed::to_plain(order);
    plain["confidence"] = confidences(order);
    plain
}

/// Field path to confidence, 0 to 1.
fn confidences(order: &DraftOrder) -> Value {
    // The total in words is no field of the truth; it only proves the total.
    let fields = fields(order).into_iter().filter(|field| field.path != "total_in_words");
    fields.map(|it| (it.path, json!(f64::from(it.confidence.thousandths()) / 1000.0))).collect()
}
