//! The broker port and its adapters.
//!
//! Inner messages stand in the outbox first. With a broker of its own (RabbitMQ) the relay publishes them; the in-process
//! one takes them from the outbox itself, and the consumer's commit is the confirmation.

pub mod local;
pub mod rabbitmq;

use crate::order::message::{Message, Step};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::Notify;

/// The broker could not do it; nothing is known to have happened.
#[derive(Debug, Error)]
#[error("the broker is not reachable: {0}")]
pub struct BrokerError(pub String);

/// A message in hand. Until it is acknowledged it comes back: to this process or to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub message: Message,
    /// It was in somebody's hand before and not acknowledged: to be tried alone.
    pub again: bool,
    /// How often it was handed out, this time included.
    pub claims: u32,
    /// Names the delivery for [`Broker::ack`]; of no use after a reconnect.
    pub tag: Tag,
}

/// Names one delivery of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag {
    /// Grows with every connection: an acknowledgement from an earlier one is dropped.
    pub epoch: u64,
    pub number: u64,
}

/// What the broker says of one published message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// It is safe with the broker, and waits for the step.
    Confirmed,
    /// It is safe with the broker and has left the house: nobody in it takes it from there.
    Delivered,
    /// No queue takes it.
    Returned { why: String },
    /// Not confirmed in time: it may or may not be there.
    Unknown,
}

/// Carries messages to the steps.
#[async_trait]
pub trait Broker: Send + Sync {
    /// What wakes the relay that has to publish what stands in the outbox; none where `take` finds it there by itself.
    fn relay(&self) -> Option<Arc<Notify>>;

    /// Whether it can be reached at the moment, as far as is known without asking; for readiness.
    fn is_connected(&self) -> bool {
        true
    }

    /// Publishes, and waits for the answers, in order.
    async fn publish(&self, messages: &[Message]) -> Result<Vec<Published>, BrokerError>;

    /// Waits until there is at least one message for the step, or `wait` is over; then hands out at most `max`.
    async fn take(&self, step: Step, max: u32, wait: Duration) -> Result<Vec<Delivery>, BrokerError>;

    /// Acknowledges deliveries whose outcome is committed.
    async fn ack(&self, deliveries: &[Delivery]) -> Result<(), BrokerError>;

    /// Gives deliveries back untouched (a clean stop, or a store that is away).
    async fn give_back(&self, deliveries: &[Delivery]) -> Result<(), BrokerError>;

    /// Something was committed for this step: look now.
    fn wake(&self, step: Step);

    /// The end of this process's work: what was acknowledged is told, what nobody took goes back.
    async fn close(&self) {}
}
