//! Decides a batch in order, in memory: what becomes of each commit, given what stands in the database.

use super::commit::{Answer, Commit, Disposition, Key};
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

/// What stands in the database about everything that a batch names; commits that win are added as they are decided.
#[derive(Debug, Default)]
pub struct Facts {
    /// Body hash by inbox key.
    pub inbox: HashMap<(Uuid, Step, u32), String>,
    pub effects: HashSet<String>,
    /// Version of each aggregate that exists.
    pub versions: BTreeMap<Key, u64>,
    pub outbox: HashMap<Uuid, Standing>,
    /// Done and pruned.
    pub gone: HashSet<Uuid>,
    /// Fence of each intent that is held.
    pub fences: HashMap<Uuid, u64>,
    /// Attempt at which a message is parked.
    pub parked: HashMap<Uuid, u32>,
}

/// A commit with what can be told of it before any transaction.
#[derive(Debug)]
pub struct Prepared {
    pub commit: Commit,
    /// Hash of the consumed message's body; empty when there is none.
    pub body_hash: String,
    pub refusal: Option<String>,
}

impl Prepared {
    #[must_use]
    pub fn new(commit: Commit) -> Self {
        let body_hash = commit.consumes.as_ref().map(|it| it.message.body_hash()).unwrap_or_default();
        Self { body_hash, refusal: super::valid::refusal(&commit), commit }
    }
}

impl Facts {
    /// Decides one commit, and takes it in when it wins.
    pub fn decide(&mut self, prepared: &Prepared) -> Answer {
        let answer = self.judge(prepared).err().unwrap_or(Answer::Done);
        match &answer {
            Answer::Done => self.take_in(prepared),
            Answer::AlreadyDone { .. } => self.note(prepared),
            Answer::Duplicate
            | Answer::OtherBody
            | Answer::Lost { .. }
            | Answer::Fenced
            | Answer::Refused { .. } => {}
        }
        answer
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
            None if self.gone.contains(&id) => refused(format!("message {id} was done before")),
            None => Ok(()),
        }
    }

    fn take_in(&mut self, prepared: &Prepared) {
        let commit = &prepared.commit;
        self.consume(prepared);
        self.effects.extend(commit.effects.iter().cloned());
        self.versions.extend(commit.writes.iter().map(|write| (write.key.clone(), write.now)));
        for (id, _) in &commit.unpark {
            self.parked.remove(id);
        }
        for message in &commit.messages {
            self.outbox.insert(message.id, Standing { attempt: message.attempt, unsure: false });
        }
    }

    /// The inbox row, and the end of the intent.
    fn note(&mut self, prepared: &Prepared) {
        let Some(consumed) = &prepared.commit.consumes else { return };
        let message = &consumed.message;
        self.inbox.insert((message.id, message.step, message.attempt), prepared.body_hash.clone());
        self.fences.remove(&message.id);
    }

    fn consume(&mut self, prepared: &Prepared) {
        self.note(prepared);
        let Some(consumed) = &prepared.commit.consumes else { return };
        let message = &consumed.message;
        match &consumed.disposition {
            Disposition::Retry { .. } => {
                let attempt = message.attempt.saturating_add(1);
                self.outbox.insert(message.id, Standing { attempt, unsure: false });
            }
            Disposition::Park { .. } => {
                self.parked.insert(message.id, message.attempt);
            }
            Disposition::Done { .. } => {}
        }
    }
}
