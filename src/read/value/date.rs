//! Printed dates: 2026年3月2日, 2026.3.2, 3月20日, 20/11/2026, 15 May 2026, 26号, Excel serials.

use super::hanzi;
use super::text::plain;
use chrono::{Datelike, Days, NaiveDate};
use regex::{Captures, Regex};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::sync::LazyLock;

/// Which of day and month comes first in 03/04/2026.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DayOrder {
    #[default]
    Unknown,
    DayFirst,
    MonthFirst,
}

/// What is known around a date: the day of the message (for dates without a year), and the writer's habit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context {
    pub base: Option<NaiveDate>,
    pub order: DayOrder,
    /// The order is only a guess from the time zone of the mail.
    pub hinted: bool,
}

/// A date found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    pub value: NaiveDate,
    /// Byte span in the plain text.
    pub start: usize,
    pub end: usize,
    /// Another reading of the digits is possible, or the year was guessed with little ground.
    pub ambiguous: bool,
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("constant pattern")
}

static YMD: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(20\d{2}|19\d{2})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*(?:日|号|號)?"));
static COMPACT: LazyLock<Regex> = LazyLock::new(|| regex(r"\b(20\d{2})(\d{2})(\d{2})\b"));
static DMY: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\b(\d{1,2})\s?([./-])\s?(\d{1,2})\s?[./-]\s?(20\d{2}|\d{2})\b"));
static HAN_MD: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"([\d一二三四五六七八九十]{1,3})\s*月\s*(?:份)?\s*([\d一二三四五六七八九十]{1,3})\s*(?:日|号|號)?")
});
static DAY_MONTH: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(\d{1,2})(?:st|nd|rd|th|\.)?[ \-/]?(?:of )?([\p{L}]{3,10})\.?[ ,\-/]{0,2}(20\d{2}|'?\d{2}\b)?",
    )
});
static MONTH_DAY: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)\b([\p{L}]{3,10})\.?[ \-](\d{1,2})(?:st|nd|rd|th)?\b(?:[ ,\-]{1,2}(20\d{2}))?")
});
static HAN_DAY: LazyLock<Regex> = LazyLock::new(|| regex(r"(\d{1,2})\s*(?:号|號)"));
static SHORT: LazyLock<Regex> = LazyLock::new(|| regex(r"^\s*(\d{1,2})[./-](\d{1,2})\s*$"));

const MONTHS: [(&str, u32); 34] = [
    ("jan", 1),
    ("feb", 2),
    ("fév", 2),
    ("mar", 3),
    ("mär", 3),
    ("mrz", 3),
    ("apr", 4),
    ("avr", 4),
    ("abr", 4),
    ("may", 5),
    ("mai", 5),
    ("mag", 5),
    ("mayo", 5),
    ("june", 6),
    ("jun", 6),
    ("juin", 6),
    ("giu", 6),
    ("july", 7),
    ("jul", 7),
    ("juil", 7),
    ("lug", 7),
    ("aug", 8),
    ("aoû", 8),
    ("ago", 8),
    ("sep", 9),
    ("set", 9),
    ("oct", 10),
    ("okt", 10),
    ("ott", 10),
    ("nov", 11),
    ("dec", 12),
    ("dez", 12),
    ("déc", 12),
    ("dic", 12),
];
const MONTH_NAMES: [&str; 44] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "januar",
    "februar",
    "märz",
    "april",
    "mai",
    "juni",
    "juli",
    "oktober",
    "dezember",
    "janvier",
    "février",
    "mars",
    "avril",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

fn month_of(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    let known =
        word.chars().count() == 3 || word == "sept" || word == "juil" || MONTH_NAMES.contains(&word.as_str());
    MONTHS.iter().filter(|(m, _)| known && word.starts_with(m)).max_by_key(|(m, _)| m.len()).map(|(_, n)| *n)
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok().or_else(|| hanzi::integer(text)?.to_u32())
}

fn ymd(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}

/// The year that puts month and day nearest to the base.
fn nearest(month: u32, day: u32, base: Option<NaiveDate>) -> Option<NaiveDate> {
    let base = base?;
    let years = [base.year() - 1, base.year(), base.year() + 1];
    years.into_iter().filter_map(|y| ymd(y, month, day)).min_by_key(|d| (*d - base).num_days().abs())
}

/// The first date in the text. `loose` also takes forms that are only dates where a label says so (26号, 3/20, 20260320).
#[must_use]
pub fn find(text: &str, context: &Context, loose: bool) -> Option<Date> {
    let text = plain(text);
    let mut found: Vec<Date> = strict(&text, context);
    if found.is_empty() && loose {
        found = labelled(&text, context);
    }
    found.into_iter().min_by_key(|d| (d.start, std::cmp::Reverse(d.end)))
}

/// All dates of the strict forms, in reading order, without overlaps.
#[must_use]
pub fn all(text: &str, context: &Context) -> Vec<Date> {
    let mut dates = strict(&plain(text), context);
    dates.sort_by_key(|d| (d.start, std::cmp::Reverse(d.end)));
    let mut out: Vec<Date> = Vec::new();
    for date in dates {
        if out.last().is_none_or(|last| date.start >= last.end) {
            out.push(date);
        }
    }
    out
}

