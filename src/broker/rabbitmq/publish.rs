//! Publishing: pipelined, mandatory, each message with its confirm; and short answers without one.

use super::envelope::encode;
use super::link::{Keeper, Link};
use super::settings::RabbitSettings;
use super::topology::{Topology, short};
use super::{lost, within};
use crate::broker::{BrokerError, Published};
use crate::deliver::destination;
use crate::order::message::{Body, Message, Step};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

/// Those who publish at the same time; each has a channel for itself.
const CHANNELS: usize = 8;

/// Publishes messages and answers.
pub(super) struct Publisher {
    pub(super) keeper: Arc<Keeper>,
    settings: Arc<RabbitSettings>,
    topology: Arc<Topology>,
    /// Channels with no confirm outstanding, each with its connection. Nobody shares one while he publishes: lapin attaches
    /// a returned message to any confirm of its channel, and numbers messages before it queues them.
    idle: Mutex<Vec<(Arc<Link>, Channel)>>,
    turns: Semaphore,
}

/// A message on its way.
struct Outgoing<'a> {
    message: &'a Message,
    exchange: ShortString,
    key: ShortString,
    /// It leaves the house: with the confirm it is delivered.
    leaves: bool,
}

/// What the server said of a batch.
#[derive(Default)]
struct Said {
    /// By place in the batch; none = nothing.
    confirmed: Vec<Option<bool>>,
    /// By message id, with the server's word.
    returned: BTreeMap<Uuid, String>,
    /// The channel ended.
    broken: bool,
}

impl Publisher {
    pub(super) fn new(keeper: Arc<Keeper>, settings: Arc<RabbitSettings>, topology: Arc<Topology>) -> Self {
        Self { keeper, settings, topology, idle: Mutex::default(), turns: Semaphore::new(CHANNELS) }
    }

    pub(super) async fn publish(&self, messages: &[Message]) -> Result<Vec<Published>, BrokerError> {
        let mut answers = Vec::with_capacity(messages.len());
        for batch in messages.chunks(usize::from(self.settings.in_flight)) {
            match self.batch(batch).await {
                Ok(said) => answers.extend(said),
                Err(error) if answers.is_empty() => return Err(error),
                Err(_) => {
                    answers.resize(messages.len(), Published::Unknown);
                    break;
                }
            }
        }
        Ok(answers)
    }

    async fn batch(&self, messages: &[Message]) -> Result<Vec<Published>, BrokerError> {
        let patience = Instant::now() + self.settings.answer();
        let turn = timeout_at(patience, self.turns.acquire()).await;
        let _turn = turn.map_err(|_| late("too many publish at the same time"))?;
        let (link, channel) = self.channel(patience).await?;
        let (outgoing, mut answers) = self.address(messages);
        let said = self.send(&channel, &outgoing).await;
        let complete = said.confirmed.iter().all(Option::is_some);
        for ((place, outgoing), confirmed) in outgoing.iter().zip(&said.confirmed) {
            answers[*place] = self.answer_for(outgoing, *confirmed, &said, complete);
        }
        if complete && !said.broken {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((link, channel));
        } else if said.broken || !link.blocked() {
            // The exchange may be gone, or the connection hangs: the next one declares everything, and forgets what still
            // waits in this one.
            link.retire();
        }
        Ok(answers)
    }

