//! What is told to whom at release and after it, and how reports move an order.

#![allow(clippy::unwrap_used, reason = "a case that can't be set up fails")]

use crate::office::{
    Shop, apply, checked, content, day, decimal, ids, local, now, open, report, strict, types,
};
use gendan::order::document::{Channel, Document, Envelope, Kind, Language};
use gendan::order::draft::{Confidence, Draft};
use gendan::order::event::{Event, Gate, Milestone, Tell};
use gendan::order::keyed;
use gendan::order::message::{Body, MailSend, Message, TimerKind};
use gendan::order::money::{Currency, Money};
use gendan::order::reviewed::Needs;
use gendan::order::status::{Rung, Status};
use gendan::read::codes::Code;
use gendan::release::facts::{Department, ReleaseFacts, Terms};
use gendan::release::{self, Release, ReleaseError};
use gendan::review::deadline::Lateness;
use rust_decimal::Decimal;
use uuid::Uuid;

fn mails(release: &Release) -> Vec<&MailSend> {
    release.messages.iter().filter_map(as_mail).collect()
}

fn as_mail(message: &Message) -> Option<&MailSend> {
    if let Body::MailSend(mail) = &message.body { Some(mail) } else { None }
}

fn shown(mail: &MailSend) -> String {
    let answers = mail.in_reply_to.as_deref().unwrap_or("-");
    format!(
        "Message-ID: {}\nFrom: {}\nTo: {}\nSubject: {}\nIn-Reply-To: {answers}\nReferences: {}\n\n{}",
        mail.message_id,
        mail.from,
        mail.to.join(", "),
        mail.subject,
        mail.references.join(" "),
        mail.text
    )
}

#[test]
fn an_order_in_stock_goes_out_at_once() {
    let shop = Shop::open();
    let mut order = checked(Vec::new());
    order.content.requested = Some(day("2026-03-11"));
    let release = shop.release(&mut order);
    assert_eq!(
        types(&release),
        [
            "mail.send",
            "mail.send",
            "mail.send",
            "mail.send",
            "warehouse.pick",
            "shipping.instruction",
            "order.status"
        ]
    );
    assert_eq!(order.number.as_ref().unwrap().0, "CNS-C1001-2603-07");
    assert_eq!((order.promised, order.ship_on), (Some(day("2026-03-11")), Some(now())));
    assert_eq!(
        release.reserve,
        [("HT-N5C-A-580-015".into(), decimal("1200")), ("HT-N5C-A-580-018".into(), decimal("6000"))]
    );
    assert_eq!(release.credit, Some(Money::new(decimal("3360.00"), Currency::CNY)));
    assert_eq!(release.sequence, Some(7));
    assert_eq!(release.timers.iter().map(|it| it.body.kind).collect::<Vec<_>>(), [TimerKind::InvoiceLatest]);
    assert_eq!(release.timers[0].due, local("2026-04-09 09:00"));
    let told = release.events.iter().filter(|it| matches!(it, Event::Told { .. })).count();
    assert_eq!(told, 6);
    let lanes: Vec<_> = release.messages.iter().map(|it| it.lane.clone().unwrap()).collect();
    assert_eq!(lanes[5], format!("{}/shipping.instruction.SLT", order.id));
    assert_eq!(order.status, Status::On(Rung::Released));
}

#[test]
fn what_is_due_later_waits_for_its_timer() {
    let shop = Shop::open();
    let mut order = checked(Vec::new());
    let release = shop.release(&mut order);
    assert!(!types(&release).contains(&"shipping.instruction"));
    let timer = &release.timers[0];
    assert_eq!(
        (timer.body.kind, timer.due),
        (TimerKind::Ship, local("2026-03-19 09:00")),
        "the workday before 03-20"
    );
    let early = shop.due(&mut order, local("2026-03-19 08:59"));
    assert_eq!(early, Release::default());
    let due = shop.due(&mut order, timer.due);
    assert_eq!(types(&due), ["shipping.instruction"]);
    assert_eq!(shop.due(&mut order, local("2026-03-19 09:01")), Release::default(), "told once");
}

