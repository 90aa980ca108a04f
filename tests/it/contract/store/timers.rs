//! Timers and the lists of reviews.

use super::Harness;
use crate::support::make::{at, done, id, timer};
use gendan::order::message::{Body, Step};
use gendan::order::review::Queue;
use gendan::store::{Commit, ReviewRow};

super::on_every_store!(
    a_timer_fires_when_it_is_due_and_once,
    a_cancelled_timer_stays_silent,
    no_more_than_asked_for_fires,
    reviews_are_listed_by_deadline,
);

fn setting(timers: Vec<gendan::store::NewTimer>) -> Commit {
    Commit { timers, ..Commit::default() }
}

async fn a_timer_fires_when_it_is_due_and_once(h: impl Harness) {
    h.commit(setting(vec![timer(1, at(10))])).await;
    h.commit(setting(vec![timer(1, at(5))])).await;
    assert_eq!(h.store().next_due().await.unwrap(), Some(at(10)));
    h.wait(9);
    assert_eq!(h.store().fire(10).await.unwrap(), 0);
    assert!(h.store().is_idle().await.unwrap());
    h.wait(1);
    assert!(!h.store().is_idle().await.unwrap());
    assert_eq!(h.store().fire(10).await.unwrap(), 1);
    assert_eq!(h.store().fire(10).await.unwrap(), 0);
    let claimed = h.claim(Step::Release, "a").await;
    let message = &claimed[0].message;
    assert_eq!((claimed.len(), message.id, message.correlation_id, message.attempt), (1, id(1), id(900), 1));
    assert_eq!(message.body, Body::TimerDue(timer(1, at(10)).body));
    h.commit(setting(vec![timer(1, at(5))])).await;
    assert_eq!(h.store().fire(10).await.unwrap(), 0, "one that fired is not set again");
    h.commit(done(message)).await;
    h.wait(100);
    h.store().prune(at(100), 10).await.unwrap();
    h.commit(setting(vec![timer(1, at(5))])).await;
    assert_eq!(h.store().fire(10).await.unwrap(), 0);
    assert_eq!(h.store().next_due().await.unwrap(), None);
    h.balanced().await;
}

async fn a_cancelled_timer_stays_silent(h: impl Harness) {
    h.commit(setting(vec![timer(1, at(1)), timer(2, at(1))])).await;
    h.commit(Commit { cancel_timers: vec![id(1), id(7)], ..Commit::default() }).await;
    h.commit(setting(vec![timer(1, at(1))])).await;
    h.wait(2);
    assert_eq!(h.store().fire(10).await.unwrap(), 1);
    assert_eq!(h.claim_ids(Step::Release, "a").await, [id(2)]);
    h.commit(Commit { cancel_timers: vec![id(2)], ..Commit::default() }).await;
    assert_eq!(h.words(id(900)).await, ["in_work"]);
}

async fn no_more_than_asked_for_fires(h: impl Harness) {
    h.commit(setting((1..=5).map(|n| timer(n, at(10 - i64::try_from(n).unwrap()))).collect())).await;
    h.wait(60);
    for expected in [2, 2, 1, 0] {
        assert_eq!(h.store().fire(2).await.unwrap(), expected);
    }
    assert_eq!(h.claim_ids(Step::Release, "a").await, [id(5), id(4), id(3), id(2), id(1)]);
}

async fn reviews_are_listed_by_deadline(h: impl Harness) {
    let review = |number: u128, state: &str, due: i64| ReviewRow {
        id: id(number),
        order_id: id(900),
        queue: Queue::Price,
        state: state.to_owned(),
        opened_at: at(0),
        due_at: at(due),
        overdue: false,
        rules: vec!["价格".to_owned()],
        digest: "d".to_owned(),
    };
    let writing = |reviews| Commit { reviews, ..Commit::default() };
    h.commit(writing(vec![review(1, "open", 30), review(2, "open", 10), review(3, "open", 20)])).await;
    h.commit(writing(vec![review(3, "decided", 20)])).await;
    let open = h.store().reviews(Some("open")).await.unwrap();
    assert_eq!(open, [review(2, "open", 10), review(1, "open", 30)]);
    let all = h.store().reviews(None).await.unwrap();
    assert_eq!(all.iter().map(|it| it.id).collect::<Vec<_>>(), [id(2), id(3), id(1)]);
}
