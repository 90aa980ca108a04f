//! Timers: each becomes a message exactly once, when it is due.

use super::Sqlite;
use super::convert::{get, json, micros, parse, step, time, uuid};
use super::error::{Trouble, read_error};
use super::rows;
use crate::order::message::{Body, Message, TimerDue};
use crate::store::StoreError;
use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

const ANY: &str = "select exists (select 1 from timer where state = 'set' and due <= ?1)";
const FIRE: &str = "update timer set state = 'fired' where id in
        (select id from timer where state = 'set' and due <= ?1 order by due, id limit ?2) returning *";
/// A message of this id can only be this timer's own, from before.
const SEND: &str = "insert or ignore into outbox
        (id, attempt, type, step, lane, correlation_id, created_at, not_before, body, state)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
        value ->> 8, 'waiting'
    from json_each(?1) k where not exists
        (select 1 from gone where gone.id = unhex(replace(k.value ->> 0, '-', '')))";
const NEXT: &str = "select min(due) from (select min(due) as due from timer where state = 'set'
    union all select min(not_before) from outbox where state = 'delayed')";

const IDLE: &str = "select not exists (select 1 from outbox where state in ('waiting', 'claimed'))
    and not exists (select 1 from outbox where state = 'delayed' and not_before <= ?1)
    and not exists (select 1 from timer where state = 'set' and due <= ?1)";

impl Sqlite {
    pub(super) async fn read_idle(&self) -> Result<bool, StoreError> {
        let now = micros(self.clock.now());
        sqlx::query_scalar(IDLE).bind(now).fetch_one(&self.readers).await.map_err(read_error)
    }

    pub(super) async fn fire_timers(&self, max: u32) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let due = sqlx::query_scalar::<_, bool>(ANY).bind(micros(now)).fetch_one(&self.readers).await;
        if !due.map_err(read_error)? {
            return Ok(0);
        }
        let mut begun = self.begin().await?;
        let done = fire(begun.connection()?, now, max).await;
        Ok(begun.end(done).await?)
    }

    pub(super) async fn read_next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let due: Option<i64> = sqlx::query_scalar(NEXT).fetch_one(&self.readers).await.map_err(read_error)?;
        due.map(time).transpose()
    }
}

async fn fire(conn: &mut SqliteConnection, now: DateTime<Utc>, max: u32) -> Result<u64, Trouble> {
    let query = sqlx::query(FIRE).bind(micros(now)).bind(i64::from(max));
    let rows = query.fetch_all(&mut *conn).await?;
    let mut due = rows.iter().map(|row| message(row, now)).collect::<Result<Vec<_>, _>>()?;
    due.sort_by_key(|(due, message)| (*due, message.id));
    let messages: Vec<_> = due.iter().map(|(_, it)| rows::message(it, &json(&it.body))).collect();
    sqlx::query(SEND).bind(json(&messages)).execute(conn).await?;
    Ok(rows.len() as u64)
}

fn message(row: &SqliteRow, now: DateTime<Utc>) -> Result<(i64, Message), StoreError> {
    let body: TimerDue = parse(get(row, "body")?)?;
    let message = Message {
        id: uuid(get(row, "id")?)?,
        attempt: 1,
        correlation_id: body.order_id,
        step: step(get(row, "step")?)?,
        lane: None,
        created_at: now,
        not_before: None,
        body: Body::TimerDue(body),
    };
    Ok((get(row, "due")?, message))
}
