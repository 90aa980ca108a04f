//! Every call to the outside passes here, so that a test can end the process before or after each of them.
//!
//! The store is wrapped once, when it is opened; files are touched through [`call`]. In release builds a point costs
//! nothing.

use crate::order::message::Message;
use crate::store::{
    Answer, Audit, Balance, Claim, Claimed, Commit, Filter, Intended, Key, Kind, Parked, Pruned, Relayed,
    ReviewRow, Seal, Snapshot, Store, StoreError, StoredEvent,
};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The places at which the process touches the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    StoreCommit,
    StoreConsumed,
    StoreRead,
    StoreClaim,
    StoreIntend,
    StoreFire,
    StoreUpkeep,
    BlobPut,
    BlobGet,
    /// A source looks at or takes a file or a mail.
    IntakeRead,
    /// A source moves a file away, or marks a mail.
    IntakeMove,
    /// An outlet writes.
    OutletWrite,
    BrokerPublish,
    BrokerTake,
    /// Deliveries are acknowledged or given back.
    BrokerAck,
}

impl Point {
    pub const ALL: [Self; 15] = [
        Self::StoreCommit,
        Self::StoreConsumed,
        Self::StoreRead,
        Self::StoreClaim,
        Self::StoreIntend,
        Self::StoreFire,
        Self::StoreUpkeep,
        Self::BlobPut,
        Self::BlobGet,
        Self::IntakeRead,
        Self::IntakeMove,
        Self::OutletWrite,
        Self::BrokerPublish,
        Self::BrokerTake,
        Self::BrokerAck,
    ];

    /// Its name in `GENDAN_FAILPOINT`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StoreCommit => "store.commit",
            Self::StoreConsumed => "store.consumed",
            Self::StoreRead => "store.read",
            Self::StoreClaim => "store.claim",
            Self::StoreIntend => "store.intend",
            Self::StoreFire => "store.fire",
            Self::StoreUpkeep => "store.upkeep",
            Self::BlobPut => "blob.put",
            Self::BlobGet => "blob.get",
            Self::IntakeRead => "intake.read",
            Self::IntakeMove => "intake.move",
            Self::OutletWrite => "outlet.write",
            Self::BrokerPublish => "broker.publish",
            Self::BrokerTake => "broker.take",
            Self::BrokerAck => "broker.ack",
        }
    }
}

/// Does something outside, with a failpoint on either side.
pub async fn call<T>(point: Point, work: impl Future<Output = T>) -> T {
    fail::hit(point, "before");
    let done = work.await;
    fail::hit(point, "after");
    done
}

/// Does something outside that blocks, on a thread made for it, with a failpoint on either side.
pub async fn call_blocking<T: Send + 'static>(
    point: Point,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    fail::hit(point, "before");
    let done = tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?;
    fail::hit(point, "after");
    done
}

#[cfg(not(debug_assertions))]
mod fail {
    pub(super) const fn hit(_point: super::Point, _side: &str) {}
}

/// Does something outside that blocks the thread it is called on, with a failpoint on either side.
pub fn call_here<T>(point: Point, work: impl FnOnce() -> T) -> T {
    fail::hit(point, "before");
    let done = work();
    fail::hit(point, "after");
    done
}

/// Failpoints of debug builds: `GENDAN_FAILPOINT=store.commit:after:17` kills the process at the 17th passing.
#[cfg(debug_assertions)]
mod fail {
    use super::Point;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Armed {
        point: String,
        side: String,
        left: AtomicU64,
    }

    #[expect(clippy::disallowed_methods, reason = "a switch for tests of debug builds, not a setting")]
    fn armed() -> Option<&'static Armed> {
        static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
        let read = || {
            let text = std::env::var("GENDAN_FAILPOINT").ok()?;
            let mut parts = text.split(':').map(str::to_owned);
            let (point, side, nth) = (parts.next()?, parts.next()?, parts.next()?);
            Some(Armed { point, side, left: AtomicU64::new(nth.parse().ok()?) })
        };
        ARMED.get_or_init(read).as_ref()
    }

    pub(super) fn hit(point: Point, side: &str) {
        let Some(armed) = armed() else { return };
        if armed.point == point.as_str()
            && armed.side == side
            && armed.left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            std::process::abort();
        }
    }
}

