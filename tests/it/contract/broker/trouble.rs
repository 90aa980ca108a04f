//! RabbitMQ when something is wrong on the server: full queues, other declarations, deleted queues, lost connections.

use super::LONG;
use super::rabbit::take;
use crate::servers::rabbit::Place;
use crate::support::make::{id, message};
use gendan::broker::rabbitmq::{Rabbit, RabbitError, RabbitSettings, check};
use gendan::broker::{Broker as _, Published};
use gendan::order::message::{Message, Step};
use lapin::options::{ExchangeDeleteOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

fn many(numbers: std::ops::RangeInclusive<u128>) -> Vec<Message> {
    numbers.map(|n| message(n, Step::Check)).collect()
}

#[tokio::test]
async fn a_full_queue_refuses_and_later_takes() {
    let place = Place::new();
    let rabbit = Rabbit::start(RabbitSettings { max_length_bytes: 4_000, ..place.settings() }).await.unwrap();
    let mut sure = BTreeSet::new();
    let mut refused = Vec::new();
    // The limit is kept roughly: one batch may go beyond it.
    for start in (1..=400).step_by(20) {
        let batch = many(start..=start + 19);
        for (message, answer) in
            batch.into_iter().zip(rabbit.publish(&many(start..=start + 19)).await.unwrap())
        {
            if answer == Published::Confirmed {
                sure.insert(message.id);
            } else {
                assert_eq!(answer, Published::Unknown);
                refused.push(message);
            }
        }
    }
    assert!(!sure.is_empty() && refused.len() > 100, "{} {}", sure.len(), refused.len());
    let taken = take(&rabbit, sure.len()).await;
    assert!(sure.is_subset(&taken.iter().map(|it| it.message.id).collect()));
    rabbit.ack(&taken).await.unwrap();
    let end = tokio::time::Instant::now() + LONG;
    while rabbit.publish(&refused[..1]).await.unwrap() != [Published::Confirmed] {
        assert!(tokio::time::Instant::now() < end, "it never takes again");
    }
    assert_eq!(take(&rabbit, 1).await[0].message, refused[0]);
}

#[tokio::test]
async fn another_declaration_is_told_in_words() {
    let place = Place::new();
    let (_connection, channel) = place.outsider().await;
    let declare = async |behind: &str, quorum: bool| {
        let mut arguments = FieldTable::default();
        if quorum {
            arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
            arguments.insert("x-max-length-bytes".into(), AMQPValue::LongLongInt(77));
        }
        let name = place.name(behind);
        channel.queue_declare(name.into(), QueueDeclareOptions::durable(), arguments).await.unwrap();
    };
    declare("check", true).await;
    let started = Rabbit::start(place.settings()).await;
    let Err(RabbitError::Differs(why)) = started else { panic!("it started") };
    assert!(why.contains(&place.name("check")) && why.contains("x-") && why.contains("delete"), "{why}");
    channel.queue_delete(place.name("check").into(), QueueDeleteOptions::default()).await.unwrap();
    channel.queue_delete(place.name("read").into(), QueueDeleteOptions::default()).await.unwrap();
    declare("read", false).await;
    let Err(RabbitError::Differs(why)) = Rabbit::start(place.settings()).await else { panic!("it started") };
    assert!(
        why.contains(&place.name("read")) && why.contains("none there") && why.contains("another program"),
        "{why}"
    );
    let report = check(&place.settings()).await.unwrap();
    assert!(report.server.starts_with("RabbitMQ ") && !report.is_fine());
    let wrong = |behind: &str| {
        let found =
            report.found.iter().find(|it| it.kind == "queue" && it.name == place.name(behind)).unwrap();
        found.wrong.clone().unwrap_or_default()
    };
    assert_eq!(wrong("read"), why, "the same words");
    assert!(wrong("check").contains("not there"), "{}", wrong("check"));
    channel.queue_delete(place.name("read").into(), QueueDeleteOptions::default()).await.unwrap();
}

#[tokio::test]
async fn what_was_declared_is_found_right() {
    let place = Place::new();
    let gendan = |what: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gendan"));
        command
            .args(["broker", what, "--json"])
            .env("GENDAN_POSTGRES__URL", "postgres://nobody@127.0.0.1/none");
        command.env("GENDAN_RABBITMQ__URL", &place.url).env("GENDAN_RABBITMQ__PREFIX", &place.prefix);
        let output = command.env("GENDAN_RABBITMQ__DECLARE", "[\"order.status\"]").output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("guest"), "{said}");
        (output.status.code(), said)
    };
    let (code, said) = gendan("check");
    assert!(code == Some(4) && said.contains("is not there"), "{code:?} {said}");
    assert_eq!(gendan("declare").0, Some(0));
    let (code, said) = gendan("check");
    assert_eq!(code, Some(0), "{said}");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    let name = place.name("out.order.status");
    let found = report["found"].as_array().unwrap().iter().find(|it| it["name"] == *name).unwrap();
    assert_eq!((&found["messages"], &found["consumers"]), (&0.into(), &0.into()));
    assert_eq!(report["keys"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn acknowledgements_of_a_lost_connection_are_dropped() {
    let place = Place::new();
    let rabbit = place.start().await;
    rabbit.publish(&many(1..=3)).await.unwrap();
    let before = take(&rabbit, 3).await;
    rabbit.reconnect();
    let after = take(&rabbit, 3).await;
    assert!(after.iter().all(|it| it.again && it.claims == 2), "{after:?}");
    assert!(before.iter().all(|old| after.iter().all(|new| new.tag.epoch > old.tag.epoch)));
    // With their numbers these would take the new ones along.
    rabbit.ack(&before).await.unwrap();
    rabbit.ack(&after[..1]).await.unwrap();
    rabbit.ack(&after[..1]).await.unwrap();
    rabbit.publish(&many(4..=4)).await.unwrap();
    assert_eq!(take(&rabbit, 1).await[0].message.id, id(4), "the channel lives");
    rabbit.close().await;
    let (_connection, channel) = place.outsider().await;
    place.holds(&channel, "check", 3).await;
}

#[tokio::test]
async fn a_deleted_queue_or_exchange_comes_back() {
    let place = Place::new();
    let rabbit = place.start().await;
    rabbit.publish(&many(1..=1)).await.unwrap();
    take(&rabbit, 1).await;
    let (_connection, channel) = place.outsider().await;
    channel.queue_delete(place.name("check").into(), QueueDeleteOptions::default()).await.unwrap();
    // The consumer is cancelled by the server; looking for messages opens it again, and its queue.
    assert!(rabbit.take(Step::Check, 1, Duration::from_secs(2)).await.unwrap().is_empty());
    assert_eq!(rabbit.publish(&many(2..=2)).await.unwrap(), [Published::Confirmed]);
    assert_eq!(take(&rabbit, 1).await[0].message.id, id(2));
    channel.exchange_delete(place.prefix.as_str().into(), ExchangeDeleteOptions::default()).await.unwrap();
    assert_eq!(rabbit.publish(&many(3..=3)).await.unwrap(), [Published::Unknown], "the channel ended");
    assert_eq!(rabbit.publish(&many(3..=3)).await.unwrap(), [Published::Confirmed]);
    assert_eq!(take(&rabbit, 1).await[0].message.id, id(3));
}

#[tokio::test]
async fn thousands_pass_in_seconds() {
    let place = Place::new();
    let rabbit = place.start().await;
    let begun = tokio::time::Instant::now();
    let publish = async {
        for start in (1..=5_000).step_by(250) {
            let answers = rabbit.publish(&many(start..=start + 249)).await.unwrap();
            assert!(answers.iter().all(|answer| *answer == Published::Confirmed));
        }
    };
    let consume = async {
        let mut count = 0;
        while count < 5_000 {
            let taken = take(&rabbit, 1).await;
            rabbit.ack(&taken).await.unwrap();
            count += taken.len();
        }
    };
    tokio::join!(publish, consume);
    let elapsed = begun.elapsed();
    println!("5,000 messages published, confirmed, taken and acknowledged in {elapsed:?}");
    assert!(elapsed < LONG * 3, "{elapsed:?}");
}

#[tokio::test]
async fn several_publish_at_the_same_time() {
    let place = Place::new();
    let rabbit = place.start().await;
    let all = (0..12).map(|n| {
        let rabbit = &rabbit;
        async move { rabbit.publish(&many(n * 100 + 1..=n * 100 + 100)).await.unwrap() }
    });
    let answers = futures_util::future::join_all(all).await;
    assert!(answers.iter().flatten().all(|answer| *answer == Published::Confirmed));
    let mut seen = BTreeSet::new();
    while seen.len() < 1_200 {
        let taken = take(&rabbit, 1).await;
        rabbit.ack(&taken).await.unwrap();
        seen.extend(taken.iter().map(|it| it.message.id));
    }
    rabbit.close().await;
    let (_connection, channel) = place.outsider().await;
    place.holds(&channel, "check", 0).await;
}

#[tokio::test]
async fn nobody_there_is_said_without_the_password() {
    let url = format!("amqp://gendan:s3cret@127.0.0.1:{}/%2f", crate::servers::free_port());
    let settings = RabbitSettings { url, ..RabbitSettings::default() };
    let Err(error) = Rabbit::start(settings).await else { panic!("it started") };
    let why = error.to_string();
    assert!(why.contains("127.0.0.1") && why.contains("is it running") && !why.contains("s3cret"), "{why}");
    let place = Place::new();
    let url = place.url.replace("guest:guest", "guest:s3cret");
    let Err(error) = Rabbit::start(RabbitSettings { url, ..place.settings() }).await else {
        panic!("it started")
    };
    let why = error.to_string();
    assert!(why.contains("password") && !why.contains("s3cret"), "{why}");
}
