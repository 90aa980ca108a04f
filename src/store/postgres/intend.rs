//! Intents: who may cause an outgoing message's effect, and whether it may have been caused before.
//!
//! The rules are those of SQLite's adapter. Two processes may ask at the same moment: the intent's row is locked before
//! anything else is looked at, and where there is none yet, the second finds the first one's.

use super::Shared;
use super::convert::{count, get, number, until};
use super::error::Trouble;
use super::transaction::{Begun, PLAIN};
use crate::order::message::Message;
use crate::store::{Intended, StoreError};
use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use std::time::Duration;

const INTENT: &str = "select fence, lease_until, state, doubt from intent where message_id = $1 for update";
/// A late delivery of an attempt whose outcome is in must not cause the effect once more.
const CONSUMED: &str =
    "select exists (select 1 from inbox where message_id = $1 and step = $2 and attempt >= $3)
        or exists (select 1 from outbox where id = $1 and attempt > $3)
        or exists (select 1 from gone where id = $1)";
const FIRST: &str = "insert into intent
        (message_id, attempt, destination, fence, holder, lease_until, state, doubt, started)
    values ($1, $2, $3, $4, $5, $6, 'held', $7, $8) on conflict (message_id) do nothing";
const NEXT: &str =
    "update intent set attempt = $2, destination = $3, fence = $4, holder = $5, lease_until = $6,
        state = 'held', doubt = $7, started = $8 where message_id = $1";

/// Who asks, and for what.
pub(super) struct Asking {
    pub(super) message: Message,
    pub(super) destination: String,
    pub(super) holder: String,
    pub(super) lease: Duration,
}

impl Shared {
    pub(super) async fn state_intent(&self, asking: Asking) -> Result<Intended, StoreError> {
        let now = self.whole_now();
        let mut begun = Begun::begin(&self.pool, PLAIN).await?;
        let conn = begun.connection()?;
        let done = async {
            loop {
                let intended = judge(conn, &asking.message, now).await?;
                if state(conn, &asking, &intended, now).await? {
                    return Ok::<_, Trouble>(intended);
                }
            }
        };
        let done = done.await;
        Ok(begun.end(done).await?)
    }
}

/// Writes the intent where there is one to write; false when somebody else wrote the first one meanwhile.
async fn state(
    conn: &mut PgConnection,
    asking: &Asking,
    intended: &Intended,
    now: DateTime<Utc>,
) -> Result<bool, Trouble> {
    let Intended::Go { fence, again } = intended else { return Ok(true) };
    let done = sqlx::query(if *fence == 1 { FIRST } else { NEXT })
        .bind(asking.message.id)
        .bind(i64::from(asking.message.attempt))
        .bind(&asking.destination)
        .bind(number(*fence))
        .bind(&asking.holder)
        .bind(until(now, asking.lease))
        .bind(again)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

async fn judge(conn: &mut PgConnection, message: &Message, now: DateTime<Utc>) -> Result<Intended, Trouble> {
    let row = sqlx::query(INTENT).bind(message.id).fetch_optional(&mut *conn).await?;
    let consumed: bool = sqlx::query_scalar(CONSUMED)
        .bind(message.id)
        .bind(message.step.as_str())
        .bind(i64::from(message.attempt))
        .fetch_one(conn)
        .await?;
    if consumed {
        return Ok(Intended::Finished);
    }
    let Some(row) = row else { return Ok(Intended::Go { fence: 1, again: false }) };
    let fence = count::<u64>(get(&row, "fence")?)?.saturating_add(1);
    let until: DateTime<Utc> = get(&row, "lease_until")?;
    Ok(match get::<&str>(&row, "state")? {
        "finished" => Intended::Finished,
        "held" if until > now => Intended::Held { until },
        "free" => Intended::Go { fence, again: get(&row, "doubt")? },
        _ => Intended::Go { fence, again: true },
    })
}
