//! Which parts of a message are its body, and which never hold an order.

use super::{Part, charset};
use crate::read::format::html;
use crate::read::limits::Limits;

fn is_text(part: &Part) -> bool {
    (part.declared == "text/plain"
        || part.declared == "text/html"
        || (!part.declared.contains('/') && part.name.is_none())
        || (part.declared.starts_with("multipart/") && part.name.is_none()))
        && !part.attachment
        && (part.name.is_none() || part.inline)
}

/// The parts that make the body: of alternatives the one that says most, of the others all.
pub(in crate::read) fn parts(parts: &[Part]) -> Vec<usize> {
    let mut out: Vec<usize> = Vec::new();
    for (n, part) in parts.iter().enumerate().filter(|(_, p)| is_text(p)) {
        let rival = part.alternative.and_then(|a| out.iter().position(|o| parts[*o].alternative == Some(a)));
        match rival {
            Some(at) => {
                if says_more(part, &parts[out[at]]) {
                    out[at] = n;
                }
            }
            None => out.push(n),
        }
    }
    out
}

/// HTML before plain text, unless it is nearly empty.
fn says_more(new: &Part, old: &Part) -> bool {
    let tables = |p: &Part| p.bytes.windows(6).filter(|w| w.eq_ignore_ascii_case(b"<table")).count();
    if new.declared == "text/html" && old.declared != "text/html" {
        let text = charset::decode(&new.bytes, new.charset.as_deref());
        let page = html::read(&text, &Limits::default());
        let length: usize = page.texts().map(|t| t.trim().len()).sum();
        return tables(new) > 0
            || length * 2 > charset::decode(&old.bytes, old.charset.as_deref()).trim().len();
    }
    new.declared == old.declared && new.bytes.len() > old.bytes.len()
}

/// A text part that lost against its alternative.
pub(in crate::read) fn is_other(part: &Part, n: usize, body: &[usize], parts: &[Part]) -> bool {
    is_text(part)
        && !body.contains(&n)
        && part.alternative.is_some_and(|a| body.iter().any(|b| parts[*b].alternative == Some(a)))
}

/// Parts that never hold an order: signatures of mail programs, calendar entries, cards, delivery reports.
pub(in crate::read) fn is_ignored(part: &Part) -> bool {
    let kinds = [
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "text/calendar",
        "text/vcard",
        "text/x-vcard",
        "message/delivery-status",
        "message/disposition-notification",
        "text/rfc822-headers",
    ];
    kinds.contains(&part.declared.as_str())
}
