//! Small text helpers: width folding, keys for label look-up, display width, Han characters.

use unicode_normalization::UnicodeNormalization;

/// NFKC: full-width digits and letters become plain ones. Line breaks stay, and so does the full-width comma, which parts
/// sentences ("M8，2500个"), except between full-width digits.
#[must_use]
pub fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for (n, piece) in text.split('，').enumerate() {
        if n > 0 {
            let grouped = out.ends_with(|c: char| c.is_ascii_digit())
                && piece.starts_with(|c: char| matches!(c, '０'..='９'));
            out.push(if grouped { ',' } else { '，' });
        }
        out.extend(piece.nfkc());
    }
    out
}

/// The form in which labels are compared: NFKC, lower case, letters and digits only; `#` counts as "no".
#[must_use]
pub fn key(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkc() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if (c == '#' || c == '№') && !out.ends_with(|d: char| d.is_ascii_digit()) {
            out.push_str("no");
        }
    }
    out
}

#[must_use]
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[must_use]
pub fn has_han(text: &str) -> bool {
    text.chars().any(is_han)
}

/// Columns that a character takes in a monospaced font: 2 for Han, kana and full-width forms.
#[must_use]
pub fn width(c: char) -> usize {
    let wide =
        is_han(c) || matches!(c, '\u{3000}'..='\u{30ff}' | '\u{ff01}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}');
    if wide { 2 } else { usize::from(!c.is_control()) }
}

/// White space runs become one blank, the ends are trimmed.
#[must_use]
pub fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Trims blanks and the punctuation that parts values, not the kind that belongs to them.
#[must_use]
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, ',' | '，' | ';' | '；' | '。' | '、' | ':' | '：' | '|')
    })
}

/// Characters before `limit`, never cutting one in half.
#[must_use]
pub fn head(text: &str, limit: usize) -> &str {
    text.char_indices().nth(limit).map_or(text, |(at, _)| &text[..at])
}

/// The largest index not over `at` that starts a character.
#[must_use]
pub fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ignore_width_case_and_punctuation() {
        for (text, want) in [
            ("P.O. #", "pono"),
            ("Ｕｎｉｔ Price:", "unitprice"),
            ("合 计 ：", "合计"),
            ("Q'ty", "qty"),
            ("№", "no"),
        ] {
            assert_eq!(key(text), want, "{text}");
        }
    }
}
