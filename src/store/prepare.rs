//! A commit with its JSON texts, each made once and outside any transaction: the writer's lock is held for less.

use super::commit::{Commit, NewEvent};
use super::valid;
use crate::order::ids::sha256_hex;
use serde::Serialize;
use std::sync::Arc;

/// A commit ready to be decided and written.
#[derive(Debug)]
pub struct Prepared {
    pub commit: Arc<Commit>,
    /// Hash of the consumed message's body; empty when there is none.
    pub body_hash: String,
    /// Why it can't be written, whatever stands in the store.
    pub refusal: Option<String>,
    pub texts: Texts,
}

/// The JSON of what a commit writes, in the order in which it stands in the commit.
#[derive(Debug, Default)]
pub struct Texts {
    /// Body of the consumed message.
    pub consumed: String,
    pub messages: Vec<String>,
    pub events: Vec<EventText>,
}

/// The JSON of an event.
#[derive(Debug)]
pub struct EventText {
    pub actor: String,
    pub event: String,
    /// Everything that is hashed but the hash before.
    pub link: String,
}

impl Prepared {
    #[must_use]
    pub fn new(commit: Arc<Commit>) -> Self {
        let checked = valid::refusal(&commit).map_or(Ok(()), Err);
        let (texts, refusal) = match checked.and_then(|()| Texts::of(&commit)) {
            Ok(texts) => (texts, None),
            Err(why) => (Texts::default(), Some(why)),
        };
        let consumed = commit.consumes.is_some() && refusal.is_none();
        let body_hash = if consumed { sha256_hex(texts.consumed.as_bytes()) } else { String::new() };
        Self { body_hash, refusal, texts, commit }
    }
}

impl Texts {
    /// The texts, unless one of them can't be stored.
    pub fn of(commit: &Commit) -> Result<Self, String> {
        let consumed = commit.consumes.as_ref().map(|it| json("a message", &it.message.body)).transpose()?;
        commit.writes.iter().try_for_each(|it| valid::holdable("a body", it.body.text()))?;
        let messages = commit.messages.iter().map(|it| json("a message", &it.body));
        Ok(Self {
            consumed: consumed.unwrap_or_default(),
            messages: messages.collect::<Result<_, _>>()?,
            events: commit.events.iter().map(EventText::of).collect::<Result<_, _>>()?,
        })
    }
}

impl EventText {
    fn of(event: &NewEvent) -> Result<Self, String> {
        let actor = canonical("an actor", &event.actor)?;
        let text = canonical("an event", &event.event)?;
        let at = event.at.timestamp_micros();
        let (order, sequence, cause) = (event.order_id, event.sequence, event.cause);
        let link = format!(r#""{order}",{sequence},{at},{actor},"{cause}",{text}"#);
        Ok(Self { actor, event: text, link })
    }

    /// The event's hash, given the one before it.
    #[must_use]
    pub fn hash(&self, before: &str) -> String {
        sha256_hex(format!(r#"["{before}",{}]"#, self.link).as_bytes())
    }
}

/// The link of an event in its chain: SHA-256 over the hash before it (lower-case hex; empty for the first) and the
/// event, as one JSON array without spaces, the keys of its objects sorted. Empty for an event that is no JSON.
#[must_use]
pub fn chain(before: &str, event: &NewEvent) -> String {
    EventText::of(event).map(|text| text.hash(before)).unwrap_or_default()
}

/// JSON with sorted keys, so that a struct's fields may change places.
fn canonical<T: Serialize>(what: &str, value: &T) -> Result<String, String> {
    let value = serde_json::to_value(value).map_err(|error| format!("{what} is no JSON: {error}"))?;
    valid::whole(what, value.to_string())
}

fn json<T: Serialize>(what: &str, value: &T) -> Result<String, String> {
    let text = serde_json::to_string(value).map_err(|error| format!("{what} is no JSON: {error}"))?;
    valid::whole(what, text)
}
