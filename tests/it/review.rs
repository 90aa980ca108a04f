//! Rules, reviews and decisions, as the office meets them.

use crate::office::{
    apply, calendar, checked, content, customer, day, decide, decimal, decision, facts, figures, ids, lean,
    local, now, open, open_with, problem, received, review_in, strict,
};
use gendan::order::Order;
use gendan::order::document::Kind;
use gendan::order::draft::DraftOrder;
use gendan::order::event::{Event, Milestone};
use gendan::order::message::{TimerDue, TimerKind};
use gendan::order::problem::{Code, Problem, Severity};
use gendan::order::review::{Queue, Refusal, Role, Verdict};
use gendan::order::status::{Rung, Status};
use gendan::review::deadline::{self, Lateness};
use gendan::review::facts::{CustomerFacts, Figures, RuleFacts};
use gendan::review::rules::Rules;
use gendan::review::{self, Desk, all_agreed, can_change, concerned, returned, settle_case};
use uuid::Uuid;

fn correct() -> Verdict {
    Verdict::Correct { draft: Box::new(DraftOrder::default()) }
}

fn give_back() -> Verdict {
    Verdict::Return { what: "price of line 1".to_owned(), to: None }
}

#[test]
fn strict_every_order_needs_approval_and_a_second_look() {
    let rules = strict();
    let mut order = checked(Vec::new());
    assert_eq!(open(&mut order, &rules), [Queue::Sales, Queue::SecondLook]);
    assert_eq!(order.status, Status::On(Rung::InReview));
    assert!(!all_agreed(&order));
    decide(&mut order, Queue::Sales, Verdict::approve(), "u-manager").unwrap();
    assert_eq!(open(&mut order, &rules), [Queue::SecondLook]);
    decide(&mut order, Queue::SecondLook, Verdict::approve(), "u-support").unwrap();
    assert_eq!(open(&mut order, &rules), []);
    assert!(all_agreed(&order));
}

#[test]
fn lean_passes_a_simple_order_and_asks_only_what_is_called_for() {
    let simple = || (customer(), figures());
    type Change = fn(&mut CustomerFacts, &mut Figures);
    let cases: [(&str, Change, &[Queue]); 7] = [
        ("simple", |_, _| {}, &[]),
        ("made in time", |_, f| f.in_stock = false, &[]),
        (
            "neither there nor in time",
            |_, f| (f.in_stock, f.date_feasible) = (false, false),
            &[Queue::Production],
        ),
        ("not small", |_, f| f.total = Some(decimal("5000")), &[Queue::Sales]),
        ("total unknown", |_, f| f.total = None, &[Queue::Sales]),
        ("first order", |c, _| c.first_order = true, &[Queue::Sales]),
        ("unknown customer", |c, _| c.known = false, &[Queue::Sales]),
    ];
    for (case, change, queues) in cases {
        let (mut customer, mut figures) = simple();
        change(&mut customer, &mut figures);
        let mut order = checked(vec![problem(Code::PriceNotOnList, Severity::Note, Queue::Price)]);
        let facts = RuleFacts::of(&order, customer, figures, day("2026-03-10"));
        assert_eq!(open_with(&mut order, &lean(), &facts), queues, "{case}");
        assert_eq!(all_agreed(&order), queues.is_empty(), "{case}");
    }
}

#[test]
fn every_problem_that_asks_for_a_look_reaches_somebody_in_both_profiles() {
    for rules in [strict(), lean()] {
        for clears in Queue::ALL {
            for severity in [Severity::Review, Severity::Blocks] {
                let mut order = checked(vec![problem(Code::Unsure, severity, clears)]);
                let queues = open(&mut order, &rules);
                assert!(!queues.is_empty() && !all_agreed(&order), "{} {clears:?}", rules.profile);
            }
        }
    }
}

