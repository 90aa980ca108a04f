//! Order numbers as printed: "CY26-0307A", "采字2026第015号", "B-2026/0091".

use crate::read::value::date;
use regex::Regex;
use std::sync::LazyLock;
static PO: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[\p{L}]{0,12}[A-Za-z0-9][\p{L}0-9\-_/.\[\]()（）〔〕#+]*").expect("constant pattern")
});
/// The number at the start of a value: "CY26-0307A", "采字2026第015号", "B-2026/0091 of 20.03.2026".
#[must_use]
pub fn po_token(value: &str) -> Option<String> {
    let value = value.trim().trim_start_matches(|c: char| {
        matches!(c, '#' | ':' | '：' | '.' | '（' | '(' | '【' | '[' | ' ' | '"' | '\'' | '“' | '「' | '《')
    });
    let value = ["No.", "NO.", "No", "no.", "Nr.", "编号", "号码", "号"]
        .iter()
        .find_map(|w| value.strip_prefix(w))
        .unwrap_or(value)
        .trim_start_matches([':', '：', ' ', '.', '#']);
    let found = PO.find(value).filter(|m| m.start() == 0)?;
    let token = found.as_str().trim_end_matches(['.', '-', '_', '/', '(', '（', '[', '+', '#']);
    let token = cut_sentence(token);
    let closes = |t: &str, o: char, c: char| t.matches(o).count() < t.matches(c).count();
    let token = if closes(token, '(', ')') || closes(token, '（', '）') || closes(token, '[', ']') {
        token.trim_end_matches([')', '）', ']'])
    } else {
        token
    };
    let digits = token.chars().filter(char::is_ascii_digit).count();
    let whole_date = date::find(token, &date::Context::default(), false)
        .is_some_and(|d| d.start == 0 && d.end == token.len());
    (digits > 0 && token.chars().count() >= 2 && token.chars().count() <= 40 && !whole_date)
        .then(|| token.to_owned())
}
/// A number that runs into Chinese words ("LL-26030201有变更") ends before them; "采字2026第15号" does not.
fn cut_sentence(token: &str) -> &str {
    if token.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        let end = token.find(|c: char| crate::read::value::text::is_han(c)).unwrap_or(token.len());
        let rest: String = token[end..].chars().collect();
        if !(rest == "号" || rest.chars().count() <= 3 && rest.ends_with('号')) {
            return token[..end].trim_end_matches(['(', '（', '-', '/']);
        }
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_numbers() {
        for (value, want) in [
            ("CY26-0307A", Some("CY26-0307A")),
            ("B-2026/0091 of 20.03.2026", Some("B-2026/0091")),
            ("NGA/26/0417", Some("NGA/26/0417")),
            ("LL-26030201有变更", Some("LL-26030201")),
            ("#4500012", Some("4500012")),
            ("采字2026第015号", Some("采字2026第015号")),
            ("2026-03-02", None),
            ("见附件", None),
        ] {
            assert_eq!(po_token(value).as_deref(), want, "{value}");
        }
    }
}
