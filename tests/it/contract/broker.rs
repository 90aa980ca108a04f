//! The contract of the broker: each case is one function over a [`Harness`], run for every adapter.

mod rabbit;
mod storm;
mod trouble;

use super::store::{self, OnMemory, OnSqlite};
use crate::servers::rabbit::Place;
use crate::support::make::{at, done, id, in_lane, message, retry, send};
use async_trait::async_trait;
use gendan::broker::local::Local;
use gendan::broker::rabbitmq::Rabbit;
use gendan::broker::{Broker, Delivery, Published};
use gendan::order::message::{Message, Step};
use gendan::store::{Answer, Claim, Relayed};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Longer than anything that is waited for when all is well.
const LONG: Duration = Duration::from_secs(10);
/// Long enough to be sure that nothing comes.
const SHORT: Duration = Duration::from_millis(60);

/// What a case needs of an adapter.
#[async_trait]
trait Harness: Send + Sync {
    async fn fresh() -> Self;

    /// The broker as the first process has it.
    fn broker(&self) -> &dyn Broker;

    /// The broker as another process has it.
    fn beside(&self) -> &dyn Broker;

    /// Sends a message, and wakes whom it is for.
    async fn send(&self, messages: Vec<Message>);

    /// Commits what the delivery brought about, and acknowledges it.
    async fn finish(&self, broker: &dyn Broker, delivery: &Delivery);

    /// Whoever holds a delivery has died.
    async fn lapse(&self);

    /// Long enough to be sure that nothing comes.
    fn short(&self) -> Duration {
        SHORT
    }

    /// Whether what is given back comes with the mark of having been in somebody's hand.
    fn marks_what_is_given_back(&self) -> bool {
        false
    }
}

/// The in-process broker over a store.
struct OnLocal<S> {
    under: S,
    broker: Local,
    beside: Local,
}

#[async_trait]
impl<S: store::Harness> Harness for OnLocal<S> {
    async fn fresh() -> Self {
        let under = S::fresh().await;
        // Whoever is not woken would wait for as long as a case at most does.
        let local = |holder: &str| Local::new(under.shared(), holder.to_owned(), store::LEASE, LONG);
        Self { broker: local("first"), beside: local("second"), under }
    }

    fn broker(&self) -> &dyn Broker {
        &self.broker
    }

    fn beside(&self) -> &dyn Broker {
        &self.beside
    }

    async fn send(&self, messages: Vec<Message>) {
        let published = messages.clone();
        assert_eq!(self.under.commit(send(messages)).await, Answer::Done);
        self.broker.publish(&published).await.unwrap();
    }

    async fn finish(&self, broker: &dyn Broker, delivery: &Delivery) {
        assert_eq!(self.under.commit(done(&delivery.message)).await, Answer::Done);
        broker.ack(std::slice::from_ref(delivery)).await.unwrap();
    }

    async fn lapse(&self) {
        self.under.wait(store::LEASE.as_secs());
    }
}

/// RabbitMQ, with a relay between it and a store.
struct OnRabbit {
    under: OnSqlite,
    broker: Rabbit,
    beside: Rabbit,
    _place: Place,
}

#[async_trait]
impl Harness for OnRabbit {
    async fn fresh() -> Self {
        let place = Place::new();
        let (broker, beside) = (place.start().await, place.start().await);
        Self { under: store::Harness::fresh().await, broker, beside, _place: place }
    }

    fn broker(&self) -> &dyn Broker {
        &self.broker
    }

    fn beside(&self) -> &dyn Broker {
        &self.beside
    }

    async fn send(&self, messages: Vec<Message>) {
        use store::Harness as _;
        assert_eq!(self.under.commit(send(messages)).await, Answer::Done);
        let claim = Claim { step: None, max: 1_000, holder: "relay".to_owned(), lease: store::LEASE };
        let claimed = self.under.store().claim(&claim).await.unwrap();
        let messages: Vec<Message> = claimed.into_iter().map(|it| it.message).collect();
        let answers = self.broker.publish(&messages).await.unwrap();
        assert!(answers.iter().all(|answer| *answer == Published::Confirmed), "{answers:?}");
        let marks = messages.iter().map(|it| (it.id, it.attempt, Relayed::Sent)).collect();
        self.under.store().relayed("relay", marks).await.unwrap();
    }

    async fn finish(&self, broker: &dyn Broker, delivery: &Delivery) {
        use store::Harness as _;
        assert_eq!(self.under.commit(done(&delivery.message)).await, Answer::Done);
        broker.ack(std::slice::from_ref(delivery)).await.unwrap();
    }