#[test]
fn what_is_not_in_stock_is_made_and_promised_for_when_it_can_be_there() {
    let mut shop = Shop::open();
    shop.stock.insert("HT-N5C-A-580-015".into(), decimal("1199"));
    for (requested, promised) in
        [(None, "2026-03-17"), (Some("2026-03-12"), "2026-03-17"), (Some("2026-03-20"), "2026-03-20")]
    {
        let mut order = checked(Vec::new());
        order.content.requested = requested.map(day);
        let release = shop.release(&mut order);
        assert_eq!(order.promised, Some(day(promised)), "{requested:?}");
        assert_eq!(order.make, [2]);
        assert_eq!(release.reserve, [("HT-N5C-A-580-018".into(), decimal("6000"))]);
        let tasks: Vec<_> = release
            .messages
            .iter()
            .filter_map(|it| if let Body::ProductionTask(task) = &it.body { Some(task) } else { None })
            .collect();
        assert_eq!(tasks[0].lines.iter().map(|it| it.position).collect::<Vec<_>>(), [2]);
        report(&mut order, Milestone::ProductionStarted);
        report(&mut order, Milestone::ProductionFinished);
        assert_eq!(types(&shop.due(&mut order, now())), ["warehouse.pick"], "what was made is picked now");
    }
}

#[test]
fn two_lines_of_one_product_do_not_take_the_same_goods() {
    let mut shop = Shop::open();
    shop.stock.insert("HT-N5C-A-580-018".into(), decimal("7000"));
    let mut order = checked(Vec::new());
    order.content.lines[1].sku = Some("HT-N5C-A-580-018".into());
    shop.release(&mut order);
    assert_eq!(order.make, [2]);
}

#[test]
fn who_pays_before_gets_his_goods_after() {
    let mut shop = Shop::open();
    shop.buyer.terms = Terms::Prepaid;
    let mut order = checked(Vec::new());
    order.content.requested = Some(day("2026-03-11"));
    let release = shop.release(&mut order);
    assert!(!types(&release).contains(&"shipping.instruction") && release.credit.is_none());
    assert_eq!(order.gates, [Gate::Produce]);
    assert_eq!(shop.due(&mut order, now()), Release::default());
    report(&mut order, Milestone::Paid);
    assert_eq!(
        (order.gates.clone(), order.kept.clone()),
        (vec![Gate::Produce, Gate::Ship], vec![Milestone::Paid])
    );
    assert_eq!(types(&shop.due(&mut order, now())), ["shipping.instruction"]);
}

#[test]
fn a_deposit_comes_before_production() {
    let mut shop = Shop::open();
    shop.buyer.terms = Terms::Deposit;
    shop.stock.clear();
    let mut order = checked(Vec::new());
    assert!(!types(&shop.release(&mut order)).contains(&"production.task"));
    report(&mut order, Milestone::Paid);
    assert_eq!(types(&shop.due(&mut order, now())), ["production.task"]);
}

#[test]
fn the_invoice_follows_the_goods() {
    let shop = Shop::open();
    let mut order = checked(Vec::new());
    shop.release(&mut order);
    shop.due(&mut order, local("2026-03-19 09:00"));
    report(&mut order, Milestone::StockOut);
    let due = shop.due(&mut order, local("2026-03-19 11:00"));
    assert_eq!(types(&due), ["accounting.invoice"]);
    let Body::AccountingInvoice(invoice) = &due.messages[0].body else { panic!() };
    assert_eq!(invoice.total, decimal("3360.00"));
    assert_eq!(invoice.lines.iter().map(|it| it.amount).sum::<rust_decimal::Decimal>(), invoice.total);
    let again = release::invoice_latest(&order, &shop.facts(), local("2026-04-18 09:00"), ids(9)).unwrap();
    assert_eq!(again, Release::default(), "asked for once");
}

