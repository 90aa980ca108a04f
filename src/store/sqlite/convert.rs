//! Between Rust's values and the columns: times as microseconds, ids as text, words as enums.

use crate::order::message::{Message, Step};
use crate::store::{Kind, StoreError};
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

pub(super) fn broken(what: impl std::fmt::Display) -> StoreError {
    StoreError::Broken(what.to_string())
}

pub(super) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

pub(super) fn time(micros: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| broken(format!("{micros} is no time")))
}

pub(super) fn uuid(text: &str) -> Result<Uuid, StoreError> {
    Uuid::parse_str(text).map_err(|_| broken(format!("`{text}` is no id")))
}

pub(super) fn step(text: &str) -> Result<Step, StoreError> {
    text.parse().map_err(broken)
}

pub(super) fn kind(text: &str) -> Result<Kind, StoreError> {
    Kind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| broken(format!("`{text}` is no kind of aggregate")))
}

/// A column that is never negative.
pub(super) fn count<T: TryFrom<i64>>(value: i64) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| broken(format!("{value} is out of range")))
}

pub(super) fn parse<T: DeserializeOwned>(json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(broken)
}

/// A JSON text. All our types can be written as JSON; that they can was checked before (`valid`).
pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A column of a row.
pub(super) fn get<'r, T>(row: &'r SqliteRow, name: &'static str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    row.try_get(name).map_err(broken)
}

/// The columns that [`message`] reads.
macro_rules! message_columns {
    () => {
        "position, id, attempt, step, lane, correlation_id, created_at, not_before, body"
    };
}
pub(super) use message_columns;

pub(super) fn message(row: &SqliteRow) -> Result<Message, StoreError> {
    let not_before: Option<i64> = get(row, "not_before")?;
    Ok(Message {
        id: uuid(get(row, "id")?)?,
        attempt: count(get(row, "attempt")?)?,
        correlation_id: uuid(get(row, "correlation_id")?)?,
        step: step(get(row, "step")?)?,
        lane: get(row, "lane")?,
        created_at: time(get(row, "created_at")?)?,
        not_before: not_before.map(time).transpose()?,
        body: parse(get(row, "body")?)?,
    })
}
