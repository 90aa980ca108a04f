//! Deletes old rows of what is done, a bounded number at a time.
//!
//! Of each message that goes its id stays in `gone` (16 bytes): it still counts as done, it is not taken for missing, its
//! effect is not caused again, and it can't be sent again. Kept whole are messages that wait, are in work, parked or unsure, the inbox rows that
//! belong to them, and what a person discarded.

use super::Sqlite;
use super::convert::{micros, uuid};
use super::error::Trouble;
use crate::store::{Pruned, StoreError};
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

const OUTBOX: &str = "delete from outbox where position in
        (select position from outbox where state = 'done' and done_at < ?1 and word not in ('unsure', 'discarded')
            order by done_at, position limit ?2)
    returning id";
/// The inbox is keyed for look-ups, so the rows are found first.
const INBOX: &str = "select i.message_id, i.step, i.attempt from inbox i where i.at < ?1
        and not exists (select 1 from outbox o where o.id = i.message_id
            and (o.state <> 'done' or o.word in ('unsure', 'discarded')))
        and not exists (select 1 from parked p where p.message_id = i.message_id
            and (p.out_at is null or p.out_word = 'discarded'))
    order by i.at limit ?2";
const DELETE_INBOX: &str = "delete from inbox where (message_id, step, attempt) in
    (select value ->> 0, value ->> 1, value ->> 2 from json_each(?1))";
/// A message from outside never stood in the outbox: its inbox row was all that told of it.
const GONE: &str =
    "insert or ignore into gone (id) select unhex(replace(k.value, '-', '')) from json_each(?1) k
    where not exists (select 1 from outbox o where o.id = k.value)";
const ATTEMPTS: &str = "delete from attempt where message_id in (select value from json_each(?1))";
const REPLAYED: &str = "delete from parked where message_id in (select value from json_each(?1))
    and out_word <> 'discarded'";
const INTENTS: &str = "delete from intent where message_id in (select value from json_each(?1))
    and state in ('finished', 'free')";
const TIMERS: &str = "delete from timer where id in (select value from json_each(?1)) and state = 'fired'";
const MARK: &str = "update pruning set inbox_before = max(inbox_before, ?1)";

impl Sqlite {
    pub(super) async fn prune_rows(&self, before: DateTime<Utc>, max: u32) -> Result<Pruned, StoreError> {
        let mut begun = self.begin().await?;
        let done = prune(begun.connection()?, micros(before), i64::from(max)).await;
        Ok(begun.end(done).await?)
    }
}

async fn prune(conn: &mut SqliteConnection, before: i64, max: i64) -> Result<Pruned, Trouble> {
    let done: Vec<String> = sqlx::query_scalar(OUTBOX).bind(before).bind(max).fetch_all(&mut *conn).await?;
    let inbox: Vec<(String, String, i64)> =
        sqlx::query_as(INBOX).bind(before).bind(max).fetch_all(&mut *conn).await?;
    let pruned = Pruned { inbox: inbox.len() as u64, outbox: done.len() as u64 };
    if !inbox.is_empty() {
        sqlx::query(DELETE_INBOX).bind(super::convert::json(&inbox)).execute(&mut *conn).await?;
        sqlx::query(MARK).bind(before).execute(&mut *conn).await?;
    }
    let ids: Vec<Uuid> =
        done.iter().chain(inbox.iter().map(|(id, _, _)| id)).map(|id| uuid(id)).collect::<Result<_, _>>()?;
    let ids = super::convert::json(&ids);
    for sql in [GONE, ATTEMPTS, REPLAYED, INTENTS, TIMERS] {
        sqlx::query(sql).bind(&ids).execute(&mut *conn).await?;
    }
    Ok(pruned)
}
