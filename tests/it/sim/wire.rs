//! A broker at the end of a wire: it keeps what it confirmed, hands out what was not acknowledged again, and the wire loses,
//! doubles and reorders.

use super::chaos::Chaos;
use async_trait::async_trait;
use gendan::broker::{Broker, BrokerError, Delivery, Published, Tag};
use gendan::order::message::{Message, Step};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The server: outlives every process.
#[derive(Default)]
pub(super) struct Server {
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    queues: BTreeMap<Step, VecDeque<(Message, u32)>>,
    in_hand: BTreeMap<(u64, u64), (Message, u32)>,
    next_tag: u64,
    next_epoch: u64,
}

impl Server {
    /// Nothing waits and nothing is in anybody's hand.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.in_hand.is_empty() && state.queues.values().all(VecDeque::is_empty)
    }

    /// A connection is gone: what was in its hand goes back to the front of its queue.
    pub(super) fn disconnect(&self, epoch: u64) {
        let mut state = self.state.lock().unwrap();
        let gone: Vec<(u64, u64)> = state.in_hand.keys().filter(|key| key.0 == epoch).copied().collect();
        for key in gone.into_iter().rev() {
            if let Some((message, handed)) = state.in_hand.remove(&key) {
                state.queues.entry(message.step).or_default().push_front((message, handed));
            }
        }
        self.arrived.notify_waiters();
    }
}

/// One process's connection.
pub(super) struct Wire {
    server: Arc<Server>,
    chaos: Arc<Chaos>,
    life: CancellationToken,
    pub(super) epoch: u64,
    woken: Arc<Notify>,
    /// A planted fault: what is handed out counts as acknowledged at once.
    pub(super) ack_first: bool,
}

impl Wire {
    pub(super) fn connect(server: &Arc<Server>, chaos: &Arc<Chaos>, life: &CancellationToken) -> Self {
        let mut state = server.state.lock().unwrap();
        state.next_epoch += 1;
        let epoch = state.next_epoch;
        Self {
            server: server.clone(),
            chaos: chaos.clone(),
            life: life.clone(),
            epoch,
            woken: Arc::default(),
            ack_first: false,
        }
    }

    fn enqueue(&self, message: &Message) {
        let mut state = self.server.state.lock().unwrap();
        let queue = state.queues.entry(message.step).or_default();
        let copies = if self.chaos.duplicate() { 2 } else { 1 };
        for _ in 0..copies {
            let at = if self.chaos.reorder() {
                self.chaos.below(queue.len() as u64 + 1) as usize
            } else {
                queue.len()
            };
            queue.insert(at, (message.clone(), 0));
        }
        drop(state);
        self.server.arrived.notify_waiters();
    }

    fn hand_out(&self, step: Step, max: u32) -> Vec<Delivery> {
        let mut state = self.server.state.lock().unwrap();
        let mut handed_out = Vec::new();
        while handed_out.len() < max as usize {
            let Some((message, handed)) = state.queues.entry(step).or_default().pop_front() else { break };
            state.next_tag += 1;
            let tag = Tag { epoch: self.epoch, number: state.next_tag };
            if !self.ack_first {
                state.in_hand.insert((tag.epoch, tag.number), (message.clone(), handed + 1));
            }
            handed_out.push(Delivery { message, again: handed > 0, claims: handed + 1, tag });
        }
        handed_out
    }
}

#[async_trait]
impl Broker for Wire {
    fn relay(&self) -> Option<Arc<Notify>> {
        Some(self.woken.clone())
    }

    async fn publish(&self, messages: &[Message]) -> Result<Vec<Published>, BrokerError> {
        self.chaos.delay().await;
        self.chaos.crash(&self.life).await;
        if self.chaos.error() {
            return Err(BrokerError("the connection was closed".into()));
        }
        let mut answers = Vec::new();
        for message in messages {
            if self.chaos.error() {
                answers.push(Published::Unknown);
                continue;
            }
            self.enqueue(message);
            self.chaos.crash(&self.life).await;
            answers.push(if self.chaos.lost_answer() { Published::Unknown } else { Published::Confirmed });
        }
        Ok(answers)
    }

    async fn take(&self, step: Step, max: u32, wait: Duration) -> Result<Vec<Delivery>, BrokerError> {
        self.chaos.crash(&self.life).await;
        if self.chaos.error() {
            tokio::time::sleep(Duration::from_millis(50)).await;
            return Err(BrokerError("the connection was closed".into()));
        }
        let end = tokio::time::Instant::now() + wait;
        loop {
            let arrived = self.server.arrived.notified();
            let taken = self.hand_out(step, max);
            if !taken.is_empty() || tokio::time::timeout_at(end, arrived).await.is_err() {
                return Ok(taken);
            }
        }
    }

    async fn ack(&self, deliveries: &[Delivery]) -> Result<(), BrokerError> {
        self.chaos.crash(&self.life).await;
        let mut state = self.server.state.lock().unwrap();
        for delivery in deliveries {
            let gone = state.in_hand.remove(&(delivery.tag.epoch, delivery.tag.number));
            // The acknowledgement never arrived: the server hands the message out again.
            if let Some((message, handed)) = gone.filter(|_| self.chaos.lost_answer()) {
                state.queues.entry(message.step).or_default().push_back((message, handed));
                self.server.arrived.notify_waiters();
            }
        }
        Ok(())
    }

    async fn give_back(&self, deliveries: &[Delivery]) -> Result<(), BrokerError> {
        self.chaos.crash(&self.life).await;
        let mut state = self.server.state.lock().unwrap();
        for delivery in deliveries {
            if let Some((message, handed)) = state.in_hand.remove(&(delivery.tag.epoch, delivery.tag.number))
            {
                state.queues.entry(message.step).or_default().push_back((message, handed - 1));
            }
        }
        self.server.arrived.notify_waiters();
        Ok(())
    }

    fn wake(&self, _step: Step) {
        self.woken.notify_one();
    }
}
