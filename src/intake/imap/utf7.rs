//! Names of folders as IMAP writes them: modified UTF-7 (RFC 3501, section 5.1.3).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// `订单` is `&i6JTVQ-`, `A&B` is `A&-B`.
pub(super) fn encode(name: &str) -> String {
    let mut out = String::new();
    let mut other: Vec<u16> = Vec::new();
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            flush(&mut other, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            other.extend(c.encode_utf16(&mut [0; 2]).iter());
        }
    }
    flush(&mut other, &mut out);
    out
}

fn flush(units: &mut Vec<u16>, out: &mut String) {
    if units.is_empty() {
        return;
    }
    let bytes: Vec<u8> = units.drain(..).flat_map(u16::to_be_bytes).collect();
    out.push('&');
    for three in bytes.chunks(3) {
        let at = |n: usize| u32::from(three.get(n).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..=three.len() {
            let index = (bits >> (18 - 6 * n)) & 63;
            out.push(char::from(ALPHABET[index as usize]));
        }
    }
    out.push('-');
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn names_are_written_as_the_standard_shows() {
        assert_eq!(encode("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        assert_eq!(encode("A&B"), "A&-B");
        assert_eq!(encode("已处理"), "&XfJZBHQG-");
        assert_eq!(encode("INBOX"), "INBOX");
    }
}