    async fn lapse(&self) {
        self.broker.close().await;
    }

    fn short(&self) -> Duration {
        Duration::from_millis(500)
    }

    /// The server marks it, and most versions count it.
    fn marks_what_is_given_back(&self) -> bool {
        true
    }
}

async fn take(broker: &dyn Broker, step: Step) -> Vec<Delivery> {
    broker.take(step, 10, LONG).await.unwrap()
}

/// So many; they may come one by one.
async fn take_all(broker: &dyn Broker, step: Step, count: usize) -> Vec<Delivery> {
    let mut all = Vec::new();
    while all.len() < count {
        let max = u32::try_from(count - all.len()).unwrap();
        let taken = broker.take(step, max, LONG).await.unwrap();
        assert!(!taken.is_empty(), "{} of {count} came", all.len());
        all.extend(taken);
    }
    all
}

async fn nothing_comes(broker: &dyn Broker, step: Step) {
    let taken = broker.take(step, 10, SHORT).await.unwrap();
    assert!(taken.is_empty(), "{taken:?}");
}

fn ids(deliveries: &[Delivery]) -> Vec<Uuid> {
    deliveries.iter().map(|delivery| delivery.message.id).collect()
}

macro_rules! on_every_broker {
    ($($case:ident),+ $(,)?) => {
        mod local_on_sqlite {
            use super::{Harness as _, OnLocal, OnSqlite};
            $(#[tokio::test]
            async fn $case() {
                super::$case(OnLocal::<OnSqlite>::fresh().await).await;
            })+
        }

        mod local_on_memory {
            use super::{Harness as _, OnLocal, OnMemory};
            $(#[tokio::test]
            async fn $case() {
                super::$case(OnLocal::<OnMemory>::fresh().await).await;
            })+
        }

        mod rabbitmq {
            use super::{Harness as _, OnRabbit};
            $(#[tokio::test]
            async fn $case() {
                super::$case(OnRabbit::fresh().await).await;
            })+
        }
    };
}

on_every_broker!(
    what_is_sent_is_delivered_whole_and_in_order,
    what_is_not_acknowledged_comes_again,
    what_is_finished_is_gone,
    what_is_given_back_comes_again,
    one_delivery_is_in_one_hand,
    a_full_queue_stalls_no_other,
    who_waits_is_woken,
    who_waits_in_vain_is_let_go,
);

async fn what_is_sent_is_delivered_whole_and_in_order(h: impl Harness) {
    let sent: Vec<Message> = [7, 3, 5].map(|number| message(number, Step::Check)).to_vec();
    h.send(sent.clone()).await;
    let taken = take_all(h.broker(), Step::Check, 3).await;
    let messages: Vec<Message> = taken.iter().map(|delivery| delivery.message.clone()).collect();
    assert_eq!(messages, sent);
    assert!(taken.iter().all(|delivery| !delivery.again && delivery.claims == 1));
    let tags: BTreeSet<_> = taken.iter().map(|it| (it.tag.epoch, it.tag.number)).collect();
    assert_eq!(tags.len(), 3, "each delivery has a tag of its own");
    nothing_comes(h.broker(), Step::Deliver).await;
}

async fn what_is_not_acknowledged_comes_again(h: impl Harness) {
    h.send(vec![message(1, Step::Check)]).await;
    take(h.broker(), Step::Check).await;
    nothing_comes(h.beside(), Step::Check).await;
    h.lapse().await;
    let taken = take(h.beside(), Step::Check).await;
    assert_eq!((taken.len(), taken[0].again, taken[0].claims), (1, true, 2));
}

async fn what_is_finished_is_gone(h: impl Harness) {
    h.send(vec![message(1, Step::Check), message(2, Step::Check)]).await;
    let taken = take_all(h.broker(), Step::Check, 2).await;
    h.finish(h.broker(), &taken[0]).await;
    h.lapse().await;
    assert_eq!(ids(&take(h.beside(), Step::Check).await), [id(2)]);
}

async fn what_is_given_back_comes_again(h: impl Harness) {
    h.send(vec![message(1, Step::Check)]).await;
    let taken = take(h.broker(), Step::Check).await;
    h.broker().give_back(&taken).await.unwrap();
    let mut taken = Vec::new();
    let end = Instant::now() + LONG;
    // It is anybody's again.
    while taken.is_empty() {
        assert!(Instant::now() < end, "it never comes");
        for broker in [h.broker(), h.beside()] {
            taken.extend(broker.take(Step::Check, 10, h.short()).await.unwrap());
        }
    }
    assert_eq!((taken.len(), taken[0].again), (1, h.marks_what_is_given_back()));
    assert!(taken[0].claims == 1 || taken[0].claims == 2 && taken[0].again, "{taken:?}");
}

