//! The in-process broker: a claim loop over the outbox for each queue. "Confirmed" means that the consumer's commit is in.

use super::{Broker, BrokerError, Delivery, Published, Tag};
use crate::order::message::{Message, Step};
use crate::store::{Claim, Store, StoreError};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// Hands out what stands in the outbox, under leases that are counted in the store.
pub struct Local {
    store: Arc<dyn Store>,
    holder: String,
    lease: Duration,
    /// The outbox is looked at this often even when nothing woke us.
    poll: Duration,
    woken: [Notify; Step::ALL.len()],
    /// Deliveries so far.
    delivered: AtomicU64,
}

impl Local {
    /// `holder` must be new for each run of a process.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, holder: String, lease: Duration, poll: Duration) -> Self {
        Self { store, holder, lease, poll, woken: Default::default(), delivered: AtomicU64::new(0) }
    }

    async fn claim(&self, step: Step, max: u32) -> Result<Vec<Delivery>, StoreError> {
        let claim = Claim { step: Some(step), max, holder: self.holder.clone(), lease: self.lease };
        let claimed = self.store.claim(&claim).await?;
        Ok(claimed
            .into_iter()
            .map(|it| Delivery {
                message: it.message,
                again: it.claims > 1,
                claims: it.claims,
                tag: Tag { epoch: 0, number: self.delivered.fetch_add(1, Ordering::Relaxed) },
            })
            .collect())
    }

    /// How long to sleep when nothing is there: until the next thing falls due, at most the poll. What is due already and was
    /// not handed out is another step's, or waits for its lane; whoever frees it wakes us.
    async fn idle(&self) -> Duration {
        let due = async { Ok::<_, StoreError>((self.store.now().await?, self.store.next_due().await?)) };
        due.await.ok().and_then(|(now, due)| until(now, due?)).map_or(self.poll, |wait| wait.min(self.poll))
    }
}

fn until(now: DateTime<Utc>, due: DateTime<Utc>) -> Option<Duration> {
    (due - now).to_std().ok().filter(|wait| !wait.is_zero())
}

fn taken(deliveries: &[Delivery]) -> Vec<(Uuid, u32)> {
    deliveries.iter().map(|delivery| (delivery.message.id, delivery.message.attempt)).collect()
}

#[async_trait]
impl Broker for Local {
    fn relay(&self) -> Option<Arc<Notify>> {
        None
    }

    async fn publish(&self, messages: &[Message]) -> Result<Vec<Published>, BrokerError> {
        messages.iter().for_each(|message| self.wake(message.step));
        Ok(vec![Published::Confirmed; messages.len()])
    }

    async fn take(&self, step: Step, max: u32, wait: Duration) -> Result<Vec<Delivery>, BrokerError> {
        let end = tokio::time::Instant::now() + wait;
        loop {
            let taken = self.claim(step, max).await.map_err(|e| BrokerError(e.to_string()))?;
            if !taken.is_empty() || tokio::time::Instant::now() >= end {
                return Ok(taken);
            }
            let pause = tokio::time::Instant::now() + self.idle().await;
            tokio::select! {
                biased;
                () = self.woken[step as usize].notified() => {}
                () = tokio::time::sleep_until(pause.min(end)) => {}
            }
        }
    }

    /// The commit that consumed the message marked it done in the same transaction; what is left is to look at once
    /// for the next of its lane.
    async fn ack(&self, deliveries: &[Delivery]) -> Result<(), BrokerError> {
        let in_lanes = deliveries.iter().filter(|delivery| delivery.message.lane.is_some());
        in_lanes.for_each(|delivery| self.wake(delivery.message.step));
        Ok(())
    }

    async fn give_back(&self, deliveries: &[Delivery]) -> Result<(), BrokerError> {
        let taken = taken(deliveries);
        self.store.give_back(&self.holder, &taken).await.map_err(|e| BrokerError(e.to_string()))
    }

    fn wake(&self, step: Step) {
        self.woken[step as usize].notify_one();
    }
}
