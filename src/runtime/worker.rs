//! One step's worker: take, run concurrently, commit, acknowledge.
//!
//! A message that was in hand when a process died is tried alone, and counted; one that kills its process again and again
//! is parked, and its neighbours are not blamed.

use super::backoff::RetrySettings;
use super::committer::{Committer, Stopped};
use super::{Failure, Handler, metrics};
use crate::broker::{Broker, Delivery};
use crate::order::ids;
use crate::order::message::{Message, Step};
use crate::store::{Answer, Commit, Consumed, Disposition, Intended, Store, StoreError};
use futures_util::FutureExt as _;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{RwLock, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// How long a message that could not be worked on is kept from being handed out again.
const UNTOUCHED: Duration = Duration::from_secs(1);

/// How a worker takes and tries.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Messages in hand at most, for each step.
    pub prefetch: u32,
    /// The same of the step that reads pictures: each keeps a core busy for seconds.
    pub recognize: u32,
    pub retry: RetrySettings,
    /// A step that takes longer is given up and tried again.
    pub step_timeout: Duration,
    /// A message that was in hand when its process died is tried alone this often.
    pub trials: u64,
    /// Lease of a trial; longer than the step's timeout.
    pub lease: Duration,
    /// How long one look at an empty queue waits.
    pub wait: Duration,
    /// Name of this run of the process.
    pub holder: String,
}

impl WorkerSettings {
    const fn prefetch_of(&self, step: Step) -> u32 {
        if matches!(step, Step::Recognize) { self.recognize } else { self.prefetch }
    }
}

/// What all workers of a process share.
#[derive(Clone)]
pub struct Worker {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
    pub committer: Committer,
    pub handler: Arc<dyn Handler>,
    pub settings: Arc<WorkerSettings>,
    /// Held for writing while a message is tried alone.
    pub quiet: Arc<RwLock<()>>,
    /// Messages taken and not yet settled, of all steps.
    pub in_hand: Arc<AtomicUsize>,
}

impl Worker {
    /// Consumes one step's queue until `stop`, then finishes what is in hand. Returns when nothing is in hand any more.
    pub async fn run(self, step: Step, stop: CancellationToken) {
        let prefetch = Arc::new(Semaphore::new(self.settings.prefetch_of(step) as usize));
        let mut hands = JoinSet::new();
        while !stop.is_cancelled() {
            while hands.try_join_next().is_some() {}
            let Some(deliveries) = self.take(step, &prefetch, &stop).await else { continue };
            for delivery in deliveries {
                let Ok(permit) = prefetch.clone().acquire_owned().await else { return };
                let worker = self.clone();
                let stop = stop.clone();
                hands.spawn(async move {
                    worker.deliver(delivery, &stop).await;
                    worker.in_hand.fetch_sub(1, Ordering::SeqCst);
                    metrics::settled();
                    drop(permit);
                });
            }
        }
        while hands.join_next().await.is_some() {}
    }

