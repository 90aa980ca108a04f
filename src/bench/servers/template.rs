//! What the pipeline wrote and sent for one order: the rows and messages that the floor repeats.

use super::shop::Received;
use super::site::Site;
use crate::bench::BenchError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection, Row as _};
use std::path::Path;
use uuid::Uuid;

/// Tables that an order writes into, each with its rows as JSON.
const TABLES: [(&str, &str); 7] = [
    ("aggregate", "select to_json(t)::text from aggregate t where kind <> 'master'"),
    ("event", "select to_json(t)::text from event t"),
    ("inbox", "select to_json(t)::text from inbox t"),
    ("outbox", "select to_json(t)::text from outbox t order by position"),
    ("effect", "select to_json(t)::text from effect t"),
    ("timer", "select to_json(t)::text from timer t"),
    ("review", "select to_json(t)::text from review t"),
];

/// One order's rows and messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Template {
    pub(super) tables: Vec<Table>,
    pub(super) out: Vec<Out>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Table {
    pub(super) name: String,
    /// Each row as JSON; `<id>` and `<n>` stand for what differs from order to order.
    pub(super) rows: Vec<String>,
}

/// One message that left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Out {
    pub(super) key: String,
    pub(super) body: String,
}

impl Template {
    /// From a database in which nothing but one order was worked on.
    pub(super) async fn of(site: &Site, out: &[Received]) -> Result<Self, BenchError> {
        let mut connection = PgConnection::connect(site.url()).await?;
        let mut tables = Vec::new();
        for (name, sql) in TABLES {
            let mut rows = Vec::new();
            for row in sqlx::query(sql).fetch_all(&mut connection).await? {
                rows.push(row.try_get::<String, _>(0)?);
            }
            tables.push(Table { name: name.to_owned(), rows });
        }
        connection.close().await?;
        let out = out.iter().map(|it| Out { key: it.key.clone(), body: it.body.to_string() }).collect();
        Ok(Self { tables, out })
    }

    pub(super) fn write(&self, file: &Path) -> Result<(), BenchError> {
        Ok(std::fs::write(file, serde_json::to_vec(self).map_err(std::io::Error::from)?)?)
    }

    pub(super) fn read(file: &Path) -> Result<Self, BenchError> {
        Ok(serde_json::from_slice(&std::fs::read(file)?).map_err(std::io::Error::from)?)
    }
}

/// Every UUID in the texts by another one, the same for the same.
pub(super) fn ids(text: &str) -> Vec<Uuid> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 36 <= bytes.len() {
        let part = text.get(at..at + 36);
        match part.and_then(|part| Uuid::try_parse(part).ok()) {
            Some(id) => {
                found.push(id);
                at += 36;
            }
            None => at += 1,
        }
    }
    found
}

/// The columns of a row, from its JSON.
pub(super) fn columns(row: &str) -> Result<Value, BenchError> {
    Ok(serde_json::from_str(row).map_err(std::io::Error::from)?)
}
