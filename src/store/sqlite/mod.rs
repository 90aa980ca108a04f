//! The embedded store: one SQLite file, one writer, a few readers.
//!
//! Another process (a command) may have the same file open and write to it; both then wait for each other's short
//! transactions.

mod audit;
mod balance;
mod claim;
mod commit;
mod convert;
mod error;
mod facts;
mod intend;
mod prune;
mod read;
mod relay;
mod rows;
mod seal;
mod timers;
mod writer;

use super::{
    Answer, Audit, Balance, Claim, Claimed, Commit, Filter, Intended, Key, Kind, Parked, Pruned, Relayed,
    ReviewRow, Seal, Snapshot, Store, StoreError, StoredEvent,
};
use crate::order::message::Message;
use crate::runtime::clock::Clock;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::Connection as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use uuid::Uuid;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

const READERS: u32 = 4;
/// The writer's page cache: 32 MiB (SQLite counts KiB when it is negative).
const CACHE: &str = "-32768";
/// Pages in the write-ahead log before they are copied into the file: 16 MiB.
const CHECKPOINT: &str = "4096";
/// How long a statement waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// The store in one file.
pub struct Sqlite {
    writer: Arc<Mutex<writer::Writer>>,
    readers: SqlitePool,
    clock: Arc<dyn Clock>,
}

impl Sqlite {
    /// Opens the file, making it and bringing it up to date where needed.
    pub async fn open(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("wal_autocheckpoint", CHECKPOINT);
        let writer = writer::Writer::open(options.clone().pragma("cache_size", CACHE)).await?;
        migrate(&mut *writer.lock().await).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .connect_with(options.pragma("query_only", "on"))
            .await
            .map_err(error::read_error)?;
        Ok(Self { writer, readers, clock })
    }

    /// Rows in all tables.
    pub async fn rows(&self) -> Result<u64, StoreError> {
        const TABLES: [&str; 11] = [
            "select count(*) from aggregate",
            "select count(*) from event",
            "select count(*) from inbox",
            "select count(*) from outbox",
            "select count(*) from effect",
            "select count(*) from review",
            "select count(*) from timer",
            "select count(*) from parked",
            "select count(*) from attempt",
            "select count(*) from intent",
            "select count(*) from gone",
        ];
        let mut rows = 0;
        for query in TABLES {
            let count: i64 =
                sqlx::query_scalar(query).fetch_one(&self.readers).await.map_err(error::read_error)?;
            rows += u64::try_from(count).unwrap_or(0);
        }
        Ok(rows)
    }

    /// Closes all connections and leaves one file behind. What was committed is on the disk with or without it.
    pub async fn close(self) {
        self.readers.close().await;
        if let Some(writer) = Arc::into_inner(self.writer) {
            writer.into_inner().close().await;
        }
    }

    fn now_micros(&self) -> i64 {
        convert::micros(self.clock.now())
    }

    async fn begin(&self) -> Result<writer::Begun, StoreError> {
        writer::Begun::begin(&self.writer, writer::Durable::Yes).await
    }

    /// For leases alone.
    async fn begin_lease(&self) -> Result<writer::Begun, StoreError> {
        writer::Begun::begin(&self.writer, writer::Durable::Later).await
    }
}

/// Two processes may open a new file at the same moment: the second waits until the first has written it whole.
async fn migrate(writer: &mut writer::Writer) -> Result<(), StoreError> {
    let mut begun = writer.bare().begin_with("begin immediate").await.map_err(error::read_error)?;
    MIGRATIONS.run_direct(None, &mut *begun, false).await.map_err(convert::broken)?;
    begun.commit().await.map_err(error::read_error)
}

#[async_trait]
impl Store for Sqlite {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        convert::time(self.now_micros())
    }

    async fn write(&self, batch: Vec<Arc<Commit>>) -> Result<Vec<Answer>, StoreError> {
        self.write_batch(batch).await
    }

    async fn consumed(&self, messages: &[Message]) -> Result<Vec<bool>, StoreError> {
        self.read_consumed(messages).await
    }

    async fn load(&self, keys: &[Key]) -> Result<Vec<Option<Snapshot>>, StoreError> {
        self.read_snapshots(keys).await
    }

    async fn list(&self, kind: Kind, filter: &Filter) -> Result<Vec<Snapshot>, StoreError> {
        self.read_list(kind, filter).await
    }

    async fn events(&self, order_id: Uuid) -> Result<Vec<StoredEvent>, StoreError> {
        self.read_events(order_id).await
    }

    async fn reviews(&self, state: Option<&str>) -> Result<Vec<ReviewRow>, StoreError> {
        self.read_reviews(state).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        self.take(claim).await
    }

    async fn renew(&self, holder: &str, ids: &[Uuid], lease: Duration) -> Result<Vec<bool>, StoreError> {
        self.prolong(holder, ids, lease).await
    }

    async fn give_back(&self, holder: &str, messages: &[(Uuid, u32)]) -> Result<(), StoreError> {
        self.put_back(holder, messages).await
    }

    async fn take_over(&self, holder: &str) -> Result<u64, StoreError> {
        self.free_others(holder).await
    }

    async fn relayed(&self, holder: &str, marks: Vec<(Uuid, u32, Relayed)>) -> Result<(), StoreError> {
        self.mark_relayed(holder, marks).await
    }

    async fn intend(
        &self,
        message: &Message,
        destination: &str,
        holder: &str,
        lease: Duration,
    ) -> Result<Intended, StoreError> {
        self.state_intent(message, destination, holder, lease).await
    }

    async fn fire(&self, max: u32) -> Result<u64, StoreError> {
        self.fire_timers(max).await
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.read_next_due().await
    }

    async fn is_idle(&self) -> Result<bool, StoreError> {
        self.read_idle().await
    }

    async fn parked(&self) -> Result<Vec<Parked>, StoreError> {
        self.read_parked().await
    }

    async fn messages(&self, correlation_id: Uuid) -> Result<Vec<(Message, String)>, StoreError> {
        self.read_messages(correlation_id).await
    }

    async fn prune(&self, before: DateTime<Utc>, max: u32) -> Result<Pruned, StoreError> {
        self.prune_rows(before, max).await
    }

    async fn seal(&self, day: NaiveDate) -> Result<Seal, StoreError> {
        self.seal_day(day).await
    }

    async fn audit(&self) -> Result<Audit, StoreError> {
        self.audit_all().await
    }

    async fn balance(&self) -> Result<Balance, StoreError> {
        self.add_up().await
    }
}
