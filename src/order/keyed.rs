//! A draft as a clerk keys it: the plain JSON of an order, field by field, and back.
//!
//! `{"po_number": "...", "customer": {"name": ...}, "lines": [{"quantity": "6000", ...}]}`: texts, plain decimals in
//! strings, ISO dates; what is null or missing the document does not say.

use super::draft::{Confidence, DraftCustomer, DraftLine, DraftOrder, DraftShipTo, Evidence, Field, Found};
use serde_json::{Map, Value, json};
use std::fmt::Display;
use std::str::FromStr;
use thiserror::Error;

/// A keyed order that can't be understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyedError {
    #[error("`{path}` is not a field of an order")]
    Unknown { path: String },
    #[error("`{path}` can't be `{found}`: {expected}")]
    Wrong { path: String, found: String, expected: &'static str },
}

type Keyed<T> = Result<T, KeyedError>;

/// The plain JSON of a draft.
#[must_use]
pub fn to_plain(order: &DraftOrder) -> Value {
    let lines: Vec<Value> = order.lines.iter().map(line_to_plain).collect();
    json!({
        "po_number": plain(&order.po_number),
        "order_date": plain(&order.order_date),
        "customer": {
            "name": plain(&order.customer.name),
            "contact": plain(&order.customer.contact),
            "phone": plain(&order.customer.phone),
            "email": plain(&order.customer.email),
        },
        "ship_to": {
            "name": plain(&order.ship_to.name),
            "address": plain(&order.ship_to.address),
            "contact": plain(&order.ship_to.contact),
            "phone": plain(&order.ship_to.phone),
        },
        "currency": plain(&order.currency),
        "payment_terms": plain(&order.payment_terms),
        "incoterm": plain(&order.incoterm),
        "requested_delivery": plain(&order.requested_delivery),
        "shipping_method": plain(&order.shipping_method),
        "discount_code": plain(&order.discount_code),
        "lines": lines,
        "total": plain(&order.total),
        "notes": plain(&order.notes),
    })
}

fn line_to_plain(line: &DraftLine) -> Value {
    json!({
        "line": line.line,
        "customer_part": plain(&line.customer_part),
        "description": plain(&line.description),
        "spec": plain(&line.spec),
        "color": plain(&line.color),
        "quantity": plain(&line.quantity),
        "unit": plain(&line.unit),
        "unit_price": plain(&line.unit_price),
        "amount": plain(&line.amount),
        "delivery_date": plain(&line.delivery_date),
        "note": plain(&line.note),
    })
}

fn plain<T: Display>(field: &Found<T>) -> Value {
    field.as_ref().map_or(Value::Null, |field| Value::String(field.value.to_string()))
}

/// The draft that a keyed order makes; each field keyed by a person, and so certain.
pub fn from_plain(value: &Value) -> Keyed<DraftOrder> {
    draft(value, |_| Evidence::Keyed)
}

/// The draft of an order that came as data; `root` is the pointer to it.
pub fn from_data(value: &Value, root: &str) -> Keyed<DraftOrder> {
    draft(value, |path| Evidence::Data { pointer: format!("{root}/{}", path.replace('.', "/")) })
}

fn draft(value: &Value, evidence: impl Fn(&str) -> Evidence) -> Keyed<DraftOrder> {
    let mut order = Fields::of("", value, &evidence)?;
    let mut customer = order.below("customer")?;
    let mut ship_to = order.below("ship_to")?;
    let lines = order.lines()?;
    let draft = DraftOrder {
        po_number: order.text("po_number")?,
        order_date: order.parsed("order_date", "a date such as 2026-03-18")?,
        customer: DraftCustomer {
            name: customer.text("name")?,
            contact: customer.text("contact")?,
            phone: customer.text("phone")?,
            email: customer.text("email")?,
        },
        ship_to: DraftShipTo {
            name: ship_to.text("name")?,
            address: ship_to.text("address")?,
            contact: ship_to.text("contact")?,
            phone: ship_to.text("phone")?,
        },
        currency: order.text("currency")?,
        payment_terms: order.text("payment_terms")?,
        incoterm: order.text("incoterm")?,
        requested_delivery: order.parsed("requested_delivery", "a date such as 2026-03-18")?,
        shipping_method: order.text("shipping_method")?,
        discount_code: order.text("discount_code")?,
        lines,
        total: order.parsed("total", "a plain number such as 7400.00")?,
        total_in_words: None,
        notes: order.text("notes")?,
    };
    customer.end()?;
    ship_to.end()?;
    order.end()?;
    Ok(draft)
}

