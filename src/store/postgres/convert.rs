//! Between Rust's values and PostgreSQL's columns.

use super::error::read_error;
use crate::order::message::Message;
use crate::store::StoreError;
use crate::store::convert::lease_micros;
pub(super) use crate::store::convert::{broken, count, json, kind, parse, step};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use std::time::Duration;

/// A time as the database keeps it: without anything below microseconds.
pub(super) fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// When a lease that begins now is over.
pub(super) fn until(now: DateTime<Utc>, lease: Duration) -> DateTime<Utc> {
    now.checked_add_signed(TimeDelta::microseconds(lease_micros(lease))).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// A number of ours as a column keeps it; those that don't fit were refused before (`valid`).
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A column of a row.
pub(super) fn get<'r, T>(row: &'r PgRow, name: &'static str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(name).map_err(read_error)
}

/// The columns that [`message`] reads.
macro_rules! message_columns {
    () => {
        "o.position, o.id, o.attempt, o.step, o.lane, o.correlation_id, o.created_at, o.not_before, o.body"
    };
}
pub(super) use message_columns;

pub(super) fn message(row: &PgRow) -> Result<Message, StoreError> {
    Ok(Message {
        id: get(row, "id")?,
        attempt: count(get(row, "attempt")?)?,
        correlation_id: get(row, "correlation_id")?,
        step: step(get(row, "step")?)?,
        lane: get(row, "lane")?,
        created_at: get(row, "created_at")?,
        not_before: get(row, "not_before")?,
        body: parse(get(row, "body")?)?,
    })
}
