//! Soft hold: an order that everybody agreed to waits, for a bounded time, while something that may change it is unread.
//!
//! What is unread is looked up among the documents of the sender's house that came in shortly before the order or since. A
//! timer looks again until that was read or the time is over; the order then goes on by itself.

use super::desk::{self, Stuck};
use super::{Now, Pen, Steps, misfit, parsed};
use crate::order::Order;
use crate::order::asked::{Answer, Outcome};
use crate::order::document::{Channel, Document, Envelope, Kind as PartKind, PartState};
use crate::order::event::Event;
use crate::order::ids;
use crate::order::message::{Body, Message, Step, TimerDue, TimerKind};
use crate::order::problem::{Code, Severity};
use crate::order::status::{Rung, Status};
use crate::runtime::Failure;
use crate::runtime::work::Work;
use crate::store::{Commit, Filter, Key, Kind, NewTimer, PartRecord};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Documents of one house that are looked at; the newest come first.
const MOST: u32 = 40;
/// Begins the reason of such a hold.
const WHY: &str = "unread:";
const ON_HOLD: &str = "on_hold";

/// A document that may change an order, and until when the order waits for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unread {
    document: Uuid,
    until: DateTime<Utc>,
}

impl Steps {
    /// What may change this order, which came in that document, and is not read. None once its time is over.
    pub(super) async fn unread(
        &self,
        order: &Order,
        document: &Document,
        now: DateTime<Utc>,
    ) -> Result<Option<Unread>, Failure> {
        let window = TimeDelta::minutes(i64::from(self.books.config.check.soft_hold_minutes));
        let until = document.received_at + window;
        let waits =
            order.status.is_open() && !order.is_case() && document.channel == Channel::Mail && now < until;
        let house = document.envelope.house().filter(|_| waits);
        let Some(house) = house else { return Ok(None) };
        let filter = Filter { customer: Some(house), limit: MOST, ..Filter::default() };
        let mut near: BTreeMap<Uuid, Document> = BTreeMap::new();
        for snapshot in self.store.list(Kind::Document, &filter).await? {
            let (_, other): (u64, Document) = parsed(snapshot)?;
            if other.received_at > document.received_at - window && other.received_at <= now {
                near.insert(other.id, other);
            }
        }
        // An answer that was wholly understood has been read with it.
        let understood =
            |it: &Answer| matches!(it.outcome, Outcome::Merged | Outcome::Agreed | Outcome::Declined);
        near.retain(|id, _| !order.answers.iter().any(|it| it.from.document_id == *id && understood(it)));
        let found = self.may_change(order, document, &near).await?;
        Ok(found.map(|document| Unread { document, until }))
    }

    /// The first of these documents that may change the order; all their parts are loaded at once, and their orders.
    async fn may_change(
        &self,
        order: &Order,
        document: &Document,
        near: &BTreeMap<Uuid, Document>,
    ) -> Result<Option<Uuid>, Failure> {
        let related = |other: &Document| is_related(&document.envelope, &other.envelope);
        // Its pages are pictures, which take their time; what they say nobody knows.
        let unknown =
            |other: &&Document| other.parts.is_none() && other.duplicate_of.is_none() && related(other);
        if let Some(other) = near.values().find(unknown) {
            return Ok(Some(other.id));
        }
        let parts = |other: &Document| {
            let id = other.id;
            (0..other.parts.unwrap_or(0)).map(move |part| Key::new(Kind::Part, format!("{id}/{part}")))
        };
        let keys: Vec<Key> = near.values().flat_map(parts).collect();
        let mut asked: BTreeMap<Uuid, Uuid> = BTreeMap::new();
        for snapshot in self.store.load(&keys).await?.into_iter().flatten() {
            let (_, record): (u64, PartRecord) = parsed(snapshot)?;
            let from = record.document_id;
            if !near.get(&from).is_some_and(related) && !speaks_of(&record, order) {
                continue;
            }
            match record.part.state {
                PartState::Waiting if is_change(&record) => return Ok(Some(from)),
                PartState::Keying { .. } => return Ok(Some(from)),
                PartState::Order { order_id } if order_id != order.id => {
                    asked.insert(order_id, from);
                }
                PartState::Waiting
                | PartState::Order { .. }
                | PartState::Attached { .. }
                | PartState::Filed { .. } => {}
            }
        }
        let keys: Vec<Key> = asked.keys().map(|id| Key::new(Kind::Order, id)).collect();
        for snapshot in self.store.load(&keys).await?.into_iter().flatten() {
            let (_, other): (u64, Order) = parsed(snapshot)?;
            if is_unread(&other) {
                return Ok(asked.get(&other.id).copied());
            }
        }
        Ok(None)
    }

    /// The order waits, and is looked at again soon.
    pub(super) fn hold(&self, work: &mut Work, unread: Unread, pen: &mut Pen<'_>) -> Result<(), Stuck> {
        let timer = self.look(work.order.id, unread, &pen.now);
        pen.commit.timers.push(timer);
        work.add([Event::Held { why: format!("{WHY}{}", unread.document) }])?;
        Ok(())
    }

