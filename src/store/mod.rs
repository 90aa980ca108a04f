//! The store port, its adapters, and the blobs.
//!
//! A step's result is one [`Commit`]; [`Store::commit`] writes a batch of them in one transaction and answers for each.
//! Everything else here reads, or moves messages and timers along. All times are the store's own clock.

pub mod blobs;
pub mod commit;
pub mod valid;
pub mod prepare;
pub mod decide;
pub mod asked;
pub mod records;
mod convert;
mod json;
mod halve;
pub mod audit;
pub mod sqlite;
pub mod postgres;

use crate::order::event::{Actor, Event};
use crate::order::message::{Message, Step};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
pub use commit::{
    Answer, Commit, Consumed, Disposition, Index, Key, Kind, NewEvent, NewTimer, ReviewRow, Write,
};
pub use json::Json;
pub use prepare::chain;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use uuid::Uuid;

/// Why the store could not answer.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The connection was lost or the database is busy; nothing was written.
    #[error("the store is not reachable: {0}")]
    Unavailable(String),
    /// The connection was lost during COMMIT: it may have been written. Ask [`Store::consumed`] on a new connection.
    #[error("the store did not answer the commit: {0}")]
    Unknown(String),
    /// What is stored can't be understood, or the store can't be used at all.
    #[error("the store is damaged or of another version: {0}")]
    Broken(String),
}

/// An aggregate as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub key: Key,
    pub version: u64,
    pub body: Json,
    pub index: Index,
    /// When it was written last.
    pub at: DateTime<Utc>,
}

/// Which aggregates of a kind to list. Each condition that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub status: Option<String>,
    pub customer: Option<String>,
    pub number: Option<String>,
    pub po_number: Option<String>,
    pub parent: Option<String>,
    /// At most this many; 0 = no limit.
    pub limit: u32,
}

/// An event as stored, with its link in the order's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredEvent {
    pub order_id: Uuid,
    pub sequence: u64,
    pub at: DateTime<Utc>,
    pub actor: Actor,
    pub cause: Uuid,
    pub event: Event,
    /// SHA-256 over the hash before it and this event, lower-case hex.
    pub hash: String,
}

/// A message taken from the outbox under a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub message: Message,
    /// How often it was taken, this time included; more than once means that somebody died with it in hand.
    pub claims: u32,
}

/// What to take from the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Only messages for this step; none = for any (the relay).
    pub step: Option<Step>,
    pub max: u32,
    /// Name of the taker; unique for each run of a process.
    pub holder: String,
    pub lease: Duration,
}

/// What became of a message that the relay published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relayed {
    /// The broker confirmed it; somebody in the house takes it from there, and until then it holds its lane.
    Sent,
    /// The broker confirmed it, and it left the house: done, with the word `delivered`. Nobody here will consume it.
    Delivered,
    /// It came back unroutable: parked.
    Returned { why: String },
    /// Not confirmed: free to be taken again.
    Free,
}

/// A message that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parked {
    pub message: Message,
    pub why: String,
    pub at: DateTime<Utc>,
    /// Each attempt's error, oldest first.
    pub history: Vec<Attempt>,
}

/// One failed attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub attempt: u32,
    pub at: DateTime<Utc>,
    pub why: String,
}

/// What stands about the effect of an outgoing message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intended {
    /// Do it, under this fence. `again`: an earlier intent has no outcome, so it may have been done already.
    Go { fence: u64, again: bool },
    /// Another worker holds it until then.
    Held { until: DateTime<Utc> },
    /// It was done.
    Finished,
}

/// A message whose effect may or may not have happened: the receiver's answer was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unsure {
    pub message_id: Uuid,
    pub destination: String,
    pub at: DateTime<Utc>,
}

/// How many rows a pruning took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Pruned {
    pub inbox: u64,
    pub outbox: u64,
}

/// The daily seal: a hash over all heads that changed and the seal before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seal {
    pub day: NaiveDate,
    pub heads: u64,
    pub hash: String,
}

/// What an audit found wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The order or record, or the day of the seal.
    pub about: String,
    /// Event in the order's chain, where one is to blame.
    pub sequence: Option<u64>,
    /// `edited`, `missing`, `reordered`, `cut`, `snapshot_differs`, `seal_differs`.
    pub what: String,
}

/// What an audit looked at and found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// With the tables of master data, whose changes are chained like an order's.
    pub orders: u64,
    pub events: u64,
    pub seals: u64,
    pub findings: Vec<Finding>,
}

/// Where everything is. Added up from independent tables.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Balance {
    pub documents: Count,
    pub parts: Count,
    pub messages: Count,
    /// What should be somewhere and is nowhere; each a short sentence with ids.
    pub missing: Vec<String>,
    /// What is there twice.
    pub double: Vec<String>,
    /// Effects whose outcome is not known.
    pub unsure: Vec<Unsure>,
}

/// How many are where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Count {
    pub total: u64,
    pub waiting: u64,
    pub in_work: u64,
    pub parked: u64,
    pub done: u64,
}

/// A part's draft and what became of it: the body of [`Kind::Part`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRecord {
    pub document_id: Uuid,
    pub part: crate::order::document::Part,
    pub draft: crate::order::draft::Draft,
}

/// The records of the house. Two adapters stand behind it: SQLite and (with the servers) PostgreSQL.
#[async_trait]
pub trait Store: Send + Sync {
    /// The store's clock.
    async fn now(&self) -> Result<DateTime<Utc>, StoreError>;

