//! Intents: at most one holder, and whoever comes after a dead one is told.

use super::{Harness, LEASE};
use crate::support::make::{at, done, ended, fenced, id, mail, park, retry, send};
use gendan::order::message::Message;
use gendan::store::{Answer, Disposition, Intended};

super::on_every_store!(
    a_fresh_intent_goes_and_keeps_others_out,
    what_was_done_is_finished,
    a_holder_that_died_is_followed_with_a_warning,
    a_known_failure_is_no_doubt,
    doubt_lasts_until_it_is_done,
    a_late_outcome_is_fenced,
    a_late_delivery_of_an_ended_attempt_does_nothing,
    a_lost_answer_is_listed_until_it_is_cleared,
    what_is_parked_in_the_middle_is_unsure,
    the_outcome_of_an_inner_step_ends_what_it_held,
    renewing_a_message_renews_its_intent,
    taking_over_ends_the_intents_of_the_dead,
);

async fn intend(h: &impl Harness, message: &Message, holder: &str) -> Intended {
    h.store().intend(message, "smtp", holder, LEASE).await.unwrap()
}

fn first() -> Message {
    mail(1, "<a@b>")
}

fn second() -> Message {
    Message { attempt: 2, not_before: Some(at(0)), ..first() }
}

fn go(fence: u64, again: bool) -> Intended {
    Intended::Go { fence, again }
}

async fn a_fresh_intent_goes_and_keeps_others_out(h: impl Harness) {
    h.commit(send([first()])).await;
    assert_eq!(intend(&h, &first(), "a").await, go(1, false));
    assert_eq!(intend(&h, &first(), "b").await, Intended::Held { until: at(60) });
    assert_eq!(intend(&h, &mail(2, "<b@b>"), "b").await, go(1, false));
}

async fn what_was_done_is_finished(h: impl Harness) {
    h.commit(send([first()])).await;
    intend(&h, &first(), "a").await;
    assert_eq!(h.commit(fenced(done(&first()), 1)).await, Answer::Done);
    assert_eq!(intend(&h, &first(), "b").await, Intended::Finished);
    assert_eq!(intend(&h, &second(), "b").await, Intended::Finished);
    assert!(h.balanced().await.unsure.is_empty());
    h.wait(100);
    h.store().prune(at(99), 10).await.unwrap();
    assert_eq!(intend(&h, &second(), "b").await, Intended::Finished, "after pruning too");
}

async fn a_holder_that_died_is_followed_with_a_warning(h: impl Harness) {
    h.commit(send([first()])).await;
    intend(&h, &first(), "dead").await;
    h.wait(60);
    assert_eq!(intend(&h, &first(), "b").await, go(2, true));
}

async fn a_known_failure_is_no_doubt(h: impl Harness) {
    h.commit(send([first()])).await;
    intend(&h, &first(), "a").await;
    assert_eq!(h.commit(fenced(retry(&first(), "421 busy", at(0)), 1)).await, Answer::Done);
    assert_eq!(intend(&h, &second(), "a").await, go(2, false));
    assert_eq!(h.commit(fenced(park(&second(), "550 no such user"), 2)).await, Answer::Done);
    assert!(h.balanced().await.unsure.is_empty());
}

async fn doubt_lasts_until_it_is_done(h: impl Harness) {
    h.commit(send([first()])).await;
    intend(&h, &first(), "dead").await;
    h.wait(60);
    assert_eq!(intend(&h, &first(), "b").await, go(2, true));
    h.commit(fenced(retry(&first(), "refused", at(0)), 2)).await;
    assert_eq!(intend(&h, &second(), "b").await, go(3, true), "nobody knows what the dead one did");
    assert_eq!(h.commit(fenced(done(&second()), 3)).await, Answer::Done);
    assert_eq!(intend(&h, &second(), "b").await, Intended::Finished);
}

