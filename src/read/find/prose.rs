//! Order lines in sentences: "5#尼龙码装 本白 1600米 @0.58", "1) 77-0814 Metal chain: 800 m at USD 0.92".

use super::product::{describe, numbering, split_part, stops, strip};
use super::sentence::{self, Hit, Price, Role};
use super::{Context, Doubt, field, sure};
use crate::order::draft::{DraftLine, Evidence};
use crate::read::codes::Code;
use crate::read::labels::Words;
use crate::read::value::date;
use crate::read::value::text::{plain, trim};
use rust_decimal::Decimal;

/// What the sentences of a text order.
#[derive(Debug, Clone, Default)]
pub struct Prose {
    pub lines: Vec<DraftLine>,
    pub currency: Option<String>,
    pub doubts: Vec<Doubt>,
}

/// Reads the order lines of text lines.
#[must_use]
pub fn read(texts: &[(String, Evidence)], context: &Context<'_>) -> Prose {
    let mut out = Prose::default();
    let mut common: Option<Price> = None;
    for (text, at) in texts {
        let text = plain(text);
        let hits = sentence::quantities(&text, context);
        if hits.is_empty() {
            let prices = sentence::prices(&text, context);
            let shared = prices.into_iter().find(|p| p.role == Role::Unit);
            if shared.is_some() && context.labels.has(Words::Applies, &text) {
                common = shared;
            } else if let Some(line) = headless(&text, at, context) {
                out.lines.push(line);
            } else if let (Some(price), Some(line)) = (&shared, out.lines.last_mut())
                && line.unit_price.is_none()
                && indented(&text)
            {
                line.unit_price = Some(field(price.value, at.clone(), sure::GUESSED));
            } else if shared.is_some() {
                out.doubts.push(Doubt::new(Code::SkippedLine, "a price without a quantity"));
            }
            continue;
        }
        for segment in segments(&text, &hits, context) {
            let common_here = read_segment(&text[segment.0..segment.1], at, context, &mut out);
            common = common.or(common_here);
        }
    }
    share(&mut out, common);
    number_lines(&mut out.lines);
    out
}

fn indented(text: &str) -> bool {
    text.starts_with([' ', '\t'])
}

/// Whether a text holds a figure that could be an ordered quantity.
#[must_use]
pub fn speaks_of_goods(text: &str, context: &Context<'_>) -> bool {
    !sentence::quantities(&plain(text), context).is_empty()
}

/// Positions for lines that print none.
pub fn number_lines(lines: &mut [DraftLine]) {
    for (line, n) in lines.iter_mut().zip(1..) {
        line.line.get_or_insert_with(|| n.to_string());
    }
}

/// A price that holds for all lines without one.
fn share(out: &mut Prose, common: Option<Price>) {
    let Some(price) = common else { return };
    out.currency = out.currency.take().or(price.currency);
    for line in out.lines.iter_mut().filter(|l| l.unit_price.is_none()) {
        let at = line.quantity.as_ref().map_or(Evidence::Keyed, |q| q.evidence.clone());
        line.unit_price = Some(field(price.value, at, sure::PROSE));
    }
}

