//! Writes a batch of commits in one transaction; one that the database refuses is found by halving the batch.

use super::convert::whole;
use super::error::{Trouble, read_error};
use super::transaction::{Begun, PLAIN};
use super::{Shared, facts, rows};
use crate::store::StoreError;
use crate::store::commit::{Answer, Commit};
use crate::store::decide::runs;
use crate::store::halve::{Trial, Tried, halve};
use crate::store::prepare::Prepared;
use chrono::{DateTime, Utc};
use sqlx::Executor as _;
use sqlx::postgres::PgConnection;
use std::sync::atomic::Ordering;

/// How often a batch is tried whole while other processes stand in its way.
const TRIES: u32 = 8;

impl Shared {
    pub(super) async fn write(&self, batch: Vec<Commit>) -> Result<Vec<Answer>, StoreError> {
        let batch: Vec<Prepared> = batch.into_iter().map(Prepared::new).collect();
        let mut tries = 0;
        loop {
            tries += 1;
            let when = (whole(self.clock.now()), self.notify.load(Ordering::Relaxed));
            let mut begun = Begun::begin(&self.pool, PLAIN).await?;
            let done = attempt(begun.connection()?, &batch, when).await;
            match begun.end(done).await {
                Ok(answers) => return Ok(answers),
                // Whoever was faster has committed, or is gone: look again.
                Err(Trouble::Conflict(_) | Trouble::Busy(_)) if tries < TRIES => {}
                Err(Trouble::Refuses(_) | Trouble::Conflict(_)) => {
                    let mut begun = Begun::begin(&self.pool, PLAIN).await?;
                    let done = halve(&mut Savepoints { conn: begun.connection()?, when }, &batch).await;
                    return begun.end(done).await;
                }
                Err(error @ (Trouble::Busy(_) | Trouble::Store(_))) => return Err(error.into()),
            }
        }
    }
}

async fn attempt(
    conn: &mut PgConnection,
    batch: &[Prepared],
    when: (DateTime<Utc>, bool),
) -> Result<Vec<Answer>, Trouble> {
    let mut answers = Vec::with_capacity(batch.len());
    for run in runs(batch) {
        let (mut facts, standing) = facts::facts(conn, run).await?;
        let (decided, records) = facts.settle(run).map_err(Trouble::Refuses)?;
        rows::write(&records, &standing, conn, when).await?;
        answers.extend(decided);
    }
    Ok(answers)
}

/// Each part of the batch under a savepoint.
struct Savepoints<'a> {
    conn: &'a mut PgConnection,
    when: (DateTime<Utc>, bool),
}

impl Trial for Savepoints<'_> {
    async fn attempt(&mut self, part: &[Prepared]) -> Result<Tried, StoreError> {
        self.run("savepoint part").await?;
        match attempt(self.conn, part, self.when).await {
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
