//! `gendan broker check`: what stands on the server, beside what must.

use super::hello::hello;
use super::link::Link;
use super::settings::RabbitSettings;
use super::topology::{self, OUT_KEYS, Queue, Topology, short};
use super::{RabbitError, lost, within};
use crate::broker::BrokerError;
use lapin::options::{ExchangeDeclareOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{ErrorKind, ExchangeKind};
use serde::Serialize;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Product and version.
    pub server: String,
    pub found: Vec<Found>,
    pub keys: Vec<KeyFound>,
}

/// An exchange or a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    pub kind: &'static str,
    pub name: String,
    /// Messages ready, and consumers; of a queue that is there.
    pub messages: Option<u32>,
    pub consumers: Option<u32>,
    /// What is wrong with it, and what to do.
    pub wrong: Option<String>,
}

/// A routing key of messages that leave the house, and who sees to a queue for it. The protocol does not tell what others
/// have bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyFound {
    pub key: String,
    pub seen_to: &'static str,
}

impl Report {
    /// Whether everything is as it must be.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.found.iter().all(|found| found.wrong.is_none())
    }
}

/// Looks at the server and compares; changes nothing.
pub async fn check(settings: &RabbitSettings) -> Result<Report, RabbitError> {
    settings.check().map_err(RabbitError::Settings)?;
    let server = hello(settings).await?;
    let link = Link::open(settings, "check").await?;
    let topology = Topology::of(settings);
    let mut found = Vec::new();
    for name in topology.exchanges() {
        found.push(exchange(&link, name, settings).await?);
    }
    for plan in &topology.queues {
        found.push(queue(&link, plan, settings).await?);
    }
    link.close().await;
    Ok(Report { server, found, keys: OUT_KEYS.iter().map(|key| seen_to(key, settings)).collect() })
}

/// An error ends the channel, so each thing is looked at on one of its own.
async fn exchange(link: &Link, name: &str, settings: &RabbitSettings) -> Result<Found, RabbitError> {
    let limit = settings.answer();
    let channel = link.channel().await?;
    let options = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
    let looked = channel.exchange_declare(short(name)?, ExchangeKind::Topic, options, FieldTable::default());
    let wrong = match within(limit, looked).await? {
        Ok(()) => differs(topology::declare_exchange(&channel, name, limit).await)?,
        Err(error) => Some(missing("exchange", name, &error)?),
    };
    Ok(Found { kind: "exchange", name: name.to_owned(), messages: None, consumers: None, wrong })
}

async fn queue(link: &Link, plan: &Queue, settings: &RabbitSettings) -> Result<Found, RabbitError> {
    let limit = settings.answer();
    let channel = link.channel().await?;
    let looked = channel.queue_declare(
        short(&plan.name)?,
        QueueDeclareOptions::durable().passive(),
        FieldTable::default(),
    );
    let mut found =
        Found { kind: "queue", name: plan.name.clone(), messages: None, consumers: None, wrong: None };
    match within(limit, looked).await? {
        Ok(there) => {
            found.messages = Some(there.message_count());
            found.consumers = Some(there.consumer_count());
            // Declaring what is there compares, and changes nothing.
            found.wrong = differs(plan.compare(&channel, limit).await)?;
        }
        Err(error) => found.wrong = Some(missing("queue", &plan.name, &error)?),
    }
    Ok(found)
}

fn differs(compared: Result<(), RabbitError>) -> Result<Option<String>, RabbitError> {
    match compared {
        Ok(()) => Ok(None),
        Err(RabbitError::Differs(why)) => Ok(Some(why)),
        Err(error) => Err(error),
    }
}

fn missing(kind: &str, name: &str, error: &lapin::Error) -> Result<String, BrokerError> {
    let ErrorKind::ProtocolError(_) = error.kind() else { return Err(lost(error)) };
    let text = error.to_string();
    if text.contains("NOT_FOUND") || text.contains("NOT-FOUND") {
        return Ok(format!("{kind} `{name}` is not there: `gendan broker declare` makes it"));
    }
    if text.contains("ACCESS_REFUSED") {
        return Ok(format!("the user may not look at {kind} `{name}` (`rabbitmqctl set_permissions`)"));
    }
    Err(lost(error))
}

fn seen_to(key: &str, settings: &RabbitSettings) -> KeyFound {
    let covers = |patterns: &[String]| {
        patterns.iter().any(|pattern| topology::matches(pattern, key) || topology::matches(key, pattern))
    };
    let seen_to = if covers(&settings.declare) {
        "declared here"
    } else if covers(&settings.optional) {
        "optional"
    } else {
        "its receiver's: parked while no queue is bound"
    };
    KeyFound { key: key.to_owned(), seen_to }
}
