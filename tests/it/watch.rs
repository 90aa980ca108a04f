//! What supervision is told of a large order, and of which.

#![allow(clippy::unwrap_used, reason = "a case that can't be set up fails")]

use crate::office::{Shop, checked, content, decimal, ids, now, open, strict};
use gendan::order::Order;
use gendan::order::document::{Kind, Language};
use gendan::order::event::{Actor, Event, Gate, Milestone, Tell};
use gendan::order::ids::sha256_hex;
use gendan::order::message::{Body, OrderWatched};
use gendan::order::money::{Currency, Exchange, Money};
use gendan::order::number::OrderNumber;
use gendan::order::review::{Decided, Queue, Role};
use gendan::release::facts::Way;
use gendan::release::watch::{Steps, WatchSettings, watch};
use gendan::schemas::Schemas;
use uuid::Uuid;

fn exchange() -> Exchange {
    Exchange { book: Currency::CNY, rates: [(Currency::USD, decimal("7.10"))].into() }
}

/// An order of one line that comes to this.
fn of(price: &str, currency: Option<Currency>) -> Order {
    let mut order = checked(Vec::new());
    order.content.lines.truncate(1);
    order.content.lines[0].quantity = Some(decimal("1"));
    order.content.lines[0].unit_price = Some(decimal(price));
    order.content.currency = currency;
    order
}

fn told() -> Event {
    let to = "supervision".to_owned();
    Event::Told { what: Tell::Watching, to, version: 1, message_id: Uuid::from_u128(9) }
}

#[test]
fn an_order_is_watched_from_its_total_on_to_its_end() {
    let settings = WatchSettings::default();
    let cases = [
        ("999999.99", Some(Currency::CNY), false),
        ("1000000", Some(Currency::CNY), true),
        ("140845", Some(Currency::USD), false),
        ("140846", Some(Currency::USD), true),
        // Without a rate nobody can say that it is small.
        ("1", "EUR".parse().ok(), true),
        ("2000000", None, false),
    ];
    for (price, currency, watched) in cases {
        assert_eq!(settings.watches(&of(price, currency), &exchange()), watched, "{price} {currency:?}");
    }
    let mut smaller = of("5", Some(Currency::CNY));
    smaller.apply(&told()).unwrap();
    assert!(settings.watches(&smaller, &exchange()), "it was large once");
    let off = WatchSettings { on: false, ..settings };
    assert!(!off.watches(&of("2000000", Some(Currency::CNY)), &exchange()));
}

fn steps<'a>(order: &'a Order, events: &'a [Event], by: &'a Actor) -> Steps<'a> {
    Steps { order, events, first: 5, by, customer: Some("东莞市岭澜制衣有限公司") }
}

/// What supervision's system is told of these events.
fn watched(shop: &mut Shop, order: &Order, events: &[Event]) -> OrderWatched {
    shop.settings.notify_by = Way::Message;
    let by = Actor::User("zhang".to_owned());
    let (_, message) = watch(&steps(order, events, &by), &shop.office(), now(), ids(3)).unwrap().unwrap();
    Schemas::shipped().unwrap().check_message(&message).unwrap();
    let Body::OrderWatched(told) = message.body else { panic!("{:?}", message.body) };
    told
}

fn decided(order: &Order, note: Option<&str>) -> Event {
    let review = order.reviews.iter().find(|it| it.queue == Queue::Sales).unwrap();
    let decided = Decided {
        verdict: "approve".to_owned(),
        by: "zhang".to_owned(),
        role: Role::SalesManager,
        at: now(),
        note: note.map(str::to_owned),
        digest: sha256_hex(b""),
        on_behalf_of: Some("li".to_owned()),
        conditions: Vec::new(),
        needs_days: None,
        done: Vec::new(),
        fee: None,
        guarantee: None,
        returned_to: None,
        agrees_to: None,
    };
    Event::ReviewDecided { review_id: review.id, decided }
}

#[test]
fn one_telling_lists_every_step_of_its_commit() {
    let mut shop = Shop::open();
    let mut order = checked(Vec::new());
    open(&mut order, &strict());
    let events = [
        decided(&order, Some("老客户")),
        Event::ReviewBound { review_id: Uuid::from_u128(1), digest: None },
        Event::Numbered { number: OrderNumber("CNS-C1001-2603-07".to_owned()) },
        Event::Told {
            what: Tell::Notification,
            to: "warehouse".to_owned(),
            version: 1,
            message_id: Uuid::from_u128(2),
        },
        told(),
    ];
    let told = watched(&mut shop, &order, &events);
    let said: Vec<(u64, &str)> = told.steps.iter().map(|it| (it.sequence, it.said.as_str())).collect();
    let expected = [
        (5, "业务评审：同意，zhang 代 li（业务经理）：老客户"),
        (7, "订单号：CNS-C1001-2603-07"),
        (8, "已通知：订单通知（仓库）"),
    ];
    assert_eq!(said, expected);
    assert_eq!((told.by.as_str(), told.total), ("zhang", Some(decimal("3360.00"))));
    shop.house.language = Language::En;
    let told = watched(&mut shop, &order, &events);
    assert_eq!(told.steps[0].said, "Sales review: Approved, by zhang for li (Sales manager): 老客户");
}

