//! Random walks of an order through every room: nothing undefined, nothing twice, and the record always adds up.

#![allow(clippy::unwrap_used, reason = "a case that can't be set up fails")]

use crate::office::{Shop, calendar, content, customer, figures, lean, now, problem, received, strict};
use chrono::TimeDelta;
use gendan::follow;
use gendan::order::Order;
use gendan::order::document::Kind;
use gendan::order::event::{Event, Milestone, PartRef, Tell};
use gendan::order::guarantee::Guarantee;
use gendan::order::ids::Ids;
use gendan::order::line::Content;
use gendan::order::message::{ReportReceived, TimerDue, TimerKind};
use gendan::order::money::Money;
use gendan::order::problem::{Code, Problem, Severity};
use gendan::order::review::{Condition, Decision, Queue, Refusal, Role, Verdict};
use gendan::order::status::{Rung, Status};
use gendan::release::facts::Terms;
use gendan::release::{self, Release};
use gendan::review::facts::RuleFacts;
use gendan::review::rules::Rules;
use gendan::review::{self, Desk, deadline};
use proptest::prelude::*;
use std::sync::OnceLock;
use uuid::Uuid;

/// What may be done to an order, in any sequence.
#[derive(Debug, Clone)]
enum Act {
    Open,
    Decide {
        at: usize,
        verdict: usize,
        by: usize,
        stale: bool,
    },
    Correct {
        quantity: u32,
        problems: Vec<(usize, usize, usize)>,
    },
    Release,
    Due {
        hours: i64,
    },
    InvoiceLatest,
    Report(usize),
    Late,
    CatchUp,
    /// Any event at all, as a broken program might write it.
    Raw(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let problems = prop::collection::vec((0..Code::ALL.len(), 0..3usize, 0..Queue::ALL.len()), 0..3);
    prop_oneof![
        6 => Just(Act::Open),
        8 => (0..4usize, 0..14usize, 0..4usize, prop::bool::weighted(0.1))
            .prop_map(|(at, verdict, by, stale)| Act::Decide { at, verdict, by, stale }),
        2 => (1..5u32, problems).prop_map(|(quantity, problems)| Act::Correct { quantity, problems }),
        4 => Just(Act::Release),
        2 => (0..400i64).prop_map(|hours| Act::Due { hours }),
        1 => Just(Act::InvoiceLatest),
        4 => (0..Milestone::ALL.len()).prop_map(Act::Report),
        1 => Just(Act::Late),
        1 => Just(Act::CatchUp),
        2 => (0..12usize).prop_map(Act::Raw),
    ]
}

struct Rooms {
    rules: [Rules; 2],
    shops: [Shop; 4],
}

fn rooms() -> &'static Rooms {
    static ROOMS: OnceLock<Rooms> = OnceLock::new();
    ROOMS.get_or_init(|| {
        let shop = |terms: Terms, stocked: bool| {
            let mut shop = Shop::open();
            shop.buyer.terms = terms;
            if !stocked {
                shop.stock.clear();
            }
            shop
        };
        let shops =
            [(Terms::Open, true), (Terms::Open, false), (Terms::Prepaid, true), (Terms::Deposit, false)];
        Rooms { rules: [strict(), lean()], shops: shops.map(|(terms, stocked)| shop(terms, stocked)) }
    })
}

struct Walk<'a> {
    rules: &'a Rules,
    shop: &'a Shop,
    order: Order,
    events: Vec<Event>,
    steps: u128,
}

