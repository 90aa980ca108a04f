//! What comes back about a mail of ours: delivery reports (RFC 3464), and the plainer mails that servers write instead.

use super::Part;
use super::header::Headers;
use super::{charset, header};
use crate::read::kind::{Machine, machine};
use crate::read::limits::Limits;
use crate::read::value::text::head;
use regex::Regex;
use std::sync::LazyLock;

/// What became of a mail for one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    Delivered,
    /// The server still tries.
    Delayed,
    Failed,
}

/// One recipient's fate, with the server's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub recipient: Option<String>,
    pub fate: Fate,
    pub text: String,
}

/// A mail about a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// Message-IDs that it may be about, the likeliest first.
    pub about: Vec<String>,
    pub notices: Vec<Notice>,
}

/// Bytes of one part that are looked at.
const LOOKED_AT: usize = 256 * 1024;
const MOST: usize = 50;

static ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"<[^<>\s@]{1,200}@[^<>\s@]{1,200}>").expect("constant pattern"));
static CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^\w.])([45]\d\d[ \-](?:[45]\.\d{1,3}\.\d{1,3})?.*|[45]\.\d{1,3}\.\d{1,3}\b.*)")
        .expect("constant pattern")
});

/// Reads a report; none when the mail is none.
#[must_use]
pub fn returned(bytes: &[u8]) -> Option<Returned> {
    let (headers, _) = Headers::parse(&bytes[..bytes.len().min(LOOKED_AT)]);
    if machine(&headers) != Some(Machine::Bounce) {
        return None;
    }
    let message = super::parse(bytes, &Limits { parts: MOST, ..Limits::default() });
    let status = message.parts.iter().find(|part| {
        part.declared == "message/delivery-status" || part.declared == "message/global-delivery-status"
    });
    let notices = match status {
        Some(status) => report(status, &message.parts),
        None => plain(&headers, &message.parts),
    };
    (!notices.is_empty()).then(|| Returned { about: about(&headers, &message.parts), notices })
}

/// Message-IDs that stand anywhere in a mail, the likeliest first: the returned mail's own, then what the report answers.
#[must_use]
pub fn about(headers: &Headers, parts: &[Part]) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |text: &str| {
        for id in ID.find_iter(text) {
            if found.len() < MOST && !found.iter().any(|known| known == id.as_str()) {
                found.push(id.as_str().to_owned());
            }
        }
    };
    for part in parts.iter().filter(|part| holds_headers(part)) {
        let (returned, _) = Headers::parse(cut(part));
        returned.text("message-id").iter().for_each(|id| add(id));
    }
    for name in ["in-reply-to", "x-original-message-id", "references"] {
        headers.text(name).iter().for_each(|ids| add(ids));
    }
    let texts: Vec<String> = parts.iter().map(text).collect();
    for line in texts.iter().flat_map(|text| text.lines()) {
        if line.trim_start().to_ascii_lowercase().starts_with("message-id:") {
            add(line);
        }
    }
    texts.iter().for_each(|text| add(text));
    found
}

fn holds_headers(part: &Part) -> bool {
    ["message/rfc822", "message/global", "message/global-headers", "text/rfc822-headers"]
        .contains(&part.declared.as_str())
}

fn cut(part: &Part) -> &[u8] {
    &part.bytes[..part.bytes.len().min(LOOKED_AT)]
}

fn text(part: &Part) -> String {
    charset::decode(cut(part), part.charset.as_deref())
}

/// The fields of a delivery report: one group about the mail, then one for each recipient.
fn report(status: &Part, parts: &[Part]) -> Vec<Notice> {
    let mut rest = cut(status);
    let mut notices = Vec::new();
    while !rest.is_empty() && notices.len() < MOST {
        let (fields, end) = Headers::parse(rest);
        notices.extend(notice(&fields, parts));
        rest = &rest[end.max(1).min(rest.len())..];
    }
    notices
}

fn notice(fields: &Headers, parts: &[Part]) -> Option<Notice> {
    let fate = match fields.token("action")?.as_str() {
        "failed" => Fate::Failed,
        "delayed" => Fate::Delayed,
        "delivered" | "relayed" | "expanded" => Fate::Delivered,
        _ => return None,
    };
    // `rfc822; address`, `smtp; 550 text`
    let value = |name: &str| {
        let text = fields.text(name)?;
        let value = text.split_once(';').map_or(text.as_str(), |(_, value)| value).trim().to_owned();
        Some(value).filter(|value| !value.is_empty())
    };
    let recipient = value("original-recipient").or_else(|| value("final-recipient"));
    // Some servers give their reason in words only.
    let text =
        value("diagnostic-code").or_else(|| said(parts)).or_else(|| value("status")).unwrap_or_default();
    let recipient = recipient.map(|it| it.trim_matches(['<', '>']).to_lowercase());
    Some(Notice { recipient, fate, text: head(&text, 300).to_owned() })
}

