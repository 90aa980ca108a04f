//! Content transfer encodings, read with patience: junk lines in base64, soft breaks, bad escapes.

/// Decodes base64 line by line; lines that are not base64 are skipped, padding in the middle is a restart.
#[must_use]
pub fn base64(input: &[u8], limit: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity((input.len() / 4 * 3).min(limit));
    let (mut bits, mut count) = (0u32, 0u8);
    for line in input.split(|b| *b == b'\n' || *b == b'\r') {
        if out.len() > limit {
            break;
        }
        let line = line.trim_ascii();
        let foreign = line.iter().filter(|b| value(**b).is_none() && **b != b'=').count();
        if line.starts_with(b"--")
            || line.starts_with(b"=====")
            || foreign * 4 > line.len().max(4)
            || (foreign > 0 && line.contains(&b' '))
        {
            continue;
        }
        for byte in line {
            let Some(v) = value(*byte) else {
                if *byte == b'=' {
                    (bits, count) = (0, 0);
                }
                continue;
            };
            bits = bits << 6 | u32::from(v);
            count += 1;
            match count {
                2 => out.push((bits >> 4) as u8),
                3 => out.push((bits >> 2) as u8),
                4 => {
                    out.push(bits as u8);
                    (bits, count) = (0, 0);
                }
                _ => {}
            }
        }
    }
    out
}

fn value(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// Decodes quoted-printable; wrong escapes stay as they are.
#[must_use]
pub fn quoted_printable(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len());
    for line in input.split_inclusive(|b| *b == b'\n') {
        let ending = line.len() - line.trim_ascii_end().len();
        let (body, soft) = match line.trim_ascii_end().strip_suffix(b"=") {
            Some(body) => (body, true),
            None => (&line[..line.len() - ending.min(line.len())], false),
        };
        escapes(body, &mut out);
        if !soft {
            out.extend(line[line.len() - ending..].iter().filter(|b| **b == b'\r' || **b == b'\n'));
        }
    }
    out
}

fn escapes(body: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while at < body.len() {
        let pair = body.get(at + 1..at + 3).and_then(|p| hex(p[0], p[1]));
        match (body[at], pair) {
            (b'=', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
}

/// Two hexadecimal digits to a byte.
#[must_use]
pub fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// Joins the soft-broken lines of `format=flowed` text.
#[must_use]
pub fn unflow(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open = false;
    for line in text.lines() {
        let line = line.strip_prefix(' ').filter(|_| !open).unwrap_or(line);
        if !out.is_empty() && !open {
            out.push('\n');
        }
        open = line.ends_with(' ') && line != "-- " && !line.trim().is_empty() && !line.starts_with('>');
        out.push_str(if open && delsp { line.strip_suffix(' ').unwrap_or(line) } else { line });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_with_junk_lines() {
        let clean = base64(b"SGVsbG8s\r\nIHdvcmxkIQ==\r\n", 1000);
        let junk = base64(b"SGVsbG8s\r\n*** this mail was scanned ***\r\nIHdvcmxkIQ==\r\n", 1000);
        assert_eq!((clean.as_slice(), junk.as_slice()), (&b"Hello, world!"[..], &b"Hello, world!"[..]));
    }

    #[test]
    fn quoted_printable_forms() {
        assert_eq!(quoted_printable(b"=C0=CF a=\r\nb =ZZ  \r\nc"), b"\xc0\xcf ab =ZZ\r\nc");
    }

    #[test]
    fn flowed_lines_are_joined() {
        assert_eq!(
            unflow("The goods must be \nfree of nickel\n\nBye", false),
            "The goods must be free of nickel\n\nBye"
        );
    }
}
