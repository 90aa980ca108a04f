//! What this process has handed over to be written, seen by its steps as if it stood already.
//!
//! Orders that come at the same moment meet at the same stock and the same customer. If each looked at what is committed, a
//! batch would hold one order for each product, and all the others would be computed again and again. So an order that
//! comes after another is computed on what that one is about to write, and goes into the same batch behind it.
//!
//! Nothing rests on this: a commit names the versions that it was computed from. Where the one before it is not written, it
//! loses and is computed again.

use crate::store::{Answer, Commit, Key, Kind, Snapshot, Write};
use chrono::DateTime;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Written aggregates that are kept for those whose load was on its way meanwhile.
const KEPT: usize = 1_024;

/// Clones share it.
#[derive(Clone, Default)]
pub struct Ahead(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    latest: HashMap<Key, Write>,
    /// Aggregates that stand by now, the oldest first.
    written: VecDeque<(Key, u64)>,
}

impl Ahead {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a commit that goes to the writer now.
    pub(super) fn hand_over(&self, commit: &Commit) {
        let shared = commit.writes.iter().filter(|write| is_shared(write.key.kind));
        let writes = shared.map(|write| (write.key.clone(), write.clone()));
        self.state().latest.extend(writes);
    }

    /// Takes note of the writer's answer.
    pub(super) fn answered(&self, commit: &Commit, answer: &Answer) {
        let mut state = self.state();
        if let Answer::Lost { key } = answer {
            state.latest.remove(key);
        }
        for write in &commit.writes {
            if *answer == Answer::Done {
                state.written.push_back((write.key.clone(), write.now));
            } else {
                // Whoever was computed on it will lose too.
                state.forget(&write.key, |version| version >= write.now);
            }
        }
        while state.written.len() > KEPT {
            if let Some((key, written)) = state.written.pop_front() {
                state.forget(&key, |version| version == written);
            }
        }
    }

    /// Puts what is newer here in the place of what was loaded. To be called when nothing is waited for any more.
    pub(super) fn over(&self, keys: &[Key], loaded: &mut [Option<Snapshot>]) {
        let state = self.state();
        for (key, loaded) in keys.iter().zip(loaded) {
            let version = loaded.as_ref().map_or(0, |it| it.version);
            if let Some(newer) = state.latest.get(key).filter(|it| it.now > version) {
                // No step asks when an aggregate was written.
                let at = loaded.as_ref().map_or(DateTime::UNIX_EPOCH, |it| it.at);
                let Write { key, now: version, body, index, .. } = newer.clone();
                *loaded = Some(Snapshot { key, version, body, index, at });
            }
        }
    }
}

/// What several orders look at; the rest belongs to one message alone, or is large.
const fn is_shared(kind: Kind) -> bool {
    match kind {
        Kind::Order | Kind::Party | Kind::Credit | Kind::Stock | Kind::Counter => true,
        Kind::Document | Kind::Part | Kind::Master | Kind::Mailbox => false,
    }
}

impl State {
    fn forget(&mut self, key: &Key, which: impl Fn(u64) -> bool) {
        if self.latest.get(key).is_some_and(|it| which(it.now)) {
            self.latest.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Index, Json};

    fn key() -> Key {
        Key::new(Kind::Stock, "LB-1")
    }

    fn commit(was: u64, now: u64) -> Commit {
        let write = Write { key: key(), was, now, body: Json::of(&now), index: Index::default() };
        Commit { writes: vec![write], ..Commit::default() }
    }

    /// The version that a step sees when `stands` is committed.
    fn seen(ahead: &Ahead, stands: u64) -> u64 {
        let stands = Snapshot {
            key: key(),
            version: stands,
            body: Json::of(&stands),
            index: Index::default(),
            at: DateTime::UNIX_EPOCH,
        };
        let mut loaded = [Some(stands)];
        ahead.over(&[key()], &mut loaded);
        loaded[0].as_ref().unwrap().version
    }

    #[test]
    fn what_is_on_its_way_is_seen_until_something_newer_stands() {
        let ahead = Ahead::default();
        ahead.hand_over(&commit(3, 4));
        ahead.hand_over(&commit(4, 5));
        assert_eq!(seen(&ahead, 3), 5);
        ahead.answered(&commit(3, 4), &Answer::Done);
        assert_eq!(seen(&ahead, 3), 5, "the second is still on its way");
        ahead.answered(&commit(4, 5), &Answer::Done);
        assert_eq!(seen(&ahead, 3), 5, "the load may have been on its way");
        assert_eq!(seen(&ahead, 9), 9, "another process has written since");
    }

    #[test]
    fn what_lost_is_forgotten_with_all_that_was_computed_on_it() {
        for answer in [Answer::Lost { key: key() }, Answer::Fenced, Answer::Duplicate] {
            let ahead = Ahead::default();
            ahead.hand_over(&commit(3, 4));
            ahead.hand_over(&commit(4, 5));
            ahead.answered(&commit(3, 4), &answer);
            assert_eq!(seen(&ahead, 3), 3, "{answer:?}");
        }
    }

    #[test]
    fn what_stands_is_kept_within_bounds() {
        let ahead = Ahead::default();
        for number in 0..3_000 {
            let mut commit = commit(0, 1);
            commit.writes[0].key = Key::new(Kind::Order, number.to_string());
            ahead.hand_over(&commit);
            ahead.answered(&commit, &Answer::Done);
        }
        assert_eq!(ahead.state().latest.len(), KEPT);
    }
}