/// Cuts a text into stretches with one quantity each, at the stop behind each quantity and its price.
fn segments(text: &str, hits: &[Hit], context: &Context<'_>) -> Vec<(usize, usize)> {
    let prices = sentence::prices(text, context);
    let mut out = Vec::new();
    let mut from = 0;
    for pair in hits.windows(2) {
        let between = &text[pair[0].end..pair[1].start];
        let cut = stops(between).into_iter().map(|i| pair[0].end + i).find(|at| {
            // A price that belongs to the first quantity stays with it.
            let next_price = prices.iter().find(|p| p.start >= pair[0].end && p.start < pair[1].start);
            next_price.is_none_or(|p| {
                *at >= p.end
                    || text[pair[0].end..*at].trim().chars().count() > 0
                        && p.start > *at
                        && text[*at..p.start].chars().count() > 12
            })
        });
        // "缝纫线 3000码，48个": the second figure has no product of its own.
        let own = cut.is_none_or(|cut| {
            let letters = |t: &str| t.chars().filter(|c| c.is_alphanumeric()).count();
            let after = &text[pair[1].end..];
            let end = stops(after).first().copied().unwrap_or(after.len());
            letters(&strip(&text[cut..pair[1].start], context)) >= 2
                || (letters(&strip(&after[..end], context)) >= 2
                    && prices.iter().all(|p| p.start >= pair[1].end + end || p.start < pair[1].end))
        });
        if let Some(cut) = cut.filter(|_| own) {
            out.push((from, cut));
            from = cut;
        }
    }
    out.push((from, text.len()));
    out
}

/// Reads one stretch; gives a price that holds for all lines, if that is what it says.
fn read_segment(text: &str, at: &Evidence, context: &Context<'_>, out: &mut Prose) -> Option<Price> {
    let hits = sentence::quantities(text, context);
    let prices = sentence::prices(text, context);
    let Some(hit) = choose(&hits) else {
        return prices.into_iter().find(|p| p.role == Role::Unit);
    };
    let rivals = hits
        .iter()
        .filter(|h| h.start != hit.start && h.marked == hit.marked && h.measure == hit.measure)
        .count();
    let mut line = DraftLine::default();
    let (number, description) = describe(text, hit, &prices, context);
    line.line = number;
    let (part, description) = split_part(&description);
    line.customer_part = part.map(|p| field(p, at.clone(), sure::PROSE));
    line.description = Some(description).filter(|d| !d.is_empty()).map(|d| field(d, at.clone(), sure::PROSE));
    if line.description.is_none() && line.customer_part.is_none() {
        if (hit.marked || !prices.is_empty())
            && let Some(last) = out.lines.last_mut().filter(|l| l.quantity.is_none())
        {
            last.quantity = Some(field(hit.value, at.clone(), sure::PROSE));
            return None;
        }
        out.doubts.push(Doubt::new(Code::SkippedLine, "a quantity without a product"));
        return None;
    }
    let papers = line.description.as_ref().is_some_and(|d| {
        context.labels.has(Words::OrderWord, &d.value)
            || d.value.contains("附件")
            || d.value.to_lowercase().contains("attach")
    });
    if papers && line.customer_part.is_none() && prices.is_empty() {
        let document =
            matches!(hit.unit.as_str(), "份" | "张" | "页" | "封" | "個" | "个" | "copies" | "copy");
        if !document {
            out.doubts.push(Doubt::new(Code::SkippedLine, "a quantity beside words for an order"));
        }
        return None;
    }
    let confidence = if hit.ambiguous || rivals > 0 { sure::AMBIGUOUS } else { sure::PROSE };
    if rivals > 0 {
        out.doubts.push(Doubt::new(Code::Ambiguous, "two quantities in a sentence"));
    }
    line.quantity = Some(field(hit.value, at.clone(), confidence));
    line.unit = Some(field(hit.unit.clone(), at.clone(), sure::PROSE));
    let beside = |p: &&Price| p.end <= hit.start || p.start >= hit.end;
    let mut found: Vec<Price> = prices.iter().filter(beside).cloned().collect();
    if found.is_empty() {
        found = bare_numbers(&text[hit.end..], context);
        if found.len() == 1 {
            out.doubts.push(Doubt::new(Code::Ambiguous, "a number behind the quantity"));
        }
    }
    money(hit, &found, at, &mut line, out);
    if out.lines.is_empty() || !says_the_same(out, &line) {
        out.lines.push(line);
    }
    prices.into_iter().find(|p| p.role == Role::Unit && context.labels.has(Words::Applies, text))
}

