//! The daily seal: the heads that are new since the seal before, hashed and chained.

use super::Shared;
use super::convert::{broken, count, get};
use super::error::Trouble;
use super::transaction::{Begun, PLAIN};
use crate::store::audit::{Head, seal_hash};
use crate::store::{Seal, StoreError};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::Executor as _;
use sqlx::postgres::{PgConnection, PgRow};
use uuid::Uuid;

/// One seals at a time, over the whole record: it may take long.
const ALONE: &str =
    "set local statement_timeout = 0; set local lock_timeout = 0; set local enable_hashjoin = on;
    set local enable_seqscan = on; select pg_advisory_xact_lock(hashtextextended('gendan.seal', 0))";
const OF_DAY: &str = "select day, heads, hash from seal where day = $1";
const LAST: &str = "select number, hash from seal order by number desc limit 1";
const NEW: &str = "select e.order_id, e.sequence, e.hash
    from (select order_id, max(sequence) as sequence from event group by order_id) head
    join event e on e.order_id = head.order_id and e.sequence = head.sequence
    where not exists (select 1 from seal_head s where s.order_id = e.order_id and s.sequence = e.sequence)
    order by e.order_id";
const SEAL: &str = "insert into seal (number, day, heads, hash, at) values ($1, $2, $3, $4, $5)";
const HEADS: &str = "insert into seal_head (order_id, sequence, hash, number)
    select k.*, $4 from unnest($1::uuid[], $2::int8[], $3::text[]) k";

/// Heads written with one statement.
const CHUNK: usize = 10_000;

impl Shared {
    pub(super) async fn seal_day(&self, day: NaiveDate) -> Result<Seal, StoreError> {
        let now = self.whole_now();
        let mut begun = Begun::begin(&self.pool, PLAIN).await?;
        let done = seal(begun.connection()?, day, now).await;
        Ok(begun.end(done).await?)
    }
}

async fn seal(conn: &mut PgConnection, day: NaiveDate, now: DateTime<Utc>) -> Result<Seal, Trouble> {
    conn.execute(ALONE).await?;
    if let Some(row) = sqlx::query(OF_DAY).bind(day).fetch_optional(&mut *conn).await? {
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
        .bind(day)
        .bind(i64::try_from(heads.len()).map_err(broken)?)
        .bind(&seal.hash)
        .bind(now)
        .execute(&mut *conn)
        .await?;
    for chunk in rows.chunks(CHUNK) {
        let column = |row| Ok::<_, StoreError>((get::<Uuid>(row, "order_id")?, get::<i64>(row, "sequence")?));
        let (ids, sequences): (Vec<Uuid>, Vec<i64>) =
            chunk.iter().map(column).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let hashes = chunk.iter().map(|row| get::<&str>(row, "hash")).collect::<Result<Vec<_>, _>>()?;
        let query = sqlx::query(HEADS).bind(ids).bind(sequences).bind(hashes).bind(number);
        query.execute(&mut *conn).await?;
    }
    Ok(seal)
}

pub(super) fn head(row: &PgRow) -> Result<Head, StoreError> {
    Ok(Head {
        order_id: get::<Uuid>(row, "order_id")?.to_string(),
        sequence: count(get(row, "sequence")?)?,
        hash: get(row, "hash")?,
    })
}

pub(super) fn stored(row: &PgRow) -> Result<Seal, StoreError> {
    Ok(Seal { day: get(row, "day")?, heads: count(get(row, "heads")?)?, hash: get(row, "hash")? })
}
