//! What an audit compares: each chain with itself, an order's snapshot with the fold, the seals with both.

use super::commit::NewEvent;
use super::{Finding, Kind, Snapshot, chain};
use crate::order::Order;
use crate::order::ids::sha256_hex;
use chrono::NaiveDate;
use serde::de::IgnoredAny;
use std::collections::HashSet;
use uuid::Uuid;

/// One event as found: none where it can't be understood any more.
#[derive(Debug, Clone)]
pub struct Link {
    pub sequence: u64,
    pub hash: String,
    pub event: Option<NewEvent>,
}

/// Where an order's chain ended when it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub order_id: String,
    pub sequence: u64,
    pub hash: String,
}

/// How many combinations are tried to tell an event that was moved from one that was edited.
const TRIED: usize = 10_000;

/// The hash of a seal: over the one before (empty for the first), the day, and the heads in the order of their orders' ids.
#[must_use]
pub fn seal_hash(before: &str, day: NaiveDate, heads: &[Head]) -> String {
    let heads: Vec<_> = heads.iter().map(|head| (&head.order_id, head.sequence, &head.hash)).collect();
    sha256_hex(serde_json::json!([before, day, heads]).to_string().as_bytes())
}

/// Everything that is wrong with one order, or with the record of one table. `links` stand in the order of their sequences, `sealed` are its heads in seals.
#[must_use]
pub fn order(id: &str, snapshot: Option<&Snapshot>, links: &[Link], sealed: &[Head]) -> Vec<Finding> {
    let mut findings = chained(id, links);
    let whole = findings.is_empty();
    match snapshot {
        None if links.is_empty() => {}
        None => findings.push(finding(id, None, "missing")),
        Some(snapshot) => findings.extend(differs(id, snapshot, links, whole)),
    }
    let gone = snapshot.is_none() && links.is_empty();
    for finding in sealed.iter().filter_map(|head| unsealed(head, links, gone)) {
        if !findings.iter().any(|known| known.sequence == finding.sequence) {
            findings.push(finding);
        }
    }
    findings
}

fn finding(about: &str, sequence: Option<u64>, what: &str) -> Finding {
    Finding { about: about.to_owned(), sequence, what: what.to_owned() }
}

/// Gaps in the sequence, and links that do not hold.
fn chained(id: &str, links: &[Link]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut before = Some("");
    let mut expected = 1;
    for link in links {
        if link.sequence != expected {
            findings.push(finding(id, Some(expected), "missing"));
            // What the next one was hashed over is gone with it.
            before = None;
        }
        let holds = match (before, &link.event) {
            (Some(before), Some(event)) => chain(before, event) == link.hash,
            (None, Some(_)) => true,
            (Some(_) | None, None) => false,
        };
        if !holds {
            let what = if moved(link, links) { "reordered" } else { "edited" };
            findings.push(finding(id, Some(link.sequence), what));
        }
        before = Some(&link.hash);
        expected = link.sequence + 1;
    }
    findings
}

/// Whether the event is whole but was made for another place of this chain.
fn moved(link: &Link, links: &[Link]) -> bool {
    let Some(event) = &link.event else { return false };
    if links.len() * links.len() > TRIED {
        return false;
    }
    let hashes: HashSet<&str> = links.iter().map(|link| link.hash.as_str()).collect();
    let others = links.iter().filter(|other| other.sequence != link.sequence);
    let mut places = others.flat_map(|other| hashes.iter().map(move |before| (other.sequence, *before)));
    places.any(|(sequence, before)| {
        let before = if sequence == 1 { "" } else { before };
        hashes.contains(chain(before, &NewEvent { sequence, ..event.clone() }).as_str())
    })
}

fn differs(id: &str, snapshot: &Snapshot, links: &[Link], whole: bool) -> Option<Finding> {
    let last = links.last().map_or(0, |link| link.sequence);
    if snapshot.version > last {
        return Some(finding(id, Some(last + 1), "cut"));
    }
    let events = links.iter().filter_map(|link| link.event.as_ref()).map(|event| &event.event);
    let folded = || Uuid::parse_str(id).ok().and_then(|id| Order::fold(id, events).ok());
    let stored = || snapshot.body.read::<Order>().ok();
    let same = || folded().is_some_and(|folded| stored().is_some_and(|stored| folded == stored));
    // A chain that is broken can't be folded: that is said already. A record is its chain, and holds nothing beside it.
    let folds = !whole || snapshot.key.kind != Kind::Order || same();
    let right = snapshot.version == last && snapshot.body.read::<IgnoredAny>().is_ok() && folds;
    (!right).then(|| finding(id, None, "snapshot_differs"))
}

fn unsealed(head: &Head, links: &[Link], gone: bool) -> Option<Finding> {
    let what = match links.iter().find(|link| link.sequence == head.sequence) {
        Some(link) if link.hash == head.hash => return None,
        Some(_) => "edited",
        None if gone => return Some(finding(&head.order_id, None, "missing")),
        None if links.last().is_none_or(|last| last.sequence < head.sequence) => {
            let first = links.last().map_or(1, |last| last.sequence + 1);
            return Some(finding(&head.order_id, Some(first), "cut"));
        }
        None => "missing",
    };
    Some(finding(&head.order_id, Some(head.sequence), what))
}
