//! The other systems of a case: a shop that places orders over AMQP and repeats what was not confirmed, and the receivers of
//! what is told.

use super::site::KEYS;
use futures_util::StreamExt as _;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;

const PAUSE: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(5);

/// What reached the receivers: how often each message id came, and its last body.
type Received = Arc<Mutex<BTreeMap<String, (usize, Value)>>>;

pub(super) struct Shop {
    runtime: Runtime,
    url: String,
    received: Received,
}

impl Shop {
    /// Begins to receive at once, and again whenever the broker comes back.
    pub(super) fn open(url: String) -> Self {
        let runtime = Runtime::new().unwrap();
        let received = Received::default();
        for key in KEYS {
            let (url, received) = (url.clone(), received.clone());
            runtime.spawn(async move {
                loop {
                    // An error is an end of the connection: the next one takes what was not acknowledged again.
                    let _ = receive(&url, key, &received).await;
                    tokio::time::sleep(PAUSE).await;
                }
            });
        }
        Self { runtime, url, received }
    }

    /// Places orders in the background until the broker has confirmed each.
    pub(super) fn place(&self, orders: Vec<(String, Value)>) {
        let url = self.url.clone();
        self.runtime.spawn(async move {
            let mut left = orders;
            while !left.is_empty() {
                let _ = tokio::time::timeout(PATIENCE * 4, place(&url, &mut left)).await;
                tokio::time::sleep(PAUSE).await;
            }
        });
    }

    pub(super) fn received(&self) -> BTreeMap<String, (usize, Value)> {
        self.received.lock().unwrap().clone()
    }

    /// Messages with this routing key's type.
    pub(super) fn of_type(&self, name: &str) -> Vec<Value> {
        let received = self.received();
        received.into_values().map(|(_, body)| body).filter(|body| body["type"] == name).collect()
    }

    /// Sends one message to a queue and waits for the answer to it.
    pub(super) fn ask(&self, queue: &str, body: &[u8]) -> Value {
        self.runtime.block_on(async {
            let (_connection, channel) = connect(&self.url).await.unwrap();
            let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
            let mut answers = channel
                .basic_consume("amq.rabbitmq.reply-to".into(), "".into(), options, FieldTable::default())
                .await
                .unwrap();
            let properties = BasicProperties::default()
                .with_reply_to("amq.rabbitmq.reply-to".into())
                .with_message_id("asked-1".into());
            channel
                .basic_publish("".into(), queue.into(), BasicPublishOptions::default(), body, properties)
                .await
                .unwrap();
            let answer = tokio::time::timeout(PATIENCE * 4, answers.next()).await;
            serde_json::from_slice(&answer.unwrap().unwrap().unwrap().data).unwrap()
        })
    }
}

async fn connect(url: &str) -> Result<(Connection, Channel), lapin::Error> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    Ok((connection, channel))
}

async fn receive(url: &str, key: &str, received: &Received) -> Result<(), lapin::Error> {
    let (_connection, channel) = connect(url).await?;
    let queue = format!("gendan.out.{key}");
    let mut consumer = channel
        .basic_consume(
            queue.as_str().into(),
            key.into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    while let Some(delivery) = consumer.next().await {
        let delivery = delivery?;
        let id = delivery.properties.message_id().as_ref().map(ToString::to_string).unwrap_or_default();
        let body = serde_json::from_slice(&delivery.data).unwrap();
        received.lock().unwrap().entry(id).and_modify(|it| it.0 += 1).or_insert((1, body));
        delivery.acker.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}

/// Publishes what is left, and takes out what was confirmed.
async fn place(url: &str, left: &mut Vec<(String, Value)>) -> Result<(), lapin::Error> {
    let (_connection, channel) = connect(url).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    while let Some((id, order)) = left.last() {
        let properties = BasicProperties::default().with_message_id(id.as_str().into()).with_delivery_mode(2);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let body = order.to_string();
        let confirm = channel
            .basic_publish("".into(), "gendan.in.orders".into(), options, body.as_bytes(), properties)
            .await?
            .await?;
        if !confirm.is_ack() || confirm.take_message().is_some() {
            return Ok(());
        }
        left.pop();
    }
    Ok(())
}

/// An order that nobody has to look at, as data.
pub(super) fn order(po: &str, today: chrono::NaiveDate) -> Value {
    let wanted = today + chrono::Days::new(30);
    json!({"order": {"po_number": po, "order_date": today.to_string(), "customer": {"name": "C1002"},
        "currency": "CNY", "requested_delivery": wanted.to_string(), "total": "1930.00",
        "lines": [{"customer_part": "HT-BJ17-GT", "quantity": 10000, "unit": "套", "unit_price": "0.193",
            "amount": "1930.00"}]}})
}
