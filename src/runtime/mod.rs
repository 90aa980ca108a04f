//! The worker around the pure core: consume, step, commit, acknowledge; outbox, timers, clean stop.

pub mod clock;
pub mod outside;
pub mod rights;
pub mod metrics;
pub mod backoff;
pub mod ahead;
pub mod committer;
pub mod worker;
pub mod outbox;
pub mod timers;
pub mod supervise;
pub mod books;
pub mod house;
pub mod master;
pub mod register;
pub mod prices;
pub mod correspondence;
pub mod applications;
pub mod lessons;
pub mod import;
pub mod trial;
pub mod work;
pub mod steps;

use crate::order::message::Message;
use crate::store::Commit;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::time::Duration;
use thiserror::Error;

/// Why a step could not make its commit.
#[derive(Debug, Error)]
pub enum Failure {
    /// It may work later: the next attempt is set down in the store.
    #[error("{0}")]
    Retry(String),
    /// An outlet surely did not deliver under this fence; it may work later.
    #[error("{why}")]
    Later { why: String, fence: u64 },
    /// Another worker is at it; the message goes back untouched.
    #[error("{0}")]
    Busy(String),
    /// It will never work without a person: the message is parked.
    #[error("{0}")]
    Park(String),
    /// The store could not be asked; nothing is said about the message, which goes back untouched.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

/// What the worker does with a message: everything between taking it and writing what it brings about.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Loads, decides, and returns what is to be written. For an outlet the effect is done in here, under an intent.
    async fn handle(&self, message: &Message) -> Result<Commit, Failure>;

    /// Where this message has other limits than the worker's own.
    fn limits(&self, _message: &Message) -> Limits {
        Limits::default()
    }
}

/// Limits of one message; none = the worker's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// A step that takes longer is given up.
    pub timeout: Option<Duration>,
    /// An effect that surely did not happen is tried again until then, however often that is.
    pub until: Option<DateTime<Utc>>,
}
