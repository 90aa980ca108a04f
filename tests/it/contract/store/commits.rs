//! A batch of commits: duplicates, lost versions, effects, refusals, unknown results.

use super::Harness;
use crate::support::make::{
    at, done, ended, id, mail, message, moved, order, send, timer, told, write, writing,
};
use gendan::order::event::Event;
use gendan::order::message::Step;
use gendan::store::{Answer, Commit, Disposition, Filter, Index, Json, Key, Kind, StoreError, Write};
use std::time::Duration;

super::on_every_store!(
    a_message_that_comes_twice_is_a_duplicate,
    the_same_message_twice_in_one_batch_is_done_once,
    the_same_id_with_another_body_is_not_the_same_message,
    a_commit_that_lost_its_version_writes_nothing,
    commits_see_those_before_them_in_the_batch,
    what_is_required_must_not_have_changed,
    an_effect_stands_for_ever,
    one_effect_twice_in_a_batch_is_done_once,
    a_refused_commit_harms_no_neighbour,
    two_orders_never_bear_one_number,
    an_order_and_its_events_go_together,
    a_message_id_is_sent_once,
    an_unanswered_commit_can_be_looked_up,
    what_is_written_is_read_back_as_it_was,
    lists_are_filtered_and_newest_first,
    everything_survives_reopening,
);

fn lost(kind: Kind, name: &str) -> Answer {
    Answer::Lost { key: Key::new(kind, name) }
}

async fn a_message_that_comes_twice_is_a_duplicate(h: impl Harness) {
    let it = message(1, Step::Check);
    h.commit(send([it.clone()])).await;
    let mut commit = done(&it);
    commit.writes = vec![write(Kind::Stock, "A", 0, 1)];
    assert_eq!(h.commit(commit.clone()).await, Answer::Done);
    commit.writes = vec![write(Kind::Stock, "A", 1, 2)];
    assert_eq!(h.commit(commit).await, Answer::Duplicate);
    let stock = h.store().load(&[Key::new(Kind::Stock, "A")]).await.unwrap();
    assert_eq!(stock[0].as_ref().unwrap().version, 1);
    assert!(h.claim(Step::Check, "a").await.is_empty());
}

async fn the_same_message_twice_in_one_batch_is_done_once(h: impl Harness) {
    let it = message(1, Step::Check);
    let commit = Commit { messages: vec![mail(2, "<a@b>")], ..done(&it) };
    let answers = h.store().commit(vec![commit.clone(), commit]).await.unwrap();
    assert_eq!(answers, [Answer::Done, Answer::Duplicate]);
    assert_eq!(h.claim(Step::Deliver, "a").await.len(), 1);
}

async fn the_same_id_with_another_body_is_not_the_same_message(h: impl Harness) {
    let it = message(1, Step::Check);
    let other = gendan::order::message::Message { body: mail(1, "<a@b>").body, ..it.clone() };
    assert_eq!(h.commit(done(&it)).await, Answer::Done);
    assert_eq!(h.commit(done(&other)).await, Answer::OtherBody);
    assert_eq!(h.store().consumed(&[it, other]).await.unwrap(), [true, false]);
}

async fn a_commit_that_lost_its_version_writes_nothing(h: impl Harness) {
    h.commit(writing([write(Kind::Credit, "C1", 0, 1)])).await;
    let it = message(1, Step::Check);
    let commit = Commit {
        writes: vec![write(Kind::Stock, "A", 0, 1), write(Kind::Credit, "C1", 0, 1)],
        messages: vec![message(2, Step::Deliver)],
        effects: vec!["told".to_owned()],
        timers: vec![timer(3, at(0))],
        ..done(&it)
    };
    assert_eq!(h.commit(commit).await, lost(Kind::Credit, "C1"));
    assert_eq!(h.store().consumed(std::slice::from_ref(&it)).await.unwrap(), [false]);
    assert_eq!(h.store().load(&[Key::new(Kind::Stock, "A")]).await.unwrap(), [None]);
    assert!(h.claim(Step::Deliver, "a").await.is_empty());
    assert_eq!(h.store().fire(10).await.unwrap(), 0);
    let again = Commit { effects: vec!["told".to_owned()], ..done(&it) };
    assert_eq!(h.commit(again).await, Answer::Done);
}

async fn commits_see_those_before_them_in_the_batch(h: impl Harness) {
    let batch = vec![
        writing([write(Kind::Stock, "A", 0, 1)]),
        writing([write(Kind::Stock, "A", 0, 1)]),
        writing([write(Kind::Stock, "A", 1, 5)]),
        writing([write(Kind::Stock, "A", 5, 6)]),
    ];
    let answers = h.store().commit(batch).await.unwrap();
    assert_eq!(answers, [Answer::Done, lost(Kind::Stock, "A"), Answer::Done, Answer::Done]);
    let stock = h.store().load(&[Key::new(Kind::Stock, "A")]).await.unwrap();
    assert_eq!(stock[0].as_ref().unwrap().version, 6);
}

