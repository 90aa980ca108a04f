//! Goods before the money: who has to agree that a gate opens early, and what their word does.

use super::Desk;
use super::digest::digest;
use super::facts::RuleFacts;
use super::open::review;
use crate::order::Order;
use crate::order::early::{Early, GateAsked};
use crate::order::event::{Event, Gate};
use crate::order::ids::Ids;
use crate::order::review::{Decided, Queue, Refusal, Review, Verdict};
use crate::order::status::{Rung, Status};
use chrono::{DateTime, Utc};

/// `order.kind` of the facts by which the rules say who decides.
pub const KIND: &str = "early";

/// The review in the queue credit that this asks for. `facts` are the order's; its kind is put in their place.
pub fn ask(
    order: &Order,
    asked: &GateAsked,
    facts: &RuleFacts,
    desk: &Desk<'_>,
    (now, ids): (DateTime<Utc>, Ids),
) -> Result<Event, Refusal> {
    let refused = |why| Err(Refusal::Early(why));
    if !is_released(order) {
        return refused("the order is not released, or stands aside: its gates open with the release");
    }
    if asked.gate == Gate::Invoice {
        return refused("the gate `invoice` waits for goods and not for money: ask for produce or ship");
    }
    if order.gates.contains(&asked.gate) {
        return refused("the gate is open already");
    }
    if asked.reason.trim().is_empty() {
        return refused("say why: it is kept with the order");
    }
    if order.open_reviews().any(|review| review.early.is_some()) {
        return refused("it was asked for already: see what the order waits for");
    }
    let mut facts = facts.clone();
    KIND.clone_into(&mut facts.order.kind);
    let by_rules = desk.rules.ask(&facts).into_iter().find(|asked| asked.queue == Queue::Credit);
    let Some(by_rules) = by_rules else {
        return refused("no rule says who decides on that: add one with order.kind == \"early\"");
    };
    let early = Early { gate: asked.gate, reason: asked.reason.clone(), by: asked.by.clone() };
    // Asked again after a refusal it is another review.
    let seen = format!("{}/{}", digest(order, &facts, &by_rules), order.version);
    let digest = crate::order::ids::sha256_hex(seen.as_bytes());
    Ok(Event::ReviewOpened {
        review: Review { early: Some(Box::new(early)), ..review(&by_rules, &digest, desk, now, ids) },
    })
}

/// What a word on such a review does: the gate opens, or the order waits on for the money. Nothing else of it changes.
pub(super) fn decide(
    order: &Order,
    review: &Review,
    early: &Early,
    (verdict, decided): (&Verdict, Decided),
) -> Result<Vec<Event>, Refusal> {
    let review_id = review.id;
    match verdict {
        Verdict::Approve { conditions, .. } => {
            if !conditions.is_empty() {
                return Err(Refusal::Early("the order is released: it can't be changed by conditions"));
            }
            if !is_released(order) {
                return Err(Refusal::Early("the order stands aside or has ended: reject it"));
            }
            if early.by == decided.by || decided.on_behalf_of.as_ref() == Some(&early.by) {
                return Err(Refusal::Early("you asked for it yourself: ask a colleague"));
            }
            if !review.missing_after(decided.role).is_empty() {
                return Ok(vec![Event::ReviewSigned { review_id, decided }]);
            }
            let mut events = vec![Event::ReviewDecided { review_id, decided }];
            if !order.gates.contains(&early.gate) {
                events.push(Event::GateOpened { gate: early.gate });
            }
            Ok(events)
        }
        Verdict::Reject { .. } => Ok(vec![Event::ReviewDecided { review_id, decided }]),
        Verdict::Return { .. }
        | Verdict::File { .. }
        | Verdict::Correct { .. }
        | Verdict::Transfer { .. }
        | Verdict::AddReviewer { .. }
        | Verdict::Appeal { .. }
        | Verdict::Ask => Err(Refusal::NotHere { verdict: verdict.as_str().to_owned(), queue: review.queue }),
    }
}

/// Released, and neither aside nor at its end.
fn is_released(order: &Order) -> bool {
    matches!(order.status, Status::On(rung) if rung >= Rung::Released) && !order.is_case()
}
