//! The office that the cases of the pure rooms share: an order, its customer, the rules, the calendar, the clock.

#![allow(clippy::unwrap_used, reason = "a case that can't be set up fails")]

use chrono::{DateTime, NaiveDate, Utc};
use gendan::master::Tables;
use gendan::master::bills::Bills;
use gendan::master::import::import;
use gendan::order::Order;
use gendan::order::document::{Envelope, Kind, Language};
use gendan::order::event::{Event, Milestone, PartRef};
use gendan::order::ids::Ids;
use gendan::order::line::{Content, Line};
use gendan::order::message::ReportReceived;
use gendan::order::money::{Currency, Money};
use gendan::order::number::NumberPattern;
use gendan::order::party::Party;
use gendan::order::problem::{Code, Problem, Severity};
use gendan::order::review::{Decision, Queue, Refusal, Review, Role, Verdict};
use gendan::order::wording::Wording;
use gendan::release::facts::{
    Buyer, Department, Desk as FrontDesk, House, Office, Product, ReleaseFacts, Settings,
};
use gendan::release::templates::Templates;
use gendan::release::{self, Release};
use gendan::review::calendar::Calendar;
use gendan::review::facts::{CustomerFacts, Figures, RuleFacts};
use gendan::review::rules::Rules;
use gendan::review::{self, Desk};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
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
    Calendar::parse("cn-2026.toml", Calendar::shipped("cn-2026").unwrap()).unwrap()
}

pub(crate) fn strict() -> Rules {
    Rules::parse("strict.toml", Rules::shipped("strict").unwrap()).unwrap()
}

pub(crate) fn lean() -> Rules {
    Rules::parse("lean.toml", Rules::shipped("lean").unwrap()).unwrap()
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
        proposals: Vec::new(),
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
    let desk = Desk::new(rules, &calendar);
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
    Decision {
        review_id: review.id,
        verdict,
        by: by.to_owned(),
        role,
        note: None,
        digest: review.digest,
        on_behalf_of: None,
    }
}

pub(crate) fn decide(order: &mut Order, queue: Queue, verdict: Verdict, by: &str) -> Result<(), Refusal> {
    let events = review::decide(order, &decision(order, queue, verdict, by), &strict(), now())?;
    apply(order, &events);
    Ok(())
}

/// A house with its departments, and all that one release rests on.
pub(crate) struct Shop {
    pub(crate) house: House,
    pub(crate) settings: Settings,
    pub(crate) calendar: Calendar,
    pub(crate) templates: Templates,
    pub(crate) wording: Wording,
    pub(crate) buyer: Buyer,
    pub(crate) ship_to: Party,
    pub(crate) contact: Party,
    pub(crate) mail: Envelope,
    pub(crate) pattern: NumberPattern,
    pub(crate) stock: BTreeMap<String, Decimal>,
    pub(crate) products: BTreeMap<String, Product>,
    pub(crate) bills: Bills,
}

impl Shop {
    pub(crate) fn open() -> Self {
        let departments = Department::ALL.into_iter().map(|it| {
            let mail = format!("{}@hengtong.example", it.as_str());
            (it, FrontDesk { manager: Some(format!("mgr.{mail}")), mail })
        });
        let product = |class: &str| Product { class: class.into(), lead_days: 7, unit: "条".into() };
        Self {
            house: House {
                name: "恒通拉链辅料有限公司".into(),
                name_en: "Hengtong Zipper & Trim Co., Ltd.".into(),
                mail: "orders@hengtong.example".into(),
                domain: "hengtong.example".into(),
                language: Language::Zh,
                departments: departments.collect(),
                general_manager: Some("gm@hengtong.example".into()),
            },
            settings: Settings::default(),
            calendar: calendar(),
            templates: Templates::shipped().unwrap(),
            wording: Wording::shipped().unwrap(),
            buyer: Buyer {
                code: "C1001".into(),
                name: "东莞市岭澜制衣有限公司".into(),
                mail: vec!["wanyi.chen@linglan.example".into()],
                region: "CN".into(),
                title: Some("东莞市岭澜制衣有限公司".into()),
                tax_number: Some("91441900MA00000X0X".into()),
                tax_rate: Some(decimal("0.13")),
                credit: Some(Money::new(decimal("3360.00"), Currency::CNY)),
                ..Buyer::default()
            },
            ship_to: Party {
                name: Some("东莞市岭澜制衣有限公司".into()),
                contact: Some("陈婉仪".into()),
                phone: Some("0769-5550-1201".into()),
                address: Some("广东省东莞市虎门镇龙眼工业区云锦路18号".into()),
                ..Party::default()
            },
            contact: Party { contact: Some("陈婉仪".into()), ..Party::default() },
            mail: Envelope {
                subject: Some("采购订单 PO-2603-018".into()),
                message_id: Some("<po-2603-018@linglan.example>".into()),
                references: vec!["<ask-1@linglan.example>".into()],
                ..Envelope::default()
            },
            pattern: NumberPattern::parse("{region}{class}-{customer}-{yy}{mm}-{seq:02}").unwrap(),
            stock: ["018", "015"].map(|it| (format!("HT-N5C-A-580-{it}"), decimal("20000"))).into(),
            products: ["018", "015"].map(|it| (format!("HT-N5C-A-580-{it}"), product("S"))).into(),
            bills: Bills::default(),
        }
    }

