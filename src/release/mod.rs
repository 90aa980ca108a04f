//! PURE. What is told to whom once an order is agreed: one file for each kind of message.
//!
//! [`release`] gives the number and tells what is due at once; [`due`] tells, at any time later, what has come due and was
//! not told yet: after a report, or when a timer runs out. Whatever is told leaves a `Told` event, a message, and a
//! permanent effect key, so that it is told once.

pub mod facts;
pub mod header;
pub mod templates;
pub mod plan;
pub mod sheet;
mod telling;
mod confirm;
mod notify;
mod produce;
mod request;
mod pick;
mod ship;
mod invoice;
mod guarantee;
mod status;
pub mod ask;
pub mod inquire;
pub mod heard;
pub mod correspondence;
pub mod filed;
pub mod form;
mod revise;
mod hold;
mod changes;
pub mod price_list;
pub mod watch;
pub mod resend;
pub mod undelivered;

pub use facts::ReleaseFacts;
pub use guarantee::guarantees;
pub use hold::{go_on, stand_aside};
pub use revise::{revise, withdraw};
pub use status::status_message;
pub use telling::{about, effect_key, message_id};

use crate::order::Order;
use crate::order::event::{Event, Gate, Milestone};
use crate::order::ids::Ids;
use crate::order::line::Content;
use crate::order::message::{Message, TimerDue, TimerKind};
use crate::order::money::{Money, MoneyError};
use crate::order::number::NumberParts;
use crate::order::sheet::FoldError;
use crate::order::status::{Rung, Status};
use crate::store::commit::NewTimer;
use chrono::{DateTime, Utc};
use facts::{Department, Terms};
use rust_decimal::Decimal;
use telling::Telling;
use templates::TemplateError;
use thiserror::Error;

/// What a release, or a later step of it, brings about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Release {
    pub events: Vec<Event>,
    pub messages: Vec<Message>,
    pub timers: Vec<NewTimer>,
    /// What is taken from stock, per SKU.
    pub reserve: Vec<(String, Decimal)>,
    /// What the order takes of the customer's credit; none for one who pays before.
    pub credit: Option<Money>,
    /// The running number that was used.
    pub sequence: Option<u64>,
}

/// Why an order can't be released, or what is due can't be told.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ReleaseError {
    #[error("the order is not agreed by everybody yet: see its open reviews")]
    NotAgreed,
    #[error("the order is not complete, `{0}` is missing: return it to the clerk")]
    Incomplete(String),
    #[error("the order has no number")]
    NoNumber,
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Fold(#[from] FoldError),
}

/// Releases an order that everybody agreed to: number, promised date, gates, and all that is told at once.
pub fn release(
    order: &Order,
    facts: &ReleaseFacts<'_>,
    now: DateTime<Utc>,
    ids: Ids,
) -> Result<Release, ReleaseError> {
    if !crate::review::all_agreed(order) {
        return Err(ReleaseError::NotAgreed);
    }
    complete(&order.content)?;
    let plan = plan::plan(order, facts, now)?;
    let mut telling = Telling::new(order, facts, now, ids);
    let parts = NumberParts {
        region: &facts.buyer.region,
        class: class(order, facts),
        customer: &facts.buyer.code,
        on: facts.office.calendar.day_of(now),
        sequence: facts.sequence,
    };
    telling.happen(Event::Numbered { number: facts.pattern.number(&parts) })?;
    let (promised, ship_on, make, materials) = (plan.promised, plan.ship_on, plan.make, plan.materials);
    let credit = facts.buyer.credit.filter(|_| facts.buyer.terms != Terms::Prepaid);
    telling.happen(Event::Released { promised, ship_on, make, credit, materials })?;
    for gate in open_gates(order, facts.buyer.terms) {
        telling.happen(Event::GateOpened { gate })?;
    }
    confirm::confirm(&mut telling)?;
    notify::notify(&mut telling)?;
    tell_due(&mut telling)?;
    if ship_on > now {
        let body = TimerDue { order_id: order.id, kind: TimerKind::Ship, about: order.id, due: ship_on };
        telling.timer("timer/ship", body);
    }
    telling.status();
    let mut out = telling.out;
    out.reserve = plan.reserve.into_iter().collect();
    out.credit = credit;
    out.sequence = Some(facts.sequence);
    Ok(out)
}

/// Tells what has come due since and was not told yet: the production task and the purchase request once the deposit is in, the picking of finished
/// goods, the shipping instruction once its time has come and its gate is open, the invoice once the goods have left.
/// Nothing for an order that stands aside or has ended.
pub fn due(
    order: &Order,
    facts: &ReleaseFacts<'_>,
    now: DateTime<Utc>,
    ids: Ids,
) -> Result<Release, ReleaseError> {
    let mut telling = Telling::new(order, facts, now, ids);
    if matches!(order.status, Status::On(rung) if rung >= Rung::Released) {
        tell_due(&mut telling)?;
    }
    Ok(telling.out)
}

/// The shipping instruction, if it may be given now: for `TimerKind::Ship`.
pub fn ship(
    order: &Order,
    facts: &ReleaseFacts<'_>,
    now: DateTime<Utc>,
    ids: Ids,
) -> Result<Release, ReleaseError> {
    due(order, facts, now, ids)
}

/// The request for an invoice at the latest, for `TimerKind::InvoiceLatest`: also when no stock-out was reported, as long
/// as the carrier was instructed.
pub fn invoice_latest(
    order: &Order,
    facts: &ReleaseFacts<'_>,
    now: DateTime<Utc>,
    ids: Ids,
) -> Result<Release, ReleaseError> {
    let mut telling = Telling::new(order, facts, now, ids);
    let instructed = ship::is_instructed(order);
    if matches!(order.status, Status::On(rung) if rung >= Rung::Released) && instructed {
        if !order.gates.contains(&Gate::Invoice) {
            telling.happen(Event::GateOpened { gate: Gate::Invoice })?;
        }
        invoice::invoice(&mut telling)?;
    }
    Ok(telling.out)
}

fn tell_due(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    produce::produce(telling)?;
    request::request(telling)?;
    pick::pick(telling)?;
    ship::ship(telling)?;
    invoice::invoice(telling)
}

/// The gates that are open from the start, or by a payment that came before the release.
fn open_gates(order: &Order, terms: Terms) -> Vec<Gate> {
    let paid = [&order.kept, &order.reached].into_iter().any(|it| it.contains(&Milestone::Paid));
    match terms {
        Terms::Open => vec![Gate::Produce, Gate::Ship],
        Terms::Deposit | Terms::Prepaid if paid => vec![Gate::Produce, Gate::Ship],
        Terms::Prepaid => vec![Gate::Produce],
        Terms::Deposit => Vec::new(),
    }
}

fn complete(content: &Content) -> Result<Money, ReleaseError> {
    let missing = |what: &str| ReleaseError::Incomplete(what.to_owned());
    if content.customer.is_none() {
        return Err(missing("customer"));
    }
    if content.lines.is_empty() {
        return Err(missing("lines"));
    }
    content.currency.ok_or_else(|| missing("currency"))?;
    content.total()?.ok_or_else(|| missing("unit_price"))
}

/// The class letter of the first line's product; X where it has none.
fn class<'a>(order: &Order, facts: &ReleaseFacts<'a>) -> &'a str {
    let first = order.content.lines.first().and_then(|line| line.sku.as_ref());
    first.and_then(|sku| facts.products.get(sku)).map_or("X", |product| product.class.as_str())
}
