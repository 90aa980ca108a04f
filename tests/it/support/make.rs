//! Makers of test data: messages, commits, orders with their events, documents with their parts.

use chrono::{DateTime, TimeDelta, Utc};
use gendan::order::Order;
use gendan::order::document::{self, Channel, Document, Envelope, Part, PartState};
use gendan::order::draft::{Confidence, Draft};
use gendan::order::event::{Actor, Event, PartRef, Tell};
use gendan::order::line::Content;
use gendan::order::message::{
    Body, DocumentReceived, DraftRead, MailSend, Message, OrderStatus, Step, TimerDue, TimerKind,
};
use gendan::store::{
    Commit, Consumed, Disposition, Index, Json, Key, Kind, NewEvent, NewTimer, PartRecord, Write,
};
use serde_json::json;
use uuid::Uuid;

/// A moment: so many seconds after the tests begin.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 123_456_000).unwrap() + TimeDelta::seconds(seconds)
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 + number)
}

/// A message for `step` about the thing of the same number.
pub(crate) fn message(number: u128, step: Step) -> Message {
    let body = OrderStatus { order_id: id(number), number: None, status: "received".to_owned(), at: at(0) };
    with_body(number, step, id(number), Body::OrderStatus(body))
}

pub(crate) fn with_body(number: u128, step: Step, correlation_id: Uuid, body: Body) -> Message {
    Message {
        id: id(number),
        attempt: 1,
        correlation_id,
        step,
        lane: None,
        created_at: at(0),
        not_before: None,
        body,
    }
}

pub(crate) fn in_lane(message: Message, lane: &str) -> Message {
    Message { lane: Some(lane.to_owned()), ..message }
}

pub(crate) fn mail(number: u128, message_id: &str) -> Message {
    let mail = MailSend {
        message_id: message_id.to_owned(),
        from: "orders@example.com".to_owned(),
        to: vec!["buyer@example.com".to_owned()],
        subject: "订单确认".to_owned(),
        text: "您好".to_owned(),
        in_reply_to: None,
        references: Vec::new(),
        purpose: "confirmation".to_owned(),
    };
    with_body(number, Step::Deliver, id(number), Body::MailSend(mail))
}

pub(crate) fn send(messages: impl IntoIterator<Item = Message>) -> Commit {
    Commit { messages: messages.into_iter().collect(), ..Commit::default() }
}

pub(crate) fn done(message: &Message) -> Commit {
    ended(message, Disposition::Done { what: "released".to_owned() })
}

pub(crate) fn retry(message: &Message, why: &str, not_before: DateTime<Utc>) -> Commit {
    ended(message, Disposition::Retry { why: why.to_owned(), not_before })
}

pub(crate) fn park(message: &Message, why: &str) -> Commit {
    ended(message, Disposition::Park { why: why.to_owned() })
}

pub(crate) fn ended(message: &Message, disposition: Disposition) -> Commit {
    let consumes = Some(Consumed { message: message.clone(), disposition, fence: None });
    Commit { consumes, ..Commit::default() }
}

pub(crate) fn fenced(mut commit: Commit, fence: u64) -> Commit {
    commit.consumes.as_mut().unwrap().fence = Some(fence);
    commit
}

/// A write of an aggregate that has no events.
pub(crate) fn write(kind: Kind, name: &str, was: u64, now: u64) -> Write {
    Write {
        key: Key::new(kind, name),
        was,
        now,
        body: Json::of(&json!({"version": now})),
        index: Index::default(),
    }
}

pub(crate) fn writing(writes: impl IntoIterator<Item = Write>) -> Commit {
    Commit { writes: writes.into_iter().collect(), ..Commit::default() }
}

pub(crate) fn timer(number: u128, due: DateTime<Utc>) -> NewTimer {
    let body = TimerDue { order_id: id(900), kind: TimerKind::Ship, about: id(900), due };
    NewTimer { id: id(number), due, step: Step::Release, body }
}

