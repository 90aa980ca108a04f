//! The office that the cases of the pure rooms share: an order, its customer, the rules, the calendar, the clock.

#![allow(clippy::unwrap_used, reason = "a case that can't be set up fails")]

use chrono::{DateTime, NaiveDate, Utc};
use gendan::order::Order;
use gendan::order::document::Kind;
use gendan::order::event::{Event, PartRef};
use gendan::order::ids::Ids;
use gendan::order::line::{Content, Line};
use gendan::order::money::Currency;
use gendan::order::problem::{Code, Problem, Severity};
use gendan::order::review::{Decision, Queue, Refusal, Review, Role, Verdict};
use gendan::review::calendar::Calendar;
use gendan::review::facts::{CustomerFacts, Figures, RuleFacts};
use gendan::review::rules::Rules;
use gendan::review::{self, Desk};
use rust_decimal::Decimal;
use uuid::Uuid;

pub(crate) fn local(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("{}:00+08:00", text.replace(' ', "T"))).unwrap().to_utc()
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Tuesday morning.
pub(crate) fn now() -> DateTime<Utc> {
    local("2026-03-10 09:00")
}

pub(crate) fn ids(cause: u128) -> Ids {
    Ids::new(Uuid::from_u128(cause), now())
}

pub(crate) fn calendar() -> Calendar {
    Calendar::parse("cn-2026.toml", include_str!("../../config/calendar/cn-2026.toml")).unwrap()
}

pub(crate) fn strict() -> Rules {
    Rules::parse("strict.toml", include_str!("../../config/rules/strict.toml")).unwrap()
}

pub(crate) fn lean() -> Rules {
    Rules::parse("lean.toml", include_str!("../../config/rules/lean.toml")).unwrap()
}

pub(crate) fn line(position: u32, sku: &str, quantity: &str, price: &str) -> Line {
    Line {
        position,
        customer_part: Some(format!("LL-{position:02}")),
        sku: Some(sku.to_owned()),
        description: "5#尼龙闭尾拉链 自动头 黑色580".to_owned(),
        spec: Some("18cm".to_owned()),
        color: None,
        quantity: Some(decimal(quantity)),
        unit: Some("条".to_owned()),
        unit_price: Some(decimal(price)),
        price_from_list: false,
        required: None,
        note: None,
    }
}

pub(crate) fn content() -> Content {
    Content {
        customer: Some("C1001".to_owned()),
        po_number: Some("PO-2603-018".to_owned()),
        order_date: Some(day("2026-03-10")),
        currency: Some(Currency::CNY),
        payment_terms: Some("月结60天".to_owned()),
        requested: Some(day("2026-03-20")),
        lines: vec![line(1, "HT-N5C-A-580-018", "6000", "0.47"), line(2, "HT-N5C-A-580-015", "1200", "0.45")],
        ..Content::default()
    }
}

pub(crate) fn received(kind: Kind, refers_to: Option<Uuid>, content: Content) -> Order {
    let from = PartRef { document_id: Uuid::from_u128(1), part: 0 };
    let event = Event::Received { from, kind, sent_at: local("2026-03-10 08:40"), refers_to, content };
    Order::begin(Uuid::from_u128(0x0195_0000_0000_7000_8000_0000_0000_0042), &event).unwrap()
}

/// An order that was read and checked.
pub(crate) fn checked(problems: Vec<Problem>) -> Order {
    let mut order = received(Kind::Order, None, content());
    let sure = !problems.iter().any(|it| it.severity > Severity::Note);
    apply(&mut order, &[Event::Checked { problems, sure, proofs: vec!["line_sums".to_owned()] }]);
    order
}

pub(crate) fn problem(code: Code, severity: Severity, clears: Queue) -> Problem {
    let path = "lines.0.unit_price".to_owned();
    Problem {
        code,
        path,
        found: Some("0.40".into()),
        expected: Some("0.45".into()),
        evidence: None,
        severity,
        clears,
    }
}

pub(crate) fn apply(order: &mut Order, events: &[Event]) {
    for event in events {
        order.apply(event).unwrap_or_else(|error| panic!("{event:?}: {error}"));
    }
}

pub(crate) fn customer() -> CustomerFacts {
    CustomerFacts {
        known: true,
        code: "C1001".into(),
        grade: "normal".into(),
        customer_type: "factory".into(),
        terms: "monthly60".into(),
        ..CustomerFacts::default()
    }
}

pub(crate) fn figures() -> Figures {
    Figures {
        total: Some(decimal("3360")),
        exposure: decimal("180000"),
        credit_limit: decimal("600000"),
        in_stock: true,
        date_feasible: true,
        ..Figures::default()
    }
}

pub(crate) fn facts(order: &Order) -> RuleFacts {
    RuleFacts::of(order, customer(), figures(), day("2026-03-10"))
}

/// Opens what has to be opened and says which queues are open then.
pub(crate) fn open(order: &mut Order, rules: &Rules) -> Vec<Queue> {
    let facts = facts(order);
    open_with(order, rules, &facts)
}

pub(crate) fn open_with(order: &mut Order, rules: &Rules, facts: &RuleFacts) -> Vec<Queue> {
    let calendar = calendar();
    let desk = Desk { rules, calendar: &calendar };
    let events = review::open(order, facts, &desk, now(), ids(u128::from(order.version)));
    apply(order, &events);
    assert_eq!(review::open(order, facts, &desk, now(), ids(0)), [], "opening twice opens nothing");
    order.open_reviews().map(|it| it.queue).collect()
}

pub(crate) fn review_in(order: &Order, queue: Queue) -> Review {
    order
        .open_reviews()
        .find(|it| it.queue == queue)
        .unwrap_or_else(|| panic!("{queue:?} is not open"))
        .clone()
}

pub(crate) fn decision(order: &Order, queue: Queue, verdict: Verdict, by: &str) -> Decision {
    let review = review_in(order, queue);
    let role = review.roles.first().copied().unwrap_or(Role::Administrator);
    Decision { review_id: review.id, verdict, by: by.to_owned(), role, note: None, digest: review.digest }
}

pub(crate) fn decide(order: &mut Order, queue: Queue, verdict: Verdict, by: &str) -> Result<(), Refusal> {
    let events = review::decide(order, &decision(order, queue, verdict, by), now())?;
    apply(order, &events);
    Ok(())
}
