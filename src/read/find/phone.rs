//! Phone numbers as printed, told from fax numbers, dates and order numbers.

use crate::read::value::date;
use crate::read::value::text::plain;
use regex::Regex;
use std::sync::LazyLock;
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("constant pattern")
}
static NUMBER: LazyLock<Regex> = LazyLock::new(|| regex(r"\+?\(?\+?\d[\d \-()./]{4,22}\d"));
static CALLABLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:\+\d{1,3}[ \-(.)]{0,2}[\d \-().]{6,16}\d|\b1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}\b|\b0\d{1,3}[ \-)]{1,2}\d{3,4}[ \-]?\d{3,4}\b|\b0\d{9,11}\b|\(\d{2,4}\) ?\d{3,4}[ \-]\d{3,4}|\b\d{3}[\-.]\d{3}[\-.]\d{4}\b|\b400[ \-]?\d{3}[ \-]?\d{4}\b)",
    )
});
/// The first phone number in a value whose label says that it is one.
#[must_use]
pub(super) fn phone_in(text: &str) -> Option<String> {
    let text = plain(text);
    let text = text.as_str();
    let found = NUMBER.find_iter(text).find(|m| {
        let digits = m.as_str().chars().filter(char::is_ascii_digit).count();
        let fax = text[..m.start()].to_lowercase();
        let fax =
            ["fax", "传真", "傳真"].iter().any(|w| fax.trim_end_matches([':', ' ', '.', '：']).ends_with(w));
        (7..=18).contains(&digits)
            && !fax
            && date::find(m.as_str(), &date::Context::default(), false)
                .is_none_or(|d| d.end - d.start + 2 < m.len())
    })?;
    Some(balanced(found.as_str().trim()))
}
/// A slash parts two numbers; a bracket that was not opened is dropped.
fn balanced(text: &str) -> String {
    let first = text.split('/').find(|p| p.chars().filter(char::is_ascii_digit).count() >= 7).unwrap_or(text);
    let first =
        if first.contains(')') && !first.contains('(') { first.replace(')', "") } else { first.to_owned() };
    first.trim().trim_end_matches(['-', '(', '.', ' ']).to_owned()
}
/// A phone number that looks like one without any label.
pub(in crate::read) fn callable(text: &str) -> Option<String> {
    let text = plain(text);
    let found = CALLABLE.find_iter(&text).find(|m| {
        let before = text[..m.start()].to_lowercase();
        let before = before.trim_end_matches([':', ' ', '.', '(', '：']);
        !["fax", "传真", "傳真", "telefax"].iter().any(|w| before.ends_with(w)) && !before.ends_with(" f")
    })?;
    Some(balanced(found.as_str().trim()))
}
