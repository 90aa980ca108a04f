//! The correspondence register, gathered from documents, orders and what was sent about them; and its weekly list by mail.

use crate::check::Around;
use crate::check::resolve::customer_of;
use crate::follow::correspondence::{Item, Received, RegisterSettings, Sent, register};
use crate::order::Order;
use crate::order::document::{Channel, Document, PartState};
use crate::order::ids::from_name;
use crate::order::message::{Body, MailSend};
use crate::release::correspondence::open_letters;
use crate::runtime::house::House;
use crate::store::{Answer, Commit, Filter, Key, Kind, PartRecord, Snapshot, StoreError};
use chrono::{DateTime, Datelike, Days, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Documents that are looked at; the newest come first.
const MOST: u32 = 5000;
/// What goes to customers; all else stays in the house.
const TO_CUSTOMERS: [&str; 4] = ["confirmation", "question", "reminder", "resend"];

/// The register at `now`, of the days that the settings name.
pub async fn gather(house: &House, now: DateTime<Utc>) -> Result<Vec<Item>, StoreError> {
    let settings = &house.config.correspondence;
    let since = now - TimeDelta::days(i64::from(settings.days));
    let filter = Filter { limit: MOST, ..Filter::default() };
    let mut documents: Vec<Document> = Vec::new();
    for snapshot in house.store.list(Kind::Document, &filter).await? {
        documents.push(parsed(&snapshot)?);
    }
    documents.retain(|it| it.received_at >= since && it.channel.is_letter() && it.duplicate_of.is_none());
    let mut received = Vec::new();
    let mut about = BTreeSet::new();
    for document in documents {
        let it = one(house, &document).await?;
        about.insert(it.document);
        about.extend(it.orders.iter().copied());
        received.push(it);
    }
    let mut sent = Vec::new();
    for about in about {
        sent.extend(sent_about(house, about, since).await?);
    }
    Ok(register(&received, &sent, settings, now))
}

async fn one(house: &House, document: &Document) -> Result<Received, StoreError> {
    let id = document.id;
    let keys: Vec<Key> =
        (0..document.parts.unwrap_or(0)).map(|part| Key::new(Kind::Part, format!("{id}/{part}"))).collect();
    let mut parts: Vec<PartRecord> = Vec::new();
    for snapshot in house.store.load(&keys).await?.into_iter().flatten() {
        parts.push(parsed(&snapshot)?);
    }
    let order = |record: &PartRecord| match record.part.state {
        PartState::Order { order_id } | PartState::Attached { order_id } => Some(order_id),
        PartState::Waiting | PartState::Keying { .. } | PartState::Filed { .. } => None,
    };
    let orders: Vec<Uuid> = parts.iter().filter_map(order).collect();
    let filed = |record: &PartRecord| matches!(record.part.state, PartState::Filed { .. });
    Ok(Received {
        document: id,
        at: document.received_at,
        channel: document.channel,
        customer: customer(house, document, (&parts, &orders)).await?,
        subject: document.envelope.subject.clone(),
        filed: !parts.is_empty() && parts.iter().all(filed),
        orders,
    })
}

/// Whose it is: the order's customer, else as sender and text tell.
async fn customer(
    house: &House,
    document: &Document,
    (parts, orders): (&[PartRecord], &[Uuid]),
) -> Result<Option<String>, StoreError> {
    let keys: Vec<Key> = orders.iter().map(|id| Key::new(Kind::Order, id)).collect();
    for snapshot in house.store.load(&keys).await?.into_iter().flatten() {
        let order: Order = parsed(&snapshot)?;
        if order.content.customer.is_some() {
            return Ok(order.content.customer);
        }
    }
    let around = Around {
        envelope: &document.envelope,
        channel: document.channel,
        on: house.today(document.envelope.sent_at.unwrap_or(document.received_at)),
    };
    let master = house.shelf.get().await?;
    Ok(parts.iter().find_map(|record| customer_of(&record.draft, &around, &master)))
}

async fn sent_about(house: &House, about: Uuid, since: DateTime<Utc>) -> Result<Vec<Sent>, StoreError> {
    let gateway = house.config.fax_gateway.address_of("00000").unwrap_or_default();
    let gateway = gateway.rsplit_once('@').map(|(_, domain)| domain.to_owned());
    let faxed = |mail: &MailSend| {
        let host = |to: &String| to.rsplit_once('@').map(|(_, domain)| domain.to_owned());
        gateway.is_some() && mail.to.iter().any(|to| host(to) == gateway)
    };
    let mut sent = Vec::new();
    for (message, word) in house.store.messages(about).await? {
        let at = message.created_at;
        let Body::MailSend(mail) = message.body else { continue };
        if at < since || !TO_CUSTOMERS.contains(&mail.purpose.as_str()) {
            continue;
        }
        let channel = if faxed(&mail) { Channel::Fax } else { Channel::Mail };
        let delivered = word == "delivered";
        let (purpose, subject) = (mail.purpose, mail.subject);
        sent.push(Sent { message: message.id, at, about, purpose, subject, channel, delivered });
    }
    Ok(sent)
}

/// The latest moment at which the weekly list was due; none when there is no such list.
fn due(settings: &RegisterSettings, house: &House, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let weekday = settings.weekday?;
    let days = (0..8).filter_map(|back| house.today(now).checked_sub_days(Days::new(back)));
    days.filter(|day| day.weekday() == weekday)
        .map(|day| house.books.calendar.at(day, settings.time))
        .find(|at| *at <= now)
}

/// Looks once an hour whether the weekly list is due, until `stop`.
pub async fn run(house: Arc<House>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = weekly(&house).await {
            tracing::warn!(%error, "the weekly list of open letters failed; it is tried again in an hour");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_secs(3600)) => {}
        }
    }
}

/// Sends the list of what was open when it was due to the sales desk, once a week; nothing where nothing is open.
pub async fn weekly(house: &House) -> Result<(), StoreError> {
    let now = house.store.now().await?;
    let Some(at) = due(&house.config.correspondence, house, now) else { return Ok(()) };
    let about = from_name(at, b"correspondence", "weekly");
    if !house.store.messages(about).await?.is_empty() {
        return Ok(());
    }
    let mut items = gather(house, at).await?;
    items.retain(Item::is_open);
    if items.is_empty() {
        return Ok(());
    }
    let master = house.shelf.get().await?;
    let firm = house.books.house(&master);
    let mail = open_letters(&items, &house.books.office(&firm), (about, at))
        .map_err(|e| StoreError::Broken(e.to_string()))?;
    let Some(message) = mail else { return Ok(()) };
    let effects = vec![format!("correspondence/{}", at.timestamp())];
    let commit = Commit { effects, messages: vec![message], ..Commit::default() };
    match house.store.commit(vec![commit]).await?.as_slice() {
        // Another process was faster.
        [Answer::Done | Answer::AlreadyDone { .. }] => Ok(()),
        other => {
            tracing::warn!(?other, "the weekly list could not be written; it is tried again in an hour");
            Ok(())
        }
    }
}

fn parsed<T: DeserializeOwned>(snapshot: &Snapshot) -> Result<T, StoreError> {
    let broken = |e| StoreError::Broken(format!("{} {}: {e}", snapshot.key.kind.as_str(), snapshot.key.id));
    snapshot.body.read().map_err(broken)
}
