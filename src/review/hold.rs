//! Holds of the house: an order or a line of it stands aside, and goes on, by a person's word.

use super::by_house::{CannotChange, has_line, open_to_change};
use super::{Desk, rules::Rules};
use crate::order::Order;
use crate::order::event::{Event, Milestone};
use crate::order::hold::Hold;
use crate::order::review::Review;
use crate::order::status::Status;
use chrono::{DateTime, Utc};

/// `why` of the event by which an order stands aside for the house.
pub const WHY: &str = "house";

/// The order, or a line of it, stands aside. An order that stands aside for something else already stays so when that ends.
pub fn hold(
    order: &Order,
    line: Option<u32>,
    (by, why): (&str, &str),
    now: DateTime<Utc>,
) -> Result<Vec<Event>, CannotChange> {
    open_to_change(order)?;
    if let Some(line) = line {
        has_line(order, line)?;
    }
    let same = |hold: &&Hold| hold.line.is_none() || hold.line == line;
    if let Some(hold) = order.holds.iter().find(same) {
        return Err(CannotChange::HeldAlready { by: hold.by.clone(), line: hold.line });
    }
    if line.is_some_and(|line| order.moving().all(|it| it.position == line)) {
        return Err(CannotChange::LastMoving);
    }
    let (by, why) = (by.to_owned(), why.to_owned());
    let mut events = vec![Event::Stopped { line, by, why, at: now }];
    if line.is_none() && matches!(order.status, Status::On(_)) {
        events.push(Event::Held { why: WHY.to_owned() });
    }
    Ok(events)
}

/// What the house holds of the order, as `line` names it.
pub fn held(order: &Order, line: Option<u32>) -> Result<&Hold, CannotChange> {
    let found = order.holds.iter().find(|hold| hold.line == line);
    found.ok_or_else(|| CannotChange::NotHeld { line, holds: order.holds.iter().map(|it| it.line).collect() })
}

