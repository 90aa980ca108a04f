//! Adds up the in-memory store.

use super::state::{At, Holding, OutboxRow, Outcome, State};
use chrono::{DateTime, Utc};
use gendan::order::Order;
use gendan::order::document::{Document, PartState};
use gendan::order::event::{Event, PartRef};
use gendan::order::message::{Body, Message};
use gendan::store::{Balance, Count, Key, Kind, PartRecord, Unsure};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Where the work on something is; the first that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Waiting,
    InWork,
    Parked,
    /// Given up by a person.
    Discarded,
    Done,
}

type Asked = BTreeMap<(Uuid, Option<u32>), (Place, Uuid)>;

impl State {
    pub(super) fn balance(&self, now: DateTime<Utc>) -> Balance {
        let mut sum = Balance::default();
        let asked = self.asked(now);
        self.documents(&asked, &mut sum);
        self.parts(&asked, &mut sum);
        self.orders(&mut sum);
        self.count_messages(now, &mut sum);
        self.consumption(&mut sum);
        self.told(&mut sum);
        sum.unsure = self.unsure();
        sum
    }

    fn all<T: serde::de::DeserializeOwned>(&self, kind: Kind) -> Vec<T> {
        let bodies = self.aggregates.values().filter(|it| it.key.kind == kind).map(|it| it.body.clone());
        bodies.filter_map(|body| body.read().ok()).collect()
    }

    fn place(&self, row: &OutboxRow, now: DateTime<Utc>) -> Place {
        match &row.at {
            At::Claimed { until, .. } if *until > now => Place::InWork,
            At::Sent => Place::InWork,
            At::Waiting | At::Claimed { .. } => Place::Waiting,
            At::Parked => Place::Parked,
            At::Done { word, .. } if word == "discarded" => Place::Discarded,
            At::Done { .. } => Place::Done,
        }
    }

    /// Which documents and parts messages ask for, and where those are.
    fn asked(&self, now: DateTime<Utc>) -> Asked {
        let own = self.outbox.values().map(|row| (&row.message, self.place(row, now)));
        let foreign = self.parked.iter().filter(|row| !self.outbox.contains_key(&row.message.id));
        let foreign = foreign.map(|row| {
            let place = match row.out {
                None => Place::Parked,
                Some("discarded") => Place::Discarded,
                Some(_) => Place::Done,
            };
            (&row.message, place)
        });
        let mut asked = Asked::new();
        for (message, place) in own.chain(foreign) {
            if let Some(about) = about(message) {
                let best = asked.entry(about).or_insert((place, message.id));
                *best = (place, message.id).min(*best);
            }
        }
        asked
    }

    fn documents(&self, asked: &Asked, sum: &mut Balance) {
        for it in self.all::<Document>(Kind::Document) {
            sum.documents.total += 1;
            for part in 0..it.parts.unwrap_or(0) {
                let key = Key::new(Kind::Part, format!("{}/{part}", it.id));
                if !self.aggregates.contains_key(&key) {
                    sum.missing.push(format!("part {} was read and not recorded", key.id));
                }
            }
            let settled = it.parts.is_some() || it.duplicate_of.is_some();
            let asked = asked.get(&(it.id, None));
            count(&mut sum.documents, &mut sum.missing, &format!("document {}", it.id), settled, asked);
        }
    }

    fn parts(&self, asked: &Asked, sum: &mut Balance) {
        for it in self.all::<PartRecord>(Kind::Part) {
            let name = format!("part {}/{}", it.document_id, it.part.index);
            sum.parts.total += 1;
            let settled = it.part.state != PartState::Waiting;
            let asked = asked.get(&(it.document_id, Some(it.part.index)));
            count(&mut sum.parts, &mut sum.missing, &name, settled, asked);
            let (PartState::Order { order_id } | PartState::Attached { order_id }) = it.part.state else {
                continue;
            };
            let order = self.aggregates.get(&Key::new(Kind::Order, order_id)).map(|it| it.body.clone());
            let order = order.and_then(|body| body.read::<Order>().ok());
            let from = PartRef { document_id: it.document_id, part: it.part.index };
            match order {
                None => sum.missing.push(format!("order {order_id} of {name} does not exist")),
                Some(order) if matches!(it.part.state, PartState::Order { .. }) && order.from != from => {
                    sum.missing.push(format!("order {order_id} of {name} came from another part"));
                }
                Some(_) => {}
            }
        }
    }

