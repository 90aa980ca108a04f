//! What one letter of a document holds: new text or passed-on text, orders in body and files, files not read.

use super::collect::{Collected, Item, Letter};
use super::figures;
use super::find::{Found, gather};
use super::labels::{Labels, Words};
use super::mail::address;
use super::page::{Block, Page, TextLine};
use super::place;
use super::value::date::{self, DayOrder};
use super::value::text::plain;
use crate::order::document::Envelope;
/// An order with the place where it was found.
pub(super) struct Candidate {
    pub(super) source: String,
    pub(super) found: Found,
}
/// What one letter holds.
pub(super) struct Content<'a> {
    pub(super) letter: &'a Letter,
    pub(super) envelope: Envelope,
    /// Loose text of the new part of the body.
    pub(super) words: String,
    pub(super) lines: Vec<TextLine>,
    pub(super) body: Vec<Found>,
    pub(super) files: Vec<Candidate>,
    pub(super) unread: Vec<&'a Item>,
    pub(super) dates: date::Context,
}
/// Day of the message and the writer's habit with dates.
fn dates(envelope: &Envelope, letter: &Letter) -> date::Context {
    let offset = envelope.sent_offset_minutes.unwrap_or(0);
    let base = envelope
        .sent_at
        .and_then(|t| t.checked_add_signed(chrono::Duration::minutes(i64::from(offset))))
        .map(|t| t.date_naive());
    let text: String = letter.body.fresh.texts().take(400).collect::<Vec<_>>().join("\n");
    let holds = |words: &[&str]| words.iter().any(|w| text.contains(w));
    let american = holds(&["+1 ", "+1-", "+1(", "(USA)", " USA", "U.S.A", "United States"]);
    let british = holds(&["+44", " UK", "United Kingdom", "England", "Australia", "Ireland", "+61", "+353"]);
    let formed = holds(&[", Inc", " Inc.", " LLC"]);
    let order = match envelope.sent_offset_minutes {
        _ if british => DayOrder::DayFirst,
        _ if american => DayOrder::MonthFirst,
        Some(-480..=-240) => DayOrder::MonthFirst,
        None | Some(0 | 480) if formed => DayOrder::MonthFirst,
        Some(-180..=210 | 330 | 540..=780) => DayOrder::DayFirst,
        _ => DayOrder::Unknown,
    };
    date::Context { base, order, hinted: !british && !american }
}
fn domain(address: Option<&str>) -> Option<&str> {
    address?.rsplit_once('@').map(|(_, d)| d)
}
/// A colleague who passes a customer's mail on.
fn internal(letter: &Letter) -> bool {
    let to = letter.headers.text("to").and_then(|t| address::find(&t));
    let from = domain(letter.envelope.from_address.as_deref());
    from.is_some() && from == domain(to.as_deref())
}
fn is_forward(subject: &str, labels: &Labels) -> bool {
    let subject = plain(subject).to_lowercase();
    let head = subject.split([':', '：']).next().unwrap_or("").trim();
    subject.contains(':') && labels.words(Words::Forwarded).iter().any(|w| w == head)
}
pub(super) fn is_reply(letter: &Letter) -> bool {
    let subject = plain(letter.envelope.subject.as_deref().unwrap_or("")).to_lowercase();
    let marks = ["re:", "回复:", "答复:", "回覆:", "aw:", "sv:", "antw:", "rif:", "re :", "res:"];
    marks.iter().any(|m| subject.starts_with(m)) || letter.envelope.in_reply_to.is_some()
}
/// Text lines of a page.
fn text_lines(page: &Page) -> Vec<TextLine> {
    let mut out = Vec::new();
    for block in &page.blocks {
        match block {
            Block::Text(lines) => out.extend(lines.iter().cloned()),
            Block::Grid(grid) if grid.rows.len() <= 6 => out.extend(grid.rows.iter().map(|r| TextLine {
                number: r.number,
                text: r.filled().map(|(_, t)| t.replace('\n', "  ")).collect::<Vec<_>>().join("  "),
            })),
            Block::Grid(_) => {}
        }
    }
    out
}
pub(super) fn content<'a>(at: usize, collected: &'a Collected, labels: &Labels) -> Content<'a> {
    let letter = &collected.letters[at];
    let mut envelope = letter.envelope.clone();
    let base = dates(&envelope, letter);
    let found =
        |pages: &[Page], printed| gather::orders(pages, &gather::context(pages, labels, (base, printed)));
    let read = |pages: &[Page]| found(pages, false);
    let mut body = read(std::slice::from_ref(&letter.body.fresh));
    let words: String = body.iter().map(|f| f.words.as_str()).collect();
    let mut lines = text_lines(&letter.body.fresh);
    let some_lines = |found: &[Found]| found.iter().any(|f| !f.order.lines.is_empty());
    let items: Vec<&Item> = collected.items.iter().filter(|i| i.letter == at).collect();
    let passed_on = is_forward(envelope.subject.as_deref().unwrap_or(""), labels) || internal(letter);
    let mut words = words;
    if passed_on && !some_lines(&body) && !letter.body.quoted.is_blank() {
        let quoted = read(std::slice::from_ref(&letter.body.quoted));
        if some_lines(&quoted) || internal(letter) {
            words.push_str(&quoted.iter().map(|f| f.words.as_str()).collect::<String>());
            lines = text_lines(&letter.body.quoted);
            body = quoted;
            if let Some(from) = &letter.body.quoted_from {
                let (name, mail) = address::parse(from.as_bytes());
                envelope.from_name = name.or_else(|| {
                    Some(
                        from.split(['<', '(', '['])
                            .next()
                            .unwrap_or("")
                            .trim()
                            .trim_matches(['"', '\''])
                            .to_owned(),
                    )
                    .filter(|n| !n.is_empty() && !n.contains('@'))
                });
                envelope.from_address = mail;
            }
        }
    }
    let mut files = Vec::new();
    for item in items.iter().filter(|i| i.unread.is_none()) {
        let mut orders = match item.stated.as_slice() {
            [] => found(&item.pages, !item.places.is_empty()),
            stated => stated.to_vec(),
        };
        place::locate(&mut orders, &item.places);
        if item.recognized {
            figures::settle(&mut orders);
        }
        files.extend(orders.into_iter().map(|found| Candidate { source: item.source.clone(), found }));
    }
    if letter.headers.is_empty() {
        // A fax is its own letter: who writes it stands in its pages.
        lines.extend(items.iter().flat_map(|item| &item.pages).flat_map(text_lines));
    }
    let unread = items.into_iter().filter(|i| i.unread.is_some()).collect();
    Content { letter, envelope, words, lines, body, files, unread, dates: base }
}
