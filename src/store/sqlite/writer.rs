//! The one connection that writes: `begin immediate`, then commit or roll back, whatever happens to the caller.

use super::BUSY;
use super::error::{is_busy, read_error};
use crate::store::StoreError;
use crate::store::blobs::SYNCS;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How often the write lock is asked for, each time for as long as the connection's busy timeout.
const TRIES: u32 = 3;
/// Between two tries to open a file that another process is making.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) struct Writer {
    connection: SqliteConnection,
    options: SqliteConnectOptions,
    /// A transaction was begun and not ended.
    open: bool,
    /// What the connection is known to be set to.
    durable: Durable,
}

/// How sure a commit is when it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durable {
    /// On the disk.
    Yes,
    /// Safe from a crash of the process; a loss of power may undo it. Enough for leases: whatever rests on one is
    /// committed for good later, and takes it along.
    Later,
}

impl Writer {
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Arc<Mutex<Self>>, StoreError> {
        let connection = connect(&options).await.map_err(read_error)?;
        Ok(Arc::new(Mutex::new(Self { connection, options, open: false, durable: Durable::Yes })))
    }

    pub(super) async fn close(self) {
        // An error leaves the write-ahead log beside the file, as a crash does: the next one to open takes it in.
        let _ = self.connection.close().await;
    }

    /// The connection outside any transaction: for migrations.
    pub(super) fn bare(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    async fn begin(&mut self, durable: Durable) -> Result<(), sqlx::Error> {
        if self.open {
            self.roll_back().await;
        }
        self.set(durable).await?;
        let mut tries = 0;
        loop {
            tries += 1;
            self.open = true;
            let Err(error) = execute(&mut self.connection, "begin immediate").await else { return Ok(()) };
            self.open = false;
            if tries == TRIES {
                return Err(error);
            }
            if !is_busy(&error) {
                self.connect().await?;
                self.set(durable).await?;
            }
        }
    }

    async fn connect(&mut self) -> Result<(), sqlx::Error> {
        self.connection = connect(&self.options).await?;
        self.durable = Durable::Yes;
        Ok(())
    }

    async fn set(&mut self, durable: Durable) -> Result<(), sqlx::Error> {
        if self.durable == durable {
            return Ok(());
        }
        // Whoever is cancelled in here leaves the weaker one noted, so that the stronger one is always asked for.
        self.durable = Durable::Later;
        let pragma = match durable {
            Durable::Yes => "pragma synchronous = full",
            Durable::Later => "pragma synchronous = normal",
        };
        execute(&mut self.connection, pragma).await?;
        self.durable = durable;
        Ok(())
    }

    /// Whether a transaction was there to be rolled back.
    async fn roll_back(&mut self) -> bool {
        let was_open = execute(&mut self.connection, "rollback").await.is_ok();
        if !was_open && self.connection.ping().await.is_err() {
            // If this fails too, the next one to begin tries again.
            let _ = self.connect().await;
        }
        self.open = false;
        was_open
    }
}

/// A new file is turned to write-ahead logging by the first to open it; SQLite lets another who asks for the same at that
/// moment fail at once, whatever his busy timeout.
async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let until = Instant::now() + BUSY;
    loop {
        match options.connect().await {
            Err(error) if is_busy(&error) && Instant::now() < until => tokio::time::sleep(PAUSE).await,
            other => return other,
        }
    }
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(connection).await.map(|_| ())
}

/// A begun transaction. Dropped before its end it is rolled back.
pub(super) struct Begun(Option<OwnedMutexGuard<Writer>>);

impl Begun {
    pub(super) async fn begin(writer: &Arc<Mutex<Writer>>, durable: Durable) -> Result<Self, StoreError> {
        let mut begun = Self(Some(Arc::clone(writer).lock_owned().await));
        begun.writer()?.begin(durable).await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(begun)
    }

    fn writer(&mut self) -> Result<&mut Writer, StoreError> {
        self.0.as_deref_mut().ok_or_else(|| StoreError::Broken("the transaction has ended".to_owned()))
    }

    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.writer().map(|writer| &mut writer.connection)
    }

    /// Commits what was done, or rolls back when it failed.
    pub(super) async fn end<T, E: From<StoreError>>(self, done: Result<T, E>) -> Result<T, E> {
        match done {
            Ok(value) => self.commit().await.map(|()| value).map_err(E::from),
            Err(error) => {
                self.undo().await;
                Err(error)
            }
        }
    }

    async fn commit(mut self) -> Result<(), StoreError> {
        let writer = self.writer()?;
        if writer.durable == Durable::Yes {
            SYNCS.fetch_add(1, Ordering::Relaxed);
        }
        let Err(error) = execute(&mut writer.connection, "commit").await else {
            writer.open = false;
            return Ok(());
        };
        // A transaction that can still be rolled back was not committed; else nobody knows.
        if writer.roll_back().await {
            Err(StoreError::Unavailable(error.to_string()))
        } else {
            Err(StoreError::Unknown(error.to_string()))
        }
    }

    pub(super) async fn undo(mut self) {
        if let Ok(writer) = self.writer() {
            writer.roll_back().await;
        }
    }
}

impl Drop for Begun {
    /// The caller was cancelled: another process may wait for the lock, so it is let go at once.
    fn drop(&mut self) {
        let Some(mut writer) = self.0.take().filter(|writer| writer.open) else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { writer.roll_back().await });
        }
    }
}