    fn look(&self, order_id: Uuid, unread: Unread, now: &Now<'_>) -> NewTimer {
        let pause = TimeDelta::minutes(i64::from(self.books.config.check.soft_hold_look_minutes));
        let due = (now.at + pause).min(unread.until);
        let id = ids::from_name(now.at, order_id.as_bytes(), "soft_hold");
        let body = TimerDue { order_id, kind: TimerKind::SoftHold, about: order_id, due };
        NewTimer { id, due, step: Step::Review, body }
    }

    /// The time to look again has come: the order waits on, or goes on from where it stood.
    pub(super) async fn look_again(
        &self,
        work: &mut Work,
        now: Now<'_>,
        commit: Commit,
    ) -> Result<(Commit, &'static str), Failure> {
        let mut pen = Pen { now, commit };
        let id = work.order.id;
        if !matches!(work.order.status, Status::OnHold(rung) if rung < Rung::Released)
            || !self.is_soft(id).await?
        {
            return Ok((pen.commit, "it is not held for that"));
        }
        if work.order.is_held() {
            // Once the house lets it go on, it is looked at again.
            return Ok((pen.commit, "held by the house"));
        }
        let origin = self.origin(&work.order).await?;
        if let Some(unread) = self.unread(&work.order, &origin.document, pen.now.at).await? {
            pen.commit.timers.push(self.look(id, unread, &pen.now));
            return Ok((pen.commit, "still unread"));
        }
        let master = self.shelf.get().await?;
        let from = (&origin.document, &origin.record);
        let around: desk::Case = self.load(id, &work.order.content, from, master).await?;
        if around.is_held_by_others(id, id) {
            return Ok((pen.commit, "held by a change of it"));
        }
        work.add([Event::Resumed]).map_err(misfit(&work.order))?;
        self.reopen(work, &origin, None, &mut pen).await?;
        Ok((pen.commit, "goes on"))
    }

    /// What was unread has been read: the orders that may wait for it are looked at at once.
    pub(super) async fn wake(&self, read: &Order, now: &Now<'_>) -> Result<Vec<Message>, Failure> {
        let customer = read.content.customer.clone();
        let filter = Filter { status: Some(ON_HOLD.to_owned()), customer, limit: MOST, ..Filter::default() };
        let mut messages = Vec::new();
        for snapshot in self.store.list(Kind::Order, &filter).await? {
            let (_, held): (u64, Order) = parsed(snapshot)?;
            let about = held.id;
            let body = TimerDue { order_id: about, kind: TimerKind::SoftHold, about, due: now.at };
            messages.push(Message {
                id: now.ids.id(&format!("wake/{about}")),
                attempt: 1,
                correlation_id: about,
                step: Step::Review,
                lane: None,
                created_at: now.at,
                not_before: None,
                body: Body::TimerDue(body),
            });
        }
        Ok(messages)
    }

    /// Whether it stands aside for this and no other reason.
    async fn is_soft(&self, id: Uuid) -> Result<bool, Failure> {
        let events = self.store.events(id).await?;
        Ok(events.iter().rev().find_map(|it| held_for(&it.event)).is_some_and(|why| why.starts_with(WHY)))
    }
}

fn held_for(event: &Event) -> Option<&str> {
    if let Event::Held { why } = event { Some(why) } else { None }
}

/// From the same address, or in the same thread.
fn is_related(one: &Envelope, other: &Envelope) -> bool {
    let sender = |it: &Envelope| it.from_address.clone();
    let thread = |it: &Envelope| -> Vec<String> {
        let named = it.references.iter().chain(&it.in_reply_to).chain(&it.message_id);
        named.cloned().collect()
    };
    let (ours, theirs) = (thread(one), thread(other));
    (sender(one).is_some() && sender(one) == sender(other)) || ours.iter().any(|id| theirs.contains(id))
}

/// The part names the order's number.
fn speaks_of(record: &PartRecord, order: &Order) -> bool {
    let squeezed = |text: &str| crate::master::text::squeezed(text);
    let Some(ours) = order.content.po_number.as_deref().map(squeezed) else { return false };
    let printed = record.draft.order.as_ref().and_then(|draft| draft.po_number.as_ref());
    let named = [printed.map(|field| field.value.as_str()), record.draft.refers_to.as_deref()];
    named.into_iter().flatten().any(|theirs| squeezed(theirs) == ours)
}

/// Read, and on its way to the checks: of what orders anew nobody has to wait.
fn is_change(record: &PartRecord) -> bool {
    let unread = record.draft.unread.iter().any(|it| it.code.starts_with("reading."));
    unread || matches!(record.draft.kind, PartKind::Amendment | PartKind::Cancellation)
}

/// A person has to key it, since it could not be read.
pub(super) fn is_unread(order: &Order) -> bool {
    let unread =
        |it: &&crate::order::problem::Problem| it.code == Code::Unread && it.severity != Severity::Note;
    order.status == Status::On(Rung::Clarifying) && order.problems.iter().any(|it| unread(&it))
}
