//! Every role × every action × every queue, the limits and the delegations.

use super::*;
use crate::order::document::Kind;
use chrono::TimeDelta;
use uuid::Uuid;

fn shipped() -> Rights {
    Rights::parse("rights.toml", include_str!("../../config/rights.toml")).unwrap()
}

fn users() -> Vec<User> {
    let user =
        |role: Role| User { id: role.as_str().to_owned(), name: role.as_str().to_owned(), roles: vec![role] };
    Role::ALL.into_iter().map(user).collect()
}

fn decision(by: &str, role: Role, verdict: Verdict) -> Decision {
    let (by, digest) = (by.to_owned(), String::new());
    Decision { review_id: Uuid::nil(), verdict, by, role, note: None, digest, on_behalf_of: None }
}

fn subject(queue: Queue, total: Option<Decimal>) -> Subject<'static> {
    Subject { queue, deciders: &[Role::SalesManager, Role::Gm], cancels: false, total }
}

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// Which actions each role has: the matrix, one line a role, as people would write it on paper.
#[test]
fn the_matrix_of_roles_and_actions() {
    let (rights, users) = (shipped(), users());
    let staff = Staff { users: &users, rights: &rights, delegations: &[] };
    let row = |role: Role| {
        let has = |action: &Action| staff.may(role.as_str(), *action).is_ok();
        let actions: Vec<&str> = Action::ALL.into_iter().filter(has).map(Action::as_str).collect();
        format!("{}: {}", role.as_str(), actions.join(" "))
    };
    let matrix: Vec<String> = Role::ALL.into_iter().map(row).collect();
    assert_eq!(
        matrix,
        [
            "clerk: view key decide hold report see_prices see_contacts",
            "salesperson: view key decide hold see_prices see_contacts",
            "sales_manager: view decide cancel hold see_prices see_contacts",
            "finance: view decide hold report see_prices",
            "planning: view decide hold report",
            "technical: view decide",
            "quality: view decide hold",
            "purchasing: view decide",
            "warehouse: view report",
            "sales_support: view key decide hold see_prices see_contacts",
            "supervision: view see_prices see_contacts",
            "deputy_gm: view decide cancel hold see_prices see_contacts",
            "gm: view decide cancel hold see_prices see_contacts",
            "president: view decide cancel hold see_prices see_contacts",
            "administrator: view edit_master replay administer",
        ]
    );
}

/// Every role × every verdict × every queue comes to what the matrix and the role's queues say.
#[test]
fn nobody_decides_what_he_may_not() {
    let (rights, users) = (shipped(), users());
    let staff = Staff { users: &users, rights: &rights, delegations: &[] };
    let own =
        |verdict: &Verdict| matches!(verdict, Verdict::Correct { .. } | Verdict::File { .. } | Verdict::Ask);
    let verdicts = [
        Verdict::approve(),
        Verdict::Return { what: String::new(), to: None },
        Verdict::Reject { reason: String::new() },
        Verdict::File { reason: String::new(), kind: Some(Kind::Inquiry) },
        Verdict::Correct { draft: Box::default() },
        Verdict::Transfer { to: "gm".to_owned() },
        Verdict::AddReviewer { reviewer: Role::Finance },
        Verdict::Appeal { reason: String::new() },
        Verdict::Ask,
    ];
    let mut allowed = 0;
    for role in Role::ALL {
        for queue in Queue::ALL {
            for verdict in &verdicts {
                let grant = &rights.0[&role];
                let action = if own(verdict) { Action::Key } else { Action::Decide };
                // Whose rejections a role may appeal, the rules say, not its queues.
                let appeals = matches!(verdict, Verdict::Appeal { .. });
                let here = grant.queues.as_ref().is_none_or(|queues| queues.contains(&queue));
                let wanted = grant.may.contains(&action) && (here || appeals);
                let asked = decision(role.as_str(), role, verdict.clone());
                let answer = staff.may_decide(&asked, &subject(queue, Some(Decimal::ONE)), NOW);
                assert_eq!(answer.is_ok(), wanted, "{role:?} {queue:?} {verdict:?}: {answer:?}");
                allowed += usize::from(wanted);
                // In a role that is not his own nobody may.
                let other = decision("warehouse", role, verdict.clone());
                let refused = staff.may_decide(&other, &subject(queue, Some(Decimal::ONE)), NOW);
                assert!(refused.is_err(), "warehouse as {role:?} in {queue:?}");
            }
        }
    }
    assert!(allowed > 0);
}

