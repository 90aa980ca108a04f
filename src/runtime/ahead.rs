//! Figures that orders share (stock, credit, running numbers) as this process is about to write them.
//!
//! Orders that come at the same moment meet at the same SKU and the same customer. If each looked at what is committed, a
//! batch would hold one order for each SKU, and all others would be computed again and again. So an order that comes after
//! another is computed on what that one is about to write, and goes into the batch behind it.
//!
//! This is safe because a figure's version says what it rests on ([`follow`]): a commit that was computed on one that was
//! never written names a version that never stands, and loses.

use crate::store::{Answer, Commit, Json, Key, Snapshot, Write};
use chrono::DateTime;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Written figures that are kept for those whose load was on its way meanwhile.
const KEPT: usize = 1_024;
/// Bits of a version that say what was written; the 28 above them count.
const DIGEST_BITS: u32 = 35;

/// The version of a figure that is written as `body` over version `was`: a count, and a digest of both. Two commits that
/// are computed on the same figure and write another one never give it the same version, so that who knows the version
/// knows the figure and all that went before.
#[must_use]
pub fn follow(was: u64, body: &Json) -> u64 {
    let digest = Sha256::new().chain_update(was.to_be_bytes()).chain_update(body.text()).finalize();
    let first = digest.iter().take(8).fold(0, |bits: u64, byte| bits << 8 | u64::from(*byte));
    (count(was) + 1) << DIGEST_BITS | first >> (u64::BITS - DIGEST_BITS)
}

/// How often the figure was written.
const fn count(version: u64) -> u64 {
    version >> DIGEST_BITS
}

/// What has been handed over to the writer and is not answered yet. Clones share it.
#[derive(Clone, Default)]
pub struct Ahead(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    latest: HashMap<Key, Write>,
    /// Figures that stand by now, the oldest first.
    written: VecDeque<(Key, u64)>,
}

impl Ahead {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a commit, and has it sent to the writer before anybody can look at it: it stands in the queue ahead of
    /// those that rest on it. A commit that must lose, since one with a later figure went before it, is not sent: the
    /// answer is the figure's key.
    pub(super) fn hand_over(&self, commit: Commit, send: impl FnOnce(Commit)) -> Result<(), Key> {
        let mut state = self.state();
        let figures = || commit.writes.iter().filter(|write| is_figure(write));
        let later = |key: &Key, was| state.latest.get(key).is_some_and(|it| count(it.now) > count(was));
        if let Some(stale) = figures().find(|write| later(&write.key, write.was)) {
            return Err(stale.key.clone());
        }
        let writes: Vec<_> = figures().map(|write| (write.key.clone(), write.clone())).collect();
        state.latest.extend(writes);
        send(commit);
        Ok(())
    }

    /// Takes note of the writer's answer.
    pub(super) fn answered(&self, commit: &Commit, answer: &Answer) {
        let mut state = self.state();
        if let Answer::Lost { key } = answer {
            state.latest.remove(key);
        }
        for write in commit.writes.iter().filter(|write| is_figure(write)) {
            if *answer == Answer::Done {
                state.written.push_back((write.key.clone(), write.now));
            } else {
                // Whoever was computed on it will lose too: nobody else shall be.
                state.latest.remove(&write.key);
            }
        }
        while state.written.len() > KEPT {
            if let Some((key, written)) = state.written.pop_front()
                && state.latest.get(&key).is_some_and(|it| it.now == written)
            {
                state.latest.remove(&key);
            }
        }
    }

    /// Puts what is newer here in the place of what was loaded, and says which keys with which versions those are: a commit
    /// that looked at one has to write it or to require it. To be called when nothing is waited for any more.
    pub(super) fn over(&self, keys: &[Key], loaded: &mut [Option<Snapshot>]) -> Vec<(Key, u64)> {
        let state = self.state();
        let mut ahead = Vec::new();
        for (key, loaded) in keys.iter().zip(loaded) {
            let version = loaded.as_ref().map_or(0, |it| it.version);
            if let Some(newer) = state.latest.get(key).filter(|it| count(it.now) > count(version)) {
                // No step asks when a figure was written.
                let at = loaded.as_ref().map_or(DateTime::UNIX_EPOCH, |it| it.at);
                let Write { key, now: version, body, index, .. } = newer.clone();
                ahead.push((key.clone(), version));
                *loaded = Some(Snapshot { key, version, body, index, at });
            }
        }
        ahead
    }
}