#[test]
fn nothing_goes_further_while_the_reading_is_in_doubt() {
    let rules = strict();
    let mut order = checked(vec![
        problem(Code::UnknownProduct, Severity::Blocks, Queue::Keying),
        problem(Code::MissingDeliveryDate, Severity::Blocks, Queue::Clarification),
        problem(Code::PriceBelowFloor, Severity::Review, Queue::Price),
    ]);
    assert_eq!(open(&mut order, &rules), [Queue::Keying], "the customer is asked once the order is keyed");
    assert_eq!(order.status, Status::On(Rung::Clarifying));
    let blocked = decide(&mut order, Queue::Keying, Verdict::approve(), "u-clerk");
    assert_eq!(blocked, Err(Refusal::Blocked { codes: vec!["unknown_product"] }));
    decide(&mut order, Queue::Keying, correct(), "u-clerk").unwrap();
    let corrected = Event::Corrected { by: "u-clerk".into(), content: content() };
    let problems = vec![problem(Code::PriceBelowFloor, Severity::Review, Queue::Price)];
    apply(&mut order, &[corrected, Event::Checked { problems, sure: true, proofs: Vec::new() }]);
    assert_eq!(open(&mut order, &rules), [Queue::Sales, Queue::Price, Queue::SecondLook]);
    assert_eq!(order.status, Status::On(Rung::InReview));
    let own = decide(&mut order, Queue::Price, Verdict::approve(), "u-clerk");
    assert_eq!(own, Err(Refusal::OwnKeying { by: "u-clerk".into() }));
}

#[test]
fn a_correction_reopens_only_what_it_concerns() {
    let rules = strict();
    let below = || vec![problem(Code::PriceBelowFloor, Severity::Review, Queue::Price)];
    let mut order = checked(below());
    assert_eq!(open(&mut order, &rules), [Queue::Sales, Queue::Price, Queue::SecondLook]);
    for (queue, by) in [(Queue::Price, "u-manager"), (Queue::SecondLook, "u-support")] {
        decide(&mut order, queue, Verdict::approve(), by).unwrap();
    }
    let seen = review_in(&order, Queue::Sales);
    let mut later = content();
    later.requested = Some(day("2026-03-27"));
    apply(&mut order, &[Event::Corrected { by: "u-clerk".into(), content: later }]);
    assert_eq!(open(&mut order, &rules), [Queue::Sales, Queue::SecondLook], "the price stands");
    let mut stale = decision(&order, Queue::Sales, Verdict::approve(), "u-manager");
    stale.digest = seen.digest.clone();
    let refused = review::decide(&order, &stale, &rules, now()).unwrap_err();
    assert!(matches!(refused, Refusal::Changed { .. }), "{refused}");
    stale.review_id = seen.id;
    assert_eq!(review::decide(&order, &stale, &rules, now()), Err(Refusal::Withdrawn(seen.id)));
}

#[test]
fn a_decision_that_may_not_stand_is_refused() {
    let rules = strict();
    let mut order = checked(Vec::new());
    open(&mut order, &rules);
    let mut asked = decision(&order, Queue::Sales, Verdict::approve(), "u-1");
    asked.role = Role::Administrator;
    let refused = review::decide(&order, &asked, &rules, now()).unwrap_err();
    assert_eq!(refused.to_string(), "administrator may not decide in the queue sales: sales_manager may");
    for verdict in [correct(), Verdict::File { reason: "spam".into(), kind: None }] {
        let refused = decide(&mut order, Queue::Sales, verdict, "u-1").unwrap_err();
        assert!(matches!(refused, Refusal::NotHere { .. }), "{refused}");
    }
    let approve = decision(&order, Queue::Sales, Verdict::approve(), "u-1");
    let events = review::decide(&order, &approve, &rules, now()).unwrap();
    apply(&mut order, &events);
    let refused = review::decide(&order, &approve, &rules, now()).unwrap_err();
    assert!(matches!(refused, Refusal::Twice { .. }), "{refused}");
    let unknown = gendan::order::review::Decision { review_id: Uuid::nil(), ..approve };
    assert_eq!(review::decide(&order, &unknown, &rules, now()), Err(Refusal::Unknown(Uuid::nil())));
}

