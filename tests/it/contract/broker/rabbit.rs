//! RabbitMQ beyond the contract: what leaves the house, what comes from others, and what nobody can read.

use super::LONG;
use crate::servers::rabbit::Place;
use crate::support::make::{at, id, in_lane, mail, message, with_body};
use gendan::broker::rabbitmq::{Rabbit, RabbitSettings, Stray};
use gendan::broker::{Broker as _, Delivery, Published};
use gendan::order::message::{Body, Inlet, Message, ShipTo, ShippingInstruction, Step};
use lapin::BasicProperties;
use lapin::options::{BasicGetOptions, BasicPublishOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use std::time::Duration;

pub(super) async fn take(rabbit: &Rabbit, count: usize) -> Vec<Delivery> {
    let mut all = Vec::new();
    while all.len() < count {
        let taken = rabbit.take(Step::Check, 100, LONG).await.unwrap();
        assert!(!taken.is_empty(), "{} of {count} came", all.len());
        all.extend(taken);
    }
    all
}

async fn strays(rabbit: &Rabbit) -> Vec<Stray> {
    let strays = rabbit.take_strays(10, LONG).await.unwrap();
    assert!(!strays.is_empty());
    strays
}

fn instruction(number: u128, carrier: &str) -> Message {
    let body = ShippingInstruction {
        order_id: id(number),
        number: "N-1".to_owned(),
        revision: 0,
        carrier: carrier.to_owned(),
        ship_to: ShipTo { name: None, contact: None, phone: None, address: None },
        deliver_by: at(0).date_naive(),
        lines: Vec::new(),
    };
    with_body(number, Step::Deliver, id(number), Body::ShippingInstruction(body))
}

#[tokio::test]
async fn an_unroutable_message_comes_back_with_its_key() {
    let place = Place::new();
    let rabbit = place.start().await;
    // Returned ones among many others: each answer belongs to its message.
    let batch: Vec<Message> = (1..=300)
        .map(|n| if n % 7 == 0 { instruction(n, "nobody") } else { message(n, Step::Check) })
        .collect();
    let answers = rabbit.publish(&batch).await.unwrap();
    assert_eq!(answers.len(), 300);
    for (message, answer) in batch.iter().zip(&answers) {
        let leaves = message.step == Step::Deliver;
        let named = ["shipping.instruction.nobody".to_owned(), place.name("out")];
        let right = match answer {
            Published::Returned { why } => leaves && named.iter().all(|name| why.contains(name)),
            Published::Confirmed => !leaves,
            Published::Delivered | Published::Unknown => false,
        };
        assert!(right, "{:?} {answer:?}", message.step);
    }
    let long = rabbit.publish(&[instruction(1, &"x".repeat(300)), message(301, Step::Check)]).await.unwrap();
    assert!(matches!(&long[0], Published::Returned { why } if why.contains("255")), "{long:?}");
    assert_eq!(long[1], Published::Confirmed);
}

#[tokio::test]
async fn an_optional_key_needs_nobody() {
    let place = Place::new();
    let optional = vec!["shipping.instruction.*".to_owned()];
    let rabbit = Rabbit::start(RabbitSettings { optional, ..place.settings() }).await.unwrap();
    let answers = rabbit.publish(&[instruction(1, "nobody"), message(2, Step::Deliver)]).await.unwrap();
    assert_eq!(answers[0], Published::Delivered);
    assert!(
        matches!(&answers[1], Published::Returned { why } if why.contains("order.status")),
        "{answers:?}"
    );
}

#[tokio::test]
async fn what_leaves_the_house_arrives_in_its_envelope() {
    let place = Place::new();
    let declare = vec!["order.status".to_owned()];
    let rabbit = Rabbit::start(RabbitSettings { declare, ..place.settings() }).await.unwrap();
    let sent = in_lane(message(7, Step::Deliver), "lane");
    let answers = rabbit.publish(&[sent.clone(), mail(8, "<8@example.com>")]).await.unwrap();
    assert_eq!(answers, [Published::Delivered, Published::Confirmed], "a mail is for the house's own step");
    let (_connection, channel) = place.outsider().await;
    let queue = place.name("out.order.status");
    let got = channel.basic_get(queue.into(), BasicGetOptions { no_ack: true }).await.unwrap().unwrap();
    let properties = &got.properties;
    let text = |it: &Option<lapin::types::ShortString>| it.as_ref().unwrap().to_string();
    assert_eq!(text(properties.message_id()), sent.id.to_string());
    assert_eq!(text(properties.correlation_id()), sent.correlation_id.to_string());
    assert_eq!(text(properties.kind()), "order.status");
    assert_eq!(text(properties.content_type()), "application/json");
    assert_eq!(text(properties.app_id()), "gendan");
    assert_eq!(*properties.delivery_mode(), Some(2));
    assert_eq!(*properties.timestamp(), Some(sent.created_at.timestamp().unsigned_abs()));
    assert_eq!(serde_json::from_slice::<Body>(&got.data).unwrap(), sent.body);
    let taken = rabbit.take(Step::Deliver, 10, LONG).await.unwrap();
    assert_eq!(taken[0].message, mail(8, "<8@example.com>"));
}

#[tokio::test]
async fn every_field_of_a_message_survives_the_way() {
    let place = Place::new();
    let rabbit = place.start().await;
    let bare = message(1, Step::Check);
    let full = Message {
        attempt: 9,
        not_before: Some(at(60)),
        ..in_lane(message(2, Step::Check), &"长".repeat(200))
    };
    rabbit.publish(&[bare.clone(), full.clone()]).await.unwrap();
    let taken: Vec<Message> = take(&rabbit, 2).await.into_iter().map(|it| it.message).collect();
    assert_eq!(taken, [bare, full]);
}

#[tokio::test]
async fn rubbish_is_set_aside_and_its_neighbours_pass() {
    let place = Place::new();
    let rabbit = place.start().await;
    let (_connection, channel) = place.outsider().await;
    let rubbish = async |properties, body: &'static [u8]| {
        let options = BasicPublishOptions { mandatory: true, immediate: false };
        let sent =
            channel.basic_publish(place.prefix.as_str().into(), "check".into(), options, body, properties);
        sent.await.unwrap().await.unwrap();
    };
    rubbish(BasicProperties::default(), b"\xff\xfe no JSON").await;
    rabbit.publish(&[message(1, Step::Check)]).await.unwrap();
    rubbish(BasicProperties::default().with_message_id("abc".into()).with_reply_to("there".into()), b"{}")
        .await;
    rabbit.publish(&[message(2, Step::Check)]).await.unwrap();
    let taken = take(&rabbit, 2).await;
    assert_eq!(taken.iter().map(|it| it.message.id).collect::<Vec<_>>(), [id(1), id(2)]);
    rabbit.ack(&taken).await.unwrap();
    let mut found = Vec::new();
    while found.len() < 2 {
        found.extend(strays(&rabbit).await);
    }
    assert_eq!(found[0].body, b"\xff\xfe no JSON");
    assert_eq!(found[1].properties.message_id.as_deref(), Some("abc"));
    assert_eq!(found[1].properties.reply_to.as_deref(), Some("there"));
    assert!(found.iter().all(|it| it.queue == place.name("check") && it.why.contains("schema")), "{found:?}");
    rabbit.ack_strays(&found[..1]);
    rabbit.close().await;
    place.holds(&channel, "check", 1).await;
}

