//! What kind of message it is, by plain rules over headers and words.

use super::find::Ground;
use super::labels::{Labels, Topic, Words};
use super::mail::header::Headers;
use super::value::text::{head, plain};
use crate::order::document::{Kind, Language};
use crate::order::draft::Confidence;

/// What the rules look at.
#[derive(Debug, Default)]
pub struct Facts<'a> {
    pub subject: &'a str,
    /// New text of the mail, without tables and without quoted text.
    pub body: &'a str,
    /// Titles and loose text of the order document itself.
    pub document: &'a str,
    pub ground: Ground,
    pub lines: usize,
    pub po_number: bool,
    /// An attachment that could be an order, read or not.
    pub attachment: bool,
    pub reply: bool,
    pub machine: Option<Machine>,
}

/// Mail that no person wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    AutoReply,
    Bounce,
    Bulk,
}

/// What the headers say about who wrote a mail.
#[must_use]
pub fn machine(headers: &Headers) -> Option<Machine> {
    let has = |name: &str| headers.text(name).map(|v| v.to_lowercase());
    let from = has("from").unwrap_or_default();
    let kind = headers.token("content-type").unwrap_or_default();
    let robot = ["mailer-daemon", "postmaster@", "mail delivery sub"].iter().any(|w| from.contains(w));
    if kind == "multipart/report" || robot || headers.raw("x-failed-recipients").is_some() {
        return Some(Machine::Bounce);
    }
    let submitted = has("auto-submitted").is_some_and(|v| v.starts_with("auto-replied"));
    let replied = headers.raw("x-autoreply").is_some()
        || headers.raw("x-autorespond").is_some()
        || has("precedence").is_some_and(|v| v.contains("auto_reply"));
    if submitted || replied {
        return Some(Machine::AutoReply);
    }
    let bulk = headers.raw("list-unsubscribe").is_some()
        || headers.raw("list-id").is_some()
        || has("precedence").is_some_and(|v| v == "bulk" || v == "list" || v == "junk");
    bulk.then_some(Machine::Bulk)
}

/// Whether a program sent it, which must get no automatic answer (RFC 3834, 2; RFC 5321, 4.5.5). That says nothing of what
/// it is: many a customer's ERP mails its orders so.
#[must_use]
pub fn is_automatic(headers: &Headers) -> bool {
    let says = |name: &str| headers.text(name).map(|value| value.trim().to_lowercase());
    let submitted = says("auto-submitted")
        .is_some_and(|value| value.split([';', ' ', '(']).next().is_some_and(|word| word != "no"));
    let nobody = says("return-path").is_some_and(|path| path.replace(' ', "") == "<>");
    let suppressed = says("x-auto-response-suppress")
        .is_some_and(|value| value.split(',').any(|word| ["all", "autoreply"].contains(&word.trim())));
    submitted || nobody || suppressed || machine(headers).is_some()
}

/// The kind, and how sure it is.
#[must_use]
pub fn tell(facts: &Facts<'_>, labels: &Labels) -> (Kind, Confidence) {
    let (kind, thousandths) = decide(facts, labels);
    (kind, Confidence::new(thousandths))
}

