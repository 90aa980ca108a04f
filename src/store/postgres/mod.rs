//! The store of several processes: PostgreSQL 14 or later.
//!
//! Transactions are short and read what is committed; whatever another process could change in between is locked, in one
//! order, before it is looked at. What nobody could lock because it was not there meets at its primary key, and the batch is
//! decided again.

mod alive;
mod audit;
mod balance;
mod claim;
mod clock;
mod commit;
mod convert;
mod error;
mod facts;
mod intend;
mod listen;
mod load;
mod migrate;
mod prune;
mod rare;
mod read;
mod relay;
mod rows;
mod scratch;
mod seal;
mod settings;
mod straight;
mod timers;
mod transaction;

use super::{
    Answer, Audit, Balance, Claim, Claimed, Commit, Filter, Intended, Key, Kind, Parked, Pruned, Relayed,
    ReviewRow, Seal, Snapshot, Store, StoreError, StoredEvent,
};
use crate::order::message::Message;
use crate::runtime::clock::Clock;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
pub use clock::DatabaseClock;
pub use scratch::Scratch;
pub use settings::PostgresSettings;
use sqlx::postgres::PgPool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use straight::Straight;
use tokio_util::sync::{CancellationToken, DropGuard};
use transaction::{apart, within};
use uuid::Uuid;

/// How long a seal over everything may take.
const SEALING: Duration = Duration::from_secs(3_600);

/// The store on a server.
pub struct Postgres {
    shared: Shared,
    loads: load::Loads,
    /// Ends what runs beside.
    _running: DropGuard,
}

/// What transactions take along into tasks of their own.
#[derive(Clone)]
struct Shared {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    notify: bool,
    /// Set once this process relays.
    straight: Arc<OnceLock<Straight>>,
}

impl Postgres {
    /// Connects, and brings the tables up to date where needed. Without a clock it is the database's.
    pub async fn open(
        settings: &PostgresSettings,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<Self, StoreError> {
        migrate::migrate(settings).await?;
        Self::connect(settings, clock).await
    }

    /// Connects and changes nothing: tables of another version are an error once they are used.
    pub async fn connect(
        settings: &PostgresSettings,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<Self, StoreError> {
        let pool = settings.pool()?;
        let stop = CancellationToken::new();
        let clock = match clock {
            Some(clock) => clock,
            None => DatabaseClock::start(pool.clone(), stop.clone()).await? as Arc<dyn Clock>,
        };
        let loads = load::Loads::start(&pool);
        let shared = Shared { pool, clock, notify: settings.notify, straight: Arc::default() };
        Ok(Self { shared, loads, _running: stop.drop_guard() })
    }

    /// The clock that all times here are from.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.shared.clock)
    }

    /// This process relays what it commits from now on, as `holder` and under leases of this length: its messages go straight
    /// to its relay, and nobody else has to be told. (A transaction that notifies commits under a lock that is one for the
    /// whole server.)
    pub fn relays(&self, holder: &str, lease: Duration) {
        // Whoever says it twice is the same process.
        let _ = self.shared.straight.set(Straight::new(holder.to_owned(), lease));
    }

    /// Rows in all tables.
    pub async fn rows(&self) -> Result<u64, StoreError> {
        const ROWS: &str = "select (select count(*) from aggregate) + (select count(*) from event)
            + (select count(*) from inbox) + (select count(*) from outbox) + (select count(*) from effect)
            + (select count(*) from review) + (select count(*) from timer) + (select count(*) from parked)
            + (select count(*) from attempt) + (select count(*) from intent) + (select count(*) from gone)";
        let rows: i64 = within(sqlx::query_scalar(ROWS).fetch_one(&self.shared.pool)).await?;
        Ok(u64::try_from(rows).unwrap_or(0))
    }

    /// Closes all connections. What was committed is safe with or without it.
    pub async fn close(self) {
        self.shared.pool.close().await;
    }
}

#[async_trait]
impl Store for Postgres {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        Ok(self.shared.whole_now())
    }

    async fn write(&self, batch: Vec<Arc<Commit>>) -> Result<Vec<Answer>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let shared = self.shared.clone();
        apart(async move { shared.write(batch).await }).await
    }

    async fn consumed(&self, messages: &[Message]) -> Result<Vec<bool>, StoreError> {
        self.shared.read_consumed(messages).await
    }

    async fn load(&self, keys: &[Key]) -> Result<Vec<Option<Snapshot>>, StoreError> {
        self.loads.load(keys).await
    }

    async fn list(&self, kind: Kind, filter: &Filter) -> Result<Vec<Snapshot>, StoreError> {
        self.shared.read_list(kind, filter).await
    }

    async fn events(&self, order_id: Uuid) -> Result<Vec<StoredEvent>, StoreError> {
        self.shared.read_events(order_id).await
    }

    async fn reviews(&self, state: Option<&str>) -> Result<Vec<ReviewRow>, StoreError> {
        self.shared.read_reviews(state).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        self.shared.take(claim).await
    }

    async fn renew(&self, holder: &str, ids: &[Uuid], lease: Duration) -> Result<Vec<bool>, StoreError> {
        let (shared, holder, ids) = (self.shared.clone(), holder.to_owned(), ids.to_vec());
        apart(async move { shared.prolong(&holder, &ids, lease).await }).await
    }

    async fn give_back(&self, holder: &str, messages: &[(Uuid, u32)]) -> Result<(), StoreError> {
        self.shared.put_back(holder, messages).await
    }

    async fn take_over(&self, holder: &str) -> Result<u64, StoreError> {
        self.shared.free_others(holder).await
    }

    async fn relayed(&self, holder: &str, marks: Vec<(Uuid, u32, Relayed)>) -> Result<(), StoreError> {
        let (shared, holder) = (self.shared.clone(), holder.to_owned());
        apart(async move { shared.mark_relayed(&holder, marks).await }).await
    }

    async fn intend(
        &self,
        message: &Message,
        destination: &str,
        holder: &str,
        lease: Duration,
    ) -> Result<Intended, StoreError> {
        let (message, destination, holder) = (message.clone(), destination.to_owned(), holder.to_owned());
        let asking = intend::Asking { message, destination, holder, lease };
        let shared = self.shared.clone();
        apart(async move { shared.state_intent(asking).await }).await
    }

    async fn fire(&self, max: u32) -> Result<u64, StoreError> {
        let shared = self.shared.clone();
        apart(async move { shared.fire_timers(max).await }).await
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.shared.read_next_due().await
    }

    async fn is_idle(&self) -> Result<bool, StoreError> {
        self.shared.read_idle().await
    }

    async fn parked(&self) -> Result<Vec<Parked>, StoreError> {
        self.shared.read_parked().await
    }

    async fn messages(&self, correlation_id: Uuid) -> Result<Vec<(Message, String)>, StoreError> {
        self.shared.read_messages(correlation_id).await
    }

    async fn prune(&self, before: DateTime<Utc>, max: u32) -> Result<Pruned, StoreError> {
        let shared = self.shared.clone();
        apart(async move { shared.prune_rows(before, max).await }).await
    }

    async fn seal(&self, day: NaiveDate) -> Result<Seal, StoreError> {
        let shared = self.shared.clone();
        transaction::apart_for(SEALING, async move { shared.seal_day(day).await }).await
    }

    async fn audit(&self) -> Result<Audit, StoreError> {
        self.shared.audit_all().await
    }

    async fn balance(&self) -> Result<Balance, StoreError> {
        self.shared.add_up().await
    }
}