async fn what_is_required_must_not_have_changed(h: impl Harness) {
    let key = Key::new(Kind::Counter, "C1");
    let needing =
        |version| Commit { requires: vec![(key.clone(), version)], ..done(&message(1, Step::Check)) };
    assert_eq!(h.commit(needing(1)).await, lost(Kind::Counter, "C1"));
    assert_eq!(h.commit(writing([write(Kind::Counter, "C1", 0, 1)])).await, Answer::Done);
    assert_eq!(h.commit(needing(0)).await, lost(Kind::Counter, "C1"));
    let in_batch = vec![writing([write(Kind::Counter, "C1", 1, 2)]), needing(1), needing(2)];
    let answers = h.store().commit(in_batch).await.unwrap();
    assert_eq!(answers, [Answer::Done, lost(Kind::Counter, "C1"), Answer::Done]);
}

async fn an_effect_stands_for_ever(h: impl Harness) {
    let first = message(1, Step::Check);
    let second = message(2, Step::Check);
    let with_effect = |it: &gendan::order::message::Message| Commit {
        effects: vec![format!("consumed {}", it.id), "key".to_owned()],
        ..done(it)
    };
    h.commit(send([first.clone(), second.clone()])).await;
    assert_eq!(h.commit(with_effect(&first)).await, Answer::Done);
    h.clock().advance(Duration::from_secs(1_000));
    h.store().prune(at(999), 10).await.unwrap();
    let mut late = with_effect(&second);
    late.writes = vec![write(Kind::Stock, "A", 7, 8)];
    assert_eq!(h.commit(late).await, Answer::AlreadyDone { effect: "key".to_owned() });
    assert_eq!(h.store().consumed(&[second]).await.unwrap(), [true]);
    assert_eq!(h.store().load(&[Key::new(Kind::Stock, "A")]).await.unwrap(), [None]);
    assert!(h.claim(Step::Check, "a").await.is_empty(), "what was done already is not handed out again");
    let pruned = Commit { effects: vec!["key".to_owned()], ..done(&first) };
    assert_eq!(h.commit(pruned).await, Answer::AlreadyDone { effect: "key".to_owned() });
}

async fn one_effect_twice_in_a_batch_is_done_once(h: impl Harness) {
    let telling = |n| Commit {
        effects: vec!["key".to_owned()],
        messages: vec![message(n, Step::Deliver)],
        ..Commit::default()
    };
    let answers = h.store().commit(vec![telling(1), telling(2)]).await.unwrap();
    assert_eq!(answers, [Answer::Done, Answer::AlreadyDone { effect: "key".to_owned() }]);
    assert_eq!(h.claim(Step::Deliver, "a").await.len(), 1);
}

async fn a_refused_commit_harms_no_neighbour(h: impl Harness) {
    let nul = Disposition::Done { what: "a\0b".to_owned() };
    let batch = vec![
        writing([write(Kind::Stock, "A", 0, 1)]),
        ended(&message(1, Step::Check), nul),
        writing([Write { body: Json::of(&["\u{0}"]), ..write(Kind::Stock, "B", 0, 1) }]),
        writing([write(Kind::Stock, "C", 3, 3)]),
        writing([write(Kind::Stock, "D", 0, u64::MAX)]),
        writing([write(Kind::Stock, "A", 1, 2)]),
    ];
    let answers = h.store().commit(batch).await.unwrap();
    assert_eq!((&answers[0], &answers[5]), (&Answer::Done, &Answer::Done));
    for answer in &answers[1..5] {
        assert!(matches!(answer, Answer::Refused { .. }), "{answer:?}");
    }
    assert_eq!(h.store().list(Kind::Stock, &Filter::default()).await.unwrap().len(), 1);
}

async fn two_orders_never_bear_one_number(h: impl Harness) {
    let numbered = |n: u128| {
        let (mut order, commit) = order(n, n + 50, 0);
        let number = gendan::order::number::OrderNumber("CNS-C1001-2611-01".to_owned());
        (commit, moved(&mut order, vec![Event::Numbered { number }]))
    };
    let ((a, a2), (b, b2)) = (numbered(1), numbered(2));
    let batch = vec![a, a2, b, b2, writing([write(Kind::Stock, "A", 0, 1)])];
    let answers = h.store().commit(batch).await.unwrap();
    assert_eq!(answers[..3], [Answer::Done, Answer::Done, Answer::Done]);
    assert!(matches!(answers[3], Answer::Refused { .. }), "{answers:?}");
    assert_eq!(answers[4], Answer::Done);
    assert_eq!(h.store().events(id(2)).await.unwrap().len(), 1);
}

