//! What surrounds PostgreSQL's tables: opening, migrations, roles, the hint, the clock.

use super::on_postgres::Database;
use crate::servers::postgres::PostgresServer;
use crate::support::make::{at, done, fenced, id, mail, message, moved, order, park, send, timer, told};
use gendan::order::message::{Message, Step};
use gendan::store::postgres::{Postgres, PostgresSettings};
use gendan::store::{Answer, Claim, Commit, Intended, Relayed, Store};
use sqlx::{ConnectOptions as _, Executor as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn the_time_is_the_databases_and_costs_no_question() {
    let database = Database::migrated().await;
    let store = Postgres::open(&database.settings(), None).await.unwrap();
    let mut connection = database.connect().await;
    let theirs: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("select clock_timestamp()").fetch_one(&mut connection).await.unwrap();
    let ours = store.now().await.unwrap();
    assert!((ours - theirs).abs() < chrono::TimeDelta::seconds(1), "{ours} {theirs}");
    assert!(store.clock().now() >= ours);
}

#[tokio::test]
async fn a_commit_that_sends_wakes_whoever_listens() {
    let database = Database::migrated().await;
    let quiet = Postgres::open(&database.settings(), None).await.unwrap();
    let loud = PostgresSettings { notify: true, ..database.settings() };
    let loud = Postgres::open(&loud, None).await.unwrap();
    let (wake, stop) = (Arc::new(Notify::new()), CancellationToken::new());
    let listening = {
        let (wake, stop) = (Arc::clone(&wake), stop.clone());
        async move { quiet.listen(wake, stop).await }
    };
    let listening = tokio::spawn(listening);
    let woken = || tokio::time::timeout(Duration::from_secs(10), wake.notified());
    woken().await.expect("whoever begins to listen looks once");
    assert_eq!(loud.commit(vec![send([message(1, Step::Check)])]).await.unwrap(), [Answer::Done]);
    woken().await.expect("the commit woke nobody");
    let mut connection = database.connect().await;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
        and query ilike 'listen%'";
    connection.execute(end).await.unwrap();
    woken().await.expect("a new connection wakes, too");
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(10), listening).await.unwrap().unwrap();
}

#[tokio::test]
async fn many_may_open_a_new_database_at_once() {
    let database = Database::empty().await;
    let open = || {
        let settings = database.settings();
        tokio::spawn(async move { Postgres::open(&settings, None).await.unwrap() })
    };
    let (a, b, c) = tokio::join!(open(), open(), open());
    a.unwrap().commit(vec![send([message(1, Step::Check)])]).await.unwrap();
    assert_eq!(b.unwrap().balance().await.unwrap().messages.total, 1);
    drop(c.unwrap());
}

/// While machines are brought up to date one by one, the old program works on the new tables.
#[tokio::test]
async fn tables_of_a_newer_program_can_be_used() {
    let database = Database::migrated().await;
    let store = Postgres::open(&database.settings(), None).await.unwrap();
    let mut connection = database.connect().await;
    let newer = "alter table outbox add column colour text not null default 'red';
        insert into _sqlx_migrations (version, description, success, checksum, execution_time)
        values (9999, 'colours', true, '\\x00', 0)";
    connection.execute(newer).await.unwrap();
    let opened = Postgres::open(&database.settings(), None).await.unwrap();
    for (n, store) in [(1, &store), (2, &opened)] {
        assert_eq!(store.commit(vec![send([message(n, Step::Check)])]).await.unwrap(), [Answer::Done]);
    }
    let claim = Claim { step: None, max: 10, holder: "a".to_owned(), lease: super::LEASE };
    assert_eq!(opened.claim(&claim).await.unwrap().len(), 2);
    database.spoil();
}

#[tokio::test]
async fn tables_that_are_not_ours_are_refused() {
    let database = Database::migrated().await;
    let mut connection = database.connect().await;
    connection.execute("update _sqlx_migrations set checksum = '\\x00' where version = 1").await.unwrap();
    let said = Postgres::open(&database.settings(), None).await.err().unwrap().to_string();
    assert!(said.contains("migration 1 is not the one"), "{said}");
    database.spoil();
}

