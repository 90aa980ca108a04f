//! Company names in a text: by their legal forms and trade words, Chinese and Latin.

use super::Context;
use crate::read::labels::Words;
use crate::read::value::text::{has_han, is_han, squeeze};
const STRONG: [&str; 6] = ["有限责任公司", "股份有限公司", "有限公司", "公司", "集团", "企业社"];
/// The company that a text names, as printed.
#[must_use]
pub(super) fn company_in(text: &str, context: &Context<'_>) -> Option<String> {
    if has_han(text)
        && let Some(name) = han_company(text, context)
    {
        return Some(name);
    }
    latin_company(text, context)
}
fn han_company(text: &str, context: &Context<'_>) -> Option<String> {
    let stop = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '，' | ','
                    | '。'
                    | ';'
                    | '；'
                    | ':'
                    | '：'
                    | '、'
                    | '|'
                    | '《'
                    | '》'
                    | '【'
                    | '】'
                    | '“'
                    | '”'
                    | '/'
            )
    };
    for token in text.split(stop).filter(|t| t.chars().filter(|c| is_han(*c)).count() >= 4) {
        let strong = STRONG.iter().filter_map(|s| token.find(s).map(|at| at + s.len())).min();
        let branch = strong.and_then(|end| {
            token[end..].find("分公司").filter(|n| *n <= 18).map(|n| end + n + "分公司".len())
        });
        let end = branch
            .or(strong)
            .map(|end| if token[end..].starts_with("集团") { end + "集团".len() } else { end });
        let weak = || {
            context
                .labels
                .words(Words::Company)
                .iter()
                .any(|w| has_han(w) && token.ends_with(w.as_str()))
                .then_some(token.len())
        };
        if let Some(end) = end.or_else(weak) {
            let name = token[..end]
                .trim_start_matches(|c: char| !(c.is_alphanumeric() || c == '(' || c == '（'))
                .trim_start_matches(['(', '（']);
            let name = ["我是", "我们是", "这里是", "致", "来自"]
                .iter()
                .fold(name, |n, w| n.strip_prefix(w).unwrap_or(n));
            if name.chars().count() >= 4
                && name.chars().count() <= 40
                && !["我公司", "贵公司", "该公司", "我们公司", "你公司", "本公司"].contains(&name)
            {
                return Some(name.to_owned());
            }
        }
    }
    None
}
/// "Müller & Söhne Textilzubehör GmbH": capitalised words that end in a legal form.
fn latin_company(text: &str, context: &Context<'_>) -> Option<String> {
    for segment in text.split(['|', '\t', '\n', ';', '•', '·']).flat_map(|s| s.split("  ")) {
        let segment = segment.split([':', '：']).next_back().unwrap_or("").trim();
        let mut end = None;
        for (at, c) in segment.char_indices().chain([(segment.len(), ' ')]) {
            let edge = c.is_whitespace() || matches!(c, ',' | ')' | '(' | '，' | '-');
            // "Aurora, CO" is a place.
            let state = segment[..at].ends_with(", CO");
            if edge
                && !state
                && !segment[..at].is_empty()
                && context.labels.ends(Words::Company, segment[..at].trim_end_matches('.')).is_some()
            {
                end = Some(at);
            }
        }
        let Some(name) = end.map(|at| segment[..at].trim_end_matches([',', '-', ' '])) else { continue };
        let small =
            ["of", "and", "&", "de", "y", "und", "für", "e", "et", "the", "von", "du", "la", "des", "di"];
        let capital = |w: &str| {
            small.contains(&w)
                || w.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '(' || c == '&')
        };
        let words: Vec<&str> = name.split_whitespace().collect();
        if words.len() >= 2
            && words.len() <= 9
            && words.iter().all(|w| capital(w) || context.labels.is(Words::Company, w))
            && !context.labels.has(Words::Greeting, words[0])
        {
            return Some(squeeze(name));
        }
    }
    None
}