async fn an_order_and_its_events_go_together(h: impl Harness) {
    let (mut order, begin) = order(1, 51, 0);
    assert_eq!(h.commit(begin.clone()).await, Answer::Done);
    let refused = |answer| assert!(matches!(answer, Answer::Refused { .. }), "{answer:?}");
    let next = moved(&mut order, vec![Event::InReview, told("buyer", id(9))]);
    refused(h.commit(Commit { writes: Vec::new(), ..next.clone() }).await);
    refused(h.commit(Commit { events: Vec::new(), ..next.clone() }).await);
    let mut gap = next.clone();
    gap.events[1].sequence = 4;
    refused(h.commit(gap).await);
    assert_eq!(h.commit(next.clone()).await, Answer::Done);
    assert_eq!(h.commit(next.clone()).await, lost(Kind::Order, &id(1).to_string()));
    let stored = h.store().events(id(1)).await.unwrap();
    assert_eq!(stored.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(stored[0].hash, gendan::store::chain("", &begin.events[0]));
    assert_eq!(stored[1].hash, gendan::store::chain(&stored[0].hash, &next.events[0]));
}

async fn a_message_id_is_sent_once(h: impl Harness) {
    let it = message(1, Step::Check);
    assert_eq!(h.commit(send([it.clone()])).await, Answer::Done);
    assert!(matches!(h.commit(send([it.clone()])).await, Answer::Refused { .. }));
    h.commit(done(&it)).await;
    h.clock().advance(Duration::from_secs(100));
    h.store().prune(at(99), 10).await.unwrap();
    assert!(matches!(h.commit(send([it])).await, Answer::Refused { .. }));
    let stranger = message(2, Step::Check);
    h.commit(done(&stranger)).await;
    assert!(matches!(h.commit(send([stranger])).await, Answer::Refused { .. }));
}

async fn an_unanswered_commit_can_be_looked_up(h: impl Harness) {
    let (lost, kept) = (message(1, Step::Check), message(2, Step::Check));
    for (it, written) in [(&lost, false), (&kept, true)] {
        let error = h.commit_unanswered(vec![done(it)], written).await;
        assert!(matches!(error, StoreError::Unknown(_)), "{error}");
    }
    assert_eq!(h.store().consumed(&[lost.clone(), kept.clone()]).await.unwrap(), [false, true]);
    assert_eq!(h.commit(done(&lost)).await, Answer::Done);
    assert_eq!(h.commit(done(&kept)).await, Answer::Duplicate);
}

async fn what_is_written_is_read_back_as_it_was(h: impl Harness) {
    let index = Index {
        status: Some("waiting".to_owned()),
        customer: Some("客户".to_owned()),
        number: Some("N".to_owned()),
        po_number: Some("PO\"1'".to_owned()),
        parent: Some("D".to_owned()),
    };
    let body = Json::of(
        &serde_json::json!({"text": "\\u0000 \u{1F4E6} \"", "n": 12_345_678_901_234_567_u64, "f": 0.1, "none": null}),
    );
    let it = Write { body: body.clone(), index: index.clone(), ..write(Kind::Part, "D/0", 0, 3) };
    h.commit(writing([it])).await;
    let keys = [Key::new(Kind::Part, "D/1"), Key::new(Kind::Part, "D/0"), Key::new(Kind::Stock, "D/0")];
    let loaded = h.store().load(&keys).await.unwrap();
    assert_eq!((&loaded[0], &loaded[2]), (&None, &None));
    let it = loaded[1].as_ref().unwrap();
    assert_eq!((it.version, &it.body, &it.index, it.at), (3, &body, &index, at(0)));
}

async fn lists_are_filtered_and_newest_first(h: impl Harness) {
    for number in 1..=4_u128 {
        let mut it = write(Kind::Document, &id(number).to_string(), 0, 1);
        it.index.customer = (number % 2 == 0).then(|| "even".to_owned());
        it.index.number = Some("same".to_owned());
        h.commit(writing([it])).await;
    }
    let ids = async |filter: Filter| {
        let list = h.store().list(Kind::Document, &filter).await.unwrap();
        list.into_iter().map(|it| it.key.id).collect::<Vec<_>>()
    };
    let names = |numbers: &[u128]| numbers.iter().map(|n| id(*n).to_string()).collect::<Vec<_>>();
    assert_eq!(ids(Filter::default()).await, names(&[4, 3, 2, 1]));
    assert_eq!(ids(Filter { limit: 2, ..Filter::default() }).await, names(&[4, 3]));
    let even =
        Filter { customer: Some("even".to_owned()), number: Some("same".to_owned()), ..Filter::default() };
    assert_eq!(ids(even).await, names(&[4, 2]));
}

async fn everything_survives_reopening(mut h: impl Harness) {
    let it = message(1, Step::Check);
    let (order, commit) = order(2, 52, 0);
    h.store().commit(vec![send([it.clone(), message(3, Step::Check)]), commit, done(&it)]).await.unwrap();
    h.reopen().await;
    assert_eq!(h.commit(done(&it)).await, Answer::Duplicate);
    let claimed = h.claim(Step::Check, "a").await;
    assert_eq!(claimed.iter().map(|it| it.message.id).collect::<Vec<_>>(), [id(3)]);
    assert_eq!(h.store().events(order.id).await.unwrap().len(), 1);
}
