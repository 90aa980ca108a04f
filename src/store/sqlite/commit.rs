//! Writes a batch of commits in one transaction; one that the database refuses is found by halving the batch.

use super::convert::micros;
use super::error::{Trouble, read_error};
use super::{Sqlite, facts, rows};
use crate::store::StoreError;
use crate::store::commit::{Answer, Commit};
use crate::store::decide::runs;
use crate::store::halve::{Trial, Tried, halve};
use crate::store::prepare::Prepared;
use sqlx::sqlite::SqliteConnection;
use std::sync::Arc;

impl Sqlite {
    pub(super) async fn write_batch(&self, batch: Vec<Arc<Commit>>) -> Result<Vec<Answer>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let batch: Vec<Prepared> = batch.into_iter().map(Prepared::new).collect();
        let now = micros(self.clock.now());
        let mut begun = self.begin().await?;
        let done = attempt(begun.connection()?, &batch, now).await;
        match begun.end(done).await {
            Ok(answers) => Ok(answers),
            Err(Trouble::Store(error)) => Err(error),
            Err(Trouble::Refuses(_)) => {
                let mut begun = self.begin().await?;
                let done = halve(&mut Savepoints { conn: begun.connection()?, now }, &batch).await;
                begun.end(done).await
            }
        }
    }
}

async fn attempt(conn: &mut SqliteConnection, batch: &[Prepared], now: i64) -> Result<Vec<Answer>, Trouble> {
    let mut answers = Vec::with_capacity(batch.len());
    for run in runs(batch) {
        let mut facts = facts::facts(conn, run).await?;
        let (decided, records) = facts.settle(run).map_err(Trouble::Refuses)?;
        rows::write(&records, conn, now).await?;
        answers.extend(decided);
    }
    Ok(answers)
}

/// Each part of the batch under a savepoint.
struct Savepoints<'a> {
    conn: &'a mut SqliteConnection,
    now: i64,
}

impl Trial for Savepoints<'_> {
    async fn attempt(&mut self, part: &[Prepared]) -> Result<Tried, StoreError> {
        self.run("savepoint part").await?;
        let tried = match attempt(self.conn, part, self.now).await {
            Ok(answers) => Tried::Written(answers),
            Err(Trouble::Store(error)) => return Err(error),
            Err(Trouble::Refuses(why)) => {
                self.run("rollback to part").await?;
                Tried::Refused(why)
            }
        };
        self.run("release part").await?;
        Ok(tried)
    }
}

impl Savepoints<'_> {
    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        sqlx::query(sql).execute(&mut *self.conn).await.map(|_| ()).map_err(read_error)
    }
}
