//! The statements for rows that most runs do not bring; each is left out where there are none.

use super::convert::{json, whole};
use super::rows::messages;
use crate::store::records::{Records, Sent};
use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use uuid::Uuid;

/// What is discarded is done with.
const UNPARKED: &str =
    "with k as (select * from unnest($2::uuid[], $3::text[], $4::text[]) k (id, word, why)),
    discarded as (
        update outbox o set state = 'done', word = 'discarded', done_at = $1 from k
        where o.id = k.id and k.word = 'discarded'
    )
    update parked p set out_at = $1, out_word = k.word, out_why = k.why from k
    where p.message_id = k.id and p.out_word is null";
/// The next attempt of a message takes the place of the one before.
const AGAIN: &str = "update outbox o set attempt = k.attempt, type = k.type, step = k.step, lane = k.lane,
        correlation_id = k.correlation_id, created_at = k.created_at, not_before = k.not_before, body = k.body,
        state = case when k.not_before > $1 then 'delayed' else 'waiting' end, holder = null, lease_until = null,
        claims = 0, word = null, done_at = null
    from unnest($2::uuid[], $3::int8[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::timestamptz[],
        $9::timestamptz[], $10::text[])
        k (id, attempt, type, step, lane, correlation_id, created_at, not_before, body)
    where o.id = k.id";
/// Whatever earlier attempt stands in the outbox has been overtaken by the one that was consumed.
const PARKED: &str = "with k as (
        select * from unnest($2::uuid[], $3::int8[], $4::uuid[], $5::text[], $6::text[])
            k (id, attempt, correlation_id, why, message)
    ), stopped as (
        update outbox o set state = 'parked', attempt = k.attempt, holder = null, lease_until = null from k
        where o.id = k.id and o.attempt <= k.attempt
    )
    insert into parked (message_id, attempt, correlation_id, at, why, message)
    select k.id, k.attempt, k.correlation_id, $1, k.why, k.message from k
    on conflict (message_id, attempt) do update set correlation_id = excluded.correlation_id, at = excluded.at,
        why = excluded.why, message = excluded.message, out_at = null, out_word = null, out_why = null";
const ATTEMPTS: &str = "insert into attempt (message_id, attempt, at, why)
    select k.id, k.attempt, $1, k.why from unnest($2::uuid[], $3::int8[], $4::text[]) k (id, attempt, why)
    on conflict (message_id, attempt) do update set at = excluded.at, why = excluded.why";
/// Of a review that several commits write only the last counts.
const REVIEWS: &str = "insert into review (id, order_id, state, due_at, body)
    select distinct on (k.id) k.id, k.order_id, k.state, k.due_at, k.body
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[])
        with ordinality k (id, order_id, state, due_at, body, place)
    order by k.id, k.place desc
    on conflict (id) do update set state = excluded.state, due_at = excluded.due_at, body = excluded.body";
const TIMERS: &str = "insert into timer (id, due, step, order_id, body, state)
    select k.*, 'set' from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::uuid[], $5::text[])
        k (id, due, step, order_id, body)
    where not exists (select 1 from gone g where g.id = k.id) on conflict (id) do nothing";
const CANCELLED: &str = "update timer t set state = 'cancelled' from unnest($1::uuid[]) k (id)
    where t.id = k.id and t.state not in ('fired', 'cancelled')";

pub(super) async fn write(
    records: &Records<'_>,
    again: &[&Sent<'_>],
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if !records.unparked.is_empty() {
        let rows = &records.unparked;
        sqlx::query(UNPARKED)
            .bind(now)
            .bind(rows.iter().map(|it| it.id).collect::<Vec<Uuid>>())
            .bind(rows.iter().map(|it| it.word).collect::<Vec<&str>>())
            .bind(rows.iter().map(|it| it.why).collect::<Vec<&str>>())
            .execute(&mut *conn)
            .await?;
    }
    if !again.is_empty() {
        messages(sqlx::query(AGAIN).bind(now), again).execute(&mut *conn).await?;
    }
    failures(records, conn, now).await?;
    promises(records, conn).await
}

async fn failures(
    records: &Records<'_>,
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let (parked, attempts) = (&records.parked, &records.attempts);
    if !parked.is_empty() {
        sqlx::query(PARKED)
            .bind(now)
            .bind(parked.iter().map(|(it, _)| it.id).collect::<Vec<Uuid>>())
            .bind(parked.iter().map(|(it, _)| i64::from(it.attempt)).collect::<Vec<i64>>())
            .bind(parked.iter().map(|(it, _)| it.correlation_id).collect::<Vec<Uuid>>())
            .bind(parked.iter().map(|(_, why)| *why).collect::<Vec<&str>>())
            .bind(parked.iter().map(|(it, _)| json(it)).collect::<Vec<String>>())
            .execute(&mut *conn)
            .await?;
    }
    if !attempts.is_empty() {
        sqlx::query(ATTEMPTS)
            .bind(now)
            .bind(attempts.iter().map(|it| it.0).collect::<Vec<Uuid>>())
            .bind(attempts.iter().map(|it| i64::from(it.1)).collect::<Vec<i64>>())
            .bind(attempts.iter().map(|it| it.2).collect::<Vec<&str>>())
            .execute(conn)
            .await?;
    }
    Ok(())
}

async fn promises(records: &Records<'_>, conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    let (reviews, timers) = (&records.reviews, &records.timers);
    if !reviews.is_empty() {
        sqlx::query(REVIEWS)
            .bind(reviews.iter().map(|it| it.id).collect::<Vec<Uuid>>())
            .bind(reviews.iter().map(|it| it.order_id).collect::<Vec<Uuid>>())
            .bind(reviews.iter().map(|it| it.state.as_str()).collect::<Vec<&str>>())
            .bind(reviews.iter().map(|it| whole(it.due_at)).collect::<Vec<_>>())
            .bind(reviews.iter().map(json).collect::<Vec<String>>())
            .execute(&mut *conn)
            .await?;
    }
    if !timers.is_empty() {
        sqlx::query(TIMERS)
            .bind(timers.iter().map(|it| it.id).collect::<Vec<Uuid>>())
            .bind(timers.iter().map(|it| whole(it.due)).collect::<Vec<_>>())
            .bind(timers.iter().map(|it| it.step.as_str()).collect::<Vec<&str>>())
            .bind(timers.iter().map(|it| it.body.order_id).collect::<Vec<Uuid>>())
            .bind(timers.iter().map(|it| json(&it.body)).collect::<Vec<String>>())
            .execute(&mut *conn)
            .await?;
    }
    if !records.cancelled.is_empty() {
        sqlx::query(CANCELLED).bind(&records.cancelled).execute(conn).await?;
    }
    Ok(())
}
