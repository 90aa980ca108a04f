//! What no step can take: rubbish on an inner queue, and dead letters. To be parked, then settled.

use super::envelope::{self, Properties, decode};
use crate::broker::Tag;
use crate::order::message::{Message, Step};
use lapin::message::Delivery as Raw;
use lapin::types::{AMQPValue, FieldTable};

/// A message that waits for nobody but a person. It comes again until it is settled, so parking it twice must do nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The queue that it was found in; for a dead letter the one that it died in.
    pub queue: String,
    pub why: String,
    /// A message of ours, when it can be read.
    pub message: Option<Message>,
    pub properties: Properties,
    pub body: Vec<u8>,
    pub(super) place: Place,
    pub(super) tag: Tag,
}

/// The queue whose delivery is to be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Step(Step),
    Dead,
}

impl Stray {
    /// From the queue of a step, which can't read it.
    pub(super) fn on(step: Step, queue: &str, (tag, raw): (Tag, Raw), why: String) -> Self {
        let properties = Properties::of(&raw.properties);
        Self {
            queue: queue.to_owned(),
            why,
            message: None,
            properties,
            body: raw.data,
            place: Place::Step(step),
            tag,
        }
    }

    /// From the queue of dead letters.
    pub(super) fn dead(tag: Tag, raw: Raw) -> Self {
        let none = FieldTable::default();
        let headers = raw.properties.headers().as_ref().unwrap_or(&none);
        let header = |name| envelope::text(headers, name).ok().flatten().map(str::to_owned);
        let queue = header("x-first-death-queue").or_else(|| death(headers, "queue"));
        let reason = header("x-first-death-reason").or_else(|| death(headers, "reason"));
        let why = match reason.as_deref() {
            Some("delivery_limit") => "it was returned more often than the delivery limit allows".to_owned(),
            Some("rejected") => "its receiver refused it".to_owned(),
            Some("expired") => "nobody took it in time".to_owned(),
            Some("maxlen") => "its queue was full".to_owned(),
            Some(other) => format!("the broker dead-lettered it: {other}"),
            None => "it stood among the dead letters, and does not say why".to_owned(),
        };
        Self {
            queue: queue.unwrap_or_else(|| raw.routing_key.as_str().to_owned()),
            why,
            message: decode(&raw.properties, &raw.data).ok(),
            properties: Properties::of(&raw.properties),
            body: raw.data,
            place: Place::Dead,
            tag,
        }
    }
}

/// The latest entry of `x-death`.
fn death(headers: &FieldTable, what: &str) -> Option<String> {
    let deaths = headers.inner().get("x-death")?.as_array()?;
    let Some(AMQPValue::FieldTable(latest)) = deaths.as_slice().first() else { return None };
    envelope::text(latest, what).ok().flatten().map(str::to_owned)
}
