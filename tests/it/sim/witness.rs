//! Sees each message as a step is handed it: not before its time, and in one hand at a time.

use super::limits;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use gendan::order::message::Message;
use gendan::runtime::clock::Clock;
use gendan::runtime::{Failure, Handler};
use gendan::store::{Claimed, Commit};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// Holder, and until when.
type Lease = (String, DateTime<Utc>);

/// What was seen that must not be; outlives every process.
#[derive(Default)]
pub(super) struct Seen {
    wrong: Mutex<Vec<String>>,
    /// Messages that a step works on, each with the end of the lease that it began under.
    in_hand: Mutex<BTreeMap<(Uuid, u32), DateTime<Utc>>>,
    written: Mutex<Vec<Uuid>>,
    /// The latest time at which anybody was handed anything: the clock may have been put back since.
    latest: Mutex<DateTime<Utc>>,
    /// What each customer's orders take of his credit.
    credit: Mutex<BTreeMap<String, Decimal>>,
    /// Messages under a lease: whose, and until when.
    leased: Mutex<BTreeMap<(Uuid, u32), Lease>>,
}

impl Seen {
    /// Messages were handed out under a lease; none of them may be under another's.
    pub(super) fn lease(&self, claimed: &[Claimed], holder: &str, now: DateTime<Utc>, until: DateTime<Utc>) {
        let mut latest = self.latest.lock().unwrap();
        *latest = now.max(*latest);
        let mut leased = self.leased.lock().unwrap();
        for message in claimed.iter().map(|it| &it.message) {
            let before = leased.insert((message.id, message.attempt), (holder.to_owned(), until));
            if before.is_some_and(|(other, until)| other != holder && until > now) {
                self.wrong.lock().unwrap().push(format!("message {} was leased to two", message.id));
            }
        }
    }

    /// Leases were prolonged, as far as `held` says so.
    pub(super) fn renew(&self, ids: &[Uuid], held: &[bool], until: DateTime<Utc>) {
        let held: Vec<Uuid> = ids.iter().zip(held).filter(|(_, held)| **held).map(|(id, _)| *id).collect();
        let (mut leased, mut in_hand) = (self.leased.lock().unwrap(), self.in_hand.lock().unwrap());
        let leases = leased.iter_mut().map(|(key, (_, end))| (key, end)).chain(in_hand.iter_mut());
        leases.filter(|((id, _), _)| held.contains(id)).for_each(|(_, end)| *end = until);
    }

    /// The lease has ended: given back, relayed, or consumed.
    pub(super) fn unlease(&self, gone: impl Fn((Uuid, u32), &str) -> bool) {
        self.leased.lock().unwrap().retain(|taken, (holder, _)| !gone(*taken, holder));
    }

    /// Messages in the order in which they were written.
    pub(super) fn written(&self) -> Vec<Uuid> {
        self.written.lock().unwrap().clone()
    }

    /// A commit stands now: its messages are on their way, and what it takes of stock and credit must be there.
    pub(super) fn write(&self, commit: &Commit) {
        self.written.lock().unwrap().extend(commit.messages.iter().map(|message| message.id));
        let wrong = limits::exceeded(commit, &mut self.credit.lock().unwrap());
        self.wrong.lock().unwrap().extend(wrong);
    }

    pub(super) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }
}

/// The steps, watched.
pub(super) struct Witness<H> {
    pub(super) steps: H,
    pub(super) seen: Arc<Seen>,
    pub(super) clock: Arc<dyn Clock>,
    /// A message may be in two hands only when the lease of the first is over; not so where the broker may double it.
    pub(super) leases: bool,
}

struct InHand<'a>(&'a Seen, (Uuid, u32));

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.0.in_hand.lock().unwrap().remove(&self.1);
    }
}

#[async_trait]
impl<H: Handler> Handler for Witness<H> {
    async fn handle(&self, message: &Message) -> Result<Commit, Failure> {
        let now = self.clock.now();
        let key = (message.id, message.attempt);
        if message.not_before.is_some_and(|time| time > now.max(*self.seen.latest.lock().unwrap())) {
            self.seen.wrong.lock().unwrap().push(format!("message {} was taken before its time", message.id));
        }
        let until = self.seen.leased.lock().unwrap().get(&key).map_or(now, |(_, until)| *until);
        let first = self.seen.in_hand.lock().unwrap().insert(key, until);
        if self.leases && first.is_some_and(|until| until > now) {
            self.seen.wrong.lock().unwrap().push(format!("message {} was in two hands", message.id));
        }
        let _in_hand = InHand(&self.seen, key);
        self.steps.handle(message).await
    }
}