#[test]
fn at_the_latest_the_invoice_is_asked_for_without_a_report() {
    let shop = Shop::open();
    let mut order = checked(Vec::new());
    shop.release(&mut order);
    let nothing = release::invoice_latest(&order, &shop.facts(), now(), ids(9)).unwrap();
    assert_eq!(nothing, Release::default(), "the carrier was not instructed");
    shop.due(&mut order, local("2026-03-19 09:00"));
    let asked = release::invoice_latest(&order, &shop.facts(), local("2026-04-18 09:00"), ids(9)).unwrap();
    assert_eq!(types(&asked), ["accounting.invoice"]);
}

#[test]
fn reports_move_the_order_in_turn_and_count_once() {
    let shop = Shop::open();
    let mut order = checked(Vec::new());
    shop.release(&mut order);
    for early in [Milestone::Paid, Milestone::Delivered] {
        report(&mut order, early);
        assert_eq!(report(&mut order, early), [], "once");
    }
    assert_eq!(order.status, Status::On(Rung::Released));
    report(&mut order, Milestone::StockOut);
    assert_eq!(order.status, Status::On(Rung::Delivered), "the receipt was kept and had its turn");
    report(&mut order, Milestone::Invoiced);
    assert_eq!(order.status, Status::On(Rung::Paid));
    assert_eq!(order.kept, []);
    assert_eq!(order.gates, [Gate::Produce, Gate::Ship, Gate::Invoice]);
}

#[test]
fn a_report_on_an_order_that_stands_aside_is_kept() {
    let shop = Shop::open();
    let mut order = checked(Vec::new());
    shop.release(&mut order);
    apply(&mut order, &[Event::Held { why: "amendment".into() }]);
    report(&mut order, Milestone::StockOut);
    assert_eq!(
        (order.kept.clone(), order.gates.contains(&Gate::Invoice)),
        (vec![Milestone::StockOut], false)
    );
    assert_eq!(
        shop.due(&mut order, local("2026-03-19 09:00")),
        Release::default(),
        "held orders don't leave"
    );
    apply(&mut order, &[Event::Resumed]);
    let caught = gendan::follow::catch_up(&order);
    apply(&mut order, &caught);
    assert_eq!(order.status, Status::On(Rung::Shipped));
    assert!(order.gates.contains(&Gate::Invoice));
}

/// Each message that goes to systems, with its revision and how many lines of goods it has.
fn goods_told(release: &Release) -> Vec<(&'static str, u32, usize)> {
    let told = release.messages.iter().filter_map(|message| {
        if let Body::ProductionTask(it) = &message.body {
            Some(("production", it.revision, it.lines.len()))
        } else if let Body::WarehousePick(it) = &message.body {
            Some(("pick", it.revision, it.lines.len()))
        } else if let Body::ShippingInstruction(it) = &message.body {
            Some(("ship", it.revision, it.lines.len()))
        } else {
            None
        }
    });
    told.collect()
}

fn mails_told(release: &Release) -> Vec<String> {
    mails(release).iter().map(|mail| mail.message_id.split_once('.').unwrap().1.to_owned()).collect()
}

#[test]
fn an_amended_order_is_told_anew_where_it_changed() {
    let shop = Shop::open();
    let mut order = checked(Vec::new());
    let first = shop.release(&mut order);
    let told = goods_told(&first);
    assert!(!told.is_empty());
    let before = order.clone();
    let mut content = order.content.clone();
    content.payment_terms = Some("prepaid".to_owned());
    for (change, revision) in [("terms", 1), ("quantity", 2)] {
        if change == "quantity" {
            content.lines[0].quantity = Some(Decimal::from(7));
        }
        let was = order.clone();
        apply(
            &mut order,
            &[Event::Amended {
                case: Uuid::nil(),
                content: content.clone(),
                granted: None,
                guarantees: Vec::new(),
            }],
        );
        let facts = ReleaseFacts { before: Some(&was), ..shop.facts() };
        let revised =
            release::revise(&order, Needs::default(), &facts, now(), ids(80 + u128::from(revision))).unwrap();
        apply(&mut order, &revised.events);
        let again: Vec<_> = goods_told(&revised).into_iter().map(|(what, is, _)| (what, is)).collect();
        let expected: Vec<_> = told.iter().map(|(what, ..)| (*what, revision)).collect();
        // Terms of payment are nobody's matter who has the goods in his hands.
        assert_eq!(again, if change == "terms" { vec![] } else { expected }, "{change}");
        let confirmation = format!(".confirmation.{}@", 1 + revision);
        assert!(mails_told(&revised).iter().any(|id| id.contains(&confirmation)), "{change}");
    }
    assert_eq!(order.number, before.number);
    assert_eq!(order.revision, 2);
}

