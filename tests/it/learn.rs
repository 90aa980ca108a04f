//! Learning: from one corrected order of a layout to the next of that layout, which is read without help.

use crate::support::books;
use gendan::check::Around;
use gendan::check::resolve::{How, resolve_taught};
use gendan::learn::{self, Lesson, Lessons, Meaning, Taught};
use gendan::order::document::{Channel, Envelope, Kind, Language};
use gendan::order::draft::{Confidence, Draft};
use gendan::order::ids::Ids;
use gendan::order::keyed;
use gendan::read::find::sure;
use gendan::read::labels::{Column, Label, Labels};
use gendan::read::{Opened, Pictures, Source};
use serde_json::{Value, json};
use uuid::Uuid;

fn open(bytes: &str) -> Opened {
    let source = Source { bytes: bytes.as_bytes(), name: "order.eml", channel: Channel::Mail };
    books::reader().open(&source, Pictures::Now)
}

fn mail(subject: &str, kind: &str, body: &str) -> String {
    format!(
        "From: Ffion Rees <ffion@botwm.example>\r\nTo: order@hengtong.example\r\nSubject: {subject}\r\n\
         Date: Mon, 02 Mar 2026 09:00:00 +0800\r\nMIME-Version: 1.0\r\nContent-Type: {kind}; charset=utf-8\r\n\r\n{body}"
    )
}

fn html(heads: &[&str], rows: &[&[&str]], around: &str) -> String {
    let row = |tag: &str, cells: &[&str]| {
        let cells: String = cells.iter().map(|cell| format!("<{tag}>{cell}</{tag}>")).collect();
        format!("<tr>{cells}</tr>")
    };
    let body: String = rows.iter().map(|cells| row("td", cells)).collect();
    mail("PO", "text/html", &format!("<p>{around}</p><table>{}{body}</table>", row("th", heads)))
}

/// What a mail says with these labels.
fn read(opened: &Opened, labels: &Labels) -> Value {
    let reading = opened.read(labels);
    reading.drafts[0].order.as_ref().map_or(Value::Null, keyed::to_plain)
}

fn with(meanings: &[Meaning]) -> Labels {
    Labels::built_in().with(&learn::own(meanings))
}

/// The draft as it is read, with what a clerk keys over it.
fn corrected(opened: &Opened, keys: &[(&str, Value)]) -> gendan::order::draft::DraftOrder {
    let mut plain = read(opened, &Labels::built_in());
    if plain.is_null() {
        plain = json!({});
    }
    for (field, value) in keys {
        plain[*field] = value.clone();
    }
    keyed::from_plain(&plain).unwrap()
}

fn learnt(opened: &Opened, keys: &[(&str, Value)]) -> Vec<Meaning> {
    learn::words(opened, &Labels::built_in(), ("body", 0), &corrected(opened, keys))
}

fn column(heading: &str, column: Column) -> Meaning {
    Meaning::Column { heading: heading.to_owned(), column }
}

fn label(words: &str, label: Label) -> Meaning {
    Meaning::Label { words: words.to_owned(), label }
}

#[test]
fn a_table_in_a_language_that_nobody_knows() {
    let heads = ["Rhif", "Disgrifiad", "Nifer", "Pris", "Swm"];
    let first = open(&html(
        &heads,
        &[&["LL-1", "Botwm du", "6000", "0.05", "300.00"], &["LL-2", "Botwm gwyn", "2500", "0.08", "200.00"]],
        "Bore da,",
    ));
    let lines = json!([
        {"customer_part": "LL-1", "description": "Botwm du", "quantity": "6000", "unit_price": "0.05", "amount": "300"},
        {"customer_part": "LL-2", "description": "Botwm gwyn", "quantity": "2500", "unit_price": "0.08", "amount": "200"},
    ]);
    let taught = learnt(&first, &[("lines", lines)]);
    assert!(taught.contains(&column("Nifer", Column::Quantity)), "{taught:?}");

    let second = open(&html(
        &heads,
        &[&["LL-7", "Botwm coch", "1200", "0.11", "132.00"], &["LL-2", "Botwm gwyn", "100", "0.08", "8.00"]],
        "Cofion gorau",
    ));
    let said = |labels: &Labels, at: usize| {
        let order = read(&second, labels);
        ["customer_part", "description", "quantity", "unit_price", "amount"]
            .map(|field| order["lines"][at][field].clone())
    };
    assert_eq!(said(&with(&taught), 0), ["LL-7", "Botwm coch", "1200", "0.11", "132.00"].map(Value::from));
    assert_eq!(said(&with(&taught), 1), ["LL-2", "Botwm gwyn", "100", "0.08", "8.00"].map(Value::from));
    // Without help the figures were guessed by what stands in the columns; now it is known.
    let quantity = |labels: &Labels| {
        let order = second.read(labels).drafts.remove(0).order.unwrap();
        order.lines[0].quantity.as_ref().unwrap().confidence
    };
    assert!(quantity(&Labels::built_in()) < sure::LIKELY && quantity(&with(&taught)) >= sure::LIKELY);
}

