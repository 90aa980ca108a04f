//! Terms inside running text: Incoterms, payment, dates by which goods are wanted, how and where they go, remarks.

use super::{Context, labelled};
use crate::read::labels::Words;
use crate::read::value::date;
use crate::read::value::text::{has_han, head, is_han, plain, squeeze, trim};
use chrono::NaiveDate;
use regex::Regex;
use std::sync::LazyLock;

/// Longer ones are no codes.
const LONGEST_CODE: usize = 32;

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("constant pattern")
}

static TERM: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"\b(?:EXW|FCA|FAS|FOB|CFR|CNF|C&F|CIF|CPT|CIP|DAP|DPU|DDP|DAT|DDU|EX[ -]?WORKS|Ex[ -]?[Ww]orks)\b")
});
static PAYMENT: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?i)月结\s*\d+\s*天|月結\s*\d+\s*天|款到发货|货到付款|款到發貨|预付\s*\d+%[^，。;；\n]{0,20}|\d+%\s*(?:定金|预付|订金)[^。;；\n]{0,24}|票到\d+天|现结|现款现货|货到\d+天|",
        r"\bT/T (?:in advance|\d+ days?[^.,;\n]{0,30})|\bL/C at (?:sight|\d+ days)|\bnet \d+(?: days)?\b|\b\d+% (?:deposit|T/T|advance)[^.;\n]{0,50}|\bcash (?:in advance|on delivery)\b|\bD/[AP] (?:at sight|\d+ days)",
    ))
});

/// The Incoterm and its place: "FOB Ningbo", "CIF Hamburg", "FOB 深圳".
#[must_use]
pub fn incoterm(text: &str, context: &Context<'_>) -> Option<String> {
    let text = plain(text);
    let found = TERM.find(&text)?;
    let rest = &text[found.end()..];
    let rest = rest.trim_start_matches([' ', '-', ':', '(', '.']);
    let end = rest.find(|c: char| !(c.is_alphabetic() || c == ' ' || c == '\'')).unwrap_or(rest.len());
    let mut place: Vec<&str> = Vec::new();
    for word in head(&rest[..end], 40).split(' ').take(3) {
        let name = word.starts_with(|c: char| c.is_uppercase() || is_han(c));
        if word.is_empty()
            || !name
            || context.labels.label(word).is_some()
            || context.labels.currency_in(word).is_some()
            || word.eq_ignore_ascii_case("incoterms")
        {
            break;
        }
        place.push(word);
    }
    let place: String = head(&place.join(" "), 30).to_owned();
    Some(squeeze(&format!("{} {place}", found.as_str())))
}

/// Terms of payment in a sentence without a label.
#[must_use]
pub fn payment(text: &str) -> Option<String> {
    PAYMENT.find(&plain(text)).map(|m| trim(m.as_str()).to_owned())
}

/// The code at the start of a value; none where the value says that there is none.
#[must_use]
pub fn code(text: &str) -> Option<String> {
    let text = plain(text);
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let end = text.find(|c: char| !(c.is_alphanumeric() || "-_".contains(c))).unwrap_or(text.len());
    let code = &text[..end];
    let nothing =
        ["无", "没有", "none", "no", "na", "n", "nil", "tbd"].contains(&code.to_lowercase().as_str());
    ((2..=LONGEST_CODE).contains(&code.chars().count()) && !nothing).then(|| code.to_owned())
}

/// A promotion or discount code in a sentence: what stands behind the word for it and looks like one.
#[must_use]
pub fn discount_code(text: &str, context: &Context<'_>) -> Option<String> {
    let text = plain(text);
    // Letters whose lower case is of another length would shift what follows.
    let lower = text.to_ascii_lowercase();
    let behind = |word: &String| {
        let (at, _) = lower.match_indices(word.as_str()).next()?;
        let rest = text[at + word.len()..].trim_start_matches(|c: char| " :为是\"'“「=#".contains(c));
        let rest = rest.strip_prefix("is ").unwrap_or(rest);
        let found = code(rest).filter(|_| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))?;
        let coded = found.contains(|c: char| c.is_ascii_digit()) || found == found.to_uppercase();
        (coded && found.is_ascii() && found.len() > 2).then_some(found)
    };
    context.labels.words(Words::DiscountMark).iter().find_map(behind)
}

