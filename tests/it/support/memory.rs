//! The store in memory, for simulations: the whole contract without a disk, and faults that can be planted.
//!
//! It decides commit by commit on plain maps, and shares no logic with the adapters but the checks of `store::valid` and the
//! hashes of `store::audit`. It has no time and no randomness of its own.

mod balance;
mod commit;
mod messages;
mod state;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use gendan::order::message::Message;
use gendan::runtime::clock::Clock;
use gendan::store::audit::{Head, Link, order, seal_hash};
use gendan::store::{
    Answer, Audit, Balance, Claim, Claimed, Commit, Filter, Finding, Intended, Key, Kind, NewEvent, Parked,
    Pruned, Relayed, ReviewRow, Seal, Snapshot, Store, StoreError, StoredEvent,
};
use state::State;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// What can be broken on purpose, to see whether a simulation finds it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// Consumption is not noted: duplicates take effect again.
    pub(crate) forget_inbox: bool,
    /// Two may cause one effect at the same time, and the late one's outcome is taken.
    pub(crate) ignore_fence: bool,
    /// Lost updates are written.
    pub(crate) ignore_versions: bool,
    /// Of a figure's version only the count is compared, and not what was written.
    pub(crate) count_versions: bool,
    /// Permanent keys keep nothing out.
    pub(crate) ignore_effects: bool,
    /// Every commit loses either its messages or its aggregates, in turns.
    pub(crate) tear_commits: bool,
    /// Timers become two messages.
    pub(crate) fire_twice: bool,
    /// Messages in somebody's hand are handed out to others.
    pub(crate) ignore_leases: bool,
    /// The next attempt is not put down.
    pub(crate) lose_retry: bool,
    /// Held-back messages are handed out at once.
    pub(crate) ignore_not_before: bool,
    /// Messages of one lane are handed out together, the newest first.
    pub(crate) break_lanes: bool,
}

/// The store's handle; handles on the same state are the same store.
#[derive(Clone)]
pub(crate) struct Memory {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
}

impl Memory {
    pub(crate) fn new(clock: Arc<dyn Clock>, faults: Faults) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(faults))), clock }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for Memory {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        Ok(self.clock.now())
    }

    async fn write(&self, batch: Vec<Arc<Commit>>) -> Result<Vec<Answer>, StoreError> {
        let (mut state, now) = (self.state(), self.clock.now());
        Ok(batch.into_iter().map(|commit| state.commit(&commit, now)).collect())
    }

    async fn consumed(&self, messages: &[Message]) -> Result<Vec<bool>, StoreError> {
        let state = self.state();
        let is_in = |it: &Message| {
            state.inbox.get(&(it.id, it.step, it.attempt)).is_some_and(|row| row.body_hash == it.body_hash())
        };
        Ok(messages.iter().map(is_in).collect())
    }

    async fn load(&self, keys: &[Key]) -> Result<Vec<Option<Snapshot>>, StoreError> {
        let state = self.state();
        Ok(keys.iter().map(|key| state.aggregates.get(key).cloned()).collect())
    }

    async fn list(&self, kind: Kind, filter: &Filter) -> Result<Vec<Snapshot>, StoreError> {
        let state = self.state();
        let fits = |wanted: &Option<String>, has: &Option<String>| wanted.is_none() || wanted == has;
        let found = state.aggregates.values().rev().filter(|it| {
            it.key.kind == kind
                && fits(&filter.status, &it.index.status)
                && fits(&filter.customer, &it.index.customer)
                && fits(&filter.number, &it.index.number)
                && fits(&filter.po_number, &it.index.po_number)
                && fits(&filter.parent, &it.index.parent)
        });
        let limit = if filter.limit == 0 { usize::MAX } else { filter.limit as usize };
        Ok(found.take(limit).cloned().collect())
    }

    async fn events(&self, order_id: Uuid) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(self.state().events.get(&order_id).cloned().unwrap_or_default())
    }

    async fn reviews(&self, wanted: Option<&str>) -> Result<Vec<ReviewRow>, StoreError> {
        let state = self.state();
        let fits = |row: &&ReviewRow| wanted.is_none_or(|wanted| row.state == wanted);
        let mut rows: Vec<_> = state.reviews.values().filter(fits).cloned().collect();
        rows.sort_by_key(|row| (row.due_at, row.id));
        Ok(rows)
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        Ok(self.state().claim(claim, self.clock.now()))
    }

    async fn renew(&self, holder: &str, ids: &[Uuid], lease: Duration) -> Result<Vec<bool>, StoreError> {
        let (mut state, now) = (self.state(), self.clock.now());
        Ok(ids.iter().map(|id| state.renew(holder, *id, (now, now + lease))).collect())
    }

    async fn give_back(&self, holder: &str, messages: &[(Uuid, u32)]) -> Result<(), StoreError> {
        let (mut state, now) = (self.state(), self.clock.now());
        messages.iter().for_each(|taken| state.give_back(holder, *taken, now));
        Ok(())
    }

    async fn take_over(&self, holder: &str) -> Result<u64, StoreError> {
        Ok(self.state().take_over(holder, self.clock.now()))
    }

    async fn relayed(&self, holder: &str, marks: Vec<(Uuid, u32, Relayed)>) -> Result<(), StoreError> {
        let (mut state, now) = (self.state(), self.clock.now());
        marks.into_iter().for_each(|(id, attempt, mark)| state.relayed(holder, (id, attempt), mark, now));
        Ok(())
    }

    async fn intend(
        &self,
        message: &Message,
        destination: &str,
        holder: &str,
        lease: Duration,
    ) -> Result<Intended, StoreError> {
        let now = self.clock.now();
        Ok(self.state().intend(message, destination, holder, (now, now + lease)))
    }

    async fn fire(&self, max: u32) -> Result<u64, StoreError> {
        Ok(self.state().fire(max, self.clock.now()))
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.state().next_due())
    }

    async fn is_idle(&self) -> Result<bool, StoreError> {
        Ok(self.state().is_idle(self.clock.now()))
    }

    async fn parked(&self) -> Result<Vec<Parked>, StoreError> {
        Ok(self.state().open_parked())
    }

    async fn messages(&self, correlation_id: Uuid) -> Result<Vec<(Message, String)>, StoreError> {
        Ok(self.state().about(correlation_id, self.clock.now()))
    }

    async fn prune(&self, before: DateTime<Utc>, max: u32) -> Result<Pruned, StoreError> {
        Ok(self.state().prune(before, max as usize))
    }

    async fn seal(&self, day: NaiveDate) -> Result<Seal, StoreError> {
        Ok(seal(&mut self.state(), day))
    }

    async fn audit(&self) -> Result<Audit, StoreError> {
        Ok(audit(&self.state()))
    }

    async fn balance(&self) -> Result<Balance, StoreError> {
        Ok(self.state().balance(self.clock.now()))
    }
}

