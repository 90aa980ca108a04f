//! Takes messages out of the outbox under a lease, and lets them go again.
//!
//! Messages that are held back stand aside (`delayed`) and come back into the queue when somebody looks and their time has
//! come, so that a long queue of them slows no claim. A message that is held stays `waiting`: a lease that is over is
//! nobody's, and nothing has to be put back. What another process is taking at this moment is passed over.
//! A lane is held by its first message until that is done or parked, also while it is with the broker: a parked message
//! waits for a person, and nobody else has to wait for that. Replayed, it takes its old place again.

use super::Shared;
use super::convert::{count, get, message, message_columns, until, whole};
use super::error::Trouble;
use super::transaction::{Begun, PLAIN, within};
use crate::store::{Claim, Claimed, StoreError};
use chrono::{DateTime, Utc};
use sqlx::Row as _;
use std::collections::HashSet;
use std::time::Duration;
use uuid::Uuid;

macro_rules! take {
    ($of_step:literal) => {
        concat!(
            "with taken as (
                select o.id from outbox o where o.state = 'waiting' and (o.lease_until is null or o.lease_until <= $1)
                    and ",
            $of_step,
            "
                    and (o.lane is null or not exists (select 1 from outbox p where p.lane = o.lane
                        and p.state in ('waiting', 'delayed', 'sent') and p.position < o.position))
                order by o.position limit $2 for update of o skip locked
            )
            update outbox o set holder = $3, lease_until = $4, claims = claims + 1 from taken t
            where o.id = t.id returning o.claims, ",
            message_columns!()
        )
    };
}

const ANY_DUE: &str = "select exists (select 1 from outbox where state = 'delayed' and not_before <= $1)";
const DUE: &str = "update outbox set state = 'waiting' where id in
    (select id from outbox where state = 'delayed' and not_before <= $1 order by not_before, id
        for update skip locked)";
/// Only what is waiting has a holder; to say so once more would lead past the primary key.
const RENEW: &str = "update outbox o set lease_until = $3 where o.id = any($2) and o.holder = $1
    and o.lease_until > $4 returning o.id";
const RENEW_INTENTS: &str =
    "update intent i set lease_until = $3 where i.message_id = any($2) and i.state = 'held'
    and i.holder = $1 and i.lease_until > $4";
const GIVE_BACK: &str = "update outbox o set holder = null, lease_until = null, claims = claims - 1
    from unnest($2::uuid[], $4::bigint[]) as given (id, attempt)
    where o.id = given.id and o.attempt = given.attempt and o.holder = $1 and o.lease_until > $3";
const TAKE_OVER: &str = "update outbox set holder = null, lease_until = null
    where state = 'waiting' and holder <> $1 and lease_until > $2";
const TAKE_OVER_INTENTS: &str = "update intent set lease_until = $2
    where state = 'held' and holder <> $1 and lease_until > $2";

impl Shared {
    pub(super) fn whole_now(&self) -> DateTime<Utc> {
        whole(self.clock.now())
    }

    pub(super) async fn take(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        let now = self.whole_now();
        let Some(straight) = self.straight.get() else { return self.take_waiting(claim, now).await };
        let doubtful = straight.doubtful();
        if !doubtful.is_empty() {
            self.put_back(&straight.holder, &doubtful).await?;
        }
        if straight.goes_first(claim) {
            let kept = straight.hand_out(claim, now);
            if !kept.is_empty() {
                return Ok(kept);
            }
        }
        let waiting = self.take_waiting(claim, now).await?;
        Ok(if waiting.is_empty() { straight.hand_out(claim, now) } else { waiting })
    }

    async fn take_waiting(&self, claim: &Claim, now: DateTime<Utc>) -> Result<Vec<Claimed>, StoreError> {
        let any_due = sqlx::query_scalar::<_, bool>(ANY_DUE).bind(now).fetch_one(&self.pool);
        if within(any_due).await? {
            within(sqlx::query(DUE).bind(now).execute(&self.pool)).await?;
        }
        let sql = if claim.step.is_some() { take!("o.step = $5") } else { take!("true") };
        let mut query = sqlx::query(sql)
            .bind(now)
            .bind(i64::from(claim.max))
            .bind(&claim.holder)
            .bind(until(now, claim.lease));
        if let Some(step) = claim.step {
            query = query.bind(step.as_str());
        }
        let mut rows = within(query.fetch_all(&self.pool)).await?;
        rows.sort_by_key(|row| row.try_get::<i64, _>("position").unwrap_or(i64::MAX));
        rows.iter()
            .map(|row| Ok(Claimed { message: message(row)?, claims: count(get(row, "claims")?)? }))
            .collect()
    }

    pub(super) async fn prolong(
        &self,
        holder: &str,
        ids: &[Uuid],
        lease: Duration,
    ) -> Result<Vec<bool>, StoreError> {
        let now = self.whole_now();
        let mut sorted = ids.to_vec();
        sorted.sort_unstable();
        let mut begun = Begun::begin(&self.pool, PLAIN).await?;
        let conn = begun.connection()?;
        let done = async {
            let renew = |sql| sqlx::query(sql).bind(holder).bind(&sorted).bind(until(now, lease)).bind(now);
            let rows = renew(RENEW).fetch_all(&mut *conn).await?;
            renew(RENEW_INTENTS).execute(conn).await?;
            Ok::<_, Trouble>(rows)
        };
        let done = done.await;
        let rows = begun.end(done).await?;
        let held: HashSet<Uuid> = rows.iter().map(|row| get(row, "id")).collect::<Result<_, _>>()?;
        Ok(ids.iter().map(|id| held.contains(id)).collect())
    }

    pub(super) async fn put_back(&self, holder: &str, messages: &[(Uuid, u32)]) -> Result<(), StoreError> {
        let (ids, attempts): (Vec<Uuid>, Vec<i64>) =
            messages.iter().map(|(id, attempt)| (*id, i64::from(*attempt))).unzip();
        let query = sqlx::query(GIVE_BACK).bind(holder).bind(ids).bind(self.whole_now()).bind(attempts);
        within(query.execute(&self.pool)).await.map(|_| ())
    }

    pub(super) async fn free_others(&self, holder: &str) -> Result<u64, StoreError> {
        let now = self.whole_now();
        let free = |sql| sqlx::query(sql).bind(holder.to_owned()).bind(now).execute(&self.pool);
        within(free(TAKE_OVER_INTENTS)).await?;
        Ok(within(free(TAKE_OVER)).await?.rows_affected())
    }
}