/// The first sentence of a value: what follows a full stop is another matter.
#[must_use]
pub fn sentence(text: &str) -> Option<String> {
    let text = squeeze(&text.lines().map(str::trim).collect::<Vec<_>>().join(" "));
    let mut end = text.len();
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        let latin = c == '.'
            && rest.starts_with(' ')
            && rest.trim_start().starts_with(|n: char| n.is_uppercase())
            && text[..at].chars().rev().take_while(|p| p.is_alphanumeric()).count() > 2;
        if latin || c == '。' || c == '；' || c == ';' {
            end = at;
            break;
        }
    }
    let out = trim(&text[..end]).trim_end_matches('.').to_owned();
    (!out.is_empty() && out.chars().count() <= 200).then_some(out)
}

/// The new date of "由3月18日延至3月22日", "from 1 May to 9 May".
#[must_use]
pub fn moved_date(text: &str, context: &Context<'_>) -> Option<NaiveDate> {
    let dates = date::all(text, &context.dates);
    if dates.len() < 2 {
        return None;
    }
    let text = plain(text).to_lowercase();
    let last = dates.last()?;
    let between = &text[dates[0].end.min(text.len())..last.start.min(text.len())];
    let moved = context.labels.words(Words::ChangeTo).iter().any(|w| between.contains(w.as_str()))
        || [" to ", "至", "到", "auf", "->", "→"].iter().any(|w| between.contains(w));
    moved.then_some(last.value)
}

/// A wanted date in a sentence: "4月6日前到货", "deliver by 15 May".
#[must_use]
pub fn wanted_date(text: &str, context: &Context<'_>) -> Option<date::Date> {
    let folded = plain(text);
    let lower = folded.to_lowercase();
    let mut dates = date::all(&folded, &context.dates);
    if dates.is_empty() {
        dates.extend(
            date::find(&folded, &context.dates, true)
                .filter(|d| folded[d.start..d.end].ends_with(['号', '日'])),
        );
    }
    if let (Some(moved), Some(last)) = (moved_date(text, context), dates.last()) {
        return Some(date::Date { value: moved, ..*last });
    }
    dates.into_iter().find(|d| {
        let after: String = lower[d.end.min(lower.len())..].chars().take(8).collect();
        let start = lower[..d.start.min(lower.len())].char_indices().rev().nth(18).map_or(0, |(i, _)| i);
        let before = &lower[start..d.start.min(lower.len())];
        let words = context.labels.words(Words::DeliverBy);
        words.iter().any(|w| {
            let han = has_han(w);
            (han && (after.trim_start().starts_with(w.as_str())
                || (w.chars().count() > 1 && before.contains(w.as_str()))
                || before.trim_end().ends_with("在") && after.contains(w.as_str())))
                || (!han && crate::read::labels::contains_word(before, w))
        })
    })
}

/// Where the goods go in a sentence: "要到沙溪厂里", "送到东莞仓库".
#[must_use]
pub fn place(text: &str, context: &Context<'_>) -> Option<String> {
    let text = plain(text);
    let mut words: Vec<&String> = context.labels.words(Words::DeliverTo).iter().collect();
    words.sort_by_key(|w| std::cmp::Reverse(w.len()));
    for word in words {
        let Some(at) =
            text.to_lowercase().find(word.as_str()).filter(|at| text.is_char_boundary(at + word.len()))
        else {
            continue;
        };
        let rest = text[at + word.len()..].trim_start_matches([' ', ':', '了']);
        let end = rest.find([',', '，', '。', ';', '；', '.', '\n', '!', '、']).unwrap_or(rest.len());
        let place = trim(&rest[..end]);
        let count = place.chars().count();
        let placed = context.labels.words(Words::ShipPlace).iter().any(|w| {
            if has_han(w) {
                place.contains(w.as_str())
            } else {
                crate::read::labels::contains_word(&place.to_lowercase(), w)
            }
        });
        if (3..=60).contains(&count) && placed && !place.contains("我们公司") {
            return Some(place.to_owned());
        }
    }
    None
}

/// Papers that go with the goods: a sentence about them says nothing of the way.
const PAPERS: [&str; 5] = ["送货单", "发货单", "装箱单", "delivery note", "packing list"];

