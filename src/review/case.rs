//! Amendments and cancellations: whom they concern, and what they do to the order that they speak of.

use super::digest::digest;
use super::facts::RuleFacts;
use super::rules::{Asked, Rules};
use crate::order::Order;
use crate::order::document::Kind;
use crate::order::event::{Event, Milestone};
use crate::order::money::Money;
use crate::order::status::{Rung, Status};

/// What happens to `target` as `case` stands now. While the case is undecided its order is held; agreed to, a cancellation
/// cancels it, and an amendment makes it what the case says; else it goes on as it was. Held it stays as long as it is
/// `held_by_others`: another case that is still open. `charge` is what the customer pays for the change. Nothing once the
/// goods have left.
#[must_use]
pub fn settle_case(case: &Order, target: &Order, held_by_others: bool, charge: Option<Money>) -> Vec<Event> {
    if !case.is_case() || case.refers_to != Some(target.id) || !can_change(target) {
        return Vec::new();
    }
    match case.status {
        Status::On(Rung::Closed | Rung::Archived) if case.kind == Kind::Cancellation => {
            cancelled(case, target, charge)
        }
        Status::On(Rung::Closed | Rung::Archived) => {
            let mut events = amended(case, target, charge);
            events.extend(resumed(target, held_by_others));
            events
        }
        Status::Rejected | Status::Cancelled => resumed(target, held_by_others).into_iter().collect(),
        Status::On(_) | Status::OnHold(_) | Status::Exception(_) => match target.status {
            Status::On(_) => vec![Event::Held { why: format!("{}:{}", case.kind.as_str(), case.id) }],
            Status::OnHold(_) | Status::Exception(_) | Status::Rejected | Status::Cancelled => Vec::new(),
        },
    }
}

/// Whether the order may still become another one, or none: its goods have not left.
#[must_use]
pub fn can_change(target: &Order) -> bool {
    let leaves = target.kept.contains(&Milestone::StockOut);
    !leaves && target.status.rung().is_some_and(|rung| rung < Rung::Shipped)
}

/// The queues that an amendment of a released order concerns: those that the rules ask of what the order would come to, other
/// than where they would be shown what they are shown of it as it is. Both are asked as orders; all facts of one moment.
#[must_use]
pub fn concerned(would: (&Order, &RuleFacts), is: (&Order, &RuleFacts), rules: &Rules) -> Vec<Asked> {
    let digests = |(order, facts): (&Order, &RuleFacts)| {
        let asked = rules.ask(facts).into_iter();
        asked.map(|it| (digest(order, facts, &it), it)).collect::<Vec<_>>()
    };
    let known = digests(is);
    let is_new = |digest: &String| known.iter().all(|(known, _)| known != digest);
    digests(would).into_iter().filter(|(digest, _)| is_new(digest)).map(|(_, it)| it).collect()
}

fn cancelled(case: &Order, target: &Order, charge: Option<Money>) -> Vec<Event> {
    let mut events: Vec<Event> =
        target.open_reviews().map(|review| Event::ReviewWithdrawn { review_id: review.id }).collect();
    events.extend(charge.map(|amount| Event::Charged { case: case.id, amount }));
    events.push(Event::Cancelled { reason: format!("{}:{}", case.kind.as_str(), case.id) });
    events
}

fn amended(case: &Order, target: &Order, charge: Option<Money>) -> Vec<Event> {
    let amended = (case.content != target.content)
        .then(|| Event::Amended { case: case.id, content: case.content.clone() });
    let charged = charge.map(|amount| Event::Charged { case: case.id, amount });
    amended.into_iter().chain(charged).collect()
}

fn resumed(target: &Order, held_by_others: bool) -> Option<Event> {
    (matches!(target.status, Status::OnHold(_)) && !held_by_others).then_some(Event::Resumed)
}
