//! What a customer's answer says to the questions that he was asked; what is not understood beyond doubt is left to a person.

use super::labels::{Label, Labels, Words};
use super::value::date;
use super::value::hanzi;
use super::value::number::{self, Style};
use super::value::text::{key, plain, squeeze, trim};
use crate::master::units;
use regex::Regex;
use std::sync::LazyLock;

/// A field that was asked for; the questions are numbered from 1 in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// As in the problem: `lines.0.quantity`.
    pub path: String,
    /// The unit of its line, where that is known.
    pub unit: Option<String>,
    /// The line's part number, as he writes it.
    pub part: Option<String>,
}

/// By what an answer is understood.
#[derive(Debug, Clone, Copy)]
pub struct Listener<'a> {
    pub labels: &'a Labels,
    /// The day of the answer: dates without a year are read from it.
    pub dates: date::Context,
    pub agrees: &'a [String],
    pub declines: &'a [String],
    /// Of the customer, his people and the house: they stand in greetings and signatures.
    pub names: &'a [String],
}

/// What was understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// Question (from 0) and value: a plain decimal, an ISO date or a text.
    pub values: Vec<(usize, String)>,
    /// A plain yes or no.
    pub word: Option<bool>,
    /// Something stands there that was not understood, or that contradicts the rest.
    pub unclear: bool,
}

static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)^(?:(?:答|答复|answer|a)\s*[（(]?(\d{1,2})[)）]?\s*[:：.、]?|(\d{1,2})\s*[.、:：)）])\s*(.*)$",
    )
});

static LINE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)^(?:第\s*([一二三四五六七八九十\d]{1,3})\s*[行项条款]|(?:line|item|pos\.?)\s*(\d{1,3})\b)\s*[:,，的]?\s*",
    )
});

/// Words that say nothing of their own, beside those of greeting and closing.
const POLITE: [&str; 22] = [
    "收到",
    "您好",
    "你好",
    "好的",
    "答复如下",
    "回复如下",
    "如下",
    "请查收",
    "见下",
    "麻烦了",
    "请安排",
    "请尽快安排",
    "谢谢",
    "noted",
    "asfollows",
    "pleaseseebelow",
    "ouranswers",
    "please",
    "thanks",
    "thankyou",
    "sentfrommyiphone",
    "发自我的iphone",
];
/// What stands before a number or address in a signature.
const CONTACT: [&str; 14] = [
    "电话",
    "手机",
    "传真",
    "邮箱",
    "邮件",
    "telephone",
    "tel",
    "phone",
    "mobile",
    "mob",
    "fax",
    "email",
    "mail",
    "cell",
];
/// Figures of a phone number, at least; fewer might be an answer.
const PHONE_DIGITS: usize = 7;
/// Words that put an answer off, or look for it elsewhere: no text with one of them is a value. Of Han letters.
const PUT_OFF: [&str; 28] = [
    "待",
    "未定",
    "还没",
    "尚未",
    "没定",
    "不确定",
    "等",
    "通知",
    "稍后",
    "以后",
    "再说",
    "再定",
    "再告",
    "同上",
    "同前",
    "附件",
    "见附",
    "如附",
    "照旧",
    "上次",
    "一样",
    "不变",
    "老地方",
    "不知道",
    "不清楚",
    "确认",
    "请问",
    "吗",
];
/// The same, as whole words.
const PUT_OFF_WORDS: [&str; 24] = [
    "tbd",
    "tba",
    "tbc",
    "pending",
    "attached",
    "attachment",
    "enclosed",
    "later",
    "soon",
    "unknown",
    "undecided",
    "same",
    "usual",
    "unchanged",
    "advise",
    "inform",
    "confirm",
    "confirmed",
    "waiting",
    "wait",
    "yet",
    "idea",
    "sure",
    "n/a",
];
/// Of these an address has one, or a figure.
const PLACES: [char; 11] = ['省', '市', '区', '县', '镇', '路', '街', '号', '村', '道', '乡'];
const PLACE_WORDS: [&str; 9] =
    ["road", "rd", "street", "st", "avenue", "ave", "zip", "district", "industrial"];
/// Letters and figures of an address, at least.
const ADDRESS_LETTERS: usize = 6;
/// What may stand between a label, a value and the end without a word of its own.
const BETWEEN: [&str; 16] = [
    "是", "为", "要", "共", "请按", "改", "在", "于", "前", "之前", "以前", "is", "by", "on", "before", "the",
];

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("constant pattern")
}

