//! Between Rust's values and columns, as far as all databases are alike: words as enums, numbers that are never negative, JSON.

use super::{Kind, StoreError};
use crate::order::message::Step;
use serde::de::DeserializeOwned;
use std::time::Duration;

pub(super) fn broken(what: impl std::fmt::Display) -> StoreError {
    StoreError::Broken(what.to_string())
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

pub(super) fn lease_micros(lease: Duration) -> i64 {
    i64::try_from(lease.as_micros()).unwrap_or(i64::MAX)
}
