//! What other systems put into RabbitMQ: each message is worked on whole, answered when it is refused, and acknowledged when
//! its outcome is committed.

use super::data::{self, Incoming};
use crate::broker::BrokerError;
use crate::broker::rabbitmq::{Inbound, OpenQueue, Properties, Rabbit, Stray};
use crate::order::message::{Inlet, Message};
use crate::runtime::worker::{Outcome, Worker, park};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long one look at an empty queue waits.
const LOOK: Duration = Duration::from_millis(500);
/// After an error of the broker.
const PAUSE: Duration = Duration::from_millis(500);
/// Strays that are parked at a time.
const STRAYS: u32 = 16;

/// The queues that are open to others, and what was found where it does not belong.
#[derive(Clone)]
pub struct Inlets {
    pub rabbit: Arc<Rabbit>,
    pub worker: Worker,
    /// Messages in hand, for each queue.
    pub prefetch: u16,
}

impl Inlets {
    /// Works one queue off until `stop`, then finishes what is in hand.
    pub async fn run(self, inlet: Inlet, stop: CancellationToken) {
        let queue = self.rabbit.inlet(inlet, self.prefetch);
        let hands_free = Arc::new(Semaphore::new(usize::from(self.prefetch)));
        let mut hands = JoinSet::new();
        while !stop.is_cancelled() {
            while hands.try_join_next().is_some() {}
            let Ok(free) = hands_free.clone().acquire_owned().await else { break };
            let max = u32::try_from(hands_free.available_permits() + 1).unwrap_or(1);
            drop(free);
            let Some(taken) = looked(queue.take(max, LOOK).await).await else { continue };
            for inbound in taken {
                let Ok(permit) = hands_free.clone().acquire_owned().await else { return };
                let (inlets, queue, stop) = (self.clone(), queue.clone(), stop.clone());
                hands.spawn(async move {
                    inlets.one(&queue, inlet, &inbound, &stop).await;
                    drop(permit);
                });
            }
        }
        while hands.join_next().await.is_some() {}
    }

    /// Until its outcome is committed the message is held here, and not given back: a server counts that against it.
    async fn one(&self, queue: &OpenQueue, inlet: Inlet, inbound: &Inbound, stop: &CancellationToken) {
        let Some(message) = self.message(inlet, inbound, stop).await else {
            return queue.give_back(&[inbound.tag]);
        };
        self.worker.in_hand.fetch_add(1, Ordering::SeqCst);
        let outcome = loop {
            let outcome = self.worker.work(&message, inbound.redelivered, stop).await;
            if outcome != Outcome::Untouched || stop.is_cancelled() {
                break outcome;
            }
        };
        self.worker.in_hand.fetch_sub(1, Ordering::SeqCst);
        match outcome {
            Outcome::Committed => queue.ack(&[inbound.tag]),
            Outcome::Refused(why) => {
                self.answer(inbound, &why).await;
                queue.ack(&[inbound.tag]);
            }
            Outcome::Untouched => queue.give_back(&[inbound.tag]),
        }
    }

    async fn message(&self, inlet: Inlet, inbound: &Inbound, stop: &CancellationToken) -> Option<Message> {
        let incoming = incoming(inlet, &inbound.properties, &inbound.body);
        loop {
            match self.worker.store.now().await {
                Ok(now) => return Some(data::message(&incoming, now)),
                Err(_) if stop.is_cancelled() => return None,
                Err(error) => tracing::warn!(%error, "the store is away; the message waits"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Tells whoever asked for an answer why his message does not stand.
    async fn answer(&self, inbound: &Inbound, why: &str) {
        let properties = &inbound.properties;
        let Some(reply_to) = &properties.reply_to else { return };
        let about = properties.correlation_id.as_deref().or(properties.message_id.as_deref());
        let body = json!({ "type": "message.refused", "message_id": properties.message_id, "error": why });
        let body = body.to_string();
        if let Err(error) = self.rabbit.answer(reply_to, about, "message.refused", body.as_bytes()).await {
            tracing::warn!(%error, "an answer could not be sent");
        }
    }

    /// Parks what lay in our own queues and is not ours, and what the broker gave up, until `stop`.
    pub async fn run_strays(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let Some(strays) = looked(self.rabbit.take_strays(STRAYS, LOOK).await).await else { continue };
            for stray in strays {
                if self.park(&stray).await {
                    self.rabbit.ack_strays(&[stray]);
                }
            }
        }
    }

    /// Whether it is safe.
    async fn park(&self, stray: &Stray) -> bool {
        let message = match &stray.message {
            Some(message) => message.clone(),
            None => {
                let Ok(now) = self.worker.store.now().await else { return false };
                data::message(&incoming(Inlet::Inner, &stray.properties, &stray.body), now)
            }
        };
        tracing::warn!(queue = stray.queue, why = stray.why, "a message is put aside");
        let why = format!("in the queue {}: {}", stray.queue, stray.why);
        self.worker.committer.write(park(&message, why)).await.is_ok()
    }
}

fn incoming<'a>(inlet: Inlet, properties: &'a Properties, bytes: &'a [u8]) -> Incoming<'a> {
    let by = properties.user_id.as_deref().or(properties.app_id.as_deref());
    Incoming { inlet, by, message_id: properties.message_id.as_deref(), bytes }
}

async fn looked<T>(taken: Result<Vec<T>, BrokerError>) -> Option<Vec<T>> {
    match taken {
        Ok(taken) => Some(taken),
        Err(error) => {
            tracing::warn!(%error, "can't take messages of other systems; trying again");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}
