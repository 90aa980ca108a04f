//! The tables of master data as they stand, their change, and the record of it: who, when, from where, what.

use super::master::VERSION;
use crate::master::difference::{self, Changes};
use crate::master::record::{MasterSettings, Source, record};
use crate::order::event::{Actor, Event};
use crate::order::ids::{self, sha256_hex};
use crate::order::record::MasterRecord;
use crate::runtime::work::Stamp;
use crate::store::{
    Commit, Filter, Finding, Index, Json, Key, Kind, NewEvent, Snapshot, Store, StoreError, StoredEvent,
    Write,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Tables to be changed in one commit, each once.
pub struct Register {
    tables: BTreeMap<String, (u64, Option<Value>)>,
    /// Length of each chain of records.
    chains: BTreeMap<String, u64>,
    version: u64,
    settings: MasterSettings,
    writes: Vec<Write>,
    events: Vec<NewEvent>,
}

impl Register {
    /// What stands of these tables. Records of other things (`applications`) are named here too.
    pub async fn load(
        store: &dyn Store,
        names: &[&str],
        settings: &MasterSettings,
    ) -> Result<Self, StoreError> {
        let tables = names.iter().map(|name| Key::new(Kind::Master, name));
        let chains = names.iter().map(|name| Key::new(Kind::Record, chain_of(name)));
        let keys: Vec<Key> = tables.chain(chains).chain([Key::new(Kind::Master, VERSION)]).collect();
        let mut found = store.load(&keys).await?;
        let version = found.pop().flatten().map_or(0, |it| it.version);
        let chains = found.split_off(names.len());
        let named = || names.iter().map(|name| (*name).to_owned());
        let table = |it: Option<Snapshot>| Ok((it.as_ref().map_or(0, |it| it.version), body(it.as_ref())?));
        let tables = found.into_iter().map(table).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Self {
            tables: named().zip(tables).collect(),
            chains: named().zip(chains.into_iter().map(|it| it.map_or(0, |it| it.version))).collect(),
            version,
            settings: settings.clone(),
            writes: Vec::new(),
            events: Vec::new(),
        })
    }

    /// The table as it stands; none before its first import.
    #[must_use]
    pub fn body(&self, table: &str) -> Option<&Value> {
        self.tables.get(table).and_then(|(_, body)| body.as_ref())
    }

    /// The table is `after` from now on. At most `told` rows of what changes are told. Nothing is written of a table in
    /// which nothing changes.
    pub fn change(
        &mut self,
        table: &str,
        after: &Value,
        (source, told): (&Source, usize),
        stamp: &Stamp,
    ) -> Changes {
        let (was, before) = self.tables.get(table).map_or((0, None), |(was, body)| (*was, body.as_ref()));
        let most = told.max(self.settings.recorded_rows);
        let mut changes = difference::changes(table, before, after, most);
        if changes.counts.total() > 0 {
            let written = write(table, was, after);
            let hash = Some(sha256_hex(written.body.text().as_bytes()));
            let recorded = record(table, &changes, source, self.settings.recorded_rows);
            self.writes.push(written);
            self.record(MasterRecord { after: hash, ..recorded }, stamp);
        }
        changes.rows.truncate(told);
        changes
    }

    /// Records a change of something that is no table.
    pub fn record(&mut self, record: MasterRecord, stamp: &Stamp) {
        let id = chain_of(&record.table);
        let was = self.chains.get(&record.table).copied().unwrap_or(0);
        let index = Index { parent: Some(record.table.clone()), ..Index::default() };
        self.writes.push(Write {
            key: Key::new(Kind::Record, id),
            was,
            now: was + 1,
            body: Json::of(&()),
            index,
        });
        self.events.push(NewEvent {
            order_id: id,
            sequence: was + 1,
            at: stamp.at,
            actor: stamp.actor.clone(),
            cause: stamp.cause,
            event: Event::MasterChanged(record),
        });
    }

    /// Puts it all into a commit.
    pub fn write(self, commit: &mut Commit) {
        let tables = self.writes.iter().any(|write| write.key.kind == Kind::Master);
        commit.writes.extend(tables.then(|| write(VERSION, self.version, &Value::Null)));
        commit.writes.extend(self.writes);
        commit.events.extend(self.events);
    }
}

/// A table as it stands. A damaged one is an error: taken for an empty one, a change would drop all its rows.
pub(super) fn body(stored: Option<&Snapshot>) -> Result<Option<Value>, StoreError> {
    let damaged = |id: &str, e| StoreError::Broken(format!("the master data: the table {id}: {e}"));
    stored.map(|it| it.body.read().map_err(|e| damaged(&it.key.id, e))).transpose()
}

fn write(id: &str, was: u64, body: &Value) -> Write {
    let body = Json::of(body);
    Write { key: Key::new(Kind::Master, id), was, now: was + 1, body, index: Index::default() }
}

/// The chain in which the changes of a table stand.
#[must_use]
pub fn chain_of(table: &str) -> Uuid {
    ids::from_name(DateTime::UNIX_EPOCH, b"master", table)
}

/// A change as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    pub at: DateTime<Utc>,
    pub actor: Actor,
    /// The message or command.
    pub cause: Uuid,
    /// Its place in the table's chain, and the hash there.
    pub sequence: u64,
    pub hash: String,
    #[serde(flatten)]
    pub record: MasterRecord,
}

/// What was recorded of a table, or of all, oldest first.
pub async fn recorded(store: &dyn Store, table: Option<&str>) -> Result<Vec<Recorded>, StoreError> {
    let chains = match table {
        Some(table) => vec![chain_of(table)],
        None => {
            let chains = store.list(Kind::Record, &Filter::default()).await?;
            chains.iter().filter_map(|it| it.key.id.parse().ok()).collect()
        }
    };
    let mut all = Vec::new();
    for chain in chains {
        all.extend(store.events(chain).await?.into_iter().filter_map(of));
    }
    all.sort_by_key(|it| it.at);
    Ok(all)
}

/// Tables that are not as their last record left them: somebody has written past the records.
pub async fn untrue(store: &dyn Store) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    let tables = store.list(Kind::Master, &Filter::default()).await?;
    for table in tables.into_iter().filter(|it| it.key.id != VERSION) {
        let recorded = recorded(store, Some(&table.key.id)).await?;
        let after = recorded.last().and_then(|it| it.record.after.as_deref());
        if after.is_some_and(|after| after != sha256_hex(table.body.text().as_bytes())) {
            let about = format!("table {}", table.key.id);
            findings.push(Finding { about, sequence: None, what: "snapshot_differs".to_owned() });
        }
    }
    Ok(findings)
}

fn of(stored: StoredEvent) -> Option<Recorded> {
    let StoredEvent { sequence, at, actor, cause, event, hash, .. } = stored;
    let Event::MasterChanged(record) = event else { return None };
    Some(Recorded { at, actor, cause, sequence, hash, record })
}
