//! What must stand on the server: exchanges, queues and bindings, and how they are declared and compared.

use super::settings::RabbitSettings;
use super::{RabbitError, lost, within};
use crate::order::message::{Inlet, Step};
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, ExchangeKind};
use std::time::Duration;

/// A message of another system that was returned so often is dead-lettered. Low, for one that the protocol library can't
/// read ends the connection each time it comes.
const FOREIGN_LIMIT: u32 = 100;
/// Dead letters have nowhere to go from there; a version of the server that has a limit by itself is told a high one.
const NO_LIMIT: u32 = i32::MAX as u32;

/// Routing keys of the messages that leave the house.
pub(super) const OUT_KEYS: [&str; 10] = [
    "order.confirmed",
    "review.requested.*",
    "notification.*",
    "production.task",
    "purchasing.request",
    "warehouse.pick",
    "shipping.instruction.*",
    "accounting.invoice",
    "order.watched",
    "order.status",
];

/// One queue as it must be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) arguments: FieldTable,
    /// Exchanges that it is bound to, each with the key.
    pub(super) bindings: Vec<(String, String)>,
}

/// Everything that must stand on the server.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Topology {
    pub(super) inner: String,
    pub(super) out: String,
    pub(super) dead: String,
    pub(super) queues: Vec<Queue>,
}

impl Topology {
    pub(super) fn of(settings: &RabbitSettings) -> Self {
        let prefix = &settings.prefix;
        let (inner, out, dead) = (prefix.clone(), format!("{prefix}.out"), format!("{prefix}.dead"));
        let mut topology = Self { inner, out, dead, queues: Vec::new() };
        let Self { inner, out, dead, .. } = topology.clone();
        let bounded = |limit| arguments(settings.max_length_bytes, limit, Some(&dead));
        for step in Step::ALL {
            let bindings = vec![(inner.clone(), step.as_str().to_owned())];
            let name = topology.step(step);
            topology.queues.push(Queue { name, arguments: bounded(settings.delivery_limit), bindings });
        }
        for queue in Inlet::ALL {
            let name = topology.inlet(queue);
            let mut arguments = bounded(FOREIGN_LIMIT);
            if queue == Inlet::Orders {
                // Orders that come together meet at the same SKUs and customers: two processes would compute most of them
                // for nothing. When the one that takes them ends, another does.
                arguments.insert(ShortString::from("x-single-active-consumer"), AMQPValue::Boolean(true));
            }
            topology.queues.push(Queue { name, arguments, bindings: Vec::new() });
        }
        for key in &settings.declare {
            let bindings = vec![(out.clone(), key.clone())];
            let name = format!("{out}.{key}");
            topology.queues.push(Queue { name, arguments: bounded(settings.delivery_limit), bindings });
        }
        let bindings = vec![(dead.clone(), "#".to_owned())];
        let arguments = arguments(settings.max_length_bytes, NO_LIMIT, None);
        topology.queues.push(Queue { name: dead, arguments, bindings });
        topology
    }

    pub(super) fn step(&self, step: Step) -> String {
        format!("{}.{}", self.inner, step.as_str())
    }

    pub(super) fn inlet(&self, queue: Inlet) -> String {
        format!("{}.in.{}", self.inner, queue.as_str())
    }

    pub(super) fn exchanges(&self) -> [&str; 3] {
        [&self.inner, &self.out, &self.dead]
    }

    pub(super) fn queue(&self, name: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.name == name)
    }

    /// Declares all of it; what is there already must be the same.
    pub(super) async fn declare(&self, channel: &Channel, limit: Duration) -> Result<(), RabbitError> {
        for exchange in self.exchanges() {
            declare_exchange(channel, exchange, limit).await?;
        }
        for queue in &self.queues {
            queue.declare(channel, limit).await?;
        }
        Ok(())
    }
}

pub(super) async fn declare_exchange(
    channel: &Channel,
    name: &str,
    limit: Duration,
) -> Result<(), RabbitError> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let declared =
        channel.exchange_declare(short(name)?, ExchangeKind::Topic, options, FieldTable::default());
    within(limit, declared).await?.map_err(|error| explain("exchange", name, &error))
}

impl Queue {
    /// A queue that is none of ours.
    pub(super) fn bare(name: String) -> Self {
        Self { name, arguments: FieldTable::default(), bindings: Vec::new() }
    }

    /// Declares the queue alone; one that is there must be the same.
    pub(super) async fn compare(&self, channel: &Channel, limit: Duration) -> Result<(), RabbitError> {
        let options = QueueDeclareOptions::durable();
        let declared = channel.queue_declare(short(&self.name)?, options, self.arguments.clone());
        within(limit, declared).await?.map_err(|error| explain("queue", &self.name, &error))?;
        Ok(())
    }

    pub(super) async fn declare(&self, channel: &Channel, limit: Duration) -> Result<(), RabbitError> {
        self.compare(channel, limit).await?;
        for (exchange, key) in &self.bindings {
            let bound = channel.queue_bind(
                short(&self.name)?,
                short(exchange)?,
                short(key)?,
                QueueBindOptions::default(),
                FieldTable::default(),
            );
            within(limit, bound).await?.map_err(|error| explain("queue", &self.name, &error))?;
        }
        Ok(())
    }
}

