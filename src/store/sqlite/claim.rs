//! Takes messages out of the outbox under a lease, and lets them go again.
//!
//! Messages that are held back or whose lease is over stand aside (`delayed`, `claimed`) and come back into the queue
//! when somebody looks and their time has come, so that a long queue of held-back messages slows no claim.
//! A lease that is over is nobody's, whether or not somebody has looked since.
//! A lane is held by its first message until that is done or parked, also while it is with the broker: a parked message
//! waits for a person, and nobody else has to wait for that. Replayed, it takes its old place again.

use super::Sqlite;
use super::convert::{count, get, json, message, message_columns, uuid};
use super::error::{Trouble, read_error};
use crate::store::convert::lease_micros;
use crate::store::{Claim, Claimed, StoreError};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::HashSet;
use std::time::Duration;
use uuid::Uuid;

/// Whether there is anything to do, found without the write lock: something stands aside whose time has come, or
/// something can be taken.
macro_rules! anything {
    ($of_step:literal) => {
        concat!(
            "select exists (select 1 from outbox where state = 'delayed' and not_before <= ?2)
                or exists (select 1 from outbox where state = 'claimed' and lease_until <= ?2)
                or exists (select 1 from outbox o where o.state = 'waiting' and ",
            $of_step,
            " and ",
            heads!(),
            ")"
        )
    };
}

/// The first of its lane, or without one.
macro_rules! heads {
    () => {
        "(o.lane is null or not exists (select 1 from outbox p where p.lane = o.lane
            and p.state in ('waiting', 'delayed', 'claimed', 'sent') and p.position < o.position))"
    };
}

macro_rules! take {
    ($of_step:literal) => {
        concat!(
            "update outbox set state = 'claimed', holder = ?3, lease_until = ?4, claims = claims + 1
             where position in (select o.position from outbox o where o.state = 'waiting' and ",
            $of_step,
            " and ",
            heads!(),
            " order by o.position limit ?5) returning claims, ",
            message_columns!()
        )
    };
}

const DUE: &str = "update outbox set state = 'waiting' where state = 'delayed' and not_before <= ?1";
const LAPSED: &str = "update outbox set state = 'waiting', holder = null, lease_until = null
    where state = 'claimed' and lease_until <= ?1";
const RENEW: &str = "update outbox set lease_until = ?3 where state = 'claimed' and holder = ?1
    and lease_until > ?4 and id in (select value from json_each(?2)) returning id";
const RENEW_INTENTS: &str = "update intent set lease_until = ?3 where state = 'held' and holder = ?1
    and lease_until > ?4 and message_id in (select value from json_each(?2))";
const GIVE_BACK: &str =
    "update outbox set state = 'waiting', holder = null, lease_until = null, claims = claims - 1
    where state = 'claimed' and holder = ?1 and lease_until > ?3
    and (id, attempt) in (select value ->> 0, value ->> 1 from json_each(?2))";
const TAKE_OVER: &str = "update outbox set state = 'waiting', holder = null, lease_until = null
    where state = 'claimed' and holder <> ?1 and lease_until > ?2";
const TAKE_OVER_INTENTS: &str = "update intent set lease_until = ?2 where state in ('held', 'unsure')
        and state = 'held' and holder <> ?1 and lease_until > ?2";

impl Sqlite {
    pub(super) async fn take(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        let now = self.now_micros();
        if !self.anything(claim, now).await? {
            return Ok(Vec::new());
        }
        let mut begun = self.begin_lease().await?;
        let done = take(begun.connection()?, claim, now).await;
        let mut rows = begun.end(done).await?;
        rows.sort_by_key(|row| row.try_get::<i64, _>("position").unwrap_or(i64::MAX));
        rows.iter()
            .map(|row| Ok(Claimed { message: message(row)?, claims: count(get(row, "claims")?)? }))
            .collect()
    }

    async fn anything(&self, claim: &Claim, now: i64) -> Result<bool, StoreError> {
        let sql = if claim.step.is_some() { anything!("o.step = ?1") } else { anything!("true") };
        sqlx::query_scalar(sql)
            .bind(claim.step.map(|step| step.as_str()))
            .bind(now)
            .fetch_one(&self.readers)
            .await
            .map_err(read_error)
    }

    pub(super) async fn prolong(
        &self,
        holder: &str,
        ids: &[Uuid],
        lease: Duration,
    ) -> Result<Vec<bool>, StoreError> {
        let now = self.now_micros();
        let until = now.saturating_add(lease_micros(lease));
        let mut begun = self.begin_lease().await?;
        let conn = begun.connection()?;
        let done = async {
            let rows = sqlx::query(RENEW)
                .bind(holder)
                .bind(json(&ids))
                .bind(until)
                .bind(now)
                .fetch_all(&mut *conn)
                .await?;
            sqlx::query(RENEW_INTENTS)
                .bind(holder)
                .bind(json(&ids))
                .bind(until)
                .bind(now)
                .execute(conn)
                .await?;
            Ok::<_, Trouble>(rows)
        };
        let done = done.await;
        let rows = begun.end(done).await?;
        let held: HashSet<Uuid> = rows.iter().map(|row| uuid(get(row, "id")?)).collect::<Result<_, _>>()?;
        Ok(ids.iter().map(|id| held.contains(id)).collect())
    }

    pub(super) async fn put_back(&self, holder: &str, messages: &[(Uuid, u32)]) -> Result<(), StoreError> {
        let now = self.now_micros();
        let mut begun = self.begin_lease().await?;
        let conn = begun.connection()?;
        let done = sqlx::query(GIVE_BACK).bind(holder).bind(json(&messages)).bind(now).execute(conn).await;
        begun.end(done.map_err(Trouble::from)).await?;
        Ok(())
    }

    pub(super) async fn free_others(&self, holder: &str) -> Result<u64, StoreError> {
        let now = self.now_micros();
        let mut begun = self.begin_lease().await?;
        let conn = begun.connection()?;
        let done = async {
            sqlx::query(TAKE_OVER_INTENTS).bind(holder).bind(now).execute(&mut *conn).await?;
            Ok::<_, Trouble>(
                sqlx::query(TAKE_OVER).bind(holder).bind(now).execute(conn).await?.rows_affected(),
            )
        };
        let done = done.await;
        Ok(begun.end(done).await?)
    }
}

async fn take(conn: &mut SqliteConnection, claim: &Claim, now: i64) -> Result<Vec<SqliteRow>, Trouble> {
    sqlx::query(DUE).bind(now).execute(&mut *conn).await?;
    sqlx::query(LAPSED).bind(now).execute(&mut *conn).await?;
    let sql = if claim.step.is_some() { take!("o.step = ?1") } else { take!("true") };
    let rows = sqlx::query(sql)
        .bind(claim.step.map(|step| step.as_str()))
        .bind(now)
        .bind(&claim.holder)
        .bind(now.saturating_add(lease_micros(claim.lease)))
        .bind(i64::from(claim.max))
        .fetch_all(conn)
        .await?;
    Ok(rows)
}
