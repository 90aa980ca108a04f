//! Between our messages and AMQP's: properties, headers and body.

use crate::order::message::{Body, Message, Step};
use chrono::{DateTime, Utc};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use uuid::Uuid;

const SCHEMA: &str = "schema";
const ATTEMPT: &str = "attempt";
const STEP: &str = "step";
const LANE: &str = "lane";
const CREATED_AT: &str = "created_at";
const NOT_BEFORE: &str = "not_before";
/// Set by quorum queues: how often the message was handed out before.
const DELIVERY_COUNT: &str = "x-delivery-count";

/// What another program says around a message; each may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties {
    pub message_id: Option<String>,
    pub correlation_id: Option<String>,
    pub type_name: Option<String>,
    pub content_type: Option<String>,
    pub reply_to: Option<String>,
    /// The user that it was sent by: the server takes no other name than the connection's.
    pub user_id: Option<String>,
    pub app_id: Option<String>,
    /// Seconds since 1970.
    pub timestamp: Option<u64>,
}

impl Properties {
    pub(super) fn of(properties: &BasicProperties) -> Self {
        let text = |it: &Option<ShortString>| it.as_ref().map(|it| it.as_str().to_owned());
        Self {
            message_id: text(properties.message_id()),
            correlation_id: text(properties.correlation_id()),
            type_name: text(properties.kind()),
            content_type: text(properties.content_type()),
            reply_to: text(properties.reply_to()),
            user_id: text(properties.user_id()),
            app_id: text(properties.app_id()),
            timestamp: *properties.timestamp(),
        }
    }
}

/// Properties and body of a message. What the house alone needs to build it again stands in headers, and only on inner
/// queues.
pub(super) fn encode(message: &Message, inner: bool) -> (BasicProperties, Vec<u8>) {
    let type_name = message.body.type_name();
    let mut headers = FieldTable::default();
    let mut set = |name: &'static str, value| {
        headers.insert(ShortString::from(name), value);
    };
    let text = |text: &str| AMQPValue::LongString(text.into());
    let time = |at: DateTime<Utc>| AMQPValue::LongLongInt(at.timestamp_micros());
    set(SCHEMA, text(&format!("message/{type_name}/1")));
    set(ATTEMPT, AMQPValue::LongLongInt(i64::from(message.attempt)));
    set(CREATED_AT, time(message.created_at));
    if inner {
        set(STEP, text(message.step.as_str()));
        if let Some(lane) = message.lane.as_ref() {
            set(LANE, text(lane));
        }
        if let Some(not_before) = message.not_before {
            set(NOT_BEFORE, time(not_before));
        }
    }
    let properties = BasicProperties::default()
        .with_message_id(id(message.id))
        .with_correlation_id(id(message.correlation_id))
        .with_type(type_name.into())
        .with_timestamp(u64::try_from(message.created_at.timestamp()).unwrap_or(0))
        .with_app_id("gendan".into())
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_headers(headers);
    // All our types can be written as JSON; that they can was checked before they were stored.
    (properties, serde_json::to_vec(&message.body).unwrap_or_default())
}

fn id(id: Uuid) -> ShortString {
    id.hyphenated().to_string().into()
}

/// The message again; else why it is none of ours. Says nothing of its values.
pub(super) fn decode(properties: &BasicProperties, body: &[u8]) -> Result<Message, String> {
    let none = FieldTable::default();
    let headers = properties.headers().as_ref().unwrap_or(&none);
    let schema_there = text(headers, SCHEMA)?.ok_or("the header `schema` is missing")?;
    let type_name = properties.kind().as_ref().ok_or("the property `type` is missing")?.as_str();
    let named = schema_there.strip_prefix("message/").and_then(|rest| rest.strip_suffix("/1"));
    if named != Some(type_name) || !Body::TYPES.contains(&type_name) {
        return Err("its schema is unknown: see `gendan schemas list`".to_owned());
    }
    let body: Body = serde_json::from_slice(body).map_err(|error| {
        format!("the body is not JSON of its type: line {}, column {}", error.line(), error.column())
    })?;
    if body.type_name() != type_name {
        return Err("the body is of another type than the property `type` says".to_owned());
    }
    let step = text(headers, STEP)?.ok_or("the header `step` is missing")?;
    let attempt = number(headers, ATTEMPT).ok_or("the header `attempt` is missing")?;
    Ok(Message {
        id: uuid(properties.message_id(), "message_id")?,
        attempt: u32::try_from(attempt).map_err(|_| "the header `attempt` is out of range")?,
        correlation_id: uuid(properties.correlation_id(), "correlation_id")?,
        step: step.parse::<Step>().map_err(|_| "the header `step` names no step")?,
        lane: text(headers, LANE)?.map(str::to_owned),
        created_at: time(headers, CREATED_AT)?.ok_or("the header `created_at` is missing")?,
        not_before: time(headers, NOT_BEFORE)?,
        body,
    })
}

