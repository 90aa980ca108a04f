//! The house of one data folder: store, blobs, books, and how it is put to work.

use super::Failure;
use super::ahead::Ahead;
use super::books::Books;
use super::clock::{Clock, SystemClock};
use super::committer::Linger;
use super::lessons::LessonShelf;
use super::master::MasterShelf;
use super::outside::OutsideStore;
use super::steps::Steps;
use super::supervise::{self, Parts, Running};
use super::worker::{Worker, WorkerSettings};
use crate::broker::Broker;
use crate::broker::local::Local;
use crate::broker::rabbitmq::{Rabbit, RabbitError};
use crate::config::Config;
use crate::decode::Engines;
use crate::deliver::nowhere::Nowhere;
use crate::deliver::smtp::Smtp;
use crate::deliver::{Delivery, Outlet, file};
use crate::intake::Intake;
use crate::intake::amqp::Inlets;
use crate::intake::folder::Folder;
use crate::intake::imap::Reader;
use crate::order::document::Channel;
use crate::order::message::{Inlet, Step};
use crate::review::explain::Explained;
use crate::store::blobs::{Blobs, Disk};
use crate::store::postgres::{Postgres, PostgresSettings};
use crate::store::sqlite::Sqlite;
use crate::store::{Store, StoreError};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Why a house can't be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("{0}")]
    Books(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Broker(#[from] RabbitError),
    #[error(transparent)]
    Io(#[from] anyhow::Error),
}

/// Everything of one data folder, or of the servers that the settings name.
pub struct House {
    pub config: Config,
    pub dir: PathBuf,
    pub store: Arc<dyn Store>,
    /// The records' server; none where they are in the data folder.
    postgres: Option<Arc<Postgres>>,
    pub blobs: Arc<dyn Blobs>,
    pub books: Arc<Books>,
    pub shelf: Arc<MasterShelf>,
    pub lessons: Arc<LessonShelf>,
    mails: Arc<dyn Outlet>,
}

/// The right to work: on a data folder held by one process at a time, freed by its end however it ends; on servers by as
/// many as there are.
pub struct Owner {
    _lock: Option<File>,
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
        let books = Books::open(&config, Engines::own(&config.recognition)).map_err(OpenError::Books)?;
        let mails = mails(dir, &config).map_err(OpenError::Books)?;
        std::fs::create_dir_all(dir).map_err(|e| {
            anyhow::anyhow!("the data folder {} can't be made: {e}; name another with --dir", dir.display())
        })?;
        let (store, postgres) = Box::pin(records(dir, &config, clock)).await?;
        let blobs = dir.join(&config.folders.blobs);
        let blobs = Disk::open(&blobs)
            .map_err(|e| anyhow::anyhow!("the folder of documents {} can't be made: {e}", blobs.display()))?;
        Ok(Self {
            shelf: Arc::new(MasterShelf::new(store.clone())),
            lessons: Arc::new(LessonShelf::new(store.clone())),
            store,
            postgres,
            blobs: Arc::new(blobs),
            books: Arc::new(books),
            mails,
            dir: dir.to_owned(),
            config,
        })
    }

    /// Rows in all tables of the records, for the bench.
    pub async fn rows(&self) -> Result<u64, StoreError> {
        if let Some(postgres) = &self.postgres {
            return postgres.rows().await;
        }
        let store = Sqlite::open(&self.dir.join("gendan.db"), Arc::new(SystemClock)).await?;
        let rows = store.rows().await;
        store.close().await;
        rows
    }

    /// Takes the right to work; refused while another process has it.
    pub fn own(&self) -> Result<Owner, OpenError> {
        if self.on_servers() {
            return Ok(Owner { _lock: None, holder: holder() });
        }
        let path = self.dir.join("lock");
        let lock =
            File::create(&path).map_err(|e| anyhow::anyhow!("{} can't be made: {e}", path.display()))?;
        lock.try_lock().map_err(|_| {
            anyhow::anyhow!(
                "another gendan works in {}; stop it, or name another folder with --dir",
                self.dir.display()
            )
        })?;
        Ok(Owner { _lock: Some(lock), holder: holder() })
    }

    /// Whether the records are on a server, and other processes may work on them too.
    #[must_use]
    pub const fn on_servers(&self) -> bool {
        self.postgres.is_some()
    }

    /// A way in for documents, with a committer of its own; `running` is woken when one has come in.
    #[must_use]
    pub fn intake(&self, running: Option<&Running>) -> Intake {
        let committer = supervise::committer(&self.store, self.linger(), &CancellationToken::new());
        let wakes = running.map(Running::broker);
        Intake { store: self.store.clone(), blobs: self.blobs.clone(), committer, wakes }
    }

    /// Starts the workers of these roles.
    pub async fn start(&self, owner: Owner, roles: impl Into<Roles>) -> Result<Running, OpenError> {
        let roles = roles.into();
        let worker = &self.config.worker;
        let poll = Duration::from_millis(worker.poll_ms);
        let kill = CancellationToken::new();
        let committer = supervise::committer(&self.store, self.linger(), &kill);
        let (broker, rabbit) = self.broker(&owner).await?;
        let relay = broker.relay();
        let mut running = Running::start(Parts {
            store: self.store.clone(),
            broker,
            handler: Arc::new(self.steps(self.delivery(&owner.holder), committer.ahead())),
            committer,
            settings: self.worker_settings(owner.holder.clone()),
            steps: roles.steps,
            poll,
            kill,
        });
        if let Some((postgres, woken)) = self.postgres.clone().zip(relay) {
            postgres.relays(&owner.holder, Duration::from_secs(worker.lease_seconds));
            let (holder, stop) = (owner.holder.clone(), running.stopping());
            running.also(async move {
                tokio::join!(
                    postgres.listen(woken.clone(), stop.clone()),
                    postgres.alive(holder, woken, stop),
                );
            });
        }
        if let Some(rabbit) = rabbit {
            let inlets = Inlets { rabbit, worker: running.worker(), prefetch: self.config.rabbitmq.prefetch };
            for inlet in Inlet::ALL.into_iter().filter(|_| roles.intake) {
                running.also(inlets.clone().run(inlet, running.stopping()));
            }
            // Rubbish stays with the process that found it, and would fill up the prefetch of its steps.
            running.also(inlets.run_strays(running.stopping()));
        }
        running.keep(owner);
        Ok(running)
    }

    /// The broker of the roles, and the same once more where it is RabbitMQ.
    async fn broker(&self, owner: &Owner) -> Result<(Arc<dyn Broker>, Option<Arc<Rabbit>>), OpenError> {
        if self.on_servers() {
            let rabbit = Arc::new(Rabbit::start(self.config.rabbitmq.clone()).await?);
            return Ok((rabbit.clone(), Some(rabbit)));
        }
        self.store.take_over(&owner.holder).await?;
        let lease = Duration::from_secs(self.config.worker.lease_seconds);
        let poll = Duration::from_millis(self.config.worker.poll_ms);
        Ok((Arc::new(Local::new(self.store.clone(), owner.holder.clone(), lease, poll)), None))
    }

    /// A worker that takes nothing by itself and has no way out: it works on what it is handed, and what that brings
    /// about stays in the outbox. For a rehearsal, which has its data folder to itself.
    #[must_use]
    pub fn hand(&self) -> Worker {
        let holder = holder();
        let committer = supervise::committer(&self.store, self.linger(), &CancellationToken::new());
        let delivery =
            Delivery { mail: Arc::new(Nowhere), messages: Arc::new(Nowhere), ..self.delivery(&holder) };
        let lease = Duration::from_secs(self.config.worker.lease_seconds);
        let poll = Duration::from_millis(self.config.worker.poll_ms);
        Worker {
            store: self.store.clone(),
            broker: Arc::new(Local::new(self.store.clone(), holder.clone(), lease, poll)),
            handler: Arc::new(self.steps(delivery, committer.ahead())),
            committer,
            settings: Arc::new(self.worker_settings(holder)),
            quiet: Arc::default(),
            in_hand: Arc::default(),
        }
    }

    fn delivery(&self, holder: &str) -> Delivery {
        let out = self.dir.join(&self.config.folders.outgoing);
        Delivery {
            store: self.store.clone(),
            mail: self.mails.clone(),
            messages: Arc::new(file::Folder::new(&out)),
            holder: holder.to_owned(),
            lease: Duration::from_secs(self.config.worker.lease_seconds),
            timeout: outlet_timeout(&self.config),
        }
    }

    fn steps(&self, delivery: Delivery, ahead: Ahead) -> Steps {
        Steps {
            store: self.store.clone(),
            ahead,
            blobs: self.blobs.clone(),
            books: self.books.clone(),
            shelf: self.shelf.clone(),
            lessons: self.lessons.clone(),
            delivery,
        }
    }

    fn worker_settings(&self, holder: String) -> WorkerSettings {
        let worker = &self.config.worker;
        WorkerSettings {
            prefetch: worker.prefetch,
            recognize: u32::try_from(self.config.recognition.pages_at_once()).unwrap_or(1),
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

    /// A reader for each mailbox of the settings.
    #[must_use]
    pub fn mailboxes(&self, intake: &Intake) -> Vec<Reader> {
        let reader = |it| Reader::new(it, self.config.intake.max_bytes, intake.clone());
        self.config.mailboxes.iter().cloned().map(reader).collect()
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

    /// What the rules say of an order as everything stands now.
    pub async fn explain(&self, order_id: Uuid) -> Result<Vec<Explained>, Failure> {
        self.steps(self.delivery("explain"), Ahead::default()).explain(order_id).await
    }

    /// The moment at which the firm's clock shows this.
    #[must_use]
    pub fn at(&self, local: NaiveDateTime) -> DateTime<Utc> {
        self.books.calendar.at(local.date(), local.time())
    }

    /// The day in the firm's zone.
    #[must_use]
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.config.firm.zone).date_naive()
    }
}

/// What a process does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    pub steps: Vec<Step>,
    /// Takes in what others bring: folders, mailboxes, HTTP, and the queues that are open to them.
    pub intake: bool,
}

impl Roles {
    #[must_use]
    pub fn all() -> Self {
        Self { steps: Step::ALL.to_vec(), intake: true }
    }
}

impl From<Vec<Step>> for Roles {
    fn from(steps: Vec<Step>) -> Self {
        Self { steps, intake: true }
    }
}

/// The records: on the server that the settings name, or in the data folder.
async fn records(
    dir: &Path,
    config: &Config,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<dyn Store>, Option<Arc<Postgres>>), OpenError> {
    if config.on_servers() {
        let settings = PostgresSettings {
            password: Some(config.postgres.password.0.clone()).filter(|it| !it.is_empty()),
            pool: config.postgres.pool,
            notify: true,
            ..PostgresSettings::new(config.postgres.url.0.clone())
        };
        let postgres = Arc::new(Postgres::open(&settings, None).await?);
        return Ok((Arc::new(OutsideStore(postgres.clone())), Some(postgres)));
    }
    let sqlite = Sqlite::open(&dir.join("gendan.db"), clock).await?;
    Ok((Arc::new(OutsideStore(Arc::new(sqlite))), None))
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
