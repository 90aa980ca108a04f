//! The other systems of a run: the shop that places orders, and the receivers of what is told.

use super::site::{self, Site};
use crate::bench::{BenchError, orders};
use chrono::NaiveDate;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::Value;
use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Orders whose confirms may be outstanding.
const IN_FLIGHT: usize = 500;

pub(super) struct Shop {
    connection: Connection,
    channel: Channel,
    queue: String,
}

/// A message that reached its receiver.
#[derive(Debug, Clone)]
pub(super) struct Received {
    pub(super) at: Instant,
    pub(super) key: String,
    pub(super) message_id: String,
    pub(super) body: Value,
}

/// All receivers together.
pub(super) struct Receiver {
    messages: mpsc::UnboundedReceiver<Received>,
    _channel: Channel,
}

impl Shop {
    pub(super) async fn open(site: &Site) -> Result<Self, BenchError> {
        let connection = Connection::connect(&site.rabbitmq, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Self { connection, channel, queue: format!("{}.in.orders", site.prefix) })
    }

    /// Ends it with its receivers: one that is left would take messages of the next run.
    pub(super) async fn close(self) -> Result<(), BenchError> {
        Ok(self.connection.close(200, "done".into()).await?)
    }

    /// Places these orders at once, and waits until the broker has them.
    pub(super) async fn place(&self, numbers: Range<usize>, day: NaiveDate) -> Result<(), BenchError> {
        let mut waiting = FuturesUnordered::new();
        for number in numbers {
            waiting.push(self.one(number, day).await?);
            if waiting.len() == IN_FLIGHT {
                waiting.next().await.transpose()?;
            }
        }
        while waiting.next().await.transpose()?.is_some() {}
        Ok(())
    }

    /// Places so many orders a second; when each was sent, by PO number.
    pub(super) async fn pace(
        &self,
        numbers: Range<usize>,
        day: NaiveDate,
        rate: u32,
    ) -> Result<HashMap<String, Instant>, BenchError> {
        let mut sent = HashMap::new();
        let mut beat = tokio::time::interval(Duration::from_secs(1) / rate.max(1));
        for number in numbers {
            beat.tick().await;
            sent.insert(orders::po(number), Instant::now());
            self.one(number, day).await?.await?;
        }
        Ok(sent)
    }

    async fn one(&self, number: usize, day: NaiveDate) -> Result<lapin::PublisherConfirm, BenchError> {
        let properties = BasicProperties::default()
            .with_message_id(format!("shop-{number}").into())
            .with_content_type("application/json".into())
            .with_delivery_mode(2);
        let body = orders::placed(number, day);
        let options = BasicPublishOptions::default();
        Ok(self
            .channel
            .basic_publish("".into(), self.queue.as_str().into(), options, &body, properties)
            .await?)
    }

    /// Takes whatever the receivers' queues get.
    pub(super) async fn receive(&self, site: &Site) -> Result<Receiver, BenchError> {
        let channel = self.connection.create_channel().await?;
        let (sender, messages) = mpsc::unbounded_channel();
        for key in site::OUT {
            let queue = format!("{}.out.{key}", site.prefix);
            let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
            let mut consumer = channel
                .basic_consume(queue.as_str().into(), key.into(), options, FieldTable::default())
                .await?;
            let sender = sender.clone();
            tokio::spawn(async move {
                while let Some(Ok(delivery)) = consumer.next().await {
                    let id = delivery.properties.message_id().as_ref().map(|it| it.as_str().to_owned());
                    let received = Received {
                        at: Instant::now(),
                        key: key.to_owned(),
                        message_id: id.unwrap_or_default(),
                        body: serde_json::from_slice(&delivery.data).unwrap_or_default(),
                    };
                    if sender.send(received).is_err() {
                        break;
                    }
                }
            });
        }
        Ok(Receiver { messages, _channel: channel })
    }
}

impl Receiver {
    pub(super) async fn next(&mut self, patience: Duration) -> Result<Received, BenchError> {
        match tokio::time::timeout(patience, self.messages.recv()).await {
            Ok(Some(received)) => Ok(received),
            Ok(None) | Err(_) => Err(BenchError::Stalled(patience.as_secs())),
        }
    }
}
