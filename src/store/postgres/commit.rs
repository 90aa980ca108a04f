//! Writes a batch of commits in one transaction; one that the database refuses is found by halving the batch.

use super::convert::{until, whole};
use super::error::{Trouble, read_error};
use super::rows::{self, How};
use super::transaction::{Begun, PLAIN};
use super::{Shared, facts};
use crate::store::StoreError;
use crate::store::commit::{Answer, Commit};
use crate::store::decide::runs;
use crate::store::halve::{Trial, Tried, halve};
use crate::store::prepare::Prepared;
use sqlx::Executor as _;
use sqlx::postgres::PgConnection;
use std::sync::Arc;

/// How often a batch is tried whole while other processes stand in its way.
const TRIES: u32 = 8;

impl Shared {
    pub(super) async fn write(&self, batch: Vec<Arc<Commit>>) -> Result<Vec<Answer>, StoreError> {
        let batch: Vec<Prepared> = batch.into_iter().map(Prepared::new).collect();
        let mut tries = 0;
        loop {
            tries += 1;
            let how = self.how(&batch);
            let mut begun = Begun::begin(&self.pool, PLAIN).await?;
            let done = attempt(begun.connection()?, &batch, &how).await;
            match begun.end(done).await {
                Ok(answers) => return Ok(self.keep(&batch, answers, &how)),
                Err(Trouble::Store(error @ StoreError::Unknown(_))) => return Err(self.doubt(how, error)),
                // Whoever was faster has committed, or is gone: look again.
                Err(Trouble::Conflict(_) | Trouble::Busy(_)) if tries < TRIES => {}
                Err(Trouble::Refuses(_) | Trouble::Conflict(_)) => {
                    let mut begun = Begun::begin(&self.pool, PLAIN).await?;
                    let done = halve(&mut Savepoints { conn: begun.connection()?, how: &how }, &batch).await;
                    return match begun.end(done).await {
                        Ok(answers) => Ok(self.keep(&batch, answers, &how)),
                        Err(error) => Err(self.doubt(how, error)),
                    };
                }
                Err(error @ (Trouble::Busy(_) | Trouble::Store(_))) => return Err(error.into()),
            }
        }
    }

    /// How a batch is written: what goes straight to this process's relay is written as claimed.
    fn how(&self, batch: &[Prepared]) -> How<'_> {
        let now = whole(self.clock.now());
        let straight = self.straight.get();
        How {
            now,
            notify: straight.is_none() && self.notify,
            taken: straight.map(|it| it.choose(batch)).unwrap_or_default(),
            holder: straight.map(|it| it.holder.as_str()),
            until: straight.map_or(now, |it| until(now, it.lease)),
        }
    }

    fn keep(&self, batch: &[Prepared], answers: Vec<Answer>, how: &How<'_>) -> Vec<Answer> {
        if let Some(straight) = self.straight.get() {
            straight.keep(batch, &answers, &how.taken, how.until);
        }
        answers
    }

    fn doubt(&self, how: How<'_>, error: StoreError) -> StoreError {
        if let (Some(straight), StoreError::Unknown(_)) = (self.straight.get(), &error) {
            straight.doubt(how.taken);
        }
        error
    }
}

async fn attempt(conn: &mut PgConnection, batch: &[Prepared], how: &How<'_>) -> Result<Vec<Answer>, Trouble> {
    let mut answers = Vec::with_capacity(batch.len());
    for run in runs(batch) {
        let (mut facts, standing) = facts::facts(conn, run).await?;
        let (decided, records) = facts.settle(run).map_err(Trouble::Refuses)?;
        rows::write(&records, &standing, conn, how).await?;
        answers.extend(decided);
    }
    Ok(answers)
}

/// Each part of the batch under a savepoint.
struct Savepoints<'a> {
    conn: &'a mut PgConnection,
    how: &'a How<'a>,
}

impl Trial for Savepoints<'_> {
    async fn attempt(&mut self, part: &[Prepared]) -> Result<Tried, StoreError> {
        self.run("savepoint part").await?;
        match attempt(self.conn, part, self.how).await {
            Ok(answers) => {
                self.run("release part").await?;
                Ok(Tried::Written(answers))
            }
            Err(Trouble::Refuses(why) | Trouble::Conflict(why)) => {
                self.run("rollback to part; release part").await?;
                Ok(Tried::Refused(why))
            }
            Err(error @ (Trouble::Busy(_) | Trouble::Store(_))) => Err(error.into()),
        }
    }
}

impl Savepoints<'_> {
    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.conn.execute(sql).await.map(|_| ()).map_err(read_error)
    }
}
