//! Which processes live. Each one's connection here holds a lock of its name for as long as it lasts; what a process held
//! whose lock is free is let go long before its leases run out.

use super::convert::get;
use super::error::read_error;
use super::transaction::within;
use super::{Postgres, Shared};
use crate::store::StoreError;
use sqlx::postgres::PgConnection;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// So many looks in a row have to find nobody: a process whose connection was lost makes a new one meanwhile.
const LOOKS: u32 = 3;

const LOCK: &str = "select pg_try_advisory_lock(hashtextextended('gendan/' || $1, 0)) as free";
const UNLOCK: &str = "select pg_advisory_unlock(hashtextextended('gendan/' || $1, 0)) as free";
const HOLDERS: &str =
    "select holder from outbox where state = 'waiting' and lease_until > $1 and holder <> $2
    union select holder from intent where state = 'held' and lease_until > $1 and holder <> $2";
const LET_GO: &str =
    "update outbox set holder = null, lease_until = null where state = 'waiting' and holder = $1";
const LET_GO_INTENTS: &str =
    "update intent set lease_until = $2 where state = 'held' and holder = $1 and lease_until > $2";

impl Postgres {
    /// Says that `holder` lives, and lets go what dead processes held, until it is stopped. Wakes the relay when there was
    /// something.
    pub async fn alive(&self, holder: String, wake: Arc<Notify>, stop: CancellationToken) {
        let shared = self.shared.clone();
        let forever = async move {
            loop {
                let Err(error) = watch(&shared, &holder, &wake).await;
                tracing::debug!(%error, "this process is not known to live for a moment");
                tokio::time::sleep(LOOK).await;
            }
        };
        stop.run_until_cancelled(forever).await.unwrap_or(())
    }
}

async fn watch(shared: &Shared, holder: &str, wake: &Notify) -> Result<std::convert::Infallible, StoreError> {
    let mut session = shared.pool.acquire().await.map_err(read_error)?.detach();
    let mut locked = false;
    let mut absent: BTreeMap<String, u32> = BTreeMap::new();
    loop {
        if !locked {
            // Another connection of ours that the server has not missed yet may have it.
            locked = asked(&mut session, LOCK, holder).await?;
        }
        let seen = std::mem::take(&mut absent);
        for other in holders(shared, holder).await? {
            if !asked(&mut session, LOCK, &other).await? {
                continue;
            }
            asked(&mut session, UNLOCK, &other).await?;
            let looks = seen.get(&other).copied().unwrap_or(0) + 1;
            if looks < LOOKS {
                absent.insert(other, looks);
            } else if let_go(shared, &other).await? > 0 {
                tracing::info!(holder = other, "a process has ended; what it held is free");
                wake.notify_one();
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn asked(session: &mut PgConnection, sql: &'static str, holder: &str) -> Result<bool, StoreError> {
    within(sqlx::query_scalar(sql).bind(holder).fetch_one(session)).await
}

async fn holders(shared: &Shared, holder: &str) -> Result<Vec<String>, StoreError> {
    let rows =
        within(sqlx::query(HOLDERS).bind(shared.whole_now()).bind(holder).fetch_all(&shared.pool)).await?;
    rows.iter().map(|row| get(row, "holder")).collect()
}

async fn let_go(shared: &Shared, holder: &str) -> Result<u64, StoreError> {
    let now = shared.whole_now();
    let intents = within(sqlx::query(LET_GO_INTENTS).bind(holder).bind(now).execute(&shared.pool)).await?;
    let messages = within(sqlx::query(LET_GO).bind(holder).execute(&shared.pool)).await?;
    Ok(intents.rows_affected() + messages.rows_affected())
}
