//! Header fields: raw splitting, encoded words (also cut inside a character), parameters with RFC 2231 continuations.

use super::charset;
use super::transfer;

/// A header block with its raw values, folds kept as blanks.
#[derive(Debug, Default, Clone)]
pub struct Headers {
    fields: Vec<(String, Vec<u8>)>,
}

impl Headers {
    /// Splits a header block from what follows it; gives the headers and where the body starts.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> (Self, usize) {
        let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let end = bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n + 1);
            let line = bytes[at..end].trim_ascii_end();
            if line.is_empty() {
                return (Self { fields }, end);
            }
            if matches!(bytes[at], b' ' | b'\t') {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(b' ');
                    value.extend_from_slice(line.trim_ascii_start());
                }
            } else if let Some((name, value)) = split(line) {
                fields.push((name, value));
            } else if !(fields.is_empty() && line.starts_with(b"From ")) {
                // No header at all: the body began without an empty line.
                return (Self { fields }, at);
            }
            at = end;
            if fields.len() > 500 {
                break;
            }
        }
        (Self { fields }, at)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The raw value of the first field of that name.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_slice())
    }

    /// Every field in its order, with its raw value.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// The decoded value, without control characters.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.raw(name).map(|raw| clean(&decode(raw))).filter(|t| !t.is_empty())
    }

    /// Every field as a line of text, `Name: value`, decoded.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.fields.iter().map(|(name, value)| format!("{name}: {}", clean(&decode(value))))
    }

    /// The first part of a structured value, lower case ("text/plain").
    #[must_use]
    pub fn token(&self, name: &str) -> Option<String> {
        let raw = String::from_utf8_lossy(self.raw(name)?).into_owned();
        Some(raw.split(';').next().unwrap_or("").trim().to_ascii_lowercase()).filter(|t| !t.is_empty())
    }

    /// A parameter of a structured value, decoded.
    #[must_use]
    pub fn param(&self, field: &str, name: &str) -> Option<String> {
        let params = params(self.raw(field)?);
        extended(&params, name).or_else(|| {
            let (_, value) = params.iter().find(|(n, _)| n == name)?;
            Some(clean(&decode(value)))
        })
    }
}

fn split(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let colon = line.iter().position(|b| *b == b':')?;
    let name = line[..colon].trim_ascii_end();
    let valid = !name.is_empty() && name.len() < 80 && name.iter().all(|b| b.is_ascii_graphic());
    valid.then(|| (String::from_utf8_lossy(name).into_owned(), line[colon + 1..].trim_ascii_start().to_vec()))
}

/// Parameters behind the first `;`: names in lower case, values without quotes.
fn params(raw: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    let mut rest = match raw.iter().position(|b| *b == b';') {
        Some(at) => &raw[at + 1..],
        None => return out,
    };
    while !rest.is_empty() && out.len() < 100 {
        let (piece, next) = next_param(rest);
        if let Some(eq) = piece.iter().position(|b| *b == b'=') {
            let name = String::from_utf8_lossy(piece[..eq].trim_ascii()).to_ascii_lowercase();
            out.push((name, unquote(piece[eq + 1..].trim_ascii())));
        }
        rest = next;
    }
    out
}

fn next_param(rest: &[u8]) -> (&[u8], &[u8]) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => return (&rest[..at], &rest[at + 1..]),
            _ => {}
        }
    }
    (rest, &[])
}

fn unquote(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"") else { return value.to_vec() };
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek()) {
            (b'\\', Some(next)) if matches!(next, b'"' | b'\\') => {
                out.push(**next);
                bytes.next();
            }
            _ => out.push(*byte),
        }
    }
    out
}

/// RFC 2231: `name*`, `name*0`, `name*0*` with charset'language'percent-escapes.
fn extended(params: &[(String, Vec<u8>)], name: &str) -> Option<String> {
    let mut pieces: Vec<(usize, bool, &[u8])> = Vec::new();
    for (key, value) in params {
        let Some(tail) = key.strip_prefix(name).and_then(|t| t.strip_prefix('*')) else { continue };
        let encoded = tail.is_empty() || tail.ends_with('*');
        let index = tail.trim_end_matches('*').parse().unwrap_or(0);
        pieces.push((index, encoded, value));
    }
    pieces.sort_by_key(|p| p.0);
    let (_, first_encoded, first) = *pieces.first()?;
    let mut quotes = first.splitn(3, |b| *b == b'\'');
    let (label, start) = match (first_encoded, quotes.next(), quotes.next(), quotes.next()) {
        (true, Some(label), Some(_), Some(value)) => {
            (Some(String::from_utf8_lossy(label).into_owned()), value)
        }
        _ => (None, first),
    };
    let mut bytes = Vec::new();
    for (at, (_, encoded, value)) in pieces.iter().enumerate() {
        let value = if at == 0 { start } else { value };
        if *encoded { percent(value, &mut bytes) } else { bytes.extend_from_slice(value) }
    }
    Some(clean(&if label.is_some() { charset::decode(&bytes, label.as_deref()) } else { decode(&bytes) }))
}