#[test]
fn a_column_that_means_something_else_at_this_customer() {
    let heads = ["品名", "数量", "实订", "单价"];
    let order = |boxes: [&str; 2], pieces: [&str; 2]| {
        html(
            &heads,
            &[&["纽扣 黑", boxes[0], pieces[0], "0.05"], &["纽扣 白", boxes[1], pieces[1], "0.08"]],
            "请安排",
        )
    };
    let first = open(&order(["6", "5"], ["6000", "2500"]));
    let mut lines = read(&first, &Labels::built_in())["lines"].clone();
    assert_eq!(lines[0]["quantity"], "6", "it is read wrong without help");
    lines[0]["quantity"] = json!("6000");
    lines[1]["quantity"] = json!("2500");
    let taught = learnt(&first, &[("lines", lines)]);
    let second = read(&open(&order(["3", "2"], ["3000", "800"])), &with(&taught));
    assert_eq!(
        [&second["lines"][0]["quantity"], &second["lines"][1]["quantity"]],
        ["3000", "800"],
        "{taught:?}"
    );
}

#[test]
fn a_field_behind_words_of_his_own() {
    let body = |number: &str| {
        let table = "品名      数量    单价\r\n纽扣黑    6000    0.05\r\n纽扣白    2500    0.08\r\n";
        mail("订货", "text/plain", &format!("您好，\r\n本司编码：{number}\r\n\r\n{table}"))
    };
    let first = open(&body("KX/26-0311"));
    assert_eq!(read(&first, &Labels::built_in())["po_number"], Value::Null, "not without help");
    let taught = learnt(&first, &[("po_number", json!("KX/26-0311"))]);
    assert_eq!(taught, [label("本司编码", Label::PoNumber)]);
    assert_eq!(read(&open(&body("KX/26-0498")), &with(&taught))["po_number"], "KX/26-0498");
}

#[test]
fn what_does_not_stand_in_the_document_teaches_nothing() {
    let first = open(&html(
        &["品名", "数量", "单价"],
        &[&["纽扣 黑", "6000", "0.05"], &["纽扣 白", "2500", "0.08"]],
        "请安排",
    ));
    let mut lines = read(&first, &Labels::built_in())["lines"].clone();
    lines[0]["quantity"] = json!("7000");
    assert_eq!(
        learnt(&first, &[("lines", lines), ("po_number", json!("TEL-1")), ("notes", json!("电话里说的"))]),
        []
    );
}

#[test]
fn a_lesson_is_followed_and_taken_back() {
    let at = "2026-03-02T01:00:00Z".parse().unwrap();
    let lesson = |id: u128, meaning| Lesson {
        id: Uuid::from_u128(id),
        meaning,
        by: "wang".to_owned(),
        at,
        document_id: Uuid::nil(),
        undone: None,
    };
    let mut taught = Taught::default();
    assert_eq!(
        taught.teach([
            lesson(1, column("Menge", Column::Quantity)),
            lesson(2, column("Menge", Column::Quantity))
        ]),
        1
    );
    assert_eq!(
        taught.teach([lesson(3, column("MENGE:", Column::Pack)), lesson(4, label("Menge", Label::Notes))]),
        2
    );
    let held: Vec<u128> = taught.in_force().map(|it| it.id.as_u128()).collect();
    assert_eq!(held, [3, 4], "the newer meaning takes the place of the older");
    assert!(taught.undo(Uuid::from_u128(3), "li", at) && !taught.undo(Uuid::from_u128(3), "li", at));
    assert_eq!(taught.words().columns, []);
    assert_eq!(taught.lessons.len(), 3, "who taught and who took back stays on record");
}

#[test]
fn a_kind_is_learnt_of_a_subject_that_can_tell_it() {
    let labels = Labels::built_in();
    for (subject, kind, learns) in [
        ("月度对账 2026-03", Kind::NotAnOrder, true),
        ("采购订单 PO-118", Kind::NotAnOrder, false),
        ("Purchase Order 118", Kind::Inquiry, false),
        ("本周明细 第12周", Kind::Order, true),
        ("你好", Kind::Order, false),
        ("", Kind::Order, false),
    ] {
        assert_eq!(learn::kind(subject, kind, &labels).is_some(), learns, "{subject}");
    }
}

#[test]
fn a_taught_kind_holds_for_the_next_mail_of_that_subject() {
    let body = |subject: &str| mail(subject, "text/plain", "附上本周的明细，请查收。");
    let subject = "本周明细 第12周";
    let taught = [learn::kind(subject, Kind::Order, &Labels::built_in()).unwrap()];
    let kind = |mail: String| open(&mail).read(&with(&taught)).drafts[0].kind;
    assert_eq!(kind(body("本周明细 第13周")), Kind::Order);
    assert_ne!(open(&body("本周明细 第13周")).read(&Labels::built_in()).drafts[0].kind, Kind::Order);
    assert_ne!(kind(body("生产周报")), Kind::Order);
}

