//! Who writes: companies, persons and phones in letterheads and signatures, and the From field of the mail.

use super::company::company_in;
use super::phone::{callable, phone_in};
use super::{Context, field, sure};
use crate::order::document::Envelope;
use crate::order::draft::{DraftCustomer, Evidence};
use crate::read::labels::Words;
use crate::read::page::TextLine;
use crate::read::value::text::{has_han, is_han, plain, squeeze, trim};

/// Words of offices and greetings, which are no part of a name.
const OFFICE_HAN: [&str; 26] = [
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
const OFFICE: [&str; 31] = [
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

/// Whether a name is a person's, by its shape.
#[must_use]
pub fn is_person(name: &str, context: &Context<'_>) -> bool {
    let name = name.trim();
    let count = name.chars().count();
    if has_han(name) {
        let han = name.chars().all(|c| is_han(c) || c == '·' || c == ' ');
        return han
            && (2..=4).contains(&name.chars().filter(|c| is_han(*c)).count())
            && !OFFICE_HAN.iter().any(|w| name.contains(w));
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    let shaped = words.iter().all(|w| {
        w.starts_with(char::is_uppercase)
            && w.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '\'' | '’'))
    });
    (2..=4).contains(&words.len())
        && count <= 40
        && shaped
        && !words.iter().any(|w| OFFICE.contains(&w.to_lowercase().as_str()))
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
        let context =
            Context { labels: &labels, printed: false, style: Default::default(), dates: Default::default() };
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
