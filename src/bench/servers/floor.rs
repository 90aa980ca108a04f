//! The bare loop: takes orders, writes the rows of the template under new ids in one transaction for each batch, sends its
//! messages, marks them, acknowledges. No logic, no leases, no checks.

use super::template::{Template, columns, ids};
use crate::bench::BenchError;
use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

/// As the pipeline's own.
const BATCH: usize = 64;
const LINGER: Duration = Duration::from_millis(2);
const PREFETCH: u16 = 128;
/// Shared things (a customer's credit, a product's stock) that orders are spread over.
const SHARED: u64 = 100;
/// Batches that may wait for their confirms.
const AHEAD: usize = 2;

/// Where it works.
pub struct Place<'a> {
    pub postgres: &'a str,
    pub rabbitmq: &'a str,
    pub prefix: &'a str,
    pub template: &'a Path,
}

/// Works until it is killed or told to stop; `ready` is called when it begins.
pub async fn work(place: &Place<'_>, ready: impl FnOnce()) -> Result<(), BenchError> {
    let template = Template::read(place.template)?;
    let mould = Mould::of(&template)?;
    let mut postgres = PgConnection::connect(place.postgres).await?;
    let rabbit = Connection::connect(place.rabbitmq, ConnectionProperties::default()).await?;
    let channel = rabbit.create_channel().await?;
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    let queue = format!("{}.in.orders", place.prefix);
    let mut orders = channel
        .basic_consume(
            queue.as_str().into(),
            "floor".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    let publishing = Connection::connect(place.rabbitmq, ConnectionProperties::default()).await?;
    let (batches, waiting) = mpsc::channel(AHEAD);
    let (sent, mut marks) = mpsc::unbounded_channel();
    let out = publishing.create_channel().await?;
    out.confirm_select(ConfirmSelectOptions::default()).await?;
    let exchange = format!("{}.out", place.prefix);
    tokio::spawn(publish(out, exchange, template.clone(), waiting, sent));
    ready();
    let mut number = unlike_others();
    while let Some(first) = orders.next().await {
        let mut taken = vec![first?];
        let end = tokio::time::Instant::now() + LINGER;
        while taken.len() < BATCH
            && let Ok(Some(next)) = tokio::time::timeout_at(end, orders.next()).await
        {
            taken.push(next?);
        }
        let mut done: Vec<Uuid> = Vec::new();
        while let Ok(more) = marks.try_recv() {
            done.extend::<Vec<Uuid>>(more);
        }
        let cast: Vec<Vec<Uuid>> = taken.iter().map(|_| mould.ids()).collect();
        write(&mut postgres, &mould, &cast, number, &done).await?;
        number += taken.len() as u64;
        if batches.send(cast.iter().map(|ids| mould.messages(ids)).collect()).await.is_err() {
            return Err(std::io::Error::other("the publisher has ended").into());
        }
        acknowledge(&taken).await?;
    }
    Ok(())
}

/// Where the numbers of this loop begin: by the clock, so that no two loops meet.
#[expect(clippy::disallowed_methods, reason = "a load needs new numbers; nothing is decided by them")]
fn unlike_others() -> u64 {
    Uuid::now_v7().as_u64_pair().0
}

async fn acknowledge(taken: &[Delivery]) -> Result<(), BenchError> {
    if let Some(last) = taken.last() {
        last.acker.ack(BasicAckOptions { multiple: true }).await?;
    }
    Ok(())
}

/// Ids of the messages of each order of a batch.
type Batch = Vec<Vec<Uuid>>;

async fn publish(
    channel: Channel,
    exchange: String,
    template: Template,
    mut batches: mpsc::Receiver<Batch>,
    sent: mpsc::UnboundedSender<Vec<Uuid>>,
) -> Result<(), lapin::Error> {
    while let Some(batch) = batches.recv().await {
        let mut confirms = Vec::new();
        for (id, out) in batch.iter().flat_map(|ids| ids.iter().zip(&template.out)) {
            let properties = BasicProperties::default()
                .with_message_id(id.to_string().into())
                .with_content_type("application/json".into())
                .with_delivery_mode(2);
            let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
            let (exchange, key) = (exchange.as_str().into(), out.key.as_str().into());
            let confirm =
                channel.basic_publish(exchange, key, options, out.body.as_bytes(), properties).await?;
            confirms.push(confirm);
        }
        for confirm in confirms {
            confirm.await?;
        }
        if sent.send(batch.into_iter().flatten().collect()).is_err() {
            break;
        }
    }
    Ok(())
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Id,
    Whole,
    Time,
}
use Type::{Id, Text, Time, Whole};

/// A table's columns, in the order in which they are bound.
type Columns = &'static [(&'static str, Type)];