/// A store whose every call is a call to the outside.
pub struct OutsideStore<S>(pub Arc<S>);

#[async_trait]
impl<S: Store> Store for OutsideStore<S> {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        self.0.now().await
    }

    async fn write(&self, batch: Vec<Arc<Commit>>) -> Result<Vec<Answer>, StoreError> {
        call(Point::StoreCommit, self.0.write(batch)).await
    }

    async fn consumed(&self, messages: &[Message]) -> Result<Vec<bool>, StoreError> {
        call(Point::StoreConsumed, self.0.consumed(messages)).await
    }

    async fn load(&self, keys: &[Key]) -> Result<Vec<Option<Snapshot>>, StoreError> {
        call(Point::StoreRead, self.0.load(keys)).await
    }

    async fn list(&self, kind: Kind, filter: &Filter) -> Result<Vec<Snapshot>, StoreError> {
        call(Point::StoreRead, self.0.list(kind, filter)).await
    }

    async fn events(&self, order_id: Uuid) -> Result<Vec<StoredEvent>, StoreError> {
        call(Point::StoreRead, self.0.events(order_id)).await
    }

    async fn reviews(&self, state: Option<&str>) -> Result<Vec<ReviewRow>, StoreError> {
        call(Point::StoreRead, self.0.reviews(state)).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        call(Point::StoreClaim, self.0.claim(claim)).await
    }

    async fn renew(&self, holder: &str, ids: &[Uuid], lease: Duration) -> Result<Vec<bool>, StoreError> {
        call(Point::StoreClaim, self.0.renew(holder, ids, lease)).await
    }

    async fn give_back(&self, holder: &str, messages: &[(Uuid, u32)]) -> Result<(), StoreError> {
        call(Point::StoreClaim, self.0.give_back(holder, messages)).await
    }

    async fn take_over(&self, holder: &str) -> Result<u64, StoreError> {
        call(Point::StoreClaim, self.0.take_over(holder)).await
    }

    async fn relayed(&self, holder: &str, marks: Vec<(Uuid, u32, Relayed)>) -> Result<(), StoreError> {
        call(Point::StoreClaim, self.0.relayed(holder, marks)).await
    }

    async fn intend(
        &self,
        message: &Message,
        destination: &str,
        holder: &str,
        lease: Duration,
    ) -> Result<Intended, StoreError> {
        call(Point::StoreIntend, self.0.intend(message, destination, holder, lease)).await
    }

    async fn fire(&self, max: u32) -> Result<u64, StoreError> {
        call(Point::StoreFire, self.0.fire(max)).await
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        call(Point::StoreRead, self.0.next_due()).await
    }

    async fn is_idle(&self) -> Result<bool, StoreError> {
        call(Point::StoreRead, self.0.is_idle()).await
    }

    async fn parked(&self) -> Result<Vec<Parked>, StoreError> {
        call(Point::StoreRead, self.0.parked()).await
    }

    async fn messages(&self, correlation_id: Uuid) -> Result<Vec<(Message, String)>, StoreError> {
        call(Point::StoreRead, self.0.messages(correlation_id)).await
    }

    async fn prune(&self, before: DateTime<Utc>, max: u32) -> Result<Pruned, StoreError> {
        call(Point::StoreUpkeep, self.0.prune(before, max)).await
    }

    async fn seal(&self, day: NaiveDate) -> Result<Seal, StoreError> {
        call(Point::StoreUpkeep, self.0.seal(day)).await
    }

    async fn audit(&self) -> Result<Audit, StoreError> {
        call(Point::StoreRead, self.0.audit()).await
    }

    async fn balance(&self) -> Result<Balance, StoreError> {
        call(Point::StoreRead, self.0.balance()).await
    }
}

/// Runs work that keeps a core busy without holding up the other tasks of this thread.
pub fn heavy<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        // One thread has nobody to make room for; the simulation runs so.
        Ok(_) | Err(_) => work(),
    }
}
