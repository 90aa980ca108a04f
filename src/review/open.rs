//! Opens the reviews that an order needs now, and withdraws those that it needs no longer.

use super::Desk;
use super::digest::digest;
use super::facts::RuleFacts;
use super::rules::{Asked, Rules};
use crate::order::Order;
use crate::order::event::Event;
use crate::order::ids::Ids;
use crate::order::problem::Severity;
use crate::order::review::{Decided, Queue, Review, ReviewState};
use crate::order::status::{Rung, Status};
use chrono::{DateTime, Utc};

/// Name of the rule by which an order that somebody returned goes back to the clerk.
pub const RETURNED: &str = "returned";

/// Name of the rule by which the level above looks at what a queue rejected.
pub const APPEAL: &str = "appeal";

/// What has to happen to the reviews of an order as it stands; nothing when all is as it should be.
///
/// To be called whenever the order was checked or a decision was made, with that already folded in. A word that was
/// given stands as long as what its queue had looked at is the same; where that changed, that queue, and only that, is
/// asked again. Queues that have to wait for others open when those are closed. An amendment or cancellation is closed
/// when everybody has agreed to it.
#[must_use]
pub fn open(order: &Order, facts: &RuleFacts, desk: &Desk<'_>, now: DateTime<Utc>, ids: Ids) -> Vec<Event> {
    open_with(order, facts, &[], desk, (now, ids))
}

/// The same for an amendment or cancellation: the queues that it concerns ([`super::case::concerned`]) are asked besides.
#[must_use]
pub fn open_with(
    order: &Order,
    facts: &RuleFacts,
    concerned: &[Asked],
    desk: &Desk<'_>,
    (now, ids): (DateTime<Utc>, Ids),
) -> Vec<Event> {
    if !order.status.is_open() {
        return Vec::new();
    }
    let asked: Vec<(Asked, String)> = asked(order, facts, concerned, desk)
        .into_iter()
        .map(|asked| {
            let digest = digest(order, facts, &asked);
            (asked, digest)
        })
        .collect();
    let unagreed: Vec<&(Asked, String)> = asked.iter().filter(|it| !agreed(order, it, desk.rules)).collect();
    let mut due: Vec<&(Asked, String)> =
        unagreed.iter().copied().filter(|(it, _)| !must_wait(order, it.queue, &asked, desk)).collect();
    // Queues that wait for each other are all asked, rather than none.
    if due.is_empty() {
        due = unagreed;
    }
    let wanted =
        |review: &Review| due.iter().any(|(it, digest)| it.queue == review.queue && *digest == review.digest);
    let mut events: Vec<Event> = order
        .open_reviews()
        .filter(|review| !wanted(review))
        .map(|review| Event::ReviewWithdrawn { review_id: review.id })
        .collect();
    for (it, digest) in &due {
        if !order.open_reviews().any(|review| review.queue == it.queue && review.digest == *digest) {
            events.push(Event::ReviewOpened { review: review(it, digest, desk, now, ids) });
        }
    }
    events.extend(bind(order, &asked));
    events.extend(moved(order.status, &due));
    if order.is_case() && due.is_empty() && !asked.is_empty() && matches!(order.status, Status::On(_)) {
        // It was agreed to while it stood aside.
        events.extend((order.status == Status::On(Rung::Received)).then_some(Event::InReview));
        events.push(Event::Closed);
    }
    events
}

/// Whether the order may be released: nothing is open, nothing blocks it, and neither it nor a line of it stands aside. Holds only
/// once [`open`] has nothing more to say.
#[must_use]
pub fn all_agreed(order: &Order) -> bool {
    matches!(order.status, Status::On(Rung::Received | Rung::InReview))
        && !order.is_case()
        // What is confirmed is promised whole: a held line goes on or is cancelled first.
        && order.holds.is_empty()
        && order.open_reviews().next().is_none()
        && !order.problems.iter().any(|problem| problem.severity == Severity::Blocks)
}

/// What the one who returned the order wants changed; none when it was not returned, or the step he named has answered.
#[must_use]
pub fn returned(order: &Order) -> Option<&str> {
    order.returned.as_ref().map(|it| it.what.as_str())
}

fn asked(order: &Order, facts: &RuleFacts, concerned: &[Asked], desk: &Desk<'_>) -> Vec<Asked> {
    let mut asked = desk.rules.ask(facts);
    for it in concerned {
        match asked.iter_mut().find(|known| known.queue == it.queue) {
            Some(known) => known.join(it),
            None => asked.push(it.clone()),
        }
    }
    if let Some(returned) = &order.returned {
        ask_too(&mut asked, returned.to, RETURNED, desk);
    }
    if let Some(appeal) = desk.rules.appeal.as_ref().filter(|_| order.appealed.is_some()) {
        ask_too(&mut asked, appeal.queue, APPEAL, desk);
    }
    asked
}

