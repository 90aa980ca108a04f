//! Figures in a sentence: which number is a quantity, which a price, which only a dimension or a pack size.

use super::Context;
use crate::read::labels::Words;
use crate::read::value::number;
use crate::read::value::text::{head, is_han};
use rust_decimal::Decimal;

/// A number with a unit that can be an ordered quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub start: usize,
    pub end: usize,
    pub value: Decimal,
    pub unit: String,
    /// A word before it says that it is the quantity ("数量", "改为", "qty").
    pub marked: bool,
    /// Its unit measures a product as well (米, kg): weaker than 条 or pcs.
    pub measure: bool,
    pub ambiguous: bool,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    pub start: usize,
    pub end: usize,
    pub value: Decimal,
    pub currency: Option<String>,
    pub role: Role,
    pub ambiguous: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Unit,
    Amount,
    Unknown,
}

const MEASURES: [&str; 20] = [
    "米", "m", "克", "升", "公斤", "kg", "千克", "码", "碼", "寸", "英寸", "斤", "面", "头", "节", "t", "才",
    "ft", "feet", "度",
];

/// Starts of numbers: digits not inside a word or another number, and Chinese numerals before a unit.
fn starts(text: &str) -> Vec<usize> {
    let mut out = Vec::new();
    let mut before = ' ';
    let mut before2 = ' ';
    for (at, c) in text.char_indices() {
        let joined = before.is_ascii_alphanumeric()
            || matches!(before, '#' | '_')
            || (matches!(before, '.' | '-') && before2.is_ascii_alphanumeric())
            || (before == ',' && before2.is_ascii_digit());
        let han = crate::read::value::hanzi::is_numeral(c)
            && !crate::read::value::hanzi::is_numeral(before)
            && !before.is_ascii_digit();
        if (c.is_ascii_digit() && !joined) || han {
            out.push(at);
        }
        (before2, before) = (before, c);
    }
    out
}

/// All quantities of a plain text.
#[must_use]
pub fn quantities(text: &str, context: &Context<'_>) -> Vec<Hit> {
    let mut out: Vec<Hit> = Vec::new();
    for start in starts(text) {
        if out.last().is_some_and(|h| start < h.end) {
            continue;
        }
        out.extend(quantity_at(text, start, context));
    }
    out
}

/// "200 pcs per polybag", "50 Stück pro Karton": what follows says how goods are packed.
fn is_packing(rest: &str) -> bool {
    let rest = head(rest.trim_start(), 4).to_lowercase();
    ["per ", "pro ", "par ", "por ", "je "].iter().any(|word| rest.starts_with(word))
}

