//! Reviews in which more than one person has a say: conditions, returns to a step, colleagues, joint sign, four eyes, appeals.

use crate::office::{
    apply, checked, content, day, decide, decimal, decision, facts, now, open, open_with, problem, review_in,
    strict,
};
use gendan::order::Order;
use gendan::order::event::Event;
use gendan::order::problem::{Code, Severity};
use gendan::order::review::{Condition, Decision, Queue, Refusal, Role, Verdict};
use gendan::order::status::{Rung, Status};
use gendan::review::rules::Rules;
use gendan::review::{self, all_agreed};

fn price_in_doubt() -> Order {
    checked(vec![problem(Code::PriceBelowFloor, Severity::Review, Queue::Price)])
}

fn on_condition(path: &str, value: &str) -> Verdict {
    let condition = Condition { path: path.to_owned(), value: value.to_owned() };
    Verdict::Approve {
        conditions: vec![condition],
        needs_days: None,
        done: Vec::new(),
        fee: None,
        guarantee: None,
    }
}

fn as_role(order: &Order, queue: Queue, verdict: Verdict, (by, role): (&str, Role)) -> Decision {
    Decision { role, ..decision(order, queue, verdict, by) }
}

fn put(order: &mut Order, decision: &Decision, rules: &Rules) -> Result<(), Refusal> {
    let events = review::decide(order, decision, rules, now())?;
    apply(order, &events);
    Ok(())
}

#[test]
fn a_condition_binds_once_the_customer_has_agreed_to_it() {
    let rules = strict();
    let mut order = price_in_doubt();
    assert_eq!(open(&mut order, &rules), [Queue::Sales, Queue::Price, Queue::SecondLook]);
    decide(&mut order, Queue::Price, on_condition("lines.0.unit_price", "0.49"), "u-manager").unwrap();
    assert_eq!(order.content.lines[0].unit_price, Some(decimal("0.49")));
    assert_eq!(order.asked_for.as_deref(), Some(&content()), "what was asked for is kept");
    // The new price is on the list; the queue that set it is not asked again, those that saw the old one are.
    apply(&mut order, &[Event::Checked { problems: Vec::new(), sure: true, proofs: Vec::new() }]);
    assert_eq!(open(&mut order, &rules), [Queue::Sales, Queue::SecondLook]);
    decide(&mut order, Queue::Sales, Verdict::approve(), "u-manager").unwrap();
    decide(&mut order, Queue::SecondLook, Verdict::approve(), "u-support").unwrap();
    // When everybody in the house has agreed, the customer is asked.
    assert_eq!(open(&mut order, &rules), [Queue::Offer]);
    assert!(!all_agreed(&order));
    assert_eq!(order.status, Status::On(Rung::Clarifying));
    decide(&mut order, Queue::Offer, Verdict::approve(), "u-clerk").unwrap();
    assert_eq!(open(&mut order, &rules), []);
    assert!(all_agreed(&order));
}

/// What he set is more than he may agree to: those who have to are asked.
#[test]
fn a_condition_does_not_bind_where_stricter_rules_come_in() {
    let rules = strict();
    let key = |order: &Order| {
        let mut facts = facts(order);
        facts.customer.grade = "key".into();
        facts
    };
    let mut order = checked(vec![problem(Code::PriceNotOnList, Severity::Review, Queue::Price)]);
    let before = key(&order);
    assert!(open_with(&mut order, &rules, &before).contains(&Queue::Price));
    decide(&mut order, Queue::Price, on_condition("lines.0.unit_price", "0.10"), "u-manager").unwrap();
    let below = vec![problem(Code::PriceBelowFloor, Severity::Review, Queue::Price)];
    apply(&mut order, &[Event::Checked { problems: below, sure: true, proofs: Vec::new() }]);
    let after = key(&order);
    assert!(open_with(&mut order, &rules, &after).contains(&Queue::Price));
    assert_eq!(review_in(&order, Queue::Price).roles, [Role::DeputyGm]);
}

#[test]
fn conditions_are_set_where_somebody_looks_at_them_afterwards() {
    let rules = strict();
    let mut order = checked(vec![problem(Code::Unsure, Severity::Review, Queue::Keying)]);
    assert_eq!(open(&mut order, &rules), [Queue::Keying]);
    let refused = decide(&mut order, Queue::Keying, on_condition("lines.0.quantity", "9000"), "u-support");
    assert_eq!(
        refused.unwrap_err().to_string(),
        "condition lines.0.quantity: the queue keying sets none: return the order instead"
    );
}

#[test]
fn nothing_is_returned_to_a_step_that_comes_after() {
    let rules = strict();
    let mut order = price_in_doubt();
    open(&mut order, &rules);
    let later = Verdict::Return { what: "ask him".into(), to: Some(Queue::Offer) };
    let refused = decide(&mut order, Queue::Price, later, "u-manager");
    assert_eq!(refused, Err(Refusal::NoSuchStep(Queue::Offer)));
}