/// Sets one field of a plain order: `lines.0.quantity` to `6000`; an empty value clears it.
pub fn set(order: &mut Value, path: &str, value: &str) -> Keyed<()> {
    let unknown = || KeyedError::Unknown { path: path.to_owned() };
    let pointer = format!("/{}", path.replace('.', "/"));
    let field = order.pointer_mut(&pointer).ok_or_else(unknown)?;
    if field.is_object() || field.is_array() {
        return Err(unknown());
    }
    *field = if value.is_empty() { Value::Null } else { Value::String(value.to_owned()) };
    Ok(())
}

struct Fields<'a> {
    path: String,
    fields: Map<String, Value>,
    /// Where the field of a path stands.
    evidence: &'a dyn Fn(&str) -> Evidence,
}

impl<'a> Fields<'a> {
    fn of(path: &str, value: &Value, evidence: &'a dyn Fn(&str) -> Evidence) -> Keyed<Self> {
        match value {
            Value::Object(fields) => Ok(Self { path: path.to_owned(), fields: fields.clone(), evidence }),
            Value::Null => Ok(Self { path: path.to_owned(), fields: Map::new(), evidence }),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(wrong(path, value, "an object with fields"))
            }
        }
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn below(&mut self, key: &str) -> Keyed<Self> {
        let name = self.name(key);
        Self::of(&name, &self.fields.remove(key).unwrap_or_default(), self.evidence)
    }

    fn field<T>(&self, key: &str, value: T) -> Field<T> {
        Field { value, evidence: (self.evidence)(&self.name(key)), confidence: Confidence::FULL }
    }

    fn text(&mut self, key: &str) -> Keyed<Found<String>> {
        match self.fields.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(self.field(key, text))),
            Some(Value::Number(number)) => Ok(Some(self.field(key, number.to_string()))),
            Some(other) => Err(wrong(&self.name(key), &other, "a text")),
        }
    }

    fn parsed<T: FromStr>(&mut self, key: &str, expected: &'static str) -> Keyed<Found<T>> {
        let Some(field) = self.text(key)? else { return Ok(None) };
        let value = field.value.trim().parse();
        let found = Value::String(field.value);
        value.map(|value| Some(self.field(key, value))).map_err(|_| wrong(&self.name(key), &found, expected))
    }

    fn lines(&mut self) -> Keyed<Vec<DraftLine>> {
        match self.fields.remove("lines") {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(lines)) => lines
                .iter()
                .enumerate()
                .map(|(at, line)| line_from_plain(Self::of(&format!("lines.{at}"), line, self.evidence)?))
                .collect(),
            Some(other) => Err(wrong("lines", &other, "a list of lines")),
        }
    }

    fn end(self) -> Keyed<()> {
        match self.fields.keys().next() {
            Some(key) => Err(KeyedError::Unknown { path: self.name(key) }),
            None => Ok(()),
        }
    }
}

fn line_from_plain(mut line: Fields<'_>) -> Keyed<DraftLine> {
    let draft = DraftLine {
        line: line.text("line")?.map(|field| field.value),
        customer_part: line.text("customer_part")?,
        description: line.text("description")?,
        spec: line.text("spec")?,
        color: line.text("color")?,
        quantity: line.parsed("quantity", "a plain number such as 6000")?,
        unit: line.text("unit")?,
        unit_price: line.parsed("unit_price", "a plain number such as 0.47")?,
        amount: line.parsed("amount", "a plain number such as 2820.00")?,
        delivery_date: line.parsed("delivery_date", "a date such as 2026-03-18")?,
        note: line.text("note")?,
    };
    line.end()?;
    Ok(draft)
}

fn wrong(path: &str, found: &Value, expected: &'static str) -> KeyedError {
    let found = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
    KeyedError::Wrong { path: path.to_owned(), found, expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_keyed_comes_back_as_it_was() {
        let plain = json!({"po_number": "A-1", "customer": {"name": "岭澜"}, "order_date": "2026-03-02",
            "lines": [{"line": "1", "description": "5#尼龙", "quantity": "6000", "unit_price": "0.47"}], "total": "2820.00"});
        let draft = from_plain(&plain).unwrap();
        let again = from_plain(&to_plain(&draft)).unwrap();
        assert_eq!(draft, again);
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        let error = |value| from_plain(&value).unwrap_err().to_string();
        assert_eq!(error(json!({"po_nmber": "A"})), "`po_nmber` is not a field of an order");
        assert!(
            error(json!({"lines": [{"quantity": "many"}]})).starts_with("`lines.0.quantity` can't be `many`")
        );
        assert!(error(json!({"order_date": "2026-13-01"})).contains("a date such as"));
    }

    #[test]
    fn one_field_is_set_by_its_path() {
        let mut plain = to_plain(&from_plain(&json!({"lines": [{"quantity": "1"}]})).unwrap());
        set(&mut plain, "lines.0.quantity", "6000").unwrap();
        assert_eq!(plain["lines"][0]["quantity"], "6000");
        assert!(set(&mut plain, "lines.1.quantity", "1").is_err());
        assert!(set(&mut plain, "lines", "1").is_err());
    }
}