/// The order that part `part` of document `document` begins, and the commit that writes it.
pub(crate) fn order(number: u128, document: u128, part: u32) -> (Order, Commit) {
    let event = Event::Received {
        from: PartRef { document_id: id(document), part },
        kind: document::Kind::Order,
        sent_at: at(0),
        refers_to: None,
        content: Content { customer: Some("C1001".to_owned()), ..Content::default() },
    };
    let order = Order::begin(id(number), &event).unwrap();
    let commit = recorded(&order, 0, vec![event]);
    (order, commit)
}

/// Folds events into the order and returns the commit that writes both.
pub(crate) fn moved(order: &mut Order, events: Vec<Event>) -> Commit {
    let was = order.version;
    events.iter().for_each(|event| order.apply(event).unwrap());
    recorded(order, was, events)
}

fn recorded(order: &Order, was: u64, events: Vec<Event>) -> Commit {
    let events = events.into_iter().zip(was + 1..).map(|(event, sequence)| NewEvent {
        order_id: order.id,
        sequence,
        at: at(1),
        actor: Actor::Step("check".to_owned()),
        cause: id(1),
        event,
    });
    let index = Index {
        status: Some(order.status.as_str().to_owned()),
        customer: order.content.customer.clone(),
        number: order.number.as_ref().map(|number| number.0.clone()),
        po_number: order.content.po_number.clone(),
        parent: Some(order.from.document_id.to_string()),
    };
    let body = Json::of(order);
    Commit {
        events: events.collect(),
        writes: vec![Write { key: Key::new(Kind::Order, order.id), was, now: order.version, body, index }],
        ..Commit::default()
    }
}

pub(crate) fn told(to: &str, message_id: Uuid) -> Event {
    Event::Told { what: Tell::Confirmation, to: to.to_owned(), version: 1, message_id }
}

/// A document that came in and the message that has it read.
pub(crate) fn received(number: u128, message: u128) -> (Commit, Message) {
    let body = DocumentReceived { document_id: id(number) };
    let message = with_body(message, Step::Read, id(number), Body::DocumentReceived(body));
    let commit = Commit {
        writes: vec![document_write(number, None, 0)],
        messages: vec![message.clone()],
        effects: vec![format!("document {number}")],
        ..Commit::default()
    };
    (commit, message)
}

/// The reading of a document with one part in this state, and the draft's message.
pub(crate) fn read(received: &Message, number: u128, state: PartState, message: u128) -> (Commit, Message) {
    let body = DraftRead { document_id: id(number), part: 0 };
    let sent = with_body(message, Step::Check, id(number), Body::DraftRead(body));
    let mut commit = done(received);
    commit.writes = vec![document_write(number, Some(1), 1), part_write(number, state, 0)];
    commit.messages = vec![sent.clone()];
    (commit, sent)
}

fn part(state: PartState) -> Part {
    Part { index: 0, source: "body".to_owned(), kind: document::Kind::Order, state }
}

pub(crate) fn document_write(number: u128, parts: Option<u32>, was: u64) -> Write {
    let document = Document {
        id: id(number),
        sha256: format!("{number:064x}"),
        size: 3,
        name: "order.eml".to_owned(),
        channel: Channel::Mail,
        source: "folder".to_owned(),
        received_at: at(0),
        envelope: Envelope::default(),
        duplicate_of: None,
        parts,
        text: None,
    };
    let index = Index { number: Some(document.sha256.clone()), ..Index::default() };
    let body = Json::of(&document);
    Write { key: Key::new(Kind::Document, document.id), was, now: was + 1, body, index }
}

pub(crate) fn part_write(document: u128, state: PartState, was: u64) -> Write {
    let draft = Draft {
        source: "body".to_owned(),
        kind: document::Kind::Order,
        kind_confidence: Confidence::FULL,
        language: document::Language::Zh,
        order: None,
        refers_to: None,
        unread: Vec::new(),
    };
    let record = PartRecord { document_id: id(document), part: part(state), draft };
    let index = Index { parent: Some(id(document).to_string()), ..Index::default() };
    let body = Json::of(&record);
    Write { key: Key::new(Kind::Part, format!("{}/0", id(document))), was, now: was + 1, body, index }
}
