//! Messages that go straight from a commit to the relay of the same process: they are written as claimed, kept here, and
//! handed out by its next claim with no look at the outbox. To everybody else they are claimed messages like others; when
//! this process ends, they are let go like others.

use crate::order::message::Message;
use crate::store::commit::{Answer, Commit, Kind};
use crate::store::prepare::Prepared;
use crate::store::{Claim, Claimed};
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// Messages kept at most; what comes on top is left to the outbox.
const KEPT: usize = 2_048;
/// Each so manieth claim looks at the outbox first: what others left there waits no longer than that.
const TURNS: u32 = 8;

/// The relay of this process, and what goes straight to it.
pub(super) struct Straight {
    pub(super) holder: String,
    pub(super) lease: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Each with the end of its lease; the oldest first.
    messages: VecDeque<(Message, DateTime<Utc>)>,
    /// Of commits whose answer was lost: to be let go.
    doubtful: Vec<(Uuid, u32)>,
    turn: u32,
}

impl Straight {
    pub(super) fn new(holder: String, lease: Duration) -> Self {
        Self { holder, lease, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The messages of a batch that are to be written as claimed.
    pub(super) fn choose(&self, batch: &[Prepared]) -> HashSet<Uuid> {
        let room = KEPT.saturating_sub(self.kept().messages.len());
        batch.iter().flat_map(|it| unhindered(&it.commit)).take(room).map(|message| message.id).collect()
    }

    /// The batch is written: keeps what was chosen of those that won.
    pub(super) fn keep(
        &self,
        batch: &[Prepared],
        answers: &[Answer],
        chosen: &HashSet<Uuid>,
        until: DateTime<Utc>,
    ) {
        let won = batch.iter().zip(answers).filter(|(_, answer)| **answer == Answer::Done);
        let messages = won.flat_map(|(it, _)| &it.commit.messages).filter(|it| chosen.contains(&it.id));
        self.kept().messages.extend(messages.map(|message| (message.clone(), until)));
    }

    /// Nobody knows whether they are written.
    pub(super) fn doubt(&self, chosen: HashSet<Uuid>) {
        // What goes straight is always a first attempt.
        self.kept().doubtful.extend(chosen.into_iter().map(|id| (id, 1)));
    }

    /// Takes what has to be let go.
    pub(super) fn doubtful(&self) -> Vec<(Uuid, u32)> {
        std::mem::take(&mut self.kept().doubtful)
    }

    /// Whether the claim is for this relay, and the outbox can wait.
    pub(super) fn goes_first(&self, claim: &Claim) -> bool {
        let mut kept = self.kept();
        kept.turn = kept.turn.wrapping_add(1);
        self.serves(claim) && !kept.turn.is_multiple_of(TURNS)
    }

    /// What is kept for the relay, as far as half of its lease is left: the rest waits in the outbox for the lease's end.
    pub(super) fn hand_out(&self, claim: &Claim, now: DateTime<Utc>) -> Vec<Claimed> {
        if !self.serves(claim) {
            return Vec::new();
        }
        let mut kept = self.kept();
        kept.messages.retain(|(_, until)| *until > now + self.lease / 2);
        let count = kept.messages.len().min(claim.max as usize);
        kept.messages.drain(..count).map(|(message, _)| Claimed { message, claims: 1 }).collect()
    }

    fn serves(&self, claim: &Claim) -> bool {
        claim.step.is_none() && claim.holder == self.holder
    }
}

/// New messages of a commit that nothing holds up: they are due, and if they have a lane they are the first in it, since it
/// is one of an order that begins with this commit.
fn unhindered(commit: &Commit) -> impl Iterator<Item = &Message> {
    let begun = commit.writes.iter().filter(|write| write.key.kind == Kind::Order && write.was == 0);
    let begun: BTreeSet<&str> = begun.map(|write| write.key.id.as_str()).collect();
    let again: BTreeSet<Uuid> = commit.unpark.iter().map(|(id, _)| *id).collect();
    let mut lanes = BTreeSet::new();
    commit.messages.iter().filter(move |message| {
        let first = message.lane.as_deref().is_none_or(|lane| {
            lanes.insert(lane) && lane.split_once('/').is_some_and(|(order, _)| begun.contains(order))
        });
        first && message.not_before.is_none() && message.attempt == 1 && !again.contains(&message.id)
    })
}
