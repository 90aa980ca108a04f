//! The house of one data folder: store, blobs, books, and how it is put to work.

use super::books::Books;
use super::clock::{Clock, SystemClock};
use super::committer::{Committer, Linger};
use super::master::MasterShelf;
use super::outside::OutsideStore;
use super::steps::Steps;
use super::supervise::{self, Parts, Running};
use super::worker::WorkerSettings;
use crate::broker::Broker;
use crate::broker::local::Local;
use crate::config::Config;
use crate::deliver::smtp::Smtp;
use crate::deliver::{Delivery, Outlet, file};
use crate::intake::Intake;
use crate::intake::folder::Folder;
use crate::order::document::Channel;
use crate::order::message::Step;
use crate::store::blobs::{Blobs, Disk};
use crate::store::sqlite::Sqlite;
use crate::store::{Store, StoreError};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

/// Why a house can't be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("{0}")]
    Books(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Io(#[from] anyhow::Error),
}

/// Everything of one data folder.
pub struct House {
    pub config: Config,
    pub dir: PathBuf,
    pub store: Arc<dyn Store>,
    pub blobs: Arc<dyn Blobs>,
    pub books: Arc<Books>,
    pub shelf: Arc<MasterShelf>,
    mails: Arc<dyn Outlet>,
}

/// The right to work on a data folder: held by one process at a time, freed by its end however it ends.
pub struct Owner {
    _lock: File,
    /// Name of this run, unlike every other's.
    holder: String,
}

impl House {
    /// Opens the data folder, making what is missing.
    pub async fn open(dir: &Path, config: Config) -> Result<Self, OpenError> {
        Self::open_with(dir, config, Arc::new(SystemClock)).await
    }

    /// The same with another clock: the demo has one of its own.
    pub async fn open_with(dir: &Path, config: Config, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let books = Books::open(&config).map_err(OpenError::Books)?;
        let mails = mails(dir, &config).map_err(OpenError::Books)?;
        std::fs::create_dir_all(dir).map_err(|e| {
            anyhow::anyhow!("the data folder {} can't be made: {e}; name another with --dir", dir.display())
        })?;
        let store = Sqlite::open(&dir.join("gendan.db"), clock).await?;
        let blobs = Disk::open(dir.join("blobs")).map_err(|e| {
            anyhow::anyhow!("the folder of documents {} can't be made: {e}", dir.join("blobs").display())
        })?;
        let store: Arc<dyn Store> = Arc::new(OutsideStore(store));
        Ok(Self {
            shelf: Arc::new(MasterShelf::new(store.clone())),
            store,
            blobs: Arc::new(blobs),
            books: Arc::new(books),
            mails,
            dir: dir.to_owned(),
            config,
        })
    }

    /// Rows in all tables of the records, for the bench.
    pub async fn rows(&self) -> Result<u64, StoreError> {
        let store = Sqlite::open(&self.dir.join("gendan.db"), Arc::new(SystemClock)).await?;
        let rows = store.rows().await;
        store.close().await;
        rows
    }

    /// Takes the right to work; refused while another process has it.
    pub fn own(&self) -> Result<Owner, OpenError> {
        let path = self.dir.join("lock");
        let lock =
            File::create(&path).map_err(|e| anyhow::anyhow!("{} can't be made: {e}", path.display()))?;
        lock.try_lock().map_err(|_| {
            anyhow::anyhow!(
                "another gendan works in {}; stop it, or name another folder with --dir",
                self.dir.display()
            )
        })?;
        Ok(Owner { _lock: lock, holder: holder() })
    }

    /// Whether somebody works in this folder at the moment.
    #[must_use]
    pub fn is_owned(&self) -> bool {
        self.own().is_err()
    }

    /// A way in for documents, with a committer of its own; `running` is woken when one has come in.
    #[must_use]
    pub fn intake(&self, running: Option<&Running>) -> Intake {
        let committer = supervise::committer(&self.store, self.linger(), &CancellationToken::new());
        let wakes = running.map(Running::broker);
        Intake { store: self.store.clone(), blobs: self.blobs.clone(), committer, wakes }
    }

    /// Starts the workers of these steps.
    pub async fn start(&self, owner: Owner, steps: Vec<Step>) -> Result<Running, StoreError> {
        self.store.take_over(&owner.holder).await?;
        let worker = &self.config.worker;
        let lease = Duration::from_secs(worker.lease_seconds);
        let poll = Duration::from_millis(worker.poll_ms);
        let kill = CancellationToken::new();
        let committer = self.committer(&kill);
        let broker: Arc<dyn Broker> =
            Arc::new(Local::new(self.store.clone(), owner.holder.clone(), lease, poll));
        let mut running = Running::start(Parts {
            store: self.store.clone(),
            broker,
            handler: Arc::new(self.steps(&owner.holder)),
            committer,
            settings: self.worker_settings(owner.holder.clone()),
            steps,
            poll,
            kill,
        });
        running.keep(owner);
        Ok(running)
    }

    fn steps(&self, holder: &str) -> Steps {
        let out = self.dir.join(&self.config.folders.outgoing);
        let delivery = Delivery {
            store: self.store.clone(),
            mail: self.mails.clone(),
            messages: Arc::new(file::Folder::new(&out)),
            holder: holder.to_owned(),
            lease: Duration::from_secs(self.config.worker.lease_seconds),
            timeout: outlet_timeout(&self.config),
        };
        Steps {
            store: self.store.clone(),
            blobs: self.blobs.clone(),
            books: self.books.clone(),
            shelf: self.shelf.clone(),
            delivery,
        }
    }

    fn worker_settings(&self, holder: String) -> WorkerSettings {
        let worker = &self.config.worker;
        WorkerSettings {
            prefetch: worker.prefetch,
            retry: worker.retry.clone(),
            step_timeout: Duration::from_secs(worker.step_timeout_seconds),
            trials: worker.trials,
            lease: Duration::from_secs(worker.lease_seconds),
            wait: Duration::from_millis(250),
            holder,
        }
    }

    const fn linger(&self) -> Linger {
        Linger { wait: Duration::from_millis(self.config.worker.linger_ms), batch: self.config.worker.batch }
    }

    fn committer(&self, kill: &CancellationToken) -> Committer {
        supervise::committer(&self.store, self.linger(), kill)
    }

    /// The folders that are watched, made when they are missing.
    #[must_use]
    pub fn folders(&self) -> Vec<Folder> {
        let watch = |path: &Path, channel, source| Folder {
            path: self.dir.join(path),
            channel,
            source,
            poll: Duration::from_millis(self.config.intake.poll_ms),
            max_bytes: self.config.intake.max_bytes,
        };
        let folders = [
            watch(&self.config.folders.inbox, Channel::Mail, "folder"),
            watch(&self.config.folders.fax, Channel::Fax, "fax"),
        ];
        for folder in &folders {
            if let Err(error) = std::fs::create_dir_all(&folder.path) {
                tracing::warn!(%error, folder = %folder.path.display(), "the folder can't be made");
            }
        }
        folders.into()
    }

    /// Housekeeping, once an hour: yesterday is sealed, old rows are pruned.
    pub fn upkeep(self: &Arc<Self>, stop: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        let house = self.clone();
        async move {
            while !stop.is_cancelled() {
                if let Err(error) = house.tidy().await {
                    tracing::warn!(%error, "housekeeping failed; it is tried again in an hour");
                }
                tokio::select! {
                    biased;
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(Duration::from_secs(3600)) => {}
                }
            }
        }
    }

    /// Seals yesterday and prunes old rows.
    pub async fn tidy(&self) -> Result<(), StoreError> {
        let now = self.store.now().await?;
        self.store.seal(self.today(now) - TimeDelta::days(1)).await?;
        let before = now - TimeDelta::days(i64::from(self.config.upkeep.retention_days));
        loop {
            let pruned = self.store.prune(before, 500).await?;
            if pruned.inbox < 500 && pruned.outbox < 500 {
                return Ok(());
            }
        }
    }

    /// The day in the firm's zone.
    #[must_use]
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.config.firm.zone).date_naive()
    }
}

/// What an outlet may take, so that its outcome is written well before the intent's lease ends.
fn outlet_timeout(config: &Config) -> Duration {
    Duration::from_secs(config.worker.lease_seconds) * 3 / 4
}

/// How mails leave: by the mail server, or to the outgoing folder when none is set.
fn mails(dir: &Path, config: &Config) -> Result<Arc<dyn Outlet>, String> {
    if !config.smtp.is_on() {
        return Ok(Arc::new(file::Folder::new(dir.join(&config.folders.outgoing))));
    }
    // It has to end by itself before it is given up, for then nobody would know what was sent.
    let total = outlet_timeout(config) * 9 / 10;
    Ok(Arc::new(Smtp::new(&config.smtp, &config.firm.domain, total)?))
}

/// Unlike any other run's, on this machine or another.
#[expect(
    clippy::disallowed_methods,
    reason = "the name of a run must be new each time; nothing is decided by it"
)]
fn holder() -> String {
    format!("{}-{}", std::process::id(), uuid::Uuid::new_v4())
}
