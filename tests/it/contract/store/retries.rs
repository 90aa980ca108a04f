//! Attempts, parking, replay and discard, pruning.

use super::Harness;
use crate::support::make::{at, done, id, mail, message, park, retry, send, write};
use gendan::order::message::{Message, Step};
use gendan::store::{Answer, Commit};

super::on_every_store!(
    a_failed_attempt_comes_again_with_its_history,
    what_is_parked_waits_for_a_person,
    a_replay_is_the_next_attempt,
    an_attempt_that_was_overtaken_does_nothing,
    only_one_of_two_replays_counts,
    what_is_discarded_is_done_with,
    a_stranger_can_be_retried_and_parked,
    a_stranger_that_is_done_leaves_its_inbox_row_alone,
    an_unsure_message_can_be_sent_once_more,
    pruning_takes_what_is_done_and_old_and_nothing_else,
    pruning_is_bounded,
);

fn unparking(commit: Commit, message: &Message, why: &str) -> Commit {
    Commit { unpark: vec![(message.id, why.to_owned())], ..commit }
}

fn attempt(message: &Message, attempt: u32) -> Message {
    Message { attempt, ..message.clone() }
}

async fn a_failed_attempt_comes_again_with_its_history(h: impl Harness) {
    let it = message(1, Step::Deliver);
    h.commit(send([it.clone()])).await;
    h.claim(Step::Deliver, "a").await;
    h.wait(1);
    assert_eq!(h.commit(retry(&it, "server down", at(20))).await, Answer::Done);
    assert_eq!(h.commit(retry(&it, "server down", at(20))).await, Answer::Duplicate);
    assert_eq!(h.words(id(1)).await, ["waiting"]);
    h.wait(30);
    let second = h.claim(Step::Deliver, "a").await.remove(0).message;
    assert_eq!((second.attempt, second.not_before), (2, Some(at(20))));
    assert_eq!(second.body, it.body);
    h.commit(park(&second, "still down")).await;
    let parked = h.store().parked().await.unwrap().remove(0);
    let history: Vec<_> = parked.history.iter().map(|it| (it.attempt, it.at, &*it.why)).collect();
    assert_eq!(history, [(1, at(1), "server down"), (2, at(31), "still down")]);
    h.balanced().await;
}

async fn what_is_parked_waits_for_a_person(h: impl Harness) {
    let it = mail(1, "<a@b>");
    h.commit(send([it.clone()])).await;
    let mut commit = park(&it, "no address");
    commit.writes = vec![write(gendan::store::Kind::Stock, "A", 0, 1)];
    assert_eq!(h.commit(commit).await, Answer::Done);
    let parked = h.store().parked().await.unwrap().remove(0);
    assert_eq!((&parked.message, &*parked.why, parked.at), (&it, "no address", at(0)));
    assert_eq!(h.words(id(1)).await, ["parked"]);
    h.wait(1_000);
    assert!(h.claim(Step::Deliver, "a").await.is_empty());
    assert_eq!(h.balanced().await.messages.parked, 1);
}

async fn a_replay_is_the_next_attempt(h: impl Harness) {
    let it = message(1, Step::Deliver);
    h.commit(send([it.clone()])).await;
    h.commit(park(&it, "why")).await;
    let wrong = unparking(send([it.clone()]), &it, "again");
    assert!(matches!(h.commit(wrong).await, Answer::Refused { .. }));
    let corrected = Message { body: mail(1, "<new@b>").body, ..attempt(&it, 2) };
    let right = unparking(send([corrected.clone()]), &it, "address corrected");
    assert_eq!(h.commit(right).await, Answer::Done);
    assert!(h.store().parked().await.unwrap().is_empty());
    assert_eq!(h.claim(Step::Deliver, "a").await[0].message, corrected);
    assert_eq!(h.commit(done(&corrected)).await, Answer::Done);
    assert_eq!(h.commit(done(&it)).await, Answer::Duplicate);
    assert_eq!(h.commit(done(&attempt(&it, 2))).await, Answer::OtherBody);
    h.balanced().await;
}

async fn an_attempt_that_was_overtaken_does_nothing(h: impl Harness) {
    let it = message(1, Step::Deliver);
    h.commit(send([it.clone()])).await;
    let relay = gendan::store::Claim { step: None, max: 1, holder: "relay".to_owned(), lease: super::LEASE };
    h.store().claim(&relay).await.unwrap();
    let returned = gendan::store::Relayed::Returned { why: "no queue".to_owned() };
    h.store().relayed("relay", vec![(it.id, 1, returned)]).await.unwrap();
    h.commit(unparking(send([attempt(&it, 2)]), &it, "queue declared")).await;
    assert_eq!(h.commit(done(&it)).await, Answer::Duplicate, "it was delivered after all, but too late");
    assert_eq!(h.commit(done(&attempt(&it, 2))).await, Answer::Done);
    assert_eq!(h.balanced().await.messages.done, 1);
}

async fn only_one_of_two_replays_counts(h: impl Harness) {
    let it = message(1, Step::Deliver);
    h.commit(send([it.clone()])).await;
    h.commit(park(&it, "why")).await;
    let replay = unparking(send([attempt(&it, 2)]), &it, "again");
    let answers = h.store().commit(vec![replay.clone(), replay.clone()]).await.unwrap();
    assert_eq!(answers[0], Answer::Done);
    assert!(matches!(answers[1], Answer::AlreadyDone { .. }), "{answers:?}");
    assert!(matches!(h.commit(replay).await, Answer::AlreadyDone { .. }));
    assert_eq!(h.claim(Step::Deliver, "a").await.len(), 1);
}