async fn a_late_outcome_is_fenced(h: impl Harness) {
    h.commit(send([first()])).await;
    intend(&h, &first(), "slow").await;
    h.wait(60);
    intend(&h, &first(), "quick").await;
    assert_eq!(h.commit(fenced(done(&first()), 1)).await, Answer::Fenced);
    assert_eq!(h.store().consumed(&[first()]).await.unwrap(), [false]);
    assert_eq!(h.commit(fenced(done(&first()), 9)).await, Answer::Fenced);
    assert_eq!(h.commit(fenced(done(&mail(2, "<b@b>")), 1)).await, Answer::Fenced);
    assert_eq!(h.commit(fenced(done(&first()), 2)).await, Answer::Done);
}

async fn a_late_delivery_of_an_ended_attempt_does_nothing(h: impl Harness) {
    h.commit(send([first()])).await;
    intend(&h, &first(), "a").await;
    h.commit(fenced(retry(&first(), "421 busy", at(0)), 1)).await;
    assert_eq!(intend(&h, &first(), "late").await, Intended::Finished);
    assert_eq!(intend(&h, &second(), "a").await, go(2, false));
}

async fn a_lost_answer_is_listed_until_it_is_cleared(h: impl Harness) {
    h.commit(send([first()])).await;
    intend(&h, &first(), "a").await;
    let unsure = || Disposition::Done { what: "unsure".to_owned() };
    assert_eq!(h.commit(fenced(ended(&first(), unsure()), 1)).await, Answer::Done);
    let listed = h.balanced().await.unsure;
    assert_eq!((listed.len(), listed[0].message_id, &*listed[0].destination), (1, id(1), "smtp"));
    h.wait(100);
    h.store().prune(at(99), 10).await.unwrap();
    assert_eq!(h.balanced().await.unsure.len(), 1);
    h.commit(send([second()])).await;
    assert_eq!(intend(&h, &second(), "a").await, go(2, true));
    assert_eq!(h.commit(fenced(done(&second()), 2)).await, Answer::Done);
    assert!(h.balanced().await.unsure.is_empty());
}

async fn what_is_parked_in_the_middle_is_unsure(h: impl Harness) {
    h.commit(send([first()])).await;
    intend(&h, &first(), "a").await;
    assert!(h.balanced().await.unsure.is_empty(), "somebody is at it");
    h.commit(park(&first(), "the step panicked")).await;
    assert_eq!(h.balanced().await.unsure.len(), 1);
    let mut replay = send([second()]);
    replay.unpark = vec![(id(1), "again".to_owned())];
    h.commit(replay).await;
    h.wait(60);
    assert_eq!(intend(&h, &second(), "a").await, go(2, true));
}

/// A worker counts by intents how often it tried a message alone.
async fn the_outcome_of_an_inner_step_ends_what_it_held(h: impl Harness) {
    let it = crate::support::make::message(4, gendan::order::message::Step::Check);
    let next = Message { attempt: 2, not_before: Some(at(0)), ..it.clone() };
    h.commit(send([it.clone()])).await;
    assert_eq!(intend(&h, &it, "a").await, go(1, false));
    h.wait(60);
    assert_eq!(intend(&h, &it, "b").await, go(2, true));
    h.commit(retry(&it, "busy", at(0))).await;
    assert_eq!(intend(&h, &next, "b").await, go(3, true));
    h.commit(done(&next)).await;
    assert_eq!(intend(&h, &next, "b").await, Intended::Finished);
    assert!(h.balanced().await.unsure.is_empty());
}

async fn renewing_a_message_renews_its_intent(h: impl Harness) {
    h.commit(send([first()])).await;
    h.claim(first().step, "a").await;
    intend(&h, &first(), "a").await;
    h.wait(50);
    h.store().renew("a", &[id(1)], LEASE).await.unwrap();
    h.wait(50);
    assert_eq!(intend(&h, &first(), "b").await, Intended::Held { until: at(110) });
}

async fn taking_over_ends_the_intents_of_the_dead(h: impl Harness) {
    h.commit(send([first()])).await;
    intend(&h, &first(), "dead").await;
    h.store().take_over("new").await.unwrap();
    assert_eq!(intend(&h, &first(), "new").await, go(2, true));
}