    fn orders(&self, sum: &mut Balance) {
        let mut from: BTreeMap<(Uuid, u32), Vec<Uuid>> = BTreeMap::new();
        let parts: BTreeMap<_, _> = self
            .all::<PartRecord>(Kind::Part)
            .into_iter()
            .map(|it| ((it.document_id, it.part.index), it.part.state))
            .collect();
        for order in self.all::<Order>(Kind::Order) {
            let key = (order.from.document_id, order.from.part);
            from.entry(key).or_default().push(order.id);
            let knows = match parts.get(&key) {
                Some(PartState::Order { order_id }) => *order_id == order.id,
                Some(PartState::Waiting) | None => false,
                Some(PartState::Keying { .. } | PartState::Attached { .. } | PartState::Filed { .. }) => true,
            };
            if !knows {
                sum.missing.push(format!("part {}/{} does not know of its order {}", key.0, key.1, order.id));
            }
        }
        for ((document, part), orders) in from.iter().filter(|(_, orders)| orders.len() > 1) {
            sum.double.push(format!("part {document}/{part} became {} orders", orders.len()));
        }
    }

    fn count_messages(&self, now: DateTime<Utc>, sum: &mut Balance) {
        let mut places: BTreeMap<Uuid, Place> = self.gone.iter().map(|id| (*id, Place::Done)).collect();
        for (id, _, _) in self.inbox.keys() {
            places.insert(*id, Place::Done);
        }
        for row in self.parked.iter() {
            places.insert(row.message.id, if row.out.is_none() { Place::Parked } else { Place::Done });
        }
        places.extend(self.outbox.values().map(|row| (row.message.id, self.place(row, now))));
        let mut mails: BTreeMap<&str, u32> = BTreeMap::new();
        for row in self.outbox.values() {
            if let Body::MailSend(mail) = &row.message.body {
                *mails.entry(&mail.message_id).or_default() += 1;
            }
        }
        for (id, times) in mails.into_iter().filter(|(_, times)| *times > 1) {
            sum.double.push(format!("mail {id} stands in {times} messages"));
        }
        for place in places.into_values() {
            sum.messages.total += 1;
            *slot(&mut sum.messages, place) += 1;
        }
    }

    fn consumption(&self, sum: &mut Balance) {
        let mut last: BTreeMap<Uuid, (u32, Outcome)> = BTreeMap::new();
        let mut done: BTreeMap<Uuid, u32> = BTreeMap::new();
        for ((id, _, attempt), row) in &self.inbox {
            let newest = last.entry(*id).or_insert((*attempt, row.outcome));
            *newest = if newest.0 <= *attempt { (*attempt, row.outcome) } else { *newest };
            *done.entry(*id).or_default() += u32::from(row.outcome == Outcome::Done && row.word != "unsure");
            if self.outbox.get(id).is_some_and(|it| it.is_live() && it.message.attempt == *attempt) {
                sum.double.push(format!("message {id} was consumed and stands in the outbox still"));
            }
        }
        for (id, _) in done.iter().filter(|(_, times)| **times > 1) {
            sum.double.push(format!("message {id} was done at several attempts"));
        }
        for (id, (attempt, outcome)) in last {
            let stands = self.outbox.get(&id).is_some_and(|row| row.message.attempt > attempt);
            let parked = self.parked.iter().any(|row| row.message.id == id);
            let lost = match outcome {
                Outcome::Done => false,
                Outcome::Retry => !stands,
                Outcome::Parked => !parked,
            };
            if lost && !self.gone.contains(&id) {
                sum.missing.push(format!("message {id} failed at attempt {attempt} and is nowhere"));
            }
        }
        self.contradictions(sum);
    }

