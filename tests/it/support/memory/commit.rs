//! The write path of the in-memory store: one commit after the other.

use super::state::{At, Holding, InboxRow, IntentRow, Outcome, ParkedRow, State, TimerState};
use chrono::{DateTime, Utc};
use gendan::order::message::{Message, Step};
use gendan::store::prepare::Texts;
use gendan::store::{
    Answer, Commit, Consumed, Disposition, Key, Kind, NewEvent, Snapshot, StoredEvent, Write, chain, valid,
};

impl State {
    pub(super) fn commit(&mut self, commit: &Commit, now: DateTime<Utc>) -> Answer {
        if let Some(why) = valid::refusal(commit).or_else(|| Texts::of(commit).err()) {
            return Answer::Refused { why };
        }
        if let Some(answer) = self.stale(commit) {
            return answer;
        }
        if let Some(effect) = self.standing(commit) {
            if let Some(consumed) = &commit.consumes {
                self.consume(consumed, &Disposition::Done { what: "already_done".to_owned() }, now);
            }
            return Answer::AlreadyDone { effect };
        }
        if let Some(key) = self.changed(commit) {
            return Answer::Lost { key };
        }
        if let Some(why) = self.unsendable(commit).or_else(|| self.unnumberable(commit)) {
            return Answer::Refused { why };
        }
        self.write(commit, now);
        Answer::Done
    }

    fn stale(&self, commit: &Commit) -> Option<Answer> {
        let Consumed { message, fence, .. } = commit.consumes.as_ref()?;
        if let Some(row) = self.inbox.get(&(message.id, message.step, message.attempt)) {
            let same = row.body_hash == message.body_hash();
            return Some(if same { Answer::Duplicate } else { Answer::OtherBody });
        }
        let attempts =
            self.inbox.keys().filter(|(id, _, _)| *id == message.id).map(|(_, _, attempt)| *attempt);
        let latest = attempts.chain(self.outbox.get(&message.id).map(|row| row.message.attempt)).max();
        if latest.is_some_and(|latest| latest > message.attempt) && !self.faults.forget_inbox {
            return Some(Answer::Duplicate);
        }
        let fence = fence.filter(|_| !self.faults.ignore_fence)?;
        let held = self.intents.get(&message.id).filter(|intent| intent.state == Holding::Held);
        (held.map(|intent| intent.fence) != Some(fence)).then_some(Answer::Fenced)
    }

    fn standing(&self, commit: &Commit) -> Option<String> {
        let out = commit.unpark.iter().find(|(id, _)| self.parked_row(*id).is_none());
        let unparked = out.map(|(id, _)| format!("unparked {id}"));
        let effects = || commit.effects.iter().find(|effect| self.effects.contains(*effect)).cloned();
        unparked.or_else(|| effects().filter(|_| !self.faults.ignore_effects))
    }

    fn changed(&self, commit: &Commit) -> Option<Key> {
        if self.faults.ignore_versions {
            return None;
        }
        let required = commit.requires.iter().map(|(key, version)| (key, *version));
        let written = commit.writes.iter().map(|write| (&write.key, write.was));
        let version = |key: &Key| self.aggregates.get(key).map_or(0, |it| it.version);
        let same = |stands: u64, was: u64| {
            // A figure's version: a count above 35 bits of digest (`runtime::ahead`).
            let counts = (stands >> 35, was >> 35);
            stands == was || self.faults.count_versions && counts.0 > 0 && counts.0 == counts.1
        };
        required.chain(written).find(|(key, was)| !same(version(key), *was)).map(|(key, _)| key.clone())
    }

    fn unsendable(&self, commit: &Commit) -> Option<String> {
        commit.messages.iter().find_map(|message| {
            let id = message.id;
            let replayed = commit.unpark.iter().any(|(unparked, _)| *unparked == id);
            let next = if replayed {
                self.parked_row(id).map(|row| row.message.attempt + 1)
            } else if let Some(row) = self.outbox.get(&id) {
                let unsure = matches!(&row.at, At::Done { word, .. } if word == "unsure");
                if !unsure {
                    return Some(format!("message {id} stands in the outbox already"));
                }
                Some(row.message.attempt + 1)
            } else {
                let consumed = self.inbox.keys().any(|(known, _, _)| *known == id);
                let known =
                    consumed || self.gone.contains(&id) || self.parked.iter().any(|row| row.message.id == id);
                return known.then(|| format!("message {id} was consumed before"));
            };
            (next != Some(message.attempt)).then(|| format!("message {id} must be attempt {next:?}"))
        })
    }

    fn unnumberable(&self, commit: &Commit) -> Option<String> {
        let numbered = commit.writes.iter().filter(|write| write.key.kind == Kind::Order);
        let mut given =
            numbered.filter_map(|write| Some((self.numbers.get(write.index.number.as_ref()?)?, &write.key)));
        given
            .find(|(bearer, key)| bearer != key)
            .map(|(bearer, _)| format!("order {} has this number", bearer.id))
    }

