//! The one place where text from outside is made safe for mail headers and for a line of a mail.

/// Longest subject; mail programs cut off more (RFC 5322 sets no limit but that of a line).
const LONGEST: usize = 200;

/// One line of text: control characters, line ends and direction marks become spaces, runs of spaces one.
#[must_use]
pub fn line(text: &str) -> String {
    let safe: String = text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect();
    safe.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A subject: one line, cut to a sensible length.
#[must_use]
pub fn subject(text: &str) -> String {
    let line = line(text);
    if line.chars().count() <= LONGEST {
        line
    } else {
        line.chars().take(LONGEST - 1).chain(['…']).collect()
    }
}

/// An `addr-spec` that can stand in a header as it is; anything else is none.
#[must_use]
pub fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let plain = |c: char| !is_unsafe(c) && !c.is_whitespace() && !"<>()[],;:\\\"@".contains(c);
    let safe = !local.is_empty() && !domain.is_empty() && local.chars().chain(domain.chars()).all(plain);
    (safe && text.len() <= 254).then(|| text.to_owned())
}

/// A Message-ID with its angle brackets; anything else is none.
#[must_use]
pub fn message_id(text: &str) -> Option<String> {
    let text = text.trim();
    let inner = text.strip_prefix('<')?.strip_suffix('>')?;
    let plain = |c: char| c.is_ascii_graphic() && c != '<' && c != '>';
    (inner.contains('@') && inner.chars().all(plain) && text.len() <= 900).then(|| text.to_owned())
}

/// Controls, line and paragraph separators, and marks that turn the direction of what follows.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_header_can_be_smuggled_in() {
        assert_eq!(subject("PO 1\r\nBcc: all@evil.example\0\u{202E}"), "PO 1 Bcc: all@evil.example");
        assert_eq!(subject(&"订".repeat(300)).chars().count(), 200);
        for wrong in
            ["a@b\r\nBcc: c@d", "a b@c.example", "<a@b.example>", "a@b.example,c@d.example", "@x", "x@"]
        {
            assert_eq!(address(wrong), None, "{wrong}");
        }
        assert_eq!(address(" wanyi.chen@linglan.example "), Some("wanyi.chen@linglan.example".to_owned()));
        for wrong in ["x@y", "<x>", "<x@y>\r\nX: y", "<x@y> <z@y>", "<a b@c>"] {
            assert_eq!(message_id(wrong), None, "{wrong}");
        }
        assert_eq!(message_id("<x@y>"), Some("<x@y>".to_owned()));
    }
}
