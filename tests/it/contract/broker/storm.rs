//! RabbitMQ killed under load: what was confirmed is there afterwards, and everything goes on by itself.

use crate::servers::rabbit::{Place, Private};
use crate::support::make::message;
use gendan::broker::rabbitmq::{Rabbit, RabbitSettings, check};
use gendan::broker::{Broker as _, Published};
use gendan::order::message::{Message, Step};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use uuid::Uuid;

/// So many at least; it goes on until the server has fallen.
const MESSAGES: u128 = 500;
const LIMIT: Duration = Duration::from_secs(240);

/// What the test knows of the two that work.
#[derive(Default)]
struct Load {
    confirmed: AtomicUsize,
    seen: AtomicUsize,
    fallen: AtomicBool,
    /// How many there are, once no more are made.
    all: OnceLock<usize>,
}

/// As the relay does: what is not confirmed is published again. How often each was.
async fn publish_all(rabbit: Arc<Rabbit>, load: Arc<Load>) -> BTreeMap<Uuid, u32> {
    let mut next = (1..).map(|number| message(number, Step::Check));
    let (mut made, mut waiting, mut times) = (0, Vec::new(), BTreeMap::new());
    loop {
        if made < MESSAGES || !load.fallen.load(Ordering::SeqCst) {
            waiting.extend(next.by_ref().take(10));
            made += 10;
        } else if waiting.is_empty() {
            break;
        }
        let batch: Vec<Message> = waiting.drain(..waiting.len().min(10)).collect();
        let Ok(answers) = rabbit.publish(&batch).await else {
            waiting.splice(0..0, batch);
            continue;
        };
        for (message, answer) in batch.into_iter().zip(answers) {
            *times.entry(message.id).or_insert(0) += 1;
            if answer == Published::Confirmed {
                load.confirmed.fetch_add(1, Ordering::SeqCst);
            } else {
                assert_eq!(answer, Published::Unknown);
                waiting.push(message);
            }
        }
    }
    load.all.set(times.len()).unwrap();
    times
}

/// Takes and acknowledges until everything was seen; how often each came, with and without the mark.
async fn take_all(rabbit: Arc<Rabbit>, load: Arc<Load>) -> BTreeMap<Uuid, (u32, u32)> {
    let mut came: BTreeMap<Uuid, (u32, u32)> = BTreeMap::new();
    while load.all.get().is_none_or(|all| came.len() < *all) {
        let taken = rabbit.take(Step::Check, 20, Duration::from_secs(1)).await.unwrap();
        for delivery in &taken {
            let number = delivery.message.id;
            let (new, again) = came.entry(number).or_default();
            *if delivery.again { again } else { new } += 1;
        }
        rabbit.ack(&taken).await.unwrap();
        load.seen.store(came.len(), Ordering::SeqCst);
    }
    came
}

/// One server for all of it: it takes its time to start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_or_out_of_memory_costs_nothing() {
    let mut server = tokio::task::block_in_place(Private::start);
    encrypted(&server).await;
    killed(&mut server).await;
    blocked(&server).await;
}

async fn killed(server: &mut Private) {
    let place = Place::on(server.url());
    let settings = RabbitSettings { confirm_ms: 3_000, connect_ms: 5_000, ..place.settings() };
    let rabbit = Arc::new(Rabbit::start(settings).await.unwrap());
    let load = Arc::new(Load::default());
    let publishing = tokio::spawn(publish_all(rabbit.clone(), load.clone()));
    let taking = tokio::spawn(take_all(rabbit.clone(), load.clone()));
    let under_way = async {
        while load.confirmed.load(Ordering::SeqCst) < 150 || load.seen.load(Ordering::SeqCst) < 50 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(LIMIT, under_way).await.unwrap();
    tokio::task::block_in_place(|| server.kill());
    load.fallen.store(true, Ordering::SeqCst);
    tokio::task::block_in_place(|| server.restart());
    let times = tokio::time::timeout(LIMIT, publishing).await.unwrap().unwrap();
    let came = tokio::time::timeout(LIMIT, taking).await.unwrap().unwrap();
    let sent: BTreeSet<&Uuid> = times.keys().collect();
    assert_eq!(came.keys().collect::<BTreeSet<_>>(), sent, "everything confirmed came, and nothing else");
    for (id, (new, _)) in &came {
        assert!(*new <= times[id], "{id} was published {} times and came {new} times", times[id]);
    }
    // Copies of what was not known to be there may be left over; the inbox knows them.
    loop {
        let left = rabbit.take(Step::Check, 100, Duration::from_secs(1)).await.unwrap();
        if left.is_empty() {
            break;
        }
        assert!(left.iter().all(|it| it.again || times[&it.message.id] > 1), "{left:?}");
        rabbit.ack(&left).await.unwrap();
    }
    rabbit.close().await;
    let (connection, channel) = place.outsider().await;
    place.holds(&channel, "check", 0).await;
    connection.close(200, "OK".into()).await.unwrap();
}

/// A server short of memory takes no messages; what was taken from it can be acknowledged all the same.
async fn blocked(server: &Private) {
    let place = Place::on(server.url());
    let rabbit = place.start().await;
    let all: Vec<Message> = (1..=20).map(|n| message(n, Step::Check)).collect();
    assert!(rabbit.publish(&all).await.unwrap().iter().all(|it| *it == Published::Confirmed));
    let first = super::rabbit::take(&rabbit, 1).await;
    tokio::task::block_in_place(|| server.control(&["set_vm_memory_high_watermark", "0.00001"]));
    let more = [message(21, Step::Check)];
    // The alarm may come a moment later, and word of it later still.
    let end = tokio::time::Instant::now() + LIMIT;
    while !rabbit.publish(&more).await.is_err_and(|it| it.to_string().contains("memory")) {
        assert!(tokio::time::Instant::now() < end, "it is never said that memory is short");
    }
    assert!(!rabbit.is_connected());
    rabbit.ack(&first).await.unwrap();
    let mut acknowledged = first.len();
    while acknowledged < 20 {
        let taken = super::rabbit::take(&rabbit, 1).await;
        rabbit.ack(&taken).await.unwrap();
        acknowledged += taken.len();
    }
    tokio::task::block_in_place(|| server.control(&["set_vm_memory_high_watermark", "0.4"]));
    while !rabbit.publish(&more).await.is_ok_and(|it| it == [Published::Confirmed]) {
        assert!(tokio::time::Instant::now() < end, "it never takes messages again");
    }
    assert!(rabbit.is_connected());
    rabbit.close().await;
}

async fn encrypted(server: &Private) {
    let place = Place::on(server.url_tls());
    let Err(error) = Rabbit::start(place.settings()).await else { panic!("anybody is trusted") };
    assert!(error.to_string().to_lowercase().contains("certificate"), "{error}");
    let settings = RabbitSettings { ca_file: Some(server.certificate()), ..place.settings() };
    let rabbit = Rabbit::start(settings.clone()).await.unwrap();
    assert_eq!(rabbit.publish(&[message(1, Step::Check)]).await.unwrap(), [Published::Confirmed]);
    assert_eq!(super::rabbit::take(&rabbit, 1).await.len(), 1);
    rabbit.close().await;
    let report = check(&settings).await.unwrap();
    assert!(report.is_fine() && report.server.starts_with("RabbitMQ "), "{report:?}");
}
