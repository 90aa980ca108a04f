//! What only PostgreSQL has: several processes that write at the same moment. Each case meets many times over.

use super::{Harness, LEASE, OnPostgres};
use crate::support::make::{
    at, done, id, in_lane, mail, message, moved, order, park, send, timer, write, writing,
};
use gendan::order::event::Event;
use gendan::order::message::{Message, Step};
use gendan::store::postgres::Postgres;
use gendan::store::{Answer, Claim, Commit, Intended, Key, Kind, Relayed, Store, StoreError};
use sqlx::Executor as _;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const MEETINGS: u128 = 25;

/// Both stores do the same at the same moment, each on a thread of its own.
async fn both(a: &Arc<Postgres>, b: &Arc<Postgres>, commit: Commit) -> [Answer; 2] {
    let spawn = |store: &Arc<Postgres>| {
        let (store, commit) = (Arc::clone(store), commit.clone());
        tokio::spawn(async move { store.commit(vec![commit]).await.unwrap().remove(0) })
    };
    let (a, b) = (spawn(a), spawn(b));
    [a.await.unwrap(), b.await.unwrap()]
}

/// One was done, and the other got another answer.
fn other(answers: [Answer; 2]) -> Answer {
    let [a, b] = answers;
    match (&a, &b) {
        (Answer::Done, Answer::Done) => panic!("both were done"),
        (Answer::Done, _) => b,
        (_, Answer::Done) => a,
        _ => panic!("none was done: {a:?}, {b:?}"),
    }
}