    async fn take(
        &self,
        step: Step,
        prefetch: &Semaphore,
        stop: &CancellationToken,
    ) -> Option<Vec<Delivery>> {
        let free = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            permit = prefetch.acquire() => permit.ok().map(|_| prefetch.available_permits() + 1)?,
        };
        let max = u32::try_from(free).unwrap_or(1).min(self.settings.prefetch_of(step)).max(1);
        match self.broker.take(step, max, self.settings.wait).await {
            Ok(deliveries) => {
                self.in_hand.fetch_add(deliveries.len(), Ordering::SeqCst);
                metrics::taken(step, deliveries.len());
                Some(deliveries)
            }
            Err(error) => {
                tracing::warn!(%error, step = step.as_str(), "can't take messages; trying again");
                tokio::time::sleep(Duration::from_millis(200)).await;
                None
            }
        }
    }

    async fn deliver(&self, delivery: Delivery, stop: &CancellationToken) {
        let outcome = self.work(&delivery.message, delivery.again, stop).await;
        self.settle(&delivery, outcome).await;
    }

    /// Works on one message, wherever it came from. `again`: somebody had it in hand before and did not finish.
    pub async fn work(&self, message: &Message, again: bool, stop: &CancellationToken) -> Outcome {
        let span = tracing::info_span!(
            "message",
            step = message.step.as_str(),
            r#type = message.body.type_name(),
            message.id = %message.id,
            about = %message.correlation_id,
            attempt = message.attempt,
            outcome = tracing::field::Empty,
        );
        let outcome = async {
            // An outlet's message is known by its own intent, and what stands before it was done: it may go with others.
            if again && message.step != Step::Deliver {
                let _alone = self.quiet.write().await;
                self.try_alone(message, stop).await
            } else {
                let _among_others = self.quiet.read().await;
                self.finish(message, stop).await
            }
        }
        .instrument(span.clone())
        .await;
        span.record("outcome", outcome.as_str());
        tracing::debug!(parent: &span, "done");
        if outcome == Outcome::Untouched {
            // It would be handed out again at once; what stood in its way needs a moment to pass.
            let _ = tokio::time::timeout(UNTOUCHED, stop.cancelled()).await;
        }
        outcome
    }

    async fn settle(&self, delivery: &Delivery, outcome: Outcome) {
        let deliveries = std::slice::from_ref(delivery);
        let settled = match outcome {
            Outcome::Committed | Outcome::Refused(_) => self.broker.ack(deliveries).await,
            Outcome::Untouched => {
                metrics::finished(delivery.message.step, "given_back");
                self.broker.give_back(deliveries).await
            }
        };
        if let Err(error) = settled {
            tracing::warn!(%error, "the broker was not told; the message will come again and be found done");
        }
    }

    /// For a message that somebody died with: counts the trial first. After a trial that died the message is put off, so
    /// that a process that is killed again and again for other reasons doesn't meet the same message each time; and it is
    /// parked when there were too many. Odd fences are trials, even ones say that the trial before them died.
    async fn try_alone(&self, message: &Message, stop: &CancellationToken) -> Outcome {
        match self.store.intend(message, "trial", &self.settings.holder, self.settings.lease).await {
            Ok(Intended::Go { fence, .. }) if fence > 2 * self.settings.trials => {
                let deaths = fence / 2;
                let why = format!("the process died {deaths} times with this message alone in hand");
                self.commit(message, || async { Ok(park(message, why.clone())) }, stop).await
            }
            Ok(Intended::Go { fence, .. }) if fence % 2 == 0 => {
                let why = "the process died with this message alone in hand";
                self.commit(message, || self.again_later(message, why.to_owned(), Some(fence)), stop).await
            }
            Ok(Intended::Go { .. } | Intended::Finished) => self.finish(message, stop).await,
            Ok(Intended::Held { .. }) | Err(_) => Outcome::Untouched,
        }
    }

    async fn finish(&self, message: &Message, stop: &CancellationToken) -> Outcome {
        self.commit(message, || self.compute(message), stop).await
    }

    /// Computes and writes, from fresh state each time another was faster.
    async fn commit<F, C>(&self, message: &Message, compute: C, stop: &CancellationToken) -> Outcome
    where
        C: Fn() -> F,
        F: Future<Output = Result<Commit, StoreError>>,
    {
        let mut rounds: u32 = 0;
        loop {
            let Ok(commit) = compute().await else { return Outcome::Untouched };
            // What was written wants to be taken, and so does the next message of this one's lane.
            let wakes: BTreeSet<Step> =
                commit.messages.iter().map(|message| message.step).chain([message.step]).collect();
            let refused = refused(&commit);
            let outcome = metrics::outcome(&commit);
            match self.committer.write(commit).await {
                Ok(Answer::Done) => {
                    metrics::finished(message.step, outcome);
                    wakes.into_iter().for_each(|step| self.broker.wake(step));
                    return refused.map_or(Outcome::Committed, Outcome::Refused);
                }
                Ok(Answer::Duplicate | Answer::AlreadyDone { .. } | Answer::Fenced) => {
                    metrics::finished(message.step, "known");
                    return Outcome::Committed;
                }
                Ok(Answer::Lost { .. }) if rounds < 50 && !stop.is_cancelled() => {
                    rounds += 1;
                    tokio::time::sleep(Duration::from_millis(u64::from(rounds.min(10)))).await;
                }
                Ok(Answer::Lost { .. }) | Err(Stopped) => return Outcome::Untouched,
                Ok(Answer::OtherBody) => return self.write_off(other_body(message)).await,
                Ok(Answer::Refused { why }) => {
                    return self
                        .write_off(park(message, format!("the store refuses the result: {why}")))
                        .await;
                }
            }
        }
    }

    async fn write_off(&self, commit: Commit) -> Outcome {
        let refused = refused(&commit);
        let step = commit.consumes.as_ref().map(|consumed| consumed.message.step);
        match self.committer.write(commit).await {
            Ok(_) => {
                step.into_iter().for_each(|step| metrics::finished(step, "parked"));
                refused.map_or(Outcome::Committed, Outcome::Refused)
            }
            Err(Stopped) => Outcome::Untouched,
        }
    }

    /// Runs the step, and turns whatever goes wrong in it into a commit that says so.
    async fn compute(&self, message: &Message) -> Result<Commit, StoreError> {
        let since = Instant::now();
        let run = AssertUnwindSafe(self.handler.handle(message)).catch_unwind();
        let limits = self.handler.limits(message);
        let timeout = limits.timeout.unwrap_or(self.settings.step_timeout);
        let ran = tokio::time::timeout(timeout, run).await;
        metrics::computed(message.step, since);
        let (why, fence) = match ran {
            Ok(Ok(Ok(commit))) => return Ok(commit),
            Ok(Ok(Err(Failure::Store(error)))) => return Err(error),
            Ok(Ok(Err(Failure::Busy(why)))) => return Err(StoreError::Unavailable(why)),
            Ok(Ok(Err(Failure::Park(why)))) => return Ok(park(message, why)),
            Ok(Ok(Err(Failure::Retry(why)))) => (why, None),
            Ok(Ok(Err(Failure::Later { why, fence }))) => (why, Some(fence)),
            Ok(Err(panic)) => return Ok(park(message, format!("the step panicked: {}", panic_text(&panic)))),
            Err(_) => (format!("the step took longer than {} s", timeout.as_secs()), None),
        };
        self.again_later(message, why, fence).await
    }

    /// Ends this attempt, and says when the next one is due; parked when all are used up.
    async fn again_later(
        &self,
        message: &Message,
        why: String,
        fence: Option<u64>,
    ) -> Result<Commit, StoreError> {
        let now = self.store.now().await?;
        // A server may be away for longer than the attempts last.
        let until = self.handler.limits(message).until.filter(|until| fence.is_some() && now < *until);
        let retry = &self.settings.retry;
        let next = retry.next(message, now).or_else(|| until.map(|_| retry.after(message, now)));
        let disposition = match next {
            Some(not_before) => Disposition::Retry { why, not_before },
            None => Disposition::Park { why },
        };
        Ok(consume(message, disposition, fence))
    }
}

