//! Marks what a relay published, where the lease is still its own.

use super::Sqlite;
use super::convert::{get, json, message, message_columns};
use super::error::Trouble;
use crate::store::{Relayed, StoreError};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

/// Its consumer may have been faster than the relay: then it is done already, and no longer claimed.
const SENT: &str = "update outbox set state = 'sent', holder = null, lease_until = null
    from json_each(?2) k where outbox.id = k.value ->> 0 and outbox.attempt = k.value ->> 1
    and outbox.state = 'claimed' and outbox.holder = ?1 and outbox.lease_until > ?3";
const DELIVERED: &str =
    "update outbox set state = 'done', word = 'delivered', done_at = ?3, holder = null, lease_until = null
    from json_each(?2) k where outbox.id = k.value ->> 0 and outbox.attempt = k.value ->> 1
    and outbox.state = 'claimed' and outbox.holder = ?1 and outbox.lease_until > ?3";
const FREE: &str = "update outbox set state = 'waiting', holder = null, lease_until = null
    from json_each(?2) k where outbox.id = k.value ->> 0 and outbox.attempt = k.value ->> 1
    and outbox.state = 'claimed' and outbox.holder = ?1 and outbox.lease_until > ?3";
const RETURNED: &str = concat!(
    "update outbox set state = 'parked', holder = null, lease_until = null
     where id = ?2 and attempt = ?3 and state = 'claimed' and holder = ?1
        and lease_until > ?4 returning ",
    message_columns!()
);
const PARK: &str = "insert or replace into parked (message_id, attempt, correlation_id, at, why, message)
    values (?1, ?2, ?3, ?4, ?5, ?6)";
const ATTEMPT: &str = "insert or replace into attempt (message_id, attempt, at, why) values (?1, ?2, ?4, ?5)";

impl Sqlite {
    pub(super) async fn mark_relayed(
        &self,
        holder: &str,
        marks: Vec<(Uuid, u32, Relayed)>,
    ) -> Result<(), StoreError> {
        let now = self.now_micros();
        let mut begun = self.begin().await?;
        let done = mark(begun.connection()?, holder, &marks, now).await;
        Ok(begun.end(done).await?)
    }
}

async fn mark(
    conn: &mut SqliteConnection,
    holder: &str,
    marks: &[(Uuid, u32, Relayed)],
    now: i64,
) -> Result<(), Trouble> {
    let (mut sent, mut delivered, mut free): (Vec<Value>, Vec<Value>, Vec<Value>) = Default::default();
    for (id, attempt, mark) in marks {
        match mark {
            Relayed::Sent => sent.push(json!([id, attempt])),
            Relayed::Delivered => delivered.push(json!([id, attempt])),
            Relayed::Free => free.push(json!([id, attempt])),
            Relayed::Returned { why } => returned(conn, holder, (*id, *attempt), why, now).await?,
        }
    }
    for (sql, rows) in [(SENT, sent), (DELIVERED, delivered), (FREE, free)] {
        if !rows.is_empty() {
            sqlx::query(sql).bind(holder).bind(json(&rows)).bind(now).execute(&mut *conn).await?;
        }
    }
    Ok(())
}

/// Rare: each by itself.
async fn returned(
    conn: &mut SqliteConnection,
    holder: &str,
    (id, attempt): (Uuid, u32),
    why: &str,
    now: i64,
) -> Result<(), Trouble> {
    let row = sqlx::query(RETURNED).bind(holder).bind(id.to_string()).bind(attempt).bind(now);
    let Some(row) = row.fetch_optional(&mut *conn).await? else { return Ok(()) };
    let whole = json(&message(&row)?);
    for sql in [PARK, ATTEMPT] {
        sqlx::query(sql)
            .bind(id.to_string())
            .bind(attempt)
            .bind(get::<String>(&row, "correlation_id")?)
            .bind(now)
            .bind(why)
            .bind(&whole)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
