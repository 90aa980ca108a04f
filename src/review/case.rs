//! What an amendment or cancellation does to the order that it speaks of.

use crate::order::Order;
use crate::order::document::Kind;
use crate::order::event::Event;
use crate::order::status::{Rung, Status};

/// What happens to `target` as `case` stands now: held while it is undecided, cancelled or resumed at its end. Nothing
/// once the goods have left, when the end changes nothing, or while `held_by_others`: another case on the same order
/// that is still open. An amendment changes the order by the clerk's own correction of it, not here.
#[must_use]
pub fn settle_case(case: &Order, target: &Order, held_by_others: bool) -> Vec<Event> {
    if !case.is_case() || case.refers_to != Some(target.id) || !before_shipping(target.status) {
        return Vec::new();
    }
    match case.status {
        Status::On(Rung::Closed | Rung::Archived) if case.kind == Kind::Cancellation => {
            cancelled(case, target)
        }
        Status::On(Rung::Closed | Rung::Archived) | Status::Rejected | Status::Cancelled => {
            let resumes = matches!(target.status, Status::OnHold(_)) && !held_by_others;
            if resumes { vec![Event::Resumed] } else { Vec::new() }
        }
        Status::On(_) | Status::OnHold(_) | Status::Exception(_) => match target.status {
            Status::On(_) => vec![Event::Held { why: format!("{}:{}", case.kind.as_str(), case.id) }],
            Status::OnHold(_) | Status::Exception(_) | Status::Rejected | Status::Cancelled => Vec::new(),
        },
    }
}

fn cancelled(case: &Order, target: &Order) -> Vec<Event> {
    let mut events: Vec<Event> =
        target.open_reviews().map(|review| Event::ReviewWithdrawn { review_id: review.id }).collect();
    events.push(Event::Cancelled { reason: format!("{}:{}", case.kind.as_str(), case.id) });
    events
}

fn before_shipping(status: Status) -> bool {
    status.rung().is_some_and(|rung| rung < Rung::Shipped)
}