#[tokio::test]
async fn poison_comes_back_through_the_dead() {
    let place = Place::new();
    let settings = RabbitSettings { delivery_limit: 3, ..place.settings() };
    let rabbit = Rabbit::start(settings).await.unwrap();
    let poison = message(1, Step::Check);
    rabbit.publish(std::slice::from_ref(&poison)).await.unwrap();
    let mut times = 0;
    let dead = loop {
        let taken = rabbit.take(Step::Check, 10, Duration::from_millis(200)).await.unwrap();
        times += taken.len();
        rabbit.give_back(&taken).await.unwrap();
        let strays = rabbit.take_strays(10, Duration::from_millis(100)).await.unwrap();
        if let Some(stray) = strays.into_iter().next() {
            break stray;
        }
        assert!(times < 20, "it never dies");
    };
    assert!(times > 1);
    assert_eq!(dead.message, Some(poison));
    assert_eq!(dead.queue, place.name("check"));
    assert!(dead.why.contains("delivery limit"), "{}", dead.why);
    rabbit.ack_strays(&[dead]);
    rabbit.close().await;
    let (_connection, channel) = place.outsider().await;
    place.holds(&channel, "dead", 0).await;
    place.holds(&channel, "check", 0).await;
}

#[tokio::test]
async fn others_are_heard_and_answered() {
    let place = Place::new();
    let rabbit = place.start().await;
    let inlet = rabbit.inlet(Inlet::Orders, 10);
    let (_connection, channel) = place.outsider().await;
    let replies = place.name("replies");
    let durable = QueueDeclareOptions::durable();
    channel.queue_declare(replies.as_str().into(), durable, FieldTable::default()).await.unwrap();
    let properties = BasicProperties::default()
        .with_message_id("order-7".into())
        .with_type("order.placed".into())
        .with_correlation_id("c-7".into())
        .with_reply_to(replies.as_str().into());
    let to = place.name("in.orders");
    let options = BasicPublishOptions::default();
    channel.basic_publish("".into(), to.into(), options, b"{\"n\":7}", properties).await.unwrap();
    let first = inlet.take(10, LONG).await.unwrap().remove(0);
    assert_eq!((first.redelivered, first.claims, &first.body[..]), (false, 1, &b"{\"n\":7}"[..]));
    assert_eq!(first.properties.type_name.as_deref(), Some("order.placed"));
    rabbit.reconnect();
    let again = inlet.take(10, LONG).await.unwrap().remove(0);
    assert!(again.redelivered && again.claims == 2 && again.tag != first.tag, "{again:?}");
    inlet.ack(&[first.tag]);
    let reply_to = again.properties.reply_to.as_deref().unwrap();
    rabbit.answer(reply_to, Some("c-7"), "error", b"{\"why\":\"no\"}").await.unwrap();
    assert!(rabbit.answer(&"x".repeat(300), None, "error", b"{}").await.is_err());
    rabbit.answer("nobody-waits-there", None, "error", b"{}").await.unwrap();
    let got = channel.basic_get(replies.into(), BasicGetOptions { no_ack: true }).await.unwrap().unwrap();
    assert_eq!(
        (&got.data[..], got.properties.correlation_id().as_ref().unwrap().as_str()),
        (&b"{\"why\":\"no\"}"[..], "c-7")
    );
    inlet.ack(&[again.tag]);
    rabbit.close().await;
    place.holds(&channel, "in.orders", 0).await;
}

#[tokio::test]
async fn a_clean_end_loses_nothing() {
    let place = Place::new();
    let rabbit = place.start().await;
    let sent: Vec<Message> = (1..=50).map(|n| message(n, Step::Check)).collect();
    rabbit.publish(&sent).await.unwrap();
    let taken = rabbit.take(Step::Check, 5, LONG).await.unwrap();
    rabbit.ack(&taken[..1]).await.unwrap();
    rabbit.close().await;
    let (_connection, channel) = place.outsider().await;
    place.holds(&channel, "check", 49).await;
    assert!(rabbit.take(Step::Check, 5, LONG).await.is_err(), "it is closed");
}
