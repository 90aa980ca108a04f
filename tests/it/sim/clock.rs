//! The world's clock: tokio's paused time, counted from a fixed day.

use chrono::{DateTime, Utc};
use gendan::runtime::clock::Clock;
use tokio::time::Instant;

/// Runs with tokio's clock, so that sleeping is what makes time pass.
pub(super) struct WorldClock {
    start: Instant,
    day: DateTime<Utc>,
}

impl WorldClock {
    /// Starts on a Friday morning in Shanghai: a weekend is near.
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), day: "2026-03-06T01:00:00Z".parse().unwrap() }
    }
}

impl Clock for WorldClock {
    fn now(&self) -> DateTime<Utc> {
        self.day + self.start.elapsed()
    }
}
