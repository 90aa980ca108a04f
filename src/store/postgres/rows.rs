//! The statements that write a run's rows: one for what nearly every run brings, and one for each kind that is rare.
//!
//! Each part takes its rows as arrays, one for each column. The parts of a statement do not see each other's work: only such
//! stand together as touch different rows.

use super::convert::{number, whole};
use super::rare;
use crate::store::commit::{Key, Write};
use crate::store::records::{Records, Sent};
use chrono::{DateTime, Utc};
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::Query;
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// Consumptions and effects, aggregates and events, new messages. $1 is the time.
///
/// `back`: a message that comes after it was pruned (late, or another one of the same id) is told of by its inbox row again.
/// `done`: whatever earlier attempt stands in the outbox has been overtaken by the one that was consumed.
/// `delivered`: it came back unroutable and was delivered after all, or a later attempt was.
const USUAL: &str = "with consumed as (
        insert into inbox (message_id, step, attempt, body_hash, outcome, word, at)
        select k.*, $1 from unnest($2::uuid[], $3::text[], $4::int8[], $5::text[], $6::text[], $7::text[]) k
    ), back as (
        delete from gone g using unnest($2::uuid[]) k (id) where g.id = k.id
    ), delivered as (
        update parked p set out_at = $1, out_word = 'delivered', out_why = 'delivered after all'
        from unnest($2::uuid[], $4::int8[]) k (id, attempt)
        where p.message_id = k.id and p.attempt <= k.attempt and p.out_word is null
    ), done as (
        update outbox o set state = 'done', word = k.word, done_at = $1, attempt = k.attempt, holder = null,
            lease_until = null
        from unnest($8::uuid[], $9::int8[], $10::text[]) k (id, attempt, word)
        where o.id = k.id and o.attempt <= k.attempt
    ), ended as (
        update intent i set state = k.state from unnest($11::uuid[], $12::int8[], $13::text[]) k (id, fence, state)
        where i.message_id = k.id and i.state = 'held' and coalesce(k.fence, i.fence) = i.fence
    ), effects as (
        insert into effect (key, cause, at) select k.*, $1 from unnest($14::text[], $15::uuid[]) k
    ), made as (
        insert into aggregate (kind, id, version, status, customer, number, po_number, parent, body, at)
        select k.kind, k.id, k.version, k.status, k.customer, k.number, k.po_number, k.parent, k.body, $1
        from unnest($16::bool[], $17::text[], $18::text[], $19::int8[], $20::text[], $21::text[], $22::text[],
            $23::text[], $24::text[], $25::text[])
            k (made, kind, id, version, status, customer, number, po_number, parent, body)
        where k.made
    ), changed as (
        update aggregate a set version = k.version, status = k.status, customer = k.customer, number = k.number,
            po_number = k.po_number, parent = k.parent, body = k.body, at = $1
        from unnest($16::bool[], $17::text[], $18::text[], $19::int8[], $20::text[], $21::text[], $22::text[],
            $23::text[], $24::text[], $25::text[])
            k (made, kind, id, version, status, customer, number, po_number, parent, body)
        where not k.made and a.kind = k.kind and a.id = k.id
    ), events as (
        insert into event (order_id, sequence, at, actor, cause, event, hash)
        select k.* from unnest($26::uuid[], $27::int8[], $28::timestamptz[], $29::text[], $30::uuid[], $31::text[],
            $32::text[]) k
    )
    insert into outbox (id, attempt, type, step, lane, correlation_id, created_at, not_before, body, state, holder,
        lease_until, claims)
    select k.id, k.attempt, k.type, k.step, k.lane, k.correlation_id, k.created_at, k.not_before, k.body,
        case when k.not_before > $1 then 'delayed' else 'waiting' end,
        case when k.taken then $43 end, case when k.taken then $44 end, k.taken::int
    from unnest($33::uuid[], $34::int8[], $35::text[], $36::text[], $37::text[], $38::uuid[], $39::timestamptz[],
        $40::timestamptz[], $41::text[], $42::bool[])
        k (id, attempt, type, step, lane, correlation_id, created_at, not_before, body, taken)";
const NOTIFY: &str = "select pg_notify('gendan', '')";

type Bound = Query<'static, Postgres, PgArguments>;

/// With what a batch is written.
pub(super) struct How<'a> {
    pub(super) now: DateTime<Utc>,
    /// Whether others are told that there are messages.
    pub(super) notify: bool,
    /// Messages that are written as claimed; by whom, and until when.
    pub(super) taken: HashSet<Uuid>,
    pub(super) holder: Option<&'a str>,
    pub(super) until: DateTime<Utc>,
}

