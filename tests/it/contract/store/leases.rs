//! Claims: order, lanes, leases that are renewed, given back, stolen, late, taken over.

use super::{Harness, LEASE};
use crate::support::make::{at, done, id, in_lane, message, park, retry, send};
use gendan::order::message::{Message, Step};
use gendan::store::{Answer, Claim, Relayed};
use uuid::Uuid;

super::on_every_store!(
    the_oldest_is_taken_first_and_only_of_the_step,
    no_more_than_asked_for_is_taken,
    what_is_held_is_not_taken_until_the_lease_is_over,
    a_renewed_lease_lasts_and_a_lost_one_is_told,
    what_is_given_back_was_not_counted,
    a_late_holder_finds_the_work_done,
    taking_over_frees_what_a_dead_process_held,
    a_lane_goes_one_by_one,
    a_retry_keeps_its_place_and_holds_its_lane,
    a_parked_message_lets_its_lane_go,
    what_is_held_back_waits_for_its_time,
    a_relay_marks_what_it_published,
    what_came_back_and_arrived_after_all_is_not_parked,
    what_was_sent_is_done_when_it_is_consumed,
    a_lane_waits_while_its_first_is_with_the_broker,
    what_left_the_house_is_done_without_a_consumer,
);

async fn the_oldest_is_taken_first_and_only_of_the_step(h: impl Harness) {
    h.commit(send([message(9, Step::Check), message(2, Step::Deliver)])).await;
    h.commit(send([message(1, Step::Check)])).await;
    let claimed = h.claim(Step::Check, "a").await;
    let ids: Vec<Uuid> = claimed.iter().map(|it| it.message.id).collect();
    assert_eq!(ids, [id(9), id(1)]);
    assert_eq!(claimed[0].message, message(9, Step::Check));
    assert!(claimed.iter().all(|it| it.claims == 1));
    let any = Claim { step: None, max: 10, holder: "b".to_owned(), lease: LEASE };
    assert_eq!(h.store().claim(&any).await.unwrap().len(), 1);
}

async fn no_more_than_asked_for_is_taken(h: impl Harness) {
    h.commit(send((1..=5).map(|n| message(n, Step::Check)))).await;
    let two = Claim { step: Some(Step::Check), max: 2, holder: "a".to_owned(), lease: LEASE };
    for expected in [2, 2, 1, 0] {
        assert_eq!(h.store().claim(&two).await.unwrap().len(), expected);
    }
}

async fn what_is_held_is_not_taken_until_the_lease_is_over(h: impl Harness) {
    h.commit(send([message(1, Step::Check)])).await;
    assert_eq!(h.claim(Step::Check, "a").await[0].claims, 1);
    assert_eq!(h.words(id(1)).await, ["in_work"]);
    h.wait(59);
    assert!(h.claim(Step::Check, "b").await.is_empty());
    h.wait(1);
    assert_eq!(h.words(id(1)).await, ["waiting"]);
    assert_eq!(h.claim(Step::Check, "b").await[0].claims, 2);
}

async fn a_renewed_lease_lasts_and_a_lost_one_is_told(h: impl Harness) {
    h.commit(send([message(1, Step::Check)])).await;
    h.claim(Step::Check, "a").await;
    h.wait(50);
    assert_eq!(h.store().renew("a", &[id(7), id(1)], LEASE).await.unwrap(), [false, true]);
    assert_eq!(h.store().renew("b", &[id(1)], LEASE).await.unwrap(), [false]);
    h.wait(50);
    assert!(h.claim(Step::Check, "b").await.is_empty());
    h.wait(10);
    assert_eq!(h.claim(Step::Check, "b").await.len(), 1);
    assert_eq!(h.store().renew("a", &[id(1)], LEASE).await.unwrap(), [false]);
}

async fn what_is_given_back_was_not_counted(h: impl Harness) {
    h.commit(send([message(1, Step::Check)])).await;
    h.claim(Step::Check, "a").await;
    h.store().give_back("b", &[(id(1), 1)]).await.unwrap();
    assert!(h.claim(Step::Check, "b").await.is_empty(), "only the holder can give back");
    h.store().give_back("a", &[(id(1), 2)]).await.unwrap();
    assert!(h.claim(Step::Check, "b").await.is_empty(), "another attempt is not the one in hand");
    h.store().give_back("a", &[(id(1), 1)]).await.unwrap();
    assert_eq!(h.claim(Step::Check, "b").await[0].claims, 1);
}

async fn a_late_holder_finds_the_work_done(h: impl Harness) {
    let it = message(1, Step::Check);
    h.commit(send([it.clone()])).await;
    h.claim(Step::Check, "slow").await;
    h.wait(61);
    h.claim(Step::Check, "quick").await;
    assert_eq!(h.commit(done(&it)).await, Answer::Done);
    assert_eq!(h.commit(done(&it)).await, Answer::Duplicate);
    h.store().give_back("quick", &[(it.id, 1)]).await.unwrap();
    h.store().renew("quick", &[it.id], LEASE).await.unwrap();
    h.wait(61);
    assert!(h.claim(Step::Check, "third").await.is_empty());
    h.balanced().await;
}