fn strict(text: &str, context: &Context) -> Vec<Date> {
    let mut out = Vec::new();
    collect(&YMD, text, &mut out, |c| {
        let clear = !text[c.get(3)?.end()..].starts_with(|x: char| x.is_ascii_digit());
        Some((ymd(c[1].parse().ok()?, c[2].parse().ok()?, c[3].parse().ok()?).filter(|_| clear)?, false))
    });
    collect(&DMY, text, &mut out, |c| dmy(c, context));
    collect(&HAN_MD, text, &mut out, |c| {
        Some((nearest(number(&c[1])?, number(&c[2])?, context.base)?, false))
            .filter(|_| !year_before(text, c))
    });
    collect(&DAY_MONTH, text, &mut out, |c| named(c.get(3), month_of(&c[2])?, c[1].parse().ok()?, context));
    collect(&MONTH_DAY, text, &mut out, |c| named(c.get(3), month_of(&c[1])?, c[2].parse().ok()?, context));
    out
}

fn labelled(text: &str, context: &Context) -> Vec<Date> {
    let mut out = Vec::new();
    collect(&COMPACT, text, &mut out, |c| {
        Some((ymd(c[1].parse().ok()?, c[2].parse().ok()?, c[3].parse().ok()?)?, false))
    });
    collect(&SHORT, text, &mut out, |c| short(c, context));
    collect(&HAN_DAY, text, &mut out, |c| Some((nearest_day(c[1].parse().ok()?, context.base?)?, true)));
    out
}

