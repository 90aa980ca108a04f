//! RabbitMQ as the broker, by lapin, under a supervisor of our own. RabbitMQ 3.10 to 4.x.
//!
//! Publishing and consuming have separate connections, so that a publisher that the server blocks never stops
//! acknowledgements; what other systems send has one for itself too. Every wait has a limit, every buffer a bound.

mod check;
mod envelope;
mod feed;
mod hello;
mod inlet;
mod link;
mod publish;
mod settings;
mod settle;
mod stray;
mod topology;

pub use check::{Found, KeyFound, Report, check};
pub use envelope::Properties;
pub use inlet::{Inbound, OpenQueue};
pub use settings::RabbitSettings;
pub use stray::Stray;

use super::{Broker, BrokerError, Delivery, Published, Tag};
use crate::order::message::{Inlet, Message, Step};
use crate::runtime::outside::{Point, call};
use async_trait::async_trait;
use envelope::{decode, returns};
use feed::Feed;
use lapin::BasicProperties;
use lapin::message::Delivery as Raw;
use link::{Keeper, Opener};
use publish::Publisher;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use stray::Place;
use thiserror::Error;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;
use topology::Topology;

/// The protocol library, as it names itself in logs. It would print whole messages that come back.
pub const LIBRARY: &str = "lapin";

/// Dead letters and rubbish are handed out together; the one is looked for so often while the other is waited for.
const STRAYS_LOOK: Duration = Duration::from_millis(250);
/// Dead letters in hand at a time.
const DEAD_PREFETCH: u16 = 16;
/// Documents whose pictures are read, taken at a time: each keeps a core busy for seconds, and others may have cores free.
const RECOGNIZE_PREFETCH: u16 = 2;

/// Why the broker can't be used.
#[derive(Debug, Error)]
pub enum RabbitError {
    #[error("the settings of RabbitMQ are wrong: {0}")]
    Settings(String),
    #[error(transparent)]
    Server(#[from] BrokerError),
    /// What stands on the server is not what is needed.
    #[error("{0}")]
    Differs(String),
}

/// The broker as one process has it.
pub struct Rabbit {
    settings: Arc<RabbitSettings>,
    topology: Arc<Topology>,
    publisher: Publisher,
    steps: Arc<Keeper>,
    foreign: Arc<Keeper>,
    graves: Arc<Keeper>,
    /// In the order of [`Step::ALL`].
    feeds: Vec<Arc<Feed>>,
    dead: Arc<Feed>,
    inlets: Mutex<Vec<Arc<Feed>>>,
    /// As many wait here as all prefetches together allow.
    stray: UnboundedSender<Stray>,
    strays: tokio::sync::Mutex<UnboundedReceiver<Stray>>,
    woken: Arc<Notify>,
}

impl Rabbit {
    /// Connects, and declares what must stand on the server; refused when something else stands there. Everything later
    /// is tried until it works.
    pub async fn start(settings: RabbitSettings) -> Result<Self, RabbitError> {
        settings.check().map_err(RabbitError::Settings)?;
        let settings = Arc::new(settings);
        let topology = Arc::new(Topology::of(&settings));
        let opener = |purpose, topology| Opener { settings: Arc::clone(&settings), purpose, topology };
        let publishing = opener("publish", Some(Arc::clone(&topology)));
        let first = publishing.open().await?;
        let publishing = Arc::new(Keeper::new(publishing));
        publishing.begin(Some(first));
        let keeper = |purpose| Arc::new(Keeper::new(opener(purpose, None)));
        let (steps, foreign, graves) = (keeper("consume"), keeper("inlets"), keeper("dead letters"));
        let feed = |name: &str, prefetch, keeper: &Arc<Keeper>| {
            let queue = topology.queue(name).cloned();
            let queue = queue.ok_or_else(|| RabbitError::Settings(format!("there is no queue {name}")))?;
            Ok::<_, RabbitError>(Feed::new(queue, prefetch, Arc::clone(keeper), Arc::clone(&settings)))
        };
        let prefetch = |step| if step == Step::Recognize { RECOGNIZE_PREFETCH } else { settings.prefetch };
        let feeds = Step::ALL.map(|step| feed(&topology.step(step), prefetch(step), &steps));
        let feeds = feeds.into_iter().collect::<Result<_, _>>()?;
        let dead = feed(&topology.dead, DEAD_PREFETCH, &graves)?;
        let (stray, strays) = unbounded_channel();
        Ok(Self {
            publisher: Publisher::new(publishing, Arc::clone(&settings), Arc::clone(&topology)),
            steps,
            foreign,
            graves,
            feeds,
            dead,
            inlets: Mutex::default(),
            stray,
            strays: tokio::sync::Mutex::new(strays),
            woken: Arc::default(),
            settings,
            topology,
        })
    }

