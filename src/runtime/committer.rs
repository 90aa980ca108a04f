//! Gathers the commits of all steps for a short while and writes them in one transaction.

use super::metrics;
use crate::order::message::Message;
use crate::store::{Answer, Commit, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// How commits are gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linger {
    /// Wait this long for company after the first commit.
    pub wait: Duration,
    /// Write at the latest with this many.
    pub batch: usize,
}

struct Job {
    commit: Commit,
    answer: oneshot::Sender<Answer>,
}

/// Hands commits to the one writer. Clones share it.
#[derive(Clone)]
pub struct Committer {
    jobs: mpsc::Sender<Job>,
    /// The last transaction was not taken, and is tried again.
    waiting: Arc<AtomicBool>,
}

/// The writer has stopped before the commit was written; nothing is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl Committer {
    /// Starts the writer. It ends when `stop` is cancelled, or when all clones are dropped and everything is written.
    #[must_use]
    pub fn start(store: Arc<dyn Store>, linger: Linger, stop: CancellationToken) -> Self {
        let (jobs, queue) = mpsc::channel(linger.batch.max(1) * 2);
        let waiting = Arc::new(AtomicBool::new(false));
        let writer = Writer { store, linger, waiting: waiting.clone() };
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = writer.run(queue) => {}
            }
        });
        Self { jobs, waiting }
    }

    /// Whether the store did not take the last transaction: what is handed over has to wait.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Writes one commit with whoever comes at the same time. Waits as long as the store is away.
    pub async fn write(&self, commit: Commit) -> Result<Answer, Stopped> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job { commit, answer }).await.map_err(|_| Stopped)?;
        answered.await.map_err(|_| Stopped)
    }
}

struct Writer {
    store: Arc<dyn Store>,
    linger: Linger,
    waiting: Arc<AtomicBool>,
}

impl Writer {
    async fn run(self, mut queue: mpsc::Receiver<Job>) {
        while let Some(first) = queue.recv().await {
            let batch = gather(first, self.linger, &mut queue).await;
            write_batch(self.store.as_ref(), batch, &self.waiting).await;
        }
    }
}

async fn gather(first: Job, linger: Linger, queue: &mut mpsc::Receiver<Job>) -> Vec<Job> {
    let mut batch = vec![first];
    let end = tokio::time::Instant::now() + linger.wait;
    while batch.len() < linger.batch {
        match tokio::time::timeout_at(end, queue.recv()).await {
            Ok(Some(job)) => batch.push(job),
            Ok(None) | Err(_) => break,
        }
    }
    batch
}

/// Writes until the store has answered for each. After a lost answer, what the inbox has is done and the rest is written
/// again; a commit that consumes nothing is kept from happening twice by its effect keys.
async fn write_batch(store: &dyn Store, mut batch: Vec<Job>, waiting: &AtomicBool) {
    let mut pause = Duration::from_millis(20);
    while !batch.is_empty() {
        let commits = batch.iter().map(|job| job.commit.clone()).collect();
        let since = Instant::now();
        match store.commit(commits).await {
            Ok(answers) => {
                waiting.store(false, Ordering::Relaxed);
                metrics::committed(answers.len(), since);
                for (job, answer) in batch.drain(..).zip(answers) {
                    let _ = job.answer.send(answer);
                }
                return;
            }
            Err(StoreError::Unknown(why)) => {
                tracing::warn!(why, "the store did not answer a commit; asking what was written");
                batch = settle_unknown(store, batch).await;
            }
            Err(error) => tracing::warn!(%error, "the store is away; the commit waits"),
        }
        waiting.store(true, Ordering::Relaxed);
        metrics::commit_failed();
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
    waiting.store(false, Ordering::Relaxed);
}

async fn settle_unknown(store: &dyn Store, batch: Vec<Job>) -> Vec<Job> {
    let mut pause = Duration::from_millis(20);
    let messages: Vec<Message> =
        batch.iter().filter_map(|job| job.commit.consumes.as_ref().map(|it| it.message.clone())).collect();
    let consumed = loop {
        match store.consumed(&messages).await {
            Ok(consumed) => break consumed,
            Err(error) => tracing::warn!(%error, "the store is away; what was written is not known yet"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    };
    let mut consumed = consumed.into_iter();
    let mut left = Vec::new();
    for job in batch {
        let done = job.commit.consumes.is_some() && consumed.next().unwrap_or(false);
        if done {
            let _ = job.answer.send(Answer::Duplicate);
        } else {
            left.push(job);
        }
    }
    left
}