#[test]
fn a_cancelled_order_is_taken_back_and_what_was_done_is_invoiced() {
    for charge in [None, Some("54")] {
        let shop = Shop::open();
        let mut order = checked(Vec::new());
        let told: Vec<_> =
            goods_told(&shop.release(&mut order)).into_iter().map(|(what, ..)| (what, 1, 0)).collect();
        let before = order.clone();
        let amount = charge.map(|it| Money::new(it.parse().unwrap(), Currency::CNY));
        let charged = amount.map(|amount| Event::Charged { case: Uuid::nil(), amount });
        apply(&mut order, &charged.into_iter().collect::<Vec<_>>());
        apply(&mut order, &[Event::Cancelled { reason: "c".into() }]);
        let facts = ReleaseFacts { before: Some(&before), ..shop.facts() };
        let taken_back = release::withdraw(&order, &facts, now(), ids(80)).unwrap();
        assert_eq!(goods_told(&taken_back), told);
        assert!(mails_told(&taken_back).iter().any(|id| id.contains(".cancelled.2@")));
        let invoiced: Vec<String> = taken_back
            .messages
            .iter()
            .filter_map(|message| {
                let Body::AccountingInvoice(it) = &message.body else { return None };
                Some(format!("{} {:?} {}", it.lines.len(), it.charges, it.total))
            })
            .collect();
        assert_eq!(invoiced, charge.map(|it| format!("0 [{it}] {it}")).into_iter().collect::<Vec<_>>());
        apply(&mut order, &taken_back.events);
        let again = release::withdraw(&order, &facts, now(), ids(81)).unwrap();
        assert_eq!(goods_told(&again), [], "once");
    }
}

#[test]
fn an_order_that_is_not_agreed_or_not_complete_is_not_released() {
    let shop = Shop::open();
    let mut order = checked(Vec::new());
    open(&mut order, &strict());
    assert_eq!(release::release(&order, &shop.facts(), now(), ids(1)), Err(ReleaseError::NotAgreed));
    type Spoil = fn(&mut gendan::order::line::Content);
    let cases: [(&str, Spoil); 5] = [
        ("customer", |it| it.customer = None),
        ("lines", |it| it.lines.clear()),
        ("unit_price", |it| it.lines[0].unit_price = None),
        ("lines.1.sku", |it| it.lines[0].sku = None),
        ("lines.2.quantity", |it| it.lines[1].quantity = Some(decimal("0"))),
    ];
    for (what, spoil) in cases {
        let mut order = checked(Vec::new());
        let mut content = content();
        spoil(&mut content);
        order.content = content;
        let refused = release::release(&order, &shop.facts(), now(), ids(1)).unwrap_err();
        assert_eq!(refused, ReleaseError::Incomplete(what.into()));
    }
}

#[test]
fn the_same_cause_gives_the_same_release() {
    let shop = Shop::open();
    let once = shop.release(&mut checked(Vec::new()));
    assert_eq!(once, shop.release(&mut checked(Vec::new())));
    let mut ids: Vec<_> =
        once.messages.iter().map(|it| it.id).chain(once.timers.iter().map(|it| it.id)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), once.messages.len() + once.timers.len());
}

