//! What other systems send us: the in-queues, message by message as they come.

use super::envelope::{Properties, returns};
use super::feed::Feed;
use crate::broker::{BrokerError, Tag};
use crate::order::message::Inlet;
use std::sync::Arc;
use std::time::Duration;

/// A message of another system, unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    pub queue: Inlet,
    pub properties: Properties,
    pub body: Vec<u8>,
    /// It was handed out before and not acknowledged.
    pub redelivered: bool,
    /// How often it was handed out, this time included.
    pub claims: u32,
    /// Of no use after a reconnect: the message comes again.
    pub tag: Tag,
}

/// One in-queue. Survives reconnects.
#[derive(Clone)]
pub struct OpenQueue {
    pub(super) queue: Inlet,
    pub(super) feed: Arc<Feed>,
}

impl OpenQueue {
    /// Waits until there is a message, or `wait` is over; then hands out at most `max`.
    pub async fn take(&self, max: u32, wait: Duration) -> Result<Vec<Inbound>, BrokerError> {
        let taken = self.feed.take(max, wait).await?;
        Ok(taken
            .into_iter()
            .map(|(tag, raw)| Inbound {
                queue: self.queue,
                properties: Properties::of(&raw.properties),
                redelivered: raw.redelivered,
                claims: returns(&raw.properties).saturating_add(1),
                body: raw.data,
                tag,
            })
            .collect())
    }

    /// Acknowledges messages whose outcome is committed.
    pub fn ack(&self, tags: &[Tag]) {
        self.feed.ack(tags.iter().copied());
    }

    /// Gives messages back. Most versions of the server count that toward the delivery limit, which is low for foreign
    /// messages: only for a clean stop; while the store is away, hold them and try again.
    pub fn give_back(&self, tags: &[Tag]) {
        self.feed.give_back(tags.iter().copied());
    }
}