fn quantity_at(text: &str, start: usize, context: &Context<'_>) -> Option<Hit> {
    let number = number::leading(&text[start..], context.style)?;
    let after = start + number.len;
    let gap = text[after..].len() - text[after..].trim_start_matches([' ', '多']).len();
    if gap > 2 {
        return None;
    }
    let unit_len = context.labels.leading_unit(&text[after + gap..])?;
    let end = after + gap + unit_len;
    let unit = text[after + gap..end].trim_end_matches('.').to_owned();
    let next = text[end..].trim_start().chars().next();
    let previous = text[..start].trim_end().chars().next_back();
    let ratio =
        |c: Option<char>| c.is_some_and(|c| matches!(c, '/' | '×' | '*' | '@' | '$' | '¥' | '€' | '~'));
    let dimension = is_packing(&text[end..])
        || ratio(previous)
        || next.is_some_and(|c| matches!(c, '/' | '×' | '*' | '²' | '装'))
        || previous.is_some_and(|c| {
            matches!(c, 'x' | 'X')
                && text[..start].trim_end().chars().rev().nth(1).is_some_and(|p| p.is_ascii_digit())
        });
    let ordinal =
        previous == Some('第') || previous == Some('每') || previous.is_some_and(|c| c == '元' || c == '块');
    let lone_one = text[start..].starts_with('一')
        && text[start..after].chars().count() == 1
        && !matches!(previous, None | Some('订' | '要' | ' ' | '，' | ','));
    let word_end = unit.chars().next_back().is_some_and(is_han)
        && next.is_some_and(is_han)
        && unit.chars().count() == 1
        && matches!(unit.as_str(), "头" | "面" | "节" | "排" | "条" if text[end..].starts_with('码'));
    let (currency, _) = context.labels.leading_currency(&text[after + gap..]);
    let priced = currency.is_some() || has_currency_before(&text[..start], context);
    // 0099441 罗纹布: a code before a word that begins like a unit.
    let rare = unit.chars().count() == 1
        && "罗羅令面头节排板盘轴管筒串株提听才付朵面幅".contains(unit.as_str())
        && next.is_some_and(is_han);
    let digits = &text[start..after];
    let coded = digits.starts_with('0') && digits.len() > 1 && !digits.contains(['.', ',']);
    if rare
        || coded
        || dimension
        || ordinal
        || lone_one
        || word_end
        || priced
        || packed(&text[..start], context)
    {
        return None;
    }
    let marked = context
        .labels
        .ends(Words::QuantityMark, text[..start].trim_end().trim_end_matches([':', '=', ' ']))
        .is_some();
    Some(Hit {
        start,
        end,
        value: number.value,
        measure: MEASURES.contains(&unit.to_lowercase().as_str()),
        unit,
        marked,
        ambiguous: number.ambiguous,
    })
}

fn has_currency_before(text: &str, context: &Context<'_>) -> bool {
    let text = text.trim_end();
    let from = text.char_indices().rev().nth(4).map_or(0, |(i, _)| i);
    let tail = &text[from..];
    (0..tail.len()).filter(|i| tail.is_char_boundary(*i)).any(|i| {
        let (code, rest) = context.labels.leading_currency(&tail[i..]);
        let inside = tail[..i].ends_with(|c: char| c.is_ascii_alphabetic())
            && tail[i..].starts_with(|c: char| c.is_ascii_alphabetic());
        code.is_some() && rest.trim().is_empty() && !inside
    })
}

/// A word before the number says that it is a pack size, an old figure or a limit.
fn packed(before: &str, context: &Context<'_>) -> bool {
    context.labels.ends(Words::PackMark, before.trim_end().trim_end_matches([':', ' '])).is_some()
}

/// All amounts of money of a plain text.
#[must_use]
pub fn prices(text: &str, context: &Context<'_>) -> Vec<Price> {
    let mut out: Vec<Price> = Vec::new();
    for start in starts(text) {
        if out.last().is_some_and(|p| start < p.end) {
            continue;
        }
        out.extend(price_at(text, start, context));
    }
    out
}

