//! Hears when a commit sent messages: a hint that spares the relay the wait until it looks by itself.

use super::error::read_error;
use super::{Postgres, Shared};
use crate::store::StoreError;
use sqlx::postgres::PgListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

const CHANNEL: &str = "gendan";
/// Between attempts to listen while the database is away.
const PAUSE: Duration = Duration::from_secs(1);

impl Postgres {
    /// Wakes the relay whenever any process on this database sent messages, until it is stopped. What was sent while the
    /// connection was lost may have been missed: each new one wakes, too.
    pub async fn listen(&self, wake: Arc<Notify>, stop: CancellationToken) {
        let shared = self.shared.clone();
        let forever = async move {
            loop {
                let Err(error) = hear(&shared, &wake).await;
                tracing::debug!(%error, "not listening to the database for a moment");
                tokio::time::sleep(PAUSE).await;
            }
        };
        stop.run_until_cancelled(forever).await.unwrap_or(())
    }
}

async fn hear(shared: &Shared, wake: &Notify) -> Result<std::convert::Infallible, StoreError> {
    let mut listener = PgListener::connect_with(&shared.pool).await.map_err(read_error)?;
    listener.listen(CHANNEL).await.map_err(read_error)?;
    loop {
        wake.notify_one();
        // None: the connection was lost and made anew.
        listener.try_recv().await.map_err(read_error)?;
    }
}