    /// Where each message goes, with its place; one that can go nowhere has its answer already.
    fn address<'a>(&self, messages: &'a [Message]) -> (Vec<(usize, Outgoing<'a>)>, Vec<Published>) {
        let mut answers = vec![Published::Unknown; messages.len()];
        let mut outgoing = Vec::with_capacity(messages.len());
        for (place, message) in messages.iter().enumerate() {
            let leaves = message.step == Step::Deliver && !matches!(message.body, Body::MailSend(_));
            let exchange = if leaves { &self.topology.out } else { &self.topology.inner };
            let key = if leaves { destination(&message.body) } else { message.step.as_str().to_owned() };
            match (short(exchange), short(&key)) {
                (Ok(exchange), Ok(key)) => {
                    outgoing.push((place, Outgoing { message, exchange, key, leaves }));
                }
                (Err(error), _) | (_, Err(error)) => {
                    answers[place] =
                        Published::Returned { why: format!("the routing key can't be sent: {error}") };
                }
            }
        }
        (outgoing, answers)
    }

    async fn send(&self, channel: &Channel, outgoing: &[(usize, Outgoing<'_>)]) -> Said {
        let end = Instant::now() + self.settings.confirm();
        let mut waiting = FuturesUnordered::new();
        for (at, (_, it)) in outgoing.iter().enumerate() {
            waiting.push(async move {
                let (properties, body) = encode(it.message, !it.leaves);
                let options = BasicPublishOptions { mandatory: true, immediate: false };
                let (exchange, key) = (it.exchange.clone(), it.key.clone());
                let sent = channel.basic_publish(exchange, key, options, &body, properties).await;
                match sent {
                    Ok(confirm) => (at, confirm.await),
                    Err(error) => (at, Err(error)),
                }
            });
        }
        let mut said = Said { confirmed: vec![None; outgoing.len()], ..Said::default() };
        while let Ok(Some((at, confirmed))) = timeout_at(end, waiting.next()).await {
            match confirmed {
                Ok(Confirmation::Ack(returned)) => said.note(at, true, returned),
                Ok(Confirmation::Nack(returned)) => said.note(at, false, returned),
                Ok(Confirmation::NotRequested) => said.broken = true,
                Err(error) => {
                    if !said.broken {
                        tracing::warn!(%error, "messages were published, and their confirms lost");
                    }
                    said.broken = true;
                }
            }
        }
        said
    }

    fn answer_for(
        &self,
        it: &Outgoing<'_>,
        confirmed: Option<bool>,
        said: &Said,
        complete: bool,
    ) -> Published {
        let (exchange, key) = (&it.exchange, &it.key);
        if let Some(why) = said.returned.get(&it.message.id) {
            if it.leaves && self.settings.is_optional(key.as_str()) {
                return Published::Delivered;
            }
            let remedy = if it.leaves {
                "its receiver has to bind a queue, or name the key under `declare` or `optional`"
            } else {
                "`gendan broker declare` binds it again"
            };
            let why = format!(
                "no queue is bound to exchange `{exchange}` for routing key `{key}` ({why}): {remedy}"
            );
            return Published::Returned { why };
        }
        match confirmed {
            // A returned message is named by one of the confirms of its batch, not always by its own.
            Some(true) if complete || said.returned.is_empty() => {
                if it.leaves {
                    Published::Delivered
                } else {
                    Published::Confirmed
                }
            }
            Some(_) | None => Published::Unknown,
        }
    }

    async fn channel(&self, end: Instant) -> Result<(Arc<Link>, Channel), BrokerError> {
        let link = self.keeper.link(end).await;
        let link = link.ok_or_else(|| late("there is no connection; gendan tries on by itself"))?;
        if link.blocked() {
            return Err(late("the server blocks publishers: it is short of memory or disk"));
        }
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                Some((of, channel)) if Arc::ptr_eq(&of, &link) && channel.status().connected() => {
                    return Ok((link, channel));
                }
                Some(_) => {}
                None => break,
            }
        }
        let channel = link.channel().await?;
        let select = channel.confirm_select(ConfirmSelectOptions::default());
        within(self.settings.answer(), select).await?.map_err(|error| lost(&error))?;
        Ok((link, channel))
    }

    /// Publishes an answer to whoever waits for it; when nobody does, it is gone.
    pub(super) async fn reply(
        &self,
        reply_to: &str,
        properties: BasicProperties,
        body: &[u8],
    ) -> Result<(), BrokerError> {
        let key =
            ShortString::try_new(reply_to).map_err(|error| BrokerError(format!("`reply_to`: {error}")))?;
        let patience = Instant::now() + self.settings.answer();
        let turn = timeout_at(patience, self.turns.acquire()).await;
        let _turn = turn.map_err(|_| late("too many publish at the same time"))?;
        let (link, channel) = self.channel(patience).await?;
        let sent = async {
            let options = BasicPublishOptions::default();
            channel.basic_publish("".into(), key, options, body, properties).await?.await
        };
        match timeout_at(patience, sent).await {
            Ok(Ok(_)) => {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((link, channel));
                Ok(())
            }
            Ok(Err(error)) => {
                link.look();
                Err(lost(&error))
            }
            Err(_) => Err(late("an answer was not confirmed in time")),
        }
    }
}

impl Said {
    fn note(&mut self, at: usize, confirmed: bool, returned: Option<Returned>) {
        self.confirmed[at] = Some(confirmed);
        let Some(returned) = returned else { return };
        let id = returned.properties.message_id().as_ref().and_then(|id| Uuid::try_parse(id.as_str()).ok());
        match id {
            Some(id) => {
                self.returned.insert(id, returned.reply_text.as_str().to_owned());
            }
            None => self.broken = true,
        }
    }
}

type Returned = lapin::message::BasicReturnMessage;

fn late(why: &str) -> BrokerError {
    BrokerError(why.to_owned())
}
