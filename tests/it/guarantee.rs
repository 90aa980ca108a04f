//! Who guarantees is held to it: the day passes, the money is not there, and finance hears of it once.

use crate::office::{apply, checked, customer, day, decimal, figures, open_with, problem, review_in, strict};
use crate::soft_hold::House;
use gendan::order::event::{Event, Milestone};
use gendan::order::guarantee::Guarantee;
use gendan::order::message::{Body, MailSend, ReportReceived, ReviewDecide, Step};
use gendan::order::problem::{Code, Severity};
use gendan::order::review::{Decision, Queue, Role, Verdict};
use gendan::review;
use gendan::review::facts::{CustomerFacts, Figures, RuleFacts};

const ORDER: &str = include_str!("../cases/guaranteed/order.eml");
const PO: &str = "MY-260301";

impl House {
    async fn agrees(&mut self, queue: Queue, guarantee: Option<Guarantee>) {
        let order = self.order(PO).await;
        let review = review_in(&order, queue);
        let note = guarantee.as_ref().map(|_| "旺季备货，三年来都按期付款".to_owned());
        let decision = Decision {
            review_id: review.id,
            verdict: Verdict::Approve {
                conditions: Vec::new(),
                needs_days: None,
                done: Vec::new(),
                fee: None,
                guarantee,
            },
            by: "user-1".to_owned(),
            role: Role::SalesManager,
            note,
            digest: review.digest.clone(),
            on_behalf_of: None,
        };
        let body = Body::ReviewDecide(ReviewDecide { order_id: order.id, decision });
        let message = self.message(Step::Review, order.id, body);
        self.handle(message).await;
    }

    async fn guaranteed() -> Self {
        let mut house = Self::open().await;
        house.comes(ORDER, true).await;
        let until = day("2026-03-13");
        house.agrees(Queue::Credit, Some(Guarantee { until, amount: None })).await;
        house.agrees(Queue::Sales, None).await;
        house
    }

    async fn told(&self) -> Vec<MailSend> {
        let about = self.order(PO).await.id;
        let messages = self.store.messages(about).await.unwrap();
        let mails = messages.into_iter().filter_map(|(message, _)| {
            if let Body::MailSend(mail) = message.body { Some(mail) } else { None }
        });
        mails.filter(|mail| mail.purpose == "guarantee_broken").collect()
    }
}