#[test]
fn a_condition_that_is_what_he_asked_for_needs_no_answer() {
    let rules = strict();
    let mut order = price_in_doubt();
    open(&mut order, &rules);
    decide(&mut order, Queue::Price, on_condition("lines.0.unit_price", "0.47"), "u-manager").unwrap();
    assert_eq!(order.asked_for, None);
    // Two conditions, of which the second takes the first back.
    let mut order = price_in_doubt();
    open(&mut order, &rules);
    decide(&mut order, Queue::Price, on_condition("requested", "2026-03-27"), "u-manager").unwrap();
    open(&mut order, &rules);
    assert_eq!(order.content.requested, Some(day("2026-03-27")));
    decide(&mut order, Queue::Sales, on_condition("requested", "2026-03-20"), "u-manager").unwrap();
    assert_eq!(order.asked_for, None);
}

#[test]
fn a_correction_by_the_clerk_ends_an_offer() {
    let rules = strict();
    let mut order = price_in_doubt();
    open(&mut order, &rules);
    decide(&mut order, Queue::Price, on_condition("lines.0.unit_price", "0.49"), "u-manager").unwrap();
    apply(&mut order, &[Event::Corrected { by: "u-clerk".into(), content: content() }]);
    assert_eq!(order.asked_for, None);
    assert_eq!(
        open(&mut order, &rules),
        [Queue::Sales, Queue::SecondLook, Queue::Price],
        "the price is asked again: its condition is gone"
    );
}

#[test]
fn a_return_to_a_step_asks_that_step_and_waits_for_it() {
    let rules = strict();
    let mut order = price_in_doubt();
    open(&mut order, &rules);
    decide(&mut order, Queue::Price, Verdict::approve(), "u-manager").unwrap();
    assert_eq!(open(&mut order, &rules), [Queue::Sales, Queue::SecondLook]);
    let back = Verdict::Return { what: "ask for 0.46".into(), to: Some(Queue::Price) };
    decide(&mut order, Queue::SecondLook, back, "u-support").unwrap();
    assert_eq!(open(&mut order, &rules), [Queue::Sales, Queue::Price]);
    assert_eq!(review::returned(&order), Some("ask for 0.46"));
    assert!(review_in(&order, Queue::Price).rules.contains(&"returned".to_owned()));
    decide(&mut order, Queue::Price, Verdict::approve(), "u-manager").unwrap();
    assert_eq!(open(&mut order, &rules), [Queue::Sales, Queue::SecondLook]);
    assert_eq!(review::returned(&order), None);
    let nowhere = Rules::parse("own.toml", JOINT).unwrap();
    let back = decision(
        &order,
        Queue::SecondLook,
        Verdict::Return { what: "w".into(), to: Some(Queue::Quality) },
        "u-support",
    );
    assert_eq!(review::decide(&order, &back, &nowhere, now()), Err(Refusal::NoSuchStep(Queue::Quality)));
}

#[test]
fn what_was_passed_to_a_colleague_only_he_decides() {
    let rules = strict();
    let mut order = checked(Vec::new());
    open(&mut order, &rules);
    decide(&mut order, Queue::Sales, Verdict::Transfer { to: "u-chen".into() }, "u-wang").unwrap();
    assert_eq!(open(&mut order, &rules), [Queue::Sales, Queue::SecondLook], "it stays open");
    let refused = decide(&mut order, Queue::Sales, Verdict::approve(), "u-wang").unwrap_err();
    assert!(matches!(refused, Refusal::Assigned { .. }), "{refused}");
    decide(&mut order, Queue::Sales, Verdict::Transfer { to: "u-li".into() }, "u-wang").unwrap();
    decide(&mut order, Queue::Sales, Verdict::approve(), "u-li").unwrap();
    assert_eq!(open(&mut order, &rules), [Queue::SecondLook]);
}

#[test]
fn an_added_reviewer_has_to_agree_too() {
    let rules = strict();
    let mut order = checked(Vec::new());
    open(&mut order, &rules);
    let finance = Verdict::AddReviewer { reviewer: Role::Finance };
    decide(&mut order, Queue::Sales, finance, "u-wang").unwrap();
    decide(&mut order, Queue::Sales, Verdict::approve(), "u-wang").unwrap();
    assert_eq!(open(&mut order, &rules), [Queue::Sales, Queue::SecondLook], "one has yet to agree");
    let again = decide(&mut order, Queue::Sales, Verdict::approve(), "u-wang").unwrap_err();
    assert_eq!(
        again.to_string(),
        "u-wang has agreed here already; finance still has to: ask a colleague of that role"
    );
    let agrees = as_role(&order, Queue::Sales, Verdict::approve(), ("u-zhao", Role::Finance));
    put(&mut order, &agrees, &rules).unwrap();
    assert_eq!(open(&mut order, &rules), [Queue::SecondLook]);
}

