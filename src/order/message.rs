//! Messages: the envelope around them and every type that travels, inside the house and out of it.
//!
//! Each type has a hand-written JSON Schema in `schemas/message/<type>.json`; the body must pass it on the way out
//! and on the way in.

pub use super::by_house::ChangeAsked;
pub use super::data::{Arrived, Inlet, MasterChanged, OrderPlaced};
pub use super::early::GateAsked;
use super::event::Milestone;
use super::review::Decision;
pub use super::step::Step;
pub use super::told::{
    AccountingInvoice, GoodsLine, InvoiceLine, MaterialLine, Notification, OrderConfirmed, OrderWatched,
    ProductionTask, PurchasingRequest, RequestLine, ShipTo, ShippingInstruction, WarehousePick, WatchedStep,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A message before it is written: the store adds nothing to it but its place in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// UUIDv7; `message_id` of AMQP.
    pub id: Uuid,
    /// Which try this is, from 1; with the id and the consumer it is the inbox key.
    pub attempt: u32,
    /// The order or document it is about; `correlation_id` of AMQP.
    pub correlation_id: Uuid,
    /// Queue it goes to.
    pub step: Step,
    /// Messages of one lane leave one after the other: (order, destination).
    pub lane: Option<String>,
    pub created_at: DateTime<Utc>,
    /// Not to be taken before; none = at once.
    pub not_before: Option<DateTime<Utc>>,
    pub body: Body,
}

impl Message {
    /// SHA-256 of the body's JSON, lower-case hex: the same id with another body is parked.
    #[must_use]
    pub fn body_hash(&self) -> String {
        super::ids::sha256_hex(&serde_json::to_vec(&self.body).unwrap_or_default())
    }
}

/// The body, tagged with its type: `{"type": "draft.read", ...}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Body {
    #[serde(rename = "message.arrived")]
    Arrived(Arrived),
    #[serde(rename = "order.placed")]
    OrderPlaced(OrderPlaced),
    #[serde(rename = "master.changed")]
    MasterChanged(MasterChanged),
    #[serde(rename = "document.received")]
    DocumentReceived(DocumentReceived),
    #[serde(rename = "draft.read")]
    DraftRead(DraftRead),
    #[serde(rename = "draft.corrected")]
    DraftCorrected(DraftCorrected),
    #[serde(rename = "review.decide")]
    ReviewDecide(ReviewDecide),
    #[serde(rename = "gate.asked")]
    GateAsked(GateAsked),
    #[serde(rename = "change.asked")]
    ChangeAsked(ChangeAsked),
    #[serde(rename = "timer.due")]
    TimerDue(TimerDue),
    #[serde(rename = "report.received")]
    ReportReceived(ReportReceived),
    #[serde(rename = "mail.send")]
    MailSend(MailSend),
    #[serde(rename = "review.requested")]
    ReviewRequested(ReviewRequested),
    #[serde(rename = "production.task")]
    ProductionTask(ProductionTask),
    #[serde(rename = "purchasing.request")]
    PurchasingRequest(PurchasingRequest),
    #[serde(rename = "warehouse.pick")]
    WarehousePick(WarehousePick),
    #[serde(rename = "shipping.instruction")]
    ShippingInstruction(ShippingInstruction),
    #[serde(rename = "accounting.invoice")]
    AccountingInvoice(AccountingInvoice),
    #[serde(rename = "order.confirmed")]
    OrderConfirmed(OrderConfirmed),
    #[serde(rename = "notification")]
    Notification(Notification),
    #[serde(rename = "order.watched")]
    OrderWatched(OrderWatched),
    #[serde(rename = "order.status")]
    OrderStatus(OrderStatus),
}

impl Body {
    /// Every type that travels.
    pub const TYPES: [&str; 22] = [
        "message.arrived",
        "order.placed",
        "master.changed",
        "document.received",
        "draft.read",
        "draft.corrected",
        "review.decide",
        "gate.asked",
        "change.asked",
        "timer.due",
        "report.received",
        "mail.send",
        "review.requested",
        "production.task",
        "purchasing.request",
        "warehouse.pick",
        "shipping.instruction",
        "accounting.invoice",
        "order.confirmed",
        "notification",
        "order.watched",
        "order.status",
    ];

