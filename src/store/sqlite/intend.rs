//! Intents: who may cause an outgoing message's effect, and whether it may have been caused before.
//!
//! An intent belongs to a message, not to an attempt. It is held under a lease; the outcome's commit ends it: `finished`
//! (done), `unsure` (the answer was lost) or `free` (a retry or parking under the fence: known not to have happened).
//! When a holder leaves without any outcome the next one is told `again`, and that doubt stays until an outcome of
//! `finished` clears it, however many later attempts are known to have failed.

use super::Sqlite;
use super::convert::{count, get, time};
use super::error::Trouble;
use crate::order::message::Message;
use crate::store::convert::lease_micros;
use crate::store::{Intended, StoreError};
use sqlx::sqlite::SqliteConnection;
use std::time::Duration;

/// A late delivery of an attempt whose outcome is in must not cause the effect once more.
const CONSUMED: &str =
    "select exists (select 1 from inbox where message_id = ?1 and step = ?2 and attempt >= ?3)
        or exists (select 1 from outbox where id = ?1 and attempt > ?3)
        or exists (select 1 from gone where id = unhex(replace(?1, '-', ''))) as consumed";
const INTENT: &str = "select * from intent where message_id = ?1";
const STATE: &str = "insert into intent
        (message_id, attempt, destination, fence, holder, lease_until, state, doubt, started)
    values (?1, ?2, ?3, ?4, ?5, ?6, 'held', ?7, ?8)
    on conflict (message_id) do update set attempt = excluded.attempt, destination = excluded.destination,
        fence = excluded.fence, holder = excluded.holder, lease_until = excluded.lease_until, state = 'held',
        doubt = excluded.doubt, started = excluded.started";

impl Sqlite {
    pub(super) async fn state_intent(
        &self,
        message: &Message,
        destination: &str,
        holder: &str,
        lease: Duration,
    ) -> Result<Intended, StoreError> {
        let now = self.now_micros();
        let mut begun = self.begin().await?;
        let conn = begun.connection()?;
        let done = async {
            let intended = judge(conn, message, now).await?;
            if let Intended::Go { fence, again } = intended {
                sqlx::query(STATE)
                    .bind(message.id.to_string())
                    .bind(message.attempt)
                    .bind(destination)
                    .bind(count::<i64>(i64::try_from(fence).unwrap_or(i64::MAX))?)
                    .bind(holder)
                    .bind(now.saturating_add(lease_micros(lease)))
                    .bind(again)
                    .bind(now)
                    .execute(conn)
                    .await?;
            }
            Ok::<_, Trouble>(intended)
        };
        let done = done.await;
        Ok(begun.end(done).await?)
    }
}

async fn judge(conn: &mut SqliteConnection, message: &Message, now: i64) -> Result<Intended, Trouble> {
    let id = message.id.to_string();
    let consumed: bool = sqlx::query_scalar(CONSUMED)
        .bind(&id)
        .bind(message.step.as_str())
        .bind(message.attempt)
        .fetch_one(&mut *conn)
        .await?;
    if consumed {
        return Ok(Intended::Finished);
    }
    let Some(row) = sqlx::query(INTENT).bind(&id).fetch_optional(conn).await? else {
        return Ok(Intended::Go { fence: 1, again: false });
    };
    let fence = count::<u64>(get(&row, "fence")?)?.saturating_add(1);
    let until: i64 = get(&row, "lease_until")?;
    Ok(match get::<&str>(&row, "state")? {
        "finished" => Intended::Finished,
        "held" if until > now => Intended::Held { until: time(until)? },
        "free" => Intended::Go { fence, again: get(&row, "doubt")? },
        _ => Intended::Go { fence, again: true },
    })
}