    fn contradictions(&self, sum: &mut Balance) {
        let consumed: BTreeSet<(Uuid, u32)> =
            self.inbox.keys().map(|(id, _, attempt)| (*id, *attempt)).collect();
        for row in self.outbox.values() {
            let id = row.message.id;
            match (&row.at, self.parked_row(id)) {
                (At::Parked, None) => sum.missing.push(format!("message {id} was parked and is nowhere")),
                (At::Waiting | At::Claimed { .. } | At::Sent | At::Done { .. }, Some(_)) => {
                    sum.double.push(format!("message {id} is parked and stands in the outbox too"));
                }
                (At::Done { word, at }, None)
                    if word != "discarded"
                        && word != "delivered"
                        && *at >= self.inbox_before
                        && !consumed.contains(&(id, row.message.attempt)) =>
                {
                    sum.missing.push(format!("message {id} is done, and nobody consumed it"));
                }
                _ => {}
            }
        }
        let again = |id: &&Uuid| self.outbox.contains_key(*id) || self.parked_row(**id).is_some();
        for id in self.gone.iter().filter(again) {
            sum.double.push(format!("message {id} was done and pruned, and stands here again"));
        }
    }

    fn told(&self, sum: &mut Balance) {
        for (order, events) in &self.events {
            let mut told = BTreeSet::new();
            for event in events {
                let Event::Told { what, to, version, message_id: id } = &event.event else { continue };
                if !told.insert((*what, to, *version)) {
                    sum.double.push(format!("order {order}: {} was told twice", what.as_str()));
                }
                let known = self.outbox.contains_key(id)
                    || self.gone.contains(id)
                    || self.parked.iter().any(|row| row.message.id == *id)
                    || self.consumptions(*id).next().is_some();
                if !known {
                    sum.missing.push(format!("message {id}, by which order {order} told, is nowhere"));
                }
            }
        }
    }

    fn unsure(&self) -> Vec<Unsure> {
        let settled = |id: &Uuid| match self.outbox.get(id).map(|row| &row.at) {
            Some(At::Parked | At::Done { .. }) => true,
            Some(At::Waiting | At::Claimed { .. } | At::Sent) => false,
            None => self.parked_row(*id).is_some(),
        };
        let open = self.intents.iter().filter(|(id, intent)| match intent.state {
            Holding::Unsure => true,
            Holding::Held => settled(id),
            Holding::Free | Holding::Finished => false,
        });
        let row = |(id, intent): (&Uuid, &super::state::IntentRow)| Unsure {
            message_id: *id,
            destination: intent.destination.clone(),
            at: intent.started,
        };
        let mut unsure: Vec<Unsure> = open.map(row).collect();
        unsure.sort_by_key(|it| (it.at, it.message_id));
        unsure
    }
}

fn about(message: &Message) -> Option<(Uuid, Option<u32>)> {
    match &message.body {
        Body::DocumentReceived(it) => Some((it.document_id, None)),
        Body::DraftRead(it) => Some((it.document_id, Some(it.part))),
        Body::Arrived(_)
        | Body::OrderPlaced(_)
        | Body::MasterChanged(_)
        | Body::OrderConfirmed(_)
        | Body::Notification(_)
        | Body::DraftCorrected(_)
        | Body::ReviewDecide(_)
        | Body::GateAsked(_)
        | Body::ChangeAsked(_)
        | Body::TimerDue(_)
        | Body::ReportReceived(_)
        | Body::MailSend(_)
        | Body::ReviewRequested(_)
        | Body::ProductionTask(_)
        | Body::PurchasingRequest(_)
        | Body::WarehousePick(_)
        | Body::ShippingInstruction(_)
        | Body::AccountingInvoice(_)
        | Body::OrderWatched(_)
        | Body::OrderStatus(_) => None,
    }
}

const fn slot(count: &mut Count, place: Place) -> &mut u64 {
    match place {
        Place::Waiting => &mut count.waiting,
        Place::InWork => &mut count.in_work,
        Place::Parked => &mut count.parked,
        Place::Discarded | Place::Done => &mut count.done,
    }
}

fn count(
    sum: &mut Count,
    missing: &mut Vec<String>,
    name: &str,
    settled: bool,
    asked: Option<&(Place, Uuid)>,
) {
    match asked {
        _ if settled => sum.done += 1,
        Some((Place::Done, message)) => {
            missing.push(format!("{name} waits, though message {message} is done"));
        }
        Some((place, _)) => *slot(sum, *place) += 1,
        None => missing.push(format!("{name} waits, and no message asks for it")),
    }
}
