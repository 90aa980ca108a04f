//! The whole way on the embedded default: mails in, every message written by the folder outlet.

use super::{orders, process};
use crate::config::Config;
use crate::intake::{Arrival, Intake};
use crate::order::Order;
use crate::order::document::{Channel, Document};
use crate::order::message::Step;
use crate::runtime::house::House;
use crate::runtime::import;
use crate::runtime::trial::TrialError;
use crate::store::blobs::SYNCS;
use crate::store::{Filter, Kind};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt as _;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What was measured; per order unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    pub orders: usize,
    /// Orders that passed untouched to their last message.
    pub released: usize,
    pub seconds: f64,
    pub orders_per_second: f64,
    /// Document taken → last outgoing message written, in milliseconds, with the next order only after it (idle).
    pub idle_p50_ms: f64,
    pub idle_p99_ms: f64,
    /// Peak resident memory of the process, MB.
    pub peak_mb: f64,
    pub messages: f64,
    pub rows: f64,
    /// Bytes on the disk: records, blobs, outgoing files.
    pub bytes: f64,
    /// Files and commits made durable, checkpoints not counted.
    pub fsyncs: f64,
    pub cpu_ms: f64,
}

/// Runs `count` orders at once, then some one by one, in a folder that must be empty.
pub async fn run(dir: &Path, count: usize) -> Result<Figures, TrialError> {
    let lean = ("GENDAN_RULES__PROFILE".to_owned(), "lean".to_owned());
    let house = House::open(dir, Config::load(None, [lean])?).await?;
    import::import(house.store.as_ref(), orders::master(), false).await?;
    let running = house.start(house.own()?, Step::ALL.to_vec()).await?;
    let intake = house.intake(Some(&running));
    let now = house.store.now().await?;

    feed(&intake, 0..200, now).await;
    running.quiet().await?;
    let before =
        (process::cpu_ms(), SYNCS.load(Ordering::Relaxed), process::bytes_below(dir), house.rows().await?);
    let messages = house.store.balance().await?.messages.total;
    let started = Instant::now();
    feed(&intake, 200..200 + count, now).await;
    running.quiet().await?;
    let seconds = started.elapsed().as_secs_f64();
    let per = |total: f64| total / count as f64;
    let cpu_ms = per(process::cpu_ms() - before.0);
    let fsyncs = per((SYNCS.load(Ordering::Relaxed) - before.1) as f64);
    let bytes = per(process::bytes_below(dir).saturating_sub(before.2) as f64);
    let rows = per((house.rows().await? - before.3) as f64);
    let messages = per((house.store.balance().await?.messages.total - messages) as f64);

    let first = 200 + count;
    for number in first..first + 300 {
        feed(&intake, number..number + 1, now).await;
        running.quiet().await?;
    }
    let (released, waits) = waits(&house, dir, first).await?;
    let at =
        |share: f64| waits.get(((waits.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(f64::NAN);
    running.stop(Duration::from_secs(20)).await;
    Ok(Figures {
        orders: count,
        released: released.saturating_sub(500),
        seconds,
        orders_per_second: count as f64 / seconds,
        idle_p50_ms: at(0.5),
        idle_p99_ms: at(0.99),
        peak_mb: process::peak_mb(),
        messages,
        rows,
        bytes,
        fsyncs,
        cpu_ms,
    })
}

/// Hands mails over, several at a time, as a busy mailbox does.
async fn feed(intake: &Intake, numbers: std::ops::Range<usize>, now: DateTime<Utc>) {
    let day = |days: i64| (now + TimeDelta::days(days)).format("%Y-%m-%d").to_string();
    let (sent, ordered, wanted) = (now.to_rfc2822(), day(0), day(20));
    let accept = |number: usize| {
        let arrival = Arrival {
            bytes: orders::mail(number, &sent, &ordered, &wanted),
            name: format!("{number}.eml"),
            channel: Channel::Mail,
            source: "submit",
            caller: None,
            sent_at: None,
        };
        intake.accept(arrival)
    };
    futures_util::stream::iter(numbers.map(accept))
        .for_each_concurrent(32, |taken| async move {
            if let Err(error) = taken.await {
                tracing::error!(%error, "an order of the bench was not taken");
            }
        })
        .await;
}

/// How many orders were released, and for those fed one by one the milliseconds from the document to its last message,
/// sorted. The files' own times tell when a message was out.
async fn waits(house: &House, dir: &Path, first: usize) -> Result<(usize, Vec<f64>), TrialError> {
    let mut last: BTreeMap<Uuid, DateTime<Utc>> = BTreeMap::new();
    for folder in std::fs::read_dir(dir.join("out"))? {
        for file in std::fs::read_dir(folder?.path())? {
            let file = file?;
            let Some(order) = order_of(&file.path()) else { continue };
            let written = DateTime::<Utc>::from(file.metadata()?.modified()?);
            let latest = last.entry(order).or_insert(written);
            *latest = written.max(*latest);
        }
    }
    let documents = house.store.list(Kind::Document, &Filter::default()).await?;
    let taken: BTreeMap<Uuid, Document> = documents
        .into_iter()
        .filter_map(|it| it.body.read::<Document>().ok())
        .map(|document| (document.id, document))
        .collect();
    let orders = house.store.list(Kind::Order, &Filter::default()).await?;
    let orders: Vec<Order> = orders.into_iter().filter_map(|it| it.body.read().ok()).collect();
    let released = orders.iter().filter(|order| order.number.is_some()).count();
    let mut waits: Vec<f64> = orders
        .iter()
        .filter_map(|order| {
            let document = taken.get(&order.from.document_id)?;
            let number: usize = document.name.strip_suffix(".eml")?.parse().ok()?;
            let wait = *last.get(&order.id)? - document.received_at;
            (number >= first).then(|| wait.num_microseconds().unwrap_or(i64::MAX) as f64 / 1000.0)
        })
        .collect();
    waits.sort_by(f64::total_cmp);
    Ok((released, waits))
}

/// The order that an outgoing file is about: a mail's name begins with it, a message holds it.
fn order_of(path: &Path) -> Option<Uuid> {
    let name = path.file_name()?.to_str()?;
    if name.ends_with(".eml") {
        return name.get(..36)?.parse().ok();
    }
    let message: serde_json::Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    message["correlation_id"].as_str()?.parse().ok()
}
