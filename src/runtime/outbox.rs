//! The relay: takes what stands in the outbox under a lease, publishes it, and marks what the broker confirmed.
//!
//! Only for a broker of its own; the in-process one takes from the outbox itself.

use super::metrics;
use crate::broker::{Broker, Published};
use crate::store::{Claim, Claimed, Relayed, Store, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Moves messages from the outbox to the broker.
pub struct Relay {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
    pub holder: String,
    pub lease: Duration,
    pub batch: u32,
    /// The outbox is looked at this often even when nobody woke the relay.
    pub poll: Duration,
    pub woken: Arc<Notify>,
}

impl Relay {
    /// Relays until `stop`. What is claimed then is given back.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.round().await {
                Ok(0) => self.idle(&stop).await,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the outbox can't be relayed; trying again");
                    self.idle(&stop).await;
                }
            }
        }
    }

    async fn idle(&self, stop: &CancellationToken) {
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = self.woken.notified() => {}
            () = tokio::time::sleep(self.poll) => {}
        }
    }

    /// Publishes one batch; how many were claimed.
    async fn round(&self) -> Result<usize, StoreError> {
        let claim = Claim { step: None, max: self.batch, holder: self.holder.clone(), lease: self.lease };
        let claimed = self.store.claim(&claim).await?;
        if claimed.is_empty() {
            return Ok(0);
        }
        let messages: Vec<_> = claimed.iter().map(|it| it.message.clone()).collect();
        let answers = match self.broker.publish(&messages).await {
            Ok(answers) => answers,
            Err(error) => {
                tracing::warn!(%error, "nothing was published; the messages wait");
                vec![Published::Unknown; messages.len()]
            }
        };
        answers.iter().for_each(metrics::relayed);
        let failed = answers.iter().all(|answer| *answer == Published::Unknown);
        self.store.relayed(&self.holder, marks(&claimed, answers)).await?;
        Ok(if failed { 0 } else { claimed.len() })
    }
}

fn marks(claimed: &[Claimed], answers: Vec<Published>) -> Vec<(uuid::Uuid, u32, Relayed)> {
    let mark = |answer| match answer {
        // A message that left the house is done; until the store has a mark for that, it counts as sent.
        Published::Confirmed => Relayed::Sent,
        Published::Delivered => Relayed::Delivered,
        Published::Returned { why } => Relayed::Returned { why },
        Published::Unknown => Relayed::Free,
    };
    claimed
        .iter()
        .zip(answers)
        .map(|(it, answer)| (it.message.id, it.message.attempt, mark(answer)))
        .collect()
}