/// A queue that is asked for another reason than the rules'.
fn ask_too(asked: &mut Vec<Asked>, queue: Queue, rule: &str, desk: &Desk<'_>) {
    match asked.iter_mut().find(|it| it.queue == queue) {
        Some(it) => it.rules.push(rule.to_owned()),
        None => {
            asked.extend(desk.rules.usual(queue).map(|it| Asked { rules: vec![rule.to_owned()], ..it }));
        }
    }
}

/// Whether this queue has agreed to what it would see now, or was overruled in it.
fn agreed(order: &Order, asked: &(Asked, String), rules: &Rules) -> bool {
    let (queue, digest) = (asked.0.queue, &asked.1);
    let blocked = order.problems.iter().any(|it| it.severity == Severity::Blocks && it.clears == queue);
    let returned = order.returned.as_ref().is_some_and(|it| it.to == queue);
    !blocked
        && !returned
        && last(order, queue).is_some_and(|(review, decided)| {
            // Who set conditions agreed to what they come to, and not to what was there before.
            let to_this = (decided.digest == *digest && decided.conditions.is_empty())
                || decided.agrees_to.as_ref() == Some(digest)
                || binds(order, review, &asked.0);
            let overruled =
                rules.appeal.is_some() && order.appealed == Some(review.id) && decided.digest == *digest;
            overruled || (decided.verdict == "approve" && to_this)
        })
}

/// Whether a review has agreed to what its own conditions, just put into the order, come to. Not where more is asked now than
/// was then, or of others; and not for those who had agreed before the conditions were set.
fn binds(order: &Order, review: &Review, asked: &Asked) -> bool {
    order.binding == Some(review.id)
        && review.signed.is_empty()
        && review.sign == asked.sign
        && asked.rules.iter().all(|rule| review.rules.contains(rule))
        && review.agreed_by().all(|it| asked.roles.contains(&it.role) || review.added.contains(&it.role))
}

/// The last word of a queue.
fn last(order: &Order, queue: Queue) -> Option<(&Review, &Decided)> {
    order.reviews.iter().rev().filter(|review| review.queue == queue).find_map(|review| match &review.state {
        ReviewState::Decided(decided) => Some((review, decided)),
        ReviewState::Open | ReviewState::Withdrawn => None,
    })
}

/// What the queue whose conditions were just met looks at from now on.
fn bind(order: &Order, asked: &[(Asked, String)]) -> Option<Event> {
    let review_id = order.binding?;
    let review = order.reviews.iter().find(|review| review.id == review_id)?;
    let bound = asked.iter().find(|(it, _)| it.queue == review.queue && binds(order, review, it));
    Some(Event::ReviewBound { review_id, digest: bound.map(|(_, digest)| digest.clone()) })
}

fn must_wait(order: &Order, queue: Queue, asked: &[(Asked, String)], desk: &Desk<'_>) -> bool {
    if order.returned.as_ref().is_some_and(|it| it.from == queue && it.to != queue) {
        return true;
    }
    let before = desk.rules.before(queue);
    let mut earlier = asked.iter().filter(|(it, _)| before.contains(&it.queue));
    earlier.any(|it| !agreed(order, it, desk.rules))
}

pub(super) fn review(asked: &Asked, digest: &str, desk: &Desk<'_>, now: DateTime<Utc>, ids: Ids) -> Review {
    Review {
        id: ids.id(&format!("review/{}/{digest}", asked.queue.as_str())),
        queue: asked.queue,
        rules: asked.rules.clone(),
        roles: asked.roles.clone(),
        sign: asked.sign,
        other_than: asked.other_than.iter().copied().collect(),
        added: Vec::new(),
        assigned: None,
        early: None,
        signed: Vec::new(),
        opened_at: now,
        restarted_at: None,
        due_at: asked.deadline.after(now, desk.calendar_of(asked.queue)),
        digest: digest.to_owned(),
        overdue: false,
        state: ReviewState::Open,
    }
}

/// The rung on which an order waits for these queues. One that stands aside stays there.
fn moved(status: Status, due: &[&(Asked, String)]) -> Option<Event> {
    let Status::On(rung) = status else { return None };
    let reading =
        due.iter().any(|(it, _)| matches!(it.queue, Queue::Keying | Queue::Clarification | Queue::Offer));
    if reading {
        return matches!(rung, Rung::Received | Rung::InReview).then_some(Event::Clarifying);
    }
    let moves = rung == Rung::Clarifying || (rung == Rung::Received && !due.is_empty());
    moves.then_some(Event::InReview)
}
