//! A message to its leaf parts: nested multiparts within limits, broken boundaries and encodings forgiven.

pub mod address;
pub mod authentic;
pub(in crate::read) mod body;
pub mod charset;
pub mod header;
pub mod quote;
pub mod returned;
pub mod transfer;

use super::codes::Code;
use super::limits::Limits;
use header::Headers;

/// A leaf of a message, decoded from its transfer encoding.
#[derive(Debug)]
pub struct Part {
    /// Declared type, lower case ("text/plain").
    pub declared: String,
    pub charset: Option<String>,
    /// File name, made safe.
    pub name: Option<String>,
    pub attachment: bool,
    /// Belongs to an HTML body (has a Content-ID, or stands in multipart/related).
    pub inline: bool,
    /// Parts of one multipart/alternative share a number.
    pub alternative: Option<usize>,
    pub flowed: bool,
    pub delsp: bool,
    pub bytes: Vec<u8>,
}

/// A message with its leaves in reading order, and what went wrong on the way.
#[derive(Debug, Default)]
pub struct Message {
    pub headers: Headers,
    pub parts: Vec<Part>,
    pub problems: Vec<(Code, String)>,
}

/// A piece that still has to be looked at.
struct Piece<'a> {
    bytes: &'a [u8],
    depth: usize,
    alternative: Option<usize>,
    related: bool,
    digest: bool,
}

/// Whether bytes look like a message: a header block with a field that messages have.
#[must_use]
pub fn is_message(bytes: &[u8]) -> bool {
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(0);
    let head = &bytes[start..bytes.len().min(start + 64 * 1024)];
    let (headers, _) = Headers::parse(head);
    let known = [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "received",
        "mime-version",
        "content-type",
        "return-path",
        "x-mailer",
    ];
    known.iter().filter(|n| headers.raw(n).is_some()).count() >= 2
        || (headers.raw("from").is_some() || headers.raw("content-type").is_some())
}

/// Splits a message into its leaves.
#[must_use]
pub fn parse(bytes: &[u8], limits: &Limits) -> Message {
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(0);
    let bytes = &bytes[start..];
    let (headers, _) = Headers::parse(bytes);
    let mut message = Message { headers, ..Message::default() };
    // Children are pushed in reverse, so that leaves come out in reading order.
    let mut stack = vec![Piece { bytes, depth: 0, alternative: None, related: false, digest: false }];
    let mut alternatives = 0;
    let mut seen = 0;
    while let Some(piece) = stack.pop() {
        seen += 1;
        if seen > limits.parts {
            message.problems.push((Code::TooManyParts, format!("limit {}", limits.parts)));
            break;
        }
        let (head, at) = Headers::parse(piece.bytes);
        let body = &piece.bytes[at..];
        let kind = head.token("content-type").unwrap_or_else(|| default_type(&piece));
        let boundary = head.param("content-type", "boundary").filter(|b| !b.is_empty());
        match boundary.filter(|_| kind.starts_with("multipart/")) {
            Some(_) if piece.depth >= limits.multipart_depth => {
                message.problems.push((Code::TooDeep, format!("multipart limit {}", limits.multipart_depth)));
            }
            Some(boundary) => {
                alternatives += 1;
                let alternative =
                    if kind == "multipart/alternative" { Some(alternatives) } else { piece.alternative };
                let children = split(body, boundary.as_bytes(), limits.parts + 1);
                stack.extend(children.into_iter().rev().map(|bytes| Piece {
                    bytes,
                    depth: piece.depth + 1,
                    alternative,
                    related: piece.related || kind == "multipart/related",
                    digest: kind == "multipart/digest",
                }));
            }
            None => leaf((&head, body), kind, &piece, limits, &mut message),
        }
    }
    message
}

fn default_type(piece: &Piece<'_>) -> String {
    if piece.digest { "message/rfc822".to_owned() } else { "text/plain".to_owned() }
}