fn says_the_same(out: &Prose, line: &DraftLine) -> bool {
    let text = |l: &DraftLine| l.description.as_ref().map(|d| d.value.clone());
    let quantity = |l: &DraftLine| l.quantity.as_ref().map(|q| q.value);
    out.lines.iter().any(|l| {
        text(l) == text(line)
            && quantity(l) == quantity(line)
            && l.customer_part.is_none()
            && line.customer_part.is_none()
            && l.unit_price.as_ref().map(|p| p.value) == line.unit_price.as_ref().map(|p| p.value)
    })
}

/// The ordered quantity: one with a word for it, else one with a counting unit, else the last.
fn choose(hits: &[Hit]) -> Option<&Hit> {
    let best = |h: &&Hit| (h.marked, !h.measure, h.start);
    hits.iter().max_by_key(best)
}

/// Price and amount of a stretch.
fn money(hit: &Hit, found: &[Price], at: &Evidence, line: &mut DraftLine, out: &mut Prose) {
    out.currency = out.currency.take().or_else(|| found.iter().find_map(|p| p.currency.clone()));
    let product = |p: &Price, a: &Price| {
        hit.value.checked_mul(p.value).is_some_and(|x| (x - a.value).abs() <= Decimal::new(1, 2))
    };
    let pair = found
        .iter()
        .flat_map(|p| found.iter().map(move |a| (p, a)))
        .find(|(p, a)| p.start != a.start && product(p, a));
    let (price, amount) = match pair {
        Some((p, a)) => (Some(p), Some(a)),
        None => (
            found
                .iter()
                .find(|p| p.role == Role::Unit)
                .or_else(|| found.iter().find(|p| p.role == Role::Unknown)),
            found.iter().find(|p| p.role == Role::Amount),
        ),
    };
    if let Some(price) = price {
        let clear = pair.is_some() || price.role == Role::Unit;
        if !clear {
            out.doubts.push(Doubt::new(Code::Ambiguous, "a price or an amount"));
        }
        let confidence = if price.ambiguous || !clear { sure::AMBIGUOUS } else { sure::PROSE };
        line.unit_price = Some(field(price.value, at.clone(), confidence));
    }
    line.amount = amount.map(|a| field(a.value, at.clone(), sure::PROSE));
}

/// Numbers that stand alone behind the quantity: price, then amount.
fn bare_numbers(text: &str, context: &Context<'_>) -> Vec<Price> {
    let mut out = Vec::new();
    let mut offset = 10_000;
    for word in text.split_whitespace() {
        let Some(n) = crate::read::value::number::whole(word, context.style) else { break };
        out.push(Price {
            start: offset,
            end: offset + 1,
            value: n.value,
            currency: None,
            role: if out.is_empty() { Role::Unit } else { Role::Amount },
            ambiguous: n.ambiguous,
        });
        offset += 10;
    }
    out
}

