//! What fax machines and senders put around the pages: the line at the upper edge, the numbers of the pages, a cover page.

use super::find::callable;
use super::labels::{Labels, Words};
use super::print::{Print, Word};
use super::value::date;
use super::words;
use chrono::{DateTime, FixedOffset, NaiveTime, TimeZone as _, Utc};
use regex::Regex;
use std::sync::LazyLock;

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("constant pattern")
}
static TIME: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?:^|[^\d:])([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?:\D|$)"));
static PAGE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:p|pg|page|pag)[. :]{0,2}0*(\d{1,3})(?:\s*(?:/|of)\s*0*(\d{1,3}))?\b|\b(\d{2,3})/(\d{2,3})\s*$",
    )
});
static FOOT: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)第\s*(\d{1,3})\s*页[,，/ ]*(?:共\s*(\d{1,3})\s*页)?|\bpage\s*(\d{1,3})\s*(?:of|/)\s*(\d{1,3})\b",
    )
});

/// Hours east of UTC of a fax machine's clock: China Standard Time, as of the spool.
const OFFSET_SECONDS: i32 = 8 * 3600;
/// Lines at the upper and lower end of a page in which its number may stand.
const ENDS: usize = 3;
/// A cover has no more letters than this.
const COVER: usize = 1_200;

/// The line that a fax machine writes at the upper edge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Head {
    pub(super) sent_at: Option<DateTime<Utc>>,
    /// The number that called: what its owner has put in, no proof.
    pub(super) caller: Option<String>,
    pub(super) page: Option<Number>,
}

/// The number of a page, and of how many, where that is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) page: u32,
    pub(super) of: Option<u32>,
}

/// Understands the text at the upper edge; None when it is part of the page.
pub(super) fn head(text: &str) -> Option<Head> {
    let day = date::find(text, &date::Context::default(), false);
    let time = TIME.captures(text);
    let caller = callable(text);
    let page = PAGE.captures_iter(text).last().and_then(|found| number(&found));
    let marks = [day.is_some(), time.is_some(), caller.is_some(), page.is_some()];
    if marks.iter().filter(|mark| **mark).count() < 2 {
        return None;
    }
    let clock =
        time.and_then(|found| NaiveTime::from_hms_opt(found[1].parse().ok()?, found[2].parse().ok()?, 0));
    let zone = FixedOffset::east_opt(OFFSET_SECONDS);
    let sent_at = day.filter(|day| !day.ambiguous).zip(clock).zip(zone).and_then(|((day, clock), zone)| {
        Some(zone.from_local_datetime(&day.value.and_time(clock)).single()?.to_utc())
    });
    Some(Head { sent_at, caller, page })
}

fn number(found: &regex::Captures<'_>) -> Option<Number> {
    let get = |at: usize| found.get(at).and_then(|it| it.as_str().parse().ok());
    let (page, of) = (get(1).or_else(|| get(3))?, get(2).or_else(|| get(4)));
    (page > 0 && of.is_none_or(|of| page <= of)).then_some(Number { page, of })
}

/// Takes the machine's line off the page, and gives it.
pub(super) fn set_aside(print: &mut Print) -> Option<Head> {
    let scan = print.scan.as_ref()?;
    let found = head(&scan.head)?;
    let edge = scan.edge;
    print.words.retain(|word| !edge.holds(word.area.middle()));
    Some(found)
}

/// The number that is printed at the upper or lower end of a page.
pub(super) fn printed(print: &Print) -> Option<Number> {
    let lines = words::lines(print.words.clone());
    let said = |line: &Vec<Word>| {
        let text = line.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        FOOT.captures(&text).and_then(|found| number(&found))
    };
    lines.iter().take(ENDS).chain(lines.iter().rev().take(ENDS)).find_map(said)
}

/// Whether it is a cover: it calls itself so, and has no table.
pub(super) fn is_cover(print: &Print, labels: &Labels) -> bool {
    let text: String = print.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    let ruled = print.rules.iter().filter(|rule| !rule.across).count() > 1;
    !ruled && text.chars().count() < COVER && labels.has(Words::Cover, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_fax_machines() {
        let number = |page, of| Some(Number { page, of });
        for (text, sent, caller, page) in [
            (
                "2026-03-16 10:22 FROM: RUIHE WORKWEAR 0791-5550-8841 TO: 0577-5550-8800 P.1/1",
                Some("2026-03-16T02:22:00Z"),
                Some("0791-5550-8841"),
                number(1, Some(1)),
            ),
            (
                "17-MAR-2026 15:08 +852 5550 2702 CHUN KIU HK LTD P.02/02",
                Some("2026-03-17T07:08:00Z"),
                Some("+852 5550 2702"),
                number(2, Some(2)),
            ),
            (
                "2026/03/19 16:41 嘉兴凌寒户外 0573-5550-9912 -> 0577-5550-8800 001/001",
                Some("2026-03-19T08:41:00Z"),
                Some("0573-5550-9912"),
                number(1, Some(1)),
            ),
            ("21-03-26 14:20 0713-5550-1241 P.01", None, Some("0713-5550-1241"), number(1, None)),
            ("03/24/26 02:11 P 1", Some("2026-03-23T18:11:00Z"), None, number(1, None)),
        ] {
            let found = head(text).unwrap();
            assert_eq!(found.sent_at, sent.and_then(|it| it.parse().ok()), "{text}");
            assert_eq!((found.caller.as_deref(), found.page), (caller, page), "{text}");
        }
        for text in ["", "采购订单", "Purchase Order 17-Mar-2026", "Tel: 0577-5550-8800", "P 1"] {
            assert_eq!(head(text), None, "{text}");
        }
    }
}
