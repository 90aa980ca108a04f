//! Reads lists, events, reviews and messages.

use super::Shared;
use super::convert::{count, get, kind, message, message_columns, parse};
use super::transaction::within;
use crate::order::message::Message;
use crate::store::{
    Attempt, Filter, Index, Json, Key, Kind, Parked, ReviewRow, Snapshot, StoreError, StoredEvent,
};
use sqlx::postgres::PgRow;
use sqlx::{Postgres as Db, QueryBuilder};
use std::collections::HashMap;
use uuid::Uuid;

const EVENTS: &str = "select * from event where order_id = $1 order by sequence";
const REVIEWS: &str = "select body from review order by due_at, id";
const REVIEWS_IN: &str = "select body from review where state = $1 order by due_at, id";
const CONSUMED: &str = "select i.message_id, i.step, i.attempt, i.body_hash from unnest($1::uuid[]) k (id)
    join inbox i on i.message_id = k.id";
const PARKED: &str = "select * from parked where out_at is null order by at, message_id";
const HISTORY: &str = "select a.* from parked p join attempt a on a.message_id = p.message_id
    where p.out_at is null order by a.message_id, a.attempt";
/// What the relay sent and nobody has consumed yet is in work; a lapsed lease is none.
const MESSAGES: &str = concat!(
    "select case when o.state = 'done' then o.word when o.state = 'parked' then 'parked'
        when o.state = 'sent' or (o.state = 'waiting' and o.lease_until > $2) then 'in_work' else 'waiting' end as word, ",
    message_columns!(),
    " from outbox o where o.correlation_id = $1 order by o.created_at, o.position"
);
/// Parked messages that came from outside and never stood in the outbox.
const FOREIGN: &str = "select p.message from parked p where p.correlation_id = $1 and p.out_at is null
    and not exists (select 1 from outbox o where o.id = p.message_id) order by p.at";

impl Shared {
    pub(super) async fn read_consumed(&self, messages: &[Message]) -> Result<Vec<bool>, StoreError> {
        let ids: Vec<Uuid> = messages.iter().map(|it| it.id).collect();
        let mut found: HashMap<(Uuid, String, u32), String> = HashMap::new();
        for row in within(sqlx::query(CONSUMED).bind(ids).fetch_all(&self.pool)).await? {
            let key = (get(&row, "message_id")?, get(&row, "step")?, count(get(&row, "attempt")?)?);
            found.insert(key, get(&row, "body_hash")?);
        }
        let is_in = |it: &Message| {
            let key = (it.id, it.step.as_str().to_owned(), it.attempt);
            found.get(&key).is_some_and(|hash| *hash == it.body_hash())
        };
        Ok(messages.iter().map(is_in).collect())
    }

    pub(super) async fn read_list(&self, kind: Kind, filter: &Filter) -> Result<Vec<Snapshot>, StoreError> {
        // The kind stands in the text, so that the partial indexes of one kind are found.
        let mut query: QueryBuilder<Db> =
            QueryBuilder::new(format!("select * from aggregate where kind = '{}'", kind.as_str()));
        let columns = [
            (" and status = ", &filter.status),
            (" and customer = ", &filter.customer),
            (" and number = ", &filter.number),
            (" and po_number = ", &filter.po_number),
            (" and parent = ", &filter.parent),
        ];
        for (condition, value) in columns {
            if let Some(value) = value {
                query.push(condition).push_bind(value);
            }
        }
        query.push(" order by id desc");
        if filter.limit > 0 {
            query.push(" limit ").push_bind(i64::from(filter.limit));
        }
        within(query.build().fetch_all(&self.pool)).await?.iter().map(snapshot).collect()
    }

    pub(super) async fn read_events(&self, order_id: Uuid) -> Result<Vec<StoredEvent>, StoreError> {
        within(sqlx::query(EVENTS).bind(order_id).fetch_all(&self.pool)).await?.iter().map(event).collect()
    }

    pub(super) async fn read_reviews(&self, state: Option<&str>) -> Result<Vec<ReviewRow>, StoreError> {
        let query = state.map_or_else(|| sqlx::query(REVIEWS), |state| sqlx::query(REVIEWS_IN).bind(state));
        let rows = within(query.fetch_all(&self.pool)).await?;
        rows.iter().map(|row| parse(get(row, "body")?)).collect()
    }

    pub(super) async fn read_parked(&self) -> Result<Vec<Parked>, StoreError> {
        let mut history: HashMap<Uuid, Vec<Attempt>> = HashMap::new();
        for row in within(sqlx::query(HISTORY).fetch_all(&self.pool)).await? {
            let attempt = Attempt {
                attempt: count(get(&row, "attempt")?)?,
                at: get(&row, "at")?,
                why: get(&row, "why")?,
            };
            history.entry(get(&row, "message_id")?).or_default().push(attempt);
        }
        let rows = within(sqlx::query(PARKED).fetch_all(&self.pool)).await?;
        rows.iter()
            .map(|row| {
                Ok(Parked {
                    message: parse(get(row, "message")?)?,
                    why: get(row, "why")?,
                    at: get(row, "at")?,
                    history: history.remove(&get(row, "message_id")?).unwrap_or_default(),
                })
            })
            .collect()
    }

    pub(super) async fn read_messages(
        &self,
        correlation: Uuid,
    ) -> Result<Vec<(Message, String)>, StoreError> {
        let query = sqlx::query(MESSAGES).bind(correlation).bind(self.whole_now());
        let rows = within(query.fetch_all(&self.pool)).await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            all.push((message(row)?, get(row, "word")?));
        }
        for row in within(sqlx::query(FOREIGN).bind(correlation).fetch_all(&self.pool)).await? {
            all.push((parse(get(&row, "message")?)?, "parked".to_owned()));
        }
        all.sort_by_key(|(message, _)| message.created_at);
        Ok(all)
    }
}

pub(super) fn snapshot(row: &PgRow) -> Result<Snapshot, StoreError> {
    Ok(Snapshot {
        key: Key { kind: kind(get(row, "kind")?)?, id: get(row, "id")? },
        version: count(get(row, "version")?)?,
        body: Json::stored(get(row, "body")?),
        index: Index {
            status: get(row, "status")?,
            customer: get(row, "customer")?,
            number: get(row, "number")?,
            po_number: get(row, "po_number")?,
            parent: get(row, "parent")?,
        },
        at: get(row, "at")?,
    })
}

fn event(row: &PgRow) -> Result<StoredEvent, StoreError> {
    Ok(StoredEvent {
        order_id: get(row, "order_id")?,
        sequence: count(get(row, "sequence")?)?,
        at: get(row, "at")?,
        actor: parse(get(row, "actor")?)?,
        cause: get(row, "cause")?,
        event: parse(get(row, "event")?)?,
        hash: get(row, "hash")?,
    })
}