#[test]
fn an_order_that_is_returned_goes_to_the_clerk_and_comes_back() {
    let rules = strict();
    let mut order = checked(Vec::new());
    open(&mut order, &rules);
    decide(&mut order, Queue::SecondLook, Verdict::approve(), "u-support").unwrap();
    decide(&mut order, Queue::Sales, give_back(), "u-manager").unwrap();
    assert_eq!(returned(&order), Some("price of line 1"));
    assert_eq!(open(&mut order, &rules), [Queue::Keying]);
    assert_eq!(order.status, Status::On(Rung::Clarifying));
    decide(&mut order, Queue::Keying, Verdict::approve(), "u-clerk").unwrap();
    assert_eq!(returned(&order), None);
    assert_eq!(open(&mut order, &rules), [Queue::Sales], "who returned it is asked again, and only he");
}

#[test]
fn a_rejected_or_filed_order_ends_with_its_reviews() {
    for verdict in [
        Verdict::Reject { reason: "no".into() },
        Verdict::File { reason: "advertisement".into(), kind: None },
    ] {
        let mut order = checked(vec![
            problem(Code::Unread, Severity::Review, Queue::Keying),
            problem(Code::MissingTerms, Severity::Review, Queue::Clarification),
        ]);
        open(&mut order, &strict());
        decide(&mut order, Queue::Keying, verdict, "u-clerk").unwrap();
        assert_eq!(order.status, Status::Rejected);
        assert_eq!(order.open_reviews().count(), 0);
        assert_eq!(open(&mut order, &strict()), []);
    }
}

#[test]
fn credit_above_the_manager_goes_up() {
    let over = || vec![problem(Code::OverCreditLimit, Severity::Review, Queue::Credit)];
    for (total, roles) in [
        ("30000", vec![Role::SalesManager, Role::DeputyGm, Role::Gm]),
        ("30000.01", vec![Role::DeputyGm, Role::Gm]),
    ] {
        let mut order = checked(over());
        let figures = Figures { total: Some(decimal(total)), ..figures() };
        let facts = RuleFacts::of(&order, customer(), figures, day("2026-03-10"));
        open_with(&mut order, &strict(), &facts);
        assert_eq!(review_in(&order, Queue::Credit).roles, roles, "{total}");
    }
}

#[test]
fn free_tooling_is_the_deputys_and_no_house_mark_is_not() {
    let about = |field: &str| {
        let problem = problem(Code::CategoryRule, Severity::Review, Queue::Management);
        Problem { path: format!("lines.0.{field}"), ..problem }
    };
    for (fields, roles) in [
        (&["free_tooling"][..], vec![Role::DeputyGm, Role::Gm]),
        (&["no_house_mark"], vec![Role::Gm, Role::President]),
        (&["free_tooling", "no_house_mark"], vec![Role::Gm]),
    ] {
        for rules in [strict(), lean()] {
            let order = checked(fields.iter().map(|field| about(field)).collect());
            let asked = rules.ask(&facts(&order));
            let asked = asked.iter().find(|asked| asked.queue == Queue::Management).unwrap();
            assert_eq!(asked.roles, roles, "{} {fields:?}", rules.profile);
        }
    }
}

#[test]
fn a_cancellation_holds_its_order_until_a_person_decides() {
    for (verdict, end, target_end) in [
        (Verdict::approve(), Status::On(Rung::Closed), Status::Cancelled),
        (Verdict::Reject { reason: "made already".into() }, Status::Rejected, Status::On(Rung::InReview)),
    ] {
        let mut target = checked(Vec::new());
        open(&mut target, &strict());
        let mut case = received(Kind::Cancellation, Some(target.id), content());
        case.id = Uuid::from_u128(99);
        assert_eq!(open(&mut case, &lean()), [Queue::Sales]);
        let held = settle_case(&case, &target, false, None);
        apply(&mut target, &held);
        assert_eq!(target.status, Status::OnHold(Rung::InReview));
        assert_eq!(settle_case(&case, &target, false, None), [], "held once");
        decide(&mut case, Queue::Sales, verdict, "u-manager").unwrap();
        open(&mut case, &lean());
        assert_eq!(case.status, end);
        let settled = settle_case(&case, &target, false, None);
        apply(&mut target, &settled);
        assert_eq!(target.status, target_end);
    }
}