const TABLES: [(&str, Columns, &str); 7] = [
    (
        "aggregate",
        &[
            ("kind", Text),
            ("id", Text),
            ("version", Whole),
            ("at", Time),
            ("status", Text),
            ("customer", Text),
            ("number", Text),
            ("po_number", Text),
            ("parent", Text),
            ("body", Text),
        ],
        "insert into aggregate (kind, id, version, at, status, customer, number, po_number, parent, body)
            select * from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[],
                $7::text[], $8::text[], $9::text[], $10::text[])
            on conflict (kind, id) do update set version = excluded.version, at = excluded.at, body = excluded.body",
    ),
    (
        "event",
        &[
            ("order_id", Id),
            ("sequence", Whole),
            ("at", Time),
            ("actor", Text),
            ("cause", Id),
            ("event", Text),
            ("hash", Text),
        ],
        "insert into event (order_id, sequence, at, actor, cause, event, hash)
            select * from unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::uuid[], $6::text[],
                $7::text[])",
    ),
    (
        "inbox",
        &[
            ("message_id", Id),
            ("step", Text),
            ("attempt", Whole),
            ("body_hash", Text),
            ("at", Time),
            ("outcome", Text),
            ("word", Text),
        ],
        "insert into inbox (message_id, step, attempt, body_hash, at, outcome, word)
            select * from unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[],
                $7::text[])",
    ),
    (
        "outbox",
        &[
            ("id", Id),
            ("attempt", Whole),
            ("type", Text),
            ("step", Text),
            ("lane", Text),
            ("correlation_id", Id),
            ("created_at", Time),
            ("body", Text),
        ],
        "insert into outbox (id, attempt, type, step, lane, correlation_id, created_at, body, state)
            select *, 'waiting' from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::uuid[],
                $7::timestamptz[], $8::text[])",
    ),
    (
        "effect",
        &[("key", Text), ("at", Time), ("cause", Id)],
        "insert into effect (key, at, cause)
            select * from unnest($1::text[], $2::timestamptz[], $3::uuid[])",
    ),
    (
        "timer",
        &[("id", Id), ("due", Time), ("step", Text), ("order_id", Id), ("body", Text), ("state", Text)],
        "insert into timer (id, due, step, order_id, body, state)
            select * from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::uuid[], $5::text[], $6::text[])",
    ),
    (
        "review",
        &[("id", Id), ("order_id", Id), ("state", Text), ("due_at", Time), ("body", Text)],
        "insert into review (id, order_id, state, due_at, body)
            select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[])",
    ),
];
const MARK: &str = "update outbox set state = 'done', word = 'delivered', done_at = now() where id = any($1)";

/// A cell of the template.
#[derive(Debug, Clone)]
enum Cell {
    /// With the places at which an id stands, and which.
    Text(String, Vec<(usize, usize)>),
    /// No id stands in it, and it must differ from order to order.
    Own(String),
    /// No id stands in it, and several orders share it.
    Shared(String),
    Id(usize),
    Whole(i64),
    Time(DateTime<Utc>),
    Null,
}

/// The template, cut up so that an order's rows are cast from it quickly.
struct Mould {
    /// Distinct ids of one order.
    ids: usize,
    /// For each of [`TABLES`] the rows.
    tables: Vec<Vec<Vec<Cell>>>,
    /// Which of the ids are those of outgoing messages.
    messages: Vec<usize>,
}

impl Mould {
    fn of(template: &Template) -> Result<Self, BenchError> {
        let mut known: HashMap<Uuid, usize> = HashMap::new();
        let mut tables = Vec::new();
        let mut messages = Vec::new();
        for (name, spec, _) in TABLES {
            let rows = template.tables.iter().find(|it| it.name == name).map_or(&[][..], |it| &it.rows);
            let mut cast = Vec::new();
            for row in rows {
                let row = columns(row)?;
                let cells: Vec<Cell> =
                    spec.iter().map(|(column, kind)| cell(&row, (name, column), *kind, &mut known)).collect();
                if let (true, Some(Cell::Id(id))) = (name == "outbox", cells.first()) {
                    messages.push(*id);
                }
                cast.push(cells);
            }
            tables.push(cast);
        }
        Ok(Self { ids: known.len(), tables, messages })
    }

