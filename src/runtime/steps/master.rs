//! Master: rows of master data that another system brings, written and recorded as an import of their table is.

use super::{Steps, done};
use crate::master::RowError;
use crate::master::import;
use crate::master::record::Source;
use crate::order::event::Actor;
use crate::order::message::{Body, MasterChanged, Message};
use crate::runtime::Failure;
use crate::runtime::import::{ImportError, Importing, put_rows};
use crate::store::Commit;

/// Wrong rows that the parked message tells of.
const TOLD: usize = 5;
/// A message that does not say who sent it.
const UNNAMED: &str = "unnamed";

impl Steps {
    pub(super) async fn change_master(
        &self,
        message: &Message,
        changed: &MasterChanged,
    ) -> Result<Commit, Failure> {
        let table = &changed.table;
        let read = import::from_rows(table, &changed.rows).map_err(|wrong| Failure::Park(said(&wrong)))?;
        let now = self.now(message).await?;
        let config = &self.books.config;
        let (by, source) = sender(message);
        let how = Importing {
            stamp: now.stamp(Actor::System(by)),
            today: now.at.with_timezone(&config.firm.zone).date_naive(),
            settings: &config.master,
            dry: false,
            told: 0,
        };
        let put = put_rows(self.store.as_ref(), (read, changed.whole), &source, &how).await;
        let (register, changes) = put.map_err(failure)?;
        let counts = changes.counts;
        let what = format!(
            "{table}: {} added, {} changed, {} removed",
            counts.added, counts.changed, counts.removed
        );
        let mut commit = done(message, what);
        register.write(&mut commit);
        Ok(commit)
    }
}

/// Who sent the message, and what it is called.
fn sender(message: &Message) -> (String, Source) {
    let arrived = if let Body::Arrived(arrived) = &message.body { Some(arrived) } else { None };
    let by = arrived.and_then(|it| it.by.clone()).unwrap_or_else(|| UNNAMED.to_owned());
    let id = arrived.and_then(|it| it.message_id.clone()).unwrap_or_else(|| message.id.to_string());
    (by, Source { name: format!("message {id}"), sha256: Some(message.body_hash()) })
}

fn failure(error: ImportError) -> Failure {
    match error {
        ImportError::Store(error) => error.into(),
        ImportError::Rows(rows) => Failure::Park(said(&rows)),
        ImportError::Folder(_) | ImportError::Published(_) | ImportError::Bills(_) | ImportError::Lost => {
            Failure::Park(error.to_string())
        }
    }
}

fn said(wrong: &[RowError]) -> String {
    let told: Vec<String> = wrong.iter().take(TOLD).map(RowError::to_string).collect();
    let more = wrong.len().saturating_sub(TOLD);
    if more == 0 { told.join("; ") } else { format!("{}; and {more} more", told.join("; ")) }
}