impl Walk<'_> {
    /// Events of the rooms themselves always fit.
    fn happen(&mut self, events: Vec<Event>) {
        for event in events {
            self.order.apply(&event).unwrap_or_else(|error| panic!("{event:?}: {error}"));
            self.events.push(event);
        }
    }

    fn ids(&self) -> Ids {
        Ids::new(Uuid::from_u128(self.steps), now())
    }

    fn facts(&self) -> RuleFacts {
        RuleFacts::of(&self.order, customer(), figures(), calendar().day_of(now()))
    }

    fn step(&mut self, act: &Act) {
        self.steps += 1;
        match act {
            Act::Open => self.open(),
            Act::Decide { at, verdict, by, stale } => self.decide(*at, *verdict, *by, *stale),
            Act::Correct { quantity, problems } => self.correct(*quantity, problems),
            Act::Release => self.release(),
            Act::Due { hours } => {
                let at = now() + TimeDelta::hours(*hours);
                let due = release::due(&self.order, &self.shop.facts(), at, self.ids()).unwrap();
                self.told(due);
            }
            Act::InvoiceLatest => {
                let asked =
                    release::invoice_latest(&self.order, &self.shop.facts(), now(), self.ids()).unwrap();
                self.told(asked);
            }
            Act::Report(at) => {
                let (order_id, milestone) = (self.order.id, Milestone::ALL[*at]);
                let report =
                    ReportReceived { order_id, milestone, at: now(), reference: None, by: "erp".into() };
                self.happen(follow::report(&self.order, &report));
                assert_eq!(follow::report(&self.order, &report), [], "a repeated report does nothing");
            }
            Act::Late => self.late(),
            Act::CatchUp => self.happen(follow::catch_up(&self.order)),
            Act::Raw(at) => self.raw(*at),
        }
        self.check();
    }

    fn open(&mut self) {
        let calendar = calendar();
        let desk = Desk::new(self.rules, &calendar);
        self.happen(review::open(&self.order, &self.facts(), &desk, now(), self.ids()));
        assert_eq!(review::open(&self.order, &self.facts(), &desk, now(), self.ids()), []);
    }

    fn decide(&mut self, at: usize, verdict: usize, by: usize, stale: bool) {
        let Some(review) = self.order.reviews.iter().rev().nth(at) else { return };
        let verdict = match verdict {
            0 => Verdict::Return { what: "w".into(), to: None },
            1 => Verdict::Reject { reason: "r".into() },
            2 => Verdict::File { reason: "f".into(), kind: None },
            3 => Verdict::Correct { draft: Box::default() },
            4 => Verdict::Return { what: "p".into(), to: Some(Queue::Price) },
            5 => Verdict::Transfer { to: "u-1".into() },
            6 => Verdict::AddReviewer { reviewer: Role::Finance },
            7 => Verdict::Appeal { reason: "a".into() },
            8 => Verdict::Approve {
                conditions: vec![Condition { path: "lines.0.unit_price".into(), value: format!("0.4{by}") }],
                needs_days: Some(2),
                done: Vec::new(),
                fee: None,
                guarantee: None,
            },
            _ => Verdict::Approve {
                conditions: Vec::new(),
                needs_days: None,
                done: Vec::new(),
                fee: None,
                guarantee: (review.queue == Queue::Credit).then(guarantee),
            },
        };
        let ends = !matches!(
            verdict,
            Verdict::Transfer { .. } | Verdict::AddReviewer { .. } | Verdict::Appeal { .. }
        );
        let digest = if stale { "seen long ago".to_owned() } else { review.digest.clone() };
        let signed = |role: &&Role| review.signed.iter().any(|it| it.role == **role);
        let open = review.roles.iter().find(|role| !signed(role)).or(review.roles.first());
        let role = open.copied().unwrap_or(Role::Clerk);
        let by = format!("u-{by}");
        let note = Some("n".to_owned());
        let decision = Decision { review_id: review.id, verdict, by, role, note, digest, on_behalf_of: None };
        match review::decide(&self.order, &decision, self.rules, now()) {
            Ok(events) => {
                assert!(!stale && (review.is_open() || matches!(decision.verdict, Verdict::Appeal { .. })));
                self.happen(events);
                let again = review::decide(&self.order, &decision, self.rules, now());
                let refused = matches!(
                    again,
                    Err(Refusal::Twice { .. } | Refusal::SignedAlready { .. } | Refusal::Assigned { .. })
                );
                assert!(!ends || refused, "not twice: {again:?}");
            }
            Err(refused) => assert!(!refused.to_string().is_empty()),
        }
    }

    fn correct(&mut self, quantity: u32, problems: &[(usize, usize, usize)]) {
        if !self.order.status.is_open() {
            return;
        }
        let mut content = content();
        content.lines[0].quantity = Some(quantity.into());
        let severity = [Severity::Note, Severity::Review, Severity::Blocks];
        let problems: Vec<Problem> = problems
            .iter()
            .map(|(code, worst, queue)| problem(Code::ALL[*code], severity[*worst], Queue::ALL[*queue]))
            .collect();
        let sure = problems.is_empty();
        let corrected = Event::Corrected { by: "u-0".into(), content };
        self.happen(vec![corrected, Event::Checked { problems, sure, proofs: Vec::new() }]);
    }

    fn release(&mut self) {
        let agreed = review::all_agreed(&self.order);
        match release::release(&self.order, &self.shop.facts(), now(), self.ids()) {
            Ok(release) => {
                assert!(agreed && self.order.open_reviews().next().is_none());
                assert!(!self.order.problems.iter().any(|it| it.severity == Severity::Blocks));
                self.told(release);
                assert_eq!(self.order.status, Status::On(Rung::Released));
            }
            Err(refused) => assert!(!agreed, "{refused}"),
        }
    }

    fn told(&mut self, release: Release) {
        self.happen(release.events);
    }

    fn late(&mut self) {
        let Some(review) = self.order.open_reviews().next() else { return };
        let (order_id, about, due) = (self.order.id, review.id, review.due_at);
        let timer = TimerDue { order_id, kind: TimerKind::ReviewDeadline, about, due };
        let events =
            deadline::passed(&self.order, &timer, &Desk::new(self.rules, &calendar()), due).unwrap().2;
        self.happen(events);
    }

    /// An event that does not fit is refused and changes nothing.
    fn raw(&mut self, at: usize) {
        let milestone = Milestone::ALL[at % Milestone::ALL.len()];
        let event = match at {
            0 => Event::Clarifying,
            1 => Event::Held { why: "h".into() },
            2 | 3 => Event::Resumed,
            4 => Event::Closed,
            5 => Event::Cancelled { reason: "c".into() },
            6 => Event::ReviewOverdue { review_id: Uuid::nil() },
            7 => Event::Applied { milestone },
            8 => Event::Numbered { number: gendan::order::number::OrderNumber("X".into()) },
            9 => received_again(),
            10 => Event::ReviewWithdrawn {
                review_id: self.order.reviews.first().map_or(Uuid::nil(), |it| it.id),
            },
            _ => Event::Reported { milestone, at: now(), reference: None, applied: true },
        };
        // A number that was not given by a release would be one of two.
        if matches!(event, Event::Numbered { .. }) && self.order.number.is_none() {
            return;
        }
        let before = self.order.clone();
        match self.order.apply(&event) {
            Ok(()) => self.events.push(event),
            Err(_) => assert_eq!(self.order, before, "{event:?}"),
        }
    }

    fn check(&self) {
        let order = &self.order;
        assert!(Status::WORDS.contains(&order.status.as_str()));
        assert_eq!(order.version, self.events.len() as u64);
        let told = |what: Tell| order.told.iter().filter(|it| it.what == what).count();
        assert!(
            told(Tell::ShippingInstruction) <= 1
                && told(Tell::InvoiceRequest) <= 1
                && told(Tell::Confirmation) <= 1
        );
        let mut keys: Vec<_> = order.told.iter().map(|it| (it.what, &it.to, it.version)).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), order.told.len(), "nobody is told twice");
        let queues: Vec<Queue> = order.open_reviews().map(|it| it.queue).collect();
        assert!(Queue::ALL.iter().all(|queue| queues.iter().filter(|it| *it == queue).count() <= 1));
        if order.told.iter().any(|it| it.what != Tell::Notification) {
            assert!(order.number.is_some());
        }
    }
}

