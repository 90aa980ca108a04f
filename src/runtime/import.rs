//! Master data from CSV files into the store: all tables of a folder, or none of them.

use super::master::VERSION;
use crate::master::RowError;
use crate::master::import::{self, Difference, Imported};
use crate::master::tables::NAMES;
use crate::store::{Answer, Commit, Index, Json, Key, Kind, Snapshot, Store, StoreError, Write};
use serde_json::Value;
use std::path::Path;
use thiserror::Error;

/// One table that was read, and what it changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub imported: Imported,
    pub difference: Difference,
}

/// Why nothing was imported.
#[derive(Debug, Error)]
pub enum ImportError {
    #[error("{0}")]
    Folder(String),
    #[error("nothing was imported: {} rows are wrong", .0.len())]
    Rows(Vec<RowError>),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("another import came first; import again")]
    Lost,
}

/// The tables of a folder: `customers.csv`, `products.csv`, …; those that are not there stay as they are.
pub fn read_folder(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, ImportError> {
    if !folder.is_dir() {
        return Err(ImportError::Folder(format!(
            "there is no folder {}; name the one that holds the CSV files",
            folder.display()
        )));
    }
    let mut files = Vec::new();
    for name in NAMES {
        let path = folder.join(format!("{name}.csv"));
        if path.is_file() {
            let bytes = std::fs::read(&path)
                .map_err(|e| ImportError::Folder(format!("{} can't be read: {e}", path.display())))?;
            files.push((name.to_owned(), bytes));
        }
    }
    if files.is_empty() {
        let names = NAMES.map(|name| format!("{name}.csv")).join(", ");
        return Err(ImportError::Folder(format!("{} has none of {names}", folder.display())));
    }
    Ok(files)
}

/// Reads all tables and says what they change; unless `dry`, writes them in one commit.
pub async fn import(
    store: &dyn Store,
    files: Vec<(String, Vec<u8>)>,
    dry: bool,
) -> Result<Vec<Table>, ImportError> {
    let mut imported = Vec::new();
    let mut errors = Vec::new();
    for (name, bytes) in files {
        match import::import(&name, &format!("{name}.csv"), &bytes) {
            Ok(table) => imported.push(table),
            Err(rows) => errors.extend(rows),
        }
    }
    if !errors.is_empty() {
        return Err(ImportError::Rows(errors));
    }
    let keys = keys(imported.iter().map(|table| table.table.as_str()));
    let mut found = store.load(&keys).await?;
    let version = found.pop().flatten().map_or(0, |it| it.version);
    let mut writes = vec![write(VERSION, version, &Value::Null)];
    let mut tables = Vec::new();
    for (table, old) in imported.into_iter().zip(found) {
        let before = body(old.as_ref())?;
        let difference = import::difference(&table.table, before.as_ref(), &table.body);
        writes.push(write(&table.table, old.map_or(0, |old| old.version), &table.body));
        tables.push(Table { imported: table, difference });
    }
    if !dry {
        match store.commit(vec![Commit { writes, ..Commit::default() }]).await?.as_slice() {
            [Answer::Done] => {}
            _ => return Err(ImportError::Lost),
        }
    }
    Ok(tables)
}

/// The keys of these tables, and of the version that grows with each change of any of them.
pub(super) fn keys<'a>(tables: impl Iterator<Item = &'a str>) -> Vec<Key> {
    tables.chain([VERSION]).map(|id| Key::new(Kind::Master, id)).collect()
}

/// A table as it stands. A damaged one is an error: taken for an empty one, a change would drop all its rows.
pub(super) fn body(stored: Option<&Snapshot>) -> Result<Option<Value>, StoreError> {
    let damaged = |id: &str, e| StoreError::Broken(format!("the master data: the table {id}: {e}"));
    stored.map(|it| it.body.read().map_err(|e| damaged(&it.key.id, e))).transpose()
}

pub(super) fn write(id: &str, was: u64, body: &Value) -> Write {
    let body = Json::of(body);
    Write { key: Key::new(Kind::Master, id), was, now: was + 1, body, index: Index::default() }
}
