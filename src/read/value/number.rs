//! Printed numbers: thousand separators, full-width digits, 1.2万, 三千, European 1.500,00. Never a float.

use super::hanzi;
use super::text::plain;
use regex::Regex;
use rust_decimal::Decimal;
use std::str::FromStr;
use std::sync::LazyLock;

/// How a document writes its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// 1,500.00 (also when a document has nothing that tells).
    #[default]
    Point,
    /// 1.500,00
    Comma,
    /// Nothing but 1.000 and 2.500 in a European text: most likely thousands.
    Thousands,
    /// Both kinds occur.
    Mixed,
}

/// A number found at the start of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub value: Decimal,
    /// Bytes that it takes of the text it was found in (which must be `plain`).
    pub len: usize,
    /// Another reading of the separators is possible.
    pub ambiguous: bool,
}

static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    // Blanks and apostrophes part thousands only where three digits follow.
    let pattern =
        r"^[+-]?(?:\d{1,3}(?:[ \u{a0}\u{202f}'’]\d{3})+(?:[.,]\d+)?|\d[\d.,]*\d|\d|[.,]\d+)(?:\.[-–—])?";
    Regex::new(pattern).expect("constant pattern")
});
static EURO: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?:^|[^\d.,])(?:\d{1,3}(?:\.\d{3})+,\d{1,4}|\d+,\d{2}|0,\d+)(?:$|[^\d.,])";
    Regex::new(pattern).expect("constant pattern")
});
static POINT: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        r"(?:^|[^\d.,])(?:\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,}|\d+\.\d{2}|0\.\d+)(?:$|[^\d.,])";
    Regex::new(pattern).expect("constant pattern")
});

static ROUND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[1-9]\d{0,2}(?:\.\d{3})*\.\d00(?:\s?\p{L}{1,5})?$").expect("constant pattern")
});

/// Tells from all the text of a document how it writes numbers.
#[must_use]
pub fn style<'a>(texts: impl Iterator<Item = &'a str>, european: bool) -> Style {
    let (mut euro, mut point, mut round) = (0usize, 0usize, 0usize);
    for text in texts {
        let text = plain(text);
        euro += EURO.find_iter(&text).count();
        point += POINT.find_iter(&text).count();
        round += text.split([' ', '\t', '|']).filter(|t| ROUND.is_match(t)).count();
    }
    match (euro, point) {
        // Nothing but 1.000 and 2.500: thousands, though every such figure stays ambiguous.
        (0, 0) if european && round > 0 => Style::Thousands,
        (0, _) => Style::Point,
        (_, 0) => Style::Comma,
        _ => Style::Mixed,
    }
}

/// The number at the start of a plain text.
#[must_use]
pub fn leading(text: &str, style: Style) -> Option<Number> {
    let first = text.chars().next()?;
    if hanzi::is_numeral(first) {
        return leading_hanzi(text);
    }
    let token = TOKEN.find(text)?;
    let digits = token.as_str().trim_end_matches(['-', '–', '—']);
    let (value, ambiguous) = separated(digits, style)?;
    let rest = &text[token.end()..];
    let skip = rest.len() - rest.trim_start_matches(' ').len();
    match rest.trim_start_matches(' ').chars().next().and_then(|c| Some((c, hanzi::multiplier(c)?))) {
        Some((c, factor)) => {
            let len = token.end() + skip + c.len_utf8();
            compound(text, len, value.checked_mul(factor)?.normalize(), factor, ambiguous)
        }
        None => Some(Number { value, len: token.end(), ambiguous }),
    }
}

/// 2万5千: a second, smaller part directly behind.
fn compound(text: &str, len: usize, value: Decimal, factor: Decimal, ambiguous: bool) -> Option<Number> {
    let more = text[len..]
        .chars()
        .next()
        .filter(char::is_ascii_digit)
        .and_then(|_| leading(&text[len..], Style::Point));
    if let Some(more) = more
        && more.value < factor
        && text[len..len + more.len].chars().any(|c| hanzi::multiplier(c).is_some())
    {
        return Some(Number { value: value.checked_add(more.value)?, len: len + more.len, ambiguous });
    }
    Some(Number { value, len, ambiguous })
}

fn leading_hanzi(text: &str) -> Option<Number> {
    let len = text.find(|c| !hanzi::is_numeral(c)).unwrap_or(text.len());
    let value = hanzi::integer(&text[..len])?;
    Some(Number { value, len, ambiguous: false })
}