    /// The `type` of the envelope and the name of its schema file.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Arrived(_) => "message.arrived",
            Self::OrderPlaced(_) => "order.placed",
            Self::MasterChanged(_) => "master.changed",
            Self::DocumentReceived(_) => "document.received",
            Self::DraftRead(_) => "draft.read",
            Self::DraftCorrected(_) => "draft.corrected",
            Self::ReviewDecide(_) => "review.decide",
            Self::GateAsked(_) => "gate.asked",
            Self::ChangeAsked(_) => "change.asked",
            Self::TimerDue(_) => "timer.due",
            Self::ReportReceived(_) => "report.received",
            Self::MailSend(_) => "mail.send",
            Self::ReviewRequested(_) => "review.requested",
            Self::ProductionTask(_) => "production.task",
            Self::PurchasingRequest(_) => "purchasing.request",
            Self::WarehousePick(_) => "warehouse.pick",
            Self::ShippingInstruction(_) => "shipping.instruction",
            Self::AccountingInvoice(_) => "accounting.invoice",
            Self::OrderConfirmed(_) => "order.confirmed",
            Self::Notification(_) => "notification",
            Self::OrderWatched(_) => "order.watched",
            Self::OrderStatus(_) => "order.status",
        }
    }
}

/// A document was kept and waits to be read. The bytes do not travel: the store knows the blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentReceived {
    pub document_id: Uuid,
}

/// A part was read; its draft stands with the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftRead {
    pub document_id: Uuid,
    pub part: u32,
}

/// A person corrected a part: what that teaches of its customer is to be learnt. What was keyed stands with the part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftCorrected {
    pub document_id: Uuid,
    pub part: u32,
    /// Code of the customer, where it is known who he is.
    pub customer: Option<String>,
    /// What the part is, where that was corrected.
    pub kind: Option<super::document::Kind>,
    /// User id; not a name.
    pub by: String,
}

/// Somebody decided a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewDecide {
    pub order_id: Uuid,
    pub decision: Decision,
}

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// The shipping instruction is due.
    Ship,
    /// A review's deadline.
    ReviewDeadline,
    /// The invoice must be asked for at the latest.
    InvoiceLatest,
    /// Whether what an order waits for was read meanwhile.
    SoftHold,
    /// What the customer was asked is not answered yet.
    Answer,
    /// Whether an order is paid by the day that somebody guaranteed.
    Guarantee,
}

/// A promise that was set down has come due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimerDue {
    pub order_id: Uuid,
    pub kind: TimerKind,
    /// The review, for a deadline or a guarantee; the message that asked, for an answer; else the order.
    pub about: Uuid,
    pub due: DateTime<Utc>,
}

/// A downstream system says that something happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportReceived {
    pub order_id: Uuid,
    pub milestone: Milestone,
    pub at: DateTime<Utc>,
    /// Number of the delivery note, invoice or voucher.
    pub reference: Option<String>,
    /// Name of the system or user that reports.
    pub by: String,
}

/// A mail to be sent (RFC 5322). `message_id` is stable: sent again it is the same mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSend {
    /// With angle brackets.
    pub message_id: String,
    pub from: String,
    pub to: Vec<String>,
    pub subject: String,
    pub text: String,
    /// With angle brackets; the customer's mail that this answers.
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    /// `confirmation`, `notification`: for the register and for people.
    pub purpose: String,
}

/// A department is asked for its word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewRequested {
    pub order_id: Uuid,
    pub review_id: Uuid,
    pub queue: super::review::Queue,
    pub rules: Vec<String>,
    pub due_at: DateTime<Utc>,
    pub digest: String,
}

/// An order moved; for whoever follows along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderStatus {
    pub order_id: Uuid,
    pub number: Option<String>,
    pub status: String,
    pub at: DateTime<Utc>,
}
