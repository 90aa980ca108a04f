//! Deletes old rows of what is done, a bounded number at a time; what is kept, and why, is told in SQLite's adapter.

use super::Shared;
use super::convert::whole;
use super::error::Trouble;
use super::transaction::{Begun, PLAIN};
use crate::store::{Pruned, StoreError};
use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use uuid::Uuid;

const OUTBOX: &str = "delete from outbox where id in
        (select id from outbox where state = 'done' and done_at < $1 and word not in ('unsure', 'discarded')
            order by done_at, position limit $2 for update skip locked)
    returning id";
const INBOX: &str = "with old as (
        select i.message_id, i.step, i.attempt from inbox i where i.at < $1
            and not exists (select 1 from outbox o where o.id = i.message_id
                and (o.state <> 'done' or o.word in ('unsure', 'discarded')))
            and not exists (select 1 from parked p where p.message_id = i.message_id
                and (p.out_at is null or p.out_word = 'discarded'))
        order by i.at, i.message_id, i.step, i.attempt limit $2
    )
    delete from inbox i using old
    where i.message_id = old.message_id and i.step = old.step and i.attempt = old.attempt
    returning i.message_id";
/// A message from outside never stood in the outbox: its inbox row was all that told of it.
const GONE: &str = "insert into gone (id) select distinct k.id from unnest($1::uuid[]) k (id)
    where not exists (select 1 from outbox o where o.id = k.id) on conflict (id) do nothing";
const ATTEMPTS: &str = "delete from attempt where message_id = any($1)";
const REPLAYED: &str = "delete from parked where message_id = any($1) and out_word <> 'discarded'";
const INTENTS: &str = "delete from intent where message_id = any($1) and state in ('finished', 'free')";
const TIMERS: &str = "delete from timer where id = any($1) and state = 'fired'";
const MARK: &str = "update pruning set inbox_before = $1 where inbox_before < $1";

impl Shared {
    pub(super) async fn prune_rows(&self, before: DateTime<Utc>, max: u32) -> Result<Pruned, StoreError> {
        let mut begun = Begun::begin(&self.pool, PLAIN).await?;
        let done = prune(begun.connection()?, whole(before), i64::from(max)).await;
        Ok(begun.end(done).await?)
    }
}

async fn prune(conn: &mut PgConnection, before: DateTime<Utc>, max: i64) -> Result<Pruned, Trouble> {
    let old = |sql| sqlx::query_scalar::<_, Uuid>(sql).bind(before).bind(max);
    let done = old(OUTBOX).fetch_all(&mut *conn).await?;
    let inbox = old(INBOX).fetch_all(&mut *conn).await?;
    let pruned = Pruned { inbox: inbox.len() as u64, outbox: done.len() as u64 };
    if !inbox.is_empty() {
        sqlx::query(MARK).bind(before).execute(&mut *conn).await?;
    }
    let ids = [done, inbox].concat();
    if !ids.is_empty() {
        for sql in [GONE, ATTEMPTS, REPLAYED, INTENTS, TIMERS] {
            sqlx::query(sql).bind(&ids).execute(&mut *conn).await?;
        }
    }
    Ok(pruned)
}