/// It goes on. Held by an amendment or cancellation as well (`held_by_others`), the order stands aside until that ends. Where
/// the other lines have left, the line goes after them. The deadlines of an order's open reviews begin anew.
pub fn resume(
    order: &Order,
    line: Option<u32>,
    (by, held_by_others): (&str, bool),
    desk: &Desk<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, CannotChange> {
    held(order, line)?;
    if line.is_some() && order.kept.contains(&Milestone::StockOut) {
        return Err(CannotChange::LeavingWaits);
    }
    let rest = line.is_some() && order.reached.contains(&Milestone::StockOut);
    let mut events = vec![Event::LetGo { line, by: by.to_owned(), rest }];
    if line.is_some() {
        return Ok(events);
    }
    if matches!(order.status, Status::OnHold(_)) && !held_by_others {
        events.push(Event::Resumed);
    }
    events.extend(order.open_reviews().map(|review| restarted(review, desk, now)));
    Ok(events)
}

fn restarted(review: &Review, desk: &Desk<'_>, now: DateTime<Utc>) -> Event {
    let rules: &Rules = desk.rules;
    let due_at = rules.deadline_of(review).after(now, desk.calendar_of(review.queue));
    Event::ReviewRestarted { review_id: review.id, at: now, due_at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::document::Kind;
    use crate::order::event::{Gate, PartRef};
    use crate::order::line::{Content, Line};
    use crate::order::material::Material;
    use crate::order::money::{Currency, Money};
    use crate::order::status::Rung;
    use crate::review::calendar::Calendar;
    use rust_decimal::Decimal;
    use uuid::Uuid;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    /// Lines 1 and 2 are made, line 3 is in stock.
    fn released() -> Order {
        let line = |position| Line { position, ..Line::default() };
        let content = Content { lines: (1..=3).map(line).collect(), ..Content::default() };
        let from = PartRef { document_id: Uuid::nil(), part: 0 };
        let received = Event::Received { from, kind: Kind::Order, sent_at: NOW, refers_to: None, content };
        let mut order = Order::begin(Uuid::nil(), &received).unwrap();
        let promised = "2026-03-18".parse().unwrap();
        let released =
            Event::Released { promised, ship_on: NOW, make: vec![1, 2], credit: None, materials: Vec::new() };
        add(&mut order, &[released, Event::GateOpened { gate: Gate::Invoice }]);
        order
    }

    fn add(order: &mut Order, events: &[Event]) {
        for event in events {
            order.apply(event).unwrap_or_else(|e| panic!("{event:?}: {e}"));
        }
    }

    fn report(order: &mut Order, milestones: &[Milestone]) {
        for milestone in milestones {
            let (milestone, at) = (*milestone, NOW);
            add(order, &[Event::Reported { milestone, at, reference: None, applied: true }]);
        }
    }

    fn stop(order: &mut Order, line: Option<u32>) -> Result<(), CannotChange> {
        let events = hold(order, line, ("li", "why"), NOW)?;
        add(order, &events);
        Ok(())
    }

    fn go_on(order: &mut Order, line: Option<u32>, others: bool) -> Result<(), CannotChange> {
        let rules = Rules::parse("lean.toml", Rules::shipped("lean").unwrap()).unwrap();
        let calendar = Calendar::parse("c.toml", Calendar::shipped("cn-2026").unwrap()).unwrap();
        let events = resume(order, line, ("li", others), &Desk::new(&rules, &calendar), NOW)?;
        add(order, &events);
        Ok(())
    }

    fn moving(order: &Order) -> Vec<u32> {
        order.moving().map(|line| line.position).collect()
    }

    #[test]
    fn whatever_holds_an_order_lets_go_for_itself_alone() {
        for (other_first, others) in [(false, false), (false, true), (true, true), (true, false)] {
            let mut order = released();
            if other_first {
                add(&mut order, &[Event::Held { why: "amendment:x".to_owned() }]);
            }
            stop(&mut order, None).unwrap();
            assert_eq!(order.status, Status::OnHold(Rung::Released));
            assert!(order.is_held() && moving(&order).is_empty());
            assert!(matches!(stop(&mut order, None), Err(CannotChange::HeldAlready { .. })));
            go_on(&mut order, None, others).unwrap();
            assert_eq!(matches!(order.status, Status::OnHold(_)), others, "{other_first} {others}");
            assert_eq!(moving(&order), [1, 2, 3]);
            assert!(matches!(go_on(&mut order, None, others), Err(CannotChange::NotHeld { .. })));
        }
    }

    #[test]
    fn the_last_line_that_moves_goes_with_the_order() {
        let mut order = released();
        for line in [1, 2] {
            stop(&mut order, Some(line)).unwrap();
        }
        assert_eq!(stop(&mut order, Some(3)), Err(CannotChange::LastMoving));
        assert!(matches!(stop(&mut order, Some(4)), Err(CannotChange::NoLine { .. })));
        assert_eq!((order.status, moving(&order)), (Status::On(Rung::Released), vec![3]));
        stop(&mut order, None).unwrap();
        go_on(&mut order, None, false).unwrap();
        assert_eq!(moving(&order), [3], "what was held line by line stays so");
    }

    #[test]
    fn a_line_whose_others_have_left_goes_after_them() {
        for (line, finished_before, reached) in
            [(1, false, vec![]), (1, true, vec![Milestone::ProductionFinished]), (3, false, vec![])]
        {
            let mut order = released();
            if finished_before {
                report(&mut order, &[Milestone::ProductionFinished]);
            }
            stop(&mut order, Some(line)).unwrap();
            if !finished_before {
                report(&mut order, &[Milestone::ProductionFinished]);
            }
            report(&mut order, &[Milestone::StockOut, Milestone::Invoiced, Milestone::Paid]);
            go_on(&mut order, Some(line), false).unwrap();
            assert_eq!((order.status, moving(&order)), (Status::On(Rung::Released), vec![line]));
            assert_eq!((order.make.contains(&line), &order.reached), (line == 1, &reached));
            assert_eq!((order.parts, order.kept.as_slice()), (1, &[Milestone::Paid][..]));
            assert!(order.gates.is_empty() && !crate::review::can_change(&order));
            report(&mut order, &[Milestone::StockOut]);
            assert_eq!(order.status, Status::On(Rung::Shipped));
        }
    }

    /// Line 1 takes material of the stock, line 2 as well; the order takes credit.
    fn with_material() -> Order {
        let mut order = released();
        let material = |position| Material {
            position,
            component: format!("M-{position}"),
            name: None,
            quantity: Decimal::TEN,
            unit: None,
            from_stock: Decimal::TEN,
            to_buy: Decimal::ZERO,
            needed_by: "2026-03-12".parse().unwrap(),
            supplier: None,
            drawn: false,
        };
        order.materials = vec![material(1), material(2)];
        for (line, price) in order.content.lines.iter_mut().zip([5, 2, 3]) {
            (line.quantity, line.unit_price) = (Some(Decimal::TEN), Some(price.into()));
        }
        order.content.currency = Some(Currency::CNY);
        order.credit = Some(Money::new(100.into(), Currency::CNY));
        order
    }

    #[test]
    fn a_held_line_keeps_its_material_when_the_others_begin() {
        for begun in [&[Milestone::ProductionStarted][..], &[]] {
            let mut order = with_material();
            stop(&mut order, Some(1)).unwrap();
            report(&mut order, begun);
            let takes = if begun.is_empty() { vec!["M-1", "M-2"] } else { vec!["M-1"] };
            assert_eq!(order.held_materials().into_keys().collect::<Vec<_>>(), takes);
            report(&mut order, &[Milestone::ProductionFinished, Milestone::StockOut]);
            go_on(&mut order, Some(1), false).unwrap();
            assert_eq!(order.held_materials().into_keys().collect::<Vec<_>>(), ["M-1"]);
            report(&mut order, &[Milestone::ProductionStarted]);
            assert!(order.held_materials().is_empty(), "{begun:?}");
        }
    }

    #[test]
    fn what_left_and_was_paid_does_not_pay_for_the_rest() {
        for (paid, takes, kept) in [(true, 50, vec![]), (false, 100, vec![])] {
            let mut order = with_material();
            stop(&mut order, Some(1)).unwrap();
            report(&mut order, &[Milestone::ProductionFinished, Milestone::StockOut]);
            if paid {
                report(&mut order, &[Milestone::Invoiced, Milestone::Paid]);
            }
            go_on(&mut order, Some(1), false).unwrap();
            assert_eq!(order.credit, Some(Money::new(takes.into(), Currency::CNY)), "{paid}");
            assert_eq!((order.is_paid(), &order.kept), (false, &kept));
        }
    }

    #[test]
    fn nothing_goes_on_of_what_has_ended_or_whose_leaving_waits() {
        let mut order = released();
        stop(&mut order, Some(1)).unwrap();
        stop(&mut order, None).unwrap();
        add(&mut order, &[Event::Cancelled { reason: "cancellation:x".to_owned() }]);
        assert!(order.holds.is_empty());
        assert!(matches!(go_on(&mut order, None, false), Err(CannotChange::NotHeld { .. })));

        let mut order = released();
        stop(&mut order, Some(1)).unwrap();
        let left =
            Event::Reported { milestone: Milestone::StockOut, at: NOW, reference: None, applied: false };
        add(&mut order, &[left]);
        assert_eq!(go_on(&mut order, Some(1), false), Err(CannotChange::LeavingWaits));
        add(&mut order, &[Event::Applied { milestone: Milestone::StockOut }]);
        go_on(&mut order, Some(1), false).unwrap();
        assert_eq!(moving(&order), [1]);
    }
}