/// What became of a message in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// What it brought about is written, now or before; it may be acknowledged.
    Committed,
    /// The same, and whoever sent it ought to know: it was put aside for a person or does not stand, for this reason.
    Refused(String),
    /// Nothing was written; it has to come again.
    Untouched,
}

impl Outcome {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Refused(_) => "refused",
            Self::Untouched => "given back",
        }
    }
}

fn consume(message: &Message, disposition: Disposition, fence: Option<u64>) -> Commit {
    Commit { consumes: Some(Consumed { message: message.clone(), disposition, fence }), ..Commit::default() }
}

/// Why the message is parked or refused by this commit, if it is.
fn refused(commit: &Commit) -> Option<String> {
    match &commit.consumes.as_ref()?.disposition {
        Disposition::Park { why } => Some(why.clone()),
        Disposition::Done { what } => what.strip_prefix("refused: ").map(str::to_owned),
        Disposition::Retry { .. } => None,
    }
}

/// Puts the message aside for a person.
#[must_use]
pub fn park(message: &Message, why: String) -> Commit {
    consume(message, Disposition::Park { why }, None)
}

/// The inbox knows this id with another body: the newcomer is parked under an id of its own.
fn other_body(message: &Message) -> Commit {
    let id = ids::from_name(message.created_at, message.id.as_bytes(), &message.body_hash());
    let why = format!("another message with the id {} was consumed before, with another body", message.id);
    park(&Message { id, ..message.clone() }, why)
}

fn panic_text(panic: &Box<dyn std::any::Any + Send>) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a word")
}
