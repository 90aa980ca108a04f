//! What is recorded of an import: every row with its fields, and nothing that belongs to a person.

use super::difference::{Changes, FieldChange, RowChange};
use super::rows::shape;
use crate::order::ids::sha256_hex;
use crate::order::record::{FieldRecord, MasterRecord, RowRecord};
use serde::{Deserialize, Serialize};

/// How much is recorded and shown: section `[master]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MasterSettings {
    /// A change of a table with more rows than this is recorded by its counts and the hash of its file alone.
    pub recorded_rows: usize,
    /// Rows of a difference that are shown for each table, without `--json`.
    pub shown_rows: usize,
    /// Bytes of one file that is imported.
    pub file_bytes: u64,
    /// An import by the command line has to say who makes it.
    pub ask_by: bool,
}

impl Default for MasterSettings {
    fn default() -> Self {
        Self { recorded_rows: 10_000, shown_rows: 20, file_bytes: 268_435_456, ask_by: false }
    }
}

/// Where a change comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// Name of the file, id of the message, or the command.
    pub name: String,
    pub sha256: Option<String>,
}

/// Characters of the hash that stands for a key.
const SHORT: usize = 12;

/// The record of a table's changes. `changes` has all rows when there are at most `most` of them.
#[must_use]
pub fn record(table: &str, changes: &Changes, source: &Source, most: usize) -> MasterRecord {
    let whole = changes.counts.total() <= most;
    let rows = if whole { changes.rows.iter().map(|it| row(table, it)).collect() } else { Vec::new() };
    let count = |it: usize| it as u64;
    MasterRecord {
        table: table.to_owned(),
        source: source.name.clone(),
        sha256: source.sha256.clone(),
        added: count(changes.counts.added),
        changed: count(changes.counts.changed),
        removed: count(changes.counts.removed),
        after: None,
        rows,
    }
}

fn row(table: &str, change: &RowChange) -> RowRecord {
    let personal = shape(table).map_or(&[][..], |shape| shape.personal);
    let field = |it: &FieldChange| {
        let personal = personal.contains(&it.field.as_str());
        let told = |text: &Option<String>| text.clone().filter(|_| !personal);
        FieldRecord { field: it.field.clone(), from: told(&it.from), to: told(&it.to), personal }
    };
    RowRecord {
        key: recorded_key(table, &change.key),
        what: change.what.as_str().to_owned(),
        fields: change.fields.iter().map(field).collect(),
    }
}

/// A row's key as records have it: what belongs to a person is a hash.
#[must_use]
pub fn recorded_key(table: &str, key: &str) -> String {
    let Some(shape) = shape(table) else { return key.to_owned() };
    if !shape.key.iter().any(|column| shape.personal.contains(column)) {
        return key.to_owned();
    }
    // The last part may hold the mark that parts the others.
    let parts = key.splitn(shape.key.len(), " / ").zip(shape.key);
    let part = |(part, column): (&str, &&str)| {
        if shape.personal.contains(column) {
            sha256_hex(part.as_bytes()).chars().take(SHORT).collect()
        } else {
            part.to_owned()
        }
    };
    parts.map(part).collect::<Vec<_>>().join(" / ")
}

/// A field of which nothing is said yet.
pub(super) fn recorded_text(field: &str) -> FieldRecord {
    FieldRecord { field: field.to_owned(), from: None, to: None, personal: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::master::difference::changes;
    use crate::master::import::import;

    const HEAD: &str = "customer_code,kind,name,address,contact,phone\n";

    #[test]
    fn nothing_that_belongs_to_a_person_is_recorded() {
        let body = |row: &str| import("addresses", "a", format!("{HEAD}{row}\n").as_bytes()).unwrap().body;
        let old = body("C1,ship_to,李宅,虎门 1 号,李四,0769-1");
        let new = body("C1,ship_to,李宅,虎门 2 号,李四,");
        let source = Source { name: "a.csv".to_owned(), sha256: None };
        let changed = record("addresses", &changes("addresses", Some(&old), &new, 9), &source, 9);
        let text = serde_json::to_string(&changed).unwrap();
        for word in ["李", "虎门", "0769"] {
            assert!(!text.contains(word), "{text}");
        }
        let row = &changed.rows[0];
        assert_eq!(row.key, recorded_key("addresses", "C1 / ship_to / 李宅"));
        assert!(row.key.starts_with("C1 / ship_to / ") && row.fields.len() == 2, "{row:?}");
        assert!(row.fields.iter().all(|field| field.personal && field.from.is_none() && field.to.is_none()));
    }

    #[test]
    fn too_many_rows_are_counts() {
        let body = import("words", "w", "word,means\na,b\nc,d\n".as_bytes()).unwrap().body;
        let changes = changes("words", None, &body, 1);
        let source = Source { name: "w.csv".to_owned(), sha256: Some("f0".to_owned()) };
        let record = record("words", &changes, &source, 1);
        assert_eq!((record.added, record.rows.len(), record.sha256.as_deref()), (2, 0, Some("f0")));
    }
}
