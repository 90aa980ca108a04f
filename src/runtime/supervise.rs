//! Starts everything that runs in one process, and ends it cleanly.

use super::Handler;
use super::committer::{Committer, Linger};
use super::outbox::Relay;
use super::timers;
use super::worker::{Worker, WorkerSettings};
use crate::broker::Broker;
use crate::order::message::Step;
use crate::store::{Store, StoreError};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::RwLock;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What one process runs on.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
    pub handler: Arc<dyn Handler>,
    pub committer: Committer,
    pub settings: WorkerSettings,
    pub steps: Vec<Step>,
    /// The outbox and the timers are looked at this often even when nothing woke us.
    pub poll: Duration,
    /// Ends the committer at once; only for when the grace time is over.
    pub kill: CancellationToken,
}

/// Makes the committer that the parts and the sources share.
#[must_use]
pub fn committer(store: &Arc<dyn Store>, linger: Linger, kill: &CancellationToken) -> Committer {
    Committer::start(store.clone(), linger, kill.clone())
}

/// A process at work.
pub struct Running {
    worker: Worker,
    stop: CancellationToken,
    kill: CancellationToken,
    tasks: JoinSet<()>,
    kept: Option<Box<dyn Any + Send>>,
}

impl Running {
    /// Starts the workers of these steps, the timers, and the relay where the broker needs one.
    #[must_use]
    pub fn start(parts: Parts) -> Self {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let worker = Worker {
            store: parts.store.clone(),
            broker: parts.broker.clone(),
            committer: parts.committer,
            handler: parts.handler,
            settings: Arc::new(parts.settings.clone()),
            quiet: Arc::new(RwLock::new(())),
            in_hand: Arc::default(),
        };
        for step in parts.steps {
            tasks.spawn(worker.clone().run(step, stop.clone()));
        }
        tasks.spawn(timers::run(parts.store.clone(), parts.broker.clone(), parts.poll, stop.clone()));
        if let Some(woken) = parts.broker.relay() {
            let relay = Relay {
                store: parts.store.clone(),
                broker: parts.broker,
                holder: parts.settings.holder,
                lease: parts.settings.lease,
                batch: parts.settings.prefetch.max(1) * 4,
                poll: parts.poll,
                woken,
            };
            tasks.spawn(relay.run(stop.clone()));
        }
        Self { worker, stop, kill: parts.kill, tasks, kept: None }
    }

    /// The broker that the steps take from, to be woken by those who commit beside them.
    #[must_use]
    pub fn broker(&self) -> Arc<dyn Broker> {
        self.worker.broker.clone()
    }

    /// Works on messages that come by another way than the queues of the steps.
    #[must_use]
    pub fn worker(&self) -> Worker {
        self.worker.clone()
    }

    /// Cancelled when the process is to stop; sources end with it too.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs something else until the stop, a watched folder say.
    pub fn also(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Keeps something until everything has ended: a lock, say.
    pub fn keep(&mut self, it: impl Any + Send) {
        self.kept = Some(Box::new(it));
    }

    /// Waits until nothing is in hand and nothing is due.
    pub async fn quiet(&self) -> Result<(), StoreError> {
        while !(self.worker.store.is_idle().await? && self.worker.in_hand.load(Ordering::SeqCst) == 0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Takes no more, finishes what is in hand within `grace`; says whether all of it was finished.
    pub async fn stop(mut self, grace: Duration) -> bool {
        self.stop.cancel();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let clean = tokio::time::timeout(grace, all).await.is_ok();
        if !clean {
            tracing::warn!("the grace time is over; what is in hand will come again");
        }
        self.kill.cancel();
        self.tasks.shutdown().await;
        self.worker.broker.close().await;
        clean
    }

    /// Ends at once, as a killed process does.
    pub async fn abort(mut self) {
        self.kill.cancel();
        self.tasks.shutdown().await;
    }
}
