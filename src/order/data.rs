//! What other systems say as data: the queues that are open to them, and the messages that lie there.

use super::document::Language;
use super::message::Step;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The queues that other systems write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inlet {
    /// Orders as data: `order.placed`.
    Orders,
    /// `report.received`.
    Reports,
    /// `review.decide`.
    Decisions,
    /// `master.changed`.
    Master,
    /// One of our own queues, in which something lay that we did not write. Nothing of it is ever carried out.
    Inner,
}

impl Inlet {
    /// Those that are open to others.
    pub const ALL: [Self; 4] = [Self::Orders, Self::Reports, Self::Decisions, Self::Master];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Reports => "reports",
            Self::Decisions => "decisions",
            Self::Master => "master",
            Self::Inner => "inner",
        }
    }

    /// The type that messages there have.
    #[must_use]
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Orders => "order.placed",
            Self::Reports => "report.received",
            Self::Decisions => "review.decide",
            Self::Master => "master.changed",
            Self::Inner => "message.arrived",
        }
    }

    /// The step that works on them.
    #[must_use]
    pub const fn step(self) -> Step {
        match self {
            Self::Orders => Step::Read,
            Self::Master => Step::Check,
            Self::Decisions => Step::Review,
            Self::Reports | Self::Inner => Step::Follow,
        }
    }
}

/// A message of another system, whole, as it came: what can't be understood is kept like this, and can be replayed once it can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrived {
    pub inlet: Inlet,
    /// Who the way in says it is: the AMQP user, or the name of an HTTP token.
    pub by: Option<String>,
    /// The id that its sender gave it: with inlet and sender it tells a repetition from a new message.
    pub message_id: Option<String>,
    pub text: String,
    /// `text` is hexadecimal, because the bytes are not UTF-8.
    pub hex: bool,
}

/// A shop, or another system that may, places an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderPlaced {
    /// The order field by field, as a clerk would key it (`order::keyed`); the customer by his code or his exact name.
    pub order: Value,
    /// The language in which the customer is answered.
    #[serde(default)]
    pub language: Language,
}

/// Another system brings rows of a table of master data up to date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MasterChanged {
    /// Name of the table, as in its CSV file: `customers`, `stock`, …
    pub table: String,
    /// These rows are the whole table; else they replace or join those of the same key.
    pub whole: bool,
    /// Column name to text, as in the CSV file.
    pub rows: Vec<BTreeMap<String, String>>,
}
