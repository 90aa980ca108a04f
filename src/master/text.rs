//! Texts made comparable: width, case, blanks and traditional forms for products; suffixes and accents for firms.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let pair = |pair: &str| {
        let mut chars = pair.chars();
        Some((chars.next()?, chars.next()?))
    };
    let lines = include_str!("traditional.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).filter_map(pair).collect()
});

/// What stands at the end of a Chinese firm's name and tells nothing.
const CHINESE_SUFFIXES: [&str; 7] =
    ["有限責任公司", "有限责任公司", "股份有限公司", "集團有限公司", "集团有限公司", "有限公司", "公司"];
/// The same in other languages; a name loses as many of them as stand at its end.
const SUFFIXES: [&str; 24] = [
    "co",
    "company",
    "corp",
    "corporation",
    "inc",
    "incorporated",
    "limited",
    "ltd",
    "llc",
    "llp",
    "plc",
    "gmbh",
    "ag",
    "kg",
    "ltda",
    "sa",
    "srl",
    "spa",
    "sarl",
    "bv",
    "nv",
    "ab",
    "pte",
    "pty",
];

/// Whether it is a Chinese character.
#[must_use]
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}

/// NFKC, lower case, simplified characters, one blank for any white space.
#[must_use]
pub fn simple(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let composed = match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        IsNormalized::No | IsNormalized::Maybe => Cow::Owned(text.nfkc().collect()),
    };
    for c in composed.chars().flat_map(char::to_lowercase) {
        if c.is_whitespace() || c.is_control() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            let simplified = if is_han(c) { SIMPLIFIED.get(&c).copied() } else { None };
            out.push(simplified.unwrap_or(c));
        }
    }
    out.trim().to_owned()
}

/// Key of a customer's part number or name: as [`simple`], without any blank.
#[must_use]
pub fn squeezed(text: &str) -> String {
    simple(text).replace(' ', "")
}

/// Key of a firm's name: NFKC, case, accents, blanks, punctuation and legal form do not count; traditional and simplified
/// characters are left as they are.
#[must_use]
pub fn firm(text: &str) -> String {
    let plain: String =
        text.nfkc().nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let plain = plain.replace('ß', "ss");
    let mut words: Vec<&str> =
        plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    while words.len() > 1 && words.last().is_some_and(|word| SUFFIXES.contains(word)) {
        words.pop();
    }
    let joined = words.concat();
    let without = CHINESE_SUFFIXES.iter().find_map(|suffix| joined.strip_suffix(suffix));
    match without {
        Some(core) if core.chars().count() >= 2 => core.to_owned(),
        Some(_) | None => joined,
    }
}

/// The digits of a phone number without the zeros and the Chinese country code in front.
#[must_use]
pub fn phone(text: &str) -> String {
    let digits: String = text.nfkc().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    let national = digits.strip_prefix("86").filter(|rest| rest.len() >= 9).unwrap_or(digits);
    national.trim_start_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product_texts_lose_width_case_and_traditional_forms() {
        assert_eq!(simple("５＃尼龍閉尾　自動頭"), "5#尼龙闭尾 自动头");
        assert_eq!(squeezed(" ll-fl 1180 "), squeezed("LL-FL１１８０"));
    }

    #[test]
    fn firms_lose_their_legal_form_and_accents() {
        for (a, b) in [
            ("东莞市岭澜制衣有限公司", "东莞市岭澜制衣"),
            ("Müller & Söhne Textilzubehör GmbH", "MULLER & SOHNE TEXTILZUBEHOR"),
            ("Chun Kiu (H.K.) Limited", "Chun Kiu（H.K.） Ltd."),
            ("Linglan Garment (Dongguan) Co., Ltd.", "linglan garment dongguan"),
        ] {
            assert_eq!(firm(a), firm(b), "{a}");
        }
        assert_ne!(firm("義泰輔料股份有限公司"), firm("义泰辅料股份有限公司"));
        assert_eq!(firm("有限公司"), "有限公司");
    }

    #[test]
    fn phone_numbers_are_their_national_digits() {
        assert_eq!(phone("0769-5550-1201"), phone("+86 769 5550 1201"));
        assert_eq!(phone("+44 (0)20"), "44020");
    }
}
