//! All fields of a draft by their paths (`po_number`, `lines.0.quantity`), for whoever looks at every one of them.

use super::draft::{Confidence, DraftLine, DraftOrder, Evidence, Found};
use std::fmt::Display;

/// A field that the document has.
pub struct FieldAt<'a> {
    /// As in the plain JSON of an order (`order::keyed`); lines count from 0.
    pub path: String,
    pub value: &'a dyn Display,
    pub confidence: Confidence,
    pub evidence: &'a Evidence,
}

impl FieldAt<'_> {
    /// Its name without the line that it is of.
    #[must_use]
    pub fn name(&self) -> &str {
        let line = self.path.strip_prefix("lines.").and_then(|rest| rest.split_once('.'));
        line.map_or(&self.path, |(_, name)| name)
    }
}

/// The fields that were read, in the order of the plain JSON.
#[must_use]
pub fn fields(order: &DraftOrder) -> Vec<FieldAt<'_>> {
    let mut all = Fields(Vec::new());
    all.put("po_number", &order.po_number);
    all.put("order_date", &order.order_date);
    all.put("customer.name", &order.customer.name);
    all.put("customer.contact", &order.customer.contact);
    all.put("customer.phone", &order.customer.phone);
    all.put("customer.email", &order.customer.email);
    all.put("ship_to.name", &order.ship_to.name);
    all.put("ship_to.address", &order.ship_to.address);
    all.put("ship_to.contact", &order.ship_to.contact);
    all.put("ship_to.phone", &order.ship_to.phone);
    all.put("currency", &order.currency);
    all.put("payment_terms", &order.payment_terms);
    all.put("incoterm", &order.incoterm);
    all.put("requested_delivery", &order.requested_delivery);
    all.put("shipping_method", &order.shipping_method);
    all.put("discount_code", &order.discount_code);
    for (at, line) in order.lines.iter().enumerate() {
        all.line(at, line);
    }
    all.put("total", &order.total);
    all.put("total_in_words", &order.total_in_words);
    all.put("notes", &order.notes);
    all.0
}

struct Fields<'a>(Vec<FieldAt<'a>>);

impl<'a> Fields<'a> {
    fn put<T: Display>(&mut self, path: impl Into<String>, field: &'a Found<T>) {
        if let Some(field) = field {
            let path = path.into();
            let (value, confidence, evidence) = (&field.value, field.confidence, &field.evidence);
            self.0.push(FieldAt { path, value, confidence, evidence });
        }
    }

    fn line(&mut self, at: usize, line: &'a DraftLine) {
        let path = |field: &str| format!("lines.{at}.{field}");
        self.put(path("customer_part"), &line.customer_part);
        self.put(path("description"), &line.description);
        self.put(path("spec"), &line.spec);
        self.put(path("color"), &line.color);
        self.put(path("quantity"), &line.quantity);
        self.put(path("unit"), &line.unit);
        self.put(path("unit_price"), &line.unit_price);
        self.put(path("amount"), &line.amount);
        self.put(path("delivery_date"), &line.delivery_date);
        self.put(path("note"), &line.note);
    }
}

#[cfg(test)]
mod tests {
    use super::fields;
    use crate::order::keyed;
    use serde_json::{Map, Value};

    /// The paths of all fields that a person can key, from the plain JSON of an empty order with one line.
    fn paths(value: &Value, above: &str, out: &mut Vec<String>) {
        let object = value.as_object().cloned().unwrap_or_else(Map::new);
        let list =
            value.as_array().into_iter().flatten().enumerate().map(|(at, it)| (at.to_string(), it.clone()));
        let below: Vec<(String, Value)> = object.into_iter().chain(list).collect();
        if below.is_empty() && above != "lines.0.line" {
            out.push(above.to_owned());
        }
        for (name, value) in below {
            paths(&value, &if above.is_empty() { name } else { format!("{above}.{name}") }, out);
        }
    }

    #[test]
    fn every_field_that_can_be_keyed_is_among_them() {
        let mut empty = keyed::to_plain(&keyed::from_plain(&serde_json::json!({"lines": [{}]})).unwrap());
        let mut wanted = Vec::new();
        paths(&empty, "", &mut wanted);
        for path in &wanted {
            let text = if path.ends_with("date") || path.ends_with("delivery") { "2026-03-02" } else { "7" };
            keyed::set(&mut empty, path, text).unwrap();
        }
        let order = keyed::from_plain(&empty).unwrap();
        let mut found: Vec<String> = fields(&order).into_iter().map(|it| it.path).collect();
        wanted.sort();
        found.sort();
        assert_eq!(found, wanted);
    }
}