async fn taking_over_frees_what_a_dead_process_held(h: impl Harness) {
    h.commit(send([message(1, Step::Check), message(2, Step::Deliver)])).await;
    h.claim(Step::Check, "dead").await;
    h.claim(Step::Deliver, "alive").await;
    assert_eq!(h.store().take_over("alive").await.unwrap(), 1);
    assert_eq!(h.claim(Step::Check, "alive").await[0].claims, 2);
    assert!(h.claim(Step::Deliver, "other").await.is_empty());
}

fn lane(number: u128) -> Message {
    in_lane(message(number, Step::Deliver), "order/carrier")
}

async fn a_lane_goes_one_by_one(h: impl Harness) {
    let other = in_lane(message(3, Step::Deliver), "order/customer");
    h.commit(send([lane(1), lane(2), other, message(4, Step::Deliver)])).await;
    assert_eq!(h.claim_ids(Step::Deliver, "a").await, [id(1), id(3), id(4)]);
    assert!(h.claim(Step::Deliver, "b").await.is_empty());
    h.commit(done(&lane(1))).await;
    assert_eq!(h.claim_ids(Step::Deliver, "b").await, [id(2)]);
}

async fn a_retry_keeps_its_place_and_holds_its_lane(h: impl Harness) {
    h.commit(send([lane(1), lane(2)])).await;
    h.claim(Step::Deliver, "a").await;
    h.commit(retry(&lane(1), "busy", at(30))).await;
    assert!(h.claim(Step::Deliver, "a").await.is_empty());
    h.wait(30);
    let again = h.claim(Step::Deliver, "a").await;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].message.id, again[0].message.attempt, again[0].claims), (id(1), 2, 1));
    h.commit(done(&again[0].message)).await;
    assert_eq!(h.claim_ids(Step::Deliver, "a").await, [id(2)]);
}

async fn a_parked_message_lets_its_lane_go(h: impl Harness) {
    h.commit(send([lane(1), lane(2), lane(3)])).await;
    h.commit(park(&lane(1), "no such carrier")).await;
    assert_eq!(h.claim_ids(Step::Deliver, "a").await, [id(2)]);
    let replayed = Message { attempt: 2, ..lane(1) };
    let mut replay = send([replayed]);
    replay.unpark = vec![(id(1), "carrier added".to_owned())];
    assert_eq!(h.commit(replay).await, Answer::Done);
    assert_eq!(h.claim_ids(Step::Deliver, "a").await, [id(1)], "it takes its old place");
    h.commit(done(&lane(2))).await;
    assert!(h.claim(Step::Deliver, "a").await.is_empty());
}

async fn what_is_held_back_waits_for_its_time(h: impl Harness) {
    let held = Message { not_before: Some(at(10)), ..message(1, Step::Check) };
    h.commit(send([held.clone(), message(2, Step::Check)])).await;
    assert_eq!(h.store().next_due().await.unwrap(), Some(at(10)));
    assert_eq!(h.claim_ids(Step::Check, "a").await, [id(2)]);
    h.wait(10);
    let claimed = h.claim(Step::Check, "a").await;
    assert_eq!(claimed[0].message, held);
    assert_eq!(h.store().next_due().await.unwrap(), None);
}

async fn a_relay_marks_what_it_published(h: impl Harness) {
    h.commit(send((1..=4).map(|n| message(n, Step::Check)))).await;
    let claim = Claim { step: None, max: 10, holder: "relay".to_owned(), lease: LEASE };
    assert_eq!(h.store().claim(&claim).await.unwrap().len(), 4);
    let returned = Relayed::Returned { why: "no queue".to_owned() };
    let marks = vec![(id(1), 1, Relayed::Sent), (id(2), 1, returned), (id(3), 1, Relayed::Free)];
    h.store().relayed("other", marks.clone()).await.unwrap();
    assert_eq!(h.words(id(1)).await, ["in_work"]);
    assert!(h.store().parked().await.unwrap().is_empty());
    h.store().relayed("relay", marks).await.unwrap();
    let parked = h.store().parked().await.unwrap();
    assert_eq!((parked.len(), parked[0].message.id, &*parked[0].why), (1, id(2), "no queue"));
    assert_eq!(h.words(id(1)).await, ["in_work"], "with the broker, and not yet consumed");
    assert_eq!(h.store().claim(&claim).await.unwrap()[0].message.id, id(3));
    let balance = h.balanced().await.messages;
    assert_eq!((balance.in_work, balance.parked), (3, 1));
}

