//! RabbitMQ killed under load: what was confirmed is there afterwards, and everything goes on by itself.

use crate::servers::rabbit::{Place, Private};
use crate::support::make::message;
use gendan::broker::rabbitmq::{Rabbit, RabbitSettings};
use gendan::broker::{Broker as _, Published};
use gendan::order::message::{Message, Step};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use uuid::Uuid;

const MESSAGES: u128 = 500;
const LIMIT: Duration = Duration::from_secs(240);

/// As the relay does: what is not confirmed is published again. How often each was.
async fn publish_all(rabbit: Arc<Rabbit>, confirmed: Arc<AtomicUsize>) -> BTreeMap<Uuid, u32> {
    let mut waiting: Vec<Message> = (1..=MESSAGES).map(|n| message(n, Step::Check)).collect();
    let mut times = BTreeMap::new();
    while !waiting.is_empty() {
        let batch: Vec<Message> = waiting.drain(..waiting.len().min(10)).collect();
        let Ok(answers) = rabbit.publish(&batch).await else {
            waiting.splice(0..0, batch);
            continue;
        };
        for (message, answer) in batch.into_iter().zip(answers) {
            *times.entry(message.id).or_insert(0) += 1;
            match answer {
                Published::Confirmed => {
                    confirmed.fetch_add(1, Ordering::SeqCst);
                }
                other => {
                    assert_eq!(other, Published::Unknown);
                    waiting.push(message);
                }
            }
        }
    }
    times
}

/// Takes and acknowledges until everything was seen; how often each came, with and without the mark.
async fn take_all(rabbit: Arc<Rabbit>, seen: Arc<AtomicUsize>) -> BTreeMap<Uuid, (u32, u32)> {
    let mut came: BTreeMap<Uuid, (u32, u32)> = BTreeMap::new();
    while came.len() < MESSAGES as usize {
        let taken = rabbit.take(Step::Check, 20, Duration::from_secs(1)).await.unwrap();
        for delivery in &taken {
            let number = delivery.message.id;
            let (new, again) = came.entry(number).or_default();
            *if delivery.again { again } else { new } += 1;
        }
        rabbit.ack(&taken).await.unwrap();
        seen.store(came.len(), Ordering::SeqCst);
    }
    came
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_that_it_confirmed() {
    let mut server = tokio::task::block_in_place(Private::start);
    let place = Place::on(server.url());
    let settings = RabbitSettings { confirm_ms: 3_000, connect_ms: 5_000, ..place.settings() };
    let rabbit = Arc::new(Rabbit::start(settings).await.unwrap());
    let (confirmed, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let publishing = tokio::spawn(publish_all(rabbit.clone(), confirmed.clone()));
    let taking = tokio::spawn(take_all(rabbit.clone(), seen.clone()));
    let under_way = async {
        while confirmed.load(Ordering::SeqCst) < 150 || seen.load(Ordering::SeqCst) < 50 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(LIMIT, under_way).await.unwrap();
    assert!(confirmed.load(Ordering::SeqCst) < MESSAGES as usize, "it is killed in the middle");
    tokio::task::block_in_place(|| {
        server.kill();
        server.restart();
    });
    let times = tokio::time::timeout(LIMIT, publishing).await.unwrap().unwrap();
    let came = tokio::time::timeout(LIMIT, taking).await.unwrap().unwrap();
    let sent: BTreeSet<&Uuid> = times.keys().collect();
    assert_eq!(came.keys().collect::<BTreeSet<_>>(), sent, "everything confirmed came, and nothing else");
    for (id, (new, _)) in &came {
        assert!(*new <= times[id], "{id} was published {} times and came {new} times", times[id]);
    }
    let (connection, channel) = place.outsider().await;
    rabbit.close().await;
    // Copies of what was not known to be there may be left over; the inbox knows them.
    let copies: u32 = times.values().map(|times| times - 1).sum();
    let left = place.ready(&channel, "check").await;
    let again: u32 = came.values().map(|(_, again)| again).sum();
    assert!(left <= copies + 64, "{left} left, {copies} published again, {again} handed out again");
    connection.close(200, "OK".into()).await.unwrap();
}
