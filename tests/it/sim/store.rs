//! A store that errs, delays, loses answers and ends processes around the faithful one.

use super::chaos::Chaos;
use super::witness::Seen;
use crate::support::memory::Memory;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use gendan::order::message::Message;
use gendan::store::{
    Answer, Audit, Balance, Claim, Claimed, Commit, Filter, Intended, Key, Kind, Parked, Pruned, Relayed,
    ReviewRow, Seal, Snapshot, Store, StoreError, StoredEvent,
};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// One process's connection to the store.
pub(super) struct ChaosStore {
    pub(super) inner: Arc<Memory>,
    pub(super) chaos: Arc<Chaos>,
    pub(super) life: CancellationToken,
    pub(super) seen: Arc<Seen>,
}

impl ChaosStore {
    async fn outside<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        self.chaos.delay().await;
        self.chaos.crash(&self.life).await;
        if self.chaos.error() {
            return Err(StoreError::Unavailable("the connection was refused".into()));
        }
        let done = work.await;
        self.chaos.crash(&self.life).await;
        self.chaos.delay().await;
        if self.chaos.lost_answer() {
            return Err(StoreError::Unavailable("the answer was lost".into()));
        }
        done
    }
}

#[async_trait]
impl Store for ChaosStore {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        self.inner.now().await
    }

    async fn write(&self, batch: Vec<Arc<Commit>>) -> Result<Vec<Answer>, StoreError> {
        self.chaos.delay().await;
        self.chaos.crash(&self.life).await;
        if self.chaos.error() {
            return Err(StoreError::Unavailable("the connection was refused".into()));
        }
        if self.chaos.lost_answer() && self.chaos.often(500) {
            return Err(StoreError::Unknown("the connection was lost before COMMIT came through".into()));
        }
        let answers = self.inner.write(batch.clone()).await;
        for (commit, answer) in batch.iter().zip(answers.iter().flatten()) {
            if *answer == Answer::Done {
                self.seen.write(commit);
                let consumed = commit.consumes.as_ref().map(|consumed| consumed.message.id);
                self.seen.unlease(|(id, _), _| Some(id) == consumed);
            }
        }
        self.chaos.crash(&self.life).await;
        self.chaos.delay().await;
        if self.chaos.lost_answer() {
            return Err(StoreError::Unknown("the connection was lost during COMMIT".into()));
        }
        answers
    }

    async fn consumed(&self, messages: &[Message]) -> Result<Vec<bool>, StoreError> {
        self.outside(self.inner.consumed(messages)).await
    }

    async fn load(&self, keys: &[Key]) -> Result<Vec<Option<Snapshot>>, StoreError> {
        self.outside(self.inner.load(keys)).await
    }

    async fn list(&self, kind: Kind, filter: &Filter) -> Result<Vec<Snapshot>, StoreError> {
        self.outside(self.inner.list(kind, filter)).await
    }

    async fn events(&self, order_id: Uuid) -> Result<Vec<StoredEvent>, StoreError> {
        self.outside(self.inner.events(order_id)).await
    }

    async fn reviews(&self, state: Option<&str>) -> Result<Vec<ReviewRow>, StoreError> {
        self.outside(self.inner.reviews(state)).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        let claiming = async {
            let claimed = self.inner.claim(claim).await?;
            let now = self.inner.now().await?;
            self.seen.lease(&claimed, &claim.holder, now, now + claim.lease);
            Ok(claimed)
        };
        self.outside(claiming).await
    }

    async fn renew(&self, holder: &str, ids: &[Uuid], lease: Duration) -> Result<Vec<bool>, StoreError> {
        let renewing = async {
            let held = self.inner.renew(holder, ids, lease).await?;
            self.seen.renew(ids, &held, self.inner.now().await? + lease);
            Ok(held)
        };
        self.outside(renewing).await
    }

    async fn give_back(&self, holder: &str, messages: &[(Uuid, u32)]) -> Result<(), StoreError> {
        self.seen.unlease(|taken, of| of == holder && messages.contains(&taken));
        self.outside(self.inner.give_back(holder, messages)).await
    }

    async fn take_over(&self, holder: &str) -> Result<u64, StoreError> {
        self.outside(self.inner.take_over(holder)).await
    }

    async fn relayed(&self, holder: &str, marks: Vec<(Uuid, u32, Relayed)>) -> Result<(), StoreError> {
        self.seen.unlease(|id, of| of == holder && marks.iter().any(|(marked, _, _)| *marked == id.0));
        self.outside(self.inner.relayed(holder, marks)).await
    }

    async fn intend(
        &self,
        message: &Message,
        destination: &str,
        holder: &str,
        lease: Duration,
    ) -> Result<Intended, StoreError> {
        self.outside(self.inner.intend(message, destination, holder, lease)).await
    }

    async fn fire(&self, max: u32) -> Result<u64, StoreError> {
        self.outside(self.inner.fire(max)).await
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.outside(self.inner.next_due()).await
    }

    async fn is_idle(&self) -> Result<bool, StoreError> {
        self.outside(self.inner.is_idle()).await
    }

    async fn parked(&self) -> Result<Vec<Parked>, StoreError> {
        self.outside(self.inner.parked()).await
    }

    async fn messages(&self, correlation_id: Uuid) -> Result<Vec<(Message, String)>, StoreError> {
        self.outside(self.inner.messages(correlation_id)).await
    }

    async fn prune(&self, before: DateTime<Utc>, max: u32) -> Result<Pruned, StoreError> {
        self.outside(self.inner.prune(before, max)).await
    }

    async fn seal(&self, day: NaiveDate) -> Result<Seal, StoreError> {
        self.outside(self.inner.seal(day)).await
    }

    async fn audit(&self) -> Result<Audit, StoreError> {
        self.outside(self.inner.audit()).await
    }

    async fn balance(&self) -> Result<Balance, StoreError> {
        self.outside(self.inner.balance()).await
    }
}
