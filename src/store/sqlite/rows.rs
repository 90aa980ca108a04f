//! The set statements that write a run's rows: each takes its whole list as JSON.

use super::convert::{json, micros};
use crate::order::message::Message;
use crate::store::commit::Write;
use crate::store::records::{Linked, Records};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnection;

/// In each statement ?1 is the list, ?2 the time.
const INBOX: &str = "insert into inbox (message_id, step, attempt, body_hash, at, outcome, word)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?2, value ->> 4, value ->> 5 from json_each(?1)";
/// A message that comes after it was pruned (late, or another one of the same id) is told of by its inbox row again.
const BACK: &str =
    "delete from gone where id in (select unhex(replace(value ->> 0, '-', '')) from json_each(?1))";
const EFFECTS: &str =
    "insert into effect (key, at, cause) select value ->> 0, ?2, value ->> 1 from json_each(?1)";
const AGGREGATES: &str = "insert into aggregate
        (kind, id, version, status, customer, number, po_number, parent, body, at)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
        value ->> 8, ?2
    from json_each(?1) where true
    on conflict (kind, id) do update set version = excluded.version, status = excluded.status,
        customer = excluded.customer, number = excluded.number, po_number = excluded.po_number,
        parent = excluded.parent, body = excluded.body, at = excluded.at";
const EVENTS: &str = "insert into event (order_id, sequence, at, actor, cause, event, hash)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    from json_each(?1)";
const UNPARKED: &str = "update parked set out_at = ?2, out_word = k.value ->> 1, out_why = k.value ->> 2
    from json_each(?1) k where parked.message_id = k.value ->> 0 and parked.out_at is null";
/// What is discarded is done with.
const DISCARDED: &str = "update outbox set state = 'done', word = 'discarded', done_at = ?2
    from json_each(?1) k where outbox.id = k.value ->> 0 and k.value ->> 1 = 'discarded'";
const MESSAGES: &str = "insert into outbox
        (id, attempt, type, step, lane, correlation_id, created_at, not_before, body, state)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
        value ->> 8, case when value ->> 7 > ?2 then 'delayed' else 'waiting' end
    from json_each(?1) where true
    on conflict (id) do update set attempt = excluded.attempt, type = excluded.type, step = excluded.step,
        lane = excluded.lane, correlation_id = excluded.correlation_id, created_at = excluded.created_at,
        not_before = excluded.not_before, body = excluded.body, state = excluded.state, holder = null, lease_until = null, claims = 0,
        word = null, done_at = null";
/// It came back unroutable and was delivered after all, or a later attempt was: a message is parked once at most.
const DELIVERED: &str =
    "update parked set out_at = ?2, out_word = 'delivered', out_why = 'delivered after all'
    from json_each(?1) k where parked.message_id = k.value ->> 0 and parked.attempt <= k.value ->> 2
        and parked.out_at is null";
const PARKED: &str = "insert or replace into parked (message_id, attempt, correlation_id, at, why, message)
    select value ->> 0, value ->> 1, value ->> 2, ?2, value ->> 3, value ->> 4 from json_each(?1)";
/// Whatever earlier attempt stands in the outbox has been overtaken by the one that was consumed.
const PARKED_OUTBOX: &str = "update outbox set state = 'parked', attempt = k.value ->> 1, holder = null,
        lease_until = null
    from json_each(?1) k where outbox.id = k.value ->> 0 and outbox.attempt <= k.value ->> 1";
const ATTEMPTS: &str = "insert or replace into attempt (message_id, attempt, at, why)
    select value ->> 0, value ->> 1, ?2, value ->> 2 from json_each(?1)";
const DONE: &str = "update outbox set state = 'done', word = k.value ->> 2, done_at = ?2,
        attempt = k.value ->> 1, holder = null, lease_until = null
    from json_each(?1) k where outbox.id = k.value ->> 0 and outbox.attempt <= k.value ->> 1";
const INTENTS: &str = "update intent set state = k.value ->> 2
    from json_each(?1) k where intent.message_id = k.value ->> 0 and intent.state = 'held'
        and coalesce(k.value ->> 1, intent.fence) = intent.fence";
const REVIEWS: &str = "insert into review (id, order_id, state, due_at, body)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 from json_each(?1) where true
    on conflict (id) do update set state = excluded.state, due_at = excluded.due_at, body = excluded.body";
const TIMERS: &str = "insert or ignore into timer (id, due, step, order_id, body, state)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, 'set' from json_each(?1) k
    where not exists (select 1 from gone g where g.id = unhex(replace(k.value ->> 0, '-', '')))";
const CANCELLED: &str = "update timer set state = 'cancelled'
    from json_each(?1) k where timer.id = k.value ->> 0 and timer.state = 'set'";

/// Writes them all; what has no rows costs nothing.
pub(super) async fn write(
    records: &Records<'_>,
    conn: &mut SqliteConnection,
    now: i64,
) -> Result<(), sqlx::Error> {
    let inbox = list(&records.inbox, |it| {
        json!([it.id, it.step.as_str(), it.attempt, it.body_hash, it.outcome, it.word])
    });
    let unparked = list(&records.unparked, |it| json!([it.id, it.word, it.why]));
    let parked =
        list(&records.parked, |(it, why)| json!([it.id, it.attempt, it.correlation_id, why, json(it)]));
    let statements = [
        (INBOX, &inbox),
        (BACK, &inbox),
        (EFFECTS, &list(&records.effects, |it| json!(it))),
        (AGGREGATES, &list(&records.writes, aggregate)),
        (EVENTS, &list(&records.events, event)),
        (UNPARKED, &unparked),
        (DISCARDED, &unparked),
        (MESSAGES, &list(&records.messages, |it| message(&it.message, it.body))),
        (DELIVERED, &inbox),
        (PARKED, &parked),
        (PARKED_OUTBOX, &parked),
        (ATTEMPTS, &list(&records.attempts, |it| json!(it))),
        (DONE, &list(&records.done, |it| json!(it))),
        (INTENTS, &list(&records.intents, |it| json!(it))),
        (
            REVIEWS,
            &list(&records.reviews, |it| json!([it.id, it.order_id, it.state, micros(it.due_at), json(it)])),
        ),
        (
            TIMERS,
            &list(&records.timers, |it| {
                json!([it.id, micros(it.due), it.step.as_str(), it.body.order_id, json(&it.body)])
            }),
        ),
        (CANCELLED, &list(&records.cancelled, |it| json!([it]))),
    ];
    for (sql, rows) in statements.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        sqlx::query(sql).bind(json(rows)).bind(now).execute(&mut *conn).await?;
    }
    Ok(())
}

fn list<T>(rows: &[T], row: impl Fn(&T) -> Value) -> Vec<Value> {
    rows.iter().map(row).collect()
}

fn event(it: &Linked<'_>) -> Value {
    let (event, text) = (it.event, it.text);
    let at = micros(event.at);
    json!([event.order_id, event.sequence, at, text.actor, event.cause, text.event, it.hash])
}

fn aggregate(write: &&Write) -> Value {
    let index = &write.index;
    json!([
        write.key.kind.as_str(),
        write.key.id,
        write.now,
        index.status,
        index.customer,
        index.number,
        index.po_number,
        index.parent,
        write.body.text()
    ])
}

pub(super) fn message(message: &Message, body: &str) -> Value {
    json!([
        message.id,
        message.attempt,
        message.body.type_name(),
        message.step.as_str(),
        message.lane,
        message.correlation_id,
        micros(message.created_at),
        message.not_before.map(micros),
        body
    ])
}