const JOINT: &str = r#"
profile = "own"
[[rule]]
name = "key"
queue = "keying"
when = 'false'
roles = ["clerk"]
deadline = { working_hours = 4 }
covers = ["content"]
[[rule]]
name = "small"
queue = "sales"
when = 'true'
roles = ["sales_manager", "deputy_gm"]
deadline = { working_hours = 4 }
covers = ["content"]
[[rule]]
name = "prepaid_goods_first"
queue = "sales"
when = 'figures.total > 3000.0'
roles = ["deputy_gm", "gm"]
sign = "all"
deadline = { working_hours = 4 }
covers = ["figures.total"]
"#;

#[test]
fn a_joint_sign_takes_everybody() {
    let rules = Rules::parse("own.toml", JOINT).unwrap();
    let mut order = checked(Vec::new());
    assert_eq!(open(&mut order, &rules), [Queue::Sales]);
    assert_eq!(review_in(&order, Queue::Sales).roles, [Role::DeputyGm, Role::Gm]);
    let deputy =
        as_role(&order, Queue::Sales, on_condition("requested", "2026-04-01"), ("u-1", Role::DeputyGm));
    let refused = put(&mut order, &deputy, &rules).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "condition requested: gm still has to agree: who agrees last sets conditions"
    );
    put(&mut order, &Decision { verdict: Verdict::approve(), ..deputy.clone() }, &rules).unwrap();
    assert_eq!(open(&mut order, &rules), [Queue::Sales]);
    let alone = as_role(&order, Queue::Sales, Verdict::approve(), ("u-1", Role::Gm));
    assert!(
        matches!(put(&mut order, &alone, &rules), Err(Refusal::SignedAlready { .. })),
        "two people, not one"
    );
    let gm = as_role(&order, Queue::Sales, Verdict::approve(), ("u-2", Role::Gm));
    put(&mut order, &gm, &rules).unwrap();
    assert_eq!(open(&mut order, &rules), []);
    assert!(all_agreed(&order));
}

#[test]
fn nobody_approves_and_looks_a_second_time_himself() {
    let rules = strict();
    for (first, second) in [(Queue::Sales, Queue::SecondLook), (Queue::SecondLook, Queue::Sales)] {
        let mut order = checked(Vec::new());
        open(&mut order, &rules);
        decide(&mut order, first, Verdict::approve(), "u-both").unwrap();
        open(&mut order, &rules);
        let refused = decide(&mut order, second, Verdict::approve(), "u-both").unwrap_err();
        assert_eq!(refused, Refusal::FourEyes { by: "u-both".into(), queue: first });
        decide(&mut order, second, Verdict::approve(), "u-other").unwrap();
    }
}

#[test]
fn a_rejection_is_appealed_once() {
    let rules = strict();
    let mut order = price_in_doubt();
    open(&mut order, &rules);
    decide(&mut order, Queue::Price, Verdict::Reject { reason: "no margin".into() }, "u-manager").unwrap();
    assert_eq!(order.status, Status::Rejected);
    let rejected = order.reviews.iter().find(|it| it.queue == Queue::Price).unwrap().clone();
    let appeal = |role: Role| Decision {
        review_id: rejected.id,
        verdict: Verdict::Appeal { reason: "he pays in advance".into() },
        by: "u-sales".into(),
        role,
        note: None,
        digest: rejected.digest.clone(),
        on_behalf_of: None,
    };
    assert!(matches!(put(&mut order, &appeal(Role::Clerk), &rules), Err(Refusal::NotAllowed { .. })));
    put(&mut order, &appeal(Role::Salesperson), &rules).unwrap();
    assert_eq!(order.status, Status::On(Rung::InReview));
    assert_eq!(open(&mut order, &rules), [Queue::Sales, Queue::SecondLook, Queue::Management]);
    assert_eq!(review_in(&order, Queue::Management).rules, ["appeal"]);

    // The level above overrules it: the price is not asked again.
    let mut overruled = order.clone();
    decide(&mut overruled, Queue::Management, Verdict::approve(), "u-gm").unwrap();
    assert_eq!(open(&mut overruled, &rules), [Queue::Sales, Queue::SecondLook]);

    // It rejects as well: that is the end.
    decide(&mut order, Queue::Management, Verdict::Reject { reason: "no".into() }, "u-gm").unwrap();
    assert_eq!(order.status, Status::Rejected);
    let again = put(&mut order, &appeal(Role::SalesManager), &rules).unwrap_err();
    assert_eq!(again, Refusal::NoAppeal(Status::Rejected));
}
