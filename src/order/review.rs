//! Reviews (评审): the queues an order waits in, who may decide there, and what was decided on what.

use super::done::WorkDone;
use super::draft::DraftOrder;
use super::early::Early;
use super::guarantee::Guarantee;
pub use super::refusal::Refusal;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
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
    /// 待客户同意: what is offered differs from what he asked for, and waits for his word.
    Offer,
}

impl Queue {
    pub const ALL: [Self; 14] = [
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
        Self::Offer,
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
            Self::Offer => "offer",
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

/// A field of the order that a reviewer sets by agreeing: what is offered then differs from what the customer asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// `lines.0.unit_price`, `lines.0.quantity`, `lines.0.required`, `requested` or `payment_terms`.
    pub path: String,
    /// A number, a date as 2026-11-30, or the terms.
    pub value: String,
}

/// Whose words close a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// One person of any of its roles.
    #[default]
    Any,
    /// Joint sign: a person of each of its roles, all different.
    All,
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Agreed; with conditions, these bind (DOMAIN: a date, a price, a quantity).
    Approve {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        conditions: Vec<Condition>,
        /// Working days that the department needs from the release on; the promised date comes out of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        needs_days: Option<u32>,
        /// Of a change of what was released: what was already done of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        done: Vec<WorkDone>,
        /// Of a change: what the customer is asked to pay for it, in the order's currency, whatever the work done comes to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fee: Option<Decimal>,
        /// Who agrees guarantees that the order is paid. Credit only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guarantee: Option<Guarantee>,
    },
    /// Back to the clerk, or to the queue `to`, with what to change.
    Return {
        what: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Queue>,
    },
    /// Passed to a colleague, who alone decides it then.
    Transfer { to: String },
    /// Somebody of this role has to agree as well.
    AddReviewer { reviewer: Role },
    /// A queue's rejection is taken to the level above, once.
    Appeal { reason: String },
    /// The order will not be taken.
    Reject { reason: String },
    /// The part is no order at all: filed with the reason, and with what it is where he says so. Keying only.
    File {
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<super::document::Kind>,
    },
    /// Keyed or corrected by the clerk; the order is checked anew. Keying and clarification only.
    Correct { draft: Box<DraftOrder> },
    /// The customer is asked for all that he can clear, or for his word to what is offered.
    Ask,
}

impl Verdict {
    /// Every word that [`Verdict::as_str`] may give.
    pub const WORDS: [&str; 9] =
        ["approve", "return", "reject", "file", "correct", "transfer", "add_reviewer", "appeal", "ask"];

    /// Agreed as it stands.
    #[must_use]
    pub const fn approve() -> Self {
        Self::Approve {
            conditions: Vec::new(),
            needs_days: None,
            done: Vec::new(),
            fee: None,
            guarantee: None,
        }
    }

    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Approve { .. } => "approve",
            Self::Return { .. } => "return",
            Self::Transfer { .. } => "transfer",
            Self::AddReviewer { .. } => "add_reviewer",
            Self::Appeal { .. } => "appeal",
            Self::Reject { .. } => "reject",
            Self::File { .. } => "file",
            Self::Correct { .. } => "correct",
            Self::Ask => "ask",
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
    /// The user whose right it is, where it was delegated to `by`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
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
    /// Decided with this user's delegated right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_days: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<WorkDone>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Decimal>,
    /// By when he guarantees that the order is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarantee: Option<Box<Guarantee>>,
    /// The step to which a `return` leads; the clerk's when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned_to: Option<Queue>,
    /// What this queue looks at once its own conditions are met: it has agreed to that too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agrees_to: Option<String>,
}

/// Where a review stands. Beside a review's own fields: `"state": "open"`, or `"state": "decided", "decided": {…}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "decided", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "most reviews of an order are decided, and it has few")]
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
    #[serde(default, skip_serializing_if = "is_any")]
    pub sign: Sign,
    /// Queues in which nobody may have agreed who agrees here: four eyes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_than: Vec<Queue>,
    /// Roles that a reviewer asked for besides; each has to agree too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<Role>,
    /// The user to whom it was passed, who alone decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<String>,
    /// What somebody asked for, of an order that is released: a gate opens before the money is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early: Option<Box<Early>>,
    /// Those who agreed while others have yet to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signed: Vec<Decided>,
    pub opened_at: DateTime<Utc>,
    /// When its time began anew, after it had rested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarted_at: Option<DateTime<Utc>>,
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

    /// The moment from which its time is counted.
    #[must_use]
    pub fn runs_from(&self) -> DateTime<Utc> {
        self.restarted_at.unwrap_or(self.opened_at)
    }

    /// Who may decide it, added reviewers included.
    pub fn deciders(&self) -> impl Iterator<Item = Role> + '_ {
        self.roles.iter().chain(&self.added).copied()
    }

    /// The roles whose word is still wanted once `role` has agreed as well. Of roles of which any will do, none is once one
    /// has agreed.
    #[must_use]
    pub fn missing_after(&self, role: Role) -> Vec<Role> {
        let signed = |wanted: Role| wanted == role || self.signed.iter().any(|it| it.role == wanted);
        let any = self.sign == Sign::Any && self.roles.iter().any(|it| signed(*it));
        let own = self.roles.iter().filter(|_| !any);
        let mut missing: Vec<Role> = own.chain(&self.added).copied().filter(|it| !signed(*it)).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Everybody who agreed: those who signed, and who decided at last.
    pub fn agreed_by(&self) -> impl Iterator<Item = &Decided> {
        let last = if let ReviewState::Decided(decided) = &self.state { Some(decided) } else { None };
        self.signed.iter().chain(last.filter(|decided| decided.verdict == "approve"))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_any(sign: &Sign) -> bool {
    matches!(sign, Sign::Any)
}
