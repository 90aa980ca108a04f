//! A right that was handed to a colleague for a period, in writing: who, to whom, what, from, until.

use super::User;
use crate::order::review::{Queue, Role};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One delegation. It is never deleted, only ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    pub id: Uuid,
    /// User whose right it is.
    pub from: String,
    pub to: String,
    /// The role in whose name he decides.
    pub role: Role,
    /// Only in these queues; in all when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<Queue>,
    pub since: DateTime<Utc>,
    /// The first moment at which it holds no more.
    pub until: DateTime<Utc>,
    pub granted_at: DateTime<Utc>,
    pub note: Option<String>,
    pub ended: Option<Ended>,
}

/// Ended before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub by: String,
    pub at: DateTime<Utc>,
}

impl Delegation {
    #[must_use]
    pub fn is_in_force(&self, now: DateTime<Utc>) -> bool {
        self.ended.is_none() && self.since <= now && now < self.until
    }

    /// Whether `to` may act for `from` in this role and queue.
    pub(super) fn covers(
        &self,
        from: &User,
        to: &User,
        (role, queue): (Role, Queue),
        now: DateTime<Utc>,
    ) -> bool {
        self.is_in_force(now)
            && self.from == from.id
            && self.to == to.id
            && self.role == role
            && (self.queues.is_empty() || self.queues.contains(&queue))
    }
}
