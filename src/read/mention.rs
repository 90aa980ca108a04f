//! Order numbers that a text speaks of: "采购单 LL-26030201 有变更", "【订单】HT2026-0311", "PO NGA/26/0417".

use super::find::order_number::po_token;
use super::labels::{Labels, Words};
use super::value::date;
use super::value::text::{has_han, plain};

/// The first number behind a word for an order.
#[must_use]
pub(super) fn order_number(text: &str, labels: &Labels) -> Option<String> {
    let text = plain(text);
    let lower = text.to_lowercase();
    let mut best: Option<(usize, String)> = None;
    for word in labels.words(Words::ReferTo) {
        for (at, _) in lower.match_indices(word.as_str()) {
            let end = at + word.len();
            let latin = !has_han(word);
            let inside = latin && lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            if inside || !text.is_char_boundary(end) || best.as_ref().is_some_and(|(b, _)| *b <= at) {
                continue;
            }
            if let Some(number) = behind(&text[end..], latin, labels) {
                best = Some((at, number));
            }
        }
    }
    best.map(|(_, number)| number)
}

fn behind(rest: &str, latin: bool, labels: &Labels) -> Option<String> {
    let glued = rest.starts_with(|c: char| c.is_ascii_alphabetic());
    let rest = rest.trim_start_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ':' | '#' | '】' | ']' | ')' | '」' | '》' | '-' | '_' | '.' | '"' | '(' | '【' | '“'
            )
    });
    let rest = [
        "编号", "号码", "单号", "号", "no.", "No.", "NO.", "no", "No", "NO", "number", "Number", "nr.",
        "Nr.", "nr", "Nr",
    ]
    .iter()
    .find_map(|w| rest.strip_prefix(w).filter(|r| !w.is_ascii() || r.starts_with([' ', '.', ':', '#'])))
    .unwrap_or(rest);
    let rest = rest.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, ':' | '#' | '】' | '.' | '"' | '(' | '为' | '是')
    });
    if latin && glued {
        return None;
    }
    let token = po_token(rest).filter(|t| rest.starts_with(t.as_str()))?;
    let dated = date::find(
        rest,
        &date::Context { base: chrono::NaiveDate::from_ymd_opt(2026, 1, 1), ..Default::default() },
        false,
    )
    .is_some_and(|d| d.start == 0);
    let shaped = token.chars().count() >= 4 && token.starts_with(|c: char| c.is_ascii_alphanumeric());
    let year = token.len() == 4 && (token.starts_with("20") || token.starts_with("19"));
    let counted = token.chars().all(|c| c.is_ascii_digit()) && (token.len() < 4 || year);
    let goods = token.chars().all(|c| c.is_ascii_digit())
        && labels.leading_unit(rest[token.len()..].trim_start()).is_some();
    (shaped && !dated && !counted && !goods).then_some(token)
}

/// The number in a file name: "PO-45120.csv", "采购单LHM20260309.xls".
#[must_use]
pub(super) fn in_name(source: &str, labels: &Labels) -> Option<String> {
    let name = source.rsplit('/').next()?;
    let stem = name.rsplit_once('.').map_or(name, |(s, _)| s);
    (stem != source || name.contains('.')).then(|| order_number(stem, labels)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_text() {
        let labels = Labels::built_in();
        for (text, want) in [
            ("我司3月2日的采购单 LL-26030201 有变更", Some("LL-26030201")),
            ("【订单】HT2026-0311 隐形拉链等3项", Some("HT2026-0311")),
            ("Northgate PO NGA/26/0417", Some("NGA/26/0417")),
            ("凌寒户外采购单号LH2603-015请确认交期", Some("LH2603-015")),
            ("取消订单LHM20260309", Some("LHM20260309")),
            ("我司订单 LHM20260309（四合扣三项）请取消", Some("LHM20260309")),
            ("蜀味佳 要货单 3月10日", None),
            ("Bestellung B-2026/0091 für Reißverschlüsse", Some("B-2026/0091")),
            ("we order 5000 pcs", None),
        ] {
            assert_eq!(order_number(text, &labels).as_deref(), want, "{text}");
        }
    }
}
