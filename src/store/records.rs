//! The rows that the winners of a run become, in every database alike; how they are written is the adapters' own.

use super::commit::{Answer, Commit, Consumed, Disposition, NewEvent, NewTimer, ReviewRow, Write};
use super::decide::Facts;
use super::prepare::{EventText, Prepared};
use crate::order::message::{Message, Step};
use std::borrow::Cow;
use uuid::Uuid;

/// One list for each kind of row, in the order in which the commits bring them.
#[derive(Debug, Default)]
pub struct Records<'a> {
    pub inbox: Vec<Inbox<'a>>,
    /// Key and cause.
    pub effects: Vec<(&'a str, Option<Uuid>)>,
    /// One aggregate may stand here several times.
    pub writes: Vec<&'a Write>,
    pub events: Vec<Linked<'a>>,
    pub unparked: Vec<Unparked<'a>>,
    /// For the outbox: new messages and next attempts.
    pub messages: Vec<Sent<'a>>,
    pub parked: Vec<(&'a Message, &'a str)>,
    /// Failed attempts: message, attempt, why.
    pub attempts: Vec<(Uuid, u32, &'a str)>,
    /// What is done with: message, attempt, word.
    pub done: Vec<(Uuid, u32, &'a str)>,
    /// What becomes of a held intent: message, fence (none = whichever is held), state.
    pub intents: Vec<(Uuid, Option<u64>, &'static str)>,
    pub reviews: Vec<&'a ReviewRow>,
    pub timers: Vec<&'a NewTimer>,
    pub cancelled: Vec<Uuid>,
}

/// A consumption.
#[derive(Debug)]
pub struct Inbox<'a> {
    pub id: Uuid,
    pub step: Step,
    pub attempt: u32,
    pub body_hash: &'a str,
    /// `done`, `retry`, `parked`.
    pub outcome: &'static str,
    pub word: &'a str,
}

/// An event with its texts and its hash.
#[derive(Debug)]
pub struct Linked<'a> {
    pub event: &'a NewEvent,
    pub text: &'a EventText,
    pub hash: String,
}

/// A message that leaves the parking.
#[derive(Debug)]
pub struct Unparked<'a> {
    pub id: Uuid,
    /// `replayed` or `discarded`.
    pub word: &'static str,
    pub why: &'a str,
}

/// A message with the text of its body.
#[derive(Debug)]
pub struct Sent<'a> {
    pub message: Cow<'a, Message>,
    pub body: &'a str,
}

const ALREADY_DONE: &str = "already_done";

impl Facts {
    /// Decides a run in order and says what is to be written. An error: an order stands without the event that the next
    /// one is to be linked to, and a later commit may rest on it, so that nothing of the run can be written as it is.
    pub fn settle<'a>(&mut self, run: &'a [Prepared]) -> Result<(Vec<Answer>, Records<'a>), String> {
        let answers: Vec<Answer> = run.iter().map(|prepared| self.decide(prepared)).collect();
        let mut records = Records::default();
        for (prepared, answer) in run.iter().zip(&answers) {
            match answer {
                Answer::Done => {
                    self.link(prepared, &mut records)?;
                    records.add(prepared);
                }
                Answer::AlreadyDone { .. } => records.add_already_done(prepared),
                Answer::Duplicate
                | Answer::OtherBody
                | Answer::Lost { .. }
                | Answer::Fenced
                | Answer::Refused { .. } => {}
            }
        }
        Ok((answers, records))
    }

    fn link<'a>(&mut self, prepared: &'a Prepared, records: &mut Records<'a>) -> Result<(), String> {
        for (event, text) in prepared.commit.events.iter().zip(&prepared.texts.events) {
            let (id, sequence) = (event.order_id, event.sequence);
            let before = match sequence {
                1 => "",
                _ => self
                    .links
                    .get(&(id, sequence - 1))
                    .ok_or_else(|| format!("order {id} has no event {} to go on from", sequence - 1))?,
            };
            let hash = text.hash(before);
            self.links.insert((id, sequence), hash.clone());
            records.events.push(Linked { event, text, hash });
        }
        Ok(())
    }
}

impl<'a> Records<'a> {
    /// A commit that won.
    fn add(&mut self, prepared: &'a Prepared) {
        let commit = &prepared.commit;
        if let Some(consumed) = &commit.consumes {
            self.consume(consumed, Some(&consumed.disposition), prepared);
        }
        let cause = commit.consumes.as_ref().map(|consumed| consumed.message.id);
        self.effects.extend(commit.effects.iter().map(|effect| (effect.as_str(), cause)));
        self.writes.extend(&commit.writes);
        self.unparked.extend(commit.unpark.iter().map(|(id, why)| Unparked {
            id: *id,
            word: way_out(commit, *id),
            why,
        }));
        let messages = commit.messages.iter().zip(&prepared.texts.messages);
        self.messages.extend(messages.map(|(it, body)| Sent { message: Cow::Borrowed(it), body }));
        self.cancelled.extend(&commit.cancel_timers);
        self.timers.extend(&commit.timers);
        self.reviews.extend(&commit.reviews);
    }

    /// A commit whose effect stood already: its message is consumed, and that is all.
    fn add_already_done(&mut self, prepared: &'a Prepared) {
        if let Some(consumed) = &prepared.commit.consumes {
            self.consume(consumed, None, prepared);
        }
    }

    /// Without a disposition it was done already.
    fn consume(
        &mut self,
        consumed: &'a Consumed,
        disposition: Option<&'a Disposition>,
        prepared: &'a Prepared,
    ) {
        let it = &consumed.message;
        let (outcome, word, intent) = match disposition {
            None => self.done(it, ALREADY_DONE),
            Some(Disposition::Done { what }) => self.done(it, what),
            Some(Disposition::Retry { why, not_before }) => {
                self.attempts.push((it.id, it.attempt, why));
                let attempt = it.attempt.saturating_add(1);
                let next = Message { attempt, not_before: Some(*not_before), ..it.clone() };
                self.messages.push(Sent { message: Cow::Owned(next), body: &prepared.texts.consumed });
                ("retry", "retry", "free")
            }
            Some(Disposition::Park { why }) => {
                self.attempts.push((it.id, it.attempt, why));
                self.parked.push((it, why));
                ("parked", "parked", "free")
            }
        };
        let body_hash = &prepared.body_hash;
        self.inbox.push(Inbox { id: it.id, step: it.step, attempt: it.attempt, body_hash, outcome, word });
        // Only an outlet can leave its effect in doubt; of any other step the outcome ends whatever was held.
        if consumed.fence.is_some() || it.step != Step::Deliver {
            self.intents.push((it.id, consumed.fence, intent));
        }
    }

    fn done(&mut self, message: &Message, word: &'a str) -> (&'static str, &'a str, &'static str) {
        self.done.push((message.id, message.attempt, word));
        ("done", word, if word == "unsure" { "unsure" } else { "finished" })
    }
}

/// What becomes of a parked message: replayed when its next attempt is sent by the same commit.
fn way_out(commit: &Commit, id: Uuid) -> &'static str {
    let replayed = commit.messages.iter().any(|message| message.id == id);
    if replayed { "replayed" } else { "discarded" }
}