    /// Writes a batch in one transaction and answers for each commit, in order. Commits see those before them in the
    /// batch. [`StoreError::Unavailable`]: nothing was written. [`StoreError::Unknown`]: ask [`Store::consumed`].
    ///
    /// The commits are shared: whoever writes them keeps them until he knows the answer.
    async fn write(&self, batch: Vec<Arc<Commit>>) -> Result<Vec<Answer>, StoreError>;

    /// [`Store::write`] for those who keep nothing.
    async fn commit(&self, batch: Vec<Commit>) -> Result<Vec<Answer>, StoreError> {
        self.write(batch.into_iter().map(Arc::new).collect()).await
    }

    /// Whether the inbox has these messages (step, id, attempt, same body), in order.
    async fn consumed(&self, messages: &[Message]) -> Result<Vec<bool>, StoreError>;

    /// Snapshots of these keys, in order; none where there is no such aggregate.
    async fn load(&self, keys: &[Key]) -> Result<Vec<Option<Snapshot>>, StoreError>;

    /// Snapshots of one kind by id, the greatest first: for those with a UUIDv7 the newest.
    async fn list(&self, kind: Kind, filter: &Filter) -> Result<Vec<Snapshot>, StoreError>;

    /// An order's events, oldest first.
    async fn events(&self, order_id: Uuid) -> Result<Vec<StoredEvent>, StoreError>;

    /// Reviews in a state (`open`, …; none = all), by deadline.
    async fn reviews(&self, state: Option<&str>) -> Result<Vec<ReviewRow>, StoreError>;

    /// Takes messages that are due and not held under a live lease, oldest first, in lane order: of a lane only the
    /// first that is not done or parked, and none while that one is with the broker. Each taking is counted.
    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError>;

    /// Prolongs the leases of these messages where they are still the holder's, and of his intents for them; says of which
    /// messages.
    async fn renew(&self, holder: &str, ids: &[Uuid], lease: Duration) -> Result<Vec<bool>, StoreError>;

    /// Gives messages back untouched, each with its attempt: the taking is not counted. Of one whose next attempt is on its
    /// way by now nothing happens.
    async fn give_back(&self, holder: &str, messages: &[(Uuid, u32)]) -> Result<(), StoreError>;

    /// Frees all leases that are not `holder`'s. Only for the one process that owns an embedded store.
    async fn take_over(&self, holder: &str) -> Result<u64, StoreError>;

    /// Marks what the relay published, where the lease is still the holder's.
    async fn relayed(&self, holder: &str, marks: Vec<(Uuid, u32, Relayed)>) -> Result<(), StoreError>;

    /// States the intent to cause an outgoing message's effect at `destination`, under a lease. [`Intended::Finished`] also
    /// for a late delivery of an attempt whose outcome is in.
    async fn intend(
        &self,
        message: &Message,
        destination: &str,
        holder: &str,
        lease: Duration,
    ) -> Result<Intended, StoreError>;

    /// Turns due timers into messages, each exactly once; how many.
    async fn fire(&self, max: u32) -> Result<u64, StoreError>;

    /// When the next timer or held-back message is due; in the past when nobody has looked since.
    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// Nothing is due and nothing is in anybody's hand: what there is waits for its time or for a person.
    async fn is_idle(&self) -> Result<bool, StoreError>;

    /// What is parked, oldest first.
    async fn parked(&self) -> Result<Vec<Parked>, StoreError>;

    /// Messages about one order or document, oldest first, with what became of each (`waiting`, `in_work`, `parked`, or
    /// the word of its disposition).
    async fn messages(&self, correlation_id: Uuid) -> Result<Vec<(Message, String)>, StoreError>;

    /// Deletes inbox and done outbox rows older than `before`, at most `max` of each. The ids stay, so that the balance
    /// is as before. What waits, is in work, parked, discarded or unsure stays whole.
    async fn prune(&self, before: DateTime<Utc>, max: u32) -> Result<Pruned, StoreError>;

    /// Seals a day: all order heads as they are now, chained to the seal before. A day is sealed once.
    async fn seal(&self, day: NaiveDate) -> Result<Seal, StoreError>;

    /// Checks every chain, every snapshot against the fold of its events, and every seal.
    async fn audit(&self) -> Result<Audit, StoreError>;

    /// Adds everything up. A document is done when it was read or repeats another, a part when its state is not `waiting`;
    /// before that they are where the message is that asks for them.
    async fn balance(&self) -> Result<Balance, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chains are checked years later: what goes into the hash, and in which order, must never change unnoticed.
    #[test]
    fn the_hash_of_an_event_stays_what_it_is() {
        let event = NewEvent {
            order_id: Uuid::from_u128(1),
            sequence: 2,
            at: DateTime::from_timestamp_micros(1_790_000_000_123_456).unwrap(),
            actor: Actor::User("u7".to_owned()),
            cause: Uuid::from_u128(3),
            event: Event::Told {
                what: crate::order::event::Tell::Confirmation,
                to: "客户".to_owned(),
                version: 1,
                message_id: Uuid::from_u128(9),
            },
        };
        assert_eq!(chain("", &event), "63ff70821e662e1b44a42bdd9ab7ae43bb18056911d41d7105fd7ec84d6be42f");
        assert_ne!(chain("x", &event), chain("", &event));
    }
}