fn decide(facts: &Facts<'_>, labels: &Labels) -> (Kind, u16) {
    let subject = plain(facts.subject);
    let body = plain(head(facts.body, 6000));
    let both = format!("{subject}\n{body}");
    let count = |topic: Topic, text: &str| labels.topic(topic, text);
    let table = facts.ground >= Ground::Table;
    match facts.machine {
        Some(Machine::Bounce) => return (Kind::NotAnOrder, 980),
        Some(Machine::AutoReply) if !table => return (Kind::NotAnOrder, 980),
        Some(Machine::Bulk) if !facts.po_number => return (Kind::NotAnOrder, 930),
        _ => {}
    }
    if (count(Topic::Automatic, &subject) > 0 || count(Topic::Bounce, &subject) > 0) && !table {
        return (Kind::NotAnOrder, 930);
    }
    // A fax has no letter around it.
    let alone = subject.is_empty() && body.trim().is_empty();
    let advert = if alone { head(facts.document, 6000) } else { &both };
    if count(Topic::Advert, advert) >= 2 && !facts.po_number && !(alone && table) {
        return (Kind::NotAnOrder, 850);
    }
    let firm = firm(&body, labels);
    let title = head(facts.document, 300);
    if count(Topic::Cancellation, &subject) > 0
        || (count(Topic::Cancellation, &firm) > 0 && !(table && facts.lines > 0))
        || count(Topic::Cancellation, title_line(title)) > 0
    {
        let part = count(Topic::PartOfOrder, &firm) > 0
            || count(Topic::Amendment, &firm) > 0
            || (table && facts.lines > 0);
        return if part { (Kind::Amendment, 700) } else { (Kind::Cancellation, 900) };
    }
    if count(Topic::Complaint, &subject) > 0 || (count(Topic::Complaint, &body) >= 2 && !table) {
        return (Kind::Complaint, 880);
    }
    if (count(Topic::Payment, &subject) > 0
        || (count(Topic::Payment, &body) > 0 && !facts.po_number && !facts.attachment))
        && !table
    {
        return (Kind::PaymentNotice, 880);
    }
    if count(Topic::Amendment, &subject) > 0
        || count(Topic::Amendment, title_line(title)) > 0
        || count(Topic::Amendment, &firm) > 0
    {
        return (Kind::Amendment, if count(Topic::Amendment, &subject) > 0 { 920 } else { 780 });
    }
    last(facts, &subject, &body, labels)
}

fn last(facts: &Facts<'_>, subject: &str, body: &str, labels: &Labels) -> (Kind, u16) {
    let count = |topic: Topic, text: &str| labels.topic(topic, text);
    let asks = count(Topic::Inquiry, subject) + count(Topic::Inquiry, body);
    let denied = ["not an order", "not yet an order", "还不是订单", "不是订单", "no order yet"]
        .iter()
        .any(|w| body.to_lowercase().contains(w));
    let orders =
        count(Topic::Order, subject) + count(Topic::Order, body) + count(Topic::Order, facts.document);
    let ordered = facts.reply && facts.lines > 0 && count(Topic::Order, body) > 0;
    if denied
        || (asks > 0
            && !ordered
            && !facts.po_number
            && facts.ground < Ground::Table
            && (count(Topic::Inquiry, subject) > 0 || orders == 0 || asks > 1))
        || (count(Topic::Inquiry, subject) > 0
            && count(Topic::Order, subject) == 0
            && !facts.po_number
            && !ordered)
    {
        return (Kind::Inquiry, 850);
    }
    let lines = facts.lines > 0;
    match (lines, facts.ground, facts.po_number || orders > 0) {
        (true, Ground::Table | Ground::Record, true) => return (Kind::Order, 960),
        (true, Ground::Table | Ground::Record, false) => return (Kind::Order, 750),
        (true, _, true) => return (Kind::Order, 850),
        (true, _, false) => return (Kind::Order, 600),
        (false, _, true) if facts.attachment => return (Kind::Order, 800),
        _ => {}
    }
    if facts.attachment {
        return (Kind::Order, 500);
    }
    if count(Topic::Delivery, subject) > 0 {
        return (Kind::DeliveryReport, 600);
    }
    if count(Topic::Answer, body) > 0 && facts.reply {
        return (Kind::Answer, 700);
    }
    if asks > 0 && !facts.attachment {
        return (Kind::Inquiry, 650);
    }
    // Nothing could be read, but somebody orders: a person has to look.
    let asked = facts.po_number && orders > 0 || count(Topic::Order, subject) > 0;
    if asked && !facts.reply {
        return (Kind::Order, 450);
    }
    if facts.reply { (Kind::Answer, 500) } else { (Kind::NotAnOrder, 600) }
}