const DAY: u64 = 24 * 60;

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_passes_unpaid_is_told_once() {
    let mut house = House::guaranteed().await;
    // The 2nd is a Monday; Friday the 13th is the last day.
    house.pass(11 * DAY + 60).await;
    assert!(house.told().await.is_empty() && !house.order(PO).await.guarantees[0].broken);
    house.pass(2 * DAY).await;
    assert!(house.told().await.is_empty(), "nobody is told on a Sunday");
    house.pass(DAY).await;
    let told = house.told().await;
    assert_eq!(told.len(), 1);
    assert!(told[0].to.iter().any(|to| to.starts_with("finance")), "{:?}", told[0].to);
    assert!(told[0].text.contains("user-1（业务经理）担保于 2026-03-13 前付款"), "{}", told[0].text);
    assert!(house.order(PO).await.guarantees[0].broken);
    house.pass(30 * DAY).await;
    assert_eq!(house.told().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_in_time_is_told_to_nobody() {
    let mut house = House::guaranteed().await;
    let order = house.order(PO).await;
    let report = ReportReceived {
        order_id: order.id,
        milestone: Milestone::Paid,
        at: "2026-03-12T02:00:00Z".parse().unwrap(),
        reference: None,
        by: "bank".to_owned(),
    };
    let message = house.message(Step::Follow, order.id, Body::ReportReceived(report));
    house.handle(message).await;
    house.pass(30 * DAY).await;
    assert!(house.told().await.is_empty() && !house.order(PO).await.guarantees[0].broken);
}

/// Who decides on credit, and whether each of them has to.
#[test]
fn credit_is_decided_by_those_whom_the_rules_name() {
    use Role::{DeputyGm, Finance, Gm, SalesManager};
    for (code, grade, total, roles, all) in [
        (Code::Overdue, "normal", "100", &[SalesManager, DeputyGm][..], true),
        (Code::Overdue, "normal", "500001", &[DeputyGm, Gm], true),
        (Code::Overdue, "key", "100", &[DeputyGm, Finance], true),
        (Code::CreditAsked, "new", "29999.99", &[SalesManager], false),
        (Code::CreditAsked, "new", "30000", &[Gm], false),
        (Code::CreditAsked, "normal", "30000", &[SalesManager, DeputyGm, Gm], false),
        (Code::OverCreditLimit, "key", "30000", &[SalesManager, DeputyGm, Gm], false),
        (Code::OverCreditLimit, "key", "30001", &[DeputyGm, Gm], false),
    ] {
        let mut order = checked(vec![problem(code, Severity::Review, Queue::Credit)]);
        let customer = CustomerFacts { grade: grade.to_owned(), ..customer() };
        let figures = Figures { total: Some(decimal(total)), ..figures() };
        let facts = RuleFacts::of(&order, customer, figures, day("2026-03-10"));
        open_with(&mut order, &strict(), &facts);
        let review = review_in(&order, Queue::Credit);
        let joint = review.sign == gendan::order::review::Sign::All;
        assert_eq!((&review.roles[..], joint), (roles, all), "{code:?} {grade} {total}");
    }
}

/// Of two who both have to agree one guarantees, and each guarantee is kept with who gave it.
#[test]
fn one_of_those_who_sign_guarantees() {
    let rules = strict();
    let both = [Code::Overdue, Code::OverCreditLimit];
    let mut order = checked(both.map(|code| problem(code, Severity::Review, Queue::Credit)).to_vec());
    let figures = Figures { total: Some(decimal("100")), ..figures() };
    let facts = RuleFacts::of(&order, customer(), figures, day("2026-03-10"));
    open_with(&mut order, &rules, &facts);
    let says = |order: &gendan::order::Order, role, by: &str, until: Option<&str>| {
        let guarantee = until.map(|until| Guarantee { until: day(until), amount: Some(decimal("50")) });
        let review = review_in(order, Queue::Credit);
        let decision = Decision {
            review_id: review.id,
            verdict: Verdict::Approve {
                conditions: Vec::new(),
                needs_days: None,
                done: Vec::new(),
                fee: None,
                guarantee,
            },
            by: by.to_owned(),
            role,
            note: Some("老客户".to_owned()),
            digest: review.digest,
            on_behalf_of: None,
        };
        review::decide(order, &decision, &rules, crate::office::now())
    };
    let without = says(&order, Role::SalesManager, "u-manager", None).unwrap();
    let mut other = order.clone();
    apply(&mut other, &without);
    let refused = says(&other, Role::DeputyGm, "u-deputy", None).unwrap_err().to_string();
    assert!(refused.contains("--guarantee-until"), "{refused}");
    let with = says(&order, Role::SalesManager, "u-manager", Some("2026-03-31")).unwrap();
    apply(&mut order, &with);
    let last = says(&order, Role::DeputyGm, "u-deputy", None).unwrap();
    apply(&mut order, &last);
    let given: Vec<(&str, String)> =
        order.guarantees.iter().map(|it| (it.by.as_str(), it.guarantee.until.to_string())).collect();
    assert_eq!(given, [("u-manager", "2026-03-31".to_owned())]);
    // As it is kept, it is read again.
    let kept = serde_json::to_value(&order).unwrap();
    assert_eq!(serde_json::from_value::<gendan::order::Order>(kept).unwrap(), order);
    // An order that was given up owes nothing.
    let today = day("2026-04-01");
    assert_eq!(gendan::follow::guarantee::broken(&order, today).len(), 1);
    assert!(gendan::follow::guarantee::broken(&order, day("2026-03-31")).is_empty());
    apply(&mut order, &[Event::Cancelled { reason: "c".into() }]);
    assert!(gendan::follow::guarantee::broken(&order, today).is_empty());
}
