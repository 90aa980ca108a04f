//! What a hold of the house means for those who decide, make and wait.

use crate::office::{Shop, apply, calendar, checked, day, facts, ids, local, now, problem, report, strict};
use gendan::order::Order;
use gendan::order::event::{Event, Milestone};
use gendan::order::message::Body;
use gendan::order::problem::{Code, Severity};
use gendan::order::review::Queue;
use gendan::order::status::{Rung, Status};
use gendan::release::facts::ReleaseFacts;
use gendan::release::{self, Release};
use gendan::review::{self, Desk, deadline, hold};

#[test]
fn deadlines_of_a_held_order_rest_and_begin_anew() {
    let (rules, calendar) = (strict(), calendar());
    let desk = Desk::new(&rules, &calendar);
    let mut order = checked(vec![problem(Code::PriceBelowFloor, Severity::Review, Queue::Price)]);
    let events = review::open(&order, &facts(&order), &desk, now(), ids(5));
    let timers = deadline::timers(order.id, &events, &desk);
    apply(&mut order, &events);
    let stopped = hold::hold(&order, None, ("u-gm", "why"), now()).unwrap();
    apply(&mut order, &stopped);
    for timer in &timers {
        assert!(deadline::passed(&order, &timer.body, &desk, timer.due).is_none());
    }
    let later = local("2026-03-12 09:00");
    let resumed = hold::resume(&order, None, ("u-gm", false), &desk, later).unwrap();
    apply(&mut order, &resumed);
    for timer in &timers {
        assert!(deadline::passed(&order, &timer.body, &desk, later).is_none(), "its time began anew");
        assert!(deadline::is_stale(&order, &timer.body));
    }
    let review = order.open_reviews().next().unwrap().clone();
    assert_eq!(review.due_at, local("2026-03-12 14:30"), "four working hours from then on, over lunch");
    let again: Vec<_> = deadline::timers_of(order.id, &review, &desk).collect();
    let seen = |at: usize| deadline::passed(&order, &again[at].body, &desk, again[at].due).unwrap().1;
    assert_eq!(again.len(), 3);
    assert_eq!([seen(0), seen(1), seen(2)], deadline::Lateness::ALL);
    assert!(again.iter().all(|timer| timers.iter().all(|old| old.id != timer.id)));
}

/// What goes to systems: its type, revision, and how many lines of goods it has.
fn goods(release: &Release) -> Vec<(&'static str, u32, usize)> {
    let told = release.messages.iter().filter_map(|message| {
        if let Body::ProductionTask(it) = &message.body {
            Some(("make", it.revision, it.lines.len()))
        } else if let Body::WarehousePick(it) = &message.body {
            Some(("pick", it.revision, it.lines.len()))
        } else if let Body::ShippingInstruction(it) = &message.body {
            Some(("ship", it.revision, it.lines.len()))
        } else if let Body::MailSend(mail) = &message.body {
            (mail.purpose == "confirmation").then_some(("confirm", 0, 0))
        } else {
            None
        }
    });
    told.collect()
}

fn stop(shop: &Shop, order: &mut Order, line: u32) -> Vec<(&'static str, u32, usize)> {
    let before = order.clone();
    let stopped = hold::hold(order, Some(line), ("u-li", "why"), now()).unwrap();
    apply(order, &stopped);
    let facts = ReleaseFacts { before: Some(&before), ..shop.facts() };
    let told = release::stand_aside(order, &facts, now(), ids(7)).unwrap();
    apply(order, &told.events);
    goods(&told)
}

fn go_on(shop: &Shop, order: &mut Order, line: u32, at: &str) -> Vec<(&'static str, u32, usize)> {
    let (before, rules) = (order.clone(), strict());
    let held = hold::held(order, Some(line)).unwrap().clone();
    let desk = Desk::new(&rules, &shop.calendar);
    let resumed = hold::resume(order, Some(line), ("u-li", false), &desk, local(at)).unwrap();
    apply(order, &resumed);
    let facts = ReleaseFacts { before: Some(&before), ..shop.facts() };
    let told = release::go_on(order, &held, &facts, (local(at), ids(8))).unwrap();
    apply(order, &told.events);
    goods(&told)
}

#[test]
fn a_line_that_rested_is_made_later_and_the_customer_hears_his_new_date() {
    let mut shop = Shop::open();
    shop.stock.clear();
    let mut order = checked(Vec::new());
    shop.release(&mut order);
    assert_eq!((order.make.as_slice(), order.promised), (&[1, 2][..], Some(day("2026-03-20"))));
    assert_eq!(stop(&shop, &mut order, 2), [("make", 1, 1)], "a revision, and nothing to the customer");
    // Three working days later; the 21st and 22nd are a weekend.
    let told = go_on(&shop, &mut order, 2, "2026-03-13 09:00");
    assert_eq!(told, [("confirm", 0, 0), ("make", 2, 2)]);
    assert_eq!(order.promised, Some(day("2026-03-25")));
}

#[test]
fn what_was_finished_without_a_line_is_not_its_making() {
    let mut shop = Shop::open();
    shop.stock.clear();
    let mut order = checked(Vec::new());
    shop.release(&mut order);
    stop(&shop, &mut order, 2);
    report(&mut order, Milestone::ProductionFinished);
    assert_eq!(order.status, Status::On(Rung::Ready));
    let told = shop.due(&mut order, now());
    assert_eq!(goods(&told), [("pick", 1, 1)], "the others go on");
    go_on(&shop, &mut order, 2, "2026-03-10 15:00");
    assert_eq!((order.status, order.reached.as_slice()), (Status::On(Rung::Released), &[][..]));
    let events = [Event::Reported {
        milestone: Milestone::ProductionFinished,
        at: now(),
        reference: None,
        applied: true,
    }];
    apply(&mut order, &events);
    let told = shop.due(&mut order, now());
    assert_eq!(goods(&told), [("pick", 2, 2)], "one revision of what is to be picked");
}