/// A bounce in words: who it was is in a header or not at all, why in the first line with a code.
fn plain(headers: &Headers, parts: &[Part]) -> Vec<Notice> {
    let report = headers.param("content-type", "report-type").unwrap_or_default();
    if report.eq_ignore_ascii_case("disposition-notification") {
        return Vec::new();
    }
    let subject = headers.text("subject").unwrap_or_default().to_lowercase();
    let delayed =
        ["delay", "warning", "still being retried", "延迟"].iter().any(|word| subject.contains(word));
    let fate = if delayed { Fate::Delayed } else { Fate::Failed };
    let text = head(&said(parts).unwrap_or_default(), 300).to_owned();
    let failed = headers.text("x-failed-recipients").unwrap_or_default();
    let named: Vec<&str> = failed.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
    if named.is_empty() {
        return vec![Notice { recipient: None, fate, text }];
    }
    let notice = |to: &&str| Notice { recipient: Some(to.to_lowercase()), fate, text: text.clone() };
    named.iter().take(MOST).map(notice).collect()
}

/// The first line with a code, of what is written for people.
fn said(parts: &[Part]) -> Option<String> {
    let words =
        parts.iter().filter(|part| part.declared == "text/plain").map(text).collect::<Vec<_>>().join("\n");
    words.lines().find_map(|line| CODE.captures(line)).map(|found| header::clean(&found[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "<0195a1c0-0000-7000-8000-000000000042.1.confirmation@hengtong.example>";

    fn dsn(action: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; report-type=delivery-status; \
             boundary=b\r\n\r\n--b\r\n\r\nIt did not work, see <other@x.example>.\r\n--b\r\nContent-Type: \
             message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; \
             Chen@linglan.example\r\nAction: {action}\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 No such\r\n \
             user\r\n\r\nFinal-Recipient: rfc822; b@x.example\r\nAction: relayed\r\n--b\r\nContent-Type: \
             text/rfc822-headers\r\n\r\nReferences: <first@x.example>\r\nMessage-ID: {OURS}\r\n--b--\r\n"
        )
    }

    #[test]
    fn a_delivery_report_names_mail_recipient_and_reason() {
        let report = returned(dsn("failed").as_bytes()).unwrap();
        assert_eq!(report.about.first().map(String::as_str), Some(OURS));
        let failed = Notice {
            recipient: Some("chen@linglan.example".into()),
            fate: Fate::Failed,
            text: "550 5.1.1 No such user".into(),
        };
        assert_eq!(report.notices[0], failed);
        assert_eq!(report.notices[1].fate, Fate::Delivered);
        assert_eq!(returned(dsn("delayed").as_bytes()).unwrap().notices[0].fate, Fate::Delayed);
    }

    #[test]
    fn bounces_in_words_are_read_too() {
        let exim = format!(
            "From: Mail Delivery System <Mailer-Daemon@mx.example>\nX-Failed-Recipients: a@x.example\nSubject: Mail \
             delivery failed: returning message to sender\n\n  a@x.example\n    host mx [1.2.3.4]\n    SMTP error from \
             remote mail server after RCPT TO:\n    550 5.7.1 no\n\n------ This is a copy ------\nMessage-Id: {OURS}\n"
        );
        let report = returned(exim.as_bytes()).unwrap();
        assert_eq!(report.about.first().map(String::as_str), Some(OURS));
        let notice = &report.notices[0];
        assert_eq!((notice.recipient.as_deref(), notice.fate), (Some("a@x.example"), Fate::Failed));
        assert_eq!(notice.text, "550 5.7.1 no");
        let late = exim.replace("Mail delivery failed", "Warning: message delayed 24 hours");
        assert_eq!(returned(late.as_bytes()).unwrap().notices[0].fate, Fate::Delayed);
    }

    #[test]
    fn what_people_and_mail_programs_write_is_no_report() {
        let read = "From: a@x.example\nContent-Type: multipart/report; report-type=disposition-notification; \
                    boundary=b\n\n--b\n\nread\n--b--\n";
        for text in ["From: a@x.example\nSubject: 550 5.1.1\n\n550 5.1.1 no\n", read, ""] {
            assert_eq!(returned(text.as_bytes()), None, "{text}");
        }
    }
}
