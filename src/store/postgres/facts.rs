//! Reads what a run has to be decided on: one statement, whatever the size of the run.
//!
//! What another process may change before we commit is locked, always in the same order: aggregates that are written or
//! required, unsure messages, intents, parked messages. What does not exist yet can't be locked: two that write it meet at
//! its primary key, and the second looks again.

use super::convert::{count, get, kind, number, step};
use super::error::Trouble;
use crate::store::asked::Asked;
use crate::store::decide::{Facts, Standing};
use crate::store::prepare::Prepared;
use crate::store::{Key, StoreError};
use sqlx::postgres::{PgConnection, PgRow};
use std::collections::HashSet;
use uuid::Uuid;

/// Each row says what it is, and uses the columns that it needs. Everything is joined by primary key: a condition that a partial
/// index knows would lead there, and through all its rows.
const FACTS: &str = "with aggregates as (
        select a.kind, a.id, a.version from unnest($1::text[], $2::text[]) k (kind, id)
        join aggregate a on a.kind = k.kind and a.id = k.id
        order by a.kind, a.id for update of a
    ), sent as (
        select o.id, o.attempt, coalesce(o.state = 'done' and o.word = 'unsure', false) as unsure
        from unnest($3::uuid[]) k (id) join outbox o on o.id = k.id order by o.id for update of o
    ), fences as (
        select i.message_id, i.fence from unnest($4::uuid[]) k (id)
        join intent i on i.message_id = k.id and i.state = 'held' order by i.message_id for update of i
    ), parkings as (
        select p.message_id, p.attempt, p.out_at from unnest($5::uuid[]) k (id)
        join parked p on p.message_id = k.id order by p.message_id, p.attempt for update of p
    )
    select 'aggregate' as what, null::uuid as id, kind as word, id as text, version as number from aggregates
    union all select case when unsure then 'unsure' else 'sent' end, id, null, null, attempt from sent
    union all select 'fence', message_id, null, null, fence from fences
    union all select 'parked', message_id, null, null, attempt from parkings where out_at is null
    union all select 'known', g.id, null, null, 0 from unnest($3::uuid[]) k (id) join gone g on g.id = k.id
    union all select 'known', i.message_id, null, null, 0
        from unnest($3::uuid[]) k (id) join inbox i on i.message_id = k.id
    union all select 'known', p.message_id, null, null, 0
        from unnest($3::uuid[]) k (id) join parked p on p.message_id = k.id
    union all select 'inbox', i.message_id, i.step, i.body_hash, i.attempt
        from unnest($6::uuid[]) k (id) join inbox i on i.message_id = k.id
    union all select 'outbox', o.id, null, null, o.attempt
        from unnest($6::uuid[]) k (id) join outbox o on o.id = k.id
    union all select 'effect', null, null, e.key, 0 from unnest($7::text[]) k (key) join effect e on e.key = k.key
    union all select 'link', e.order_id, null, e.hash, e.sequence from unnest($8::uuid[], $9::int8[]) k (id, sequence)
        join event e on e.order_id = k.id and e.sequence = k.sequence";

/// What stands, and which of the messages have a row in the outbox.
pub(super) async fn facts(
    conn: &mut PgConnection,
    run: &[Prepared],
) -> Result<(Facts, HashSet<Uuid>), Trouble> {
    let asked = Asked::of(run);
    let (kinds, ids): (Vec<&str>, Vec<&str>) =
        asked.keys.iter().map(|key| (key.kind.as_str(), key.id.as_str())).unzip();
    let consumed: Vec<Uuid> = asked.consumed.iter().map(|(id, _, _)| *id).collect();
    let (orders, sequences): (Vec<Uuid>, Vec<i64>) =
        asked.links.iter().map(|(id, sequence)| (*id, number(*sequence))).unzip();
    let rows = sqlx::query(FACTS)
        .bind(kinds)
        .bind(ids)
        .bind(asked.messages)
        .bind(asked.fenced)
        .bind(asked.unparked)
        .bind(consumed)
        .bind(asked.effects)
        .bind(orders)
        .bind(sequences)
        .fetch_all(conn)
        .await?;
    let (mut facts, mut standing) = (Facts::default(), HashSet::new());
    for row in &rows {
        take_in(row, &mut facts, &mut standing)?;
    }
    Ok((facts, standing))
}

fn take_in(row: &PgRow, facts: &mut Facts, standing: &mut HashSet<Uuid>) -> Result<(), StoreError> {
    let number: i64 = get(row, "number")?;
    let id = || get::<Uuid>(row, "id");
    match get::<&str>(row, "what")? {
        "aggregate" => {
            let key = Key { kind: kind(get(row, "word")?)?, id: get(row, "text")? };
            facts.versions.insert(key, count(number)?);
        }
        what @ ("sent" | "unsure") => {
            let row = Standing { attempt: count(number)?, unsure: what == "unsure" };
            facts.outbox.insert(id()?, row);
            standing.insert(id()?);
        }
        "fence" => drop(facts.fences.insert(id()?, count(number)?)),
        "parked" => drop(facts.parked.insert(id()?, count(number)?)),
        "known" => drop(facts.known.insert(id()?)),
        "inbox" => {
            let key = (id()?, step(get(row, "word")?)?, count(number)?);
            facts.inbox.insert(key, get(row, "text")?);
            later(facts, id()?, count(number)?);
        }
        "outbox" => {
            standing.insert(id()?);
            later(facts, id()?, count(number)?);
        }
        "effect" => drop(facts.effects.insert(get(row, "text")?)),
        _ => drop(facts.links.insert((id()?, count(number)?), get(row, "text")?)),
    }
    Ok(())
}

fn later(facts: &mut Facts, id: Uuid, attempt: u32) {
    let latest = facts.latest.entry(id).or_default();
    *latest = attempt.max(*latest);
}
