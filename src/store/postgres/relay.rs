//! Marks what a relay published, where the lease is still its own.

use super::Shared;
use super::convert::{get, json, message, message_columns};
use super::error::Trouble;
use super::transaction::{Begun, PLAIN};
use crate::store::{Relayed, StoreError};
use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use uuid::Uuid;

/// Its consumer may have been faster than the relay: then it is done already, and no longer held.
const MARK: &str = "update outbox o set state = k.state, holder = null, lease_until = null,
        word = case when k.state = 'done' then 'delivered' end, done_at = case when k.state = 'done' then $1 end
    from unnest($3::uuid[], $4::int8[], $5::text[]) k (id, attempt, state)
    where o.id = k.id and o.attempt = k.attempt and o.holder = $2 and o.lease_until > $1";
const RETURNED: &str = concat!(
    "update outbox o set state = 'parked', holder = null, lease_until = null
     where o.id = $2 and o.attempt = $3 and o.holder = $1 and o.lease_until > $4
     returning ",
    message_columns!()
);
const PARK: &str = "with failed as (
        insert into attempt (message_id, attempt, at, why) values ($1, $2, $4, $5)
        on conflict (message_id, attempt) do update set at = excluded.at, why = excluded.why
    )
    insert into parked (message_id, attempt, correlation_id, at, why, message) values ($1, $2, $3, $4, $5, $6)
    on conflict (message_id, attempt) do update set correlation_id = excluded.correlation_id, at = excluded.at,
        why = excluded.why, message = excluded.message, out_at = null, out_word = null, out_why = null";

impl Shared {
    pub(super) async fn mark_relayed(
        &self,
        holder: &str,
        marks: Vec<(Uuid, u32, Relayed)>,
    ) -> Result<(), StoreError> {
        let now = self.whole_now();
        let mut begun = Begun::begin(&self.pool, PLAIN).await?;
        let done = mark(begun.connection()?, holder, marks, now).await;
        Ok(begun.end(done).await?)
    }
}

async fn mark(
    conn: &mut PgConnection,
    holder: &str,
    mut marks: Vec<(Uuid, u32, Relayed)>,
    now: DateTime<Utc>,
) -> Result<(), Trouble> {
    marks.sort_unstable_by_key(|(id, _, _)| *id);
    let (mut ids, mut attempts, mut states) = (Vec::new(), Vec::new(), Vec::new());
    for (id, attempt, mark) in marks {
        let state = match mark {
            Relayed::Sent => "sent",
            Relayed::Delivered => "done",
            Relayed::Free => "waiting",
            Relayed::Returned { why } => {
                returned(conn, holder, (id, attempt), (&why, now)).await?;
                continue;
            }
        };
        ids.push(id);
        attempts.push(i64::from(attempt));
        states.push(state);
    }
    if !ids.is_empty() {
        let query = sqlx::query(MARK).bind(now).bind(holder).bind(ids).bind(attempts).bind(states);
        query.execute(conn).await?;
    }
    Ok(())
}

/// Rare: each by itself.
async fn returned(
    conn: &mut PgConnection,
    holder: &str,
    (id, attempt): (Uuid, u32),
    (why, now): (&str, DateTime<Utc>),
) -> Result<(), Trouble> {
    let row = sqlx::query(RETURNED).bind(holder).bind(id).bind(i64::from(attempt)).bind(now);
    let Some(row) = row.fetch_optional(&mut *conn).await? else { return Ok(()) };
    sqlx::query(PARK)
        .bind(id)
        .bind(i64::from(attempt))
        .bind(get::<Uuid>(&row, "correlation_id")?)
        .bind(now)
        .bind(why)
        .bind(json(&message(&row)?))
        .execute(conn)
        .await?;
    Ok(())
}