/// The parts between boundary lines; a missing closing boundary ends the last part.
fn split<'a>(body: &'a [u8], boundary: &[u8], most: usize) -> Vec<&'a [u8]> {
    let mut out = Vec::new();
    let (mut start, mut at) = (None, 0);
    for line in body.split_inclusive(|b| *b == b'\n') {
        let mark =
            line.strip_prefix(b"--").and_then(|l| l.strip_prefix(boundary)).map(<[u8]>::trim_ascii_end);
        if let Some(tail) = mark
            && (tail.is_empty() || tail == b"--")
        {
            if let Some(from) = start {
                out.push(trim_break(&body[from..at]));
            }
            start = (tail.is_empty() && out.len() < most).then_some(at + line.len());
            if start.is_none() {
                return out;
            }
        }
        at += line.len();
    }
    match start {
        Some(from) => out.push(&body[from.min(body.len())..]),
        // No boundary at all: the body is one part, without headers of its own.
        None if out.is_empty() && !body.trim_ascii().is_empty() => out.push(body),
        None => {}
    }
    out
}

fn trim_break(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

fn leaf(
    (head, body): (&Headers, &[u8]),
    kind: String,
    piece: &Piece<'_>,
    limits: &Limits,
    message: &mut Message,
) {
    let disposition = head.token("content-disposition").unwrap_or_default();
    let name = head.param("content-disposition", "filename").or_else(|| head.param("content-type", "name"));
    let name = name.map(|n| header::safe_name(&n)).filter(|n| !n.is_empty());
    let encoding = head.token("content-transfer-encoding").unwrap_or_default();
    if body.len() / 4 * 3 > limits.part_bytes {
        message.problems.push((Code::TooBig, format!("{} MB", (body.len() / 4 * 3) >> 20)));
        return;
    }
    let bytes = match encoding.as_str() {
        "base64" => transfer::base64(body, limits.part_bytes),
        "quoted-printable" => transfer::quoted_printable(body),
        _ => body.to_vec(),
    };
    message.parts.push(Part {
        charset: head.param("content-type", "charset"),
        attachment: disposition == "attachment"
            || (name.is_some() && disposition != "inline" && !kind.starts_with("text/")),
        inline: piece.related || head.raw("content-id").is_some() || disposition == "inline",
        alternative: piece.alternative,
        flowed: head.param("content-type", "format").is_some_and(|f| f.eq_ignore_ascii_case("flowed")),
        delsp: head.param("content-type", "delsp").is_some_and(|f| f.eq_ignore_ascii_case("yes")),
        declared: kind,
        name,
        bytes,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(message: &Message) -> Vec<(String, usize)> {
        message.parts.iter().map(|p| (p.declared.clone(), p.bytes.len())).collect()
    }

    #[test]
    fn broken_messages_give_what_is_there() {
        let limits = Limits::default();
        for (text, want) in [
            ("Subject: x\n\nhello", vec![("text/plain", 5)]),
            (
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo",
                vec![("text/plain", 3), ("text/html", 3)],
            ),
            ("Content-Type: multipart/mixed; boundary=b\n\nno boundary here", vec![("text/plain", 16)]),
            ("Content-Type: multipart/mixed\n\nplain", vec![("multipart/mixed", 5)]),
            ("", vec![("text/plain", 0)]),
        ] {
            let want: Vec<(String, usize)> = want.into_iter().map(|(k, n)| (k.to_owned(), n)).collect();
            assert_eq!(names(&parse(text.as_bytes(), &limits)), want, "{text}");
        }
    }

    #[test]
    fn depth_and_number_are_limited() {
        let limits = Limits { parts: 3, multipart_depth: 1, ..Limits::default() };
        let many = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(50));
        let message = parse(many.as_bytes(), &limits);
        assert_eq!((message.parts.len(), message.problems[0].0), (2, Code::TooManyParts));
        let deep = "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n";
        assert_eq!(parse(deep.as_bytes(), &limits).problems[0].0, Code::TooDeep);
    }
}
