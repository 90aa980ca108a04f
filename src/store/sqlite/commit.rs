//! Writes a batch of commits in one transaction; one that the database refuses is found by halving the batch.

use super::convert::{get, json, micros, uuid};
use super::error::Trouble;
use super::rows::Rows;
use super::{Sqlite, facts};
use crate::store::StoreError;
use crate::store::commit::{Answer, Commit, NewEvent};
use crate::store::decide::runs;
use crate::store::prepare::{EventText, Prepared};
use sqlx::sqlite::SqliteConnection;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use uuid::Uuid;

/// The last link of an order's chain at the version that a commit goes on from.
const LINKS: &str = "select e.order_id, e.sequence, e.hash from json_each(?1) k cross join event e
    on e.order_id = k.value ->> 0 and e.sequence = k.value ->> 1";

impl Sqlite {
    pub(super) async fn write(&self, batch: Vec<Commit>) -> Result<Vec<Answer>, StoreError> {
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
                let done = halve(begun.connection()?, &batch, now).await;
                Ok(begun.end(done).await?)
            }
        }
    }
}

async fn attempt(conn: &mut SqliteConnection, batch: &[Prepared], now: i64) -> Result<Vec<Answer>, Trouble> {
    let mut answers = Vec::with_capacity(batch.len());
    for run in runs(batch) {
        answers.extend(write_run(conn, run, now).await?);
    }
    Ok(answers)
}

async fn write_run(
    conn: &mut SqliteConnection,
    batch: &[Prepared],
    now: i64,
) -> Result<Vec<Answer>, Trouble> {
    let mut facts = facts::facts(conn, batch).await?;
    let mut answers: Vec<Answer> = batch.iter().map(|prepared| facts.decide(prepared)).collect();
    let mut links = links(conn, batch, &answers).await?;
    let mut rows = Rows::default();
    for (prepared, answer) in batch.iter().zip(&mut answers) {
        match answer {
            Answer::Done => match chained(&mut links, prepared) {
                Ok(events) => {
                    rows.add(prepared);
                    events.iter().for_each(|(event, text, hash)| rows.add_event(event, text, hash));
                }
                // Later commits of the batch may rest on this one: let the halving tell them apart.
                Err(why) => return Err(Trouble::Refuses(why)),
            },
            Answer::AlreadyDone { .. } => rows.add_already_done(prepared),
            Answer::Duplicate
            | Answer::OtherBody
            | Answer::Lost { .. }
            | Answer::Fenced
            | Answer::Refused { .. } => {}
        }
    }
    rows.write(conn, now).await?;
    Ok(answers)
}

type Halved<'a> = Pin<Box<dyn Future<Output = Result<Vec<Answer>, Trouble>> + Send + 'a>>;

/// Tries the batch under a savepoint; when it is refused, each half by itself.
fn halve<'a>(conn: &'a mut SqliteConnection, batch: &'a [Prepared], now: i64) -> Halved<'a> {
    Box::pin(async move {
        run(conn, "savepoint half").await?;
        match attempt(conn, batch, now).await {
            Ok(answers) => {
                run(conn, "release half").await?;
                return Ok(answers);
            }
            Err(Trouble::Store(error)) => return Err(error.into()),
            Err(Trouble::Refuses(why)) => {
                run(conn, "rollback to half").await?;
                run(conn, "release half").await?;
                if batch.len() == 1 {
                    return Ok(vec![Answer::Refused { why }]);
                }
            }
        }
        let (left, right) = batch.split_at(batch.len() / 2);
        let mut answers = halve(conn, left, now).await?;
        answers.extend(halve(conn, right, now).await?);
        Ok(answers)
    })
}

async fn run(conn: &mut SqliteConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::query(sql).execute(conn).await.map(|_| ()).map_err(super::error::read_error)
}

/// Last hash of each order, by the sequence at which it stands.
type Links = HashMap<(Uuid, u64), String>;

async fn links(
    conn: &mut SqliteConnection,
    batch: &[Prepared],
    answers: &[Answer],
) -> Result<Links, Trouble> {
    let winners = batch.iter().zip(answers).filter(|(_, answer)| **answer == Answer::Done);
    let wanted: Vec<(Uuid, u64)> = winners
        .flat_map(|(prepared, _)| &prepared.commit.events)
        .filter(|event| event.sequence > 1)
        .map(|event| (event.order_id, event.sequence - 1))
        .collect();
    let mut links = Links::new();
    if wanted.is_empty() {
        return Ok(links);
    }
    for row in sqlx::query(LINKS).bind(json(&wanted)).fetch_all(conn).await? {
        let sequence = super::convert::count(get(&row, "sequence")?)?;
        links.insert((uuid(get(&row, "order_id")?)?, sequence), get(&row, "hash")?);
    }
    Ok(links)
}

/// The events of a commit with their texts and hashes.
type Chained<'a> = Vec<(&'a NewEvent, &'a EventText, String)>;

fn chained<'a>(links: &mut Links, prepared: &'a Prepared) -> Result<Chained<'a>, String> {
    let events = prepared.commit.events.iter().zip(&prepared.texts.events);
    let mut chained = Vec::with_capacity(prepared.commit.events.len());
    for (event, text) in events {
        let (id, sequence) = (event.order_id, event.sequence);
        let before = match sequence {
            1 => "",
            _ => links
                .get(&(id, sequence - 1))
                .ok_or_else(|| format!("order {id} has no event {} to go on from", sequence - 1))?,
        };
        let hash = text.hash(before);
        links.insert((id, sequence), hash.clone());
        chained.push((event, text, hash));
    }
    Ok(chained)
}