/// How the goods travel in a clause: "你们自己的车送就行", "发德邦物流".
#[must_use]
pub fn shipping(text: &str, context: &Context<'_>) -> Option<String> {
    for clause in text.split(['，', ',', '。', ';', '；', '\n', '.', '!', '！']) {
        let clause = trim(clause);
        let count = clause.chars().count();
        if !(2..=24).contains(&count)
            || !context.labels.has(Words::ShipBy, clause)
            || clause.contains(['?', '？', '号'])
            || PAPERS.iter().any(|paper| clause.to_lowercase().contains(paper))
        {
            continue;
        }
        let clause = clause
            .trim_end_matches(['了', '吧', '啊', '哦', '的'])
            .trim_end_matches("就行")
            .trim_end_matches("就可以")
            .trim_end_matches("即可")
            .trim_end_matches("就好");
        let clause = [
            "请",
            "麻烦",
            "还是",
            "用",
            "走",
            "发",
            "通过",
            "please ship ",
            "ship ",
            "Ship ",
            "Please ship ",
        ]
        .iter()
        .fold(clause, |c, w| c.strip_prefix(w).unwrap_or(c));
        return Some(clause.trim().to_owned());
    }
    None
}

/// A sentence that demands something of the goods.
#[must_use]
pub fn remark(text: &str, context: &Context<'_>) -> Option<String> {
    let mut out: Vec<&str> = Vec::new();
    for sentence in sentences(text) {
        let sentence = sentence.trim();
        let wanted =
            context.labels.has(Words::Remark, sentence) && !context.labels.has(Words::Courtesy, sentence);
        let long = (6..=200).contains(&sentence.chars().count());
        // What stands behind a label has its place already.
        if wanted
            && long
            && !labelled::is_labelled(sentence, context)
            && !sentence.ends_with(['?', '？', ':', '：'])
            && !context.labels.has(Words::Condition, sentence.split([' ', '，']).next().unwrap_or(""))
        {
            out.push(sentence);
        }
    }
    (!out.is_empty()).then(|| out.join(" "))
}

/// Sentences with their full stops.
fn sentences(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    for (at, c) in text.char_indices() {
        let next = text[at + c.len_utf8()..].chars().next();
        let stop =
            matches!(c, '。' | '！' | '!' | '？' | '?') || (c == '.' && next.is_none_or(char::is_whitespace));
        if stop {
            out.push(&text[from..at + c.len_utf8()]);
            from = at + c.len_utf8();
        }
    }
    out.push(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::labels::Labels;

    #[test]
    fn terms_in_text() {
        let labels = Labels::built_in();
        let dates = date::Context { base: NaiveDate::from_ymd_opt(2026, 3, 10), ..Default::default() };
        let context = Context { labels: &labels, printed: false, style: Default::default(), dates };
        for (text, want) in [
            ("Delivery: 15.05.2026, CIF Hamburg. Payment: T/T", Some("CIF Hamburg")),
            ("FOB 深圳", Some("FOB 深圳")),
            ("price FOB Ho Chi Minh, USD", Some("FOB Ho Chi Minh")),
            ("fob", None),
        ] {
            assert_eq!(incoterm(text, &context).as_deref(), want, "{text}");
        }
        let date = |t: &str| wanted_date(t, &context).map(|d| d.value.to_string());
        assert_eq!(date("4月6日前到货").as_deref(), Some("2026-04-06"));
        assert_eq!(date("整单交期由3月18日延至3月22日").as_deref(), Some("2026-03-22"));
        assert_eq!(date("please deliver by May 15").as_deref(), Some("2026-05-15"));
        assert_eq!(date("我司3月2日的采购单"), None);
        assert_eq!(place("3月20日前要到沙溪厂里，你们自己的车送就行", &context).as_deref(), Some("沙溪厂里"));
        assert_eq!(
            shipping("3月20日前要到沙溪厂里，你们自己的车送就行", &context).as_deref(),
            Some("你们自己的车送")
        );
    }

    #[test]
    fn discount_codes() {
        for (value, want) in [
            ("SPRING10", Some("SPRING10")),
            ("SPRING-10（九折）", Some("SPRING-10")),
            ("“春季特惠” 九折", Some("春季特惠")),
            ("无", None),
            ("n/a", None),
            ("-", None),
        ] {
            assert_eq!(code(value).as_deref(), want, "{value}");
        }
        let labels = Labels::built_in();
        let context =
            Context { labels: &labels, printed: false, style: Default::default(), dates: Default::default() };
        for (text, want) in [
            ("请按优惠码 SPRING10 结算", Some("SPRING10")),
            ("折扣码为“vip2026”，谢谢", Some("vip2026")),
            ("Please apply promo code: SUMMER", Some("SUMMER")),
            ("our discount code is SAVE-5.", Some("SAVE-5")),
            ("Do we get a discount code this time?", None),
            ("优惠码我们没有", None),
            ("优惠码：无", None),
        ] {
            assert_eq!(discount_code(text, &context).as_deref(), want, "{text}");
        }
    }
}
