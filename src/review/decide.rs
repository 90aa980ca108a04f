//! What a person's decision does, or why it can't stand.

use super::conditions;
use super::early;
use super::guarantee;
use super::rules::{Appeal, Rules};
use crate::order::Order;
use crate::order::asked;
use crate::order::event::Event;
use crate::order::problem::Severity;
use crate::order::refusal::role_names;
use crate::order::review::{Condition, Decided, Decision, Queue, Refusal, Review, ReviewState, Verdict};
use crate::order::sheet::FoldError;
use crate::order::status::Status;
use chrono::{DateTime, Utc};

/// The events of a decision. Afterwards the order is to be checked anew when the verdict is `correct` or has conditions, and
/// `review::open` says what comes next: a returned order goes back to the clerk, or to the step that was named, there.
pub fn decide(
    order: &Order,
    decision: &Decision,
    rules: &Rules,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    let review = order
        .reviews
        .iter()
        .find(|review| review.id == decision.review_id)
        .ok_or(Refusal::Unknown(decision.review_id))?;
    let events = if let Verdict::Appeal { reason } = &decision.verdict {
        vec![appeal(order, review, decision, (reason, rules))?]
    } else {
        may_stand(order, review, decision)?;
        guarantee::stands(review, decision, (rules, now))?;
        what_it_does(order, review, decision, (rules, now))?
    };
    fits(order, &events)?;
    Ok(events)
}

fn what_it_does(
    order: &Order,
    review: &Review,
    decision: &Decision,
    (rules, now): (&Rules, DateTime<Utc>),
) -> Result<Vec<Event>, Refusal> {
    if let Some(early) = review.early.as_deref().filter(|_| !passes_on(&decision.verdict)) {
        return early::decide(order, review, early, (&decision.verdict, decided(decision, now)));
    }
    let (review_id, by) = (review.id, decision.by.clone());
    let ended = || Event::ReviewDecided { review_id, decided: decided(decision, now) };
    let others = order
        .open_reviews()
        .filter(|other| other.id != review.id)
        .map(|other| Event::ReviewWithdrawn { review_id: other.id });
    let mut events = Vec::new();
    match &decision.verdict {
        Verdict::Approve { conditions, done, fee, .. } => {
            states_work(order, review.queue, (!done.is_empty(), fee.is_some()))?;
            return approve(order, review, (decision, conditions), now);
        }
        Verdict::Correct { .. } => events.push(ended()),
        Verdict::Return { to, .. } => {
            let to = to.unwrap_or(Queue::Keying);
            // A step that waits for this one could not answer it.
            if rules.usual(to).is_none() || rules.before(to).contains(&review.queue) {
                return Err(Refusal::NoSuchStep(to));
            }
            events.push(ended());
            events.extend(others.filter(|_| to == Queue::Keying));
        }
        Verdict::Reject { reason } | Verdict::File { reason, .. } => {
            events.push(ended());
            events.extend(others);
            events.push(Event::Rejected { reason: reason.clone() });
        }
        Verdict::Transfer { to } => {
            not_by_its_clerk(order, review.queue, &[to])?;
            events.push(Event::ReviewAssigned { review_id, to: to.clone(), by });
        }
        Verdict::AddReviewer { reviewer: role } => {
            if review.deciders().any(|it| it == *role) {
                return Err(Refusal::DecidesAlready(*role));
            }
            events.push(Event::ReviewerAdded { review_id, role: *role, by });
        }
        // What is asked, and of whom, the step that sends it says.
        Verdict::Appeal { .. } | Verdict::Ask => {}
    }
    Ok(events)
}

/// Agreed: by one of several who have to, or by the last; with conditions, which are put into the order.
fn approve(
    order: &Order,
    review: &Review,
    (decision, conditions): (&Decision, &[Condition]),
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    let review_id = review.id;
    if let Some(condition) = conditions.first().filter(|_| !sets_conditions(order, review.queue)) {
        let why = format!("the queue {} sets none: return the order instead", review.queue.as_str());
        return Err(Refusal::Condition { path: condition.path.clone(), why });
    }
    let missing = review.missing_after(decision.role);
    if !missing.is_empty() {
        if let Some(condition) = conditions.first() {
            let why = format!("{} still has to agree: who agrees last sets conditions", role_names(&missing));
            return Err(Refusal::Condition { path: condition.path.clone(), why });
        }
        return Ok(vec![Event::ReviewSigned { review_id, decided: decided(decision, now) }]);
    }
    let content = conditions::apply(&order.content, conditions)?;
    let mut decided = decided(decision, now);
    if content == order.content {
        // They are met already.
        decided.conditions.clear();
        return Ok(vec![Event::ReviewDecided { review_id, decided }]);
    }
    let by = decision.by.clone();
    Ok(vec![Event::ReviewDecided { review_id, decided }, Event::Conditioned { review_id, by, content }])
}

/// Somebody else decides then, or besides.
const fn passes_on(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Transfer { .. } | Verdict::AddReviewer { .. })
}

