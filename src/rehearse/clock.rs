//! The clock of a rehearsal: it stands at the moment of the document in hand.

use crate::runtime::clock::Clock;
use chrono::{DateTime, Utc};
use std::sync::atomic::{AtomicI64, Ordering};

/// Stands still until it is set.
#[derive(Debug, Default)]
pub(super) struct StandingClock(AtomicI64);

impl StandingClock {
    pub(super) fn set(&self, at: DateTime<Utc>) {
        self.0.store(at.timestamp_micros(), Ordering::SeqCst);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap_or_default()
    }
}
