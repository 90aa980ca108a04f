//! What the demo tells: one line for each part as it settles, one for each order as it moves, a table at the end.

use super::people;
use crate::cli::{Out, printable};
use crate::order::Order;
use crate::order::document::{Document, Language, PartState};
use crate::order::event::Tell;
use crate::order::problem::Severity;
use crate::runtime::house::House;
use crate::runtime::trial::TrialError;
use crate::store::{Balance, Count, Filter, Kind, PartRecord};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What was told already.
#[derive(Debug, Default)]
pub(super) struct Story {
    parts: BTreeSet<String>,
    /// What was last said of each order.
    orders: BTreeMap<Uuid, String>,
}

impl Story {
    /// Tells what is new.
    pub(super) async fn tell(&mut self, house: &House, out: &mut Out) -> Result<(), TrialError> {
        let orders: BTreeMap<Uuid, Order> =
            people::orders(house).await?.into_iter().map(|order| (order.id, order)).collect();
        let mut records = house.store.list(Kind::Part, &Filter::default()).await?;
        records.reverse();
        for record in records {
            if record.index.status.as_deref() == Some("waiting") || !self.parts.insert(record.key.id) {
                continue;
            }
            let Ok(record) = record.body.read::<PartRecord>() else { continue };
            let name = document_name(house, record.document_id).await?;
            let what = became(house, &record, &orders);
            if let Some(order) = of_part(&record, &orders) {
                self.orders.insert(order.id, standing(house, order));
            }
            out.line(format!("{:<8} {}", printable(&name), printable(&what)))?;
        }
        for order in orders.values() {
            let says = standing(house, order);
            if self.orders.get(&order.id).is_some_and(|before| *before != says) {
                out.line(format!("{:<17} {}", title(order), printable(&says)))?;
                self.orders.insert(order.id, says);
            }
        }
        Ok(())
    }

    /// The closing table and the balance.
    pub(super) async fn sum(&self, house: &House, out: &mut Out) -> Result<Balance, TrialError> {
        let mut rows = Vec::new();
        for order in people::orders(house).await?.iter().rev() {
            let total = order.content.total().ok().flatten().map(|total| total.to_string());
            rows.push(vec![
                order.number.as_ref().map_or_else(|| "–".to_owned(), |number| number.0.clone()),
                order.content.customer.clone().unwrap_or_else(|| "?".to_owned()),
                order.content.po_number.clone().unwrap_or_else(|| "–".to_owned()),
                total.unwrap_or_else(|| "–".to_owned()),
                say(house, &format!("status.{}", order.status.as_str())),
                told(order),
                order.open_reviews().map(|it| it.queue.as_str()).collect::<Vec<_>>().join(", "),
            ]);
        }
        out.line("")?;
        let heads = ["order", "customer", "PO", "total", "status", "told", "waits for"];
        out.rows(&rows, &heads, rows.clone())?;
        let balance = house.store.balance().await?;
        let count = |name: &str, it: &Count| {
            format!(
                "{name} {} = {} waiting + {} in work + {} parked + {} done",
                it.total, it.waiting, it.in_work, it.parked, it.done
            )
        };
        out.line(count("documents", &balance.documents))?;
        out.line(count("parts    ", &balance.parts))?;
        out.line(count("messages ", &balance.messages))?;
        out.line(format!(
            "missing {}, double {}, unsure {}",
            balance.missing.len(),
            balance.double.len(),
            balance.unsure.len()
        ))?;
        Ok(balance)
    }
}

async fn document_name(house: &House, id: Uuid) -> Result<String, TrialError> {
    let found = house.store.load(&[crate::store::Key::new(Kind::Document, id)]).await?;
    let document = found.into_iter().flatten().next().and_then(|it| it.body.read::<Document>().ok());
    Ok(document.map_or_else(|| id.to_string(), |document| document.name))
}

fn of_part<'a>(record: &PartRecord, orders: &'a BTreeMap<Uuid, Order>) -> Option<&'a Order> {
    orders
        .values()
        .find(|order| order.from.document_id == record.document_id && order.from.part == record.part.index)
}

