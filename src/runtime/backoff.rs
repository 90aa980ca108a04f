//! When a failed attempt is tried again: exponential, with jitter, kept in the store.

use crate::order::message::Message;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// How often and how patiently a message is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetrySettings {
    /// After this many attempts the message is parked.
    pub attempts: u32,
    /// Wait after the first failure; doubled after each further one.
    pub first_seconds: u32,
    /// Never wait longer than this.
    pub longest_seconds: u32,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self { attempts: 8, first_seconds: 2, longest_seconds: 900 }
    }
}

impl RetrySettings {
    /// When the attempt after this one is due; none when they are used up. The jitter (up to half of the wait) comes from
    /// the message's id, so that messages that failed together do not come back together.
    #[must_use]
    pub fn next(&self, message: &Message, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        (message.attempt < self.attempts).then(|| self.after(message, now))
    }

    /// The same, however many attempts there were.
    #[must_use]
    pub fn after(&self, message: &Message, now: DateTime<Utc>) -> DateTime<Utc> {
        let doubled = 1i64 << (message.attempt - 1).min(20);
        let wait = (i64::from(self.first_seconds) * doubled).min(i64::from(self.longest_seconds)) * 1000;
        let seed = message.id.as_u128() ^ u128::from(message.attempt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let jitter = i64::try_from(seed % 1000).unwrap_or(0);
        now + Duration::milliseconds(wait / 2 + wait / 2 * jitter / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::message::{Body, DraftRead, Step};
    use uuid::Uuid;

    fn message(attempt: u32) -> Message {
        Message {
            id: Uuid::from_u128(0x1234_5678),
            attempt,
            correlation_id: Uuid::nil(),
            step: Step::Check,
            lane: None,
            created_at: DateTime::UNIX_EPOCH,
            not_before: None,
            body: Body::DraftRead(DraftRead { document_id: Uuid::nil(), part: 0 }),
        }
    }

    #[test]
    fn waits_double_up_to_the_longest_and_end() {
        let settings = RetrySettings { attempts: 12, first_seconds: 2, longest_seconds: 60 };
        let now = DateTime::UNIX_EPOCH;
        for attempt in 1..12 {
            let wait = (settings.next(&message(attempt), now).unwrap() - now).num_milliseconds();
            let full = (2000i64 << (attempt - 1)).min(60_000);
            assert!((full / 2..=full).contains(&wait), "attempt {attempt}: {wait} ms of {full}");
        }
        assert_eq!(settings.next(&message(12), now), None);
    }
}