fn price_at(text: &str, start: usize, context: &Context<'_>) -> Option<Price> {
    if !text[start..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let number = number::leading(&text[start..], context.style)?;
    let after = start + number.len;
    let rest = text[after..].trim_start();
    let (behind, rest) = context.labels.leading_currency(rest);
    let (before, head) = currency_before(&text[..start], context);
    let mark_zone = head.trim_end().trim_end_matches([':', '：', '=', '约', ' ']);
    let at = head.trim_end().ends_with('@');
    let equals = head.trim_end().ends_with(['=', '＝']);
    let amount = equals || context.labels.ends(Words::AmountMark, mark_zone).is_some();
    let marked = at || context.labels.ends(Words::PriceMark, mark_zone).is_some();
    let per = rest.trim_start();
    let slash = per
        .strip_prefix('/')
        .or_else(|| per.strip_prefix("per "))
        .or_else(|| per.strip_prefix("一"))
        .or_else(|| per.strip_prefix("每"))
        .or_else(|| per.strip_prefix("a "));
    let each = slash.is_some_and(|t| context.labels.leading_unit(t.trim_start()).is_some())
        || per.to_lowercase().starts_with("each")
        || per.starts_with("ea");
    let currency = before.or(behind);
    let unit_follows = context.labels.leading_unit(text[after..].trim_start()).is_some();
    let plain_mark = marked
        && !unit_follows
        && (at
            || text[start..after].contains('.')
            || !head.trim_end().ends_with(|c: char| c.is_ascii_alphabetic())
            || context.labels.ends(Words::PriceMark, mark_zone).is_some_and(|l| l > 3));
    let each_one = each && !unit_follows;
    if !(currency.is_some() || plain_mark || each_one || equals) {
        return None;
    }
    let end = text.len() - rest.len();
    let role = match (amount, marked || each) {
        (_, true) if !equals => Role::Unit,
        (true, _) => Role::Amount,
        _ => Role::Unknown,
    };
    Some(Price {
        start: head.trim_end().trim_end_matches('@').len().min(start),
        end,
        value: number.value,
        currency,
        role,
        ambiguous: number.ambiguous,
    })
}

/// A currency directly before the number, and the text before that.
fn currency_before<'a>(text: &'a str, context: &Context<'_>) -> (Option<String>, &'a str) {
    let trimmed = text.trim_end();
    let from = trimmed.char_indices().rev().nth(7).map_or(0, |(i, _)| i);
    for (i, _) in trimmed[from..].char_indices() {
        let (code, rest) = context.labels.leading_currency(&trimmed[from + i..]);
        let inside = trimmed[..from + i].ends_with(|c: char| c.is_ascii_alphabetic())
            && trimmed[from + i..].starts_with(|c: char| c.is_ascii_alphabetic());
        if code.is_some() && rest.trim_matches([' ', '.', ':']).is_empty() && !inside {
            return (code, &trimmed[..from + i]);
        }
    }
    (None, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::labels::Labels;

    #[test]
    fn quantities_among_dimensions_and_prices() {
        let labels = Labels::built_in();
        let context =
            Context { labels: &labels, printed: false, style: Default::default(), dates: Default::default() };
        for (text, want) in [
            ("5#尼龙闭尾 自动头 黑色580 18cm 8000条", vec!["8000条"]),
            ("5#尼龙码装 本白   1600米   @0.58", vec!["1600米"]),
            ("价格都按0.47元一条", vec![]),
            ("120g×30袋 60箱", vec!["60箱"]),
            ("200米/卷 20卷", vec!["20卷"]),
            ("数量由6000条改为7500条", vec!["7500条"]),
            ("500 pcs of part ABC-123 at $2.50 each", vec!["500 pcs"]),
            ("Metal chain no. 8: 800 m at USD 0.92 = USD 736.00", vec!["800 m"]),
            ("再来三千条", vec!["三千条"]),
            ("每箱500条", vec![]),
        ] {
            let got: Vec<&str> = quantities(text, &context).iter().map(|h| &text[h.start..h.end]).collect();
            assert_eq!(got, want, "{text}");
        }
    }

    #[test]
    fn prices_and_amounts() {
        let labels = Labels::built_in();
        let context =
            Context { labels: &labels, printed: false, style: Default::default(), dates: Default::default() };
        for (text, want) in [
            ("800 m at USD 0.92 = USD 736.00", vec![("0.92", Role::Unit), ("736.00", Role::Amount)]),
            ("1600米 @0.58", vec![("0.58", Role::Unit)]),
            ("数量 3000 条  单价 0.45", vec![("0.45", Role::Unit)]),
            ("价格都按0.47元一条", vec![("0.47", Role::Unit)]),
            ("20箱 165元/箱", vec![("165", Role::Unit)]),
            ("500 pcs at $2.50 each", vec![("2.50", Role::Unit)]),
            ("5#拉链 18cm 500条", vec![]),
        ] {
            let got: Vec<(String, Role)> =
                prices(text, &context).iter().map(|p| (p.value.to_string(), p.role)).collect();
            let want: Vec<(String, Role)> = want.into_iter().map(|(v, r)| (v.to_owned(), r)).collect();
            assert_eq!(got, want, "{text}");
        }
    }
}
