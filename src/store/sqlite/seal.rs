//! The daily seal: the heads that are new since the seal before, hashed and chained.

use super::Sqlite;
use super::convert::{broken, count, get};
use super::error::Trouble;
use crate::store::audit::{Head, seal_hash};
use crate::store::{Seal, StoreError};
use chrono::NaiveDate;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

const OF_DAY: &str = "select day, heads, hash from seal where day = ?1";
const LAST: &str = "select number, hash from seal order by number desc limit 1";
const NEW: &str = "select e.order_id, e.sequence, e.hash
    from (select order_id, max(sequence) as sequence from event group by order_id) head
    cross join event e on e.order_id = head.order_id and e.sequence = head.sequence
    where not exists (select 1 from seal_head s where s.order_id = e.order_id and s.sequence = e.sequence)
    order by e.order_id";
const SEAL: &str = "insert into seal (number, day, heads, hash, at) values (?1, ?2, ?3, ?4, ?5)";
const HEADS: &str = "insert into seal_head (order_id, sequence, hash, number)
    select value ->> 0, value ->> 1, value ->> 2, ?2 from json_each(?1)";

/// Heads written with one statement.
const CHUNK: usize = 10_000;

impl Sqlite {
    pub(super) async fn seal_day(&self, day: NaiveDate) -> Result<Seal, StoreError> {
        let now = self.now_micros();
        let mut begun = self.begin().await?;
        let done = seal(begun.connection()?, day, now).await;
        Ok(begun.end(done).await?)
    }
}

async fn seal(conn: &mut SqliteConnection, day: NaiveDate, now: i64) -> Result<Seal, Trouble> {
    if let Some(row) = sqlx::query(OF_DAY).bind(day.to_string()).fetch_optional(&mut *conn).await? {
        return Ok(stored(&row)?);
    }
    let last = sqlx::query(LAST).fetch_optional(&mut *conn).await?;
    let (number, before) = match &last {
        Some(row) => (get::<i64>(row, "number")? + 1, get::<String>(row, "hash")?),
        None => (1, String::new()),
    };
    let rows = sqlx::query(NEW).fetch_all(&mut *conn).await?;
    let heads = rows.iter().map(head).collect::<Result<Vec<_>, _>>()?;
    let seal = Seal { day, heads: heads.len() as u64, hash: seal_hash(&before, day, &heads) };
    sqlx::query(SEAL)
        .bind(number)
        .bind(day.to_string())
        .bind(i64::try_from(heads.len()).map_err(broken)?)
        .bind(&seal.hash)
        .bind(now)
        .execute(&mut *conn)
        .await?;
    for chunk in heads.chunks(CHUNK) {
        let rows: Vec<_> = chunk.iter().map(|head| (&head.order_id, head.sequence, &head.hash)).collect();
        sqlx::query(HEADS).bind(super::convert::json(&rows)).bind(number).execute(&mut *conn).await?;
    }
    Ok(seal)
}

pub(super) fn head(row: &SqliteRow) -> Result<Head, StoreError> {
    Ok(Head {
        order_id: get(row, "order_id")?,
        sequence: count(get(row, "sequence")?)?,
        hash: get(row, "hash")?,
    })
}

pub(super) fn stored(row: &SqliteRow) -> Result<Seal, StoreError> {
    let day: &str = get(row, "day")?;
    Ok(Seal { day: day.parse().map_err(broken)?, heads: count(get(row, "heads")?)?, hash: get(row, "hash")? })
}
