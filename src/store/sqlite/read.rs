//! Reads aggregates, events, reviews and messages, on connections of their own.

use super::Sqlite;
use super::convert::{count, get, json, kind, message, message_columns, parse, time, uuid};
use super::error::read_error;
use crate::order::message::Message;
use crate::store::{
    Attempt, Filter, Index, Json, Key, Kind, Parked, ReviewRow, Snapshot, StoreError, StoredEvent,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite as Db};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

const LOAD: &str = "select a.* from json_each(?1) k cross join aggregate a
    on a.kind = k.value ->> 0 and a.id = k.value ->> 1";
const EVENTS: &str = "select * from event where order_id = ?1 order by sequence";
const REVIEWS: &str = "select body from review order by due_at, id";
const REVIEWS_IN: &str = "select body from review where state = ?1 order by due_at, id";
const CONSUMED: &str =
    "select i.message_id, i.step, i.attempt, i.body_hash from json_each(?1) k cross join inbox i
    on i.message_id = k.value ->> 0 and i.step = k.value ->> 1 and i.attempt = k.value ->> 2";
const PARKED: &str = "select * from parked where out_at is null order by at, message_id";
const HISTORY: &str = "select a.* from parked p cross join attempt a on a.message_id = p.message_id
    where p.out_at is null order by a.message_id, a.attempt";
/// What the relay sent and nobody has consumed yet is in work; a lapsed lease is none.
const MESSAGES: &str = concat!(
    "select case state when 'done' then word when 'parked' then 'parked' when 'sent' then 'in_work'
        when 'claimed' then iif(lease_until > ?2, 'in_work', 'waiting') else 'waiting' end as word, ",
    message_columns!(),
    " from outbox where correlation_id = ?1 order by created_at, position"
);
/// Parked messages that came from outside and never stood in the outbox.
const FOREIGN: &str = "select p.message from parked p where p.correlation_id = ?1 and p.out_at is null
    and not exists (select 1 from outbox o where o.id = p.message_id) order by p.at";

impl Sqlite {
    pub(super) async fn read_consumed(&self, messages: &[Message]) -> Result<Vec<bool>, StoreError> {
        let keys: Vec<(Uuid, &str, u32)> =
            messages.iter().map(|it| (it.id, it.step.as_str(), it.attempt)).collect();
        let query = sqlx::query(CONSUMED).bind(json(&keys));
        let mut found: HashMap<(String, String, u32), String> = HashMap::new();
        for row in query.fetch_all(&self.readers).await.map_err(read_error)? {
            let key = (get(&row, "message_id")?, get(&row, "step")?, count(get(&row, "attempt")?)?);
            found.insert(key, get(&row, "body_hash")?);
        }
        let is_in = |it: &Message| {
            let key = (it.id.to_string(), it.step.as_str().to_owned(), it.attempt);
            found.get(&key).is_some_and(|hash| *hash == it.body_hash())
        };
        Ok(messages.iter().map(is_in).collect())
    }

    pub(super) async fn read_snapshots(&self, keys: &[Key]) -> Result<Vec<Option<Snapshot>>, StoreError> {
        let pairs: Vec<(&str, &str)> = keys.iter().map(|key| (key.kind.as_str(), key.id.as_str())).collect();
        let query = sqlx::query(LOAD).bind(json(&pairs));
        let mut found: BTreeMap<Key, Snapshot> = BTreeMap::new();
        for row in query.fetch_all(&self.readers).await.map_err(read_error)? {
            let snapshot = snapshot(&row)?;
            found.insert(snapshot.key.clone(), snapshot);
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
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
        let rows = query.build().fetch_all(&self.readers).await.map_err(read_error)?;
        rows.iter().map(snapshot).collect()
    }

    pub(super) async fn read_events(&self, order_id: Uuid) -> Result<Vec<StoredEvent>, StoreError> {
        let query = sqlx::query(EVENTS).bind(order_id.to_string());
        let rows = query.fetch_all(&self.readers).await.map_err(read_error)?;
        rows.iter().map(event).collect()
    }

    pub(super) async fn read_reviews(&self, state: Option<&str>) -> Result<Vec<ReviewRow>, StoreError> {
        let query = state.map_or_else(|| sqlx::query(REVIEWS), |state| sqlx::query(REVIEWS_IN).bind(state));
        let rows = query.fetch_all(&self.readers).await.map_err(read_error)?;
        rows.iter().map(|row| parse(get(row, "body")?)).collect()
    }

    pub(super) async fn read_parked(&self) -> Result<Vec<Parked>, StoreError> {
        let mut history: HashMap<String, Vec<Attempt>> = HashMap::new();
        for row in sqlx::query(HISTORY).fetch_all(&self.readers).await.map_err(read_error)? {
            let attempt = Attempt {
                attempt: count(get(&row, "attempt")?)?,
                at: time(get(&row, "at")?)?,
                why: get(&row, "why")?,
            };
            history.entry(get(&row, "message_id")?).or_default().push(attempt);
        }
        let rows = sqlx::query(PARKED).fetch_all(&self.readers).await.map_err(read_error)?;
        rows.iter()
            .map(|row| {
                Ok(Parked {
                    message: parse(get(row, "message")?)?,
                    why: get(row, "why")?,
                    at: time(get(row, "at")?)?,
                    history: history.remove(get::<&str>(row, "message_id")?).unwrap_or_default(),
                })
            })
            .collect()
    }

    pub(super) async fn read_messages(
        &self,
        correlation: Uuid,
    ) -> Result<Vec<(Message, String)>, StoreError> {
        let query = sqlx::query(MESSAGES).bind(correlation.to_string()).bind(self.now_micros());
        let rows = query.fetch_all(&self.readers).await.map_err(read_error)?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            all.push((message(row)?, get(row, "word")?));
        }
        let query = sqlx::query(FOREIGN).bind(correlation.to_string());
        for row in query.fetch_all(&self.readers).await.map_err(read_error)? {
            all.push((parse(get(&row, "message")?)?, "parked".to_owned()));
        }
        all.sort_by_key(|(message, _)| message.created_at);
        Ok(all)
    }
}

pub(super) fn snapshot(row: &SqliteRow) -> Result<Snapshot, StoreError> {
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
        at: time(get(row, "at")?)?,
    })
}

pub(super) fn event(row: &SqliteRow) -> Result<StoredEvent, StoreError> {
    Ok(StoredEvent {
        order_id: uuid(get(row, "order_id")?)?,
        sequence: count(get(row, "sequence")?)?,
        at: time(get(row, "at")?)?,
        actor: parse(get(row, "actor")?)?,
        cause: uuid(get(row, "cause")?)?,
        event: parse(get(row, "event")?)?,
        hash: get(row, "hash")?,
    })
}