async fn one_delivery_is_in_one_hand(h: impl Harness) {
    h.send((1..=40).map(|number| message(number, Step::Check)).collect()).await;
    let all = async |broker: &dyn Broker| {
        let mut mine = Vec::new();
        loop {
            let taken = broker.take(Step::Check, 3, h.short()).await.unwrap();
            if taken.is_empty() {
                return mine;
            }
            mine.extend(ids(&taken));
        }
    };
    let (a, b) = tokio::join!(all(h.broker()), all(h.beside()));
    let both: BTreeSet<Uuid> = a.iter().chain(&b).copied().collect();
    assert_eq!((a.len() + b.len(), both.len()), (40, 40));
}

async fn a_full_queue_stalls_no_other(h: impl Harness) {
    h.send((1..=300).map(|number| message(number, Step::Read)).collect()).await;
    take_all(h.broker(), Step::Read, 10).await;
    let begun = Instant::now();
    for number in 1_001..=1_020 {
        h.send(vec![message(number, Step::Check)]).await;
        let taken = take(h.broker(), Step::Check).await;
        assert_eq!(ids(&taken), [id(number)]);
        h.finish(h.broker(), &taken[0]).await;
    }
    assert!(begun.elapsed() < LONG / 2, "{:?}", begun.elapsed());
}

async fn who_waits_is_woken(h: impl Harness) {
    let begun = Instant::now();
    let send = async {
        tokio::time::sleep(SHORT).await;
        h.send(vec![message(1, Step::Review)]).await;
    };
    let (taken, ()) = tokio::join!(take(h.broker(), Step::Review), send);
    assert_eq!(ids(&taken), [id(1)]);
    assert!(begun.elapsed() < LONG / 2, "{:?}", begun.elapsed());
}

async fn who_waits_in_vain_is_let_go(h: impl Harness) {
    let begun = Instant::now();
    nothing_comes(h.broker(), Step::Follow).await;
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < LONG / 2);
}

/// With a broker of its own, lanes and delays are the relay's; here they are the claim's.
mod only_local {
    use super::*;

    async fn lanes_go_one_by_one(h: OnLocal<impl store::Harness>) {
        let lane = |number| in_lane(message(number, Step::Deliver), "order/carrier");
        h.send((1..=5).map(lane).collect()).await;
        for number in 1..=5 {
            let begun = Instant::now();
            let taken = take(h.broker(), Step::Deliver).await;
            assert_eq!(ids(&taken), [id(number)]);
            let next = async {
                tokio::time::sleep(SHORT).await;
                h.finish(h.broker(), &taken[0]).await;
            };
            let waiting = h.broker().take(Step::Deliver, 10, LONG);
            if number < 5 {
                let (following, ()) = tokio::join!(waiting, next);
                assert_eq!(ids(&following.unwrap()), [id(number + 1)]);
                h.broker()
                    .give_back(&[Delivery { message: lane(number + 1), ..taken[0].clone() }])
                    .await
                    .unwrap();
            }
            assert!(begun.elapsed() < LONG / 2, "the acknowledgement lets the next of the lane go at once");
        }
    }

    async fn a_retry_comes_when_its_time_has_come(h: OnLocal<impl store::Harness>) {
        h.send(vec![message(1, Step::Check)]).await;
        let taken = take(h.broker(), Step::Check).await;
        h.under.commit(retry(&taken[0].message, "busy", at(5))).await;
        nothing_comes(h.broker(), Step::Check).await;
        h.under.wait(5);
        let again = take(h.broker(), Step::Check).await;
        assert_eq!((again[0].message.attempt, again[0].claims, again[0].again), (2, 1, false));
    }

    mod local_on_sqlite {
        use super::*;

        #[tokio::test]
        async fn lanes_go_one_by_one() {
            super::lanes_go_one_by_one(OnLocal::<OnSqlite>::fresh().await).await;
        }

        #[tokio::test]
        async fn a_retry_comes_when_its_time_has_come() {
            super::a_retry_comes_when_its_time_has_come(OnLocal::<OnSqlite>::fresh().await).await;
        }
    }

    mod local_on_memory {
        use super::*;

        #[tokio::test]
        async fn lanes_go_one_by_one() {
            super::lanes_go_one_by_one(OnLocal::<OnMemory>::fresh().await).await;
        }

        #[tokio::test]
        async fn a_retry_comes_when_its_time_has_come() {
            super::a_retry_comes_when_its_time_has_come(OnLocal::<OnMemory>::fresh().await).await;
        }
    }
}