async fn pair(h: &OnPostgres) -> (Arc<Postgres>, Arc<Postgres>) {
    (Arc::new(h.beside().await), Arc::new(h.beside().await))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_wins_an_aggregate_new_or_old() {
    let h = OnPostgres::fresh().await;
    let (a, b) = pair(&h).await;
    for version in 0..u64::try_from(MEETINGS).unwrap() {
        let new = version.to_string();
        let commit = writing([
            write(Kind::Credit, &new, 0, 1),
            write(Kind::Stock, "A", version, version + 1),
            write(Kind::Stock, "B", version, version + 1),
        ]);
        let lost = other(both(&a, &b, commit).await);
        assert!(matches!(lost, Answer::Lost { .. }), "{lost:?}");
    }
    for new in 0..MEETINGS {
        let commit = writing([write(Kind::Counter, &new.to_string(), 0, 1)]);
        assert_eq!(other(both(&a, &b, commit).await), Answer::Lost { key: Key::new(Kind::Counter, new) });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_consume_at_once_is_a_duplicate() {
    let h = OnPostgres::fresh().await;
    let (a, b) = pair(&h).await;
    for n in 1..=MEETINGS {
        let it = message(n, Step::Check);
        if n % 2 == 0 {
            h.commit(send([it.clone()])).await;
        }
        let commit = Commit { messages: vec![message(n + 1_000, Step::Deliver)], ..done(&it) };
        assert_eq!(other(both(&a, &b, commit).await), Answer::Duplicate);
    }
    assert_eq!(h.balanced().await.messages.total, 2 * MEETINGS as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_a_message_and_a_replay_happen_once() {
    let h = OnPostgres::fresh().await;
    let (a, b) = pair(&h).await;
    for n in 1..=MEETINGS {
        let key = format!("part {n}");
        let commit = Commit { effects: vec![key.clone()], ..Commit::default() };
        assert_eq!(other(both(&a, &b, commit).await), Answer::AlreadyDone { effect: key });
        let it = message(n, Step::Deliver);
        let refused = other(both(&a, &b, send([it.clone()])).await);
        assert!(matches!(refused, Answer::Refused { .. }), "{refused:?}");
        h.commit(park(&it, "why")).await;
        let replay = Commit {
            unpark: vec![(it.id, "again".to_owned())],
            ..send([Message { attempt: 2, ..it.clone() }])
        };
        let late = other(both(&a, &b, replay).await);
        assert!(matches!(late, Answer::AlreadyDone { .. }), "{late:?}");
    }
    assert_eq!(h.balanced().await.messages.waiting, MEETINGS as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_given_to_one_of_two() {
    let h = OnPostgres::fresh().await;
    let (a, b) = pair(&h).await;
    for n in 1..=MEETINGS {
        let number = gendan::order::number::OrderNumber(format!("CNS-C1001-2611-{n}"));
        let numbered = |id| {
            let (mut sheet, begun) = order(id, id + 10_000, 0);
            let more = moved(&mut sheet, vec![Event::Numbered { number: number.clone() }]);
            vec![begun, more, writing([write(Kind::Stock, &id.to_string(), 0, 1)])]
        };
        let commit = |store: &Arc<Postgres>, batch: Vec<Commit>| {
            let store = Arc::clone(store);
            tokio::spawn(async move { store.commit(batch).await.unwrap() })
        };
        let (first, second) = (commit(&a, numbered(n)), commit(&b, numbered(n + 1_000)));
        let (first, second) = (first.await.unwrap(), second.await.unwrap());
        assert_eq!(
            (&first[0], &first[2], &second[0], &second[2]),
            (&Answer::Done, &Answer::Done, &Answer::Done, &Answer::Done)
        );
        let refused = other([first[1].clone(), second[1].clone()]);
        assert!(matches!(refused, Answer::Refused { .. }), "{refused:?}");
    }
    assert_eq!(h.store().audit().await.unwrap().findings, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_order_they_write_in_nobody_hears_of_a_deadlock() {
    let h = OnPostgres::fresh().await;
    let (a, b) = pair(&h).await;
    let work = |store: Arc<Postgres>, turn: bool| {
        tokio::spawn(async move {
            let mut done = 0;
            for round in 0..60_u64 {
                let mut names: Vec<String> = (0..6).map(|n| format!("{n}")).collect();
                if turn {
                    names.reverse();
                }
                let keys: Vec<Key> = names.iter().map(|name| Key::new(Kind::Stock, name)).collect();
                let found = store.load(&keys).await.unwrap();
                let versions = found.iter().map(|it| it.as_ref().map_or(0, |it| it.version));
                let batch: Vec<Commit> = names
                    .iter()
                    .zip(versions)
                    .map(|(name, was)| writing([write(Kind::Stock, name, was, was + 1)]))
                    .collect();
                let answers = store.commit(batch).await.unwrap_or_else(|e| panic!("round {round}: {e}"));
                done += answers.iter().filter(|answer| **answer == Answer::Done).count() as u64;
            }
            done
        })
    };
    let (first, second) = (work(a, false), work(b, true));
    let done = first.await.unwrap() + second.await.unwrap();
    let keys: Vec<Key> = (0..6).map(|n| Key::new(Kind::Stock, n)).collect();
    let versions: u64 = h.store().load(&keys).await.unwrap().into_iter().map(|it| it.unwrap().version).sum();
    assert_eq!(versions, done, "every write that won counts once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_takes_the_other_does_not() {
    let h = OnPostgres::fresh().await;
    let (a, b) = pair(&h).await;
    let lane = |n: u128| format!("order {}", n / 4);
    let all = (0..200).map(|n| Message { lane: Some(lane(n)), ..message(n, Step::Deliver) });
    h.commit(send(all)).await;
    let take = |store: Arc<Postgres>, holder: &'static str| {
        tokio::spawn(async move {
            let mut taken = Vec::new();
            let claim = Claim { step: None, max: 3, holder: holder.to_owned(), lease: LEASE };
            for _ in 0..40 {
                for it in store.claim(&claim).await.unwrap() {
                    store.commit(vec![done(&it.message)]).await.unwrap();
                    taken.push(it.message);
                }
            }
            taken
        })
    };
    let (first, second) = (take(a, "a"), take(b, "b"));
    let taken = [first.await.unwrap(), second.await.unwrap()];
    let ids: BTreeSet<_> = taken.iter().flatten().map(|it| it.id).collect();
    assert_eq!((ids.len(), taken[0].len() + taken[1].len()), (200, 200));
    for taken in taken {
        let mut last = std::collections::HashMap::new();
        for it in taken {
            let before = last.insert(it.lane, it.id);
            assert!(before.is_none_or(|before| before < it.id), "a lane went out of order");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_may_cause_an_effect_and_a_timer_fires_once() {
    let h = OnPostgres::fresh().await;
    let (a, b) = pair(&h).await;
    for n in 1..=MEETINGS {
        let it = mail(n, &format!("<{n}@gendan>"));
        let asks = [(&a, "a"), (&b, "b")].map(|(store, holder)| {
            let (store, it) = (Arc::clone(store), it.clone());
            tokio::spawn(async move { store.intend(&it, "smtp", holder, LEASE).await.unwrap() })
        });
        let [first, second] = asks;
        let both = [first.await.unwrap(), second.await.unwrap()];
        let go = both.iter().filter(|it| **it == Intended::Go { fence: 1, again: false }).count();
        let held = both.iter().filter(|it| matches!(it, Intended::Held { .. })).count();
        assert_eq!((go, held), (1, 1), "{both:?}");
        h.commit(Commit { timers: vec![timer(n + 1_000, at(0))], ..Commit::default() }).await;
        let (first, second) = tokio::join!(a.fire(10), b.fire(10));
        assert_eq!(first.unwrap() + second.unwrap(), 1);
    }
    assert_eq!(h.store().messages(id(900)).await.unwrap().len(), MEETINGS as usize);
}

#[tokio::test]
async fn a_caller_that_vanishes_leaves_no_lock_and_no_half() {
    let h = OnPostgres::fresh().await;
    let beside = h.beside().await;
    for micros in (0..4_000_u64).step_by(100) {
        let version =
            h.store().load(&[Key::new(Kind::Stock, "A")]).await.unwrap().remove(0).map_or(0, |it| it.version);
        let commit = Commit {
            messages: vec![message(micros.into(), Step::Check)],
            ..writing([write(Kind::Stock, "A", version, version + 1)])
        };
        let _cut = tokio::time::timeout(Duration::from_micros(micros), h.store().commit(vec![commit])).await;
        let other = vec![send([message(u128::from(micros) + 10_000, Step::Check)])];
        assert_eq!(beside.commit(other).await.unwrap(), [Answer::Done]);
        let again = |version| writing([write(Kind::Stock, "A", version, version + 1)]);
        let answers = beside.commit(vec![again(version), again(version + 1)]).await.unwrap();
        assert!(answers.contains(&Answer::Done), "{answers:?}");
    }
    h.balanced().await;
}

#[tokio::test]
async fn what_the_database_refuses_harms_no_neighbour() {
    let h = OnPostgres::fresh().await;
    let mut connection = h.database.connect().await;
    let trigger = "create function refuse() returns trigger language plpgsql as
            $$ begin raise exception 'not this one'; end $$;
        create trigger refuse before insert on aggregate for each row when (new.id = 'bad') execute function refuse()";
    connection.execute(trigger).await.unwrap();
    let mut batch: Vec<_> = (1..=20).map(|n| message(n, Step::Check)).map(|it| done(&it)).collect();
    batch[13].writes = vec![write(Kind::Stock, "bad", 0, 1)];
    batch[14].writes = vec![write(Kind::Stock, "bad", 1, 2)];
    batch[15].writes = vec![write(Kind::Stock, "good", 0, 1)];
    let answers = h.store().commit(batch).await.unwrap();
    connection.execute("drop trigger refuse on aggregate; drop function refuse()").await.unwrap();
    assert!(matches!(&answers[13], Answer::Refused { why } if why.contains("not this one")), "{answers:?}");
    assert!(matches!(&answers[14], Answer::Lost { .. }), "what rests on it has lost");
    assert_eq!(answers.iter().filter(|answer| **answer == Answer::Done).count(), 18);
    assert_eq!(h.balanced().await.messages.done, 18);
}

/// A connection that is lost is replaced, and nobody hears of it but whoever had it in hand.
#[tokio::test]
async fn lost_connections_are_replaced() {
    let h = OnPostgres::fresh().await;
    h.commit(send([message(1, Step::Check)])).await;
    let mut connection = h.database.connect().await;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";
    for n in 2..6 {
        connection.execute(end).await.unwrap();
        match h.store().commit(vec![send([message(n, Step::Check)])]).await {
            Ok(answers) => assert_eq!(answers, [Answer::Done]),
            Err(StoreError::Unavailable(_)) => {
                assert_eq!(h.commit(send([message(n, Step::Check)])).await, Answer::Done);
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(h.balanced().await.messages.waiting, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_what_he_asked_for() {
    let h = OnPostgres::fresh().await;
    let store = h.shared();
    h.commit(writing((0..50).map(|n| write(Kind::Stock, &n.to_string(), 0, n + 1)))).await;
    let asks: Vec<_> = (0..200_u64)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let keys = [n % 60, n % 7, 99].map(|n| Key::new(Kind::Stock, n));
                let found = store.load(&keys).await.unwrap();
                let versions: Vec<_> = found.iter().map(|it| it.as_ref().map(|it| it.version)).collect();
                assert_eq!(versions, [(n % 60 < 50).then_some(n % 60 + 1), Some(n % 7 + 1), None]);
            })
        })
        .collect();
    for ask in asks {
        ask.await.unwrap();
    }
}

/// What a process commits goes straight to its own relay: nobody else gets it, lanes hold, and what is handed out is marked
/// like any other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_gets_what_its_process_has_just_written() {
    let h = OnPostgres::fresh().await;
    let (a, b) = pair(&h).await;
    a.relays("a", LEASE);
    let claim = |holder: &str| Claim { step: None, max: 10, holder: holder.to_owned(), lease: LEASE };
    let (_, mut commit) = order(1, 2, 0);
    let lane = format!("{}/customer", id(1));
    let first = in_lane(message(10, Step::Deliver), &lane);
    let second = in_lane(message(11, Step::Deliver), &lane);
    let elsewhere = in_lane(message(12, Step::Deliver), &format!("{}/customer", id(99)));
    let held_back = Message { not_before: Some(at(1_000)), ..message(13, Step::Check) };
    commit.messages = vec![first.clone(), second.clone(), elsewhere.clone(), held_back];
    assert_eq!(a.commit(vec![commit]).await.unwrap(), [Answer::Done]);
    // Of the lane of an order that stood before nobody knows whether it is free: it is left to the outbox.
    let ids = |claimed: Vec<gendan::store::Claimed>| -> Vec<_> {
        assert!(claimed.iter().all(|it| it.claims == 1));
        claimed.into_iter().map(|it| it.message).collect()
    };
    assert_eq!(ids(b.claim(&claim("b")).await.unwrap()), [elsewhere]);
    assert_eq!(ids(a.claim(&claim("a")).await.unwrap()), std::slice::from_ref(&first));
    assert!(a.claim(&claim("a")).await.unwrap().is_empty(), "the second of the lane waits");
    a.relayed("a", vec![(first.id, 1, Relayed::Delivered)]).await.unwrap();
    assert_eq!(ids(a.claim(&claim("a")).await.unwrap()), [second]);
}

/// What was kept for the relay and not taken in time is anybody's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_its_relay_does_not_take_is_free_after_the_lease() {
    let h = OnPostgres::fresh().await;
    let (a, b) = pair(&h).await;
    a.relays("a", LEASE);
    let claim = |holder: &str| Claim { step: None, max: 10, holder: holder.to_owned(), lease: LEASE };
    a.commit(vec![send([message(1, Step::Check)])]).await.unwrap();
    assert!(b.claim(&claim("b")).await.unwrap().is_empty());
    h.wait(LEASE.as_secs());
    assert!(a.claim(&claim("a")).await.unwrap().iter().all(|it| it.claims == 2), "not as kept");
    h.wait(LEASE.as_secs());
    assert_eq!(b.claim(&claim("b")).await.unwrap().len(), 1);
}
