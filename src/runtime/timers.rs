//! Fires what is due: the store turns due timers into messages, each exactly once.

use super::metrics;
use crate::broker::Broker;
use crate::order::message::Step;
use crate::store::{Store, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Timers turned into messages in one transaction at most.
const BATCH: u32 = 200;

/// Fires timers until `stop`. `poll` is the longest sleep: a clock that was set is noticed by then.
pub async fn run(store: Arc<dyn Store>, broker: Arc<dyn Broker>, poll: Duration, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let pause = match round(store.as_ref()).await {
            Ok(0) => poll,
            Ok(fired) => {
                metrics::fired(fired);
                tracing::debug!(fired, "timers fired");
                Step::ALL.into_iter().for_each(|step| broker.wake(step));
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "timers can't be fired; trying again");
                poll
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn round(store: &dyn Store) -> Result<u64, StoreError> {
    store.fire(BATCH).await
}
