//! Master: rows of master data that another system brings, written as an import of their table is.

use super::{Steps, done};
use crate::master::RowError;
use crate::master::import;
use crate::order::message::{MasterChanged, Message};
use crate::runtime::Failure;
use crate::runtime::import::{body, keys, write};
use crate::runtime::master::VERSION;
use crate::store::Commit;
use serde_json::Value;

/// Wrong rows that the parked message tells of.
const TOLD: usize = 5;

impl Steps {
    pub(super) async fn change_master(
        &self,
        message: &Message,
        changed: &MasterChanged,
    ) -> Result<Commit, Failure> {
        let table = &changed.table;
        let read = import::from_rows(table, &changed.rows).map_err(|wrong| Failure::Park(said(&wrong)))?;
        let mut found = self.store.load(&keys([table.as_str()].into_iter())).await?.into_iter();
        let old = found.next().flatten();
        let version = found.next().flatten().map_or(0, |it| it.version);
        let before = body(old.as_ref())?;
        let before = before.as_ref();
        let after = if changed.whole { read.body } else { import::merged(table, before, &read.body) };
        let difference = import::difference(table, before, &after);
        let mut commit = done(
            message,
            format!(
                "{table}: {} added, {} changed, {} removed",
                difference.added, difference.changed, difference.removed
            ),
        );
        commit.writes.push(write(VERSION, version, &Value::Null));
        commit.writes.push(write(table, old.map_or(0, |old| old.version), &after));
        Ok(commit)
    }
}

fn said(wrong: &[RowError]) -> String {
    let told: Vec<String> = wrong.iter().take(TOLD).map(RowError::to_string).collect();
    let more = wrong.len().saturating_sub(TOLD);
    if more == 0 { told.join("; ") } else { format!("{}; and {more} more", told.join("; ")) }
}
