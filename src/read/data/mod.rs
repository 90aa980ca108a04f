//! Orders that came as data in a file: UBL, EDIFACT, and JSON of our own schema. Nothing has to be searched for in them, for
//! each field says itself what it is.

pub mod edifact;
pub mod json;
pub mod ubl;
mod units;
mod xml;

use super::codes::Code;
use super::find::{Doubt, Found as Read, Ground};
use super::format::text;
use super::limits::Limits;
use super::page::{Block, Page, TextLine};
use crate::order::document::Kind;
use crate::order::draft::{Confidence, DraftLine, DraftOrder, Evidence, Field, Found};
use serde::{Deserialize, Serialize};

/// In which of the formats a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standard {
    /// UBL 2.1 Order, OrderChange or OrderCancellation, as Peppol has them.
    Ubl,
    /// UN/EDIFACT ORDERS or ORDCHG.
    Edifact,
    /// `order.placed` of `schemas/message`.
    Json,
}

/// A file's first bytes, which tell what it is.
const HEAD: usize = 8192;

/// Data take more letters than text to say the same.
const WIDE: usize = 4;

/// A file of data: its lines as evidence counts them, and what it says.
#[derive(Debug)]
pub struct Statement {
    pub page: Page,
    pub found: Vec<Read>,
}

/// Why a file of data can't be read: what is wrong, and where, without any of the customer's text.
type Bad = (Code, String);

fn bad(what: impl Into<String>) -> Bad {
    (Code::DamagedData, what.into())
}

/// The standard that a file keeps to, if any.
#[must_use]
pub fn standard(bytes: &[u8]) -> Option<Standard> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    let text = head.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') {
        ubl::is_ubl(text).then_some(Standard::Ubl)
    } else if text.starts_with('{') {
        json::is_order(bytes).then_some(Standard::Json)
    } else {
        edifact::is_interchange(text).then_some(Standard::Edifact)
    }
}

/// The charset that a file of data says it is in.
#[must_use]
pub fn charset(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    if !head.starts_with("<?xml") {
        return edifact::charset(bytes).map(str::to_owned);
    }
    let (_, said) = head.split_once("?>")?.0.split_once("encoding")?;
    let mut parts = said.splitn(3, ['"', '\'']);
    parts.nth(1).map(str::to_owned)
}

/// Reads a file of data.
///
/// # Errors
/// `DamagedData` with what is wrong and where, `TooManyParts` over the limits.
pub fn read(text: &str, standard: Standard, limits: &Limits) -> Result<Statement, Bad> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.len() > limits.text_bytes.saturating_mul(WIDE) {
        return Err((Code::TooBig, format!("{} MB", text.len() >> 20)));
    }
    match standard {
        Standard::Ubl => ubl::read(text, limits),
        Standard::Edifact => edifact::read(text, limits),
        Standard::Json => json::read(text, limits),
    }
}

/// A value that stands on a line.
fn on<T>(line: u32, value: T) -> Field<T> {
    Field { value, evidence: Evidence::Line { line }, confidence: Confidence::FULL }
}

/// Letters of one text, and of one remark, that are kept: what is split or joined would multiply longer ones.
const TEXT: usize = 1_000;
const NOTE: usize = 4_000;

/// Puts a text behind another, up to so many letters together.
fn more(to: &mut Found<String>, text: Found<String>, (between, most): (&str, usize)) {
    match (to.as_mut(), text) {
        (Some(field), Some(text)) if field.value.len() + text.value.len() < most => {
            field.value.push_str(between);
            field.value.push_str(&text.value);
        }
        (None, text) => *to = text,
        (Some(_), _) => {}
    }
}

/// Further numbers of the same goods (the seller's, a bar code) are put where the product is looked for, so that one that names
/// other goods than the first shows.
fn identified(line: &mut DraftLine, numbers: &[String]) {
    let Some(part) = line.customer_part.clone() else { return };
    let others: Vec<&str> = numbers.iter().map(String::as_str).filter(|it| *it != part.value).collect();
    if !others.is_empty() {
        let text = Some(Field { value: others.join(" "), ..part });
        let to = if line.spec.is_none() { &mut line.spec } else { &mut line.description };
        more(to, text, (" ", TEXT * 2));
    }
}

/// What a file states; orders that are changed or ended refer to one.
fn found(kind: Kind, order: DraftOrder, refers_to: Option<String>, doubts: Vec<Doubt>) -> Read {
    Read { kind: Some(kind), order, refers_to, doubts, ground: Ground::Data, words: String::new() }
}

/// The lines of a file as text.
fn page<'a>(lines: impl Iterator<Item = &'a str>) -> Page {
    let lines = (1..).zip(lines).map(|(number, line)| TextLine { number, text: text::clean(line) });
    Page { blocks: vec![Block::Text(lines.collect())] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_by_content() {
        let ubl =
            "<?xml version=\"1.0\"?><Order xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Order-2\"/>";
        for (text, want) in [
            (ubl, Some(Standard::Ubl)),
            ("<?xml version=\"1.0\"?><Order/>", None),
            ("<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\"/>", None),
            ("UNA:+.? 'UNB+UNOC:3+A+B+260318:1200+1'UNH+1+ORDERS:D:96A:UN'", Some(Standard::Edifact)),
            ("\u{feff}\nUNB+UNOC:3+A+B+260318:1200+1'UNH+1+ORDERS:D:96A:UN'", Some(Standard::Edifact)),
            ("UNB+UNOC:3+A+B+260318:1200+1'UNH+1+INVOIC:D:96A:UN'", None),
            ("UNABLE to deliver, UNB", None),
            ("{\"type\": \"order.placed\", \"order\": {\"lines\": []}}", Some(Standard::Json)),
            ("{\"type\": \"order.placed\", \"order\"", Some(Standard::Json)),
            ("{\"lines\": []}", None),
        ] {
            assert_eq!(standard(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn what_is_too_big_is_not_looked_at() {
        let limits = Limits { text_bytes: 10, ..Limits::default() };
        for standard in [Standard::Ubl, Standard::Edifact, Standard::Json] {
            assert_eq!(read(&"x".repeat(41), standard, &limits).unwrap_err().0, Code::TooBig);
        }
    }

    #[test]
    fn charsets_as_files_say() {
        for (text, want) in [
            ("<?xml version=\"1.0\" encoding=\"GB2312\"?><a/>", Some("GB2312")),
            ("<?xml version='1.0' encoding='utf-8'?><a/>", Some("utf-8")),
            ("<?xml version=\"1.0\"?><a encoding=\"x\"/>", None),
            ("UNA:+.? 'UNB+UNOC:3+A", Some("iso-8859-1")),
            ("UNB+UNOY:4+A", None),
        ] {
            assert_eq!(charset(text.as_bytes()).as_deref(), want, "{text}");
        }
    }
}
