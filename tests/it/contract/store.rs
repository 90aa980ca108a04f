//! The contract of the store: each case is one function over a [`Harness`], run for every adapter.

mod balance;
mod commits;
mod intents;
mod leases;
mod model;
mod on_postgres;
mod outage;
mod processes;
mod records;
mod schema;
mod retries;
mod speed;
mod tampering;
mod timers;
mod writers;

use crate::support::clock::ManualClock;
use crate::support::make::at;
use crate::support::memory::{Faults, Memory};
use async_trait::async_trait;
use gendan::order::message::Step;
use gendan::runtime::clock::Clock;
use gendan::store::sqlite::Sqlite;
use gendan::store::{Answer, Balance, Claim, Claimed, Commit, Count, Store, StoreError};
pub(crate) use on_postgres::OnPostgres;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long the cases hold what they take.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

/// What a case needs of an adapter.
#[async_trait]
pub(crate) trait Harness: Sized + Send + Sync {
    /// A new, empty store.
    async fn fresh() -> Self;

    fn store(&self) -> &dyn Store;

    /// The same store, for those who keep it.
    fn shared(&self) -> Arc<dyn Store>;

    fn clock(&self) -> &ManualClock;

    /// Closes the store and opens it again on the same data.
    async fn reopen(&mut self);

    /// Commits, but the answer is lost on the way, whether it was written or not.
    async fn commit_unanswered(&self, batch: Vec<Commit>, written: bool) -> StoreError {
        if written {
            self.store().commit(batch).await.unwrap();
        }
        StoreError::Unknown("the connection was lost".to_owned())
    }

    /// Commits one and returns its answer.
    async fn commit(&self, commit: Commit) -> Answer {
        self.store().commit(vec![commit]).await.unwrap().remove(0)
    }

    /// Takes up to ten messages of a step.
    async fn claim(&self, step: Step, holder: &str) -> Vec<Claimed> {
        let claim = Claim { step: Some(step), max: 10, holder: holder.to_owned(), lease: LEASE };
        self.store().claim(&claim).await.unwrap()
    }

    /// Takes up to ten messages of a step and returns their ids.
    async fn claim_ids(&self, step: Step, holder: &str) -> Vec<Uuid> {
        self.claim(step, holder).await.into_iter().map(|it| it.message.id).collect()
    }

    /// Turns the clock.
    fn wait(&self, seconds: u64) {
        self.clock().advance(Duration::from_secs(seconds));
    }

    /// What became of the messages about one thing.
    async fn words(&self, correlation: Uuid) -> Vec<String> {
        let messages = self.store().messages(correlation).await.unwrap();
        messages.into_iter().map(|(_, word)| word).collect()
    }

    /// Checks that nothing is missing and nothing double.
    async fn balanced(&self) -> Balance {
        let balance = self.store().balance().await.unwrap();
        assert_eq!((&balance.missing[..], &balance.double[..]), (&[][..], &[][..]));
        let whole = |it: Count| it.total == it.waiting + it.in_work + it.parked + it.done;
        assert!(whole(balance.documents) && whole(balance.parts) && whole(balance.messages), "{balance:?}");
        balance
    }
}

/// SQLite on a file of its own.
pub(crate) struct OnSqlite {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    store: Arc<Sqlite>,
}

impl OnSqlite {
    /// Another connection to the same file, as another process has it.
    pub(crate) async fn beside(&self) -> Sqlite {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Sqlite::open(self.path(), clock).await.unwrap()
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("gendan.db")
    }
}

#[async_trait]
impl Harness for OnSqlite {
    async fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(at(0)));
        let store = Sqlite::open(folder.path().join("gendan.db"), Arc::clone(&clock) as Arc<dyn Clock>);
        let store = Arc::new(store.await.unwrap());
        Self { folder, clock, store }
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

/// The store in memory.
pub(crate) struct OnMemory {
    clock: Arc<ManualClock>,
    store: Memory,
}

impl OnMemory {
    pub(crate) fn with(faults: Faults) -> Self {
        let clock = Arc::new(ManualClock::new(at(0)));
        let store = Memory::new(Arc::clone(&clock) as Arc<dyn Clock>, faults);
        Self { clock, store }
    }
}

#[async_trait]
impl Harness for OnMemory {
    async fn fresh() -> Self {
        Self::with(Faults::default())
    }

    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn shared(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    async fn reopen(&mut self) {
        self.store = self.store.clone();
    }
}

/// Makes a test of each case for each adapter.
macro_rules! on_every_store {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            use crate::contract::store::{Harness as _, OnSqlite};
            $(#[tokio::test]
            async fn $case() {
                super::$case(OnSqlite::fresh().await).await;
            })+
        }

        mod postgres {
            use crate::contract::store::{Harness as _, OnPostgres};
            $(#[tokio::test]
            async fn $case() {
                super::$case(OnPostgres::fresh().await).await;
            })+
        }

        mod memory {
            use crate::contract::store::{Harness as _, OnMemory};
            $(#[tokio::test]
            async fn $case() {
                super::$case(OnMemory::fresh().await).await;
            })+
        }
    };
}
use on_every_store;
