//! UN/EDIFACT ORDERS and ORDCHG (directory D.96A, and later ones as far as they say the same), syntax versions 1 to 4.
//!
//! Evidence names segments: line 7 is the seventh segment of the file, the service string advice not counted.

mod line;
mod message;
mod segment;
mod values;

use super::{Bad, Statement, bad, page};
use crate::read::codes::Code;
use crate::read::limits::Limits;
use segment::{Segment, Service};

const MESSAGES: [&str; 2] = ["ORDERS", "ORDCHG"];

pub(super) fn is_interchange(text: &str) -> bool {
    let (service, rest) = Service::of(text);
    let begins = |it: &str| it.starts_with("UNB") && it[3..].starts_with(service.element);
    begins(rest) && MESSAGES.iter().any(|it| rest.contains(it))
}

/// The charset that an interchange says it is in (0001 of UNB), where it is one of single bytes.
#[must_use]
pub fn charset(bytes: &[u8]) -> Option<&'static str> {
    let head = &bytes[..bytes.len().min(64)];
    let level = |it: &[u8; 4]| head.windows(4).any(|bytes| bytes == it);
    let interchange = head.starts_with(b"UNA") || head.starts_with(b"UNB");
    [(b"UNOC", "iso-8859-1"), (b"UNOD", "iso-8859-2"), (b"UNOE", "iso-8859-5"), (b"UNOF", "iso-8859-7")]
        .into_iter()
        .find(|(it, _)| interchange && level(it))
        .map(|(_, name)| name)
}

pub(super) fn read(text: &str, limits: &Limits) -> Result<Statement, Bad> {
    let (service, rest) = Service::of(text);
    let segments = service.segments(rest, limits.cells)?;
    let mut found = Vec::new();
    let mut at = 0;
    while at < segments.len() {
        if segments[at].tag() != "UNH" {
            at += 1;
            continue;
        }
        let end = end(&segments, at)?;
        if MESSAGES.contains(&segments[at].part(2, 0)) {
            found.push(message::read(&segments[at..end], limits)?);
        }
        at = end;
    }
    ends(&segments)?;
    if found.is_empty() {
        return Err(bad("it holds no ORDERS message"));
    }
    if found.len() > limits.drafts {
        return Err((Code::TooManyParts, format!("{} messages", found.len())));
    }
    Ok(Statement { page: page(segments.iter().map(|it| it.raw.as_str())), found })
}

/// An interchange that was cut off has no end, or counts other messages.
fn ends(segments: &[Segment]) -> Result<(), Bad> {
    let end = segments.last().filter(|it| it.tag() == "UNZ");
    let end = end.ok_or_else(|| bad("the interchange breaks off: it has no UNZ"))?;
    // With functional groups (UNG) it counts those.
    let grouped = segments.iter().any(|it| it.tag() == "UNG");
    let messages = segments.iter().filter(|it| it.tag() == "UNH").count();
    if grouped || end.part(1, 0).parse() == Ok(messages) {
        return Ok(());
    }
    Err(bad(format!("segment {}: UNZ counts other messages than there are", end.line)))
}

/// Behind the last segment of the message that begins here; it has to be whole.
fn end(segments: &[Segment], begin: usize) -> Result<usize, Bad> {
    let line = segments[begin].line;
    let tail = segments[begin..].iter().position(|it| it.tag() == "UNT");
    let length =
        tail.map(|at| at + 1).ok_or_else(|| bad(format!("segment {line}: its message breaks off")))?;
    let trailer = &segments[begin + length - 1];
    let said = trailer.part(1, 0);
    if said.parse() != Ok(length) {
        return Err(bad(format!("segment {}: UNT counts other segments than there are", trailer.line)));
    }
    if trailer.part(2, 0) != segments[begin].part(1, 0) {
        return Err(bad(format!("segment {}: UNT ends another message", trailer.line)));
    }
    Ok(begin + length)
}
