//! A guarantee's day: when it is looked at, and what has become of it.

use crate::order::Order;
use crate::order::event::Event;
use crate::order::guarantee::{Guarantee, Guaranteed};
use crate::order::ids::from_name;
use crate::order::message::{Step, TimerDue, TimerKind};
use crate::order::status::Status;
use crate::review::calendar::Calendar;
use crate::store::commit::NewTimer;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use uuid::Uuid;

/// A timer for each guarantee that these events give: when the house opens after its last day.
#[must_use]
pub fn timers(order_id: Uuid, events: &[Event], calendar: &Calendar) -> Vec<NewTimer> {
    let given = events.iter().filter_map(|event| {
        if let Event::ReviewDecided { review_id, decided } | Event::ReviewSigned { review_id, decided } =
            event
        {
            Some((*review_id, decided.at, decided.guarantee.as_deref()?))
        } else {
            None
        }
    });
    given.map(|it| timer(order_id, it, calendar)).collect()
}

fn timer(
    order_id: Uuid,
    (review_id, at, guarantee): (Uuid, DateTime<Utc>, &Guarantee),
    calendar: &Calendar,
) -> NewTimer {
    let after = guarantee.until.succ_opt().unwrap_or(guarantee.until);
    let due = calendar.open_from(calendar.at(after, NaiveTime::MIN));
    let body = TimerDue { order_id, kind: TimerKind::Guarantee, about: review_id, due };
    let id = from_name(at, review_id.as_bytes(), &format!("guarantee/{}", guarantee.until));
    NewTimer { id, due, step: Step::Follow, body }
}

/// The guarantees whose last day lies before `today`, though the order is not paid, and that nobody heard of yet. None of an order that was
/// given up.
#[must_use]
pub fn broken(order: &Order, today: NaiveDate) -> Vec<(usize, Guaranteed)> {
    let given_up = matches!(order.status, Status::Cancelled | Status::Rejected);
    let all = order.guarantees.iter().enumerate().filter(|_| !given_up && !order.is_paid());
    all.filter(|(_, it)| !it.broken && it.guarantee.until < today).map(|(at, it)| (at, it.clone())).collect()
}
