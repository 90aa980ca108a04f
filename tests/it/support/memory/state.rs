//! The maps that the in-memory store consists of.

use super::Faults;
use chrono::{DateTime, Utc};
use gendan::order::message::{Message, Step};
use gendan::store::audit::Head;
use gendan::store::{Attempt, Key, NewTimer, ReviewRow, Seal, Snapshot, StoredEvent};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum At {
    Waiting,
    Claimed { holder: String, until: DateTime<Utc> },
    Sent,
    Parked,
    Done { word: String, at: DateTime<Utc> },
}

#[derive(Debug, Clone)]
pub(super) struct OutboxRow {
    pub(super) position: u64,
    pub(super) message: Message,
    pub(super) at: At,
    pub(super) claims: u32,
    /// Held back, and nobody has looked since its time came.
    pub(super) delayed: bool,
}

impl OutboxRow {
    /// Still to be done, and not with a broker or a person.
    pub(super) const fn is_live(&self) -> bool {
        matches!(self.at, At::Waiting | At::Claimed { .. })
    }

    /// Nobody of its lane may go before it.
    pub(super) const fn holds_lane(&self) -> bool {
        self.is_live() || matches!(self.at, At::Sent)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Retry,
    Parked,
}

#[derive(Debug, Clone)]
pub(super) struct InboxRow {
    pub(super) body_hash: String,
    pub(super) at: DateTime<Utc>,
    pub(super) outcome: Outcome,
    pub(super) word: String,
}

#[derive(Debug, Clone)]
pub(super) struct ParkedRow {
    pub(super) message: Message,
    pub(super) why: String,
    pub(super) at: DateTime<Utc>,
    /// `replayed`, `discarded` or `delivered` (after all), once it is out.
    pub(super) out: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holding {
    Held,
    Free,
    Finished,
    Unsure,
}

#[derive(Debug, Clone)]
pub(super) struct IntentRow {
    pub(super) destination: String,
    pub(super) fence: u64,
    pub(super) holder: String,
    pub(super) until: DateTime<Utc>,
    pub(super) state: Holding,
    pub(super) doubt: bool,
    pub(super) started: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimerState {
    Set,
    Fired,
    Cancelled,
}

pub(super) struct State {
    pub(super) faults: Faults,
    pub(super) aggregates: BTreeMap<Key, Snapshot>,
    pub(super) events: BTreeMap<Uuid, Vec<StoredEvent>>,
    pub(super) outbox: BTreeMap<Uuid, OutboxRow>,
    pub(super) next_position: u64,
    /// Places of all messages that hold their lane, in order; it may have some that do no longer.
    pub(super) live: BTreeSet<(u64, Uuid)>,
    /// Which order bears a number.
    pub(super) numbers: BTreeMap<String, Key>,
    pub(super) inbox: BTreeMap<(Uuid, Step, u32), InboxRow>,
    pub(super) effects: BTreeSet<String>,
    pub(super) reviews: BTreeMap<Uuid, ReviewRow>,
    pub(super) timers: BTreeMap<Uuid, (NewTimer, TimerState)>,
    pub(super) parked: Vec<ParkedRow>,
    pub(super) attempts: BTreeMap<Uuid, Vec<Attempt>>,
    pub(super) intents: BTreeMap<Uuid, IntentRow>,
    pub(super) gone: BTreeSet<Uuid>,
    pub(super) seals: Vec<(Seal, Vec<Head>)>,
    pub(super) inbox_before: DateTime<Utc>,
    /// Commits written so far: which half of the next one is torn off.
    pub(super) commits: u64,
}

impl State {
    pub(super) fn new(faults: Faults) -> Self {
        Self {
            faults,
            aggregates: BTreeMap::new(),
            events: BTreeMap::new(),
            outbox: BTreeMap::new(),
            next_position: 1,
            live: BTreeSet::new(),
            numbers: BTreeMap::new(),
            inbox: BTreeMap::new(),
            effects: BTreeSet::new(),
            reviews: BTreeMap::new(),
            timers: BTreeMap::new(),
            parked: Vec::new(),
            attempts: BTreeMap::new(),
            intents: BTreeMap::new(),
            gone: BTreeSet::new(),
            seals: Vec::new(),
            inbox_before: DateTime::UNIX_EPOCH,
            commits: 0,
        }
    }

    /// Puts a message into the outbox; one that was there keeps its place.
    pub(super) fn put(&mut self, message: &Message, now: DateTime<Utc>) {
        let position = self.outbox.get(&message.id).map_or(self.next_position, |row| row.position);
        self.next_position = self.next_position.max(position + 1);
        let delayed = message.not_before.is_some_and(|due| due > now);
        let row = OutboxRow { position, message: message.clone(), at: At::Waiting, claims: 0, delayed };
        self.live.insert((position, message.id));
        self.outbox.insert(message.id, row);
    }

    /// By which steps and at which attempts a message was consumed.
    pub(super) fn consumptions(&self, id: Uuid) -> impl Iterator<Item = (Step, u32)> {
        let all = (id, Step::Read, 0)..=(id, Step::Follow, u32::MAX);
        self.inbox.range(all).map(|((_, step, attempt), _)| (*step, *attempt))
    }

    /// The row of a message whose attempt was consumed; an earlier one has been overtaken.
    pub(super) fn row(&mut self, id: Uuid, attempt: u32) -> Option<&mut OutboxRow> {
        let row = self.outbox.get_mut(&id).filter(|row| row.message.attempt <= attempt)?;
        row.message.attempt = attempt;
        Some(row)
    }

    /// Where the message is parked, if it is.
    pub(super) fn parked_row(&self, id: Uuid) -> Option<&ParkedRow> {
        self.parked.iter().find(|row| row.message.id == id && row.out.is_none())
    }

    pub(super) fn note_attempt(&mut self, message: &Message, why: &str, at: DateTime<Utc>) {
        let attempt = Attempt { attempt: message.attempt, at, why: why.to_owned() };
        let attempts = self.attempts.entry(message.id).or_default();
        attempts.retain(|it| it.attempt != message.attempt);
        attempts.push(attempt);
        attempts.sort_by_key(|it| it.attempt);
    }
}
