//! PURE. What a rehearsal saw: each file, its parts, and what became of them.

use crate::order::Order;
use crate::order::document::{Channel, Kind, PartState};
use crate::order::draft::Draft;
use crate::order::status::Rung;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A file or mail that was rehearsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenFile {
    pub name: String,
    pub channel: Channel,
    /// The moment at which it was taken.
    pub at: DateTime<Utc>,
    /// What reading it took.
    pub millis: u64,
    pub fate: Fate,
    pub parts: Vec<SeenPart>,
    /// What it had us send by itself, filed as a notice to a department, by kind.
    pub sent: Sent,
}

/// How many of what would have been sent.
pub type Sent = BTreeMap<String, u64>;

/// What became of a file as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Read,
    /// The same bytes as this earlier file.
    Repeats(String),
    /// It could not be taken or read at all, and why.
    Unreadable(String),
}

/// One part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPart {
    pub draft: Draft,
    pub state: PartState,
    /// The order, amendment or cancellation that it became, as it stood when its checks were done.
    pub order: Option<Order>,
    /// Why it was not proven; see `check::sure`.
    pub doubts: Vec<String>,
    pub sent: Sent,
}

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Released without any human touch.
    Passed,
    /// An order that people would have had to look at.
    Waited,
    /// The same: nothing of an order could be read.
    Unread,
    /// An amendment or cancellation: people decide those.
    Change,
    /// The same order had come before.
    Repeated,
    /// No order.
    Filed,
}

impl SeenPart {
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let Some(order) = &self.order else {
            return match &self.state {
                PartState::Filed { reason } if reason.starts_with("duplicate_of:") => Outcome::Repeated,
                PartState::Filed { .. } => Outcome::Filed,
                PartState::Waiting
                | PartState::Keying { .. }
                | PartState::Order { .. }
                | PartState::Attached { .. } => Outcome::Unread,
            };
        };
        let released = order.status.rung().is_some_and(|rung| rung >= Rung::Released);
        if order.is_case() {
            Outcome::Change
        } else if released {
            Outcome::Passed
        } else if order.content.lines.is_empty() && !self.draft.unread.is_empty() {
            Outcome::Unread
        } else {
            Outcome::Waited
        }
    }

    /// What it is: of what became an order, what that is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.order.as_ref().map_or(self.draft.kind, |order| order.kind)
    }

    /// In what the order stood: `fax`, `body`, `pdf`, `xlsx`; the ending of the innermost file.
    #[must_use]
    pub fn format(&self, channel: Channel) -> String {
        if channel == Channel::Fax {
            return "fax".to_owned();
        }
        let last = self.draft.source.rsplit('/').next().unwrap_or_default();
        match last.rsplit_once('.') {
            Some((_, ending)) if (1..=5).contains(&ending.len()) => ending.to_lowercase(),
            Some(_) | None => "body".to_owned(),
        }
    }
}
