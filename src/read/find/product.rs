//! The product in a sentence: numbering, part number and name, without the words that lead to them.

/// "订单XC-0901第3项", "line 2 of PO 7781": which order and which position, before the product itself.
static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(
        r"(?i)^.{0,12}?(?:采购单|订单|訂單|\bPO\b|\border\b)(?:编号|号|no\.?|#)?[:\s]*[A-Za-z0-9\-/]*\d[A-Za-z0-9\-/]*",
        r"(?:的|中|里|,|，|\s)*(?:第\s*\d+\s*[项行款]|line \d+|item \d+)?[:：,，\s]*|^\s*第\s*\d+\s*[项行款][:：,，\s]*",
    );
    Regex::new(pattern).expect("constant pattern")
});

use super::Context;
use super::cells::is_code;
use super::sentence::{Hit, Price};
use crate::read::labels::Words;
use crate::read::value::text::{has_han, is_han, squeeze, trim};
use regex::Regex;
use std::sync::LazyLock;
static NUMBERING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:[(（【\[]?(\d{1,3}|[一二三四五六七八九十]{1,2})\s*(?:[)）】\]、]|[.:：](?:\s|\D|$))|[①②③④⑤⑥⑦⑧⑨⑩]|[-*•·●■◆▪>]+\s|第[一二三四五六七八九十\d]{1,2}[、：:款种个])").expect("constant pattern")
});
/// Where a sentence can be cut, in order.
pub(super) fn stops(text: &str) -> Vec<usize> {
    let mut out = Vec::new();
    for (at, c) in text.char_indices() {
        let next = text[at + c.len_utf8()..].chars().next();
        let mark = matches!(c, '，' | '。' | ';' | '；' | '、')
            || (matches!(c, ',' | '.') && next.is_none_or(|n| !n.is_ascii_digit()));
        if mark {
            out.push(at + c.len_utf8());
        }
    }
    for word in [" and ", " plus ", " und ", " y ", " et ", "另外", "还有", "   "] {
        out.extend(text.match_indices(word).map(|(i, w)| i + w.len()));
    }
    out.sort_unstable();
    out
}
/// Number and name of the product: what stands before the quantity, else what stands behind it.
pub(super) fn describe(
    text: &str,
    hit: &Hit,
    prices: &[Price],
    context: &Context<'_>,
) -> (Option<String>, String) {
    let first_price = prices.iter().map(|p| p.start).filter(|s| *s < hit.start).min();
    let before = &text[..first_price.unwrap_or(hit.start).min(hit.start)];
    let (number, before) = numbering(before);
    let name = strip(before_mark(before, context), context);
    if name.chars().filter(|c| c.is_alphanumeric()).count() >= 2 {
        return (number, name);
    }
    let after = &text[hit.end..];
    let end =
        prices.iter().filter(|p| p.start >= hit.end).map(|p| p.start - hit.end).min().unwrap_or(after.len());
    let after = &after[..end.min(after.len())];
    let cut = stops(after)
        .into_iter()
        .find(|i| after[..*i].chars().filter(|c| c.is_alphanumeric()).count() > 1)
        .filter(|i| {
            has_han(after) || after[*i..].trim().is_empty() || !after[..*i].trim_end().ends_with(',')
        });
    (number, strip(&after[..cut.unwrap_or(after.len())], context))
}
/// The text before "，数量…", "qty …": what follows speaks of figures.
fn before_mark<'a>(text: &'a str, context: &Context<'_>) -> &'a str {
    let lower = text.to_lowercase();
    let marks = context.labels.words(Words::QuantityMark).iter().filter(|w| w.chars().count() > 1);
    let spots = marks.flat_map(|w| lower.match_indices(w.as_str())).map(|(at, _)| at).filter(|at| {
        let edge = text.get(..*at).is_some_and(|b| {
            b.ends_with(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | ':' | ';' | '('))
        });
        edge && text[..*at].chars().filter(|c| c.is_alphanumeric()).count() >= 2
    });
    spots.min().map_or(text, |at| &text[..at])
}
pub(super) fn numbering(text: &str) -> (Option<String>, &str) {
    match NUMBERING.captures(text) {
        Some(found) => {
            let number = found
                .get(1)
                .map(|m| m.as_str().to_owned())
                .filter(|n| n.starts_with(|c: char| c.is_ascii_digit()));
            let whole = found.get(0).map_or(0, |m| m.end());
            // The last character matched may belong to the text behind.
            let back =
                text[..whole].chars().next_back().filter(|c| c.is_alphanumeric()).map_or(0, char::len_utf8);
            (number, &text[whole - back..])
        }
        None => (None, text),
    }
}
/// Takes words that only lead to a product ("请再安排", "please send us") or to its quantity ("也要", "qty") off both ends.
pub(super) fn strip(text: &str, context: &Context<'_>) -> String {
    let text = sentence_tail(text);
    let mut text = LEAD.find(text).map_or(text, |m| &text[m.end()..]);
    loop {
        let before = text.len();
        text = text.trim();
        if let Some(len) =
            context.labels.starts(Words::Filler, text).filter(|l| *l <= text.len() && filler_ok(text, *l))
        {
            text = &text[len..];
        }
        text = text.trim_end();
        if let Some(len) = context.labels.ends(Words::FillerEnd, text).filter(|l| filler_end_ok(text, *l)) {
            text = &text[..text.len() - len];
        }
        text = text.trim_matches(|c: char| {
            c.is_whitespace() || matches!(c, ',' | ':' | ';' | '，' | '：' | '；' | '。' | '、' | '@' | '=')
        });
        if text.len() == before || text.is_empty() {
            break;
        }
    }
    let text = squeeze(trim(text));
    let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).filter(|t| !t.contains('('));
    inner.map_or(text.clone(), str::to_owned)
}
/// One character is no filler where it may begin the product's own name ("加厚袋", "进口牛皮", "订书机").
fn filler_ok(text: &str, len: usize) -> bool {
    let word = &text[..len];
    let single = has_han(word) && word.chars().count() == 1;
    let glued = text[len..].starts_with(is_han);
    !single
        || !glued
        || (matches!(word, "请" | "要" | "我" | "需" | "再" | "另" | "还" | "订" | "請" | "訂")
            && !text[len..].starts_with(['书', '書', '制', '做', '素', '外']))
}
/// One character is no filler where it may be the end of the product's name ("黑色加大", "牛奶味").
fn filler_end_ok(text: &str, len: usize) -> bool {
    let start = text.len() - len;
    let word = &text[start..];
    let single = has_han(word) && word.chars().count() == 1;
    !single
        || !text[..start].ends_with(is_han)
        || matches!(word, "要" | "需" | "订" | "各" | "共" | "约" | "計" | "计" | "訂" | "来")
}
/// The last sentence of what stands before a quantity.
fn sentence_tail(text: &str) -> &str {
    let mut from = 0;
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        let stop = matches!(c, '。' | '!' | '！' | '?' | '\n')
            || (matches!(c, ':' | '：')
                && rest.chars().filter(|c| c.is_alphanumeric()).count() > 3
                && text[..at].chars().count() > 3
                && has_han(&text[..at]))
            || (c == '.'
                && rest.starts_with(' ')
                && rest.trim_start().starts_with(char::is_uppercase)
                && text[..at].ends_with(|p: char| p.is_lowercase()));
        if stop && rest.chars().filter(|c| c.is_alphanumeric()).count() > 1 {
            from = at + c.len_utf8();
        }
    }
    // Clauses of courtesy before the product: "麻烦了，5#尼龙…".
    let tail = &text[from..];
    let comma = tail.rfind(['，', '；', ';']).filter(|_| has_han(tail));
    match comma {
        Some(at) => {
            let after = &tail[at + tail[at..].chars().next().map_or(1, char::len_utf8)..];
            let enough = after.chars().filter(|c| c.is_alphanumeric()).count() >= 3
                && !after.trim_start().starts_with("数量");
            if enough { after } else { tail }
        }
        None => tail,
    }
}
/// A part number at the start of a product text.
pub(super) fn split_part(text: &str) -> (Option<String>, String) {
    let (first, rest) = text.split_once([' ', ':', '，', ',']).unwrap_or((text, ""));
    let first_clean = first.trim_end_matches([':', ',', '，']);
    let size = first_clean.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let sized = first_clean.starts_with(|c: char| c.is_ascii_digit())
        && matches!(
            size.to_lowercase().as_str(),
            "cm" | "mm" | "m" | "kg" | "g" | "ml" | "l" | "oz" | "in" | "inch" | "#" | "w" | "v" | "a" | "k"
        );
    let marked = first_clean.contains(['-', '_', '/']) || first_clean.len() >= 6;
    let bytes = first_clean.as_bytes();
    let times = bytes
        .windows(3)
        .any(|w| w[0].is_ascii_digit() && matches!(w[1], b'x' | b'X' | b'*' | b'+') && w[2].is_ascii_digit());
    if is_code(first_clean) && marked && !sized && !times {
        let rest = trim(rest).trim_start_matches(['(', '（', '-', '–']).trim();
        let rest = rest.strip_suffix(')').filter(|r| !r.contains('(')).unwrap_or(rest);
        return (Some(first_clean.to_owned()), rest.trim_end_matches('）').trim().to_owned());
    }
    (None, text.to_owned())
}