/// Whether a line is one of the answers that the question left room for, filled in.
#[must_use]
pub fn is_filled_in(line: &str) -> bool {
    let text = squeeze(&plain(line));
    let said = |found: regex::Captures<'_>| found.get(1).is_some() && !trim(&found[3]).is_empty();
    NUMBERED.captures(&text).is_some_and(said)
}

impl Listener<'_> {
    /// Listens to the new lines of an answer.
    pub fn listen<'l>(&self, lines: impl IntoIterator<Item = &'l str>, wants: &[Want]) -> Said {
        let mut said = Said::default();
        for line in lines {
            let text = squeeze(&plain(line));
            if !text.is_empty() && !self.take(&text, wants, &mut said) {
                said.unclear = true;
            }
        }
        said
    }

    /// Whether the line was understood.
    fn take(&self, text: &str, wants: &[Want], said: &mut Said) -> bool {
        if let Some((at, rest, apart)) = numbered(text)
            && let Some(want) = wants.get(at)
        {
            let empty = trim(rest).is_empty();
            return apart
                && (empty || self.value(rest, want, true).is_some_and(|value| put(said, at, value)));
        }
        if let Some(word) = self.word(text) {
            let same = said.word.is_none_or(|before| before == word);
            said.word = Some(word);
            return same;
        }
        let fits = |(at, want)| Some((at, self.value(of_line(text, want)?, want, false)?));
        let mut fitting = wants.iter().enumerate().filter_map(fits);
        match (fitting.next(), fitting.next()) {
            (Some((at, value)), None) => put(said, at, value),
            // It could be the answer to either.
            (Some(_), Some(_)) => false,
            (None, _) => self.is_polite(text),
        }
    }

    fn word(&self, text: &str) -> Option<bool> {
        let bare = |text: &str| key(text);
        let said = bare(text);
        let said =
            ["谢谢", "thanks", "thankyou"].iter().find_map(|it| said.strip_suffix(it)).unwrap_or(&said);
        let is = |words: &[String]| words.iter().any(|word| bare(word) == said);
        if is(self.declines) { Some(false) } else { is(self.agrees).then_some(true) }
    }

    /// The value of a field, where the text is that and nothing else. `named`: he wrote it behind the question's number.
    fn value(&self, text: &str, want: &Want, named: bool) -> Option<String> {
        let field = want.path.rsplit('.').next().unwrap_or(&want.path);
        match field {
            "quantity" => {
                self.figure(text, &["数量", "订购数量", "订量", "quantity", "qty"], want.unit.as_deref())
            }
            "delivery_date" | "requested_delivery" => self.date(text),
            "unit" => {
                let rest = after(text, &["单位", "unit"]);
                self.labels.is_unit(rest).then(|| rest.to_owned())
            }
            "unit_price" if named => self.figure(text, &["单价", "unit price", "price"], None),
            "currency" => self.labels.currency_in(text).filter(|_| named),
            "ship_to" => {
                let labels = [Label::ShipTo, Label::ShipAddress, Label::Address];
                self.labelled(text, named, &labels).filter(|it| is_address(it))
            }
            "payment_terms" => self.labelled(text, named, &[Label::Payment]),
            // A product that could not be told: its number, or his, alone.
            "description" | "customer_part" if named => {
                Some(trim(text).to_owned()).filter(|it| !it.is_empty() && !is_put_off(it))
            }
            _ => None,
        }
    }

    /// A number with its unit or without.
    fn figure(&self, text: &str, labels: &[&str], unit: Option<&str>) -> Option<String> {
        let text = after(text, labels);
        let number = number::leading(text, Style::Point).filter(|number| !number.ambiguous)?;
        let (printed, rest) = text.split_at_checked(number.len)?;
        // None of it, or less, is no figure that was asked for: who says so wants something else.
        if number.value <= rust_decimal::Decimal::ZERO || may_be_thousands(printed) {
            return None;
        }
        let rest = trim(rest);
        let rest = rest.trim_end_matches(['.', '!', '!']);
        if rest.is_empty() || self.is_between(rest) {
            return Some(number.value.normalize().to_string());
        }
        let length = self.labels.leading_unit(rest)?;
        let (printed, rest) = rest.split_at_checked(length)?;
        let same = unit.is_some_and(|unit| {
            key(unit) == key(printed) || units::factor(printed, unit) == Some(rust_decimal::Decimal::ONE)
        });
        (same && self.is_between(rest)).then(|| number.value.normalize().to_string())
    }

    fn date(&self, text: &str) -> Option<String> {
        let found = date::find(text, &self.dates, true).filter(|date| !date.ambiguous)?;
        let (before, behind) = (text.get(..found.start)?, text.get(found.end..)?);
        let label = [
            "交货日期",
            "交货时间",
            "交货期",
            "交期",
            "日期",
            "交货",
            "到货",
            "delivery date",
            "delivery",
            "date",
        ];
        (self.is_between(after(before, &label)) && self.is_between(after(behind, &label)))
            .then(|| found.value.to_string())
    }

    /// A text behind one of these labels, or behind the question's number.
    fn labelled(&self, text: &str, named: bool, labels: &[Label]) -> Option<String> {
        let found = self.labels.leading_label(text).filter(|(label, _)| labels.contains(label));
        let rest = match found {
            Some((_, length)) => text.get(length..)?,
            None if named => text,
            None => return None,
        };
        Some(trim(rest).to_owned()).filter(|it| !it.is_empty() && !is_put_off(it))
    }

    /// Nothing that means anything.
    fn is_between(&self, text: &str) -> bool {
        let mut rest = key(text);
        for word in BETWEEN.iter().chain(&POLITE) {
            rest = rest.replace(word, "");
        }
        rest.is_empty()
    }

    /// A greeting, a closing, a name, or a line of a signature.
    fn is_polite(&self, text: &str) -> bool {
        let spoken: Vec<&str> = text.split_whitespace().filter(|word| !word.contains('@')).collect();
        let mut rest = key(&spoken.join(" "));
        let mut words: Vec<String> = self.names.iter().map(|name| key(name)).collect();
        words.extend(
            [Words::Greeting, Words::Closing]
                .into_iter()
                .flat_map(|it| self.labels.words(it))
                .map(|it| key(it)),
        );
        words.extend(POLITE.iter().chain(&CONTACT).map(|it| (*it).to_owned()));
        words.retain(|word| !word.is_empty());
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        for word in &words {
            rest = rest.replace(word.as_str(), "");
        }
        rest.is_empty() || (rest.len() >= PHONE_DIGITS && rest.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

/// The question (from 0) whose number a line begins with, what stands behind that, and whether the two are clearly parted:
/// `1.5` may be a figure as well, and `A1200` anything.
fn numbered(text: &str) -> Option<(usize, &str, bool)> {
    let found = NUMBERED.captures(text)?;
    let (number, rest) = (found.get(1).or(found.get(2))?, found.get(3)?);
    let at = number.as_str().parse::<usize>().ok()?.checked_sub(1)?;
    let mark = text.get(number.end()..rest.start())?;
    let figure = rest.as_str().starts_with(|c: char| c.is_ascii_digit());
    let joined = (mark.trim().is_empty() && !rest.is_empty()) || (mark.ends_with('.') && figure);
    Some((at, text.get(rest.range())?, !joined))
}

/// `1.200` is 1200 to many who write so, and 1.2 to others.
fn may_be_thousands(printed: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    printed.split_once('.').is_some_and(|(whole, tail)| {
        tail.len() == 3 && digits(tail) && (1..=3).contains(&whole.len()) && !whole.starts_with('0')
    })
}

/// The text puts an answer off, asks, or points elsewhere.
fn is_put_off(text: &str) -> bool {
    let lower = plain(text).to_lowercase();
    let word = |word: &str| PUT_OFF_WORDS.contains(&word.trim_matches(|c: char| !c.is_alphanumeric()));
    PUT_OFF.iter().any(|it| lower.contains(*it)) || lower.contains('?') || lower.split_whitespace().any(word)
}

/// It looks like an address: long enough, with a figure or a word of a place.
fn is_address(text: &str) -> bool {
    let letters = key(text);
    let lower = plain(text).to_lowercase();
    let place = |word: &str| PLACE_WORDS.contains(&word);
    letters.chars().count() >= ADDRESS_LETTERS
        && (letters.contains(|c: char| c.is_ascii_digit() || PLACES.contains(&c))
            || lower.split(|c: char| !c.is_alphanumeric()).any(place))
}

/// The text without the line that it names; none where that is another line than is asked about.
fn of_line<'t>(text: &'t str, want: &Want) -> Option<&'t str> {
    let after_part =
        want.part.as_deref().filter(|it| !it.is_empty()).and_then(|part| text.strip_prefix(part));
    if let Some(rest) = after_part {
        return Some(trim(rest));
    }
    let Some(named) = LINE.captures(text) else { return Some(text) };
    let number = named.get(1).or(named.get(2))?.as_str();
    let number = number.parse().ok().or_else(|| hanzi::integer(number))?;
    let own = want.path.strip_prefix("lines.")?.split('.').next()?.parse::<u32>().ok()?;
    let own = rust_decimal::Decimal::from(own) + rust_decimal::Decimal::ONE;
    (number == own).then(|| text.get(named.get(0)?.end()..)).flatten()
}

