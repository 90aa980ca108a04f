//! A reading as one JSON object in the format of the sample truth: plain decimal strings, ISO dates, null for nothing.

use super::Reading;
use crate::order::document::Channel;
use crate::order::draft::{Confidence, DraftLine, DraftOrder, Field, Found};
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
    let mut out = Map::new();
    {
        let mut put = |name: String, confidence: Option<Confidence>| {
            if let Some(confidence) = confidence {
                out.insert(name, json!(f64::from(confidence.thousandths()) / 1000.0));
            }
        };
        for (name, found) in texts(order) {
            put(name.to_owned(), of(found));
        }
        put("order_date".to_owned(), of(&order.order_date));
        put("requested_delivery".to_owned(), of(&order.requested_delivery));
        put("total".to_owned(), of(&order.total));
        for (n, line) in order.lines.iter().enumerate() {
            for (name, confidence) in line_confidences(line) {
                put(format!("lines.{n}.{name}"), confidence);
            }
        }
    }
    Value::Object(out)
}

fn of<T>(found: &Option<Field<T>>) -> Option<Confidence> {
    found.as_ref().map(|f| f.confidence)
}

fn texts(order: &DraftOrder) -> [(&'static str, &Found<String>); 14] {
    [
        ("po_number", &order.po_number),
        ("customer.name", &order.customer.name),
        ("customer.contact", &order.customer.contact),
        ("customer.phone", &order.customer.phone),
        ("customer.email", &order.customer.email),
        ("ship_to.name", &order.ship_to.name),
        ("ship_to.address", &order.ship_to.address),
        ("ship_to.contact", &order.ship_to.contact),
        ("ship_to.phone", &order.ship_to.phone),
        ("currency", &order.currency),
        ("payment_terms", &order.payment_terms),
        ("incoterm", &order.incoterm),
        ("shipping_method", &order.shipping_method),
        ("notes", &order.notes),
    ]
}

fn line_confidences(line: &DraftLine) -> [(&'static str, Option<Confidence>); 10] {
    [
        ("customer_part", of(&line.customer_part)),
        ("description", of(&line.description)),
        ("spec", of(&line.spec)),
        ("color", of(&line.color)),
        ("quantity", of(&line.quantity)),
        ("unit", of(&line.unit)),
        ("unit_price", of(&line.unit_price)),
        ("amount", of(&line.amount)),
        ("delivery_date", of(&line.delivery_date)),
        ("note", of(&line.note)),
    ]
}
