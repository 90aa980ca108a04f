//! What was told of a released order is told anew when the house holds it or a line of it, and when that goes on: without the
//! held lines, and with them again. What the customer ordered stays the same; he hears of it only where his date moves.

use super::revise::goods_again;
use super::telling::Telling;
use super::{Release, ReleaseError, ReleaseFacts, confirm, notify, tell_due};
use crate::order::Order;
use crate::order::event::{Event, Milestone};
use crate::order::hold::Hold;
use crate::order::ids::Ids;
use crate::order::material::Material;
use crate::order::message::{TimerDue, TimerKind};
use crate::order::status::Status;
use crate::review::calendar::Calendar;
use chrono::{DateTime, NaiveDate, Utc};

/// Tells the departments, and whoever was told of goods, what stands aside from now on; `facts.before` is the order as it was.
pub fn stand_aside(
    order: &Order,
    facts: &ReleaseFacts<'_>,
    now: DateTime<Utc>,
    ids: Ids,
) -> Result<Release, ReleaseError> {
    let mut telling = Telling::new(order, facts, now, ids);
    told_again(&mut telling)?;
    telling.status();
    Ok(telling.out)
}

/// Tells them what goes on again; `hold` is what has ended. What has still to be made gets the working days back for which it
/// rested, and where that moves the promised date the customer gets a new confirmation.
pub fn go_on(
    order: &Order,
    hold: &Hold,
    facts: &ReleaseFacts<'_>,
    (now, ids): (DateTime<Utc>, Ids),
) -> Result<Release, ReleaseError> {
    let mut telling = Telling::new(order, facts, now, ids);
    let moves = replanned(order, hold, facts, now);
    if let Some(event) = moves {
        telling.happen(event)?;
    }
    if telling.order.promised != order.promised {
        confirm::confirm(&mut telling)?;
    }
    told_again(&mut telling)?;
    // While an amendment or cancellation holds it nothing begins.
    if matches!(telling.order.status, Status::On(_)) {
        tell_due(&mut telling)?;
    }
    if let Some(due) = telling.order.ship_on.filter(|due| *due > now) {
        let body = TimerDue { order_id: order.id, kind: TimerKind::Ship, about: order.id, due };
        telling.timer(&format!("timer/ship/{}", order.revision), body);
    }
    telling.status();
    Ok(telling.out)
}

fn told_again(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    notify::notify(telling)?;
    match telling.facts.before {
        Some(before) => {
            let now = telling.order.clone();
            goods_again(telling, before, &now)
        }
        None => Ok(()),
    }
}

/// Another date, where the old one can't be kept; and that a line has to be made which was not made with the others.
fn replanned(order: &Order, hold: &Hold, facts: &ReleaseFacts<'_>, now: DateTime<Utc>) -> Option<Event> {
    let (promised, ship_on) = (order.promised?, order.ship_on?);
    let calendar = facts.office.calendar;
    let finished = order.reached.contains(&Milestone::ProductionFinished);
    let remade = hold.line.is_some_and(|line| hold.unmade && order.make.contains(&line));
    let of_hold = |position: &u32| hold.line.is_none_or(|line| line == *position);
    let to_make = order.make.iter().any(of_hold) && (!finished || remade);
    let rested = if to_make { workdays(calendar, hold.since, now) } else { 0 };
    let later = |day: NaiveDate| (0..rested).fold(day, |day, _| calendar.next_workday(day));
    let kept = later(promised).max(calendar.next_workday(calendar.day_of(now)));
    // A day that was missed already before it was held is no promise that is given anew.
    let missed = calendar.day_of(hold.since) > promised;
    let day: NaiveDate = if promised >= calendar.day_of(now) || missed { later(promised) } else { kept };
    if day == promised && !remade {
        return None;
    }
    let leaves = calendar.at(calendar.workday_before(day), facts.office.settings.ship_at).max(now);
    let ship_on = if day == promised { ship_on } else { leaves };
    let (make, credit) = (order.make.clone(), order.credit);
    let needed = |it: &Material| Material { needed_by: later(it.needed_by), ..it.clone() };
    let materials = order.materials.iter().map(needed).collect();
    Some(Event::Replanned { promised: day, ship_on, make, credit, remade, materials })
}

/// Working days that began since then.
fn workdays(calendar: &Calendar, since: DateTime<Utc>, now: DateTime<Utc>) -> usize {
    let (from, until) = (calendar.day_of(since), calendar.day_of(now));
    from.iter_days().skip(1).take_while(|day| *day <= until).filter(|day| calendar.is_workday(*day)).count()
}
