//! Figures as recognition mistakes them: points for commas, letters for digits.

use crate::read::print::Word;
use regex::Regex;
use std::sync::LazyLock;

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("constant pattern")
}
/// Digits with marks, and letters that look like digits.
static FIGURE: LazyLock<Regex> = LazyLock::new(|| regex(r"^[\dOoIl|.,]+$"));
/// 4.128.00, 4,128,00: what comes last and has two digits is the fraction.
static FRACTION: LazyLock<Regex> = LazyLock::new(|| regex(r"^(\d{1,3}(?:[.,]\d{3})+)[.,](\d{2})$"));
/// 1.234.567: so many groups can only be thousands.
static GROUPS: LazyLock<Regex> = LazyLock::new(|| regex(r"^\d{1,3}(?:[.,]\d{3}){2,}$"));
/// 580,00: the same figure in every country.
static COMMA: LazyLock<Regex> = LazyLock::new(|| regex(r"^(\d+),(\d{2})$"));

/// Writes the figures among the words as they were meant, where only one meaning is left.
pub(super) fn mend(words: &mut [Word]) {
    for word in words {
        if let Some(text) = mended(&word.text) {
            word.text = text;
        }
    }
}

fn mended(text: &str) -> Option<String> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if !FIGURE.is_match(text) || digits < 2 {
        return None;
    }
    let text = text.replace(['O', 'o'], "0").replace(['I', 'l', '|'], "1");
    if let Some(found) = FRACTION.captures(&text) {
        return Some(format!("{}.{}", found[1].replace('.', ","), &found[2]));
    }
    if GROUPS.is_match(&text) {
        return Some(text.replace('.', ","));
    }
    Some(COMMA.replace(&text, "$1.$2").into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_mended_where_one_meaning_is_left() {
        for (text, wanted) in [
            ("4.128.00", Some("4,128.00")),
            ("4,128,00", Some("4,128.00")),
            ("1.234.567", Some("1,234,567")),
            ("580,00", Some("580.00")),
            ("2.400", Some("2.400")),
            ("0.075", Some("0.075")),
            ("3O0", Some("300")),
            ("l0", None),
            ("A001O-X", None),
            ("O.5", None),
            ("2026-11-20", None),
        ] {
            assert_eq!(mended(text).as_deref(), wanted, "{text}");
        }
    }
}