    /// One of the queues in which other systems put messages for us.
    #[must_use]
    pub fn inlet(&self, queue: Inlet, prefetch: u16) -> OpenQueue {
        let name = self.topology.inlet(queue);
        let plan = self.topology.queue(&name).cloned();
        let plan = plan.unwrap_or_else(|| topology::Queue::bare(name));
        let feed = Feed::new(plan, prefetch.max(1), Arc::clone(&self.foreign), Arc::clone(&self.settings));
        self.inlets.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&feed));
        OpenQueue { queue, feed }
    }

    /// What no step can take: rubbish that this process found on inner queues, and dead letters. Waits until there is one,
    /// or `wait` is over. Some process has to take them, or rubbish fills up the prefetch.
    pub async fn take_strays(&self, max: u32, wait: Duration) -> Result<Vec<Stray>, BrokerError> {
        let end = Instant::now() + wait;
        let Ok(mut strays) = tokio::time::timeout_at(end, self.strays.lock()).await else {
            return Ok(Vec::new());
        };
        loop {
            let mut taken = Vec::new();
            while taken.len() < max as usize
                && let Ok(stray) = strays.try_recv()
            {
                taken.push(stray);
            }
            let left = end.saturating_duration_since(Instant::now());
            if taken.is_empty() {
                let dead = self.dead.take(max, left.min(STRAYS_LOOK)).await?;
                taken.extend(dead.into_iter().map(|(tag, raw)| Stray::dead(tag, raw)));
            }
            if !taken.is_empty() || left.is_zero() {
                return Ok(taken);
            }
        }
    }

    /// Strays that are parked.
    pub fn ack_strays(&self, strays: &[Stray]) {
        for stray in strays {
            match stray.place {
                Place::Step(step) => self.feeds[step as usize].ack([stray.tag]),
                Place::Dead => self.dead.ack([stray.tag]),
            }
        }
    }

    /// Answers a message of another system, as it asked for. Nobody may be there to read it: best effort.
    pub async fn answer(
        &self,
        reply_to: &str,
        correlation_id: Option<&str>,
        type_name: &str,
        json: &[u8],
    ) -> Result<(), BrokerError> {
        let short = |text: &str| topology::short(text).map_err(|error| BrokerError(error.to_string()));
        let mut properties = BasicProperties::default()
            .with_type(short(type_name)?)
            .with_app_id("gendan".into())
            .with_content_type("application/json".into());
        if let Some(id) = correlation_id {
            properties = properties.with_correlation_id(short(id)?);
        }
        call(Point::BrokerPublish, self.publisher.reply(reply_to, properties, json)).await
    }

    /// Drops the connections, as a failing network does; they are opened again by themselves.
    pub fn reconnect(&self) {
        for keeper in self.keepers() {
            if let Some(link) = keeper.now() {
                link.retire();
            }
        }
    }

    fn keepers(&self) -> [&Arc<Keeper>; 4] {
        [&self.publisher.keeper, &self.steps, &self.foreign, &self.graves]
    }

    fn read(&self, step: Step, feed: &Feed, (tag, raw): (Tag, Raw)) -> Option<Delivery> {
        let message = decode(&raw.properties, &raw.data).and_then(|message| {
            let why = || format!("it is for the step {}", message.step.as_str());
            if message.step == step { Ok(message) } else { Err(why()) }
        });
        match message {
            Ok(message) => {
                let returns = returns(&raw.properties);
                let again = raw.redelivered || returns > 0;
                Some(Delivery { message, again, claims: returns.saturating_add(1), tag })
            }
            Err(why) => {
                tracing::warn!(queue = feed.name(), why, "this is no message of ours; it is set aside");
                let _ = self.stray.send(Stray::on(step, feed.name(), (tag, raw), why));
                None
            }
        }
    }
}

#[async_trait]
impl Broker for Rabbit {
    fn relay(&self) -> Option<Arc<Notify>> {
        Some(Arc::clone(&self.woken))
    }

    async fn publish(&self, messages: &[Message]) -> Result<Vec<Published>, BrokerError> {
        call(Point::BrokerPublish, self.publisher.publish(messages)).await
    }

    async fn take(&self, step: Step, max: u32, wait: Duration) -> Result<Vec<Delivery>, BrokerError> {
        let end = Instant::now() + wait;
        let feed = &self.feeds[step as usize];
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let taken = call(Point::BrokerTake, feed.take(max, left)).await?;
            let nothing = taken.is_empty();
            let read: Vec<_> = taken.into_iter().filter_map(|it| self.read(step, feed, it)).collect();
            if nothing || !read.is_empty() {
                return Ok(read);
            }
        }
    }

    async fn ack(&self, deliveries: &[Delivery]) -> Result<(), BrokerError> {
        let tell =
            async { deliveries.iter().for_each(|it| self.feeds[it.message.step as usize].ack([it.tag])) };
        call(Point::BrokerAck, tell).await;
        Ok(())
    }

    async fn give_back(&self, deliveries: &[Delivery]) -> Result<(), BrokerError> {
        let tell = async {
            deliveries.iter().for_each(|it| self.feeds[it.message.step as usize].give_back([it.tag]))
        };
        call(Point::BrokerAck, tell).await;
        Ok(())
    }

    /// Something stands in the outbox: the relay is to look.
    fn wake(&self, _step: Step) {
        self.woken.notify_one();
    }

    /// Whether the connections that are in use are there; for `/readyz`.
    fn is_connected(&self) -> bool {
        let publishing = self.publisher.keeper.now();
        publishing.is_some_and(|link| link.is_alive() && !link.blocked())
    }

    /// A clean end: acknowledgements are written, deliveries that nobody took go back, connections are closed.
    async fn close(&self) {
        let inlets = std::mem::take(&mut *self.inlets.lock().unwrap_or_else(PoisonError::into_inner));
        let feeds = self.feeds.iter().chain([&self.dead]).chain(&inlets);
        futures_util::future::join_all(feeds.map(|feed| feed.close())).await;
        futures_util::future::join_all(self.keepers().map(|keeper| keeper.close())).await;
    }
}

/// Waits for an answer of the server, but not forever.
async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, BrokerError> {
    let late = |_| BrokerError(format!("the server did not answer within {} ms", limit.as_millis()));
    tokio::time::timeout(limit, work).await.map_err(late)
}

fn lost(error: &lapin::Error) -> BrokerError {
    BrokerError(error.to_string())
}
