//! Reads what a batch has to be decided on: one query for each table, whatever the size of the batch.

use super::convert::{count, get, json, kind, step, uuid};
use super::error::Trouble;
use crate::store::Key;
use crate::store::commit::Commit;
use crate::store::decide::{Facts, Standing};
use crate::store::prepare::Prepared;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::BTreeSet;
use uuid::Uuid;

const INBOX: &str =
    "select i.message_id, i.step, i.attempt, i.body_hash from json_each(?1) k cross join inbox i
    on i.message_id = k.value ->> 0 and i.step = k.value ->> 1 and i.attempt = k.value ->> 2";
const LATEST: &str = "select k.value ->> 0 as id, max(
        coalesce((select o.attempt from outbox o where o.id = k.value ->> 0), 0),
        coalesce((select max(i.attempt) from inbox i where i.message_id = k.value ->> 0), 0)) as latest
    from json_each(?1) k";
const EFFECTS: &str = "select e.key from json_each(?1) k cross join effect e on e.key = k.value";
const VERSIONS: &str = "select a.kind, a.id, a.version from json_each(?1) k cross join aggregate a
    on a.kind = k.value ->> 0 and a.id = k.value ->> 1";
const OUTBOX: &str = "select o.id, o.attempt, o.state = 'done' and o.word is 'unsure' as unsure
    from json_each(?1) k cross join outbox o on o.id = k.value";
const KNOWN: &str = "select k.value as id from json_each(?1) k
    where exists (select 1 from gone g where g.id = unhex(replace(k.value, '-', '')))
        or exists (select 1 from inbox i where i.message_id = k.value)
        or exists (select 1 from parked p where p.message_id = k.value)";
const FENCES: &str = "select i.message_id, i.fence from json_each(?1) k cross join intent i
    on i.message_id = k.value and i.state = 'held'";
const PARKED: &str = "select p.message_id, p.attempt from json_each(?1) k cross join parked p
    on p.message_id = k.value and p.out_at is null";

/// Everything that the database knows about what these commits name.
pub(super) async fn facts(conn: &mut SqliteConnection, batch: &[Prepared]) -> Result<Facts, Trouble> {
    let mut facts = Facts::default();
    let fit = || batch.iter().filter(|it| it.refusal.is_none()).map(|it| &it.commit);
    let consumed = consumed(fit());
    for row in rows(conn, LATEST, &consumed).await? {
        facts.latest.insert(uuid(get(&row, "id")?)?, count(get(&row, "latest")?)?);
    }
    for row in rows(conn, INBOX, &consumed).await? {
        let key = (uuid(get(&row, "message_id")?)?, step(get(&row, "step")?)?, count(get(&row, "attempt")?)?);
        facts.inbox.insert(key, get(&row, "body_hash")?);
    }
    let effects: Vec<&String> = fit().flat_map(|commit| &commit.effects).collect();
    for row in rows(conn, EFFECTS, &effects).await? {
        facts.effects.insert(get(&row, "key")?);
    }
    for row in rows(conn, VERSIONS, &keys(fit())).await? {
        let key = Key { kind: kind(get(&row, "kind")?)?, id: get(&row, "id")? };
        facts.versions.insert(key, count(get(&row, "version")?)?);
    }
    messages(conn, &mut facts, fit().flat_map(|commit| &commit.messages).map(|it| it.id).collect()).await?;
    for row in rows(conn, FENCES, &fenced(fit())).await? {
        facts.fences.insert(uuid(get(&row, "message_id")?)?, count(get(&row, "fence")?)?);
    }
    let unparked: Vec<Uuid> = fit().flat_map(|commit| &commit.unpark).map(|(id, _)| *id).collect();
    for row in rows(conn, PARKED, &unparked).await? {
        facts.parked.insert(uuid(get(&row, "message_id")?)?, count(get(&row, "attempt")?)?);
    }
    Ok(facts)
}

async fn messages(conn: &mut SqliteConnection, facts: &mut Facts, ids: Vec<Uuid>) -> Result<(), Trouble> {
    for row in rows(conn, OUTBOX, &ids).await? {
        let standing = Standing { attempt: count(get(&row, "attempt")?)?, unsure: get(&row, "unsure")? };
        facts.outbox.insert(uuid(get(&row, "id")?)?, standing);
    }
    for row in rows(conn, KNOWN, &ids).await? {
        facts.known.insert(uuid(get(&row, "id")?)?);
    }
    Ok(())
}

fn consumed<'a>(fit: impl Iterator<Item = &'a Commit>) -> Vec<(Uuid, &'static str, u32)> {
    fit.filter_map(|commit| commit.consumes.as_ref())
        .map(|it| (it.message.id, it.message.step.as_str(), it.message.attempt))
        .collect()
}

fn fenced<'a>(fit: impl Iterator<Item = &'a Commit>) -> Vec<Uuid> {
    fit.filter_map(|commit| commit.consumes.as_ref())
        .filter(|it| it.fence.is_some())
        .map(|it| it.message.id)
        .collect()
}

fn keys<'a>(fit: impl Iterator<Item = &'a Commit>) -> Vec<(&'static str, &'a String)> {
    let keys: BTreeSet<&Key> = fit
        .flat_map(|commit| {
            commit.requires.iter().map(|(key, _)| key).chain(commit.writes.iter().map(|write| &write.key))
        })
        .collect();
    keys.into_iter().map(|key| (key.kind.as_str(), &key.id)).collect()
}

/// The rows that a set query finds for a list of keys; an empty list asks nothing.
async fn rows<K: serde::Serialize + Sized>(
    conn: &mut SqliteConnection,
    sql: &'static str,
    keys: &K,
) -> Result<Vec<SqliteRow>, Trouble> {
    let keys = json(keys);
    if keys == "[]" {
        return Ok(Vec::new());
    }
    Ok(sqlx::query(sql).bind(keys).fetch_all(conn).await?)
}
