//! What is recorded of a change of master data: which table, which rows, which fields, and where it came from.

use serde::{Deserialize, Serialize};

/// A change of one table. Who made it and when stands with the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterRecord {
    pub table: String,
    /// Name of the file, id of the message, or the command.
    pub source: String,
    /// SHA-256 of the file or message, where there is one.
    pub sha256: Option<String>,
    pub added: u64,
    pub changed: u64,
    pub removed: u64,
    /// SHA-256 of the whole table as it was stored then; none for what is no table.
    pub after: Option<String>,
    /// Every row; none where there were too many, and the counts and the hash stand for them.
    pub rows: Vec<RowRecord>,
}

/// A row that was added, changed or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRecord {
    /// What in it belongs to a person is a hash.
    pub key: String,
    /// `added`, `changed`, `removed`.
    pub what: String,
    pub fields: Vec<FieldRecord>,
}

/// A field that has another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRecord {
    pub field: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// It belongs to a person: that it changed is all that stands here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub personal: bool,
}