    pub(crate) fn office(&self) -> Office<'_> {
        Office {
            house: &self.house,
            settings: &self.settings,
            calendar: &self.calendar,
            templates: &self.templates,
            wording: &self.wording,
        }
    }

    pub(crate) fn facts(&self) -> ReleaseFacts<'_> {
        ReleaseFacts {
            office: self.office(),
            buyer: &self.buyer,
            contact: Some(&self.contact),
            ship_to: Some(&self.ship_to),
            answers: Some(&self.mail),
            as_data: false,
            carrier: "SLT",
            pattern: &self.pattern,
            sequence: 7,
            stock: &self.stock,
            before: None,
            products: &self.products,
            bills: &self.bills,
        }
    }

    /// One HT-N5C-A-580-018 takes 0.21 m of TAPE, 1 SLIDER, which supplier S1 delivers in 9 days, and 3 PIN; one of -015 a SUB,
    /// which takes 2 SLIDER and 3 days.
    pub(crate) fn with_bills(mut self) -> Self {
        let products = "sku,name,name_en,category,unit,spec,moq,pack_qty,lead_days,standard_price,currency,barcode\n\
            HT-N5C-A-580-018,拉链,,拉链,条,,1,1,7,1,CNY,\nHT-N5C-A-580-015,拉链,,拉链,条,,1,1,7,1,CNY,\n\
            SUB,组件,,拉链,个,,1,1,3,1,CNY,\nSLIDER,5#自动头,,拉头,个,,1,1,4,1,CNY,\n";
        let boms = "sku,component,qty_per,unit\nHT-N5C-A-580-018,TAPE,0.21,米\nHT-N5C-A-580-018,SLIDER,1,\n\
            HT-N5C-A-580-018,PIN,3,\nHT-N5C-A-580-015,SUB,1,\nSUB,SLIDER,2,\n";
        let suppliers = "code,name,mail,phone,lead_days,items\nS1,甲,,,9,SLIDER\n";
        let mut tables = Tables::default();
        for (table, text) in [("products", products), ("boms", boms), ("suppliers", suppliers)] {
            tables.put(table, import(table, table, text.as_bytes()).unwrap().body).unwrap();
        }
        let skus: Vec<String> = self.products.keys().cloned().collect();
        self.bills = Bills::of(&skus, (&tables.boms, &tables.products, &tables.suppliers));
        self
    }

    /// Releases the order and folds what happened into it.
    pub(crate) fn release(&self, order: &mut Order) -> Release {
        let release = release::release(order, &self.facts(), now(), ids(77)).unwrap();
        apply(order, &release.events);
        release
    }

    /// Tells what is due `at`, and folds it in.
    pub(crate) fn due(&self, order: &mut Order, at: DateTime<Utc>) -> Release {
        let ids = Ids::new(Uuid::from_u128(u128::from(order.version)), at);
        let due = release::due(order, &self.facts(), at, ids).unwrap();
        apply(order, &due.events);
        due
    }
}

/// The kinds of messages, in the order in which they leave.
pub(crate) fn types(release: &Release) -> Vec<&str> {
    release.messages.iter().map(|message| message.body.type_name()).collect()
}

/// A downstream system reports.
pub(crate) fn report(order: &mut Order, milestone: Milestone) -> Vec<Event> {
    let report = ReportReceived {
        order_id: order.id,
        milestone,
        at: now(),
        reference: Some("DN-1".into()),
        by: "erp".into(),
    };
    let events = gendan::follow::report(order, &report);
    apply(order, &events);
    events
}