/// A queue's rejection goes to the level above, once. Keying says what the order is, and is not appealed.
fn appeal(
    order: &Order,
    review: &Review,
    decision: &Decision,
    (reason, rules): (&str, &Rules),
) -> Result<Event, Refusal> {
    let rejected = matches!(&review.state, ReviewState::Decided(decided) if decided.verdict == "reject");
    let appealable = rejected
        && order.status == Status::Rejected
        && order.appealed.is_none()
        && !order.is_case()
        && !is_reading(review.queue);
    // There is no level above the one to which appeals go.
    let above = |appeal: &&Appeal| appeal.queue != review.queue;
    let Some(appeal) = rules.appeal.as_ref().filter(above).filter(|_| appealable) else {
        return Err(Refusal::NoAppeal(order.status));
    };
    if !appeal.roles.contains(&decision.role) {
        let allowed = appeal.roles.clone();
        return Err(Refusal::NotAllowed { role: decision.role, queue: review.queue, allowed });
    }
    as_seen(review, decision)?;
    Ok(Event::Appealed { review_id: review.id, by: decision.by.clone(), reason: reason.to_owned() })
}

fn may_stand(order: &Order, review: &Review, decision: &Decision) -> Result<(), Refusal> {
    match &review.state {
        ReviewState::Open => {}
        ReviewState::Withdrawn => return Err(Refusal::Withdrawn(review.id)),
        ReviewState::Decided(by) => {
            let (verdict, by, at) = (by.verdict.clone(), by.by.clone(), by.at);
            return Err(Refusal::Twice { id: review.id, verdict, by, at });
        }
    }
    as_seen(review, decision)?;
    if !review.deciders().any(|role| role == decision.role) {
        let (role, queue, allowed) = (decision.role, review.queue, review.deciders().collect());
        return Err(Refusal::NotAllowed { role, queue, allowed });
    }
    // It may be passed on, and who was asked besides has his own say.
    let free = matches!(decision.verdict, Verdict::Transfer { .. }) || review.added.contains(&decision.role);
    let persons: Vec<&String> = std::iter::once(&decision.by).chain(&decision.on_behalf_of).collect();
    if let Some(to) = review.assigned.as_ref().filter(|to| !persons.contains(to) && !free) {
        return Err(Refusal::Assigned { id: review.id, to: to.clone() });
    }
    not_by_its_clerk(order, review.queue, &persons)?;
    match &decision.verdict {
        Verdict::Approve { .. } => {
            unblocked(order, review.queue)?;
            not_entered_by(order, review.queue, &persons)?;
            four_eyes(order, review, decision)
        }
        Verdict::Reject { .. } | Verdict::Transfer { .. } | Verdict::AddReviewer { .. } => Ok(()),
        Verdict::Return { to, .. } if review.queue != to.unwrap_or(Queue::Keying) => Ok(()),
        Verdict::File { .. } | Verdict::Correct { .. } if is_reading(review.queue) => Ok(()),
        Verdict::Ask if is_reading(review.queue) || review.queue == Queue::Offer => may_ask(order),
        Verdict::Return { .. }
        | Verdict::File { .. }
        | Verdict::Correct { .. }
        | Verdict::Appeal { .. }
        | Verdict::Ask => {
            Err(Refusal::NotHere { verdict: decision.verdict.as_str().to_owned(), queue: review.queue })
        }
    }
}

/// There is something to ask, and it was not asked before.
fn may_ask(order: &Order) -> Result<(), Refusal> {
    let digest = asked::digest(order).filter(|_| !order.is_case()).ok_or(Refusal::NothingToAsk)?;
    match order.asked.as_ref().filter(|asked| asked.digest == digest) {
        Some(asked) => Err(Refusal::AskedAlready { at: asked.at }),
        None => Ok(()),
    }
}

/// A decision stands on what its person saw.
fn as_seen(review: &Review, decision: &Decision) -> Result<(), Refusal> {
    if decision.digest == review.digest {
        return Ok(());
    }
    let (seen, now) = (decision.digest.clone(), review.digest.clone());
    Err(Refusal::Changed { id: review.id, seen, now })
}

const fn is_reading(queue: Queue) -> bool {
    matches!(queue, Queue::Keying | Queue::Clarification)
}

/// Nobody reviews an order that he keyed. What the customer answers he may well take down.
fn not_by_its_clerk(order: &Order, queue: Queue, persons: &[&String]) -> Result<(), Refusal> {
    let keyed = |person: &&&String| order.keyed_by.iter().chain(&order.keyed_before).any(|it| it == **person);
    match persons.iter().find(keyed) {
        Some(by) if !is_reading(queue) && queue != Queue::Offer => {
            Err(Refusal::OwnKeying { by: (*by).clone() })
        }
        Some(_) | None => Ok(()),
    }
}

/// What one of the house keyed in has no letter to hold it against: somebody else agrees to it, in the clerks' queues too. What
/// the customer says to an offer he may take down.
fn not_entered_by(order: &Order, queue: Queue, persons: &[&String]) -> Result<(), Refusal> {
    let keyed = |person: &&&String| order.keyed_by.iter().chain(&order.keyed_before).any(|it| it == **person);
    match persons.iter().find(keyed) {
        Some(by) if order.entered.is_some() && queue != Queue::Offer => {
            Err(Refusal::OwnKeying { by: (*by).clone() })
        }
        Some(_) | None => Ok(()),
    }
}