#[test]
fn what_is_bookkeeping_alone_is_not_told() {
    let (shop, order) = (Shop::open(), checked(Vec::new()));
    let events = [Event::ReviewBound { review_id: Uuid::from_u128(1), digest: None }, told()];
    let by = Actor::Step("check".to_owned());
    assert_eq!(watch(&steps(&order, &events, &by), &shop.office(), now(), ids(3)).unwrap(), None);
}

#[test]
fn where_supervision_has_no_address_nobody_is_written_to() {
    let (mut shop, order) = (Shop::open(), checked(Vec::new()));
    shop.house.departments.clear();
    let by = Actor::Step("check".to_owned());
    let told = watch(&steps(&order, &[Event::InReview], &by), &shop.office(), now(), ids(3)).unwrap();
    assert_eq!(told, None);
}

/// Every step has words of its own, and none shows a hole in them.
#[test]
fn each_step_is_said_in_both_languages() {
    let mut shop = Shop::open();
    let order = checked(Vec::new());
    let day = now().date_naive();
    let money = Money::new(decimal("54"), Currency::CNY);
    let events = [
        Event::Corrected { by: "wang".into(), content: content() },
        Event::Checked { problems: Vec::new(), sure: true, proofs: Vec::new() },
        Event::Checked { problems: Vec::new(), sure: false, proofs: Vec::new() },
        Event::Merged { refers_to: order.id, content: content() },
        Event::Amended { case: order.id, content: content(), granted: None, guarantees: Vec::new() },
        Event::Replanned {
            promised: day,
            ship_on: now(),
            make: Vec::new(),
            credit: None,
            remade: false,
            materials: Vec::new(),
        },
        Event::Charged { case: order.id, amount: money },
        Event::Appealed { review_id: order.id, by: "qian".into(), reason: "pays in advance".into() },
        Event::GuaranteeBroken { review_id: order.id, until: Some(day) },
        Event::Clarifying,
        Event::InReview,
        Event::Released {
            promised: day,
            ship_on: now(),
            make: Vec::new(),
            credit: None,
            materials: Vec::new(),
        },
        Event::GateOpened { gate: Gate::Ship },
        Event::Reported { milestone: Milestone::StockOut, at: now(), reference: None, applied: true },
        Event::Reported { milestone: Milestone::Paid, at: now(), reference: None, applied: false },
        Event::Applied { milestone: Milestone::Paid },
        Event::Held { why: "amendment:7".into() },
        Event::Held { why: "unread:7".into() },
        Event::Resumed,
        Event::Entered { by: "wang".into(), why: "by phone".into() },
        Event::Stopped { line: None, by: "wang".into(), why: "by phone".into(), at: now() },
        Event::Stopped { line: Some(1), by: "wang".into(), why: "by phone".into(), at: now() },
        Event::LetGo { line: None, by: "wang".into(), rest: false },
        Event::LetGo { line: Some(1), by: "wang".into(), rest: false },
        Event::ReviewRestarted { review_id: order.id, at: now(), due_at: now() },
        Event::Rejected { reason: "no capacity".into() },
        Event::Cancelled { reason: "cancellation:7".into() },
        Event::Closed,
        Event::Reminded { version: 1, times: 1 },
        Event::Unanswered { version: 1 },
    ];
    for language in [Language::Zh, Language::En] {
        shop.house.language = language;
        let told = watched(&mut shop, &order, &events);
        assert_eq!(told.steps.len(), events.len());
        for step in &told.steps {
            let bare =
                step.said.starts_with("step.") || step.said.contains('—') || step.said.contains("why.");
            assert!(!bare, "{}: {}", step.event, step.said);
        }
    }
}

#[test]
fn the_mail_shows_steps_and_prices() {
    let mut shop = Shop::open();
    let mut order = checked(Vec::new());
    open(&mut order, &strict());
    let received = Event::Received {
        from: order.from,
        kind: Kind::Order,
        sent_at: order.sent_at,
        refers_to: None,
        content: order.content.clone(),
    };
    let events = [received, Event::InReview];
    let by = Actor::Step("check".to_owned());
    let mut texts = Vec::new();
    for language in [Language::Zh, Language::En] {
        shop.house.language = language;
        let (event, message) =
            watch(&steps(&order, &events, &by), &shop.office(), now(), ids(3)).unwrap().unwrap();
        assert!(matches!(event, Event::Told { what: Tell::Watching, version: 5, .. }));
        let Body::MailSend(mail) = message.body else { panic!("{:?}", message.body) };
        assert_eq!(mail.to, ["supervision@hengtong.example"]);
        texts.push(format!("{}\n\n{}", mail.subject, mail.text));
    }
    insta::assert_snapshot!(texts.join("\n---\n\n"));
}
