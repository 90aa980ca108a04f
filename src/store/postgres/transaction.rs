//! A transaction on a connection of the pool: what was begun is ended, or its connection never comes back to the pool.

use super::error::{is_away, is_refused, read_error};
use crate::store::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Executor as _, Postgres};
use std::time::Duration;

/// How many dead connections of the pool are passed over.
const TRIES: u32 = 5;
/// Longer than any statement or wait for a lock may take in the database (`options`): only a server that vanished without a
/// word takes longer.
const LIMIT: Duration = Duration::from_secs(90);

pub(super) const PLAIN: &str = "begin";
/// One consistent view for a report, with the plans that reports need; they may take long.
pub(super) const REPORT: &str = "begin isolation level repeatable read read only;
    set local statement_timeout = 0; set local enable_hashjoin = on; set local enable_mergejoin = on;
    set local enable_bitmapscan = on; set local enable_seqscan = on; set local plan_cache_mode = force_custom_plan";

/// A begun transaction. Dropped before its end its connection is closed, and the server rolls it back.
pub(super) struct Begun(Option<PoolConnection<Postgres>>);

impl Begun {
    pub(super) async fn begin(pool: &PgPool, how: &'static str) -> Result<Self, StoreError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let connection = pool.acquire().await.map_err(read_error)?;
            let mut begun = Self(Some(connection));
            match begun.connection()?.execute(how).await {
                Ok(_) => return Ok(begun),
                Err(error) if is_away(&error) && tries < TRIES => {}
                Err(error) => return Err(read_error(error)),
            }
        }
    }

    pub(super) fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        let connection = self.0.as_deref_mut();
        connection.ok_or_else(|| StoreError::Broken("the transaction has ended".to_owned()))
    }

    /// Commits what was done, or rolls back when it failed.
    pub(super) async fn end<T, E: From<StoreError>>(mut self, done: Result<T, E>) -> Result<T, E> {
        match done {
            Ok(value) => self.commit().await.map(|()| value).map_err(E::from),
            Err(error) => {
                self.undo().await;
                Err(error)
            }
        }
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        match self.connection()?.execute("commit").await {
            Ok(_) => {
                self.0.take();
                Ok(())
            }
            Err(error) if is_refused(&error) => Err(StoreError::Unavailable(error.to_string())),
            Err(error) => Err(StoreError::Unknown(error.to_string())),
        }
    }

    async fn undo(&mut self) {
        if let Ok(connection) = self.connection()
            && connection.execute("rollback").await.is_ok()
        {
            self.0.take();
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        drop(self.0.take().map(PoolConnection::detach));
    }
}

/// Does it in a task of its own: a caller that vanishes cuts nothing in the middle.
pub(super) async fn apart<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    apart_for(LIMIT, work).await
}

pub(super) async fn apart_for<T: Send + 'static>(
    limit: Duration,
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::spawn(tokio::time::timeout(limit, work)).await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => Err(StoreError::Unknown(format!("no answer within {} s", limit.as_secs()))),
        Err(error) => Err(StoreError::Broken(format!("the transaction's task failed: {error}"))),
    }
}

/// Something that only reads, or that does no harm when nobody knows whether it was done.
pub(super) async fn within<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match tokio::time::timeout(LIMIT, work).await {
        Ok(done) => done.map_err(read_error),
        Err(_) => Err(StoreError::Unavailable(format!("no answer within {} s", LIMIT.as_secs()))),
    }
}
