//! Gathers the commits of all steps for a short while and writes them in one transaction.

use super::ahead::Ahead;
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
    commit: Arc<Commit>,
    answer: oneshot::Sender<Answer>,
}

/// Hands commits to the one writer. Clones share it.
#[derive(Clone)]
pub struct Committer {
    jobs: mpsc::Sender<Job>,
    ahead: Ahead,
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
        let ahead = Ahead::default();
        let writer = Writer { store, linger, ahead: ahead.clone(), waiting: waiting.clone() };
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = writer.run(queue) => {}
            }
        });
        Self { jobs, ahead, waiting }
    }

    /// Whether the store did not take the last transaction: what is handed over has to wait.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The figures that were handed over, for those who load.
    #[must_use]
    pub fn ahead(&self) -> Ahead {
        self.ahead.clone()
    }

    /// Writes one commit with whoever comes at the same time. Waits as long as the store is away.
    pub async fn write(&self, commit: Commit) -> Result<Answer, Stopped> {
        let (answer, answered) = oneshot::channel();
        let room = self.jobs.reserve().await.map_err(|_| Stopped)?;
        if let Err(key) =
            self.ahead.hand_over(commit, |commit| room.send(Job { commit: Arc::new(commit), answer }))
        {
            return Ok(Answer::Lost { key });
        }
        answered.await.map_err(|_| Stopped)
    }
}

struct Writer {
    store: Arc<dyn Store>,
    linger: Linger,
    ahead: Ahead,
    waiting: Arc<AtomicBool>,
}

impl Writer {
    async fn run(self, mut queue: mpsc::Receiver<Job>) {
        while let Some(first) = queue.recv().await {
            let batch = gather(first, self.linger, &mut queue).await;
            self.write(batch).await;
        }
    }

    /// Writes until the store has answered for each. After a lost answer, what the inbox has is done and the rest is written
    /// again; a commit that consumes nothing is kept from happening twice by its effect keys.
    async fn write(&self, mut batch: Vec<Job>) {
        let mut pause = Duration::from_millis(20);
        while !batch.is_empty() {
            let commits = batch.iter().map(|job| Arc::clone(&job.commit)).collect();
            let since = Instant::now();
            match self.store.write(commits).await {
                Ok(answers) => {
                    self.waiting.store(false, Ordering::Relaxed);
                    metrics::committed(answers.len(), since);
                    batch.drain(..).zip(answers).for_each(|(job, answer)| self.answer(job, answer));
                    return;
                }
                Err(StoreError::Unknown(why)) => {
                    tracing::warn!(why, "the store did not answer a commit; asking what was written");
                    batch = self.settle_unknown(batch).await;
                }
                Err(error) => tracing::warn!(%error, "the store is away; the commit waits"),
            }
            self.waiting.store(true, Ordering::Relaxed);
            metrics::commit_failed();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
        self.waiting.store(false, Ordering::Relaxed);
    }

    fn answer(&self, job: Job, answer: Answer) {
        self.ahead.answered(&job.commit, &answer);
        // Whoever asked may have gone.
        let _ = job.answer.send(answer);
    }

    async fn settle_unknown(&self, batch: Vec<Job>) -> Vec<Job> {
        let mut pause = Duration::from_millis(20);
        let consumed = batch.iter().filter_map(|job| job.commit.consumes.as_ref());
        let messages: Vec<Message> = consumed.map(|it| it.message.clone()).collect();
        let consumed = loop {
            match self.store.consumed(&messages).await {
                Ok(consumed) => break consumed,
                Err(error) => tracing::warn!(%error, "the store is away; what was written is not known yet"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        };
        let mut consumed = consumed.into_iter();
        let mut left = Vec::new();
        for job in batch {
            if job.commit.consumes.is_some() && consumed.next().unwrap_or(false) {
                self.answer(job, Answer::Duplicate);
            } else {
                left.push(job);
            }
        }
        left
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
