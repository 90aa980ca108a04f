//! Bytes to text: declared charsets are believed only as far as the bytes agree with them.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, Encoding, GB18030, GBK, ISO_8859_2, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Decodes with the declared charset when the bytes agree with it, else guesses from the bytes.
#[must_use]
pub fn decode(bytes: &[u8], declared: Option<&str>) -> String {
    if let Some((encoding, skip)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[skip..]).0.into_owned();
    }
    if bytes.is_ascii()
        && !bytes.contains(&0x1b)
        && !bytes.contains(&0)
        && !bytes.windows(2).any(|w| w == b"~{")
    {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let encoding = declared.and_then(label);
    if let Some(encoding) = encoding
        && let Some(text) = faithful(encoding, bytes)
    {
        return text;
    }
    guess(bytes, encoding)
}

/// The encoding of a code page of Windows.
#[must_use]
pub fn code_page(page: u32) -> Option<&'static Encoding> {
    match page {
        936 | 54936 => Some(GB18030),
        65001 => Some(UTF_8),
        950 => Some(BIG5),
        932 => Some(encoding_rs::SHIFT_JIS),
        949 => Some(encoding_rs::EUC_KR),
        1250..=1258 => Encoding::for_label(format!("windows-{page}").as_bytes()),
        _ => None,
    }
}

/// The charset of a label; gb2312 and gbk are read as GB18030, which holds both.
fn label(name: &str) -> Option<&'static Encoding> {
    let name = name.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    let name = match name.as_str() {
        "cp936" | "ms936" | "x-gbk" | "gb_2312-80" | "euc-cn" | "gb18030-2005" | "gb18030-2022"
        | "chinese" => "gb18030",
        "cp950" => "big5",
        "utf8mb4" | "utf_8" => "utf-8",
        "cp1252" => "windows-1252",
        other => other,
    };
    let encoding = Encoding::for_label(name.as_bytes())?;
    Some(if encoding == GBK { GB18030 } else { encoding })
}

/// The decoded text, if the bytes look like what was declared.
fn faithful(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        return Some(encoding.decode_without_bom_handling(bytes).0.into_owned());
    }
    let (text, malformed) = encoding.decode_without_bom_handling(bytes);
    if malformed {
        // A cut or damaged byte or two does not make the label wrong.
        let bad = text.matches('\u{fffd}').count();
        return (encoding != UTF_8 && bad * 50 < text.chars().count()).then(|| text.into_owned());
    }
    let latin = encoding.is_single_byte();
    if latin && (std::str::from_utf8(bytes).is_ok() || looks_chinese(bytes)) {
        return None;
    }
    if (encoding == GB18030 || encoding == BIG5)
        && std::str::from_utf8(bytes).is_ok()
        && multibyte_utf8(bytes)
    {
        return None;
    }
    Some(text.into_owned())
}

/// Valid UTF-8 with at least one three-byte character: GBK text hardly ever is.
fn multibyte_utf8(bytes: &[u8]) -> bool {
    bytes.iter().any(|b| (0xe2..=0xef).contains(b))
}

/// Bytes labelled as Latin that are mostly pairs of high bytes, as in GBK or Big5.
fn looks_chinese(bytes: &[u8]) -> bool {
    let high = bytes.iter().filter(|b| **b >= 0x80).count();
    let pairs = bytes.windows(2).filter(|w| w[0] >= 0xa1 && w[1] >= 0xa1).count();
    high >= 4
        && pairs * 2 > high
        && GB18030.decode_without_bom_handling(bytes).0.chars().filter(|c| *c == '\u{fffd}').count() * 20
            < high
}

fn guess(bytes: &[u8], declared: Option<&'static Encoding>) -> String {
    if let Some(encoding) = utf16(bytes) {
        return encoding.decode_without_bom_handling(bytes).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let hint: Option<&[u8]> = if looks_chinese(bytes) { Some(b"cn") } else { None };
    let found = detector.guess(hint, Utf8Detection::Allow);
    let found = if found == GBK || (found == WINDOWS_1252 && looks_chinese(bytes)) { GB18030 } else { found };
    let found = if found == ISO_8859_2 { WINDOWS_1252 } else { found };
    let (text, malformed) = found.decode_without_bom_handling(bytes);
    if !malformed {
        return text.into_owned();
    }
    // Nothing fits: the reading with the fewest holes.
    let tries = [Some(found), declared, Some(UTF_8), Some(GB18030), Some(BIG5), Some(WINDOWS_1252)];
    let texts = tries.into_iter().flatten().map(|e| e.decode_without_bom_handling(bytes).0.into_owned());
    texts.min_by_key(|t| t.matches('\u{fffd}').count()).unwrap_or_default()
}

/// UTF-16 without a byte order mark: every other byte of Latin text is zero.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(512) & !1];
    let (mut even, mut odd) = (0usize, 0usize);
    for pair in sample.chunks_exact(2) {
        even += usize::from(pair[0] == 0);
        odd += usize::from(pair[1] == 0);
    }
    let pairs = sample.len() / 2;
    match (even, odd) {
        _ if pairs < 4 => None,
        (0..=1, o) if o * 4 > pairs => Some(UTF_16LE),
        (e, 0..=1) if e * 4 > pairs => Some(UTF_16BE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "采购单号：LL-26030201，数量6,000条，请确认交货日期";

    #[test]
    fn charsets_by_label_and_by_bytes() {
        let (gbk, big5) = (GB18030.encode(TEXT).0, BIG5.encode("訂單編號：數量六千條，請確認交貨日期").0);
        let utf16: Vec<u8> = "PO,Qty\n采购,5\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, label, want) in [
            (&gbk[..], Some("gb2312"), TEXT),
            (&gbk[..], Some("x-unknown"), TEXT),
            (&gbk[..], Some("iso-8859-1"), TEXT),
            (&gbk[..], Some("utf-8"), TEXT),
            (&gbk[..], None, TEXT),
            (TEXT.as_bytes(), Some("gb2312"), TEXT),
            (TEXT.as_bytes(), Some("iso-8859-1"), TEXT),
            (&big5[..], Some("big5"), "訂單編號：數量六千條，請確認交貨日期"),
            (&b"J\xf6rg Wei\xdf"[..], Some("iso-8859-1"), "Jörg Weiß"),
            (&utf16[..], None, "PO,Qty\n采购,5\n"),
        ] {
            assert_eq!(decode(bytes, label), want, "{label:?}");
        }
    }
}