/// Not where it is said what the order is, nor where the customer's answer is taken down: nobody would look at it any more. An
/// amendment or cancellation is not changed by one either.
fn sets_conditions(order: &Order, queue: Queue) -> bool {
    !order.is_case() && !is_reading(queue) && queue != Queue::Offer
}

/// What was already done of an order is said where a change of it is reviewed, by those who do it; what the customer is asked
/// to pay for it, by sales.
fn states_work(order: &Order, queue: Queue, (done, fee): (bool, bool)) -> Result<(), Refusal> {
    let by_doers = order.is_case() && !is_reading(queue) && queue != Queue::Offer;
    let by_sales = order.is_case() && queue == Queue::Sales;
    if (done && !by_doers) || (fee && !by_sales) { Err(Refusal::NoChange) } else { Ok(()) }
}

/// One person agrees once, and not in both of two queues that have to be two persons'.
fn four_eyes(order: &Order, review: &Review, decision: &Decision) -> Result<(), Refusal> {
    let by = || decision.by.clone();
    if review.signed.iter().any(|it| shares(decision, it)) {
        return Err(Refusal::SignedAlready { by: by(), missing: review.missing_after(decision.role) });
    }
    let apart = |other: &&Review| {
        review.other_than.contains(&other.queue) || other.other_than.contains(&review.queue)
    };
    let mut others: Vec<Queue> = Vec::new();
    for other in order.reviews.iter().rev().filter(apart) {
        let latest = !others.contains(&other.queue);
        let mut agreed = other.agreed_by();
        if latest && agreed.any(|it| shares(decision, it)) {
            return Err(Refusal::FourEyes { by: by(), queue: other.queue });
        }
        if other.agreed_by().next().is_some() {
            others.push(other.queue);
        }
    }
    Ok(())
}

/// Whether one person stands behind both words: himself, or the one in whose place he acted.
fn shares(decision: &Decision, other: &Decided) -> bool {
    let ours = [Some(&decision.by), decision.on_behalf_of.as_ref()];
    let theirs = [Some(&other.by), other.on_behalf_of.as_ref()];
    ours.into_iter().flatten().any(|one| theirs.into_iter().flatten().any(|another| one == another))
}

/// A problem that blocks is cleared by a correction, never by a word.
fn unblocked(order: &Order, queue: Queue) -> Result<(), Refusal> {
    let codes: Vec<&'static str> = order
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Blocks && problem.clears == queue)
        .map(|problem| problem.code.as_str())
        .collect();
    if codes.is_empty() { Ok(()) } else { Err(Refusal::Blocked { codes }) }
}

fn decided(decision: &Decision, now: DateTime<Utc>) -> Decided {
    let said = match &decision.verdict {
        Verdict::Return { what, .. } => Some(what),
        Verdict::Reject { reason } | Verdict::File { reason, .. } | Verdict::Appeal { reason } => {
            Some(reason)
        }
        Verdict::Approve { .. }
        | Verdict::Correct { .. }
        | Verdict::Transfer { .. }
        | Verdict::AddReviewer { .. }
        | Verdict::Ask => None,
    };
    let words: Vec<&str> = said.into_iter().chain(&decision.note).map(String::as_str).collect();
    let (conditions, needs_days, done, fee, guarantee) = match decision.verdict.clone() {
        Verdict::Approve { conditions, needs_days, done, fee, guarantee } => {
            (conditions, needs_days, done, fee, guarantee.map(Box::new))
        }
        Verdict::Return { .. }
        | Verdict::Reject { .. }
        | Verdict::File { .. }
        | Verdict::Appeal { .. }
        | Verdict::Correct { .. }
        | Verdict::Transfer { .. }
        | Verdict::AddReviewer { .. }
        | Verdict::Ask => (Vec::new(), None, Vec::new(), None, None),
    };
    let returned_to = if let Verdict::Return { to, .. } = &decision.verdict { *to } else { None };
    Decided {
        verdict: decision.verdict.as_str().to_owned(),
        by: decision.by.clone(),
        role: decision.role,
        at: now,
        note: (!words.is_empty()).then(|| words.join("\n")),
        digest: decision.digest.clone(),
        on_behalf_of: decision.on_behalf_of.clone(),
        conditions,
        needs_days,
        done,
        fee,
        guarantee,
        returned_to,
        agrees_to: None,
    }
}

fn fits(order: &Order, events: &[Event]) -> Result<(), Refusal> {
    let mut tried = order.clone();
    for event in events {
        match tried.apply(event) {
            Ok(()) => {}
            Err(FoldError::CannotMove(refused)) => return Err(refused.into()),
            Err(FoldError::NoReview(id)) => return Err(Refusal::Unknown(id)),
            Err(FoldError::Received | FoldError::Numbered(_) | FoldError::Foreign) => {
                return Err(Refusal::Unknown(order.id));
            }
        }
    }
    Ok(())
}
