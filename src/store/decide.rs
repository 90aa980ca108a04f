//! Decides a batch in order, in memory: what becomes of each commit, given what stands in the database.

use super::commit::{Answer, Commit, Key};
use super::prepare::Prepared;
use crate::order::message::{Message, Step};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// The row of a message in the outbox, as far as it decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub attempt: u32,
    /// Its effect may or may not have happened: a person may send it once more.
    pub unsure: bool,
}

/// What stands in the database about everything that a run of commits names; what wins is added as it is decided.
#[derive(Debug, Default)]
pub struct Facts {
    /// Body hash by inbox key.
    pub inbox: HashMap<(Uuid, Step, u32), String>,
    /// The latest attempt of each consumed message that anything knows of.
    pub latest: HashMap<Uuid, u32>,
    pub effects: HashSet<String>,
    /// Version of each aggregate that exists.
    pub versions: BTreeMap<Key, u64>,
    pub outbox: HashMap<Uuid, Standing>,
    /// Consumed or parked without ever having stood in the outbox, or done and pruned.
    pub known: HashSet<Uuid>,
    /// Fence of each intent that is held.
    pub fences: HashMap<Uuid, u64>,
    /// Attempt at which a message is parked.
    pub parked: HashMap<Uuid, u32>,
    /// Hash of the last event of each order that is written, by the sequence at which it stands.
    pub links: HashMap<(Uuid, u64), String>,
}

impl Facts {
    /// Decides one commit, and takes it in when it wins.
    pub fn decide(&mut self, prepared: &Prepared) -> Answer {
        match self.judge(prepared) {
            Ok(()) => {
                self.take_in(&prepared.commit);
                Answer::Done
            }
            Err(answer) => answer,
        }
    }

    fn judge(&self, prepared: &Prepared) -> Result<(), Answer> {
        let commit = &prepared.commit;
        if let Some(why) = &prepared.refusal {
            return Err(Answer::Refused { why: why.clone() });
        }
        self.consumption(prepared)?;
        if let Some((id, _)) = commit.unpark.iter().find(|(id, _)| !self.parked.contains_key(id)) {
            return Err(Answer::AlreadyDone { effect: format!("unparked {id}") });
        }
        if let Some(effect) = commit.effects.iter().find(|effect| self.effects.contains(*effect)) {
            return Err(Answer::AlreadyDone { effect: effect.clone() });
        }
        let required = commit.requires.iter().map(|(key, version)| (key, *version));
        let written = commit.writes.iter().map(|write| (&write.key, write.was));
        for (key, was) in required.chain(written) {
            if self.versions.get(key).copied().unwrap_or(0) != was {
                return Err(Answer::Lost { key: key.clone() });
            }
        }
        commit.messages.iter().try_for_each(|message| self.sendable(commit, message))
    }

    fn consumption(&self, prepared: &Prepared) -> Result<(), Answer> {
        let Some(consumed) = &prepared.commit.consumes else { return Ok(()) };
        let message = &consumed.message;
        match self.inbox.get(&(message.id, message.step, message.attempt)) {
            Some(hash) if *hash == prepared.body_hash => return Err(Answer::Duplicate),
            Some(_) => return Err(Answer::OtherBody),
            // A later attempt took this one's place.
            None if self.latest.get(&message.id).is_some_and(|latest| *latest > message.attempt) => {
                return Err(Answer::Duplicate);
            }
            None => {}
        }
        match consumed.fence {
            Some(fence) if self.fences.get(&message.id) != Some(&fence) => Err(Answer::Fenced),
            Some(_) | None => Ok(()),
        }
    }

    /// A message's id is new, or it is the next attempt of one that is parked or unsure.
    fn sendable(&self, commit: &Commit, message: &Message) -> Result<(), Answer> {
        let id = message.id;
        let refused = |why: String| Err(Answer::Refused { why });
        if commit.unpark.iter().any(|(unparked, _)| *unparked == id) {
            let next = self.parked.get(&id).map_or(1, |attempt| attempt.saturating_add(1));
            return if message.attempt == next {
                Ok(())
            } else {
                refused(format!("message {id} is replayed as attempt {}, and not {next}", message.attempt))
            };
        }
        match self.outbox.get(&id) {
            Some(row) if row.unsure && message.attempt == row.attempt.saturating_add(1) => Ok(()),
            Some(_) => refused(format!("message {id} stands in the outbox already")),
            None if self.known.contains(&id) => refused(format!("message {id} was consumed before")),
            None => Ok(()),
        }
    }

    /// What later commits of the run may rest on. Messages are not among it: no other commit names the same.
    fn take_in(&mut self, commit: &Commit) {
        self.effects.extend(commit.effects.iter().cloned());
        self.versions.extend(commit.writes.iter().map(|write| (write.key.clone(), write.now)));
    }
}

/// Cuts a batch into runs, in order, so that within a run no two commits name the same message or timer: only then may
/// each kind of row be written for the whole run at once. Nearly always there is one run.
pub fn runs(batch: &[Prepared]) -> impl Iterator<Item = &[Prepared]> {
    let mut rest = batch;
    std::iter::from_fn(move || {
        let (run, after) = rest.split_at(first_run(rest));
        rest = after;
        (!run.is_empty()).then_some(run)
    })
}

fn first_run(batch: &[Prepared]) -> usize {
    let mut seen = HashSet::new();
    for (at, prepared) in batch.iter().enumerate() {
        let ids: HashSet<Uuid> = named(&prepared.commit).collect();
        if !seen.is_disjoint(&ids) {
            return at;
        }
        seen.extend(ids);
    }
    batch.len()
}

/// All messages and timers that a commit has to do with.
fn named(commit: &Commit) -> impl Iterator<Item = Uuid> {
    let consumed = commit.consumes.iter().map(|consumed| consumed.message.id);
    let sent = commit.messages.iter().map(|message| message.id);
    let unparked = commit.unpark.iter().map(|(id, _)| *id);
    let timers = commit.timers.iter().map(|timer| timer.id).chain(commit.cancel_timers.iter().copied());
    consumed.chain(sent).chain(unparked).chain(timers)
}