#[test]
fn a_limit_holds_for_agreeing_and_for_a_total_that_is_not_known() {
    let (rights, users) = (shipped(), users());
    let staff = Staff { users: &users, rights: &rights, delegations: &[] };
    let answer = |role: Role, verdict: Verdict, total: Option<i64>| {
        let subject = subject(Queue::Sales, total.map(Decimal::from));
        staff.may_decide(&decision(role.as_str(), role, verdict), &subject, NOW)
    };
    let manager = |verdict, total| answer(Role::SalesManager, verdict, total);
    assert_eq!(manager(Verdict::approve(), Some(500_000)), Ok(()));
    assert_eq!(
        manager(Verdict::approve(), Some(500_001)).unwrap_err().to_string(),
        "the order comes to 500001, and the role sales_manager agrees to 500000 at the most: ask the level above"
    );
    assert!(matches!(manager(Verdict::approve(), None), Err(Denied::OverLimit { .. })));
    assert_eq!(manager(Verdict::Reject { reason: "no".to_owned() }, None), Ok(()));
    assert_eq!(answer(Role::Gm, Verdict::approve(), None), Ok(()));
}

#[test]
fn only_who_sees_prices_sets_them_and_only_who_may_agree_is_asked_besides() {
    let (rights, users) = (shipped(), users());
    let staff = Staff { users: &users, rights: &rights, delegations: &[] };
    let conditions = |path: &str| Verdict::Approve {
        conditions: vec![Condition { path: path.to_owned(), value: "1".to_owned() }],
        needs_days: None,
        done: Vec::new(),
        fee: None,
        guarantee: None,
    };
    let answer = |role: Role, verdict: Verdict| {
        staff
            .may_decide(&decision(role.as_str(), role, verdict), &subject(Queue::Production, None), NOW)
            .is_ok()
    };
    assert!(answer(Role::Planning, conditions("lines.0.required")));
    assert!(!answer(Role::Planning, conditions("lines.0.unit_price")));
    assert!(answer(Role::Gm, conditions("lines.0.unit_price")));
    assert!(answer(Role::Planning, Verdict::AddReviewer { reviewer: Role::Technical }));
    assert!(!answer(Role::Planning, Verdict::AddReviewer { reviewer: Role::Warehouse }));
    let few: Vec<User> = users.iter().filter(|user| user.id == "planning").cloned().collect();
    let alone = Staff { users: &few, ..staff };
    let asked = decision("planning", Role::Planning, Verdict::AddReviewer { reviewer: Role::Technical });
    let refused = alone.may_decide(&asked, &subject(Queue::Production, None), NOW).unwrap_err();
    assert!(matches!(refused, Denied::NoReviewer { .. }), "{refused}");
}

#[test]
fn a_cancellation_needs_the_right_to_cancel() {
    let rights = Rights::parse(
        "rights.toml",
        "[sales_manager]\nmay = [\"decide\"]\n[gm]\nmay = [\"decide\", \"cancel\"]",
    )
    .unwrap();
    let users = users();
    let staff = Staff { users: &users, rights: &rights, delegations: &[] };
    let subject = Subject { cancels: true, ..subject(Queue::Sales, None) };
    let approve = |role: Role| decision(role.as_str(), role, Verdict::approve());
    let refused = staff.may_decide(&approve(Role::SalesManager), &subject, NOW).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the role sales_manager may not cancel in the queue sales: see rights.toml"
    );
    assert_eq!(staff.may_decide(&approve(Role::Gm), &subject, NOW), Ok(()));
}