/// Whether [`follow`] made its version. All others only count, and say nothing of what was written.
const fn is_figure(write: &Write) -> bool {
    count(write.now) > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Index, Kind};

    fn key() -> Key {
        Key::new(Kind::Stock, "LB-1")
    }

    /// A commit that writes `value` over the version `was`.
    fn commit(was: u64, value: u64) -> Commit {
        let body = Json::of(&value);
        let write = Write { key: key(), was, now: follow(was, &body), body, index: Index::default() };
        Commit { writes: vec![write], ..Commit::default() }
    }

    fn now(commit: &Commit) -> u64 {
        commit.writes[0].now
    }

    fn hand_over(ahead: &Ahead, commit: &Commit) -> bool {
        let mut sent = false;
        assert_eq!(ahead.hand_over(commit.clone(), |_| sent = true).is_ok(), sent);
        sent
    }

    /// The version that a step sees when `stands` is committed.
    fn seen(ahead: &Ahead, stands: u64) -> u64 {
        let body = Json::of(&stands);
        let index = Index::default();
        let mut loaded =
            [Some(Snapshot { key: key(), version: stands, body, index, at: DateTime::UNIX_EPOCH })];
        let told = ahead.over(&[key()], &mut loaded);
        let version = loaded[0].as_ref().unwrap().version;
        assert_eq!(told, if version == stands { vec![] } else { vec![(key(), version)] });
        version
    }

    #[test]
    fn a_version_tells_what_was_written_on_what() {
        let (five, six) = (Json::of(&5), Json::of(&6));
        assert_eq!(follow(0, &five), follow(0, &five));
        assert_ne!(follow(0, &five), follow(0, &six));
        assert_ne!(follow(follow(0, &five), &six), follow(follow(0, &six), &six));
        // A figure of before that only counted goes on, and no version is ever less than the one before it.
        let mut was = 7;
        for value in 0..100 {
            let next = follow(was, &Json::of(&value));
            assert!(next > was && i64::try_from(next).is_ok(), "{next} after {was}");
            was = next;
        }
        assert_eq!(count(was), 100);
    }

    #[test]
    fn what_is_on_its_way_is_seen_until_something_newer_stands() {
        let ahead = Ahead::default();
        let first = commit(3, 10);
        let second = commit(now(&first), 11);
        assert!(hand_over(&ahead, &first) && hand_over(&ahead, &second));
        assert_eq!(seen(&ahead, 3), now(&second));
        ahead.answered(&first, &Answer::Done);
        assert_eq!(seen(&ahead, 3), now(&second), "the second is still on its way");
        ahead.answered(&second, &Answer::Done);
        assert_eq!(seen(&ahead, 3), now(&second), "the load may have been on its way");
        let elsewhere = now(&commit(now(&second), 12));
        assert_eq!(seen(&ahead, elsewhere), elsewhere, "another process has written since");
        assert!(hand_over(&ahead, &commit(elsewhere, 13)));
    }

    /// The other process's figure has the same count: whatever is on its way here has lost, or will.
    #[test]
    fn what_stands_goes_before_what_is_as_often_written() {
        let ahead = Ahead::default();
        assert!(hand_over(&ahead, &commit(3, 10)));
        let elsewhere = now(&commit(3, 99));
        assert_eq!(seen(&ahead, elsewhere), elsewhere);
        assert!(hand_over(&ahead, &commit(elsewhere, 100)));
    }

    #[test]
    fn one_that_comes_too_late_is_not_sent() {
        let ahead = Ahead::default();
        assert!(hand_over(&ahead, &commit(3, 10)));
        assert!(!hand_over(&ahead, &commit(3, 11)));
    }

    #[test]
    fn what_lost_is_forgotten_with_all_that_was_computed_on_it() {
        for answer in [Answer::Lost { key: key() }, Answer::Fenced, Answer::Duplicate] {
            let ahead = Ahead::default();
            let first = commit(3, 10);
            assert!(hand_over(&ahead, &first) && hand_over(&ahead, &commit(now(&first), 11)));
            ahead.answered(&first, &answer);
            assert_eq!(seen(&ahead, 3), 3, "{answer:?}");
            assert!(hand_over(&ahead, &commit(3, 12)), "{answer:?}");
        }
    }

    #[test]
    fn versions_that_only_count_are_left_alone() {
        let ahead = Ahead::default();
        let body = Json::of(&1);
        let write = Write { key: key(), was: 3, now: 4, body, index: Index::default() };
        let commit = Commit { writes: vec![write], ..Commit::default() };
        assert!(hand_over(&ahead, &commit) && hand_over(&ahead, &commit));
        assert_eq!(seen(&ahead, 3), 3);
    }

    #[test]
    fn what_stands_is_kept_within_bounds() {
        let ahead = Ahead::default();
        for number in 0..3_000 {
            let mut commit = commit(0, 1);
            commit.writes[0].key = Key::new(Kind::Stock, number.to_string());
            assert!(hand_over(&ahead, &commit));
            ahead.answered(&commit, &Answer::Done);
        }
        assert_eq!(ahead.state().latest.len(), KEPT);
    }
}
