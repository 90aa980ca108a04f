//! PostgreSQL under the contract: each test has a database of its own on the machine's server.
//!
//! Databases are made from one that was migrated once, are emptied and used again by later tests, and are dropped when the
//! run has ended.

use super::Harness;
use crate::support::clock::ManualClock;
use crate::support::make::at;
use async_trait::async_trait;
use gendan::runtime::clock::Clock;
use gendan::store::Store;
use gendan::store::postgres::{Postgres, PostgresSettings};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

const TABLES: [&str; 13] = [
    "aggregate",
    "event",
    "outbox",
    "gone",
    "inbox",
    "effect",
    "review",
    "timer",
    "parked",
    "attempt",
    "intent",
    "seal_head",
    "seal",
];

/// Databases that no test uses at the moment.
static FREE: Mutex<Vec<String>> = Mutex::new(Vec::new());
static TEMPLATE: tokio::sync::Mutex<Option<()>> = tokio::sync::Mutex::const_new(None);

#[expect(clippy::disallowed_methods, reason = "which server tests use is no setting of the program")]
fn server() -> String {
    std::env::var("GENDAN_TEST_POSTGRES")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned())
}

/// The server's URL with another database.
fn url(database: &str) -> String {
    let server = server();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{database}")
}

async fn connect(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    let connected = options.disable_statement_logging().connect().await;
    connected.unwrap_or_else(|e| panic!("{url}: {e}; GENDAN_TEST_POSTGRES names the server"))
}

/// What all databases of this run are called.
fn prefix() -> String {
    format!("gendan_test_{}_", std::process::id())
}

async fn create(template: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    if number == 0 {
        drop_at_the_end();
    }
    let name = format!("{}{number}", prefix());
    let mut server = connect(&server()).await;
    server.execute(AssertSqlSafe(format!("create database {name} template {template}"))).await.unwrap();
    server.close().await.unwrap();
    name
}

/// A database of the test's own; free for others when it is dropped.
pub(crate) struct Database(String);

impl Database {
    /// One with all tables, and nothing in them.
    pub(crate) async fn migrated() -> Self {
        let free = FREE.lock().unwrap().pop();
        let Some(free) = free else { return Self::made().await };
        let database = Self(free);
        let mut connection = database.connect().await;
        for table in TABLES {
            connection.execute(AssertSqlSafe(format!("delete from {table}"))).await.unwrap();
        }
        connection.execute("update pruning set inbox_before = 'epoch'").await.unwrap();
        connection.close().await.unwrap();
        database
    }

    async fn made() -> Self {
        let mut made = TEMPLATE.lock().await;
        let template = format!("{}template", prefix());
        if made.is_none() {
            let mut server = connect(&server()).await;
            server.execute(AssertSqlSafe(format!("create database {template}"))).await.unwrap();
            server.close().await.unwrap();
            let store = Postgres::open(&PostgresSettings::new(url(&template)), None).await.unwrap();
            store.close().await;
            *made = Some(());
        }
        Self(create(&template).await)
    }

    /// One without any table. Whatever becomes of it, no other test gets it.
    pub(crate) async fn empty() -> Self {
        Self(create("template0").await)
    }

    /// No other test shall have it.
    pub(crate) fn spoil(self) {
        std::mem::forget(self);
    }

    pub(crate) fn url(&self) -> String {
        url(&self.0)
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        connect(&self.url()).await
    }

    pub(crate) fn settings(&self) -> PostgresSettings {
        PostgresSettings { pool: 4, ..PostgresSettings::new(self.url()) }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        FREE.lock().unwrap().push(std::mem::take(&mut self.0));
    }
}

static WAITING: Mutex<Option<Child>> = Mutex::new(None);

/// A test binary has no last moment of its own: somebody else waits for it.
fn drop_at_the_end() {
    let script = r#"tail --pid="$1" -f /dev/null; psql -X "$2" -Atc "select 'drop database ' || quote_ident(datname)
        || ' with (force);' from pg_database where datname like '$3%'" | psql -X -q "$2""#;
    let mut command = Command::new("setsid");
    command.args(["sh", "-c", script, "sh", &std::process::id().to_string(), &server(), &prefix()]);
    let waiting = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    *WAITING.lock().unwrap() = Some(waiting.unwrap());
}

/// PostgreSQL on a database of its own.
pub(crate) struct OnPostgres {
    store: Arc<Postgres>,
    clock: Arc<ManualClock>,
    pub(crate) database: Database,
}

impl OnPostgres {
    /// Another store on the same database, as another process has it.
    pub(crate) async fn beside(&self) -> Postgres {
        Postgres::open(&self.database.settings(), Some(Arc::clone(&self.clock) as Arc<dyn Clock>))
            .await
            .unwrap()
    }
}

#[async_trait]
impl Harness for OnPostgres {
    async fn fresh() -> Self {
        let database = Database::migrated().await;
        let clock = Arc::new(ManualClock::new(at(0)));
        let store = Postgres::open(&database.settings(), Some(Arc::clone(&clock) as Arc<dyn Clock>)).await;
        Self { store: Arc::new(store.unwrap()), clock, database }
    }

    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn shared(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as Arc<dyn Store>
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    async fn reopen(&mut self) {
        self.store = Arc::new(self.beside().await);
    }
}