/// AMQP can't set policies; everything is in the arguments of the declaration. A full queue refuses, which the publisher
/// sees, and only then can the server promise that a dead letter is not lost.
fn arguments(max_length_bytes: u64, delivery_limit: u32, dead: Option<&str>) -> FieldTable {
    let mut arguments = FieldTable::default();
    let mut set = |name: &'static str, value| {
        arguments.insert(ShortString::from(name), value);
    };
    let text = |text: &str| AMQPValue::LongString(text.into());
    set("x-queue-type", text("quorum"));
    set("x-overflow", text("reject-publish"));
    set("x-delivery-limit", AMQPValue::LongLongInt(i64::from(delivery_limit)));
    if let Some(dead) = dead {
        set(
            "x-max-length-bytes",
            AMQPValue::LongLongInt(i64::try_from(max_length_bytes).unwrap_or(i64::MAX)),
        );
        set("x-dead-letter-exchange", text(dead));
        set("x-dead-letter-strategy", text("at-least-once"));
    }
    arguments
}

/// A name for the protocol, which takes 255 bytes.
pub(super) fn short(name: &str) -> Result<ShortString, RabbitError> {
    ShortString::try_new(name).map_err(|_| {
        RabbitError::Settings(format!(
            "`{}…` is longer than 255 bytes",
            &name[..name.floor_char_boundary(60)]
        ))
    })
}

/// What the server says of a declaration, in words. It names one difference at a time: `PRECONDITION_FAILED - inequivalent
/// arg 'x-overflow' for queue 'q' in vhost '/': received 'a' but current is 'b'`, with variants from version to version.
fn explain(kind: &str, name: &str, error: &lapin::Error) -> RabbitError {
    let text = error.to_string();
    match difference(&text) {
        Some((argument, wanted, there)) => {
            let guess =
                if there == "none" { " (another program declared it, perhaps as another type)" } else { "" };
            RabbitError::Differs(format!(
                "{kind} `{name}` stands on the server with another `{argument}`: {there} there, {wanted} wanted{guess}. \
                 Set the key behind it to what is there, use another prefix, or, when it is empty, delete it on the server \
                 (`rabbitmqctl delete_queue {name}`); then start again"
            ))
        }
        None if text.contains("ACCESS_REFUSED") => RabbitError::Differs(format!(
            "the user may not declare {kind} `{name}`: give it configure, write and read on names that begin with the \
             prefix (`rabbitmqctl set_permissions`)"
        )),
        None => lost(error).into(),
    }
}

/// The argument, what we want, and what is there.
fn difference(text: &str) -> Option<(String, String, String)> {
    let (_, rest) = text.split_once("inequivalent arg '")?;
    let (argument, rest) = rest.split_once('\'')?;
    let (wanted, there) = rest.split_once("received ")?.1.split_once(" but current is ")?;
    let value = |text: &str| {
        let text = text.trim().trim_start_matches("the value ");
        let text = text.split(" of type ").next().unwrap_or(text);
        if text.starts_with("none") {
            "none".to_owned()
        } else {
            text.trim_matches(['\'', ')', ',']).to_owned()
        }
    };
    Some((argument.to_owned(), value(wanted), value(there)))
}

/// Whether a routing key fits a binding key of a topic exchange: words between dots, `*` one word, `#` any number.
pub(super) fn matches(pattern: &str, key: &str) -> bool {
    fn fits(pattern: &[&str], key: &[&str]) -> bool {
        match (pattern, key) {
            ([], []) => true,
            (["#", rest @ ..], _) => fits(rest, key) || (!key.is_empty() && fits(pattern, &key[1..])),
            ([word, rest @ ..], [first, more @ ..]) => (*word == "*" || word == first) && fits(rest, more),
            _ => false,
        }
    }
    let words = |text| str::split(text, '.').collect::<Vec<&str>>();
    fits(&words(pattern), &words(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fit_patterns_as_on_the_server() {
        for (pattern, key, fits) in [
            ("order.status", "order.status", true),
            ("order.*", "order.status", true),
            ("order.*", "order", false),
            ("order.*", "order.status.late", false),
            ("order.#", "order", true),
            ("#", "shipping.instruction.sf", true),
            ("#.sf", "shipping.instruction.sf", true),
            ("*.instruction.#", "shipping.instruction.sf", true),
            ("order.status", "order.statuses", false),
        ] {
            assert_eq!(matches(pattern, key), fits, "{pattern} {key}");
        }
    }

    #[test]
    fn the_server_s_words_are_read() {
        let said = "AMQP soft error: PRECONDITION-FAILED: PRECONDITION_FAILED - inequivalent arg 'x-max-length-bytes' for \
                    queue 'g.check' in vhost '/': received the value '200' of type 'signedint' but current is the value \
                    '100' of type 'long'";
        let read = |text: &str| difference(text).map(|(a, b, c)| format!("{a} {b} {c}"));
        assert_eq!(read(said).as_deref(), Some("x-max-length-bytes 200 100"));
        let said = "inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received 'quorum' but current is 'classic'";
        assert_eq!(read(said).as_deref(), Some("x-queue-type quorum classic"));
        let said = "inequivalent arg 'x-overflow' for queue 'q' in vhost '/': received the value 'reject-publish' of type \
                    'longstr' but current is none";
        assert_eq!(read(said).as_deref(), Some("x-overflow reject-publish none"));
        assert_eq!(read("NOT_FOUND - no queue"), None);
    }

    #[test]
    fn every_queue_is_named_once() {
        let declare = vec!["order.status".to_owned()];
        let topology = Topology::of(&RabbitSettings { declare, ..RabbitSettings::default() });
        let mut names: Vec<&str> = topology.queues.iter().map(|queue| queue.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 7 + 4 + 1 + 1);
        assert!(topology.queue("gendan.out.order.status").is_some());
    }
}
