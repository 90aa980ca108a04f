//! What becomes of commits when PostgreSQL dies under them, and what is said when it is away.

use super::on_postgres::Database;
use crate::servers::postgres::PostgresServer;
use crate::servers::{free_port, until};
use crate::support::make::{done, message, send, write};
use gendan::order::message::{Message, Step};
use gendan::store::postgres::{Postgres, PostgresSettings};
use gendan::store::{Answer, Commit, Kind, Store, StoreError};
use sqlx::Executor as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const WORKERS: u128 = 4;

fn quick(url: String) -> PostgresSettings {
    PostgresSettings { pool: 6, connect: Duration::from_secs(2), ..PostgresSettings::new(url) }
}

fn work(it: &Message) -> Commit {
    Commit {
        writes: vec![write(Kind::Stock, &it.id.to_string(), 0, 1)],
        messages: vec![message(it.id.as_u128() % 1_000_000_000 + 1_000_000_000, Step::Deliver)],
        effects: vec![format!("effect {}", it.id)],
        ..done(it)
    }
}

/// Does it until it is known to be done; whether the answer was lost on the way.
async fn until_known(store: &Postgres, it: &Message) -> bool {
    let mut unknown = false;
    loop {
        match store.commit(vec![work(it)]).await {
            Ok(answers) => {
                assert_eq!(answers, [Answer::Done], "what was not written was not there");
                return unknown;
            }
            Err(StoreError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(StoreError::Unknown(_)) => {
                unknown = true;
                if found(store, it).await {
                    return true;
                }
            }
            Err(error @ StoreError::Broken(_)) => panic!("{error}"),
        }
    }
}

/// Asks until there is an answer.
async fn found(store: &Postgres, it: &Message) -> bool {
    loop {
        match store.consumed(std::slice::from_ref(it)).await {
            Ok(found) => return found[0],
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_loses_nothing_and_doubles_nothing() {
    let mut server = PostgresServer::start();
    let store = Arc::new(Postgres::open(&quick(server.url("postgres")), None).await.unwrap());
    let (stop, known) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (store, stop, known) = (Arc::clone(&store), Arc::clone(&stop), Arc::clone(&known));
            tokio::spawn(async move {
                let mut all = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let it = message(worker * 1_000_000 + all.len() as u128 + 1, Step::Follow);
                    until_known(&store, &it).await;
                    known.fetch_add(1, Ordering::Relaxed);
                    all.push(it);
                }
                all
            })
        })
        .collect();
    let killing = tokio::task::spawn_blocking(move || {
        for round in 1..=4 {
            let enough = known.load(Ordering::Relaxed) + 100;
            until("commits go on", Duration::from_secs(60), || known.load(Ordering::Relaxed) >= enough);
            server.kill();
            server.restart();
            println!("round {round}: {} commits", known.load(Ordering::Relaxed));
        }
        let enough = known.load(Ordering::Relaxed) + 100;
        until("commits go on", Duration::from_secs(60), || known.load(Ordering::Relaxed) >= enough);
        server
    });
    let _server = killing.await.unwrap();
    stop.store(true, Ordering::Relaxed);
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    assert!(store.consumed(&all).await.unwrap().into_iter().all(|found| found), "what was answered is there");
    let balance = store.balance().await.unwrap();
    assert_eq!((&balance.missing[..], &balance.double[..]), (&[][..], &[][..]));
    assert_eq!(balance.messages.done, all.len() as u64);
    assert_eq!(balance.messages.waiting, all.len() as u64);
}

/// COMMIT itself is made to last, and its connection ends meanwhile.
#[tokio::test]
async fn a_connection_lost_during_commit_leaves_an_unknown() {
    let database = Database::empty().await;
    let store = Arc::new(Postgres::open(&database.settings(), None).await.unwrap());
    let mut connection = database.connect().await;
    let slow = "create function slow() returns trigger language plpgsql as
            $$ begin perform pg_sleep(60); return null; end $$;
        create constraint trigger slow after insert on effect deferrable initially deferred
            for each row execute function slow()";
    connection.execute(slow).await.unwrap();
    let it = message(1, Step::Follow);
    let committing = {
        let (store, it) = (Arc::clone(&store), it.clone());
        tokio::spawn(async move { store.commit(vec![work(&it)]).await })
    };
    let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and query = 'commit' and state = 'active'";
    let ended = async {
        while sqlx::query_scalar::<_, i64>(end).fetch_one(&mut connection).await.unwrap() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended).await.unwrap();
    let answer = committing.await.unwrap();
    assert!(matches!(answer, Err(StoreError::Unknown(_))), "{answer:?}");
    assert_eq!(store.consumed(std::slice::from_ref(&it)).await.unwrap(), [false]);
    connection.execute("drop trigger slow on effect").await.unwrap();
    assert_eq!(store.commit(vec![work(&it)]).await.unwrap(), [Answer::Done]);
    database.spoil();
}

#[tokio::test]
async fn a_server_that_is_away_is_named_without_the_password() {
    let url = format!("postgres://worker:s3cret@127.0.0.1:{}/orders", free_port());
    let error = Postgres::open(&quick(url), None).await.err().unwrap();
    let said = error.to_string();
    assert!(matches!(error, StoreError::Unavailable(_)), "{said}");
    assert!(said.contains("postgres://worker@127.0.0.1") && said.contains("can't be reached"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_with_the_remedy() {
    let database = Database::migrated().await;
    let nowhere = quick(format!("{}_nowhere", database.url()));
    let said = Postgres::open(&nowhere, None).await.err().unwrap().to_string();
    assert!(said.contains("_nowhere") && said.contains("createdb"), "{said}");
}

#[tokio::test]
async fn a_server_that_comes_back_is_used_again() {
    let mut server = PostgresServer::start();
    let store = Postgres::open(&quick(server.url("postgres")), None).await.unwrap();
    store.commit(vec![send([message(1, Step::Check)])]).await.unwrap();
    server.kill();
    let error = store.commit(vec![send([message(2, Step::Check)])]).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(store.now().await.is_ok(), "the time goes on without it");
    server.restart();
    let it = message(3, Step::Follow);
    until_known(&store, &it).await;
    assert!(found(&store, &it).await);
}