/// One answer to a question; two that differ are none.
fn put(said: &mut Said, at: usize, value: String) -> bool {
    match said.values.iter().find(|(of, _)| *of == at) {
        Some((_, before)) => *before == value,
        None => {
            said.values.push((at, value));
            true
        }
    }
}

/// The text behind the longest of these labels, if it begins with one.
fn after<'t>(text: &'t str, labels: &[&str]) -> &'t str {
    let text = trim(text);
    let begins = |label: &&&str| text.get(..label.len()).is_some_and(|head| head.eq_ignore_ascii_case(label));
    let label = labels.iter().filter(begins).max_by_key(|label| label.len());
    let rest = trim(label.and_then(|label| text.get(label.len()..)).unwrap_or(text));
    let joined = ["是", "为", "is", "="].iter().find_map(|word| rest.strip_prefix(word));
    trim(joined.unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn listen(text: &str, wants: &[(&str, Option<&str>)]) -> Said {
        let words = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let (agrees, declines) = (words(&["同意", "ok", "we agree"]), words(&["不同意", "no"]));
        let names = words(&["东莞市岭澜制衣有限公司", "陈婉仪", "恒通拉链"]);
        let labels = Labels::built_in();
        let listener = Listener {
            labels: &labels,
            dates: date::Context { base: NaiveDate::from_ymd_opt(2026, 3, 3), ..date::Context::default() },
            agrees: &agrees,
            declines: &declines,
            names: &names,
        };
        let wants: Vec<Want> = wants
            .iter()
            .map(|(path, unit)| Want {
                path: (*path).to_owned(),
                unit: unit.map(str::to_owned),
                part: path.starts_with("lines.0").then(|| "LL-FL-1180".to_owned()),
            })
            .collect();
        listener.listen(text.lines(), &wants)
    }

    fn values(said: &Said) -> Vec<(usize, &str)> {
        said.values.iter().map(|(at, value)| (*at, value.as_str())).collect()
    }

    #[test]
    fn what_was_asked_for_is_taken_in_the_ways_in_which_people_write_it() {
        let one = [("lines.0.quantity", Some("条"))];
        for text in [
            "3000条",
            "数量：3,000条。",
            "您好：\n\n数量是3000条，谢谢！\n\n东莞市岭澜制衣有限公司\n陈婉仪  电话 0769-5550-1201",
            "答1：3000 条",
            "1. 3000",
            "恒通拉链，您好！\n3千条\n谢谢\n陈婉仪 wanyi.chen@linglan.example",
            "１、３０００条",
            "第一行数量：3,000条，谢谢！",
            "第1行：3000条",
            "LL-FL-1180：3000条",
        ] {
            let said = listen(text, &one);
            assert_eq!((values(&said), said.unclear, said.word), (vec![(0, "3000")], false, None), "{text}");
        }
        let two = [("lines.0.quantity", Some("pcs")), ("requested_delivery", None)];
        for text in [
            "Answer 1: 1,200 pcs\nAnswer 2: 2026-03-20",
            "Hello,\nQty: 1200 pcs\nDelivery date: 20 March 2026\nBest regards",
            "1) 1200\n2) by 20 March 2026",
        ] {
            let said = listen(text, &two);
            assert_eq!(values(&said), [(0, "1200"), (1, "2026-03-20")], "{text}");
            assert!(!said.unclear, "{text}");
        }
        let said = listen("收货地址：东莞市虎门镇云锦路18号", &[("ship_to", None)]);
        assert_eq!(values(&said), [(0, "东莞市虎门镇云锦路18号")]);
        let said = listen("答1：1.5", &[("lines.0.quantity", Some("kg"))]);
        assert_eq!((values(&said), said.unclear), (vec![(0, "1.5")], false));
        let said = listen("答1：ZN5-018", &[("lines.0.description", None)]);
        assert_eq!((values(&said), said.unclear), (vec![(0, "ZN5-018")], false));
        let said = listen("Answer 1: 18 Cloud Road, Humen", &[("ship_to", None)]);
        assert_eq!((values(&said), said.unclear), (vec![(0, "18 Cloud Road, Humen")], false));
    }

    #[test]
    fn a_figure_is_no_number_of_a_question() {
        for (text, path, unit) in [
            ("1.5kg", "lines.0.quantity", Some("kg")),
            ("1.200 pcs", "lines.0.quantity", Some("pcs")),
            ("2.500 pcs", "lines.0.quantity", Some("pcs")),
            ("1.3000条", "lines.0.quantity", Some("条")),
            ("答1.200条", "lines.0.quantity", Some("条")),
            ("答1：1.200条", "lines.0.quantity", Some("条")),
            ("1.25", "lines.0.unit_price", None),
            ("A1.5", "lines.0.quantity", Some("kg")),
            ("答1.5", "lines.0.quantity", Some("kg")),
            ("答1.5", "lines.0.unit_price", None),
            ("A1 200", "lines.0.quantity", Some("条")),
            ("A1-580", "lines.0.customer_part", None),
            ("答1：0条", "lines.0.quantity", Some("条")),
            ("-3000条", "lines.0.quantity", Some("条")),
        ] {
            let said = listen(text, &[(path, unit)]);
            assert!(said.unclear && said.values.is_empty(), "{text}: {said:?}");
        }
    }

    #[test]
    fn what_puts_an_answer_off_is_none() {
        for (text, path) in [
            ("收货地址：待定", "ship_to"),
            ("收货地址：同上", "ship_to"),
            ("答1：见附件", "ship_to"),
            ("答1：东莞市虎门镇，具体门牌等通知", "ship_to"),
            ("Answer 1: TBD", "ship_to"),
            ("Answer 1: we will tell you later, building 4", "ship_to"),
            ("Answer 1: (see attached)", "ship_to"),
            ("答1：东莞", "ship_to"),
            ("答1：老地方就好", "ship_to"),
            ("付款方式：还没定", "payment_terms"),
            ("Answer 1: pending", "payment_terms"),
            ("答1：未定", "lines.0.customer_part"),
        ] {
            let said = listen(text, &[(path, None)]);
            assert!(said.unclear && said.values.is_empty(), "{text}: {said:?}");
        }
    }

    #[test]
    fn what_says_more_or_something_else_is_unclear() {
        let one = [("lines.0.quantity", Some("条"))];
        for text in [
            "3000米",
            "大概3000条",
            "3000条，颜色改红色",
            "3000条\n另外第二行取消",
            "3000条或5000条",
            "3000条\n5000条",
            "单价 3000",
            "还没定",
            "陈婉仪 5000",
            "第二行数量：3000条",
        ] {
            let said = listen(text, &one);
            assert!(said.unclear, "{text}: {said:?}");
        }
        let two = [("lines.0.quantity", Some("条")), ("lines.1.quantity", Some("条"))];
        let said = listen("第二行：3000条\n第一行：2000条", &two);
        assert_eq!((values(&said), said.unclear), (vec![(1, "3000"), (0, "2000")], false));
        // Two lines wait for a quantity, and he does not say which he means.
        assert!(listen("3000条", &two).unclear);
    }

    #[test]
    fn a_word_is_plain_or_none() {
        for (text, word, unclear) in [
            ("同意", Some(true), false),
            ("您好，\n同意，谢谢！\n陈婉仪", Some(true), false),
            ("OK.", Some(true), false),
            ("不同意", Some(false), false),
            ("同意，但单价要0.45", None, true),
            ("OK\nNo", Some(false), true),
            ("请问可以再便宜吗", None, true),
        ] {
            let said = listen(text, &[]);
            assert_eq!((said.word, said.unclear), (word, unclear), "{text}");
        }
    }
}
