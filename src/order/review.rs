//! Reviews (评审): the queues an order waits in, who may decide there, and what was decided on what.

use super::draft::DraftOrder;
use super::status::CannotMove;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// A review queue (DOMAIN: Reviews). Which an order must pass is decided by rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    Keying,
    Clarification,
    Sales,
    Price,
    Credit,
    SecondLook,
    Margin,
    Production,
    Technical,
    Quality,
    Purchasing,
    Management,
    Watching,
}

impl Queue {
    pub const ALL: [Self; 13] = [
        Self::Keying,
        Self::Clarification,
        Self::Sales,
        Self::Price,
        Self::Credit,
        Self::SecondLook,
        Self::Margin,
        Self::Production,
        Self::Technical,
        Self::Quality,
        Self::Purchasing,
        Self::Management,
        Self::Watching,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keying => "keying",
            Self::Clarification => "clarification",
            Self::Sales => "sales",
            Self::Price => "price",
            Self::Credit => "credit",
            Self::SecondLook => "second_look",
            Self::Margin => "margin",
            Self::Production => "production",
            Self::Technical => "technical",
            Self::Quality => "quality",
            Self::Purchasing => "purchasing",
            Self::Management => "management",
            Self::Watching => "watching",
        }
    }
}

/// A role (DOMAIN: People and departments).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Clerk,
    Salesperson,
    SalesManager,
    Finance,
    Planning,
    Technical,
    Quality,
    Purchasing,
    Warehouse,
    SalesSupport,
    Supervision,
    DeputyGm,
    Gm,
    President,
    Administrator,
}

impl Role {
    pub const ALL: [Self; 15] = [
        Self::Clerk,
        Self::Salesperson,
        Self::SalesManager,
        Self::Finance,
        Self::Planning,
        Self::Technical,
        Self::Quality,
        Self::Purchasing,
        Self::Warehouse,
        Self::SalesSupport,
        Self::Supervision,
        Self::DeputyGm,
        Self::Gm,
        Self::President,
        Self::Administrator,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Salesperson => "salesperson",
            Self::SalesManager => "sales_manager",
            Self::Finance => "finance",
            Self::Planning => "planning",
            Self::Technical => "technical",
            Self::Quality => "quality",
            Self::Purchasing => "purchasing",
            Self::Warehouse => "warehouse",
            Self::SalesSupport => "sales_support",
            Self::Supervision => "supervision",
            Self::DeputyGm => "deputy_gm",
            Self::Gm => "gm",
            Self::President => "president",
            Self::Administrator => "administrator",
        }
    }
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    Approve,
    /// Back to the clerk, with what to change.
    Return {
        what: String,
    },
    /// The order will not be taken.
    Reject {
        reason: String,
    },
    /// The part is no order at all: filed with the reason, and with what it is where he says so. Keying only.
    File {
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<super::document::Kind>,
    },
    /// Keyed or corrected by the clerk; the order is checked anew. Keying and clarification only.
    Correct {
        draft: Box<DraftOrder>,
    },
}

impl Verdict {
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Return { .. } => "return",
            Self::Reject { .. } => "reject",
            Self::File { .. } => "file",
            Self::Correct { .. } => "correct",
        }
    }
}

/// A decision as asked for by a person, before it is known whether it may stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub review_id: Uuid,
    #[serde(flatten)]
    pub verdict: Verdict,
    /// User id; not a name.
    pub by: String,
    pub role: Role,
    pub note: Option<String>,
    /// Digest of what the person was shown; see [`Review::digest`].
    pub digest: String,
}

/// How a review ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// `approve`, `return`, `reject`, `file` or `correct`.
    pub verdict: String,
    pub by: String,
    pub role: Role,
    pub at: DateTime<Utc>,
    pub note: Option<String>,
    pub digest: String,
}

/// Where a review stands. Beside a review's own fields: `"state": "open"`, or `"state": "decided", "decided": {…}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "decided", rename_all = "snake_case")]
pub enum ReviewState {
    Open,
    Decided(Decided),
    /// No longer asked for: what it had looked at changed, or the order ended.
    Withdrawn,
}

/// One queue's word on one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub id: Uuid,
    pub queue: Queue,
    /// Names of the rules that asked for it.
    pub rules: Vec<String>,
    /// Who may decide.
    pub roles: Vec<Role>,
    pub opened_at: DateTime<Utc>,
    /// The deadline, computed in working time.
    pub due_at: DateTime<Utc>,
    /// SHA-256 over the inputs that this queue looks at, lower-case hex: a decision must name it.
    pub digest: String,
    /// The deadline passed while it was open.
    #[serde(default)]
    pub overdue: bool,
    #[serde(flatten)]
    pub state: ReviewState,
}

impl Review {
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, ReviewState::Open)
    }
}

/// Why a decision does not stand. Each says what the person can do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("there is no review {0} on this order: list the open ones with `gendan reviews list`")]
    Unknown(Uuid),
    #[error("review {id} was decided already: {verdict} by {by} at {}", at.format("%Y-%m-%d %H:%M UTC"))]
    Twice { id: Uuid, verdict: String, by: String, at: DateTime<Utc> },
    #[error(
        "review {0} was withdrawn, because the order changed: list the open ones with `gendan reviews list`"
    )]
    Withdrawn(Uuid),
    #[error(
        "what this queue looks at has changed since you saw it (seen {seen}, now {now}): look again with `gendan reviews show {id}` and decide on that"
    )]
    Changed { id: Uuid, seen: String, now: String },
    #[error("{} may not decide in the queue {}: {} may", role.as_str(), queue.as_str(), role_names(allowed))]
    NotAllowed { role: Role, queue: Queue, allowed: Vec<Role> },
    #[error("{by} keyed this order and may not review it: ask a colleague")]
    OwnKeying { by: String },
    #[error("`{verdict}` is not a decision of the queue {}", queue.as_str())]
    NotHere { verdict: String, queue: Queue },
    #[error(
        "the order can't go on as it is, because of {}: correct it, or return it to the clerk",
        codes.join(", ")
    )]
    Blocked { codes: Vec<&'static str> },
    #[error(transparent)]
    CannotMove(#[from] CannotMove),
}

fn role_names(roles: &[Role]) -> String {
    roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
}
