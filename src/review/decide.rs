//! What a person's decision does, or why it can't stand.

use crate::order::Order;
use crate::order::event::Event;
use crate::order::problem::Severity;
use crate::order::review::{Decided, Decision, Queue, Refusal, Review, ReviewState, Verdict};
use crate::order::sheet::FoldError;
use chrono::{DateTime, Utc};

/// The events of a decision. Afterwards the order is to be checked anew when the verdict is `correct`, and
/// `review::open` says what comes next: a returned order goes back to the clerk there.
pub fn decide(order: &Order, decision: &Decision, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    let review = order
        .reviews
        .iter()
        .find(|review| review.id == decision.review_id)
        .ok_or(Refusal::Unknown(decision.review_id))?;
    may_stand(order, review, decision)?;
    let mut events = vec![Event::ReviewDecided { review_id: review.id, decided: decided(decision, now) }];
    let others = order
        .open_reviews()
        .filter(|other| other.id != review.id)
        .map(|other| Event::ReviewWithdrawn { review_id: other.id });
    match &decision.verdict {
        Verdict::Approve | Verdict::Correct { .. } => {}
        Verdict::Return { .. } => events.extend(others),
        Verdict::Reject { reason } | Verdict::File { reason, .. } => {
            events.extend(others);
            events.push(Event::Rejected { reason: reason.clone() });
        }
    }
    fits(order, &events)?;
    Ok(events)
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
    if decision.digest != review.digest {
        let (seen, now) = (decision.digest.clone(), review.digest.clone());
        return Err(Refusal::Changed { id: review.id, seen, now });
    }
    if !review.roles.contains(&decision.role) {
        let (role, queue, allowed) = (decision.role, review.queue, review.roles.clone());
        return Err(Refusal::NotAllowed { role, queue, allowed });
    }
    let reading = matches!(review.queue, Queue::Keying | Queue::Clarification);
    if !reading && order.keyed_by.as_deref() == Some(decision.by.as_str()) {
        return Err(Refusal::OwnKeying { by: decision.by.clone() });
    }
    match decision.verdict {
        Verdict::Approve => unblocked(order, review.queue),
        Verdict::Reject { .. } => Ok(()),
        Verdict::Return { .. } if review.queue != Queue::Keying => Ok(()),
        Verdict::File { .. } | Verdict::Correct { .. } if reading => Ok(()),
        Verdict::Return { .. } | Verdict::File { .. } | Verdict::Correct { .. } => {
            Err(Refusal::NotHere { verdict: decision.verdict.as_str().to_owned(), queue: review.queue })
        }
    }
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
        Verdict::Return { what } => Some(what),
        Verdict::Reject { reason } | Verdict::File { reason, .. } => Some(reason),
        Verdict::Approve | Verdict::Correct { .. } => None,
    };
    let words: Vec<&str> = said.into_iter().chain(&decision.note).map(String::as_str).collect();
    Decided {
        verdict: decision.verdict.as_str().to_owned(),
        by: decision.by.clone(),
        role: decision.role,
        at: now,
        note: (!words.is_empty()).then(|| words.join("\n")),
        digest: decision.digest.clone(),
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
