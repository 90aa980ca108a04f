//! Each fault that can be planted in the in-memory store does what it says: else a simulation would prove nothing.

use super::store::{Harness, LEASE, OnMemory};
use crate::support::make::{
    at, done, fenced, in_lane, message, moved, order, retry, send, timer, told, write, writing,
};
use crate::support::memory::Faults;
use gendan::order::message::{Message, Step};
use gendan::store::{Answer, Commit, Intended, Key, Kind};

fn none() -> Faults {
    Faults::default()
}

#[tokio::test]
async fn a_forgotten_inbox_lets_duplicates_in() {
    let h = OnMemory::with(Faults { forget_inbox: true, ..none() });
    let it = message(1, Step::Check);
    assert_eq!([h.commit(done(&it)).await, h.commit(done(&it)).await], [Answer::Done, Answer::Done]);
}

#[tokio::test]
async fn without_fences_two_do_it_at_once() {
    let h = OnMemory::with(Faults { ignore_fence: true, ..none() });
    let it = message(1, Step::Deliver);
    h.commit(send([it.clone()])).await;
    for (holder, fence) in [("a", 1), ("b", 2)] {
        let intended = h.store().intend(&it, "smtp", holder, LEASE).await.unwrap();
        assert_eq!(intended, Intended::Go { fence, again: false });
    }
    assert_eq!(h.commit(fenced(done(&it), 1)).await, Answer::Done);
}

#[tokio::test]
async fn without_versions_updates_are_lost() {
    let h = OnMemory::with(Faults { ignore_versions: true, ..none() });
    for _ in 0..2 {
        assert_eq!(h.commit(writing([write(Kind::Stock, "A", 0, 1)])).await, Answer::Done);
    }
}

#[tokio::test]
async fn without_effects_it_is_done_again() {
    let h = OnMemory::with(Faults { ignore_effects: true, ..none() });
    let commit = || Commit { effects: vec!["key".to_owned()], ..Commit::default() };
    assert_eq!([h.commit(commit()).await, h.commit(commit()).await], [Answer::Done, Answer::Done]);
}

#[tokio::test]
async fn torn_commits_lose_a_half() {
    let h = OnMemory::with(Faults { tear_commits: true, ..none() });
    for (number, name) in [(1, "A"), (2, "B")] {
        let commit = Commit {
            messages: vec![message(number, Step::Check)],
            ..writing([write(Kind::Stock, name, 0, 1)])
        };
        h.commit(commit).await;
    }
    let stock = h.store().load(&[Key::new(Kind::Stock, "A"), Key::new(Kind::Stock, "B")]).await.unwrap();
    assert_eq!((stock[0].is_some(), stock[1].is_some()), (false, true));
    assert_eq!(h.claim(Step::Check, "a").await.len(), 1);
}

#[tokio::test]
async fn timers_fire_twice() {
    let h = OnMemory::with(Faults { fire_twice: true, ..none() });
    h.commit(Commit { timers: vec![timer(1, at(0))], ..Commit::default() }).await;
    h.store().fire(10).await.unwrap();
    assert_eq!(h.claim(Step::Release, "a").await.len(), 2);
}

#[tokio::test]
async fn what_is_held_is_handed_out() {
    let h = OnMemory::with(Faults { ignore_leases: true, ..none() });
    h.commit(send([message(1, Step::Check)])).await;
    assert_eq!((h.claim(Step::Check, "a").await.len(), h.claim(Step::Check, "b").await.len()), (1, 1));
}

#[tokio::test]
async fn a_lost_retry_never_comes() {
    let h = OnMemory::with(Faults { lose_retry: true, ..none() });
    let it = message(1, Step::Check);
    h.commit(send([it.clone()])).await;
    h.commit(retry(&it, "busy", at(0))).await;
    assert!(h.claim(Step::Check, "a").await.is_empty());
    assert_eq!(h.store().balance().await.unwrap().missing.len(), 1, "and the balance sees it");
}

#[tokio::test]
async fn what_is_held_back_comes_at_once() {
    let h = OnMemory::with(Faults { ignore_not_before: true, ..none() });
    h.commit(send([Message { not_before: Some(at(100)), ..message(1, Step::Check) }])).await;
    assert_eq!(h.claim(Step::Check, "a").await.len(), 1);
}

#[tokio::test]
async fn lanes_are_broken() {
    let h = OnMemory::with(Faults { break_lanes: true, ..none() });
    let lane = |number| in_lane(message(number, Step::Deliver), "order/carrier");
    h.commit(send([lane(1), lane(2)])).await;
    assert_eq!(h.claim_ids(Step::Deliver, "a").await, [lane(2).id, lane(1).id]);
}

#[tokio::test]
async fn a_lost_update_of_an_order_is_found_by_the_audit() {
    let h = OnMemory::with(Faults { ignore_versions: true, ..none() });
    let (sheet, begun) = order(1, 51, 0);
    h.commit(begun).await;
    for to in ["buyer", "carrier"] {
        let commit = moved(&mut sheet.clone(), vec![told(to, crate::support::make::id(9))]);
        assert_eq!(h.commit(commit).await, Answer::Done);
    }
    assert!(!h.store().audit().await.unwrap().findings.is_empty());
}