fn percent(value: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while at < value.len() {
        let byte =
            value.get(at + 1..at + 3).and_then(|p| transfer::hex(p[0], p[1])).filter(|_| value[at] == b'%');
        out.push(byte.unwrap_or(value[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
}

/// Decodes encoded words and raw 8-bit text. Adjacent words of one charset are joined as bytes before decoding,
/// because mailers cut them inside a character.
#[must_use]
pub fn decode(raw: &[u8]) -> String {
    let mut out = String::new();
    let mut pending: Option<(String, Vec<u8>)> = None;
    let mut rest = raw;
    while let Some(start) = find(rest, b"=?") {
        let Some((charset, bytes, len)) = encoded_word(&rest[start..]) else {
            flush(&mut pending, &mut out);
            out.push_str(&charset::decode(&rest[..start + 2], None));
            rest = &rest[start + 2..];
            continue;
        };
        let gap = &rest[..start];
        let joined = pending.as_ref().is_some_and(|(c, _)| c.eq_ignore_ascii_case(&charset));
        if !(gap.trim_ascii().is_empty() && joined) {
            flush(&mut pending, &mut out);
            if !(gap.trim_ascii().is_empty() && !out.is_empty() && start > 0 && out_is_word(&out)) {
                out.push_str(&charset::decode(gap, None));
            }
        }
        pending.get_or_insert_with(|| (charset, Vec::new())).1.extend(bytes);
        rest = &rest[start + len..];
    }
    flush(&mut pending, &mut out);
    out.push_str(&charset::decode(rest, None));
    out
}

/// Blanks between two encoded words of different charsets are not text either.
fn out_is_word(out: &str) -> bool {
    !out.ends_with(char::is_whitespace)
}

fn flush(pending: &mut Option<(String, Vec<u8>)>, out: &mut String) {
    if let Some((charset, bytes)) = pending.take() {
        out.push_str(&charset::decode(&bytes, Some(&charset)));
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

/// `=?charset?B?data?=` at the start: charset, bytes, length.
fn encoded_word(raw: &[u8]) -> Option<(String, Vec<u8>, usize)> {
    let body = raw.strip_prefix(b"=?")?;
    let first = body.iter().position(|b| *b == b'?')?;
    let charset = String::from_utf8_lossy(&body[..first]).into_owned();
    let charset = charset.split('*').next().unwrap_or("").to_owned();
    let kind = *body.get(first + 1)?;
    if first > 40 || body.get(first + 2) != Some(&b'?') {
        return None;
    }
    let data = &body[first + 3..];
    let end = find(data, b"?=")?;
    let bytes = match kind {
        b'B' | b'b' => transfer::base64(&data[..end], 1 << 20),
        b'Q' | b'q' => {
            let spaced: Vec<u8> = data[..end].iter().map(|b| if *b == b'_' { b' ' } else { *b }).collect();
            transfer::quoted_printable(&[&spaced[..], b"."].concat()).split_last().map(|(_, b)| b.to_vec())?
        }
        _ => return None,
    };
    Some((charset, bytes, 2 + first + 3 + end + 2))
}

/// Strips control characters and line breaks, escapes what changes the direction of text.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\r' | '\n' | '\t' => out.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}' => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
            }
            '\u{feff}' | '\u{200b}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    super::super::value::text::squeeze(&out)
}

/// A file name as a label: no folders, no control characters, not too long.
#[must_use]
pub fn safe_name(name: &str) -> String {
    let clean = clean(name);
    let parts: Vec<&str> =
        clean.split(['/', '\\']).filter(|p| !p.is_empty() && *p != "." && *p != "..").collect();
    let last = parts.last().copied().unwrap_or("");
    super::super::value::text::head(last, 120).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words() {
        for (raw, want) in [
            (&b"=?utf-8?B?6YeH6LSt5Y2V?= 1"[..], "采购单 1"),
            (b"=?utf-8?Q?a=20b_c?=", "a b c"),
            // 单 cut between its two bytes
            (b"=?gbk?B?tqm1?=\n =?gbk?B?pQ==?=", "订单"),
            (b"\xb6\xa9\xb5\xa5 A1", "订单 A1"),
            (b"=?x?B", "=?x?B"),
        ] {
            assert_eq!(decode(raw), want);
        }
    }

    #[test]
    fn parameters() {
        let block = b"Content-Disposition: attachment;\r\n filename*0*=utf-8''%E9%87%87;\r\n filename*1*=%E8%B4%AD;\r\n filename*2=.xlsx\r\nContent-Type: text/plain; charset=\"GB2312\"; name=\"a\\\"b.txt\"\r\n\r\nbody";
        let (headers, at) = Headers::parse(block);
        assert_eq!(headers.param("content-disposition", "filename").as_deref(), Some("采购.xlsx"));
        assert_eq!(headers.param("content-type", "charset").as_deref(), Some("GB2312"));
        assert_eq!(headers.param("content-type", "name").as_deref(), Some("a\"b.txt"));
        assert_eq!(&block[at..], b"body");
    }

    #[test]
    fn cleaning() {
        assert_eq!(clean("a\r\nBcc: x\u{0}\u{202e}b"), "a Bcc: x\\u{202e}b");
        assert_eq!(safe_name("../../etc/cron.d/x"), "x");
        assert_eq!(safe_name("..\\..\\boot.ini"), "boot.ini");
    }
}