async fn what_is_discarded_is_done_with(h: impl Harness) {
    let it = message(1, Step::Deliver);
    h.commit(send([it.clone()])).await;
    h.commit(park(&it, "why")).await;
    assert_eq!(h.commit(unparking(Commit::default(), &it, "not needed")).await, Answer::Done);
    assert!(h.store().parked().await.unwrap().is_empty());
    assert_eq!(h.words(id(1)).await, ["discarded"]);
    assert!(h.claim(Step::Deliver, "a").await.is_empty());
    assert_eq!(h.balanced().await.messages.done, 1);
}

/// With a broker, messages come in that never stood in the outbox.
async fn a_stranger_can_be_retried_and_parked(h: impl Harness) {
    let it = message(1, Step::Follow);
    h.commit(retry(&it, "busy", at(0))).await;
    let second = h.claim(Step::Follow, "a").await.remove(0).message;
    assert_eq!(second.attempt, 2);
    let other = message(2, Step::Follow);
    h.commit(park(&other, "not ours")).await;
    assert_eq!(h.words(id(2)).await, ["parked"]);
    h.commit(done(&message(3, Step::Follow))).await;
    let messages = h.balanced().await.messages;
    assert_eq!((messages.total, messages.in_work, messages.parked, messages.done), (3, 1, 1, 1));
    h.commit(unparking(send([attempt(&other, 2)]), &other, "again")).await;
    assert_eq!(h.claim_ids(Step::Follow, "a").await, [id(2)]);
    h.balanced().await;
}

async fn a_stranger_that_is_done_leaves_its_inbox_row_alone(h: impl Harness) {
    let it = message(1, Step::Follow);
    assert_eq!(h.commit(done(&it)).await, Answer::Done);
    assert_eq!(h.commit(done(&it)).await, Answer::Duplicate);
    assert_eq!(h.store().consumed(std::slice::from_ref(&it)).await.unwrap(), [true]);
    assert!(h.words(id(1)).await.is_empty() && h.claim(Step::Follow, "a").await.is_empty());
    let retried = message(2, Step::Follow);
    h.commit(retry(&retried, "busy", at(5))).await;
    let waiting = Message { attempt: 2, not_before: Some(at(5)), ..retried.clone() };
    assert_eq!(h.store().messages(id(2)).await.unwrap(), [(waiting.clone(), "waiting".to_owned())]);
    assert_eq!(h.commit(park(&waiting, "no such order")).await, Answer::Done);
    assert_eq!(h.store().parked().await.unwrap()[0].history.len(), 2);
    let messages = h.balanced().await.messages;
    assert_eq!((messages.total, messages.done, messages.parked), (2, 1, 1));
    h.wait(1_000);
    assert_eq!(h.store().prune(at(999), 10).await.unwrap().inbox, 1, "what is parked is kept whole");
    assert_eq!(h.balanced().await.messages, messages);
    assert!(
        matches!(h.commit(send([it])).await, Answer::Refused { .. }),
        "a stranger's id is not ours to send"
    );
}

async fn an_unsure_message_can_be_sent_once_more(h: impl Harness) {
    let it = mail(1, "<a@b>");
    h.commit(send([it.clone()])).await;
    let unsure = gendan::store::Disposition::Done { what: "unsure".to_owned() };
    h.commit(crate::support::make::ended(&it, unsure)).await;
    assert!(matches!(h.commit(send([attempt(&it, 3)])).await, Answer::Refused { .. }));
    assert_eq!(h.commit(send([attempt(&it, 2)])).await, Answer::Done);
    assert!(matches!(h.commit(send([attempt(&it, 3)])).await, Answer::Refused { .. }));
    let again = h.claim(Step::Deliver, "a").await.remove(0).message;
    assert_eq!(h.commit(done(&again)).await, Answer::Done);
    h.balanced().await;
}

async fn pruning_takes_what_is_done_and_old_and_nothing_else(h: impl Harness) {
    let all: Vec<Message> = (1..=6).map(|n| message(n, Step::Check)).collect();
    h.commit(send(all.clone())).await;
    h.commit(done(&all[0])).await;
    h.commit(retry(&all[1], "busy", at(500))).await;
    h.commit(park(&all[2], "why")).await;
    h.commit(park(&all[3], "why")).await;
    h.commit(unparking(Commit::default(), &all[3], "not needed")).await;
    h.commit(done(&message(7, Step::Follow))).await;
    h.wait(100);
    h.commit(done(&all[4])).await;
    let before = h.balanced().await.messages;
    let pruned = h.store().prune(at(50), 100).await.unwrap();
    assert_eq!((pruned.inbox, pruned.outbox), (2, 1));
    assert_eq!(h.balanced().await.messages, before);
    let kept: Vec<Vec<String>> = vec![
        h.words(id(1)).await,
        h.words(id(2)).await,
        h.words(id(3)).await,
        h.words(id(4)).await,
        h.words(id(5)).await,
        h.words(id(6)).await,
    ];
    assert_eq!(kept.concat(), ["waiting", "parked", "discarded", "released", "waiting"]);
    assert_eq!(h.store().parked().await.unwrap()[0].history.len(), 1);
    let again = h.store().prune(at(50), 100).await.unwrap();
    assert_eq!((again.inbox, again.outbox), (0, 0));
}

async fn pruning_is_bounded(h: impl Harness) {
    let all: Vec<Message> = (1..=5).map(|n| message(n, Step::Check)).collect();
    h.commit(send(all.clone())).await;
    h.store().commit(all.iter().map(done).collect()).await.unwrap();
    h.wait(100);
    for expected in [2, 2, 1, 0] {
        let pruned = h.store().prune(at(99), 2).await.unwrap();
        assert_eq!((pruned.inbox, pruned.outbox), (expected, expected));
        assert_eq!(h.balanced().await.messages.done, 5);
    }
}
