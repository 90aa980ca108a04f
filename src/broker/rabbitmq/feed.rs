//! One queue's consumer: opened when it is first asked for, and again whenever it ends.

use super::link::{Keeper, Link};
use super::settings::RabbitSettings;
use super::settle::{self, Settle};
use super::topology::{Queue, short};
use super::{RabbitError, lost, within};
use crate::broker::{BrokerError, Tag};
use futures_util::{FutureExt as _, StreamExt as _};
use lapin::message::Delivery as Raw;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Numbers every channel of this process that deliveries come on: an acknowledgement for an earlier one is dropped.
static EPOCHS: AtomicU64 = AtomicU64::new(1);

/// A queue's deliveries.
pub(super) struct Feed {
    queue: Queue,
    prefetch: u16,
    keeper: Arc<Keeper>,
    settings: Arc<RabbitSettings>,
    /// Held while somebody waits for deliveries.
    open: Mutex<Open>,
    /// Where settlements of the present channel go.
    session: RwLock<Option<(u64, UnboundedSender<Settle>)>>,
    closed: AtomicBool,
}

#[derive(Default)]
struct Open {
    consumer: Option<(u64, Consumer, Arc<Link>)>,
    /// Not opened again before this.
    not_before: Option<Instant>,
    wait: Duration,
}

impl Feed {
    pub(super) fn new(
        queue: Queue,
        prefetch: u16,
        keeper: Arc<Keeper>,
        settings: Arc<RabbitSettings>,
    ) -> Arc<Self> {
        let (open, session, closed) = (Mutex::default(), RwLock::default(), AtomicBool::new(false));
        Arc::new(Self { queue, prefetch, keeper, settings, open, session, closed })
    }

    pub(super) fn name(&self) -> &str {
        &self.queue.name
    }

    /// Waits until there is a delivery, or `wait` is over; then hands out what is there, `max` at most. While there is no
    /// connection nothing comes; the keeper says so in the log, once.
    pub(super) async fn take(&self, max: u32, wait: Duration) -> Result<Vec<(Tag, Raw)>, BrokerError> {
        let end = Instant::now() + wait;
        let Ok(mut open) = timeout_at(end, self.open.lock()).await else { return Ok(Vec::new()) };
        loop {
            if self.closed.load(Ordering::SeqCst) || self.keeper.is_closed() {
                return Err(BrokerError("it was closed".to_owned()));
            }
            if open.consumer.is_none() && !self.reopen(&mut open, end).await {
                return Ok(Vec::new());
            }
            let Some((epoch, consumer, _)) = open.consumer.as_mut() else { continue };
            let Ok(first) = timeout_at(end, consumer.next()).await else { return Ok(Vec::new()) };
            let tagged = |epoch, raw: Raw| (Tag { epoch, number: raw.delivery_tag }, raw);
            let mut taken = Vec::new();
            let mut next = Some(first);
            while let Some(item) = next {
                match item {
                    Some(Ok(raw)) => taken.push(tagged(*epoch, raw)),
                    ended => {
                        self.end(&mut open, ended.and_then(Result::err));
                        break;
                    }
                }
                next = if taken.len() < max as usize { consumer.next().now_or_never() } else { None };
            }
            if !taken.is_empty() {
                open.wait = Duration::ZERO;
                return Ok(taken);
            }
        }
    }

    /// The consumer ended (`None` when the server cancelled it): a failure of its channel, whatever the reason.
    fn end(&self, open: &mut Open, why: Option<lapin::Error>) {
        if let Some((_, _, link)) = open.consumer.take() {
            link.look();
            if link.is_alive() {
                let why = why.map_or_else(|| "the server ended it".to_owned(), |why| why.to_string());
                tracing::warn!(queue = self.name(), why, "a consumer ended; opening it again");
            }
        }
        self.set_session(None);
        open.not_before = Some(Instant::now() + open.wait);
        open.wait = (open.wait * 2).clamp(FIRST_WAIT, LONGEST_WAIT);
    }

    /// Opens the consumer; false when there is no connection until `end`, or it may not be tried before. An opening that
    /// has begun is not given up at `end`: else impatient callers would never have one.
    async fn reopen(&self, open: &mut Open, end: Instant) -> bool {
        if let Some(not_before) = open.not_before {
            sleep_until(not_before.min(end)).await;
            if Instant::now() < not_before {
                return false;
            }
        }
        let Some(link) = self.keeper.link(end).await else { return false };
        match self.consume(&link).await {
            Ok((channel, consumer)) => {
                let epoch = EPOCHS.fetch_add(1, Ordering::Relaxed);
                let (settle, orders) = unbounded_channel();
                tokio::spawn(settle::run(channel, Arc::clone(&link), orders, self.settings.answer()));
                self.set_session(Some((epoch, settle)));
                open.consumer = Some((epoch, consumer, link));
                true
            }
            Err(error) => {
                link.look();
                if link.is_alive() {
                    tracing::warn!(queue = self.name(), %error, "can't consume; trying on");
                }
                open.not_before = Some(Instant::now() + open.wait.max(FIRST_WAIT));
                open.wait = (open.wait * 2).clamp(FIRST_WAIT, LONGEST_WAIT);
                Instant::now() < end
            }
        }
    }

    async fn consume(&self, link: &Link) -> Result<(Channel, Consumer), RabbitError> {
        let limit = self.settings.answer();
        let channel = link.channel().await?;
        // Somebody may have deleted it.
        self.queue.declare(&channel, limit).await?;
        let qos = channel.basic_qos(self.prefetch, BasicQosOptions::default());
        within(limit, qos).await?.map_err(|error| lost(&error))?;
        let consumer = channel.basic_consume(
            short(self.name())?,
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        );
        let consumer = within(limit, consumer).await?.map_err(|error| lost(&error))?;
        Ok((channel, consumer))
    }

    fn set_session(&self, session: Option<(u64, UnboundedSender<Settle>)>) {
        *self.session.write().unwrap_or_else(PoisonError::into_inner) = session;
    }

    fn settle(&self, tags: impl IntoIterator<Item = Tag>, order: impl Fn(u64) -> Settle) {
        let session = self.session.read().unwrap_or_else(PoisonError::into_inner);
        let Some((epoch, settle)) = session.as_ref() else { return };
        for tag in tags {
            // Of an earlier channel: the server has taken it back, and its numbers mean others now.
            if tag.epoch == *epoch {
                let _ = settle.send(order(tag.number));
            }
        }
    }

    pub(super) fn ack(&self, tags: impl IntoIterator<Item = Tag>) {
        self.settle(tags, Settle::Ack);
    }

    pub(super) fn give_back(&self, tags: impl IntoIterator<Item = Tag>) {
        self.settle(tags, Settle::GiveBack);
    }

    /// Ends it: what was acknowledged is written, what nobody took goes back.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let limit = self.settings.answer();
        let session = self.session.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((_, settle)) = session {
            let (told, closed) = oneshot::channel();
            if settle.send(Settle::Close(told)).is_ok() {
                let _ = tokio::time::timeout(limit * 2, closed).await;
            }
        }
        // Whoever waits for deliveries sees the consumer end, and opens no other.
        if let Ok(mut open) = tokio::time::timeout(limit, self.open.lock()).await {
            open.consumer = None;
            self.set_session(None);
        }
    }
}
