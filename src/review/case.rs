//! Amendments and cancellations: whom they concern, and what they do to the order that they speak of.

use super::digest::digest;
use super::facts::RuleFacts;
use super::rules::{Asked, Rules};
use crate::order::Order;
use crate::order::document::Kind;
use crate::order::event::{Event, Milestone, Tell};
use crate::order::money::Money;
use crate::order::problem::Code;
use crate::order::review::Queue;
use crate::order::status::{Rung, Status};

/// What happens to `target` as `case` stands now. While the case is undecided its order is held; agreed to, a cancellation
/// cancels it, and an amendment makes it what the case says; else it goes on as it was. Held it stays as long as it is
/// `held_by_others`, which is another case that is still open, or by the house. `charge` is what the customer pays for the change. Nothing once the
/// goods have left.
#[must_use]
pub fn settle_case(case: &Order, target: &Order, held_by_others: bool, charge: Option<Money>) -> Vec<Event> {
    if !case.is_case() || case.refers_to != Some(target.id) {
        return Vec::new();
    }
    if !can_change(target) {
        // Its goods left while it was held: it goes on as it is.
        let ended = !case.status.is_open();
        return resumed(target, held_by_others).into_iter().filter(|_| ended).collect();
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

/// Whether the order may still become another one, or none: its goods have not left, and no invoice was asked for.
#[must_use]
pub fn can_change(target: &Order) -> bool {
    let leaves = target.kept.contains(&Milestone::StockOut)
        || target.told.iter().any(|told| told.what == Tell::InvoiceRequest);
    !leaves && target.parts == 0 && target.status.rung().is_some_and(|rung| rung < Rung::Shipped)
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
    if case.content == target.content && charge.is_none() {
        return Vec::new();
    }
    // What somebody asked for as the order was, he has to ask for anew.
    let early = target.open_reviews().filter(|review| review.early.is_some());
    let mut events: Vec<Event> =
        early.map(|review| Event::ReviewWithdrawn { review_id: review.id }).collect();
    let terms_differ = case.content.payment_terms != target.content.payment_terms;
    events.push(Event::Amended {
        case: case.id,
        content: case.content.clone(),
        granted: terms_differ.then(|| grants_credit(case)),
        guarantees: case.guarantees.clone(),
    });
    events.extend(charge.map(|amount| Event::Charged { case: case.id, amount }));
    events
}

/// Whether those who decide on credit gave it with the amendment that asks for it.
fn grants_credit(case: &Order) -> bool {
    let asked = case.problems.iter().any(|problem| problem.code == Code::CreditAsked);
    asked && case.reviews.iter().any(|it| it.queue == Queue::Credit && it.agreed_by().next().is_some())
}

fn resumed(target: &Order, held_by_others: bool) -> Option<Event> {
    let others = held_by_others || target.is_held();
    (matches!(target.status, Status::OnHold(_)) && !others).then_some(Event::Resumed)
}
