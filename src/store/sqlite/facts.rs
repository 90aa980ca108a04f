//! Reads what a batch has to be decided on: one query for each table, whatever the size of the batch.

use super::convert::{count, get, json, kind, step, uuid};
use super::error::Trouble;
use crate::store::Key;
use crate::store::asked::Asked;
use crate::store::decide::{Facts, Standing};
use crate::store::prepare::Prepared;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

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

/// The last link of an order's chain at the version that a commit goes on from.
const LINKS: &str = "select e.order_id, e.sequence, e.hash from json_each(?1) k cross join event e
    on e.order_id = k.value ->> 0 and e.sequence = k.value ->> 1";

/// Everything that the database knows about what these commits name.
pub(super) async fn facts(conn: &mut SqliteConnection, batch: &[Prepared]) -> Result<Facts, Trouble> {
    let (asked, mut facts) = (Asked::of(batch), Facts::default());
    let consumed: Vec<_> = asked.consumed.iter().map(|(id, step, n)| (id, step.as_str(), n)).collect();
    for row in rows(conn, LATEST, &consumed).await? {
        facts.latest.insert(uuid(get(&row, "id")?)?, count(get(&row, "latest")?)?);
    }
    for row in rows(conn, INBOX, &consumed).await? {
        let key = (uuid(get(&row, "message_id")?)?, step(get(&row, "step")?)?, count(get(&row, "attempt")?)?);
        facts.inbox.insert(key, get(&row, "body_hash")?);
    }
    for row in rows(conn, EFFECTS, &asked.effects).await? {
        facts.effects.insert(get(&row, "key")?);
    }
    let keys: Vec<_> = asked.keys.iter().map(|key| (key.kind.as_str(), &key.id)).collect();
    for row in rows(conn, VERSIONS, &keys).await? {
        let key = Key { kind: kind(get(&row, "kind")?)?, id: get(&row, "id")? };
        facts.versions.insert(key, count(get(&row, "version")?)?);
    }
    messages(conn, &mut facts, &asked).await?;
    for row in rows(conn, LINKS, &asked.links).await? {
        let key = (uuid(get(&row, "order_id")?)?, count(get(&row, "sequence")?)?);
        facts.links.insert(key, get(&row, "hash")?);
    }
    Ok(facts)
}

async fn messages(conn: &mut SqliteConnection, facts: &mut Facts, asked: &Asked<'_>) -> Result<(), Trouble> {
    for row in rows(conn, OUTBOX, &asked.messages).await? {
        let standing = Standing { attempt: count(get(&row, "attempt")?)?, unsure: get(&row, "unsure")? };
        facts.outbox.insert(uuid(get(&row, "id")?)?, standing);
    }
    for row in rows(conn, KNOWN, &asked.messages).await? {
        facts.known.insert(uuid(get(&row, "id")?)?);
    }
    for row in rows(conn, FENCES, &asked.fenced).await? {
        facts.fences.insert(uuid(get(&row, "message_id")?)?, count(get(&row, "fence")?)?);
    }
    for row in rows(conn, PARKED, &asked.unparked).await? {
        facts.parked.insert(uuid(get(&row, "message_id")?)?, count(get(&row, "attempt")?)?);
    }
    Ok(())
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
