//! What happened to an order. The order is the fold of these; none of them holds personal data.

use super::asked::{Answer, Asked};
use super::document::Kind;
use super::guarantee::Guaranteed;
use super::line::Content;
use super::material::Material;
use super::money::Money;
use super::number::OrderNumber;
use super::problem::Problem;
use super::record::MasterRecord;
use super::review::{Decided, Review, Role};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which part of which document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PartRef {
    pub document_id: Uuid,
    pub part: u32,
}

/// What may be told to somebody about an order; with receiver and version it is a permanent effect key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tell {
    Confirmation,
    Notification,
    ProductionTask,
    PurchaseRequest,
    WarehousePick,
    ShippingInstruction,
    InvoiceRequest,
    /// What the customer is asked for.
    Question,
    /// That he was asked.
    Reminder,
    /// That a guarantee was broken.
    GuaranteeBroken,
    /// What happened to an order that supervision watches.
    Watching,
}

impl Tell {
    pub const ALL: [Self; 11] = [
        Self::Confirmation,
        Self::Notification,
        Self::ProductionTask,
        Self::PurchaseRequest,
        Self::WarehousePick,
        Self::ShippingInstruction,
        Self::InvoiceRequest,
        Self::Question,
        Self::Reminder,
        Self::GuaranteeBroken,
        Self::Watching,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation",
            Self::Notification => "notification",
            Self::ProductionTask => "production_task",
            Self::PurchaseRequest => "purchase_request",
            Self::WarehousePick => "warehouse_pick",
            Self::ShippingInstruction => "shipping_instruction",
            Self::InvoiceRequest => "invoice_request",
            Self::Question => "question",
            Self::Reminder => "reminder",
            Self::GuaranteeBroken => "guarantee_broken",
            Self::Watching => "watching",
        }
    }
}

/// The three gates of a release, each on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Deposit in?
    Produce,
    /// Prepaid money in, shipment approved?
    Ship,
    /// Goods left?
    Invoice,
}

impl Gate {
    pub const ALL: [Self; 3] = [Self::Produce, Self::Ship, Self::Invoice];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Produce => "produce",
            Self::Ship => "ship",
            Self::Invoice => "invoice",
        }
    }
}

/// What a downstream system reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    ProductionStarted,
    ProductionFinished,
    StockOut,
    Delivered,
    Invoiced,
    Paid,
}

impl Milestone {
    pub const ALL: [Self; 6] = [
        Self::ProductionStarted,
        Self::ProductionFinished,
        Self::StockOut,
        Self::Delivered,
        Self::Invoiced,
        Self::Paid,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProductionStarted => "production_started",
            Self::ProductionFinished => "production_finished",
            Self::StockOut => "stock_out",
            Self::Delivered => "delivered",
            Self::Invoiced => "invoiced",
            Self::Paid => "paid",
        }
    }
}

