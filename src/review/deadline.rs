//! Deadlines of reviews: who is reminded, who is told, and when.

use super::Desk;
use crate::order::Order;
use crate::order::event::Event;
use crate::order::ids::from_name;
use crate::order::message::{Step, TimerDue, TimerKind};
use crate::order::review::{Queue, Review};
use crate::store::commit::NewTimer;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// How late a review is when its timer comes due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lateness {
    /// Half the time is gone: the department is reminded.
    Half,
    /// The deadline: the department's manager is told.
    Passed,
    /// Twice the time: the general manager is told.
    Twice,
}

impl Lateness {
    pub const ALL: [Self; 3] = [Self::Half, Self::Passed, Self::Twice];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Half => "half",
            Self::Passed => "passed",
            Self::Twice => "twice",
        }
    }

    const fn share(self) -> (i32, i32) {
        match self {
            Self::Half => (1, 2),
            Self::Passed => (1, 1),
            Self::Twice => (2, 1),
        }
    }
}

/// The three timers of each review that these events open; where half the time and the deadline
/// come to the same moment, the reminder is spared.
#[must_use]
pub fn timers(order_id: Uuid, events: &[Event], desk: &Desk<'_>) -> Vec<NewTimer> {
    opened(events).flat_map(|review| timers_of(order_id, review, desk)).collect()
}

/// The three timers of one review.
pub fn timers_of(order_id: Uuid, review: &Review, desk: &Desk<'_>) -> impl Iterator<Item = NewTimer> {
    Lateness::ALL.into_iter().filter_map(move |late| {
        let due = due(review, late, desk);
        let body = TimerDue { order_id, kind: TimerKind::ReviewDeadline, about: review.id, due };
        let timer = NewTimer { id: timer_id(review, late), due, step: Step::Review, body };
        (lateness(review, due, desk) == late).then_some(timer)
    })
}

/// When somebody is told that a review is so late: nobody at night, though the deadline itself may pass then.
fn due(review: &Review, late: Lateness, desk: &Desk<'_>) -> DateTime<Utc> {
    let calendar = desk.calendar_of(review.queue);
    let passes = match late {
        Lateness::Passed => review.due_at,
        Lateness::Half | Lateness::Twice => {
            desk.rules.deadline_of(review).part(review.runs_from(), calendar, late.share())
        }
    };
    let told = if desk.at_night { passes } else { calendar.open_from(passes) };
    // Where both fall to the same opening, the manager still hears of it before the general manager.
    if late == Lateness::Twice {
        told.max(due(review, Lateness::Passed, desk) + TimeDelta::minutes(1))
    } else {
        told
    }
}

/// How late a review is by a timer that was set for this moment, perhaps before the hours or rules were changed.
fn lateness(review: &Review, timer: DateTime<Utc>, desk: &Desk<'_>) -> Lateness {
    Lateness::ALL.into_iter().rev().find(|late| due(review, *late, desk) <= timer).unwrap_or(Lateness::Half)
}

/// The timers to be cancelled when a review ends; cancelling one that has run does no harm.
#[must_use]
pub fn timer_ids(review: &Review) -> [Uuid; 3] {
    Lateness::ALL.map(|late| timer_id(review, late))
}

fn timer_id(review: &Review, late: Lateness) -> Uuid {
    from_name(review.runs_from(), review.id.as_bytes(), late.as_str())
}

/// The reviews that these events open.
pub fn opened(events: &[Event]) -> impl Iterator<Item = &Review> {
    events
        .iter()
        .filter_map(|event| if let Event::ReviewOpened { review } = event { Some(review) } else { None })
}

/// Whether a timer was set before its review's time began anew.
#[must_use]
pub fn is_stale(order: &Order, timer: &TimerDue) -> bool {
    let review = order.open_reviews().find(|review| review.id == timer.about);
    review.and_then(|review| review.restarted_at).is_some_and(|at| timer.due <= at)
}

/// What a deadline's timer means for the order: the review, how late it is, and what is to be recorded. None when the
/// review has ended meanwhile.
#[must_use]
pub fn passed<'a>(
    order: &'a Order,
    timer: &TimerDue,
    desk: &Desk<'_>,
    now: DateTime<Utc>,
) -> Option<(&'a Review, Lateness, Vec<Event>)> {
    if timer.kind != TimerKind::ReviewDeadline {
        return None;
    }
    let review = order.open_reviews().find(|review| review.id == timer.about)?;
    if order.is_held() || is_stale(order, timer) {
        return None;
    }
    // While the customer is asked the house waits for him: his own clock runs, and what he says opens the queue anew. What came
    // in already and a person has to read waits for the house.
    let waits = matches!(review.queue, Queue::Keying | Queue::Clarification | Queue::Offer);
    if waits && order.waits_for_customer().is_some() && order.heard().is_none() {
        return None;
    }
    let late = lateness(review, timer.due, desk);
    let breached = late >= Lateness::Passed && !review.overdue && now >= review.due_at;
    let events = if breached { vec![Event::ReviewOverdue { review_id: review.id }] } else { Vec::new() };
    Some((review, late, events))
}
