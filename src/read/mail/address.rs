//! Addresses in From and Reply-To, and the envelope that is made of a message's header.

use super::header::{Headers, clean, decode};
use crate::order::document::Envelope;
use crate::read::kind::is_automatic;
use chrono::{DateTime, FixedOffset, Utc};
use regex::Regex;
use std::sync::LazyLock;
use unicode_normalization::char::is_combining_mark;

static SPEC: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9._%+'\-]{1,64}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+").expect("constant pattern")
});

/// The first address in a text, lower case.
#[must_use]
pub fn find(text: &str) -> Option<String> {
    SPEC.find(text).map(|m| m.as_str().trim_matches(['.', '\'', '-']).to_lowercase())
}

/// The address that a header field names, lower case. A domain in letters of other languages comes out as `xn--…`, whole: it is
/// never cut where those begin, which would make another's address of it.
fn spec(text: &str) -> Option<String> {
    let at = text.find('@')?;
    let dot = |c: char| matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}');
    let within = |c: char| c.is_alphanumeric() || c == '-' || dot(c) || is_combining_mark(c);
    let host = text[at + 1..].split(|c: char| !within(c)).next().unwrap_or_default();
    if host.is_ascii() {
        return find(text);
    }
    let host = idna::domain_to_ascii(host).ok()?;
    let before =
        text[..at].rsplit(|c: char| c.is_whitespace() || matches!(c, '<' | ',' | ':' | '"' | '(')).next();
    find(&format!("{}@{host}", before.unwrap_or_default()))
}

/// Display name and address of a From value. The address in angle brackets counts, never one inside the name.
#[must_use]
pub fn parse(raw: &[u8]) -> (Option<String>, Option<String>) {
    let open = raw.iter().rposition(|b| *b == b'<');
    let (name, address) = match open {
        Some(at) => (&raw[..at], spec(&String::from_utf8_lossy(&raw[at..]))),
        None => (&raw[..0], spec(&String::from_utf8_lossy(raw))),
    };
    let name = clean(&decode(name));
    let name = name.trim().trim_matches(['"', '\'', '“', '”']).trim().to_owned();
    let name = Some(name).filter(|n| !n.is_empty() && find(n).as_ref() != address.as_ref());
    (name, address)
}

/// Date as RFC 5322 writes it, also without weekday, seconds or zone.
#[must_use]
pub fn date(text: &str) -> Option<DateTime<FixedOffset>> {
    let text = text.split('(').next().unwrap_or("").trim();
    if let Ok(date) = DateTime::parse_from_rfc2822(text) {
        return Some(date);
    }
    let seconds = mailparse::dateparse(text).ok().filter(|s| *s != 0)?;
    let zone = text.split_whitespace().last().and_then(offset).unwrap_or(0);
    Some(DateTime::<Utc>::from_timestamp(seconds, 0)?.with_timezone(&FixedOffset::east_opt(zone * 60)?))
}

fn offset(zone: &str) -> Option<i32> {
    let digits = zone.strip_prefix(['+', '-']).filter(|d| d.len() == 4)?;
    let (hours, minutes): (i32, i32) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    let total = hours * 60 + minutes;
    Some(if zone.starts_with('-') { -total } else { total }).filter(|t| t.abs() <= 18 * 60)
}

/// The envelope of a message.
#[must_use]
pub fn envelope(headers: &Headers) -> Envelope {
    let (from_name, from_address) = headers.raw("from").map_or((None, None), parse);
    let reply_to =
        headers.raw("reply-to").and_then(|raw| parse(raw).1).filter(|a| Some(a) != from_address.as_ref());
    let sent = headers.text("date").and_then(|d| date(&d));
    let id = |name: &str| headers.text(name).and_then(|t| ids(&t).into_iter().next());
    Envelope {
        from_name,
        from_address,
        reply_to,
        subject: headers.text("subject"),
        message_id: id("message-id"),
        in_reply_to: id("in-reply-to"),
        references: headers.text("references").map(|t| ids(&t)).unwrap_or_default(),
        sent_at: sent.map(|d| d.with_timezone(&Utc)),
        sent_offset_minutes: sent.map(|d| d.offset().local_minus_utc() / 60),
        caller: None,
        automatic: is_automatic(headers),
        token: None,
        passed_on_by: None,
        authentication: None,
    }
}

fn ids(text: &str) -> Vec<String> {
    let found =
        text.split('<').skip(1).filter_map(|p| p.split_once('>')).map(|(id, _)| format!("<{}>", id.trim()));
    found.filter(|id| id.len() < 300).take(50).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (raw, name, address) in [
            (&b"=?utf-8?B?6ZmI?= <A@b.example>"[..], Some("陈"), Some("a@b.example")),
            (b"compras@aurora.example", None, Some("compras@aurora.example")),
            (b"\"Weiss, J\" <j@w.example>", Some("Weiss, J"), Some("j@w.example")),
            (
                b"=?utf-8?B?6YeH6LStDQpCY2M6IGxlYWtAY29sbGVjdC5leGFtcGxl?= <z@j.example>",
                Some("采购 Bcc: leak@collect.example"),
                Some("z@j.example"),
            ),
            (b"", None, None),
            // Not chen@linglan.example: the last letter is Cyrillic, and the address goes on behind it.
            (
                "<chen@linglan.examplе.evil.com>".as_bytes(),
                None,
                Some("chen@linglan.xn--exampl-8of.evil.com"),
            ),
            ("<chen@lіnglan.example>".as_bytes(), None, Some("chen@xn--lnglan-pvf.example")),
        ] {
            assert_eq!(parse(raw), (name.map(str::to_owned), address.map(str::to_owned)));
        }
    }

    #[test]
    fn dates() {
        for (text, want) in [
            ("Mon, 02 Mar 2026 09:41:47 +0800", Some("2026-03-02T09:41:47+08:00")),
            ("2 Mar 2026 09:41 +0800 (CST)", Some("2026-03-02T09:41:00+08:00")),
            ("nonsense", None),
        ] {
            assert_eq!(date(text).map(|d| d.to_rfc3339()).as_deref(), want, "{text}");
        }
    }
}
