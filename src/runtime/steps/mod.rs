//! What each step does with a message: load, decide purely, return the commit.
//!
//! A draft that can go on does go on: check, review and release run in one commit. The same functions run alone when a
//! decision, a timer or a report enters half-way.

mod answer;
mod arrived;
mod ask;
mod change;
mod check;
mod decide;
mod desk;
mod early;
mod explain;
mod facts;
mod hold;
mod holdings;
mod house;
mod learn;
mod looked;
mod mails;
mod master;
mod place;
mod read;
mod report;
mod rights;
mod settle;
mod soft_hold;
mod timer;
mod watch;

use super::ahead::Ahead;
use super::books::Books;
use super::lessons::LessonShelf;
use super::master::MasterShelf;
use super::{Failure, Handler, Limits};
use crate::deliver::Delivery;
use crate::order::Order;
use crate::order::ids::Ids;
use crate::order::message::{Body, Message, Step};
use crate::order::sheet::FoldError;
use crate::runtime::work::{Stamp, Work};
use crate::store::blobs::Blobs;
use crate::store::{Commit, Consumed, Disposition, Key, Kind, Snapshot, Store, StoreError};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// All steps of a process.
pub struct Steps {
    pub store: Arc<dyn Store>,
    /// The figures that this process is about to write.
    pub ahead: Ahead,
    pub blobs: Arc<dyn Blobs>,
    pub books: Arc<Books>,
    pub shelf: Arc<MasterShelf>,
    pub lessons: Arc<LessonShelf>,
    pub delivery: Delivery,
}

#[async_trait]
impl Handler for Steps {
    async fn handle(&self, message: &Message) -> Result<Commit, Failure> {
        self.books
            .schemas
            .check_message(message)
            .map_err(|e| Failure::Park(format!("it does not fit its schema: {e}")))?;
        let arrived = if let Body::Arrived(arrived) = &message.body {
            Some(self.understand(arrived).await?)
        } else {
            None
        };
        let commit = match arrived.as_ref().unwrap_or(&message.body) {
            Body::OrderPlaced(body) => Box::pin(self.place(message, body)).await?,
            Body::MasterChanged(body) => self.change_master(message, body).await?,
            Body::Arrived(_) => return Err(Failure::Park("a message in a message".to_owned())),
            Body::DocumentReceived(body) => self.read(message, body.document_id).await?,
            Body::DraftRead(body) => Box::pin(self.check(message, body.document_id, body.part)).await?,
            Body::DraftCorrected(body) => Box::pin(self.learn(message, body)).await?,
            Body::ReviewDecide(body) => Box::pin(self.decide(message, body)).await?,
            Body::GateAsked(body) => self.ask_early(message, body).await?,
            Body::ChangeAsked(body) => Box::pin(self.change_asked(message, body)).await?,
            Body::TimerDue(body) => Box::pin(self.timer(message, body)).await?,
            Body::ReportReceived(body) => self.report(message, body).await?,
            Body::MailSend(_)
            | Body::ReviewRequested(_)
            | Body::ProductionTask(_)
            | Body::PurchasingRequest(_)
            | Body::WarehousePick(_)
            | Body::ShippingInstruction(_)
            | Body::AccountingInvoice(_)
            | Body::OrderConfirmed(_)
            | Body::Notification(_)
            | Body::OrderWatched(_)
            | Body::OrderStatus(_) => self.deliver(message).await?,
        };
        for sent in &commit.messages {
            self.books.schemas.check_message(sent).map_err(|e| {
                Failure::Park(format!("the {} that follows from it is wrong: {e}", sent.body.type_name()))
            })?;
        }
        Ok(commit)
    }

    /// What leaves the house has the time that its outlet allows itself, and a mail server may be away for long.
    fn limits(&self, message: &Message) -> Limits {
        if message.step != Step::Deliver {
            return Limits::default();
        }
        let patience = TimeDelta::hours(i64::from(self.books.config.smtp.give_up_hours));
        let mail = matches!(message.body, Body::MailSend(_));
        Limits {
            timeout: Some(self.delivery.timeout + Duration::from_secs(5)),
            until: mail.then(|| message.created_at + patience),
        }
    }
}

/// What a step writes with: the moment, and the commit that everything goes into.
struct Pen<'a> {
    now: Now<'a>,
    commit: Commit,
}

/// What a step knows of the moment and of the message that it works on.
struct Now<'a> {
    at: DateTime<Utc>,
    ids: Ids,
    message: &'a Message,
}

impl Now<'_> {
    fn stamp(&self, actor: crate::order::event::Actor) -> Stamp {
        Stamp { at: self.at, actor, cause: self.message.id }
    }
}

impl Steps {
    async fn now<'a>(&self, message: &'a Message) -> Result<Now<'a>, StoreError> {
        let at = self.store.now().await?;
        Ok(Now { at, ids: Ids::new(message.id, at), message })
    }

    /// One aggregate, parsed; none when there is no such.
    async fn one<T: DeserializeOwned>(&self, key: Key) -> Result<Option<(u64, T)>, Failure> {
        let found = self.store.load(std::slice::from_ref(&key)).await?.into_iter().flatten().next();
        found.map(parsed).transpose()
    }

    async fn order(&self, id: Uuid) -> Result<Work, Failure> {
        let found = self.store.load(&[Key::new(Kind::Order, id)]).await?.into_iter().flatten().next();
        let snapshot = found.ok_or_else(|| Failure::Park(format!("there is no order {id}")))?;
        Ok(Work::stored(snapshot)?)
    }
}

/// A snapshot's version and body.
fn parsed<T: DeserializeOwned>(snapshot: Snapshot) -> Result<(u64, T), Failure> {
    let body = snapshot.body.read().map_err(|e| {
        StoreError::Broken(format!("{} {}: {e}", snapshot.key.kind.as_str(), snapshot.key.id))
    })?;
    Ok((snapshot.version, body))
}

/// The message is done; `what` says what became of it.
fn done(message: &Message, what: impl Into<String>) -> Commit {
    let disposition = Disposition::Done { what: what.into() };
    Commit {
        consumes: Some(Consumed { message: message.clone(), disposition, fence: None }),
        ..Commit::default()
    }
}

/// An event that does not fit is a fault of ours: the message is parked with what it was.
fn misfit(order: &Order) -> impl Fn(FoldError) -> Failure + use<> {
    let id = order.id;
    move |error| Failure::Park(format!("order {id}: {error}"))
}
