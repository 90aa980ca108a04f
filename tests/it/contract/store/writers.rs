//! What only SQLite has: two processes on one file, callers that vanish, and a database that refuses.

use super::{Harness, OnSqlite};
use crate::support::make::{done, message, send, write, writing};
use gendan::order::message::Step;
use gendan::store::{Answer, Kind, Store};
use sqlx::ConnectOptions as _;
use std::time::Duration;

#[tokio::test]
async fn two_writers_on_one_file_wait_for_each_other() {
    let h = OnSqlite::fresh().await;
    let beside = h.beside().await;
    let many = |store: u128| (0..50).map(move |n| send([message(store * 1_000 + n, Step::Check)]));
    let write = async |store: &dyn Store, all: Vec<_>| {
        for commit in all {
            assert_eq!(store.commit(vec![commit]).await.unwrap(), [Answer::Done]);
        }
    };
    tokio::join!(write(h.store(), many(1).collect()), write(&beside, many(2).collect()));
    assert_eq!(h.balanced().await.messages.waiting, 100);
}

#[tokio::test]
async fn one_of_two_writers_loses_a_version() {
    let h = OnSqlite::fresh().await;
    let beside = h.beside().await;
    let commit = || vec![writing([write(Kind::Stock, "A", 0, 1)])];
    let (a, b) = tokio::join!(h.store().commit(commit()), beside.commit(commit()));
    let answers = [a.unwrap().remove(0), b.unwrap().remove(0)];
    assert_eq!(answers.iter().filter(|answer| **answer == Answer::Done).count(), 1, "{answers:?}");
}

#[tokio::test]
async fn many_may_open_a_new_file_at_once() {
    let h = OnSqlite::fresh().await;
    for round in 0..20 {
        let path = h.path().with_file_name(format!("new-{round}.db"));
        let clock = std::sync::Arc::new(gendan::runtime::clock::SystemClock);
        let open = |_| gendan::store::sqlite::Sqlite::open(&path, clock.clone());
        let opened = futures_util::future::join_all((0..8).map(open)).await;
        let all: Vec<_> = opened.into_iter().collect::<Result<_, _>>().unwrap();
        all[0].commit(vec![send([message(1, Step::Check)])]).await.unwrap();
        assert_eq!(all[7].balance().await.unwrap().messages.total, 1);
    }
}

#[tokio::test]
async fn a_caller_that_vanishes_leaves_no_lock() {
    let h = OnSqlite::fresh().await;
    let beside = h.beside().await;
    for micros in (0..2_000).step_by(50) {
        let commit = h.store().commit(vec![send([message(micros.into(), Step::Check)])]);
        let _cut = tokio::time::timeout(Duration::from_micros(micros), commit).await;
        let other = vec![send([message(u128::from(micros) + 10_000, Step::Check)])];
        assert_eq!(beside.commit(other).await.unwrap(), [Answer::Done]);
    }
    h.balanced().await;
}

#[tokio::test]
async fn what_the_database_refuses_harms_no_neighbour() {
    let h = OnSqlite::fresh().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(h.path());
    let mut connection = options.connect().await.unwrap();
    let trigger = "create trigger refuse before insert on aggregate when new.id = 'bad'
        begin select raise(abort, 'not this one'); end";
    sqlx::query(trigger).execute(&mut connection).await.unwrap();
    let mut batch: Vec<_> = (1..=20).map(|n| message(n, Step::Check)).map(|it| done(&it)).collect();
    batch[13].writes = vec![write(Kind::Stock, "bad", 0, 1)];
    batch[14].writes = vec![write(Kind::Stock, "bad", 1, 2)];
    batch[15].writes = vec![write(Kind::Stock, "good", 0, 1)];
    let answers = h.store().commit(batch).await.unwrap();
    assert!(matches!(&answers[13], Answer::Refused { why } if why.contains("not this one")), "{answers:?}");
    assert!(matches!(&answers[14], Answer::Lost { .. }), "what rests on it has lost");
    assert_eq!(answers.iter().filter(|answer| **answer == Answer::Done).count(), 18);
    assert_eq!(h.balanced().await.messages.done, 18);
}

#[tokio::test]
async fn a_claim_that_finds_nothing_does_not_write() {
    let h = OnSqlite::fresh().await;
    h.commit(send([message(1, Step::Check)])).await;
    h.claim(Step::Check, "a").await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(h.path());
    let mut other = options.connect().await.unwrap();
    sqlx::query("begin immediate").execute(&mut other).await.unwrap();
    let claim = tokio::time::timeout(Duration::from_secs(4), h.claim(Step::Check, "b")).await;
    assert!(claim.unwrap().is_empty());
    assert_eq!(h.store().fire(10).await.unwrap(), 0);
}

#[tokio::test]
async fn a_clean_close_leaves_one_file() {
    let h = OnSqlite::fresh().await;
    let path = h.path().with_file_name("closed.db");
    let clock = std::sync::Arc::new(gendan::runtime::clock::SystemClock);
    let store = gendan::store::sqlite::Sqlite::open(&path, clock).await.unwrap();
    store.commit(vec![send([message(1, Step::Check)])]).await.unwrap();
    store.close().await;
    assert!(path.is_file() && !path.with_file_name("closed.db-wal").exists());
}