#[test]
fn an_order_with_its_number_is_one_whatever_the_subject_taught() {
    let order = mail(
        "月度对账 2026-04",
        "text/plain",
        "采购单号：A-77\r\n\r\n品名      数量    单价\r\n纽扣黑    6000    0.05\r\n纽扣白    2500    0.08\r\n",
    );
    let taught = [learn::kind("月度对账 2026-03", Kind::NotAnOrder, &Labels::built_in()).unwrap()];
    assert_eq!(open(&order).read(&with(&taught)).drafts[0].kind, Kind::Order);
}

#[test]
fn no_subject_hides_what_somebody_has_to_see() {
    let subject = "本周资料 12";
    let taught = [learn::kind("本周资料 11", Kind::NotAnOrder, &Labels::built_in()).unwrap()];
    let kind = |mail: &str| open(mail).read(&with(&taught)).drafts[0].kind;
    let plain = |body: &str| mail(subject, "text/plain", body);
    assert_eq!(kind(&plain("附上本周的资料，请查收。")), Kind::NotAnOrder);
    assert_eq!(kind(&plain("请取消订单 A-77，不要再生产。")), Kind::Cancellation);
    assert_ne!(kind(&plain("请安排，采购单号 A-77，明细另附。")), Kind::NotAnOrder);
    let scan = "--b\r\nContent-Type: text/plain\r\n\r\n.\r\n--b\r\nContent-Type: application/pdf\r\n\
        Content-Disposition: attachment; filename=scan.pdf\r\n\r\n%PDF-1.7 broken\r\n--b--\r\n";
    let scan = mail(subject, "multipart/mixed; boundary=b", scan);
    assert_ne!(kind(&scan), Kind::NotAnOrder, "a file that could not be read may be an order");
}

#[test]
fn a_taught_name_fills_what_the_master_data_leave_open() {
    let lesson = |name: &str, sku: &str| Lesson {
        id: Uuid::nil(),
        meaning: Meaning::Product { name: name.to_owned(), sku: sku.to_owned() },
        by: "wang".to_owned(),
        at: "2026-03-02T01:00:00Z".parse().unwrap(),
        document_id: Uuid::nil(),
        undone: None,
    };
    let mut taught = Taught::default();
    taught.teach([
        lesson("LLX-18", "HT-N5C-A-580-018"),
        lesson("LL-FL-1180", "HT-N5C-A-580-015"),
        lesson("LLX-0", "HT-GONE"),
        lesson("黑色拉链 18cm", "HT-N5C-A-580-018"),
    ]);
    let lessons = Lessons::new([("C1001".to_owned(), taught)]);
    let envelope = Envelope::default();
    let around = Around { envelope: &envelope, channel: Channel::Mail, on: "2026-03-02".parse().unwrap() };
    let master = books::master();
    let find = |customer: &str, line: Value| {
        let order = json!({"customer": {"name": customer}, "lines": [line]});
        let part = Draft {
            source: "body".to_owned(),
            kind: Kind::Order,
            kind_confidence: Confidence::FULL,
            language: Language::Zh,
            order: Some(keyed::from_data(&order, "").unwrap()),
            refers_to: None,
            unread: Vec::new(),
        };
        let ids = Ids::new(Uuid::nil(), around.on.and_time(Default::default()).and_utc());
        let found = resolve_taught(&part, &around, &ids, &master, &lessons).lines.remove(0);
        (found.sku, found.how)
    };
    let is = |sku: &str, how| (Some(sku.to_owned()), Some(how));
    for (customer, line, found) in [
        ("C1001", json!({"customer_part": "LLX-18"}), is("HT-N5C-A-580-018", How::Taught)),
        ("C1001", json!({"customer_part": "llx-18 "}), is("HT-N5C-A-580-018", How::Taught)),
        ("C1002", json!({"customer_part": "LLX-18"}), (None, None)),
        ("C1001", json!({"customer_part": "LLX-0"}), (None, None)),
        // What the master data say goes first.
        ("C1001", json!({"customer_part": "LL-FL-1180"}), is("HT-N5C-A-580-018", How::Alias)),
        // The text beside the name says another length.
        (
            "C1001",
            json!({"customer_part": "LLX-18", "description": "5#尼龙闭尾拉链 自动头 黑色580 15cm"}),
            is("HT-N5C-A-580-015", How::Name),
        ),
        // All that the line says is the name, not a part of it.
        ("C1001", json!({"description": "黑色拉链", "spec": "18cm"}), is("HT-N5C-A-580-018", How::Taught)),
        ("C1001", json!({"description": "黑色拉链"}), (None, None)),
    ] {
        assert_eq!(find(customer, line.clone()), found, "{customer} {line}");
    }
}
