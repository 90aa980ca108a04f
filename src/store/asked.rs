//! What a run of commits has to be decided on: the keys that an adapter looks up before it lets [`Facts`] decide.
//!
//! [`Facts`]: super::decide::Facts

use super::commit::{Commit, Key};
use super::prepare::Prepared;
use crate::order::message::Step;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Everything that the commits of a run name, those left out that can't be written anyway.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    /// Inbox keys of the messages that are consumed.
    pub consumed: Vec<(Uuid, Step, u32)>,
    pub effects: Vec<&'a str>,
    /// Aggregates that are written or required; each once, in the order in which they are to be locked.
    pub keys: BTreeSet<&'a Key>,
    /// Messages that are sent.
    pub messages: Vec<Uuid>,
    /// Messages whose intent is ended.
    pub fenced: Vec<Uuid>,
    pub unparked: Vec<Uuid>,
    /// The last event of each order that is written: its hash goes into the next.
    pub links: Vec<(Uuid, u64)>,
}

impl<'a> Asked<'a> {
    #[must_use]
    pub fn of(run: &'a [Prepared]) -> Self {
        let mut asked = Self::default();
        run.iter().filter(|it| it.refusal.is_none()).for_each(|it| asked.add(&it.commit));
        asked
    }

    fn add(&mut self, commit: &'a Commit) {
        if let Some(consumed) = &commit.consumes {
            let it = &consumed.message;
            self.consumed.push((it.id, it.step, it.attempt));
            self.fenced.extend(consumed.fence.map(|_| it.id));
        }
        self.effects.extend(commit.effects.iter().map(String::as_str));
        self.keys.extend(commit.requires.iter().map(|(key, _)| key));
        self.keys.extend(commit.writes.iter().map(|write| &write.key));
        self.messages.extend(commit.messages.iter().map(|message| message.id));
        self.unparked.extend(commit.unpark.iter().map(|(id, _)| *id));
        let orders = commit.writes.iter().filter(|write| write.key.kind.has_events() && write.was > 0);
        self.links.extend(orders.filter_map(|it| Some((Uuid::parse_str(&it.key.id).ok()?, it.was))));
    }
}