#[test]
fn an_amendment_concerns_the_queues_that_would_see_something_else() {
    let late = || problem(Code::LeadTimeTooShort, Severity::Review, Queue::Production);
    let cheap = || problem(Code::PriceBelowFloor, Severity::Review, Queue::Price);
    let later = || problem(Code::LeadTimeTooShort, Severity::Review, Queue::Production).found("2026-03-01");
    let is = checked(vec![late()]);
    for (problems, queues) in [
        (vec![late()], vec![]),
        (vec![], vec![]),
        (vec![late(), cheap()], vec![Queue::Price]),
        (vec![later(), cheap()], vec![Queue::Price, Queue::Production]),
    ] {
        let would = Order { problems, ..is.clone() };
        let asked = concerned((&would, &facts(&would)), (&is, &facts(&is)), &lean());
        assert_eq!(asked.iter().map(|it| it.queue).collect::<Vec<_>>(), queues, "{:?}", would.problems);
    }
}

#[test]
fn goods_that_have_left_are_not_changed() {
    let mut target = checked(Vec::new());
    assert!(can_change(&target));
    for (status, left) in [
        (Status::OnHold(Rung::Released), false),
        (Status::On(Rung::Ready), false),
        (Status::On(Rung::Shipped), true),
        (Status::On(Rung::Paid), true),
        (Status::Cancelled, true),
    ] {
        target.status = status;
        assert_eq!(can_change(&target), !left, "{status:?}");
        for kind in [Kind::Amendment, Kind::Cancellation] {
            let mut case = received(kind, Some(target.id), content());
            case.status = Status::On(Rung::Closed);
            let settled = settle_case(&case, &target, false, None);
            assert_eq!(
                settled.is_empty(),
                left || (kind == Kind::Amendment && status != Status::OnHold(Rung::Released)),
                "{kind:?} {status:?}"
            );
        }
    }
    // It was reported while the order was held.
    target.status = Status::OnHold(Rung::Released);
    target.kept.push(Milestone::StockOut);
    assert!(!can_change(&target));
}

#[test]
fn an_amendment_ends_with_its_order_resumed_unless_another_case_holds_it() {
    let mut target = checked(Vec::new());
    let mut case = received(Kind::Amendment, Some(target.id), content());
    case.id = Uuid::from_u128(98);
    assert_eq!(open(&mut case, &strict()), [Queue::Keying]);
    let held = settle_case(&case, &target, false, None);
    apply(&mut target, &held);
    decide(&mut case, Queue::Keying, Verdict::approve(), "u-clerk").unwrap();
    open(&mut case, &strict());
    assert_eq!(case.status, Status::On(Rung::Closed));
    assert_eq!(settle_case(&case, &target, true, None), []);
    assert_eq!(settle_case(&case, &target, false, None), [Event::Resumed]);
}

