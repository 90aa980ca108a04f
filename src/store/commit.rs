//! A step's whole result as plain data. `Store::commit` is the only way to write it.

use super::json::Json;
use crate::order::event::{Actor, Event};
use crate::order::message::{Message, TimerDue};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What kinds of things are kept as snapshot + version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `order::document::Document`; id is the document's.
    Document,
    /// `store::PartRecord`: a part's draft and what became of it; id is `<document>/<part>`.
    Part,
    /// `order::Order`; its events tell its whole history.
    Order,
    /// `order::party::Party`: personal data.
    Party,
    /// Running number of a customer; id is the customer's code.
    Counter,
    /// What a customer's open orders take of his credit; id is the customer's code.
    Credit,
    /// What orders have reserved of a SKU; id is the SKU.
    Stock,
    /// A table of master data (`customers`, `products`, …) as one body; id is its name.
    Master,
    /// `intake::imap::cursor::Cursor`: what is known of a mailbox's folder; id is `<mailbox>/<folder>`.
    Mailbox,
    /// `learn::Taught`: what corrections taught about a customer; id is the customer's code.
    Lessons,
    /// `rights::Delegation`s, all of them; the id is `delegations`.
    Rights,
    /// The chain of records of one table of master data (`runtime::records`): nothing but its version; id is a UUID that
    /// follows from the table's name.
    Record,
    /// `master::applications::Application`: who wants to become a customer; its index holds its state.
    Application,
}

impl Kind {
    pub const ALL: [Self; 13] = [
        Self::Document,
        Self::Part,
        Self::Order,
        Self::Party,
        Self::Counter,
        Self::Credit,
        Self::Stock,
        Self::Master,
        Self::Mailbox,
        Self::Lessons,
        Self::Rights,
        Self::Record,
        Self::Application,
    ];

    /// Whether events stand with it, one for each of its versions, each hashed over the one before.
    #[must_use]
    pub const fn has_events(self) -> bool {
        matches!(self, Self::Order | Self::Record)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Part => "part",
            Self::Order => "order",
            Self::Party => "party",
            Self::Counter => "counter",
            Self::Credit => "credit",
            Self::Stock => "stock",
            Self::Master => "master",
            Self::Mailbox => "mailbox",
            Self::Lessons => "lessons",
            Self::Rights => "rights",
            Self::Record => "record",
            Self::Application => "application",
        }
    }
}

/// Names one aggregate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    pub kind: Kind,
    pub id: String,
}

impl Key {
    #[must_use]
    pub fn new(kind: Kind, id: impl ToString) -> Self {
        Self { kind, id: id.to_string() }
    }
}

/// Columns by which aggregates are found; what does not apply is none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Index {
    /// Status of an order, state of a part.
    pub status: Option<String>,
    pub customer: Option<String>,
    /// Order number, which no two orders may share; SHA-256 of a document.
    pub number: Option<String>,
    pub po_number: Option<String>,
    /// The document of a part, the document of an order.
    pub parent: Option<String>,
}

/// An aggregate as it shall be, with the version that it was computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    pub key: Key,
    /// Version that was loaded; 0 when it did not exist.
    pub was: u64,
    /// Version that it has now; greater than `was`.
    pub now: u64,
    pub body: Json,
    pub index: Index,
}

/// One event to be appended to a chain, an order's or a table's, at `sequence` (1 for the first).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The order, or the table's record ([`Kind::Record`]).
    pub order_id: Uuid,
    pub sequence: u64,
    pub at: DateTime<Utc>,
    pub actor: Actor,
    /// The message or command that brought it about.
    pub cause: Uuid,
    pub event: Event,
}

/// A timer to be set. Setting one that exists (same id) does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTimer {
    /// Also the id of the message that it becomes.
    pub id: Uuid,
    pub due: DateTime<Utc>,
    /// Queue that the message goes to.
    pub step: crate::order::message::Step,
    pub body: TimerDue,
}

/// An open or ended review as the lists show it; written whenever the order's review changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRow {
    pub id: Uuid,
    pub order_id: Uuid,
    pub queue: crate::order::review::Queue,
    /// `open`, `decided` or `withdrawn`.
    pub state: String,
    pub opened_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
    pub overdue: bool,
    pub rules: Vec<String>,
    pub digest: String,
}

/// What becomes of the message that is consumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Done; `what` says in a word what became of it (`released`, `duplicate`, `delivered`, `unsure`).
    Done { what: String },
    /// Failed for now: the next attempt goes into the outbox, not to be taken before `not_before`.
    Retry { why: String, not_before: DateTime<Utc> },
    /// Attempts used up, invalid, or the step panicked: kept whole for a person.
    Park { why: String },
}

/// The consumption of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumed {
    /// The consumer is the message's step; the inbox key is (step, id, attempt).
    pub message: Message,
    pub disposition: Disposition,
    /// For an outlet: the fence of the intent that this ends; a commit with another fence than the one that is held is
    /// refused. A retry or parking under a fence says that the effect is known not to have happened. Without a fence
    /// an outlet's intent stays open: whoever comes next is told `again`, and when nobody can come it is listed as
    /// unsure. Other steps have no effect outside, and any outcome ends what they held.
    pub fence: Option<u64>,
}

/// Everything that one step wants written, or nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Commit {
    /// None for a source or a command; then `effects` keep it from happening twice.
    pub consumes: Option<Consumed>,
    /// Permanent keys: document hash + part, order + what was told to whom + version. If one of them stands already
    /// the commit writes nothing (but its inbox row) and is answered with [`Answer::AlreadyDone`].
    pub effects: Vec<String>,
    /// Aggregates that were looked at and must not have changed, though they are not written. 0 = must not exist.
    pub requires: Vec<(Key, u64)>,
    pub writes: Vec<Write>,
    /// Only together with the write of their order or record, leading from its `was` to its `now` one by one.
    pub events: Vec<NewEvent>,
    pub reviews: Vec<ReviewRow>,
    /// Their ids are new; or it is the next attempt of a message that this commit unparks, or whose outcome was `unsure`.
    pub messages: Vec<Message>,
    pub timers: Vec<NewTimer>,
    pub cancel_timers: Vec<Uuid>,
    /// Parked messages that this commit takes out of the parking, with the reason: replayed when `messages` has the next
    /// attempt, else discarded. If one is not parked any more, the answer is [`Answer::AlreadyDone`].
    pub unpark: Vec<(Uuid, String)>,
}

/// What became of one commit of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Written.
    Done,
    /// The inbox has this message with this body: it was done before; or a later attempt took its place. Nothing was
    /// written; acknowledge.
    Duplicate,
    /// The inbox has this message id with another body. Nothing was written; the message must be parked, under an id of
    /// its own (its inbox key is taken).
    OtherBody,
    /// An effect key stands already: it was done before, by another message. Only the inbox row was written, with the
    /// word `already_done`, whatever the disposition.
    AlreadyDone { effect: String },
    /// An aggregate changed meanwhile. Nothing was written, the inbox row included; compute again from fresh state.
    Lost { key: Key },
    /// The intent's lease was taken over: the effect belongs to somebody else now. Nothing was written.
    Fenced,
    /// The database refuses this one; its neighbours stand. Park it with the reason.
    Refused { why: String },
}
