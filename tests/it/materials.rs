//! Material for what is made: what a release takes of it, what it asks purchasing for, and when the goods can be there then.

#![allow(clippy::unwrap_used, reason = "a case that can't be set up fails")]

use crate::office::{
    Shop, apply, checked, day, decide, decimal, ids, lean, now, open, problem, report, types,
};
use gendan::order::Order;
use gendan::order::document::Language;
use gendan::order::event::{Event, Milestone};
use gendan::order::line::Content;
use gendan::order::message::{Body, MailSend, Message, ProductionTask, PurchasingRequest};
use gendan::order::problem::{Code, Severity};
use gendan::order::review::{Queue, Verdict};
use gendan::order::reviewed::Needs;
use gendan::release::facts::{ReleaseFacts, Terms};
use gendan::release::{self, Release};
use uuid::Uuid;

/// A shop with bills of material that has 2,000 of -015 and so much of other things.
fn shop(stock: &[(&str, &str)]) -> Shop {
    let mut shop = Shop::open().with_bills();
    shop.stock = [("HT-N5C-A-580-015", "2000")]
        .iter()
        .chain(stock)
        .map(|(sku, free)| ((*sku).to_owned(), decimal(free)))
        .collect();
    shop
}

/// `component quantity unit supplier needed_by`, of the request with its revision.
fn asked(release: &Release) -> Option<(u32, Vec<String>)> {
    let request = |it: &PurchasingRequest| {
        let line = it.lines.iter().map(|line| {
            let (unit, supplier) = (line.unit.as_deref(), line.supplier.as_deref());
            let said = [unit.unwrap_or("-"), supplier.unwrap_or("-")].join(" ");
            format!("{} {} {said} {}", line.component, line.quantity, line.needed_by)
        });
        (it.revision, line.collect())
    };
    let body = |body: &Body| if let Body::PurchasingRequest(it) = body { Some(request(it)) } else { None };
    let found: Vec<_> = release.messages.iter().filter_map(|message| body(&message.body)).collect();
    assert!(found.len() < 2, "told once");
    found.into_iter().next()
}

fn task(release: &Release) -> Option<&ProductionTask> {
    release.messages.iter().find_map(as_task)
}

fn as_task(message: &Message) -> Option<&ProductionTask> {
    if let Body::ProductionTask(task) = &message.body { Some(task) } else { None }
}

fn reserved(release: &Release) -> Vec<String> {
    release.reserve.iter().map(|(sku, quantity)| format!("{sku} {quantity}")).collect()
}

fn mails(release: &Release) -> Vec<&MailSend> {
    release.messages.iter().filter_map(as_mail).collect()
}

fn as_mail(message: &Message) -> Option<&MailSend> {
    if let Body::MailSend(mail) = &message.body { Some(mail) } else { None }
}

#[test]
fn what_is_made_takes_material_and_purchasing_is_asked_for_the_rest() {
    let shop = shop(&[("TAPE", "2000"), ("SLIDER", "1000")]);
    let mut order = checked(Vec::new());
    let release = shop.release(&mut order);
    assert_eq!(order.make, [1]);
    assert_eq!(reserved(&release), ["HT-N5C-A-580-015 1200", "SLIDER 1000", "TAPE 1260"]);
    let needed = "2026-03-19";
    assert_eq!(
        asked(&release),
        Some((0, vec![format!("PIN 18000 - - {needed}"), format!("SLIDER 5000 个 S1 {needed}")]))
    );
    let materials = task(&release).unwrap().materials.iter().map(|it| {
        format!("{} {} {} {} {}", it.position, it.component, it.quantity, it.from_stock, it.to_buy)
    });
    assert_eq!(
        materials.collect::<Vec<_>>(),
        ["1 PIN 18000 0 18000", "1 SLIDER 6000 1000 5000", "1 TAPE 1260 1260 0"]
    );
    let mails = mails(&release);
    let to = |address: &str| mails.iter().find(|mail| mail.to == [address]).map(|mail| mail.text.as_str());
    let purchasing = to("purchasing@hengtong.example").unwrap();
    assert!(purchasing.contains("SLIDER") && purchasing.contains("S1") && purchasing.contains("5,000"));
    assert!(!purchasing.contains("0.47") && !purchasing.contains("2,820") && !purchasing.contains("TAPE"));
    assert!(to("production@hengtong.example").unwrap().contains("TAPE"));
    assert!(!to("sales@hengtong.example").unwrap().contains("SLIDER"));
    assert_eq!(shop.due(&mut order, now()), Release::default(), "told once");
}