/// Writes them all. `standing`: messages that have a row in the outbox.
pub(super) async fn write(
    records: &Records<'_>,
    standing: &HashSet<Uuid>,
    conn: &mut PgConnection,
    how: &How<'_>,
) -> Result<(), sqlx::Error> {
    let now = how.now;
    let (again, new): (Vec<&Sent<'_>>, Vec<&Sent<'_>>) =
        records.messages.iter().partition(|it| standing.contains(&it.message.id));
    let usual = !(records.inbox.is_empty()
        && records.effects.is_empty()
        && records.writes.is_empty()
        && records.events.is_empty()
        && new.is_empty());
    if usual {
        let query = consumptions(sqlx::query(USUAL).bind(now), records);
        let query = events(aggregates(query, &records.writes), records);
        let query = messages(query, &new)
            .bind(column(&new, |it| how.taken.contains(&it.message.id)))
            .bind(how.holder)
            .bind(how.until);
        query.execute(&mut *conn).await?;
    }
    rare::write(records, &again, conn, now).await?;
    if how.notify && !records.messages.is_empty() {
        sqlx::query(NOTIFY).execute(conn).await?;
    }
    Ok(())
}

/// A column of the rows.
fn column<'a, T, C>(rows: &'a [T], column: impl Fn(&'a T) -> C) -> Vec<C> {
    rows.iter().map(column).collect()
}

fn consumptions(query: Bound, records: &Records<'_>) -> Bound {
    // Rows that exist are always locked in one order.
    let mut done = records.done.clone();
    done.sort_unstable_by_key(|(id, _, _)| *id);
    let (inbox, intents) = (&records.inbox, &records.intents);
    query
        .bind(column(inbox, |it| it.id))
        .bind(column(inbox, |it| it.step.as_str()))
        .bind(column(inbox, |it| i64::from(it.attempt)))
        .bind(column(inbox, |it| it.body_hash))
        .bind(column(inbox, |it| it.outcome))
        .bind(column(inbox, |it| it.word))
        .bind(column(&done, |it| it.0))
        .bind(column(&done, |it| i64::from(it.1)))
        .bind(column(&done, |it| it.2))
        .bind(column(intents, |it| it.0))
        .bind(column(intents, |it| it.1.map(number)))
        .bind(column(intents, |it| it.2))
        .bind(column(&records.effects, |it| it.0))
        .bind(column(&records.effects, |it| it.1))
}

/// Of an aggregate that is written several times only the last counts.
fn aggregates(query: Bound, writes: &[&Write]) -> Bound {
    let mut last: BTreeMap<&Key, (bool, &Write)> = BTreeMap::new();
    for write in writes {
        let made = last.get(&write.key).map_or(write.was == 0, |(made, _)| *made);
        last.insert(&write.key, (made, write));
    }
    let rows: Vec<_> = last.into_values().collect();
    query
        .bind(column(&rows, |it| it.0))
        .bind(column(&rows, |it| it.1.key.kind.as_str()))
        .bind(column(&rows, |it| it.1.key.id.as_str()))
        .bind(column(&rows, |it| number(it.1.now)))
        .bind(column(&rows, |it| it.1.index.status.as_deref()))
        .bind(column(&rows, |it| it.1.index.customer.as_deref()))
        .bind(column(&rows, |it| it.1.index.number.as_deref()))
        .bind(column(&rows, |it| it.1.index.po_number.as_deref()))
        .bind(column(&rows, |it| it.1.index.parent.as_deref()))
        .bind(column(&rows, |it| it.1.body.text()))
}

fn events(query: Bound, records: &Records<'_>) -> Bound {
    let events = &records.events;
    query
        .bind(column(events, |it| it.event.order_id))
        .bind(column(events, |it| number(it.event.sequence)))
        .bind(column(events, |it| whole(it.event.at)))
        .bind(column(events, |it| it.text.actor.as_str()))
        .bind(column(events, |it| it.event.cause))
        .bind(column(events, |it| it.text.event.as_str()))
        .bind(column(events, |it| it.hash.as_str()))
}

/// The columns of messages, as the outbox has them.
pub(super) fn messages(query: Bound, rows: &[&Sent<'_>]) -> Bound {
    query
        .bind(column(rows, |it| it.message.id))
        .bind(column(rows, |it| i64::from(it.message.attempt)))
        .bind(column(rows, |it| it.message.body.type_name()))
        .bind(column(rows, |it| it.message.step.as_str()))
        .bind(column(rows, |it| it.message.lane.as_deref()))
        .bind(column(rows, |it| it.message.correlation_id))
        .bind(column(rows, |it| whole(it.message.created_at)))
        .bind(column(rows, |it| it.message.not_before.map(whole)))
        .bind(column(rows, |it| it.body))
}