async fn what_came_back_and_arrived_after_all_is_not_parked(h: impl Harness) {
    h.commit(send([message(1, Step::Check), message(2, Step::Check)])).await;
    let claim = Claim { step: None, max: 10, holder: "relay".to_owned(), lease: LEASE };
    h.store().claim(&claim).await.unwrap();
    let returned = |n| (id(n), 1, Relayed::Returned { why: "no queue".to_owned() });
    h.store().relayed("relay", vec![returned(1), returned(2)]).await.unwrap();
    assert_eq!(h.commit(done(&message(1, Step::Check))).await, Answer::Done);
    assert_eq!(h.commit(park(&message(2, Step::Check), "invalid")).await, Answer::Done);
    let parked = h.store().parked().await.unwrap();
    assert_eq!((parked.len(), parked[0].message.id, &*parked[0].why), (1, id(2), "invalid"));
    let messages = h.balanced().await.messages;
    assert_eq!((messages.done, messages.parked), (1, 1));
}

async fn what_was_sent_is_done_when_it_is_consumed(h: impl Harness) {
    h.commit(send([message(1, Step::Check), message(2, Step::Check)])).await;
    let claim = Claim { step: None, max: 10, holder: "relay".to_owned(), lease: LEASE };
    h.store().claim(&claim).await.unwrap();
    h.commit(done(&message(1, Step::Check))).await;
    let marks = vec![(id(1), 1, Relayed::Sent), (id(2), 1, Relayed::Sent)];
    h.store().relayed("relay", marks).await.unwrap();
    h.commit(retry(&message(2, Step::Check), "busy", at(0))).await;
    assert_eq!(
        (h.words(id(1)).await, h.words(id(2)).await),
        (vec!["released".to_owned()], vec!["waiting".to_owned()])
    );
    let late = vec![(id(2), 1, Relayed::Sent)];
    h.store().claim(&claim).await.unwrap();
    h.store().relayed("relay", late).await.unwrap();
    assert_eq!(h.words(id(2)).await, ["in_work"], "a mark for an earlier attempt says nothing of this one");
    h.wait(61);
    assert_eq!(h.store().claim(&claim).await.unwrap().len(), 1);
}

fn relaying(max: u32) -> Claim {
    Claim { step: None, max, holder: "relay".to_owned(), lease: LEASE }
}

async fn a_lane_waits_while_its_first_is_with_the_broker(h: impl Harness) {
    h.commit(send([lane(1), lane(2), message(3, Step::Check)])).await;
    let taken = h.store().claim(&relaying(10)).await.unwrap();
    assert_eq!(taken.iter().map(|it| it.message.id).collect::<Vec<_>>(), [id(1), id(3)]);
    let marks = vec![(id(1), 1, Relayed::Sent), (id(3), 1, Relayed::Sent)];
    h.store().relayed("relay", marks).await.unwrap();
    assert!(h.store().claim(&relaying(10)).await.unwrap().is_empty());
    h.wait(600);
    assert!(h.store().claim(&relaying(10)).await.unwrap().is_empty(), "no lease ends what the broker has");
    h.commit(retry(&lane(1), "busy", at(600))).await;
    let again = h.store().claim(&relaying(10)).await.unwrap().remove(0).message;
    assert_eq!((again.id, again.attempt), (id(1), 2));
    h.store().relayed("relay", vec![(id(1), 2, Relayed::Sent)]).await.unwrap();
    assert!(h.store().claim(&relaying(10)).await.unwrap().is_empty());
    h.commit(done(&again)).await;
    assert_eq!(h.claim_ids(Step::Deliver, "a").await, [id(2)]);
    h.balanced().await;
}

async fn what_left_the_house_is_done_without_a_consumer(h: impl Harness) {
    h.commit(send([lane(1), lane(2)])).await;
    h.store().claim(&relaying(10)).await.unwrap();
    let marks = |attempt| vec![(id(1), attempt, Relayed::Delivered)];
    h.store().relayed("other", marks(1)).await.unwrap();
    h.store().relayed("relay", marks(2)).await.unwrap();
    assert_eq!(h.words(id(1)).await, ["in_work"], "only its holder can say so, and only of this attempt");
    h.store().relayed("relay", marks(1)).await.unwrap();
    assert_eq!(h.words(id(1)).await, ["delivered"]);
    assert_eq!(h.store().consumed(&[lane(1)]).await.unwrap(), [false]);
    let messages = h.balanced().await.messages;
    assert_eq!((messages.total, messages.done, messages.waiting), (2, 1, 1));
    assert_eq!(h.claim_ids(Step::Deliver, "a").await, [id(2)], "its lane goes on");
    assert!(matches!(h.commit(send([lane(1)])).await, Answer::Refused { .. }));
    h.wait(1_000);
    assert_eq!(h.store().prune(at(999), 10).await.unwrap().outbox, 1);
    assert_eq!(h.balanced().await.messages.done, 1);
    assert!(matches!(h.commit(send([lane(1)])).await, Answer::Refused { .. }), "nor after it was pruned");
}
