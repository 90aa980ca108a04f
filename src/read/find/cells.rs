//! Single cells to typed values: quantity with unit, price, date, code.

use super::Context;
use crate::read::value::money::{self, Money};
use crate::read::value::number;
use crate::read::value::text::{has_han, plain};
use rust_decimal::Decimal;

/// A quantity as printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    pub value: Decimal,
    pub unit: Option<String>,
    pub ambiguous: bool,
    /// What stands behind number and unit.
    pub rest: String,
}

/// "6,000 条", "1.2万", "PCS 500", "20箱(480瓶)".
#[must_use]
pub fn quantity(text: &str, context: &Context<'_>) -> Option<Quantity> {
    let text = plain(text);
    let text = text.trim().trim_start_matches(['+', '×', '*']).trim_start();
    let (prefix, text) = match context.labels.leading_unit(text) {
        Some(len) if text[len..].trim_start().starts_with(|c: char| c.is_ascii_digit()) => {
            (Some(&text[..len]), text[len..].trim_start())
        }
        _ => (None, text),
    };
    let mut number = number::leading(text, context.style)?;
    if let Some(factor) = informal(&text[number.len..], context) {
        number.value = number.value.checked_mul(factor)?.normalize();
        number.len += 1;
    }
    let rest = text[number.len..].trim_start();
    let (unit, rest) = match context.labels.leading_unit(rest) {
        Some(len) => (Some(rest[..len].trim_end_matches('.').to_owned()), rest[len..].trim()),
        None => (prefix.map(str::to_owned), rest.trim()),
    };
    let rest =
        rest.trim_matches(|c: char| matches!(c, ',' | '.' | '。' | ';' | '-' | '整')).trim().to_owned();
    Some(Quantity { value: number.value, unit, ambiguous: number.ambiguous, rest })
}

/// 5K and 1.2W directly behind the digits, as offices write thousands and 万, before a unit or nothing.
fn informal(rest: &str, context: &Context<'_>) -> Option<Decimal> {
    let factor = match rest.chars().next()? {
        'k' | 'K' => Decimal::from(1000),
        'w' | 'W' => Decimal::from(10_000),
        _ => return None,
    };
    let behind = rest[1..].trim_start();
    (behind.is_empty() || context.labels.leading_unit(behind).is_some()).then_some(factor)
}

impl Quantity {
    /// Nothing but a number and a unit, or a remark in brackets without figures.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.rest.is_empty()
            || (self.rest.starts_with('(') && !self.rest.contains(|c: char| c.is_ascii_digit()))
    }
}

/// A price or amount.
#[must_use]
pub fn money(text: &str, context: &Context<'_>) -> Option<Money> {
    money::read(text, context.style, context.labels)
}

/// The number in a cell that is nothing but a number, amount or quantity.
#[must_use]
pub fn bare_number(text: &str, context: &Context<'_>) -> Option<Decimal> {
    let money = money(text, context)?;
    let rest = money.rest.trim_start_matches('/').trim();
    (rest.is_empty() || context.labels.is_unit(rest)).then_some(money.value)
}

/// A part number or code: Latin letters, digits and marks, with a digit, without blanks.
#[must_use]
pub fn is_code(text: &str) -> bool {
    let text = plain(text);
    let text = text.trim();
    let marks = text.chars().all(|c| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.' | '#' | '+' | '*' | '(' | ')')
    });
    text.len() >= 3
        && text.len() <= 40
        && marks
        && !has_han(text)
        && text.chars().any(|c| c.is_ascii_digit())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// A whole number of at most four digits, as positions are numbered.
#[must_use]
pub fn is_position(text: &str) -> bool {
    let text = plain(text);
    let digits = text.trim().trim_end_matches(['.', ')', '、', '）']);
    !digits.is_empty() && digits.len() <= 4 && digits.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::labels::Labels;

    #[test]
    fn quantities() {
        let labels = Labels::built_in();
        let context = Context {
            labels: &labels,
            printed: false,
            style: number::Style::Point,
            dates: Default::default(),
        };
        for (text, value, unit, rest) in [
            ("6,000 条", "6000", Some("条"), ""),
            ("１，５００", "1500", None, ""),
            ("1.2万个", "12000", Some("个"), ""),
            ("三千条", "3000", Some("条"), ""),
            ("4,000 PCS", "4000", Some("PCS"), ""),
            ("20箱(480瓶)", "20", Some("箱"), "(480瓶)"),
            ("12,000 ", "12000", None, ""),
            ("800 m", "800", Some("m"), ""),
            ("5K", "5000", None, ""),
            ("10Kpcs", "10000", Some("pcs"), ""),
            ("3kg", "3", Some("kg"), ""),
        ] {
            let got = quantity(text, &context).map(|q| (q.value.to_string(), q.unit, q.rest));
            assert_eq!(got, Some((value.to_owned(), unit.map(str::to_owned), rest.to_owned())), "{text}");
        }
        assert_eq!(quantity("待定", &context), None);
    }

    #[test]
    fn codes() {
        for (text, want) in [
            ("LL-FL-1180", true),
            ("77-0814", true),
            ("6970000010429", true),
            ("5#尼龙", false),
            ("Black", false),
            ("12", false),
        ] {
            assert_eq!(is_code(text), want, "{text}");
        }
    }
}