#[test]
fn departments_are_told_in_the_language_of_the_house() {
    for (language, head) in [(Language::Zh, "须采购"), (Language::En, "To buy")] {
        let mut shop = shop(&[("TAPE", "2000")]);
        shop.house.language = language;
        let release = shop.release(&mut checked(Vec::new()));
        let mails = mails(&release);
        let told: Vec<_> = mails.iter().filter(|mail| mail.text.contains(head)).map(|it| &it.to[0]).collect();
        assert_eq!(told, ["production@hengtong.example", "purchasing@hengtong.example"]);
    }
}

#[test]
fn who_buys_nothing_is_not_asked() {
    for stock in
        [&[("HT-N5C-A-580-018", "6000")][..], &[("TAPE", "1260"), ("SLIDER", "6000"), ("PIN", "18000")]]
    {
        let mut order = checked(Vec::new());
        let release = shop(stock).release(&mut order);
        assert_eq!(asked(&release), None);
        assert!(mails(&release).iter().all(|mail| mail.to != ["purchasing@hengtong.example"]));
    }
}

#[test]
fn goods_that_are_sold_are_not_there_for_making_as_well() {
    let shop = shop(&[("TAPE", "1260"), ("SLIDER", "6000"), ("PIN", "18000")]);
    let mut order = checked(Vec::new());
    order.content.lines[1].quantity = Some(decimal("2001"));
    let release = shop.release(&mut order);
    assert_eq!(order.make, [1, 2]);
    // Position 1 takes all of SLIDER; the SUB of position 2 are made of more of it.
    assert_eq!(reserved(&release), ["PIN 18000", "SLIDER 6000", "TAPE 1260"]);
    assert_eq!(asked(&release), Some((0, vec!["SLIDER 4002 个 S1 2026-03-20".to_owned()])));
    assert_eq!(order.promised, Some(day("2026-03-30")), "9 days for SLIDER, 3 for SUB, 7 for the goods");
}

#[test]
fn a_deposit_comes_before_the_purchase() {
    let mut shop = shop(&[]);
    shop.buyer.terms = Terms::Deposit;
    let mut order = checked(Vec::new());
    assert_eq!(asked(&shop.release(&mut order)), None);
    report(&mut order, Milestone::Paid);
    let due = shop.due(&mut order, now());
    assert_eq!(types(&due), ["production.task", "purchasing.request"]);
    assert_eq!(asked(&due).unwrap().1.len(), 3);
}

#[test]
fn the_promised_date_waits_for_the_material() {
    let all = [("TAPE", "1260"), ("SLIDER", "6000"), ("PIN", "18000")];
    for (stock, said, promised) in [
        (&all[..], None, "2026-03-17"),
        // 9 days of the supplier, and 7 to make.
        (&[("TAPE", "1260"), ("PIN", "18000")], None, "2026-03-26"),
        // Nobody knows where PIN comes from.
        (&[("TAPE", "1260"), ("SLIDER", "6000")], None, "2026-03-17"),
        // Purchasing knows better: 3 working days, or 12.
        (&[], Some(3), "2026-03-20"),
        (&[], Some(12), "2026-04-02"),
        // Of what is in stock its word is one of the departments' alone.
        (&all[..], Some(3), "2026-03-17"),
        (&all[..], Some(12), "2026-03-26"),
    ] {
        let short = problem(Code::MaterialsShort, Severity::Review, Queue::Purchasing);
        let mut order = checked(vec![short]);
        order.sure = true;
        order.content.requested = None;
        assert_eq!(open(&mut order, &lean()), [Queue::Purchasing]);
        let needs_days = said;
        let (conditions, done, fee, guarantee) = (Vec::new(), Vec::new(), None, None);
        let word = Verdict::Approve { conditions, needs_days, done, fee, guarantee };
        decide(&mut order, Queue::Purchasing, word, "zhao").unwrap();
        shop(stock).release(&mut order);
        assert_eq!(order.promised, Some(day(promised)), "{stock:?} {said:?}");
    }
}

/// The order as an amendment makes it, told anew.
fn amended(shop: &Shop, order: &mut Order, content: Content, cause: u128) -> Release {
    let was = order.clone();
    apply(order, &[Event::Amended { case: Uuid::nil(), content, granted: None, guarantees: Vec::new() }]);
    let facts = ReleaseFacts { before: Some(&was), ..shop.facts() };
    let revised = release::revise(order, Needs::default(), &facts, now(), ids(cause)).unwrap();
    apply(order, &revised.events);
    revised
}

fn with(order: &Order, quantities: [&str; 2]) -> Content {
    let mut content = order.content.clone();
    for (line, quantity) in content.lines.iter_mut().zip(quantities) {
        line.quantity = Some(decimal(quantity));
    }
    content
}

