//! The clock: the one place that reads the machine's time.

use chrono::{DateTime, Utc};

/// Tells the time. The simulation has one of its own.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's time")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