fn collect(
    regex: &Regex,
    text: &str,
    out: &mut Vec<Date>,
    read: impl Fn(&Captures<'_>) -> Option<(NaiveDate, bool)>,
) {
    for captures in regex.captures_iter(text) {
        if let (Some((value, ambiguous)), Some(span)) = (read(&captures), captures.get(0)) {
            let end = span.start() + span.as_str().trim_end_matches([' ', ',', '-', '/']).len();
            out.push(Date { value, start: span.start(), end, ambiguous });
        }
    }
}

fn year_before(text: &str, captures: &Captures<'_>) -> bool {
    captures.get(0).is_some_and(|m| text[..m.start()].trim_end().ends_with('年'))
}

fn named(
    year: Option<regex::Match<'_>>,
    month: u32,
    day: u32,
    context: &Context,
) -> Option<(NaiveDate, bool)> {
    match year.and_then(|y| y.as_str().trim_start_matches('\'').parse::<i32>().ok()) {
        Some(y) if y >= 1900 => ymd(y, month, day).map(|d| (d, false)),
        Some(y) if (15..60).contains(&y) => ymd(2000 + y, month, day).map(|d| (d, false)),
        _ => nearest(month, day, context.base).map(|d| (d, false)),
    }
}

fn dmy(c: &Captures<'_>, context: &Context) -> Option<(NaiveDate, bool)> {
    let (a, b): (u32, u32) = (c[1].parse().ok()?, c[3].parse().ok()?);
    let year: i32 = c[4].parse().ok()?;
    if year < 100 && (20..=40).contains(&a) && a != b && (1..=12).contains(&b) && (1..=31).contains(&year) {
        // 26.3.18 is the Chinese short form; 26/3/18 elsewhere is day first: told by what is nearer to the message.
        let chinese = ymd(2000 + i32::try_from(a).ok()?, b, u32::try_from(year).ok()?)?;
        let western = ymd(2000 + year, b, a);
        let far = |d: NaiveDate| context.base.map_or(0, |base| (d - base).num_days().abs());
        let pick = western.filter(|w| far(*w) < far(chinese)).unwrap_or(chinese);
        return Some((pick, true));
    }
    let year = if year < 100 { 2000 + year } else { year };
    let day_first = match (&c[2], context.order) {
        _ if a > 12 => true,
        _ if b > 12 => false,
        (".", _) | (_, DayOrder::DayFirst) => true,
        (_, DayOrder::MonthFirst) => false,
        (_, DayOrder::Unknown) => unknown_order(year, a, b, context.base),
    };
    let doubtful = a <= 12
        && b <= 12
        && a != b
        && &c[2] != "."
        && (context.order == DayOrder::Unknown || context.hinted);
    let value = if day_first { ymd(year, b, a) } else { ymd(year, a, b) };
    value.map(|d| (d, doubtful))
}

/// Neither hint: the reading that is nearer to the message.
fn unknown_order(year: i32, a: u32, b: u32, base: Option<NaiveDate>) -> bool {
    let far = |d: Option<NaiveDate>| d.zip(base).map_or(i64::MAX, |(d, base)| (d - base).num_days().abs());
    far(ymd(year, b, a)) <= far(ymd(year, a, b))
}

fn short(c: &Captures<'_>, context: &Context) -> Option<(NaiveDate, bool)> {
    let (a, b): (u32, u32) = (c[1].parse().ok()?, c[2].parse().ok()?);
    let month_first = nearest(a, b, context.base);
    let day_first = nearest(b, a, context.base);
    match (month_first, day_first, context.order) {
        (Some(d), None, _) | (Some(d), _, DayOrder::MonthFirst) | (None, Some(d), _) => Some((d, false)),
        (Some(_), Some(d), DayOrder::DayFirst) => Some((d, true)),
        (Some(d), Some(_), DayOrder::Unknown) => Some((d, a != b)),
        (None, None, _) => None,
    }
}

fn nearest_day(day: u32, base: NaiveDate) -> Option<NaiveDate> {
    let this = ymd(base.year(), base.month(), day);
    let later = base.checked_add_months(chrono::Months::new(1)).and_then(|n| ymd(n.year(), n.month(), day));
    this.filter(|d| *d >= base).or(later).or(this)
}

/// An Excel serial number (days since 1899-12-30) of the years 1990 to 2100.
#[must_use]
pub fn serial(value: Decimal) -> Option<NaiveDate> {
    let days = value.trunc().to_u64().filter(|d| (32_874..73_051).contains(d))?;
    ymd(1899, 12, 30)?.checked_add_days(Days::new(days))
}

/// What the dates of a document tell about its habit: a day over 12, or a date that read one way is the message's own.
#[must_use]
pub fn habit<'a>(texts: impl Iterator<Item = &'a str>, base: Option<NaiveDate>) -> DayOrder {
    let (mut day, mut month) = (false, false);
    for text in texts {
        for c in DMY.captures_iter(&plain(text)) {
            let (a, b): (u32, u32) = (c[1].parse().unwrap_or(0), c[3].parse().unwrap_or(0));
            if c[4].len() == 4 && &c[2] != "." {
                let year = c[4].parse().unwrap_or(0);
                let own = |d: Option<NaiveDate>| {
                    a != b && d.zip(base).is_some_and(|(d, base)| (base - d).num_days().abs() <= 1)
                };
                day |= (a > 12 && a <= 31 && (1..=12).contains(&b)) || own(ymd(year, b, a));
                month |= (b > 12 && b <= 31 && (1..=12).contains(&a)) || own(ymd(year, a, b));
            }
        }
    }
    match (day, month) {
        (true, false) => DayOrder::DayFirst,
        (false, true) => DayOrder::MonthFirst,
        _ => DayOrder::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Context {
        Context { base: NaiveDate::from_ymd_opt(2026, 3, 10), order: DayOrder::Unknown, hinted: false }
    }

    #[test]
    fn dates() {
        for (text, want) in [
            ("2026年3月18日", "2026-03-18"),
            ("2026.03.02", "2026-03-02"),
            ("2026/3/4", "2026-03-04"),
            ("２０２６－０３－０４", "2026-03-04"),
            ("2026-04-20 00:00:00", "2026-04-20"),
            ("3月20日前", "2026-03-20"),
            ("三月二十日", "2026-03-20"),
            ("12月28日", "2025-12-28"),
            ("15.05.2026", "2026-05-15"),
            ("20/11/2026", "2026-11-20"),
            ("04/20/2026", "2026-04-20"),
            ("May 15, 2026", "2026-05-15"),
            ("15 May 2026", "2026-05-15"),
            ("15-May-26", "2026-05-15"),
            ("15. Mai 2026", "2026-05-15"),
            ("20th March", "2026-03-20"),
            ("December 3rd, 2026", "2026-12-03"),
            ("26.3.18", "2026-03-18"),
        ] {
            assert_eq!(
                find(text, &base(), false).map(|d| d.value.to_string()).as_deref(),
                Some(want),
                "{text}"
            );
        }
        for text in ["abc", "18cm", "0769-5550-1201", "1.2.3", "3#22cm", "marked 12", "20260318"] {
            assert_eq!(find(text, &base(), false), None, "{text}");
        }
    }

    #[test]
    fn labelled_forms() {
        for (text, want) in [("26号", "2026-03-26"), ("3/20", "2026-03-20"), ("20260318", "2026-03-18")] {
            assert_eq!(
                find(text, &base(), true).map(|d| d.value.to_string()).as_deref(),
                Some(want),
                "{text}"
            );
        }
    }

    #[test]
    fn order_of_day_and_month_is_a_hint() {
        let us = Context { order: DayOrder::MonthFirst, ..base() };
        let found = find("03/04/2026", &us, false);
        assert_eq!(found.map(|d| (d.value.to_string(), d.ambiguous)), Some(("2026-03-04".to_owned(), false)));
        assert!(find("03/04/2026", &base(), false).is_some_and(|d| d.ambiguous));
        assert_eq!(habit(["03/10/2026", "04/20/2026"].into_iter(), None), DayOrder::MonthFirst);
    }

    #[test]
    fn serials() {
        assert_eq!(serial(Decimal::from(46090)).map(|d| d.to_string()).as_deref(), Some("2026-03-09"));
        assert_eq!(serial(Decimal::from(3000)), None);
    }
}