#[test]
fn an_amendment_and_a_cancellation_are_told_to_purchasing() {
    // Of an amendment the stock is what is free beside the order.
    let stock = [("TAPE", "2000"), ("SLIDER", "1000")];
    for (quantities, expected) in [
        // Terms of payment are nobody's matter who buys.
        (["6000", "1200"], None),
        (["7000", "1200"], Some(["PIN 21000", "SLIDER 6000"])),
        (["3000", "1200"], Some(["PIN 9000", "SLIDER 2000"])),
    ] {
        let shop = shop(&stock);
        let mut order = checked(Vec::new());
        shop.release(&mut order);
        let before = order.clone();
        let mut content = with(&order, quantities);
        content.payment_terms = Some("prepaid".to_owned());
        let revised = amended(&shop, &mut order, content, 80);
        let lines = |lines: Vec<String>| {
            let short = |it: &String| it.split(' ').take(2).collect::<Vec<_>>().join(" ");
            lines.iter().map(short).collect::<Vec<_>>()
        };
        let told = asked(&revised).map(|(revision, it)| (revision, lines(it)));
        assert_eq!(told, expected.map(|it| (1, it.map(str::to_owned).to_vec())), "{quantities:?}");
        assert_eq!(order.materials == before.materials, expected.is_none());

        let was = order.clone();
        apply(&mut order, &[Event::Cancelled { reason: "c".into() }]);
        let facts = ReleaseFacts { before: Some(&was), ..shop.facts() };
        let withdrawn = release::withdraw(&order, &facts, now(), ids(90)).unwrap();
        assert_eq!(asked(&withdrawn), Some((2, Vec::new())), "{quantities:?}");
        assert!(mails(&withdrawn).iter().any(|mail| mail.to == ["purchasing@hengtong.example"]));
        apply(&mut order, &withdrawn.events);
        assert!(order.held_materials().is_empty());
    }
}

#[test]
fn goods_that_come_from_stock_after_all_need_no_purchase() {
    let mut shop = shop(&[]);
    let mut order = checked(Vec::new());
    shop.release(&mut order);
    shop.stock.insert("HT-N5C-A-580-018".into(), decimal("6000"));
    let mut content = order.content.clone();
    content.lines[0].color = Some("黑色580".into());
    let revised = amended(&shop, &mut order, content, 80);
    assert_eq!(order.make, [] as [u32; 0]);
    assert_eq!(asked(&revised), Some((1, Vec::new())));
}

#[test]
fn what_arrived_meanwhile_takes_nothing_back() {
    let mut shop = shop(&[("TAPE", "2000")]);
    let mut order = checked(Vec::new());
    let first = shop.release(&mut order);
    assert_eq!(asked(&first).unwrap().1.len(), 2);
    for component in ["SLIDER", "PIN"] {
        shop.stock.insert(component.into(), decimal("50000"));
    }
    let content = Content { shipping_method: Some("德邦".into()), ..order.content.clone() };
    let revised = amended(&shop, &mut order, content, 80);
    assert_eq!((asked(&revised), task(&revised)), (None, None));
    assert_eq!(reserved(&revised), ["HT-N5C-A-580-015 1200", "TAPE 1260"]);
}

#[test]
fn what_production_took_is_neither_held_nor_asked_for_again() {
    let mut shop = shop(&[("TAPE", "2000"), ("SLIDER", "1000"), ("PIN", "20000")]);
    let mut order = checked(Vec::new());
    shop.release(&mut order);
    assert_eq!(order.held_materials().len(), 3);
    report(&mut order, Milestone::ProductionStarted);
    assert!(order.held_materials().is_empty());
    // The material is not on hand any more, and position 2 is to be made now.
    shop.stock = [("SLIDER".to_owned(), decimal("500"))].into();
    let content = with(&order, ["6000", "2100"]);
    let revised = amended(&shop, &mut order, content, 80);
    assert_eq!(order.make, [1, 2]);
    assert_eq!(reserved(&revised), ["SLIDER 500"]);
    // 5,000 for position 1, which were asked for before, and what 2,100 SUB take beyond 500.
    let (revision, lines) = asked(&revised).unwrap();
    assert_eq!((revision, lines.len()), (1, 1));
    assert!(lines[0].starts_with("SLIDER 8700 个 S1"), "{lines:?}");
    assert_eq!(order.held_materials().into_iter().collect::<Vec<_>>(), [("SLIDER".into(), decimal("500"))]);
    // What was drawn stays drawn, also while the rest was not begun.
    let terms = Content { payment_terms: Some("monthly30".into()), ..order.content.clone() };
    let again = amended(&shop, &mut order, terms, 81);
    assert_eq!((asked(&again), reserved(&again)), (None, vec!["SLIDER 500".to_owned()]));
    report(&mut order, Milestone::ProductionStarted);
    assert!(order.held_materials().is_empty());
}