    fn write(&mut self, commit: &Commit, now: DateTime<Utc>) {
        self.commits += 1;
        let (records, messages) = match self.faults.tear_commits {
            true => (self.commits.is_multiple_of(2), !self.commits.is_multiple_of(2)),
            false => (true, true),
        };
        if let Some(consumed) = &commit.consumes {
            self.consume(consumed, &consumed.disposition, now);
        }
        self.effects.extend(commit.effects.iter().cloned());
        if records {
            commit.writes.iter().for_each(|write| self.aggregate(write, now));
            commit.events.iter().for_each(|event| self.append(event));
        }
        for (id, _) in &commit.unpark {
            self.unpark(*id, commit.messages.iter().any(|message| message.id == *id), now);
        }
        if messages {
            commit.messages.iter().for_each(|message| self.put(message, now));
        }
        self.reviews.extend(commit.reviews.iter().map(|row| (row.id, row.clone())));
        for timer in commit.timers.iter().filter(|timer| !self.gone.contains(&timer.id)) {
            self.timers.entry(timer.id).or_insert_with(|| (timer.clone(), TimerState::Set));
        }
        for id in &commit.cancel_timers {
            if let Some((_, state @ TimerState::Set)) = self.timers.get_mut(id) {
                *state = TimerState::Cancelled;
            }
        }
    }

    fn aggregate(&mut self, write: &Write, now: DateTime<Utc>) {
        if let Some(number) = write.index.number.as_ref().filter(|_| write.key.kind == Kind::Order) {
            self.numbers.insert(number.clone(), write.key.clone());
        }
        let snapshot = Snapshot {
            key: write.key.clone(),
            version: write.now,
            body: write.body.clone(),
            index: write.index.clone(),
            at: now,
        };
        self.aggregates.insert(write.key.clone(), snapshot);
    }

    fn append(&mut self, event: &NewEvent) {
        let events = self.events.entry(event.order_id).or_default();
        let hash = chain(events.last().map_or("", |last| &last.hash), event);
        let it = event.clone();
        events.push(StoredEvent {
            order_id: it.order_id,
            sequence: it.sequence,
            at: it.at,
            actor: it.actor,
            cause: it.cause,
            event: it.event,
            hash,
        });
    }

    fn unpark(&mut self, id: uuid::Uuid, replayed: bool, now: DateTime<Utc>) {
        let open = self.parked.iter_mut().find(|row| row.message.id == id && row.out.is_none());
        if let Some(row) = open {
            row.out = Some(if replayed { "replayed" } else { "discarded" });
        }
        if let Some(row) = self.outbox.get_mut(&id).filter(|_| !replayed) {
            row.at = At::Done { word: "discarded".to_owned(), at: now };
        }
    }

    fn consume(&mut self, consumed: &Consumed, disposition: &Disposition, now: DateTime<Utc>) {
        let message = &consumed.message;
        let overtaken = |it: &Message| it.id == message.id && it.attempt <= message.attempt;
        for row in self.parked.iter_mut().filter(|row| row.out.is_none() && overtaken(&row.message)) {
            row.out = Some("delivered");
        }
        let (outcome, word, holding) = match disposition {
            Disposition::Done { what } => {
                if let Some(row) = self.row(message.id, message.attempt) {
                    row.at = At::Done { word: what.clone(), at: now };
                }
                let unsure = what == "unsure";
                (Outcome::Done, what.as_str(), if unsure { Holding::Unsure } else { Holding::Finished })
            }
            Disposition::Retry { why, not_before } => {
                self.note_attempt(message, why, now);
                self.again(message, *not_before, now);
                (Outcome::Retry, "retry", Holding::Free)
            }
            Disposition::Park { why } => {
                self.note_attempt(message, why, now);
                self.park(message, why, now);
                (Outcome::Parked, "parked", Holding::Free)
            }
        };
        let ends = |intent: &&mut IntentRow| match consumed.fence {
            Some(fence) => intent.fence == fence || self.faults.ignore_fence,
            None => message.step != Step::Deliver,
        };
        let held = self.intents.get_mut(&message.id).filter(|intent| intent.state == Holding::Held);
        if let Some(intent) = held.filter(ends) {
            intent.state = holding;
        }
        let row = InboxRow { body_hash: message.body_hash(), at: now, outcome, word: word.to_owned() };
        if !self.faults.forget_inbox {
            self.gone.remove(&message.id);
            self.inbox.insert((message.id, message.step, message.attempt), row);
        }
    }

    fn again(&mut self, message: &Message, not_before: DateTime<Utc>, now: DateTime<Utc>) {
        if self.faults.lose_retry {
            if let Some(row) = self.row(message.id, message.attempt) {
                row.at = At::Done { word: "retry".to_owned(), at: now };
            }
            return;
        }
        let attempt = message.attempt + 1;
        self.put(&Message { attempt, not_before: Some(not_before), ..message.clone() }, now);
    }

    fn park(&mut self, message: &Message, why: &str, now: DateTime<Utc>) {
        let row = ParkedRow { message: message.clone(), why: why.to_owned(), at: now, out: None };
        self.parked.retain(|it| !(it.message.id == message.id && it.message.attempt == message.attempt));
        self.parked.push(row);
        if let Some(row) = self.row(message.id, message.attempt) {
            row.at = At::Parked;
        }
    }
}