fn received_again() -> Event {
    let from = PartRef { document_id: Uuid::nil(), part: 0 };
    Event::Received { from, kind: Kind::Order, sent_at: now(), refers_to: None, content: Content::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_is_the_fold_of_its_events(
        acts in prop::collection::vec(act(), 1..60), profile in 0..2usize, shop in 0..4usize, case in 0..6usize,
    ) {
        let rooms = rooms();
        let kind = match case { 0 => Kind::Amendment, 1 => Kind::Cancellation, _ => Kind::Order };
        let order = received(kind, None, content());
        let first = Event::Received {
            from: order.from, kind, sent_at: order.sent_at, refers_to: None, content: order.content.clone(),
        };
        let checked = Event::Checked { problems: Vec::new(), sure: true, proofs: Vec::new() };
        let mut walk =
            Walk { rules: &rooms.rules[profile], shop: &rooms.shops[shop], order, events: vec![first], steps: 0 };
        walk.happen(vec![checked]);
        for act in &acts {
            walk.step(act);
        }
        let id = walk.order.id;
        prop_assert_eq!(&Order::fold(id, &walk.events).unwrap(), &walk.order);
        let events: Vec<Event> = serde_json::from_str(&serde_json::to_string(&walk.events).unwrap()).unwrap();
        prop_assert_eq!(&events, &walk.events);
        let order: Order = serde_json::from_str(&serde_json::to_string(&walk.order).unwrap()).unwrap();
        prop_assert_eq!(&order, &walk.order);
        let stored: Order = serde_json::from_value(serde_json::to_value(&walk.order).unwrap()).unwrap();
        prop_assert_eq!(stored, walk.order);
    }

    #[test]
    fn totals_are_the_sum_of_their_lines(lines in prop::collection::vec((1..100_000i64, 0..6u32, 1..1_000_000u32), 1..20)) {
        let mut content = content();
        let template = content.lines[0].clone();
        content.lines = lines.iter().map(|(price, scale, quantity)| {
            let mut line = template.clone();
            line.unit_price = Some(rust_decimal::Decimal::new(*price, *scale));
            line.quantity = Some((*quantity).into());
            line
        }).collect();
        let currency = content.currency.unwrap();
        let amounts = content.lines.iter().map(|line| line.amount(currency).unwrap().unwrap());
        let total = content.total().unwrap().unwrap();
        prop_assert_eq!(Money::sum(currency, amounts).unwrap(), total);
        prop_assert_eq!(gendan::order::money::round(total.amount, currency), total.amount, "to the coin");
    }
}

/// Somebody stands for the money, where credit asks for that.
fn guarantee() -> Guarantee {
    Guarantee { until: now().date_naive() + chrono::Days::new(30), amount: None }
}

#[test]
fn both_profiles_lead_every_order_to_its_release_when_people_agree() {
    let rooms = rooms();
    for rules in &rooms.rules {
        for (code, queue) in Code::ALL.into_iter().zip(Queue::ALL.into_iter().cycle()) {
            let order = received(Kind::Order, None, content());
            let shop = &rooms.shops[0];
            let mut walk = Walk { rules, shop, order, events: vec![received_again()], steps: 0 };
            let problems = vec![problem(code, Severity::Review, queue)];
            walk.happen(vec![Event::Checked { problems, sure: false, proofs: Vec::new() }]);
            for round in 0..4 {
                walk.step(&Act::Open);
                for _ in 0..walk.order.open_reviews().count() {
                    let first =
                        walk.order.reviews.iter().rev().position(gendan::order::review::Review::is_open);
                    walk.step(&Act::Decide { at: first.unwrap(), verdict: 9, by: round, stale: false });
                }
            }
            walk.step(&Act::Release);
            assert_eq!(walk.order.status, Status::On(Rung::Released), "{} {code:?} {queue:?}", rules.profile);
        }
    }
}