/// The value of digits with separators, and whether another reading is possible.
fn separated(token: &str, style: Style) -> Option<(Decimal, bool)> {
    let token: String =
        token.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’' | '+')).collect();
    let token = token.trim_end_matches(['.', ',']);
    let (dots, commas) = (token.matches('.').count(), token.matches(',').count());
    let decimal_comma = match (dots, commas) {
        (0, 0) => return decimal(token, None).map(|d| (d, false)),
        (1, 0) | (0, 1) => return one_separator(token, style),
        (_, 0) => {
            return grouped(token, '.')
                .then(|| decimal(token, None))
                .flatten()
                .map(|d| (d, style != Style::Comma));
        }
        (0, _) => {
            return grouped(token, ',')
                .then(|| decimal(token, None))
                .flatten()
                .map(|d| (d, style == Style::Comma));
        }
        _ => token.rfind(',') > token.rfind('.'),
    };
    let (mark, group) = if decimal_comma { (',', '.') } else { ('.', ',') };
    let whole = token.rsplit_once(mark)?.0;
    (grouped(whole, group) && !whole.contains(mark))
        .then(|| decimal(token, Some(mark)))
        .flatten()
        .map(|d| (d, false))
}

/// One `.` or `,`: a decimal mark, or a group of three.
fn one_separator(token: &str, style: Style) -> Option<(Decimal, bool)> {
    let mark = if token.contains('.') { '.' } else { ',' };
    let (whole, tail) = token.split_once(mark)?;
    let lead = whole.trim_start_matches('-');
    let groups = tail.len() == 3 && (1..=3).contains(&lead.len()) && !lead.starts_with('0');
    let comma = matches!(style, Style::Comma | Style::Thousands);
    let as_group = groups && if mark == ',' { !comma } else { comma };
    let ambiguous = match (mark, groups) {
        (',', true) => style != Style::Point,
        (',', false) => style != Style::Comma,
        (_, true) => !matches!(style, Style::Point | Style::Comma),
        (_, false) => false,
    };
    decimal(token, (!as_group).then_some(mark)).map(|d| (d, ambiguous))
}

fn grouped(whole: &str, mark: char) -> bool {
    let mut parts = whole.trim_start_matches('-').split(mark);
    let first = parts.next().unwrap_or("");
    (1..=3).contains(&first.len()) && parts.all(|p| p.len() == 3) || !whole.contains(mark)
}

fn decimal(token: &str, mark: Option<char>) -> Option<Decimal> {
    let mut text = String::with_capacity(token.len());
    for c in token.chars() {
        if Some(c) == mark {
            text.push('.');
        } else if c.is_ascii_digit() || c == '-' {
            text.push(c);
        }
    }
    if text.starts_with('.') {
        text.insert(0, '0');
    }
    (text.len() <= 24).then(|| Decimal::from_str(&text).ok()).flatten()
}

/// A text that is nothing but a number.
#[must_use]
pub fn whole(text: &str, style: Style) -> Option<Number> {
    let text = plain(text);
    let text = text.trim();
    leading(text, style).filter(|n| n.len == text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        use Style::{Comma, Point};
        for (text, style, want, ambiguous) in [
            ("6,000", Point, "6000", false),
            ("１，５００", Point, "1500", false),
            ("1.2万", Point, "12000", false),
            ("2万5千", Point, "25000", false),
            ("3千", Point, "3000", false),
            ("三千", Point, "3000", false),
            ("0.0265", Point, "0.0265", false),
            ("1,234,567.89", Point, "1234567.89", false),
            ("1.500,00", Point, "1500.00", false),
            ("1.500", Comma, "1500", false),
            ("1.500", Style::Thousands, "1500", true),
            ("1.500", Point, "1.500", false),
            ("1,500", Comma, "1.500", true),
            ("0,47", Comma, "0.47", false),
            ("0,47", Point, "0.47", true),
            ("1 500,00", Comma, "1500.00", false),
            ("12'500.00", Point, "12500.00", false),
            ("-3", Point, "-3", false),
            (".5", Point, "0.5", false),
        ] {
            let got = whole(text, style).map(|n| (n.value.to_string(), n.ambiguous));
            assert_eq!(got, Some((want.to_owned(), ambiguous)), "{text}");
        }
        for text in ["", "abc", "1.2.3", "1,23,4", "12-34", "18cm"] {
            assert_eq!(whole(text, Point), None, "{text}");
        }
    }

    #[test]
    fn styles() {
        assert_eq!(style(["1.500,00", "0,47"].into_iter(), false), Style::Comma);
        assert_eq!(style(["1,500.00", "2026.03.02"].into_iter(), false), Style::Point);
        assert_eq!(style(["1.500,00", "1,500.00"].into_iter(), false), Style::Mixed);
    }
}