#[test]
fn nobody_gets_to_read_what_he_may_not_see() {
    let mut shop = Shop::open();
    shop.settings.notify = Department::ALL.to_vec();
    shop.stock.clear();
    let release = shop.release(&mut checked(Vec::new()));
    for message in &release.messages {
        let json = serde_json::to_string(&message.body).unwrap();
        let priced = ["0.47", "2,820.00", "3,360.00", "月结"].iter().any(|it| json.contains(it));
        let lane = message.lane.clone().unwrap();
        let may = ["/customer", "/sales", "/finance", "/supervision"].iter().any(|it| lane.ends_with(it));
        assert_eq!(priced, may, "{lane}");
    }
}

#[test]
fn nothing_from_outside_gets_into_a_header() {
    let mut shop = Shop::open();
    shop.mail.subject = Some("PO\r\nBcc: all@evil.example".into());
    shop.mail.message_id = Some("<a@b>\r\nX-Evil: 1".into());
    shop.mail.references = vec!["not an id".into()];
    shop.buyer.mail = vec!["a@b.example\r\nBcc: c@d.example".into(), "good@b.example".into()];
    shop.buyer.name = "Evil\r\n\r\nForged total: 1".into();
    let release = shop.release(&mut checked(Vec::new()));
    let mail = mails(&release)[0];
    assert_eq!(mail.subject, "Re: PO Bcc: all@evil.example");
    assert_eq!(
        (&mail.in_reply_to, &mail.references, &mail.to),
        (&None, &vec![], &vec!["good@b.example".to_owned()])
    );
    assert!(mail.text.starts_with("Evil Forged total: 1\n"), "{}", mail.text);
}

#[test]
fn sales_hears_of_a_customer_who_can_not_be_told() {
    let mut shop = Shop::open();
    shop.buyer.mail = Vec::new();
    let mut order = checked(Vec::new());
    let release = shop.release(&mut order);
    assert!(!order.was_told(Tell::Confirmation, "customer", 1));
    assert!(mails(&release)[0].text.contains("请人工告知客户"));
    assert!(!mails(&release)[1].text.contains("请人工告知客户"), "and only sales");
}

#[test]
fn confirmation_in_chinese() {
    let shop = Shop::open();
    let release = shop.release(&mut checked(Vec::new()));
    insta::assert_snapshot!(shown(mails(&release)[0]));
}

#[test]
fn confirmation_in_english() {
    let mut shop = Shop::open();
    shop.buyer.language = Language::En;
    shop.buyer.name = "Linglan Garment (Dongguan) Co., Ltd.".into();
    shop.contact.contact = Some("Ms Chen".into());
    shop.mail = gendan::order::document::Envelope::default();
    shop.stock.clear();
    let mut order = checked(Vec::new());
    let content = &mut order.content;
    (content.currency, content.payment_terms) = (Some(Currency::USD), Some("T/T 30 days".into()));
    (content.incoterm, content.requested) = (Some("FOB Shenzhen".into()), Some(day("2026-03-12")));
    content.lines[0].required = Some(day("2026-03-12"));
    content.lines[0].description = "#5 nylon closed-end zipper, auto-lock slider, black 580".into();
    content.lines[1].description = "#5 nylon closed-end zipper, black 580".into();
    for line in &mut content.lines {
        line.unit = Some("pcs".into());
    }
    let release = shop.release(&mut order);
    insta::assert_snapshot!(shown(mails(&release)[0]));
}

#[test]
fn notifications() {
    let mut shop = Shop::open();
    shop.stock.remove("HT-N5C-A-580-015");
    let mut all = Vec::new();
    for language in [Language::Zh, Language::En] {
        shop.house.language = language;
        let release = shop.release(&mut checked(Vec::new()));
        all.extend(mails(&release)[1..4].iter().map(|it| shown(it)));
    }
    insta::assert_snapshot!(all.join("\n==========\n\n"));
}

