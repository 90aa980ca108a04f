//! What other systems say as data, over AMQP or HTTP: kept whole as one message, and understood against its schema.

use crate::order::ids;
use crate::order::message::{Arrived, Body, Inlet, Message};
use crate::schemas::{SchemaError, Schemas};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A message as it came, with what its way in knows of it.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    pub inlet: Inlet,
    /// Who the way in says it is.
    pub by: Option<&'a str>,
    /// The id that its sender gave it.
    pub message_id: Option<&'a str>,
    pub bytes: &'a [u8],
}

/// The message that the house works on. Its id follows from inlet, sender and his id (or the bytes where he gives none), so
/// that the same message sent again is known, and no sender can name a message of ours or of another's.
#[must_use]
pub fn message(incoming: &Incoming<'_>, now: DateTime<Utc>) -> Message {
    let (text, hex) = match std::str::from_utf8(incoming.bytes) {
        Ok(text) if !text.contains('\0') => (text.to_owned(), false),
        Ok(_) | Err(_) => (hex::encode(incoming.bytes), true),
    };
    let own = incoming.message_id.map_or_else(|| ids::sha256_hex(incoming.bytes), str::to_owned);
    let space = format!("{}\n{}", incoming.inlet.as_str(), incoming.by.unwrap_or_default());
    let id = ids::from_name(DateTime::UNIX_EPOCH, space.as_bytes(), &own);
    Message {
        id,
        attempt: 1,
        correlation_id: document_of(id, now),
        step: incoming.inlet.step(),
        lane: None,
        created_at: now,
        not_before: None,
        body: Body::Arrived(Arrived {
            inlet: incoming.inlet,
            by: incoming.by.map(str::to_owned),
            message_id: incoming.message_id.map(str::to_owned),
            text,
            hex,
        }),
    }
}

/// The id of the document that an order's message becomes: known before it was worked on.
#[must_use]
pub fn document_id(message: &Message) -> Uuid {
    document_of(message.id, message.created_at)
}

fn document_of(message: Uuid, created_at: DateTime<Utc>) -> Uuid {
    ids::from_name(created_at, message.as_bytes(), "document")
}

/// Why a message can't be understood, as far as that can be told without looking anything up.
#[must_use]
pub fn refusal(arrived: &Arrived, schemas: &Schemas) -> Option<String> {
    match fields(arrived) {
        Err(why) => Some(why),
        // Whether there is an order of that number only the store knows.
        Ok(body) if arrived.inlet == Inlet::Reports && body.contains_key("number") => None,
        Ok(body) => read(arrived.inlet, body, schemas).err().map(|e| e.to_string()),
    }
}

/// The fields as the type that messages of this inlet have.
pub fn read(inlet: Inlet, body: Map<String, Value>, schemas: &Schemas) -> Result<Body, SchemaError> {
    schemas.read_body(inlet.type_name(), Value::Object(body))
}

/// The bytes of an order (`order.placed`), understood.
pub fn order(bytes: &[u8], schemas: &Schemas) -> Result<Body, SchemaError> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let arrived = Arrived { inlet: Inlet::Orders, by: None, message_id: None, text, hex: false };
    let type_name = Inlet::Orders.type_name().to_owned();
    let fields = fields(&arrived).map_err(|what| SchemaError { type_name, path: String::new(), what })?;
    read(Inlet::Orders, fields, schemas)
}

/// The fields of a message, with the `type` that messages of this inlet have where it names none.
pub fn fields(arrived: &Arrived) -> Result<Map<String, Value>, String> {
    if arrived.inlet == Inlet::Inner {
        return Err("it lay in one of gendan's own queues, and gendan did not write it".to_owned());
    }
    let name = arrived.inlet.type_name();
    if arrived.hex {
        return Err(format!("{name}: the body is not UTF-8"));
    }
    let body: Value = serde_json::from_str(&arrived.text)
        .map_err(|e| format!("{name}: the body is not JSON (line {}, column {})", e.line(), e.column()))?;
    let Value::Object(mut body) = body else { return Err(format!("{name}: the body is not an object")) };
    body.entry("type").or_insert_with(|| Value::String(name.to_owned()));
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming<'a>(by: &'a str, id: Option<&'a str>, bytes: &'a [u8]) -> Incoming<'a> {
        Incoming { inlet: Inlet::Orders, by: Some(by), message_id: id, bytes }
    }

    #[test]
    fn a_repetition_is_known_by_its_sender_and_his_id() {
        let id = |it: Incoming<'_>, at| message(&it, DateTime::from_timestamp(at, 0).unwrap()).id;
        assert_eq!(id(incoming("shop", Some("7"), b"a"), 0), id(incoming("shop", Some("7"), b"b"), 9));
        assert_ne!(id(incoming("shop", Some("7"), b"a"), 0), id(incoming("wms", Some("7"), b"a"), 0));
        assert_eq!(id(incoming("shop", None, b"a"), 0), id(incoming("shop", None, b"a"), 9));
        assert_ne!(id(incoming("shop", None, b"a"), 0), id(incoming("shop", None, b"b"), 0));
    }

    #[test]
    fn bytes_that_are_no_text_are_kept_all_the_same() {
        let Body::Arrived(arrived) = message(&incoming("x", None, &[0xff, 0]), DateTime::UNIX_EPOCH).body
        else {
            panic!("another body")
        };
        assert_eq!((arrived.text.as_str(), arrived.hex), ("ff00", true));
        assert!(fields(&arrived).unwrap_err().contains("not UTF-8"));
    }

    #[test]
    fn what_can_not_be_understood_is_refused_with_its_place() {
        let schemas = Schemas::shipped().unwrap();
        let said = |inlet, text: &str| {
            let arrived = Arrived { inlet, by: None, message_id: None, text: text.to_owned(), hex: false };
            refusal(&arrived, &schemas)
        };
        for (inlet, text, why) in [
            (Inlet::Orders, "{", "order.placed: the body is not JSON (line 1, column 1)"),
            (Inlet::Orders, "[]", "the body is not an object"),
            (Inlet::Orders, r#"{"order": {"lines": []}}"#, "order.placed at `/order/lines`"),
            (Inlet::Orders, r#"{"order": {"lines": [{"quantity": "many"}]}}"#, "`/order/lines/0/quantity`"),
            (Inlet::Reports, r#"{"milestone": "lost"}"#, "report.received at ``"),
            (Inlet::Inner, "{}", "gendan's own queues"),
        ] {
            let found = said(inlet, text).unwrap_or_default();
            assert!(found.contains(why), "{text}: {found}");
        }
        assert_eq!(said(Inlet::Orders, r#"{"order": {"lines": [{"quantity": 6000}]}}"#), None);
        assert_eq!(said(Inlet::Reports, r#"{"number": "X", "milestone": "paid"}"#), None);
    }
}