/// What a part was, and what it became.
fn became(house: &House, record: &PartRecord, orders: &BTreeMap<Uuid, Order>) -> String {
    let kind = say(house, &format!("kind.{}", record.part.kind.as_str()));
    match (&record.part.state, of_part(record, orders)) {
        (_, Some(order)) if order.is_case() => format!("{} → {}", title(order), standing(house, order)),
        (_, Some(order)) => format!("{kind} {} → {}", title(order), standing(house, order)),
        (PartState::Filed { reason }, None) => match reason.strip_prefix("duplicate_of:") {
            Some(first) => {
                let first =
                    first.parse().ok().and_then(|id| orders.get(&id)).map_or_else(|| first.to_owned(), title);
                format!("{kind} → filed: the same order came before, as {first}")
            }
            None => format!("{kind} → filed, nothing to do"),
        },
        (PartState::Keying { reason }, None) => format!("{kind} → a person has to look: {reason}"),
        (PartState::Order { order_id } | PartState::Attached { order_id }, None) => {
            format!("{kind} → order {order_id}")
        }
        (PartState::Waiting, None) => format!("{kind} → waiting"),
    }
}

/// How the demo calls an order.
fn title(order: &Order) -> String {
    let content = &order.content;
    let of = content.customer.clone().unwrap_or_else(|| "unknown customer".to_owned());
    let change = if order.is_case() { format!("{} ", order.kind.as_str()) } else { String::new() };
    match &content.po_number {
        Some(po) => format!("{change}{po} of {of}"),
        None => format!("{change}of {of}"),
    }
}

/// Where an order stands: who must agree and why, or what it was released as and who was told.
fn standing(house: &House, order: &Order) -> String {
    let waits: Vec<String> = order
        .open_reviews()
        .map(|review| {
            let roles: Vec<String> =
                review.roles.iter().map(|role| say(house, &format!("role.{}", role.as_str()))).collect();
            let queue = say(house, &format!("queue.{}", review.queue.as_str()));
            format!("{queue} by {} ({})", roles.join(" or "), why(house, order, review))
        })
        .collect();
    let status = say(house, &format!("status.{}", order.status.as_str()));
    let number = order.number.as_ref().map(|number| format!(" as {}", number.0)).unwrap_or_default();
    if waits.is_empty() {
        let told = told(order);
        return if told.is_empty() {
            format!("{status}{number}")
        } else {
            format!("{status}{number}; told: {told}")
        };
    }
    format!("{status}, needs {}", waits.join(" and "))
}

/// Why a queue is asked: the problems that it clears, else the rules that asked.
fn why(house: &House, order: &Order, review: &crate::order::review::Review) -> String {
    let mut said: Vec<String> = order
        .problems
        .iter()
        .filter(|problem| problem.clears == review.queue && problem.severity != Severity::Note)
        .map(|problem| house.books.wording.problem(Language::En, problem))
        .collect();
    said.dedup();
    match said.len() {
        0 => review.rules.join(", "),
        1 | 2 => said.join("; "),
        more => format!("{}; and {} more", said[..2].join("; "), more - 2),
    }
}

/// Who was told what, in few words.
fn told(order: &Order) -> String {
    let mut said: Vec<String> = Vec::new();
    for told in &order.told {
        let what = match told.what {
            Tell::Confirmation => "customer confirmed".to_owned(),
            Tell::Notification => "departments".to_owned(),
            Tell::ProductionTask => "production task".to_owned(),
            Tell::PurchaseRequest => "purchase request".to_owned(),
            Tell::WarehousePick => "picking".to_owned(),
            Tell::ShippingInstruction => {
                format!("carrier {}", told.to.rsplit('.').next().unwrap_or(&told.to))
            }
            Tell::InvoiceRequest => "invoice".to_owned(),
            Tell::Question => "customer asked".to_owned(),
            Tell::Reminder => "customer reminded".to_owned(),
            Tell::GuaranteeBroken => "guarantee broken".to_owned(),
            Tell::Watching => "supervision".to_owned(),
        };
        if !said.contains(&what) {
            said.push(what);
        }
    }
    said.join(", ")
}

fn say(house: &House, key: &str) -> String {
    house.books.wording.say(Language::En, key, &[])
}
