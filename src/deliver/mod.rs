//! The outlets, the only steps with effects outside: intent, effect, outcome.

pub mod fax;
pub mod file;
pub mod mail;
pub mod nowhere;
pub mod smtp;

use crate::order::message::{Body, Message};
use crate::release::undelivered::Refused;
use crate::runtime::{Failure, metrics};
use crate::store::{Commit, Consumed, Disposition, Intended, Store};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Why an outlet did not deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSent {
    /// Surely not delivered; it may work later.
    Later(String),
    /// Surely not delivered; it never will be without a person.
    Never(String),
    /// The receiver's answer was lost.
    Unsure(String),
    /// Delivered, but not to everybody: who was refused for good.
    InPart(Vec<Refused>),
}

/// A way out of the house.
#[async_trait]
pub trait Outlet: Send + Sync {
    /// Whether the receiver, told twice with the same message id, does it once.
    fn idempotent(&self) -> bool;

    /// How many may send at the same time. A turn is waited for before the intent is stated, so that few are in doubt when the
    /// process dies.
    fn turns(&self) -> Option<Arc<Semaphore>> {
        None
    }

    /// Delivers. Called again with the same message only when the first call surely had no effect, or when
    /// [`Outlet::idempotent`].
    async fn send(&self, message: &Message, destination: &str) -> Result<(), NotSent>;
}

/// The outlets of this house, and how they are called.
pub struct Delivery {
    pub store: Arc<dyn Store>,
    /// For mails.
    pub mail: Arc<dyn Outlet>,
    /// For every other message.
    pub messages: Arc<dyn Outlet>,
    /// Name of this run of the process.
    pub holder: String,
    /// Lease of an intent; longer than `timeout`.
    pub lease: Duration,
    /// An outlet that takes longer is given up.
    pub timeout: Duration,
}

/// Where a message goes: a routing key, or `mail`.
#[must_use]
pub fn destination(body: &Body) -> String {
    match body {
        Body::MailSend(_) => "mail".to_owned(),
        Body::ReviewRequested(request) => format!("review.requested.{}", request.queue.as_str()),
        Body::ShippingInstruction(instruction) => format!("shipping.instruction.{}", instruction.carrier),
        Body::Notification(notice) => format!("notification.{}", notice.department.as_str()),
        Body::ProductionTask(_)
        | Body::PurchasingRequest(_)
        | Body::WarehousePick(_)
        | Body::AccountingInvoice(_)
        | Body::OrderConfirmed(_)
        | Body::OrderWatched(_)
        | Body::OrderStatus(_)
        | Body::Arrived(_)
        | Body::OrderPlaced(_)
        | Body::MasterChanged(_)
        | Body::DocumentReceived(_)
        | Body::DraftRead(_)
        | Body::DraftCorrected(_)
        | Body::ReviewDecide(_)
        | Body::GateAsked(_)
        | Body::ChangeAsked(_)
        | Body::TimerDue(_)
        | Body::ReportReceived(_) => body.type_name().to_owned(),
    }
}

impl Delivery {
    /// Intent, effect, outcome. What is returned is the outcome, to be committed under the intent's fence; and, when a mail
    /// did not reach everybody, who was refused.
    pub async fn deliver(&self, message: &Message) -> Result<(Commit, Vec<Refused>), Failure> {
        let destination = destination(&message.body);
        let is_mail = matches!(message.body, Body::MailSend(_));
        let outlet = if is_mail { &self.mail } else { &self.messages };
        let _turn = match outlet.turns() {
            Some(turns) => turns.acquire_owned().await.ok(),
            None => None,
        };
        let (fence, again) = match self.store.intend(message, &destination, &self.holder, self.lease).await? {
            Intended::Go { fence, again } => (fence, again),
            Intended::Held { until } => {
                return Err(Failure::Busy(format!("another worker delivers it until {until}")));
            }
            Intended::Finished => return Ok((outcome(message, done("delivered"), None), Vec::new())),
        };
        let sent = if again && !outlet.idempotent() {
            Err(NotSent::Unsure("the process ended between the intent and its outcome".into()))
        } else {
            self.send(outlet.as_ref(), message, &destination).await
        };
        metrics::delivered(if is_mail { "mail" } else { "messages" }, word(&sent));
        match sent {
            Ok(()) => Ok((outcome(message, done("delivered"), Some(fence)), Vec::new())),
            Err(NotSent::InPart(refused)) => {
                tracing::warn!(message.id = %message.id, "delivered, but not to everybody");
                Ok((outcome(message, done("delivered_in_part"), Some(fence)), refused))
            }
            Err(NotSent::Unsure(why)) => {
                tracing::warn!(message.id = %message.id, why, "not known whether it was delivered");
                Ok((outcome(message, done("unsure"), Some(fence)), Vec::new()))
            }
            Err(NotSent::Never(why)) => {
                Ok((outcome(message, Disposition::Park { why }, Some(fence)), Vec::new()))
            }
            Err(NotSent::Later(why)) => Err(Failure::Later { why, fence }),
        }
    }

    async fn send(&self, outlet: &dyn Outlet, message: &Message, destination: &str) -> Result<(), NotSent> {
        let late = || {
            let why = format!("no answer within {} s", self.timeout.as_secs());
            if outlet.idempotent() { NotSent::Later(why) } else { NotSent::Unsure(why) }
        };
        match tokio::time::timeout(self.timeout, outlet.send(message, destination)).await {
            Ok(sent) => sent,
            Err(_) => Err(late()),
        }
    }
}

const fn word(sent: &Result<(), NotSent>) -> &'static str {
    match sent {
        Ok(()) => "delivered",
        Err(NotSent::InPart(_)) => "in_part",
        Err(NotSent::Unsure(_)) => "unsure",
        Err(NotSent::Never(_)) => "parked",
        Err(NotSent::Later(_)) => "later",
    }
}

fn done(what: &str) -> Disposition {
    Disposition::Done { what: what.to_owned() }
}

fn outcome(message: &Message, disposition: Disposition, fence: Option<u64>) -> Commit {
    Commit { consumes: Some(Consumed { message: message.clone(), disposition, fence }), ..Commit::default() }
}