/// One change of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A part became an order, an amendment or a cancellation.
    Received {
        from: PartRef,
        kind: Kind,
        /// When the customer sent it; checks against lead time count from here.
        sent_at: DateTime<Utc>,
        /// For an amendment or cancellation: the order it concerns, once known.
        refers_to: Option<Uuid>,
        content: Content,
    },
    /// One of the house keyed it in, without a letter of the customer's: who, and why.
    Entered {
        by: String,
        why: String,
    },
    /// A clerk keyed or corrected it; `content` is what it says now.
    Corrected {
        by: String,
        content: Content,
    },
    /// The checks ran; `sure` when every figure is proven.
    Checked {
        problems: Vec<Problem>,
        sure: bool,
        proofs: Vec<String>,
    },
    ReviewOpened {
        review: Review,
    },
    ReviewDecided {
        review_id: Uuid,
        decided: Decided,
    },
    ReviewWithdrawn {
        review_id: Uuid,
    },
    ReviewOverdue {
        review_id: Uuid,
    },
    /// Somebody agreed where others have to as well.
    ReviewSigned {
        review_id: Uuid,
        decided: Decided,
    },
    /// Passed to a colleague.
    ReviewAssigned {
        review_id: Uuid,
        to: String,
        by: String,
    },
    /// One more has to agree.
    ReviewerAdded {
        review_id: Uuid,
        role: Role,
        by: String,
    },
    /// The conditions of an agreement are met by what the order says now; `digest` is of what its queue looks at then, none
    /// where it is not asked any more.
    ReviewBound {
        review_id: Uuid,
        digest: Option<String>,
    },
    /// A reviewer's conditions: what is offered is this, whatever was asked for.
    Conditioned {
        review_id: Uuid,
        by: String,
        content: Content,
    },
    /// Of an amendment or cancellation: the order that it concerns was found, or what that order would come to is another now.
    Merged {
        refers_to: Uuid,
        content: Content,
    },
    /// An amendment binds: the order comes to this now.
    Amended {
        case: Uuid,
        content: Content,
        /// Where it changes the terms of payment: whether credit was given to one who pays before.
        #[serde(default)]
        granted: Option<bool>,
        /// What was guaranteed by those who agreed to it.
        #[serde(default)]
        guarantees: Vec<Guaranteed>,
    },
    /// A released order that was amended is filled anew, as in `Released`.
    Replanned {
        promised: NaiveDate,
        ship_on: DateTime<Utc>,
        make: Vec<u32>,
        credit: Option<Money>,
        /// More has to be made than before, or something else: what was reported of the making was of the order as it was.
        remade: bool,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        materials: Vec<Material>,
    },
    /// What an amendment or cancellation costs the customer, who agreed to it.
    Charged {
        case: Uuid,
        amount: Money,
    },
    /// The rejection by this review was taken to the level above.
    Appealed {
        review_id: Uuid,
        by: String,
        reason: String,
    },
    /// The day passed until which somebody guaranteed in this review that the order is paid, and it is not.
    GuaranteeBroken {
        review_id: Uuid,
        /// Which of the review's guarantees; the first one where that is not said.
        #[serde(default)]
        until: Option<NaiveDate>,
    },
    /// Waits for the customer's answer or a clerk's correction.
    Clarifying,
    /// Waits for people.
    InReview,
    Numbered {
        number: OrderNumber,
    },
    /// Everybody agreed; what was due at once was told.
    Released {
        /// Date promised to the customer.
        promised: NaiveDate,
        /// When the shipping instruction is due.
        ship_on: DateTime<Utc>,
        /// Positions that have to be made; the others were taken from stock.
        #[serde(default)]
        make: Vec<u32>,
        /// What the order takes of its customer's credit until it is paid.
        credit: Option<Money>,
        /// What the making takes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        materials: Vec<Material>,
    },
    GateOpened {
        gate: Gate,
    },
    /// Something was told to somebody; `message_id` is the message that says it.
    Told {
        what: Tell,
        to: String,
        version: u32,
        message_id: Uuid,
    },
    /// A report moved the order, or is kept until its turn comes.
    Reported {
        milestone: Milestone,
        at: DateTime<Utc>,
        reference: Option<String>,
        applied: bool,
    },
    /// A report that had been kept is applied.
    Applied {
        milestone: Milestone,
    },
    Held {
        why: String,
    },
    Resumed,
    /// One of the house holds the order, or a line of it. An order that goes on till then is `Held` too.
    Stopped {
        line: Option<u32>,
        by: String,
        why: String,
        at: DateTime<Utc>,
    },
    /// What one of the house held goes on, as far as he is concerned. `rest`: the other lines have left, and it goes after them.
    LetGo {
        line: Option<u32>,
        by: String,
        rest: bool,
    },
    /// The deadline of a review that rested begins anew.
    ReviewRestarted {
        review_id: Uuid,
        at: DateTime<Utc>,
        due_at: DateTime<Utc>,
    },
    Rejected {
        reason: String,
    },
    Cancelled {
        reason: String,
    },
    Closed,
    /// The customer was asked for what is missing, or for his word to what is offered.
    Asked(Asked),
    /// He was reminded of question `version`, for the `times`-th time.
    Reminded {
        version: u32,
        times: u32,
    },
    /// He did not answer question `version` in time; the clerk is told.
    Unanswered {
        version: u32,
    },
    /// An answer of his came in; `content` is what the order says now, where the answer changed it.
    Answered {
        answer: Answer,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Box<Content>>,
    },
    /// Of no order: a table of master data changed. Such events stand in the table's own chain (`Kind::Record`).
    MasterChanged(MasterRecord),
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// A step of gendan itself.
    Step(String),
    /// A person, by user id.
    User(String),
    /// Another system, by name.
    System(String),
}