/// The first lines of a document, where its title stands.
fn title_line(text: &str) -> &str {
    let end = text.char_indices().filter(|(_, c)| *c == '\n').nth(2).map_or(text.len(), |(i, _)| i);
    &text[..end]
}

/// Sentences that say something for certain: conditions ("如有变更请通知") are left out.
fn firm(body: &str, labels: &Labels) -> String {
    let sentences = body.split(['。', '\n', ';', '；', '！', '!']).flat_map(|s| s.split(". "));
    let certain = |s: &&str| {
        let start = s
            .trim_start()
            .trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '、' | '.' | ')' | ' '));
        let conditional = labels.words(Words::Condition).iter().any(|w| {
            let lower = start.to_lowercase();
            let clause = lower
                .split(['，', ',', ' '])
                .any(|c| c.starts_with(w.as_str()) && w.chars().any(super::value::text::is_han));
            clause || (w.is_ascii() && lower.starts_with(w.as_str()))
        });
        !conditional && labels.topic(Topic::Suspicious, s) == 0
    };
    sentences.filter(certain).collect::<Vec<_>>().join("\n")
}

/// The language, by the share of Han characters.
#[must_use]
pub fn language(text: &str) -> Language {
    let (mut han, mut latin) = (0usize, 0usize);
    for c in text.chars().take(20_000) {
        han += usize::from(super::value::text::is_han(c));
        latin += usize::from(c.is_alphabetic() && !super::value::text::is_han(c));
    }
    match (han, latin) {
        (0, _) => Language::En,
        (h, l) if h * 4 >= l => Language::Zh,
        (h, l) if h * 20 < l => Language::En,
        _ => Language::Mixed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_people() {
        for (header, automatic) in [
            ("Subject: PO 1", false),
            ("Auto-Submitted: no", false),
            ("Auto-Submitted: No (a person)", false),
            ("Auto-Submitted: auto-generated; by=erp", true),
            ("Auto-Submitted: auto-replied", true),
            ("Precedence: bulk", true),
            ("Precedence: junk", true),
            ("List-Id: <orders.x.example>", true),
            ("Return-Path: <>", true),
            ("Return-Path: <a@x.example>", false),
            ("X-Auto-Response-Suppress: DR, OOF, AutoReply", true),
            ("X-Auto-Response-Suppress: DR", false),
            ("From: MAILER-DAEMON@x.example", true),
        ] {
            let (headers, _) = Headers::parse(format!("{header}\r\n\r\n").as_bytes());
            assert_eq!(is_automatic(&headers), automatic, "{header}");
        }
    }

    #[test]
    fn kinds_by_words() {
        let labels = Labels::built_in();
        for (subject, body, lines, want) in [
            ("采购单 A1", "请安排", 2, Kind::Order),
            ("Re: 采购单 LL-1 变更通知", "数量由6000条改为7500条", 1, Kind::Amendment),
            ("取消订单L1", "请取消，不要再生产", 0, Kind::Cancellation),
            (
                "Price request zippers",
                "Could you quote for 10,000 pcs? This is not an order yet.",
                1,
                Kind::Inquiry,
            ),
            ("质量投诉：拉链掉漆", "抽检200条不良17条", 1, Kind::Complaint),
            ("付款通知：2月货款已付", "今日已汇出", 0, Kind::PaymentNotice),
            ("自动回复: 订单", "休假", 0, Kind::NotAnOrder),
            ("采购单 A1", "如有变更请通知我们", 2, Kind::Order),
        ] {
            let facts = Facts {
                subject,
                body,
                lines,
                ground: if lines > 0 { Ground::Prose } else { Ground::Nothing },
                ..Facts::default()
            };
            assert_eq!(tell(&facts, &labels).0, want, "{subject}");
        }
    }
}
