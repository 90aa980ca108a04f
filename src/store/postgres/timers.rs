//! Timers: each becomes a message exactly once, when it is due, whichever process looks.

use super::Shared;
use super::convert::{get, json, parse, step};
use super::error::Trouble;
use super::transaction::{Begun, PLAIN, within};
use crate::order::message::{Body, Message, TimerDue};
use crate::store::StoreError;
use crate::store::records::Sent;
use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnection, PgRow};
use std::borrow::Cow;

const ANY: &str = "select exists (select 1 from timer where state = 'set' and due <= $1)";
const FIRE: &str = "update timer set state = 'fired' where id in
        (select id from timer where state = 'set' and due <= $1 order by due, id limit $2 for update skip locked)
    returning *";
/// A message of this id can only be this timer's own, from before.
const SEND: &str = "insert into outbox
        (id, attempt, type, step, lane, correlation_id, created_at, not_before, body, state)
    select k.*, 'waiting'
    from unnest($1::uuid[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::timestamptz[],
        $8::timestamptz[], $9::text[]) k (id, attempt, type, step, lane, correlation_id, created_at, not_before, body)
    where not exists (select 1 from gone g where g.id = k.id) on conflict (id) do nothing";
const NEXT: &str = "select min(due) from (select min(due) as due from timer where state = 'set'
    union all select min(not_before) from outbox where state = 'delayed') dues";
const IDLE: &str = "select not exists (select 1 from outbox where state = 'waiting')
    and not exists (select 1 from outbox where state = 'delayed' and not_before <= $1)
    and not exists (select 1 from timer where state = 'set' and due <= $1)";

impl Shared {
    pub(super) async fn read_idle(&self) -> Result<bool, StoreError> {
        within(sqlx::query_scalar(IDLE).bind(self.whole_now()).fetch_one(&self.pool)).await
    }

    pub(super) async fn fire_timers(&self, max: u32) -> Result<u64, StoreError> {
        let now = self.whole_now();
        if !within(sqlx::query_scalar::<_, bool>(ANY).bind(now).fetch_one(&self.pool)).await? {
            return Ok(0);
        }
        let mut begun = Begun::begin(&self.pool, PLAIN).await?;
        let done = fire(begun.connection()?, now, max).await;
        Ok(begun.end(done).await?)
    }

    pub(super) async fn read_next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        within(sqlx::query_scalar(NEXT).fetch_one(&self.pool)).await
    }
}

async fn fire(conn: &mut PgConnection, now: DateTime<Utc>, max: u32) -> Result<u64, Trouble> {
    let query = sqlx::query(FIRE).bind(now).bind(i64::from(max));
    let rows = query.fetch_all(&mut *conn).await?;
    let mut due = rows.iter().map(|row| message(row, now)).collect::<Result<Vec<_>, _>>()?;
    due.sort_by_key(|(due, message)| (*due, message.id));
    let bodies: Vec<String> = due.iter().map(|(_, it)| json(&it.body)).collect();
    let sent: Vec<Sent<'_>> =
        due.iter().zip(&bodies).map(|((_, it), body)| Sent { message: Cow::Borrowed(it), body }).collect();
    let sent: Vec<&Sent<'_>> = sent.iter().collect();
    super::rows::messages(sqlx::query(SEND), &sent).execute(conn).await?;
    Ok(rows.len() as u64)
}

fn message(row: &PgRow, now: DateTime<Utc>) -> Result<(DateTime<Utc>, Message), StoreError> {
    let body: TimerDue = parse(get(row, "body")?)?;
    let message = Message {
        id: get(row, "id")?,
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
