//! An order in hand: folded, with the events that a step adds, on its way into a commit.

use crate::order::Order;
use crate::order::event::{Actor, Event};
use crate::order::review::{Review, ReviewState};
use crate::order::sheet::FoldError;
use crate::release::effect_key;
use crate::review::deadline;
use crate::store::{Commit, Index, Json, Key, Kind, NewEvent, ReviewRow, Snapshot, StoreError, Write};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Who writes, when, and what brought it about.
#[derive(Debug, Clone)]
pub struct Stamp {
    pub at: DateTime<Utc>,
    pub actor: Actor,
    pub cause: Uuid,
}

/// An order and the events that were added to it.
#[derive(Debug, Clone)]
pub struct Work {
    pub order: Order,
    was: u64,
    added: Vec<Event>,
}

impl Work {
    /// A new order, begun by `received`.
    pub fn begin(id: Uuid, received: Event) -> Result<Self, FoldError> {
        let order = Order::begin(id, &received)?;
        Ok(Self { order, was: 0, added: vec![received] })
    }

    /// An order as stored.
    pub fn stored(snapshot: Snapshot) -> Result<Self, StoreError> {
        let order: Order = snapshot
            .body
            .read()
            .map_err(|e| StoreError::Broken(format!("order {}: {e}", snapshot.key.id)))?;
        Ok(Self { order, was: snapshot.version, added: Vec::new() })
    }

    /// Adds events; the first that does not fit ends it.
    pub fn add(&mut self, events: impl IntoIterator<Item = Event>) -> Result<(), FoldError> {
        for event in events {
            self.order.apply(&event)?;
            self.added.push(event);
        }
        Ok(())
    }

    /// What was added, and the place of the first of it in the order's history.
    #[must_use]
    pub fn added(&self) -> (u64, &[Event]) {
        (self.was + 1, &self.added)
    }

    /// Whether anything was added.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        !self.added.is_empty()
    }

    /// Puts snapshot, events, review rows, deadlines and effect keys into the commit.
    pub fn write(self, commit: &mut Commit, stamp: &Stamp) {
        if self.added.is_empty() {
            commit.requires.push((Key::new(Kind::Order, self.order.id), self.was));
            return;
        }
        let order = &self.order;
        for (event, sequence) in self.added.into_iter().zip(self.was + 1..) {
            effects_of(order.id, &event, &mut commit.effects);
            commit.events.push(NewEvent {
                order_id: order.id,
                sequence,
                at: stamp.at,
                actor: stamp.actor.clone(),
                cause: stamp.cause,
                event,
            });
        }
        for review in &order.reviews {
            if !review.is_open() {
                commit.cancel_timers.extend(deadline::timer_ids(review));
            }
            commit.reviews.push(row(order.id, review));
        }
        commit.writes.push(Write {
            key: Key::new(Kind::Order, order.id),
            was: self.was,
            now: order.version,
            body: Json::of(order),
            index: index(order),
        });
    }
}

fn index(order: &Order) -> Index {
    Index {
        status: Some(order.status.as_str().to_owned()),
        customer: order.content.customer.clone(),
        number: order.number.as_ref().map(|number| number.0.clone()),
        po_number: order.content.po_number.clone(),
        parent: Some(order.from.document_id.to_string()),
    }
}

fn effects_of(order: Uuid, event: &Event, effects: &mut Vec<String>) {
    if let Event::Told { what, to, version, .. } = event {
        effects.push(effect_key(order, *what, to, *version));
    }
    if let Event::Received { from, .. } = event {
        effects.push(format!("part:{}/{}", from.document_id, from.part));
    }
}

fn row(order_id: Uuid, review: &Review) -> ReviewRow {
    let state = match review.state {
        ReviewState::Open => "open",
        ReviewState::Decided(_) => "decided",
        ReviewState::Withdrawn => "withdrawn",
    };
    ReviewRow {
        id: review.id,
        order_id,
        queue: review.queue,
        state: state.to_owned(),
        opened_at: review.opened_at,
        due_at: review.due_at,
        overdue: review.overdue,
        rules: review.rules.clone(),
        digest: review.digest.clone(),
    }
}
