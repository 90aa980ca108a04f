//! The demo's clock: it starts on the morning on which the first of the samples was sent, and can be turned on.

use crate::runtime::clock::{Clock, SystemClock};
use chrono::{DateTime, TimeDelta, Utc};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};

/// 2 March 2026, 10:00 in Shanghai.
const FIRST_MORNING: i64 = 1_772_416_800;

/// The machine's clock, moved; how far is kept beside the data, so that a second run goes on where the first ended.
#[derive(Debug)]
pub(super) struct DemoClock {
    file: PathBuf,
    /// Seconds from the machine's time to the demo's.
    moved: AtomicI64,
}

impl DemoClock {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let file = dir.join("clock");
        let kept = std::fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok());
        let moved = kept.unwrap_or_else(|| FIRST_MORNING - SystemClock.now().timestamp());
        let clock = Self { file, moved: AtomicI64::new(moved) };
        clock.keep()?;
        Ok(clock)
    }

    /// Turns the clock on.
    pub(super) fn turn(&self, by: TimeDelta) -> io::Result<()> {
        self.moved.fetch_add(by.num_seconds(), Ordering::SeqCst);
        self.keep()
    }

    fn keep(&self) -> io::Result<()> {
        std::fs::write(&self.file, format!("{}\n", self.moved.load(Ordering::SeqCst)))
    }
}

impl Clock for DemoClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::seconds(self.moved.load(Ordering::SeqCst))
    }
}
