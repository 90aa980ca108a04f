//! Between Rust's values and SQLite's columns: times as microseconds, ids as text.

use crate::order::message::Message;
use crate::store::StoreError;
pub(super) use crate::store::convert::{broken, count, json, kind, parse, step};
use chrono::{DateTime, Utc};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

pub(super) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

pub(super) fn time(micros: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| broken(format!("{micros} is no time")))
}

pub(super) fn uuid(text: &str) -> Result<Uuid, StoreError> {
    Uuid::parse_str(text).map_err(|_| broken(format!("`{text}` is no id")))
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
