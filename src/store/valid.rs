//! What no database may be asked to write: refused before it sees it, in every adapter alike.

use super::commit::{Commit, Disposition, Kind, Write};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use uuid::Uuid;

/// Why this commit can't be written, whatever stands in the store; none when it can. The texts that it writes are checked
/// where they are made (`prepare`).
#[must_use]
pub fn refusal(commit: &Commit) -> Option<String> {
    check(commit).err()
}

fn check(commit: &Commit) -> Result<(), String> {
    consumption(commit)?;
    messages(commit)?;
    for write in &commit.writes {
        versions(write)?;
        index(write)?;
    }
    once("aggregate", commit.writes.iter().map(|write| &write.key.id).zip(kinds(commit)))?;
    once("effect", commit.effects.iter())?;
    commit.effects.iter().try_for_each(|effect| text("an effect key", effect))?;
    chains(commit)?;
    commit.reviews.iter().try_for_each(|review| json("a review", review))?;
    commit.unpark.iter().try_for_each(|(_, why)| text("a reason", why))?;
    once("unparked message", commit.unpark.iter().map(|(id, _)| id))
}

fn kinds(commit: &Commit) -> impl Iterator<Item = Kind> {
    commit.writes.iter().map(|write| write.key.kind)
}

fn consumption(commit: &Commit) -> Result<(), String> {
    let Some(consumed) = &commit.consumes else { return Ok(()) };
    if consumed.message.attempt == 0 {
        return Err("attempts count from 1".to_owned());
    }
    if consumed.fence.is_some_and(|fence| i64::try_from(fence).is_err()) {
        return Err("a fence is too great".to_owned());
    }
    text("a lane", consumed.message.lane.as_deref().unwrap_or_default())?;
    match &consumed.disposition {
        Disposition::Done { what } => text("the outcome", what),
        Disposition::Retry { why, .. } | Disposition::Park { why } => text("the reason", why),
    }
}

fn messages(commit: &Commit) -> Result<(), String> {
    for message in &commit.messages {
        if message.attempt == 0 {
            return Err("attempts count from 1".to_owned());
        }
        text("a lane", message.lane.as_deref().unwrap_or_default())?;
    }
    let consumed = commit.consumes.as_ref().map(|consumed| consumed.message.id);
    if commit.messages.iter().any(|message| Some(message.id) == consumed) {
        return Err("a message can't bring about itself".to_owned());
    }
    if commit.unpark.iter().any(|(id, _)| Some(*id) == consumed) {
        return Err("a message can't be consumed and unparked at once".to_owned());
    }
    once("message", commit.messages.iter().map(|message| message.id))
}

fn versions(write: &Write) -> Result<(), String> {
    if write.now > write.was && i64::try_from(write.now).is_ok() {
        Ok(())
    } else {
        Err(format!("{}: version {} can't follow {}", name(write), write.now, write.was))
    }
}

fn index(write: &Write) -> Result<(), String> {
    let index = &write.index;
    let columns = [&index.status, &index.customer, &index.number, &index.po_number, &index.parent];
    columns.into_iter().flatten().try_for_each(|column| text("an index column", column))?;
    text("an id", &write.key.id)?;
    if write.key.id.is_empty() { Err("an id is empty".to_owned()) } else { Ok(()) }
}

/// The events of an order or a record lead from the version it had to the version it has, one by one, and only together
/// with it.
fn chains(commit: &Commit) -> Result<(), String> {
    let mut sequences: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for event in &commit.events {
        sequences.entry(event.order_id.to_string()).or_default().push(event.sequence);
    }
    for write in commit.writes.iter().filter(|write| write.key.kind.has_events()) {
        Uuid::parse_str(&write.key.id).map_err(|_| format!("{} is not a UUID", name(write)))?;
        let given = sequences.remove(&write.key.id).unwrap_or_default();
        if write.now - write.was != given.len() as u64 || !given.iter().copied().eq(write.was + 1..=write.now)
        {
            return Err(format!(
                "{}: its events {given:?} do not lead from version {} to {}",
                name(write),
                write.was,
                write.now
            ));
        }
    }
    match sequences.first_key_value() {
        None => Ok(()),
        Some((order, _)) => Err(format!("events of order {order} come without the order")),
    }
}

fn name(write: &Write) -> String {
    format!("{} {}", write.key.kind.as_str(), write.key.id)
}

fn once<T: Ord + Hash>(what: &str, items: impl Iterator<Item = T>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for item in items {
        if !seen.insert(item) {
            return Err(format!("one {what} stands twice in the commit"));
        }
    }
    Ok(())
}

fn text(what: &str, text: &str) -> Result<(), String> {
    if text.contains('\0') { Err(format!("{what} holds a NUL character")) } else { Ok(()) }
}

fn json<T: serde::Serialize>(what: &str, value: &T) -> Result<(), String> {
    let text = serde_json::to_string(value).map_err(|error| format!("{what} is no JSON: {error}"))?;
    whole(what, text).map(drop)
}

/// A JSON text that a database can hold.
pub(super) fn whole(what: &str, json: String) -> Result<String, String> {
    holdable(what, &json).map(|()| json)
}

/// Whether a database can hold a JSON text.
pub(super) fn holdable(what: &str, json: &str) -> Result<(), String> {
    if has_nul(json) { Err(format!("{what} holds a NUL character")) } else { Ok(()) }
}

/// Whether a JSON text holds an escaped NUL: `\u0000` whose backslash is not itself escaped.
#[must_use]
pub fn has_nul(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(at, _)| {
        let before = json[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        before % 2 == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_found_and_a_backslash_is_not_taken_for_one() {
        let json = |text: &str| serde_json::to_string(text).unwrap();
        assert!(has_nul(&json("a\0b")));
        assert!(has_nul(&json("\\\0")));
        assert!(!has_nul(&json("\\u0000")));
    }
}
