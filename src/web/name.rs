//! The file name that a request gives its body: `?name=`, else `Content-Disposition` (RFC 6266). A label only.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_DISPOSITION;

/// The name in `Content-Disposition`: `filename*` (RFC 8187, UTF-8) counts more than `filename`.
pub(super) fn disposition(headers: &HeaderMap) -> Option<String> {
    let text = String::from_utf8_lossy(headers.get(CONTENT_DISPOSITION)?.as_bytes()).into_owned();
    let parameters = parameters(&text);
    let find = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    find("filename*").and_then(|value| extended(&value)).or_else(|| find("filename"))
}

/// `a; b=c; d="e; f"` → [(b, c), (d, e; f)].
fn parameters(text: &str) -> Vec<(String, String)> {
    let (mut pieces, mut piece, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for c in text.chars() {
        match c {
            _ if escaped => {
                piece.push(c);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => pieces.push(std::mem::take(&mut piece)),
            _ => piece.push(c),
        }
    }
    pieces.push(piece);
    let pair = |piece: &String| {
        let (key, value) = piece.split_once('=')?;
        Some((key.trim().to_ascii_lowercase(), value.trim().to_owned()))
    };
    pieces.iter().filter_map(pair).collect()
}

fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, text) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let mut bytes = Vec::new();
    let mut left = text.bytes();
    while let Some(byte) = left.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|it| u8::try_from(it).ok());
        bytes.push(if byte == b'%' { digit(left.next())? * 16 + digit(left.next())? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_they_are_written() {
        for (header, name) in [
            ("attachment; filename=po.xlsx", Some("po.xlsx")),
            ("attachment; filename=\"a;b \\\"c\\\".eml\"", Some("a;b \"c\".eml")),
            ("attachment; filename=\"x.pdf\"; filename*=UTF-8''%E8%AE%A2%E5%8D%95.pdf", Some("订单.pdf")),
            ("attachment; filename*=UTF-8''%E8%A; filename=\"x.pdf\"", Some("x.pdf")),
            ("attachment; filename*=gbk''%B6%A9", None),
            ("inline", None),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_DISPOSITION, header.parse().unwrap())]);
            assert_eq!(disposition(&headers).as_deref(), name, "{header}");
        }
    }
}
