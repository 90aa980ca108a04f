//! The rows that the winners of a batch become, and the set statements that write them.

use super::convert::{json, micros};
use crate::order::message::{Message, Step};
use crate::store::commit::{Commit, Consumed, Disposition, NewEvent, Write};
use crate::store::prepare::{EventText, Prepared};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

/// One list for each statement; ?1 is the list, ?2 the time.
#[derive(Default)]
pub(super) struct Rows {
    inbox: Vec<Value>,
    effects: Vec<Value>,
    aggregates: Vec<Value>,
    events: Vec<Value>,
    unparked: Vec<Value>,
    messages: Vec<Value>,
    parked: Vec<Value>,
    attempts: Vec<Value>,
    done: Vec<Value>,
    intents: Vec<Value>,
    reviews: Vec<Value>,
    timers: Vec<Value>,
    cancelled: Vec<Value>,
}

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

impl Rows {
    pub(super) async fn write(&self, conn: &mut SqliteConnection, now: i64) -> Result<(), sqlx::Error> {
        let statements = [
            (INBOX, &self.inbox),
            (BACK, &self.inbox),
            (EFFECTS, &self.effects),
            (AGGREGATES, &self.aggregates),
            (EVENTS, &self.events),
            (UNPARKED, &self.unparked),
            (DISCARDED, &self.unparked),
            (MESSAGES, &self.messages),
            (DELIVERED, &self.inbox),
            (PARKED, &self.parked),
            (PARKED_OUTBOX, &self.parked),
            (ATTEMPTS, &self.attempts),
            (DONE, &self.done),
            (INTENTS, &self.intents),
            (REVIEWS, &self.reviews),
            (TIMERS, &self.timers),
            (CANCELLED, &self.cancelled),
        ];
        for (sql, rows) in statements.into_iter().filter(|(_, rows)| !rows.is_empty()) {
            sqlx::query(sql).bind(json(rows)).bind(now).execute(&mut *conn).await?;
        }
        Ok(())
    }

    /// A commit that won.
    pub(super) fn add(&mut self, prepared: &Prepared) {
        let commit = &prepared.commit;
        if let Some(consumed) = &commit.consumes {
            self.consume(consumed, prepared);
        }
        let cause = commit.consumes.as_ref().map(|consumed| consumed.message.id);
        self.effects.extend(commit.effects.iter().map(|effect| json!([effect, cause])));
        self.aggregates.extend(commit.writes.iter().zip(&prepared.texts.writes).map(aggregate));
        self.unparked.extend(commit.unpark.iter().map(|(id, why)| json!([id, way_out(commit, *id), why])));
        let messages = commit.messages.iter().zip(&prepared.texts.messages);
        self.messages.extend(messages.map(|(it, body)| message(it, body)));
        self.cancelled.extend(commit.cancel_timers.iter().map(|id| json!([id])));
        self.timers.extend(commit.timers.iter().map(|timer| {
            let due = micros(timer.due);
            json!([timer.id, due, timer.step.as_str(), timer.body.order_id, json(&timer.body)])
        }));
        self.reviews.extend(commit.reviews.iter().map(|review| {
            json!([review.id, review.order_id, review.state, micros(review.due_at), json(review)])
        }));
    }

    /// A commit whose effect stood already: its message is consumed, and that is all.
    pub(super) fn add_already_done(&mut self, prepared: &Prepared) {
        let Some(consumed) = &prepared.commit.consumes else { return };
        let disposition = Disposition::Done { what: "already_done".to_owned() };
        self.consume(&Consumed { disposition, ..consumed.clone() }, prepared);
    }

    pub(super) fn add_event(&mut self, event: &NewEvent, text: &EventText, hash: &str) {
        self.events.push(json!([
            event.order_id,
            event.sequence,
            micros(event.at),
            text.actor,
            event.cause,
            text.event,
            hash
        ]));
    }

    fn consume(&mut self, consumed: &Consumed, prepared: &Prepared) {
        let it = &consumed.message;
        let (outcome, word, intent) = match &consumed.disposition {
            Disposition::Done { what } => {
                self.done.push(json!([it.id, it.attempt, what]));
                ("done", what.as_str(), if what == "unsure" { "unsure" } else { "finished" })
            }
            Disposition::Retry { why, not_before } => {
                self.attempts.push(json!([it.id, it.attempt, why]));
                let attempt = it.attempt.saturating_add(1);
                let next = Message { attempt, not_before: Some(*not_before), ..it.clone() };
                self.messages.push(message(&next, &prepared.texts.consumed));
                ("retry", "retry", "free")
            }
            Disposition::Park { why } => {
                self.attempts.push(json!([it.id, it.attempt, why]));
                self.parked.push(json!([it.id, it.attempt, it.correlation_id, why, json(it)]));
                ("parked", "parked", "free")
            }
        };
        self.inbox.push(json!([it.id, it.step.as_str(), it.attempt, prepared.body_hash, outcome, word]));
        // Only an outlet can leave its effect in doubt; of any other step the outcome ends whatever was held.
        if consumed.fence.is_some() || it.step != Step::Deliver {
            self.intents.push(json!([it.id, consumed.fence, intent]));
        }
    }
}

/// What becomes of a parked message: replayed when its next attempt is sent by the same commit.
fn way_out(commit: &Commit, id: Uuid) -> &'static str {
    let replayed = commit.messages.iter().any(|message| message.id == id);
    if replayed { "replayed" } else { "discarded" }
}

fn aggregate((write, body): (&Write, &String)) -> Value {
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
        body
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
