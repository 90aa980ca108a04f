//! Gathers what is told: each telling folds into the order at once and can't happen twice.

use super::facts::{Department, House, ReleaseFacts};
use super::templates::Rendered;
use super::{Release, ReleaseError, header, status};
use crate::order::Order;
use crate::order::event::{Event, Tell};
use crate::order::ids::Ids;
use crate::order::message::{Body, MailSend, Message, Step, TimerDue};
use crate::store::commit::NewTimer;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The permanent key of one telling: with it, a duplicate that comes after the inbox was pruned still does nothing.
#[must_use]
pub fn effect_key(order_id: Uuid, what: Tell, to: &str, version: u32) -> String {
    format!("order/{order_id}/{}/{to}/{version}", what.as_str())
}

/// The Message-ID of a mail, the same whenever it is computed again (RFC 5322, 3.6.4), with angle brackets.
#[must_use]
pub fn message_id(order_id: Uuid, purpose: &str, version: u32, domain: &str) -> String {
    format!("<{order_id}.{version}.{purpose}@{domain}>")
}

/// A mail of the house about an order or document. Its purpose up to the first dot says what kind it is, what follows tells
/// it from others of that kind.
pub(super) fn from_house(
    house: &House,
    about: Uuid,
    purpose: &str,
    to: Vec<String>,
    text: Rendered,
) -> MailSend {
    MailSend {
        message_id: message_id(about, purpose, 1, &house.domain),
        from: house.mail.clone(),
        to,
        subject: text.subject,
        text: text.text,
        in_reply_to: None,
        references: Vec::new(),
        purpose: purpose.split('.').next().unwrap_or(purpose).to_owned(),
    }
}

/// The order or document that a Message-ID of ours is about; none for anybody else's.
#[must_use]
pub fn about(message_id: &str, domain: &str) -> Option<Uuid> {
    let (local, host) = message_id.strip_prefix('<')?.strip_suffix('>')?.rsplit_once('@')?;
    let (id, _) = local.split_once('.').filter(|_| host.eq_ignore_ascii_case(domain))?;
    id.parse().ok()
}

/// A message to somebody outside the house's steps, in the lane of its order and destination.
pub(super) fn outgoing(
    order_id: Uuid,
    destination: &str,
    body: Body,
    (id, now): (Uuid, DateTime<Utc>),
) -> Message {
    Message {
        id,
        attempt: 1,
        correlation_id: order_id,
        step: Step::Deliver,
        lane: Some(format!("{order_id}/{destination}")),
        created_at: now,
        not_before: None,
        body,
    }
}

/// One release in the making.
pub(super) struct Telling<'a> {
    /// The order with everything that has happened so far.
    pub(super) order: Order,
    pub(super) facts: &'a ReleaseFacts<'a>,
    pub(super) now: DateTime<Utc>,
    ids: Ids,
    pub(super) out: Release,
}

impl<'a> Telling<'a> {
    pub(super) fn new(order: &Order, facts: &'a ReleaseFacts<'a>, now: DateTime<Utc>, ids: Ids) -> Self {
        Self { order: order.clone(), facts, now, ids, out: Release::default() }
    }

    pub(super) fn happen(&mut self, event: Event) -> Result<(), ReleaseError> {
        self.order.apply(&event)?;
        self.out.events.push(event);
        Ok(())
    }

    /// Tells `to` something, unless it was told before. `version` tells a second telling of its kind from the first.
    pub(super) fn tell(
        &mut self,
        what: Tell,
        to: &str,
        version: u32,
        body: Body,
    ) -> Result<(), ReleaseError> {
        if self.order.was_told(what, to, version) {
            return Ok(());
        }
        let message_id = self.ids.id(&format!("told/{}/{to}/{version}", what.as_str()));
        self.out.messages.push(outgoing(self.order.id, to, body, (message_id, self.now)));
        self.happen(Event::Told { what, to: to.to_owned(), version, message_id })
    }

    pub(super) fn timer(&mut self, name: &str, body: TimerDue) {
        let (id, due) = (self.ids.id(name), body.due);
        self.out.timers.push(NewTimer { id, due, step: Step::Release, body });
    }

    /// Says where the order stands now, to whoever follows along.
    pub(super) fn status(&mut self) {
        let message = status::status_message(&self.order, self.now, self.ids);
        self.out.messages.push(message);
    }

    /// A mail of the house about this order; none when no receiver has a plain address.
    pub(super) fn mail(&self, purpose: &str, to: &[String], text: Rendered) -> Option<MailSend> {
        let to: Vec<String> = to.iter().filter_map(|address| header::address(address)).collect();
        let house = self.facts.office.house;
        (!to.is_empty()).then(|| from_house(house, self.order.id, purpose, to, text))
    }

    /// Where a department is reached by mail.
    pub(super) fn address_of(&self, department: Department) -> Option<String> {
        self.facts.office.house.departments.get(&department).map(|desk| desk.mail.clone())
    }
}