#[test]
fn departments_are_asked_and_reminded() {
    use gendan::order::problem::{Code, Severity};
    use gendan::order::review::Queue;
    let mut shop = Shop::open();
    let mut all = Vec::new();
    for language in [Language::Zh, Language::En] {
        shop.house.language = language;
        let problem = crate::office::problem(Code::PriceBelowFloor, Severity::Review, Queue::Price);
        let mut order = checked(vec![problem]);
        let rules = strict();
        let desk = gendan::review::Desk::new(&rules, &shop.calendar);
        let events = gendan::review::open(&order, &crate::office::facts(&order), &desk, now(), ids(3));
        apply(&mut order, &events);
        let asked = release::ask::ask(&order, &events, &shop.office(), now(), ids(3)).unwrap();
        assert_eq!(asked.len(), 6, "a request and a mail for each of three queues");
        all.push(shown(asked.iter().filter_map(as_mail).nth(1).unwrap()));
        let review = crate::office::review_in(&order, Queue::Price);
        for late in Lateness::ALL {
            let message = release::ask::remind(&order, &review, late, &shop.office(), (now(), ids(4)))
                .unwrap()
                .unwrap();
            all.push(shown(as_mail(&message).unwrap()));
        }
    }
    insta::assert_snapshot!(all.join("\n==========\n\n"));
}

#[test]
fn what_can_be_offered_stands_in_the_request_for_review() {
    use gendan::order::problem::{Code, Problem, Severity};
    use gendan::order::proposal::Proposal;
    use gendan::order::review::Queue;
    let mut shop = Shop::open();
    let date = day("2026-03-20");
    let part =
        Proposal::PartDelivery { now: decimal("4000"), later: decimal("200"), unit: "条".into(), date };
    for (language, offers) in [
        (Language::Zh, "；可选：改为 2026-03-20 交货；先交 4000 条，其余 200 条 于 2026-03-20 交"),
        (Language::En, ". Possible: delivery on 2026-03-20; 4000 条 now, the other 200 条 on 2026-03-20"),
    ] {
        shop.house.language = language;
        let late = crate::office::problem(Code::LeadTimeTooShort, Severity::Review, Queue::Production);
        let proposals = vec![Proposal::LaterDate { date }, part.clone()];
        let mut order = checked(vec![Problem { proposals, ..late }]);
        let rules = strict();
        let desk = gendan::review::Desk::new(&rules, &shop.calendar);
        let events = gendan::review::open(&order, &crate::office::facts(&order), &desk, now(), ids(3));
        apply(&mut order, &events);
        let asked = release::ask::ask(&order, &events, &shop.office(), now(), ids(3)).unwrap();
        let mails: Vec<String> = asked.iter().filter_map(as_mail).map(shown).collect();
        let to_planning = mails.iter().find(|mail| mail.contains("To: production@")).unwrap();
        assert!(to_planning.contains(offers), "{to_planning}");
    }
}

#[test]
fn what_is_loaded_once_can_be_shared_by_all_workers() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<gendan::review::rules::Rules>();
    shared::<gendan::review::calendar::Calendar>();
    shared::<gendan::release::templates::Templates>();
    shared::<gendan::order::wording::Wording>();
    shared::<gendan::schemas::Schemas>();
}

#[test]
fn pages_that_did_not_come_are_asked_for_again() {
    let shop = Shop::open();
    let note = |code: Code, detail: &str| code.at("fax.tif", detail);
    let document = Document {
        id: Uuid::from_u128(7),
        sha256: String::new(),
        size: 1,
        name: "fax.tif".to_owned(),
        channel: Channel::Fax,
        source: "fax".to_owned(),
        received_at: now(),
        envelope: Envelope { message_id: Some("<7@gateway.example>".to_owned()), ..Envelope::default() },
        duplicate_of: None,
        parts: Some(1),
        text: None,
    };
    let draft = |language, unread| Draft {
        source: "fax.tif".to_owned(),
        kind: Kind::Order,
        kind_confidence: Confidence::FULL,
        language,
        order: Some(keyed::from_plain(&serde_json::json!({"po_number": "PO-9"})).unwrap()),
        refers_to: None,
        unread,
    };
    let ask = |language, unread| {
        let to = vec!["07695550@fax.example".to_owned()];
        release::resend::resend(&document, &[draft(language, unread)], to, &shop.office()).unwrap()
    };
    let both = || vec![note(Code::PageMissing, "page 3, 4"), note(Code::Illegible, "page 2")];
    let all = [
        ask(Language::Zh, both()),
        ask(Language::En, both()),
        ask(Language::En, vec![note(Code::Encrypted, "")]),
    ];
    let all: Vec<String> = all.iter().map(|mail| shown(mail.as_ref().unwrap())).collect();
    insta::assert_snapshot!(all.join("\n==========\n\n"));
    let others = vec![note(Code::ModelsMissing, "page 1"), note(Code::SkippedLine, "row 3")];
    assert_eq!(ask(Language::Zh, others), None, "of which the customer can do nothing");
}