    #[expect(clippy::disallowed_methods, reason = "a load needs new ids; nothing is decided by them")]
    fn ids(&self) -> Vec<Uuid> {
        (0..self.ids).map(|_| Uuid::now_v7()).collect()
    }

    fn messages(&self, ids: &[Uuid]) -> Vec<Uuid> {
        self.messages.iter().map(|at| ids[*at]).collect()
    }
}

fn cell(row: &Value, (table, column): (&str, &str), kind: Type, known: &mut HashMap<Uuid, usize>) -> Cell {
    let mut place = |id: Uuid| {
        let next = known.len();
        *known.entry(id).or_insert(next)
    };
    match (&row[column], kind) {
        (Value::String(text), Id) => text.parse().map_or(Cell::Null, |id| Cell::Id(place(id))),
        (Value::String(text), Time) => text.parse().map_or(Cell::Null, Cell::Time),
        (Value::Number(number), Whole) => Cell::Whole(number.as_i64().unwrap_or(0)),
        (Value::String(text), Text) => {
            let mut places = Vec::new();
            for id in ids(text) {
                let from = places.last().map_or(0, |(at, _)| at + 36);
                if let Some(at) = text[from..].find(&id.to_string()) {
                    places.push((from + at, place(id)));
                }
            }
            let shared = ["credit", "counter", "stock"].iter().any(|kind| row["kind"] == *kind);
            match (table, column) {
                ("aggregate", "id") if places.is_empty() && shared => Cell::Shared(text.clone()),
                ("effect", "key") | ("aggregate", "number" | "id") if places.is_empty() => {
                    Cell::Own(text.clone())
                }
                _ => Cell::Text(text.clone(), places),
            }
        }
        _ => Cell::Null,
    }
}

async fn write(
    postgres: &mut PgConnection,
    mould: &Mould,
    cast: &[Vec<Uuid>],
    number: u64,
    done: &[Uuid],
) -> Result<(), BenchError> {
    let mut transaction = postgres.begin().await?;
    for ((name, spec, sql), rows) in TABLES.iter().zip(&mould.tables) {
        if rows.is_empty() {
            continue;
        }
        let mut all: Vec<(&Vec<Cell>, &Vec<Uuid>, u64)> = Vec::with_capacity(cast.len() * rows.len());
        for (ids, number) in cast.iter().zip(number..) {
            all.extend(rows.iter().map(|row| (row, ids, number)));
        }
        if *name == "aggregate" {
            // What orders share is written once in a batch.
            let mut seen = std::collections::HashSet::new();
            all.retain(|(row, _, number)| {
                let Cell::Shared(id) = &row[1] else { return true };
                seen.insert((id, number % SHARED))
            });
        }
        let mut query = sqlx::query(*sql);
        for (at, (_, kind)) in spec.iter().enumerate() {
            query = match kind {
                Text => query.bind(all.iter().map(|it| text(&it.0[at], it.1, it.2)).collect::<Vec<_>>()),
                Id => query.bind(all.iter().map(|it| id(&it.0[at], it.1)).collect::<Vec<_>>()),
                Whole => query.bind(all.iter().map(|it| whole(&it.0[at])).collect::<Vec<_>>()),
                Time => query.bind(all.iter().map(|it| time(&it.0[at])).collect::<Vec<_>>()),
            };
        }
        query.execute(&mut *transaction).await?;
    }
    if !done.is_empty() {
        sqlx::query(MARK).bind(done).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

fn text(cell: &Cell, ids: &[Uuid], number: u64) -> Option<String> {
    match cell {
        Cell::Text(text, places) => {
            let mut text = text.clone();
            for (at, id) in places {
                let mut buffer = Uuid::encode_buffer();
                text.replace_range(at..&(at + 36), ids[*id].hyphenated().encode_lower(&mut buffer));
            }
            Some(text)
        }
        Cell::Own(text) => Some(format!("{text}/{number}")),
        Cell::Shared(text) => Some(format!("{text}/{}", number % SHARED)),
        Cell::Id(_) | Cell::Whole(_) | Cell::Time(_) | Cell::Null => None,
    }
}

fn id(cell: &Cell, ids: &[Uuid]) -> Option<Uuid> {
    if let Cell::Id(at) = cell { Some(ids[*at]) } else { None }
}

fn whole(cell: &Cell) -> Option<i64> {
    if let Cell::Whole(number) = cell { Some(*number) } else { None }
}

fn time(cell: &Cell) -> Option<DateTime<Utc>> {
    if let Cell::Time(at) = cell { Some(*at) } else { None }
}