/// Every role × every change that the house may ask for; and whose hold whom lets go.
#[test]
fn changes_of_the_house_are_keyed_or_held_by_those_who_may() {
    let (rights, users) = (shipped(), users());
    let staff = Staff { users: &users, rights: &rights, delegations: &[] };
    let changes = [
        (HouseChange::Amend { order: serde_json::Value::Null }, Action::Key),
        (HouseChange::Cancel { line: None }, Action::Key),
        (HouseChange::Cancel { line: Some(1) }, Action::Key),
        (HouseChange::Hold { line: None }, Action::Hold),
        (HouseChange::Hold { line: Some(1) }, Action::Hold),
        (HouseChange::Resume { line: None }, Action::Hold),
        (HouseChange::Resume { line: Some(1) }, Action::Hold),
    ];
    for role in Role::ALL {
        for (change, action) in &changes {
            let wanted = rights.0[&role].may.contains(action);
            let answer = staff.may_change(role.as_str(), change);
            assert_eq!(answer.is_ok(), wanted, "{role:?} {change:?}");
        }
        for held_by in Role::ALL.into_iter().map(Role::as_str).chain(["gone"]) {
            let may = |action| rights.0[&role].may.contains(&action);
            let own = role.as_str() == held_by || held_by == "gone";
            let wanted = may(Action::Hold) && (own || may(Action::Cancel));
            let answer = staff.may_resume(role.as_str(), held_by);
            assert_eq!(answer.is_ok(), wanted, "{role:?} resumes what {held_by} holds");
        }
    }
    let nobody = staff.may_change("nobody", &HouseChange::Hold { line: None });
    assert!(matches!(nobody, Err(Denied::NoUser(_))));
}

#[test]
fn a_delegated_right_holds_for_its_person_role_queue_and_time() {
    let (rights, users) = (shipped(), users());
    let at = |hours: i64| NOW + TimeDelta::hours(hours);
    let delegation = Delegation {
        id: Uuid::nil(),
        from: "sales_manager".to_owned(),
        to: "clerk".to_owned(),
        role: Role::SalesManager,
        queues: vec![Queue::Sales],
        since: at(1),
        until: at(9),
        granted_at: at(0),
        note: None,
        ended: None,
    };
    let ended = Delegation {
        ended: Some(delegation::Ended { by: "sales_manager".to_owned(), at: at(2) }),
        ..delegation.clone()
    };
    let asked = |by: &str, delegations: &[Delegation], queue: Queue, hour: i64| {
        let staff = Staff { users: &users, rights: &rights, delegations };
        let mut decision = decision(by, Role::SalesManager, Verdict::approve());
        decision.on_behalf_of = Some("sales_manager".to_owned());
        staff.may_decide(&decision, &subject(queue, Some(Decimal::ONE)), at(hour)).is_ok()
    };
    let (given, taken) = ([delegation], [ended]);
    for (what, allowed, expected) in [
        ("in its time", asked("clerk", &given, Queue::Sales, 1), true),
        ("before", asked("clerk", &given, Queue::Sales, 0), false),
        ("after", asked("clerk", &given, Queue::Sales, 9), false),
        ("another queue", asked("clerk", &given, Queue::Price, 2), false),
        ("another person", asked("finance", &given, Queue::Sales, 2), false),
        ("ended", asked("clerk", &taken, Queue::Sales, 2), false),
        ("none", asked("clerk", &[], Queue::Sales, 2), false),
    ] {
        assert_eq!(allowed, expected, "{what}");
    }
}

#[test]
fn a_wrong_file_of_rights_is_refused() {
    for (text, says) in [
        ("[boss]\nmay = []", "unknown variant `boss`"),
        ("[gm]\nmay = [\"fly\"]", "unknown variant `fly`"),
        ("[gm]\nmay = [\"view\"]", "no role may decide"),
        ("[gm]\nmay = [\"decide\"]\nqueues = [\"lunch\"]", "unknown variant `lunch`"),
        ("[gm]\nmay = [\"decide\"]\nlimits = 3", "unknown field `limits`"),
    ] {
        let refused = Rights::parse("rights.toml", text).unwrap_err();
        assert!(refused.contains(says) && refused.starts_with("rights.toml"), "{refused}");
    }
}
