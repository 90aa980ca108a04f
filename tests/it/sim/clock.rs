//! The world's clock: tokio's paused time, counted from a fixed day, and put forward or back now and then.

use chrono::{DateTime, TimeDelta, Utc};
use gendan::runtime::clock::Clock;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::time::Instant;

/// Runs with tokio's clock, so that sleeping is what makes time pass.
pub(super) struct WorldClock {
    start: Instant,
    day: DateTime<Utc>,
    /// Minutes by which somebody put it forward.
    forward: AtomicI64,
}

impl WorldClock {
    /// Starts on a Friday morning in Shanghai: a weekend is near.
    pub(super) fn new() -> Self {
        let day = "2026-03-06T01:00:00Z".parse().unwrap();
        Self { start: Instant::now(), day, forward: AtomicI64::new(0) }
    }

    /// Puts the clock forward; with a negative number back.
    pub(super) fn put(&self, minutes: i64) {
        self.forward.fetch_add(minutes, Ordering::SeqCst);
    }
}

impl Clock for WorldClock {
    fn now(&self) -> DateTime<Utc> {
        self.day + self.start.elapsed() + TimeDelta::minutes(self.forward.load(Ordering::SeqCst))
    }
}
