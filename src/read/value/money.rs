//! Prices and amounts with their currency: ￥1.02, RMB 1,320.00, US$0.92/pc, 0.58元/米, 1.500,00 €.

use super::number::{self, Number, Style};
use super::text::plain;
use crate::read::labels::Labels;
use rust_decimal::Decimal;

/// A printed amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    pub value: Decimal,
    /// ISO 4217.
    pub currency: Option<String>,
    pub ambiguous: bool,
    /// What stands behind it ("/米", "each").
    pub rest: String,
}

/// Reads a cell or value that holds an amount, with a currency before or behind it.
#[must_use]
pub fn read(text: &str, style: Style, labels: &Labels) -> Option<Money> {
    let text = plain(text);
    let text = text
        .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '@' | '=' | ':' | '(' | '約' | '约'));
    let (before, body) = labels.leading_currency(text);
    let body = body.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '.'));
    let Number { value, len, ambiguous } = number::leading(body, style)?;
    let (after, rest) = labels.leading_currency(body[len..].trim_start());
    let rest = rest.trim_start_matches(['-', '–', '—']).trim().to_owned();
    Some(Money { value, currency: before.or(after), ambiguous, rest })
}

/// A price that is meant per hundred or per thousand: the printed figure stays, but somebody must look.
#[must_use]
pub fn per_many(text: &str) -> bool {
    let text = plain(text).to_lowercase().replace([' ', ','], "");
    ["/1000", "/100", "per100", "per1000", "/k", "/千", "/百", "/万", "perm", "每千", "每百", "每万", "/c"]
        .iter()
        .any(|w| {
            text.strip_suffix("pcs").unwrap_or(&text).ends_with(w)
                || (text.contains(w) && w.contains(['0', '千', '百', '万']))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_with_currency() {
        let labels = Labels::built_in();
        for (text, value, currency) in [
            ("￥1.02", "1.02", Some("CNY")),
            ("RMB 1,320.00", "1320.00", Some("CNY")),
            ("0.110元", "0.110", Some("CNY")),
            ("US$0.92/pc", "0.92", Some("USD")),
            ("USD 736.00", "736.00", Some("USD")),
            ("HK$ 12", "12", Some("HKD")),
            ("1.500,00 €", "1500.00", Some("EUR")),
            ("0.58", "0.58", None),
            ("@0.58", "0.58", None),
        ] {
            let got = read(text, Style::Point, &labels).map(|m| (m.value.to_string(), m.currency));
            assert_eq!(got, Some((value.to_owned(), currency.map(str::to_owned))), "{text}");
        }
        assert_eq!(read("面议", Style::Point, &labels), None);
    }

    #[test]
    fn per_thousand_is_noticed() {
        assert!(per_many("0.17/1000pcs") && per_many("5元/千只") && !per_many("0.17/pc"));
    }
}
