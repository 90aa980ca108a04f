//! What a rehearsal knows of the firm: its master data and what corrections taught, copied and never written to.

use crate::config::Config;
use crate::runtime::clock::SystemClock;
use crate::runtime::import::{self, read_folder};
use crate::runtime::trial::TrialError;
use crate::store::postgres::{Postgres, PostgresSettings};
use crate::store::sqlite::Sqlite;
use crate::store::{Commit, Filter, Key, Kind, Snapshot, Store, StoreError, Write};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often a copy of records that are being written to is tried.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// Head of SQLite's write-ahead log; it changes when the log is begun anew.
const LOG_HEAD: usize = 32;

/// Master data and lessons, ready to be put into another store.
pub enum Known {
    /// CSV files, by the name of their table.
    Files(Vec<(String, Vec<u8>)>),
    Copied(Vec<Snapshot>),
}

impl Known {
    /// The CSV files of a folder.
    pub fn folder(folder: &Path) -> Result<Self, TrialError> {
        Ok(Self::Files(read_folder(folder)?))
    }

    /// What the records of a data folder, or of its server, hold; none where there are no records. A data folder is copied
    /// into `work` first: even to read a database makes files beside it.
    pub async fn records(dir: &Path, config: &Config, work: &Path) -> Result<Option<Self>, TrialError> {
        if config.on_servers() {
            let settings = PostgresSettings {
                password: Some(config.postgres.password.0.clone()).filter(|it| !it.is_empty()),
                pool: 1,
                ..PostgresSettings::new(config.postgres.url.0.clone())
            };
            let postgres = Postgres::connect(&settings, None).await?;
            let known = copied(&postgres).await?;
            postgres.close().await;
            return Ok(Some(known));
        }
        let file = dir.join("gendan.db");
        if !file.is_file() {
            return Ok(None);
        }
        let copy = work.join("known.db");
        copy_records(&file, &copy).await?;
        let sqlite = Sqlite::open(&copy, Arc::new(SystemClock)).await?;
        let known = copied(&sqlite).await?;
        sqlite.close().await;
        Ok(Some(known))
    }

    /// Puts it into a store that has none of it.
    pub async fn put(self, store: &dyn Store) -> Result<(), TrialError> {
        match self {
            Self::Files(files) => {
                import::import(store, files, false).await?;
            }
            Self::Copied(snapshots) => {
                let writes = snapshots.into_iter().map(|it| Write {
                    key: it.key,
                    was: 0,
                    now: it.version,
                    body: it.body,
                    index: it.index,
                });
                store.commit(vec![Commit { writes: writes.collect(), ..Commit::default() }]).await?;
            }
        }
        Ok(())
    }
}

async fn copied(store: &dyn Store) -> Result<Known, StoreError> {
    let mut all = Vec::new();
    for kind in [Kind::Master, Kind::Lessons] {
        all.extend(store.list(kind, &Filter::default()).await?);
    }
    Ok(Known::Copied(all))
}

/// Whether there is any master data among it.
impl Known {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Files(files) => files.is_empty(),
            Self::Copied(all) => !all.iter().any(|it| it.key == Key::new(Kind::Master, "customers")),
        }
    }
}

/// Copies a database that somebody may be writing to: again, until nothing changed meanwhile.
async fn copy_records(from: &Path, to: &Path) -> io::Result<()> {
    let log = |path: &Path| {
        path.with_file_name(format!("{}-wal", path.file_name().unwrap_or_default().to_string_lossy()))
    };
    let (log_from, log_to) = (log(from), log(to));
    for _ in 0..TRIES {
        let before = (standing(from)?, head(&log_from));
        if log_from.is_file() {
            fs::copy(&log_from, &log_to)?;
        }
        fs::copy(from, to)?;
        if before == (standing(from)?, head(&log_from)) {
            return Ok(());
        }
        let _ = fs::remove_file(&log_to);
        tokio::time::sleep(PAUSE).await;
    }
    Err(io::Error::other(format!(
        "{} is written to all the time; try again when it is quieter, or name a folder of CSV files with --master",
        from.display()
    )))
}

fn standing(file: &Path) -> io::Result<(u64, Option<std::time::SystemTime>)> {
    let meta = fs::metadata(file)?;
    Ok((meta.len(), meta.modified().ok()))
}

fn head(log: &Path) -> Vec<u8> {
    use std::io::Read as _;
    let mut head = Vec::new();
    if let Ok(file) = fs::File::open(log) {
        let _ = file.take(LOG_HEAD as u64).read_to_end(&mut head);
    }
    head
}