#[test]
fn the_customer_is_asked_for_all_that_is_missing_at_once() {
    use gendan::order::asked::{Asked, AskedState, Question, digest, problems, token};
    use gendan::order::problem::{Code, Problem, Severity};
    use gendan::order::review::Queue;
    use gendan::release::inquire::{Inquiry, inquire};
    let shop = Shop::open();
    let problem = |code, path: &str| Problem::new(code, path, Severity::Blocks, Queue::Clarification);
    let product =
        Problem::new(Code::AmbiguousProduct, "lines.1.description", Severity::Blocks, Queue::Keying);
    let order = checked(vec![
        problem(Code::MissingQuantity, "lines.0.quantity"),
        problem(Code::MissingDeliveryDate, "requested_delivery"),
        product.found("5#尼龙").expected("HT-N5C-A-580-015 HT-N5C-A-580-018"),
        Problem::new(Code::PriceBelowFloor, "lines.0.unit_price", Severity::Review, Queue::Price),
        Problem::new(Code::MissingUnit, "lines.0.unit", Severity::Note, Queue::Clarification),
    ]);
    let draft = keyed::from_plain(&serde_json::json!({
        "lines": [
            {"customer_part": "LL-FL-1180", "description": "5#尼龙闭尾", "unit": "条", "unit_price": "0.47"},
            {"description": "5#尼龙"},
        ],
    }))
    .unwrap();
    let ask = |language, reminded| {
        let question = |it: &&Problem| Question { code: it.code, path: it.path.clone() };
        let asked = Asked {
            version: 1,
            at: now(),
            token: token(order.id, 0),
            message: order.id,
            questions: problems(&order).iter().map(question).collect(),
            offer: false,
            digest: digest(&order).unwrap(),
            by: None,
            reminded,
            state: AskedState::Waiting,
        };
        let inquiry = Inquiry {
            order: &order,
            asked: &asked,
            draft: Some(&draft),
            language,
            answers: Some(&shop.mail),
            to: &["wanyi.chen@linglan.example".to_owned()],
            note: (reminded == 0).then_some("请今日回复。"),
        };
        shown(&inquire(&inquiry, &shop.office()).unwrap().unwrap())
    };
    let all = [ask(Language::Zh, 0), ask(Language::En, 0), ask(Language::Zh, 1)];
    insta::assert_snapshot!(all.join("\n==========\n\n"));
}

#[test]
fn open_letters_are_listed_once_a_week() {
    use gendan::follow::correspondence::{Item, Way};
    use gendan::order::document::Channel;
    let mut shop = Shop::open();
    let item = |way, channel, customer: Option<&str>, late| Item {
        customer: customer.map(str::to_owned),
        thread: ids(1).id("thread"),
        at: now(),
        way,
        channel,
        id: ids(1).id("letter"),
        subject: Some("采购单 PO-9".to_owned()),
        done_at: None,
        due_at: now() + chrono::TimeDelta::hours(24),
        late,
    };
    let items =
        [item(Way::In, Channel::Mail, Some("C1001"), true), item(Way::Out, Channel::Fax, None, false)];
    let mut all = Vec::new();
    for language in [Language::Zh, Language::En] {
        shop.house.language = language;
        let about = ids(1).id("week");
        let told = release::correspondence::open_letters(&items, &shop.office(), (about, now()));
        all.push(shown(as_mail(&told.unwrap().unwrap()).unwrap()));
    }
    insta::assert_snapshot!(all.join("\n==========\n\n"));
}