fn uuid(text: &Option<ShortString>, what: &str) -> Result<Uuid, String> {
    let text = text.as_ref().ok_or_else(|| format!("the property `{what}` is missing"))?;
    Uuid::try_parse(text.as_str()).map_err(|_| format!("the property `{what}` is no UUID"))
}

/// A header that is a text.
pub(super) fn text<'a>(headers: &'a FieldTable, name: &str) -> Result<Option<&'a str>, String> {
    match headers.inner().get(name) {
        None => Ok(None),
        Some(AMQPValue::LongString(text)) => std::str::from_utf8(text.as_bytes())
            .map(Some)
            .map_err(|_| format!("the header `{name}` is no UTF-8")),
        Some(_) => Err(format!("the header `{name}` is no text")),
    }
}

fn number(headers: &FieldTable, name: &str) -> Option<i64> {
    let value = headers.inner().get(name)?;
    value
        .as_long_long_int()
        .or_else(|| value.as_long_uint().map(i64::from))
        .or_else(|| value.as_long_int().map(i64::from))
        .or_else(|| value.as_short_int().map(i64::from))
        .or_else(|| value.as_short_uint().map(i64::from))
        .or_else(|| value.as_short_short_int().map(i64::from))
        .or_else(|| value.as_short_short_uint().map(i64::from))
}

fn time(headers: &FieldTable, name: &str) -> Result<Option<DateTime<Utc>>, String> {
    let wrong = || format!("the header `{name}` is no time");
    match headers.inner().get(name) {
        None => Ok(None),
        Some(_) => {
            let micros = number(headers, name).ok_or_else(wrong)?;
            DateTime::from_timestamp_micros(micros).map(Some).ok_or_else(wrong)
        }
    }
}

/// How often the message was handed out before this time.
pub(super) fn returns(properties: &BasicProperties) -> u32 {
    let headers = properties.headers().as_ref();
    let count = headers.and_then(|headers| number(headers, DELIVERY_COUNT)).unwrap_or(0);
    u32::try_from(count.max(0)).unwrap_or(u32::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::message::DraftRead;

    fn message() -> Message {
        Message {
            id: Uuid::from_u128(1),
            attempt: 3,
            correlation_id: Uuid::from_u128(2),
            step: Step::Check,
            lane: Some("订单/".repeat(60)),
            created_at: DateTime::from_timestamp(1_790_000_000, 123_456_000).unwrap(),
            not_before: DateTime::from_timestamp(1_790_000_001, 1_000),
            body: Body::DraftRead(DraftRead { document_id: Uuid::from_u128(3), part: 4 }),
        }
    }

    #[test]
    fn a_message_comes_back_whole() {
        let bare = Message { lane: None, not_before: None, ..message() };
        for message in [message(), bare] {
            let (properties, body) = encode(&message, true);
            assert_eq!(decode(&properties, &body), Ok(message));
        }
    }

    #[test]
    fn what_leaves_the_house_says_nothing_of_its_inside() {
        let (properties, body) = encode(&message(), false);
        let headers = properties.headers().as_ref().unwrap();
        assert_eq!(text(headers, "schema"), Ok(Some("message/draft.read/1")));
        assert!(!headers.contains_key(STEP) && !headers.contains_key(LANE));
        assert_eq!(serde_json::from_slice::<Body>(&body).unwrap(), message().body);
    }

    #[test]
    fn what_is_none_of_ours_is_told_why() {
        let (right, body) = encode(&message(), true);
        let with = |name: &'static str, value| {
            let mut headers = right.headers().clone().unwrap();
            headers.insert(name.into(), value);
            right.clone().with_headers(headers)
        };
        let long = |text: &str| AMQPValue::LongString(text.into());
        for (properties, body, said) in [
            (BasicProperties::default(), &body[..], "`schema`"),
            (with("schema", long("message/draft.read/2")), &body, "schema is unknown"),
            (with("step", long("dance")), &body, "names no step"),
            (with("attempt", AMQPValue::LongLongInt(-1)), &body, "out of range"),
            (with("created_at", AMQPValue::LongLongInt(i64::MAX)), &body, "no time"),
            (with("lane", AMQPValue::LongString(vec![0xff].into())), &body, "no UTF-8"),
            (right.clone().with_message_id("7".into()), &body, "no UUID"),
            (right.clone(), b"{\"type\":", "not JSON of its type"),
        ] {
            let why = decode(&properties, body).unwrap_err();
            assert!(why.contains(said), "{why}");
        }
    }
}
