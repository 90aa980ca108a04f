//! Who writes: companies, persons and phones in letterheads and signatures, and the From field of the mail.

use super::{Context, field, sure};
use crate::order::document::Envelope;
use crate::order::draft::{DraftCustomer, Evidence};
use crate::read::labels::Words;
use crate::read::page::TextLine;
use crate::read::value::date;
use crate::read::value::text::{has_han, is_han, plain, squeeze, trim};
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
const STRONG: [&str; 6] = ["有限责任公司", "股份有限公司", "有限公司", "公司", "集团", "企业社"];

/// The company that a text names, as printed.
#[must_use]
pub fn company_in(text: &str, context: &Context<'_>) -> Option<String> {
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
    for segment in text.split(['|', '\t', ';', '•', '·']).flat_map(|s| s.split("  ")) {
        let segment = segment.split([':', '：']).next_back().unwrap_or("").trim();
        let mut end = None;
        for (at, c) in segment.char_indices().chain([(segment.len(), ' ')]) {
            let edge = c.is_whitespace() || matches!(c, ',' | ')' | '(' | '，' | '-');
            if edge
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

/// The first phone number in a value whose label says that it is one.
#[must_use]
pub fn phone_in(text: &str) -> Option<String> {
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
fn callable(text: &str) -> Option<String> {
    let text = plain(text);
    let found = CALLABLE.find_iter(&text).find(|m| {
        let before = text[..m.start()].to_lowercase();
        let before = before.trim_end_matches([':', ' ', '.', '(', '：']);
        !["fax", "传真", "傳真", "telefax"].iter().any(|w| before.ends_with(w)) && !before.ends_with(" f")
    })?;
    Some(balanced(found.as_str().trim()))
}

/// Whether a name is a person's, by its shape.
#[must_use]
pub fn is_person(name: &str, context: &Context<'_>) -> bool {
    let name = name.trim();
    let count = name.chars().count();
    if has_han(name) {
        let han = name.chars().all(|c| is_han(c) || c == '·' || c == ' ');
        let office = [
            "采购",
            "部",
            "公司",
            "厂",
            "订单",
            "业务",
            "销售",
            "客服",
            "供应链",
            "经理",
            "行政",
            "仓库",
            "財務",
            "採購",
            "财务",
            "小组",
            "贸易",
            "中心",
            "店",
            "谢谢",
            "您好",
            "你好",
            "订",
            "确认",
            "附件",
            "备注",
        ];
        return han
            && (2..=4).contains(&name.chars().filter(|c| is_han(*c)).count())
            && !office.iter().any(|w| name.contains(w));
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    let office = [
        "purchasing",
        "order",
        "orders",
        "sales",
        "procurement",
        "team",
        "buyer",
        "info",
        "dept",
        "department",
        "office",
        "admin",
        "group",
        "supply",
        "purchase",
        "sourcing",
        "import",
        "einkauf",
        "compras",
        "no-reply",
        "noreply",
        "accounts",
        "service",
        "mail",
        "manager",
        "regards",
        "dear",
        "thanks",
        "director",
        "logistics",
        "merchandiser",
    ];
    let shaped = words.iter().all(|w| {
        w.starts_with(char::is_uppercase)
            && w.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '\'' | '’'))
    });
    (2..=4).contains(&words.len())
        && count <= 40
        && shaped
        && !words.iter().any(|w| office.contains(&w.to_lowercase().as_str()))
        && !context.labels.has(Words::Company, name)
}

/// The person in a display name: "陈婉仪", "Weiss, Jörg", "陈婉仪/岭澜制衣".
#[must_use]
pub fn person_of(display: &str, context: &Context<'_>) -> Option<String> {
    if let Some((last, first)) = display.split_once(", ").filter(|_| !has_han(display)) {
        let name = format!("{} {}", first.trim(), last.trim());
        if is_person(&name, context) {
            return Some(name);
        }
    }
    if is_person(display, context) {
        return Some(squeeze(display));
    }
    let parts = display
        .split(['/', '|', '-', '(', '（', ')', '）', '_', '@', '·', '—', '–'])
        .flat_map(|p| if has_han(p) { p.split(' ').collect::<Vec<_>>() } else { vec![p] });
    parts.map(str::trim).find(|p| is_person(p, context)).map(str::to_owned)
}

/// The last written lines of a mail, without disclaimers.
#[must_use]
pub fn region<'a>(lines: &'a [TextLine], context: &Context<'_>) -> Vec<&'a TextLine> {
    let end = lines
        .iter()
        .position(|l| context.labels.starts(Words::Disclaimer, plain(&l.text).trim()).is_some())
        .unwrap_or(lines.len());
    let filled: Vec<&TextLine> = lines[..end].iter().filter(|l| !l.text.trim().is_empty()).collect();
    let greeting =
        |l: &TextLine| l.text.trim_end().ends_with([':', '：', ',', '，']) && l.text.chars().count() < 40;
    let from = filled.len().saturating_sub(14);
    filled[from..].iter().copied().filter(|l| !greeting(l)).collect()
}

/// Fills what the order itself does not print from the signature and the From field.
pub fn complete(
    customer: &mut DraftCustomer,
    lines: &[TextLine],
    envelope: &Envelope,
    context: &Context<'_>,
) {
    let region = region(lines, context);
    let at = |l: &TextLine| Evidence::Line { line: l.number };
    let display = envelope.from_name.as_deref().unwrap_or("");
    let person = person_of(display, context);
    if customer.contact.is_none() {
        let header = Evidence::Header { name: "From".to_owned() };
        customer.contact = match &person {
            Some(name) => Some(field(name.clone(), header, sure::SIGNATURE)),
            None => signed(&region, context).map(|(name, line)| field(name, at(line), sure::HEADER)),
        };
    }
    if customer.name.is_none() {
        customer.name = name_of(&region, display, person.as_deref(), context);
    }
    if customer.phone.is_none() {
        customer.phone =
            region.iter().rev().find_map(|l| Some(field(phone_of(l, context)?, at(l), sure::SIGNATURE)));
    }
    if customer.email.is_none() {
        let header = Evidence::Header { name: "From".to_owned() };
        customer.email = envelope.from_address.clone().map(|a| field(a, header, sure::SIGNATURE));
    }
}

fn phone_of(line: &TextLine, context: &Context<'_>) -> Option<String> {
    let folded = plain(&line.text);
    let labelled = [
        "tel",
        "phone",
        "电话",
        "電話",
        "手机",
        "手機",
        "mob",
        "cell",
        "fon",
        "tél",
        "t:",
        "m:",
        "p:",
        "联系方式",
    ];
    let lower = folded.to_lowercase();
    let named = labelled.iter().find_map(|w| {
        let at = lower.find(w)?;
        phone_in(folded.get(at + w.len()..)?)
    });
    let faxed = context.labels.words(Words::Fax).iter().any(|w| lower.trim_start().starts_with(w.as_str()));
    named.filter(|_| !faxed).or_else(|| callable(&folded))
}

/// A line of the signature that is a person's name.
fn signed<'a>(region: &[&'a TextLine], context: &Context<'_>) -> Option<(String, &'a TextLine)> {
    region.iter().rev().take(8).find_map(|l| {
        let text = plain(&l.text);
        let token = text.split(['|', ',', '，', '/', '(']).next().unwrap_or("").trim();
        let first = if has_han(token) {
            token.split_whitespace().find(|t| is_person(t, context)).unwrap_or("")
        } else {
            token
        };
        is_person(first, context).then(|| (first.to_owned(), *l))
    })
}

/// The company in the signature; else what stands beside the person's name; else a company as display name.
fn name_of(
    region: &[&TextLine],
    display: &str,
    person: Option<&str>,
    context: &Context<'_>,
) -> crate::order::draft::Found<String> {
    let at = |l: &TextLine| Evidence::Line { line: l.number };
    let asked = |l: &TextLine| context.labels.has(Words::Greeting, &l.text) || l.text.chars().count() > 90;
    let named = |l: &&&TextLine| !asked(l) && company_in(&l.text, context).is_some();
    if let Some(line) = region.iter().rev().find(named) {
        return company_in(&line.text, context).map(|n| field(n, at(line), sure::SIGNATURE));
    }
    if let Some(name) = company_in(display, context) {
        return Some(field(name, Evidence::Header { name: "From".to_owned() }, sure::HEADER));
    }
    let person = person?;
    region.iter().rev().find_map(|l| {
        let rest = l.text.replace(person, " ");
        if rest == l.text {
            return None;
        }
        let tokens = rest.split(|c: char| c.is_whitespace() || matches!(c, '，' | ',' | '|' | '/' | '-'));
        let name = tokens.map(trim).find(|t| {
            t.chars().filter(|c| is_han(*c)).count() >= 3
                && context.labels.label(t).is_none()
                && !context.labels.has(Words::Closing, t)
                && !context.labels.has(Words::Courtesy, t)
                && !context.labels.has(Words::OrderWord, t)
                && t.chars().count() <= 20
        })?;
        Some(field(name.to_owned(), at(l), sure::PROSE))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::labels::Labels;

    #[test]
    fn companies_persons_phones() {
        let labels = Labels::built_in();
        let context = Context { labels: &labels, style: Default::default(), dates: Default::default() };
        for (text, want) in [
            ("厦门鹭衡贸易有限公司采购订单", Some("厦门鹭衡贸易有限公司")),
            ("上海澄砚国际贸易有限公司 订购单", Some("上海澄砚国际贸易有限公司")),
            ("义乌市聚芯辅料商行 楼建军 0579-5550-2401", Some("义乌市聚芯辅料商行")),
            ("Müller & Söhne Textilzubehör GmbH", Some("Müller & Söhne Textilzubehör GmbH")),
            ("Pacific Ridge Outdoor Inc.", Some("Pacific Ridge Outdoor Inc.")),
            ("please send it to our trading company", None),
            ("5#尼龙闭尾 自动头", None),
        ] {
            assert_eq!(company_in(text, &context).as_deref(), want, "{text}");
        }
        for (text, want) in [
            ("Tel. +49 40 5550 4201", Some("+49 40 5550 4201")),
            ("0769-5550-1201", Some("0769-5550-1201")),
            ("138 0013 8000", Some("138 0013 8000")),
            ("Fax 020-5550-2101", None),
            ("2026-03-02", None),
        ] {
            assert_eq!(phone_in(text).as_deref(), want, "{text}");
        }
        for (text, want) in [
            ("陈婉仪", Some("陈婉仪")),
            ("Weiss, Jörg", Some("Jörg Weiss")),
            ("岭澜采购部", None),
            ("陈婉仪/采购部", Some("陈婉仪")),
            ("Purchasing Dept", None),
        ] {
            assert_eq!(person_of(text, &context).as_deref(), want, "{text}");
        }
    }
}
