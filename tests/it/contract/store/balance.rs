//! The balance: where everything is, what is missing, what is double.

use super::Harness;
use crate::support::make::{
    document_write, done, id, mail, moved, order, park, part_write, read, received, send, told, writing,
};
use gendan::order::document::PartState;
use gendan::order::message::{Message, Step};
use gendan::store::Commit;

super::on_every_store!(
    a_document_is_followed_to_its_order,
    what_is_parked_is_counted_as_parked,
    what_nobody_asks_for_is_missing,
    what_was_asked_for_and_not_done_is_missing,
    an_order_and_its_part_know_each_other,
    what_was_told_went_somewhere,
    what_is_double_is_named,
    pruning_changes_nothing,
);

fn became(order: u128) -> PartState {
    PartState::Order { order_id: id(order) }
}

/// The check of document 1's part: order 20 by message 11, told by mail 30.
fn checked(draft: &Message) -> Commit {
    let (mut sheet, begun) = order(20, 1, 0);
    let more = moved(&mut sheet, vec![told("buyer", id(30))]);
    let mut commit = done(draft);
    commit.events = [begun.events, more.events].concat();
    commit.writes = more.writes;
    commit.writes[0].was = 0;
    commit.writes.push(part_write(1, became(20), 1));
    commit.messages = vec![mail(30, "<20@gendan>")];
    commit
}

async fn wrong(h: &impl Harness) -> (Vec<String>, Vec<String>) {
    let balance = h.store().balance().await.unwrap();
    (balance.missing, balance.double)
}

/// Exactly one sentence, which names this.
fn names(found: &[String], what: &str) {
    assert!(found.len() == 1 && found[0].contains(what), "{found:?} should be one that names {what}");
}

async fn a_document_is_followed_to_its_order(h: impl Harness) {
    let (arrival, asks) = received(1, 10);
    h.commit(arrival).await;
    assert_eq!(h.balanced().await.documents.waiting, 1);
    h.claim(Step::Read, "a").await;
    assert_eq!(h.balanced().await.documents.in_work, 1);
    h.wait(60);
    assert_eq!(h.balanced().await.documents.waiting, 1);
    let (reading, draft) = read(&asks, 1, PartState::Waiting, 11);
    h.commit(reading).await;
    let balance = h.balanced().await;
    assert_eq!((balance.documents.done, balance.parts.waiting, balance.messages.total), (1, 1, 2));
    h.claim(Step::Check, "a").await;
    assert_eq!(h.balanced().await.parts.in_work, 1);
    h.commit(checked(&draft)).await;
    let balance = h.balanced().await;
    assert_eq!((balance.parts.done, balance.messages.done, balance.messages.waiting), (1, 2, 1));
}

async fn what_is_parked_is_counted_as_parked(h: impl Harness) {
    let (arrival, asks) = received(1, 10);
    h.commit(arrival).await;
    h.commit(park(&asks, "not readable")).await;
    let balance = h.balanced().await;
    assert_eq!((balance.documents.parked, balance.messages.parked), (1, 1));
    let discard = Commit { unpark: vec![(asks.id, "spam".to_owned())], ..Commit::default() };
    h.commit(discard).await;
    let balance = h.balanced().await;
    assert_eq!((balance.documents.done, balance.messages.done), (1, 1));
    h.wait(1_000);
    h.store().prune(crate::support::make::at(999), 10).await.unwrap();
    assert_eq!(h.balanced().await.documents.done, 1);
}

async fn what_nobody_asks_for_is_missing(h: impl Harness) {
    h.commit(writing([document_write(1, None, 0)])).await;
    names(&wrong(&h).await.0, &id(1).to_string());
    h.commit(writing([document_write(1, Some(1), 1)])).await;
    names(&wrong(&h).await.0, &format!("{}/0", id(1)));
    h.commit(writing([part_write(1, PartState::Waiting, 0)])).await;
    names(&wrong(&h).await.0, &format!("{}/0", id(1)));
    let keying = PartState::Keying { reason: "reading.damaged_workbook".to_owned() };
    h.commit(writing([part_write(1, keying, 1)])).await;
    assert_eq!(h.balanced().await.parts.done, 1);
}

async fn what_was_asked_for_and_not_done_is_missing(h: impl Harness) {
    let (arrival, asks) = received(1, 10);
    h.commit(arrival).await;
    h.commit(done(&asks)).await;
    names(&wrong(&h).await.0, &id(10).to_string());
}

async fn an_order_and_its_part_know_each_other(h: impl Harness) {
    let (_, begun) = order(20, 1, 0);
    h.commit(begun).await;
    names(&wrong(&h).await.0, &id(20).to_string());
    h.commit(writing([document_write(1, Some(1), 0), part_write(1, became(20), 0)])).await;
    h.balanced().await;
    h.commit(writing([document_write(2, Some(1), 0), part_write(2, became(21), 0)])).await;
    names(&wrong(&h).await.0, "does not exist");
    let (_, begun) = order(21, 1, 0);
    h.commit(begun).await;
    let (missing, double) = wrong(&h).await;
    assert_eq!(missing.len(), 2, "{missing:?}");
    names(&double, &id(1).to_string());
}

async fn what_was_told_went_somewhere(h: impl Harness) {
    let (mut sheet, begun) = order(20, 1, 0);
    h.commit(writing([document_write(1, Some(1), 0), part_write(1, became(20), 0)])).await;
    h.commit(begun).await;
    h.commit(moved(&mut sheet, vec![told("buyer", id(30))])).await;
    names(&wrong(&h).await.0, &id(30).to_string());
    h.commit(send([mail(30, "<20@gendan>")])).await;
    h.balanced().await;
}

async fn what_is_double_is_named(h: impl Harness) {
    let (mut sheet, begun) = order(20, 1, 0);
    h.commit(writing([document_write(1, Some(1), 0), part_write(1, became(20), 0)])).await;
    h.commit(begun).await;
    h.commit(moved(&mut sheet, vec![told("buyer", id(30)), told("buyer", id(31))])).await;
    h.commit(send([mail(30, "<20@gendan>"), mail(31, "<21@gendan>")])).await;
    names(&wrong(&h).await.1, &id(20).to_string());
    h.commit(send([mail(32, "<21@gendan>")])).await;
    assert_eq!(wrong(&h).await.1.len(), 2);
}

async fn pruning_changes_nothing(h: impl Harness) {
    let (arrival, asks) = received(1, 10);
    h.commit(arrival).await;
    let (reading, draft) = read(&asks, 1, PartState::Waiting, 11);
    h.commit(reading).await;
    h.commit(checked(&draft)).await;
    h.commit(done(&mail(30, "<20@gendan>"))).await;
    let before = h.balanced().await;
    h.wait(1_000);
    for max in [1, 1, 10] {
        h.store().prune(crate::support::make::at(999), max).await.unwrap();
        assert_eq!(h.balanced().await, before);
    }
    assert!(h.words(id(1)).await.is_empty(), "all messages are pruned");
}
