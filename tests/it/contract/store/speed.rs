//! How fast batches of typical orders go through SQLite; run by hand: `cargo test speed -- --ignored --nocapture`.

use super::{Harness, OnSqlite};
use crate::support::make::{done, id, in_lane, mail, message, moved, order, send, told, write};
use gendan::order::event::Event;
use gendan::order::message::{Message, Step};
use gendan::store::{Answer, Claim, Commit, Kind, Write};
use std::time::{Duration, Instant};

const ORDERS: u128 = 5_000;
const BATCH: usize = 50;

/// One order that passes untouched: consumed, three events, four messages out, credit reserved.
fn passing(draft: &Message, number: u128) -> Commit {
    let (mut sheet, begun) = order(number, number, 0);
    let confirmation = mail(number + 1, &format!("<{number}@gendan>"));
    let more = moved(&mut sheet, vec![Event::InReview, told("buyer", confirmation.id)]);
    let mut commit = done(draft);
    commit.events = [begun.events, more.events].concat();
    commit.writes =
        vec![Write { was: 0, ..more.writes[0].clone() }, write(Kind::Credit, &number.to_string(), 0, 1)];
    let lane = |n: u128, to: &str| in_lane(message(number + n, Step::Deliver), &format!("{number}/{to}"));
    commit.messages = vec![confirmation, lane(2, "production"), lane(3, "warehouse"), lane(4, "accounting")];
    commit.effects = vec![format!("part {}/0", id(number))];
    commit
}

#[tokio::test]
#[ignore = "measures; has nothing to check"]
async fn orders_a_second() {
    let h = OnSqlite::fresh().await;
    let drafts: Vec<Message> = (1..=ORDERS).map(|n| message(n * 10, Step::Check)).collect();
    for batch in drafts.chunks(500) {
        h.commit(send(batch.to_vec())).await;
    }
    let (mut claiming, mut deciding, mut committing) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let begun = Instant::now();
    loop {
        let at = Instant::now();
        let max = u32::try_from(BATCH).unwrap();
        let claim = Claim { step: Some(Step::Check), max, holder: "a".to_owned(), lease: super::LEASE };
        let claimed = h.store().claim(&claim).await.unwrap();
        claiming += at.elapsed();
        if claimed.is_empty() {
            break;
        }
        let at = Instant::now();
        let batch: Vec<Commit> =
            claimed.iter().map(|it| passing(&it.message, it.message.id.as_u128() & 0xffff_ffff)).collect();
        deciding += at.elapsed();
        let at = Instant::now();
        let answers = h.store().commit(batch).await.unwrap();
        committing += at.elapsed();
        assert!(answers.iter().all(|answer| *answer == Answer::Done));
    }
    let rate = ORDERS as f64 / begun.elapsed().as_secs_f64();
    println!("{rate:.0} orders/s; claiming {claiming:?}, test data {deciding:?}, committing {committing:?}");
    let at = Instant::now();
    h.store().balance().await.unwrap();
    println!("balance {:?}", at.elapsed());
    let at = Instant::now();
    assert!(h.store().audit().await.unwrap().findings.is_empty());
    println!("audit {:?}", at.elapsed());
}