fn seal(state: &mut State, day: NaiveDate) -> Seal {
    if let Some((seal, _)) = state.seals.iter().find(|(seal, _)| seal.day == day) {
        return seal.clone();
    }
    let sealed: BTreeSet<(String, u64)> = state
        .seals
        .iter()
        .flat_map(|(_, heads)| heads)
        .map(|it| (it.order_id.clone(), it.sequence))
        .collect();
    let last = state.events.values().filter_map(|events| events.last());
    let heads: Vec<Head> = last
        .map(|event| Head {
            order_id: event.order_id.to_string(),
            sequence: event.sequence,
            hash: event.hash.clone(),
        })
        .filter(|head| !sealed.contains(&(head.order_id.clone(), head.sequence)))
        .collect();
    let before = state.seals.last().map_or("", |(seal, _)| &seal.hash);
    let seal = Seal { day, heads: heads.len() as u64, hash: seal_hash(before, day, &heads) };
    state.seals.push((seal.clone(), heads));
    seal
}

fn audit(state: &State) -> Audit {
    let chained = state.aggregates.keys().filter(|key| key.kind.has_events());
    let orders = chained.map(|key| key.id.clone());
    let ids: BTreeSet<String> = orders.chain(state.events.keys().map(Uuid::to_string)).collect();
    let mut findings: Vec<Finding> = Vec::new();
    for id in &ids {
        let events = Uuid::parse_str(id).ok().and_then(|id| state.events.get(&id));
        let links: Vec<Link> = events.into_iter().flatten().map(link).collect();
        let heads = state.seals.iter().flat_map(|(_, heads)| heads);
        let sealed: Vec<Head> = heads.filter(|head| head.order_id == *id).cloned().collect();
        let snapshot = [Kind::Order, Kind::Record].map(|kind| state.aggregates.get(&Key::new(kind, id)));
        findings.extend(order(id, snapshot.into_iter().flatten().next(), &links, &sealed));
    }
    let events = state.events.values().map(|events| events.len() as u64).sum();
    Audit { orders: ids.len() as u64, events, seals: state.seals.len() as u64, findings }
}

fn link(stored: &StoredEvent) -> Link {
    let it = stored.clone();
    let event = NewEvent {
        order_id: it.order_id,
        sequence: it.sequence,
        at: it.at,
        actor: it.actor,
        cause: it.cause,
        event: it.event,
    };
    Link { sequence: stored.sequence, hash: it.hash, event: Some(event) }
}