/// A row of a table without headings: name, quantity, price (and amount) parted by wide gaps, which multiply out.
fn headless(text: &str, at: &Evidence, context: &Context<'_>) -> Option<DraftLine> {
    let chunks: Vec<&str> = text
        .split("  ")
        .flat_map(|c| c.split(['\t', '|']))
        .map(str::trim)
        .filter(|c| !c.is_empty())
        .collect();
    let numbers: Vec<Option<Decimal>> =
        chunks.iter().map(|c| super::cells::bare_number(c, context)).collect();
    let n = chunks.len();
    let (q, p, a) = match numbers.as_slice() {
        [.., Some(q), Some(p), Some(a)]
            if q.checked_mul(*p).is_some_and(|x| (x - *a).abs() <= Decimal::new(1, 2)) =>
        {
            (*q, *p, *a)
        }
        _ => return None,
    };
    let names: Vec<&str> =
        chunks[..n - 3].iter().copied().filter(|c| date::find(c, &context.dates, false).is_none()).collect();
    if names.is_empty() || q.is_zero() {
        return None;
    }
    let (number, rest) = numbering(names[0]);
    let words = if number.is_some() { trim(rest).to_owned() } else { names[0].to_owned() };
    let position = super::cells::is_position(&words) && names.len() > 1;
    let joined =
        if position { names[1..].join(" ") } else { [&[words.as_str()], &names[1..]].concat().join(" ") };
    let (part, description) = split_part(&joined);
    let text = |v: String| Some(field(v, at.clone(), sure::GUESSED)).filter(|f| !f.value.is_empty());
    Some(DraftLine {
        line: number,
        customer_part: part.and_then(text),
        description: text(description),
        quantity: Some(field(q, at.clone(), sure::GUESSED)),
        unit_price: Some(field(p, at.clone(), sure::GUESSED)),
        amount: Some(field(a, at.clone(), sure::GUESSED)),
        ..DraftLine::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::labels::Labels;

    type Line<'a> = (Option<&'a str>, &'a str, &'a str, Option<&'a str>);

    fn check(text: &str, want: &[Line<'_>]) {
        let labels = Labels::built_in();
        let context =
            Context { labels: &labels, printed: false, style: Default::default(), dates: Default::default() };
        let texts: Vec<(String, Evidence)> =
            text.lines().zip(1..).map(|(t, line)| (t.to_owned(), Evidence::Line { line })).collect();
        let prose = read(&texts, &context);
        let got: Vec<(Option<String>, String, String, Option<String>)> = prose
            .lines
            .iter()
            .map(|l| {
                let value =
                    |f: &Option<crate::order::draft::Field<String>>| f.as_ref().map(|f| f.value.clone());
                let number =
                    |f: &Option<crate::order::draft::Field<Decimal>>| f.as_ref().map(|f| f.value.to_string());
                (
                    value(&l.customer_part),
                    value(&l.description).unwrap_or_default(),
                    number(&l.quantity).unwrap_or_default(),
                    number(&l.unit_price),
                )
            })
            .collect();
        let want: Vec<_> = want
            .iter()
            .map(|(p, d, q, u)| {
                (p.map(str::to_owned), (*d).to_owned(), (*q).to_owned(), u.map(str::to_owned))
            })
            .collect();
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn order_lines_in_sentences() {
        check(
            "麻烦再帮我们安排5#尼龙闭尾 自动头 黑色580 18cm 8000条，同样的大红519 18cm也要6000条，价格都按0.47元一条。",
            &[
                (None, "5#尼龙闭尾 自动头 黑色580 18cm", "8000", Some("0.47")),
                (None, "同样的大红519 18cm", "6000", Some("0.47")),
            ],
        );
        check("  5#尼龙码装 本白   1600米   @0.58", &[(None, "5#尼龙码装 本白", "1600", Some("0.58"))]);
        check(
            "5#尼龙闭尾拉链 本白501 15cm  数量 3000 条  单价 0.45",
            &[(None, "5#尼龙闭尾拉链 本白501 15cm", "3000", Some("0.45"))],
        );
        check(
            "1) 77-0814  Metal chain no. 8, antique brass: 800 m at USD 0.92 = USD 736.00",
            &[(Some("77-0814"), "Metal chain no. 8, antique brass", "800", Some("0.92"))],
        );
        check(
            "1、LL-FL-1180 5#尼龙闭尾 自动头 18cm 黑，数量由6000条改为7500条；",
            &[(Some("LL-FL-1180"), "5#尼龙闭尾 自动头 18cm 黑", "7500", None)],
        );
        check(
            "We need 500 pcs of part ABC-123 (blue widgets) at $2.50 each",
            &[(Some("ABC-123"), "blue widgets", "500", Some("2.50"))],
        );
        check("Please send 20 boxes of M8x40 hex bolts", &[(None, "M8x40 hex bolts", "20", None)]);
        check("交期3月20日", &[]);
    }
}