#[test]
fn a_deadline_is_recorded_once_and_goes_up() {
    let (rules, calendar) = (strict(), calendar());
    let desk = Desk::new(&rules, &calendar);
    let mut order = checked(vec![problem(Code::MissingTerms, Severity::Review, Queue::Clarification)]);
    let events = review::open(&order, &facts(&order), &desk, now(), ids(5));
    let timers = deadline::timers(order.id, &events, &desk);
    apply(&mut order, &events);
    let dues: Vec<String> = timers.iter().map(|timer| timer.due.to_rfc3339()).collect();
    assert_eq!(
        dues,
        ["2026-03-11T00:30:00+00:00", "2026-03-11T01:00:00+00:00", "2026-03-12T01:00:00+00:00"],
        "24 hours pass day and night, but nobody is reminded at night: half of them are over at nine in the evening"
    );
    let awake = Desk { at_night: true, ..desk };
    let timers_awake = deadline::timers(order.id, &events, &awake);
    assert_eq!(timers_awake[0].due.to_rfc3339(), "2026-03-10T13:00:00+00:00");
    let mut seen = Vec::new();
    for timer in &timers {
        let (_, late, events) = deadline::passed(&order, &timer.body, &desk, timer.due).unwrap();
        seen.push((late, events.len()));
        apply(&mut order, &events);
    }
    assert_eq!(seen, [(Lateness::Half, 0), (Lateness::Passed, 1), (Lateness::Twice, 0)]);
    decide(&mut order, Queue::Clarification, Verdict::approve(), "u-clerk").unwrap();
    assert!(timers.iter().all(|timer| deadline::passed(&order, &timer.body, &desk, timer.due).is_none()));
    // What passes over the weekend falls to Monday's opening: the reminder is spared, the managers are told one after the other.
    let mut late = checked(vec![problem(Code::MissingTerms, Severity::Review, Queue::Clarification)]);
    let friday = local("2026-03-13 17:00");
    let events = review::open(&late, &facts(&late), &desk, friday, ids(6));
    apply(&mut late, &events);
    let timers = deadline::timers(late.id, &events, &desk);
    let lateness = |at: usize| deadline::passed(&late, &timers[at].body, &desk, timers[at].due).unwrap().1;
    assert_eq!((timers.len(), lateness(0), lateness(1)), (2, Lateness::Passed, Lateness::Twice));
    assert_eq!(timers[0].due, local("2026-03-16 08:30"));
    let other = TimerDue { kind: TimerKind::Ship, ..timers[0].body.clone() };
    assert!(deadline::passed(&order, &other, &desk, now()).is_none());
}

#[test]
fn a_wrong_rule_file_is_refused_with_a_remedy() {
    let file = |when: &str, more: &str| {
        format!(
            "profile = \"house\"\n[settings]\nsmall = 5\n[[rule]]\nname = \"keep\"\nqueue = \"keying\"\nwhen = '''{when}'''\n\
             roles = [\"clerk\"]\ndeadline = {{ working_hours = 4 }}\ncovers = [\"content\"]\n{more}"
        )
    };
    for (when, more, said) in [
        ("order.totl > 5", "", "there is no field `totl`; use one of currency"),
        ("ordr.sure", "", "`ordr` is not known"),
        ("order.sure && figures.foo > 1", "", "there is no field `foo`"),
        ("problems.exists(p, p.kode == 'x')", "", "there is no field `kode`"),
        ("problems.exists(p, p.code == 5)", "", "don't go together"),
        ("figures.total > 'much'", "", "wants a number and gets a text"),
        ("figures.total", "", "gives a number"),
        ("figures.total > settings.big", "", "there is no field `big`; use one of small"),
        ("figures.total >", "", "`when` can't be read"),
        ("now() > 5", "", "can't be used so"),
        ("order.sure", "after = [\"keying\"]", "the queue keying waits for itself"),
        ("order.sure", "colour = 1", "line 11: unknown field `colour`"),
        (
            "order.sure",
            "[[rule]]\nname = \"keep\"\nqueue = \"sales\"\nwhen = 'true'\nroles = [\"gm\"]\ndeadline = { working_hours = 1 }\ncovers = [\"content\"]",
            "two rules of this name",
        ),
        (
            "order.sure",
            "[[rule]]\nname = \"b\"\nqueue = \"sales\"\nwhen = 'true'\nroles = [\"gm\"]\ndeadline = { working_hours = 1 }\ncovers = [\"content.lines.*.prize\"]",
            "names `content.lines.*.prize`",
        ),
    ] {
        let refused = Rules::parse("house.toml", &file(when, more)).unwrap_err().to_string();
        assert!(
            refused.starts_with("house.toml: rule `") && refused.contains(said),
            "{when} {more}: {refused}"
        );
    }
    Rules::parse(
        "house.toml",
        &file(
            "problems.filter(p, p.severity == 'note').size() > 1 ? order.sure : figures.total + 1.0 > 2",
            "",
        ),
    )
    .unwrap();
}