/// Everything that a store does, as a user who may do no more than that.
async fn everything(store: &Postgres) {
    let it = mail(1, "<1@gendan>");
    let (mut sheet, begun) = order(20, 1, 0);
    store
        .commit(vec![send([it.clone(), message(2, Step::Check), message(3, Step::Check)]), begun])
        .await
        .unwrap();
    store.commit(vec![moved(&mut sheet, vec![told("buyer", it.id)])]).await.unwrap();
    let due = Commit { timers: vec![timer(5, at(0))], effects: vec!["once".to_owned()], ..Commit::default() };
    store.commit(vec![due]).await.unwrap();
    assert_eq!(store.fire(10).await.unwrap(), 1);
    let claim = Claim { step: None, max: 10, holder: "a".to_owned(), lease: super::LEASE };
    assert_eq!(store.claim(&claim).await.unwrap().len(), 4);
    assert_eq!(store.renew("a", &[it.id], super::LEASE).await.unwrap(), [true]);
    let fence = store.intend(&it, "smtp", "a", super::LEASE).await.unwrap();
    assert_eq!(fence, Intended::Go { fence: 1, again: false });
    store.commit(vec![fenced(done(&it), 1)]).await.unwrap();
    let returned = Relayed::Returned { why: "no queue".to_owned() };
    let marks = vec![(id(2), 1, returned), (id(3), 1, Relayed::Delivered), (id(5), 1, Relayed::Sent)];
    store.relayed("a", marks).await.unwrap();
    store.give_back("a", &[(id(2), 1)]).await.unwrap();
    store.take_over("b").await.unwrap();
    let again = Message { attempt: 2, ..message(2, Step::Check) };
    let replay = Commit { unpark: vec![(id(2), "again".to_owned())], ..send([again.clone()]) };
    assert_eq!(store.commit(vec![replay, done(&again)]).await.unwrap(), [Answer::Done, Answer::Done]);
    assert_eq!(store.commit(vec![park(&message(6, Step::Check), "why")]).await.unwrap(), [Answer::Done]);
    let later = store.now().await.unwrap() + chrono::TimeDelta::seconds(60);
    assert_eq!(store.prune(later, 100).await.unwrap().outbox, 3);
    store.seal(chrono::NaiveDate::from_ymd_opt(2026, 11, 1).unwrap()).await.unwrap();
    assert_eq!(store.audit().await.unwrap().findings, []);
    assert_eq!(store.balance().await.unwrap().messages.parked, 1);
}

/// The first step of an upgrade: by the owner, before the workers, which may not.
#[tokio::test]
async fn migrate_is_for_the_owner_of_the_tables() {
    let server = PostgresServer::start();
    server.script("config/postgres-roles.sql");
    let folder = tempfile::TempDir::new().unwrap();
    let migrate = |user: &str| {
        let settings = format!(
            "[postgres]\nurl = '{}'\n[rabbitmq]\nurl = 'amqp://guest:guest@127.0.0.1:1'\n",
            server.url(user)
        );
        std::fs::write(folder.path().join("gendan.toml"), settings).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gendan"));
        command.arg("--dir").arg(folder.path()).arg("migrate").output().unwrap()
    };
    let early = migrate("gendan_worker");
    assert!(!early.status.success());
    assert!(String::from_utf8_lossy(&early.stderr).contains("owns them"), "{early:?}");
    for _ in 0..2 {
        let done = migrate("gendan_owner");
        assert_eq!(String::from_utf8_lossy(&done.stdout), "the database is up to date\n", "{done:?}");
    }
    server.script("config/postgres-roles.sql");
    assert!(migrate("gendan_worker").status.success(), "there is nothing to bring up to date");
}

#[tokio::test]
async fn a_worker_needs_no_more_than_its_rights() {
    let server = PostgresServer::start();
    let settings = |user: &str| PostgresSettings { pool: 4, ..PostgresSettings::new(server.url(user)) };
    server.script("config/postgres-roles.sql");
    let early = Postgres::open(&settings("gendan_worker"), None).await.err().unwrap().to_string();
    assert!(early.contains("gendan_worker@") && early.contains("owns them"), "{early}");
    Postgres::open(&settings("gendan_owner"), None).await.unwrap().close().await;
    server.script("config/postgres-roles.sql");
    server.script("config/postgres-roles.sql");
    let worker = Postgres::open(&settings("gendan_worker"), None).await.unwrap();
    everything(&worker).await;
    let url = |user| server.url(user).parse::<sqlx::postgres::PgConnectOptions>().unwrap();
    let mut connection = url("gendan_worker").connect().await.unwrap();
    for deed in [
        "delete from event",
        "update event set hash = ''",
        "delete from effect",
        "update seal set hash = ''",
        "delete from aggregate",
        "update inbox set word = ''",
        "create table mine (n int)",
        "drop table event",
    ] {
        assert!(connection.execute(deed).await.is_err(), "a worker may {deed}");
    }
    let mut connection = url("gendan_reader").connect().await.unwrap();
    assert!(connection.execute("select * from event").await.is_ok());
    assert!(connection.execute("insert into gone values (gen_random_uuid())").await.is_err());
    let reader = Postgres::open(&settings("gendan_reader"), None).await.unwrap();
    assert_eq!(reader.audit().await.unwrap().orders, 1);
    let said = reader.commit(vec![send([message(9, Step::Check)])]).await.unwrap_err().to_string();
    assert!(said.contains("lacks a right"), "{said}");
}
