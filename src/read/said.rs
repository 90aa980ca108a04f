//! Whether printed words say a value: the same letters, the same figure, or the same day.

use super::value::date::{self, DayOrder};
use super::value::number::{self, Style};
use super::value::text::key;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// A value that is looked for in what is printed; texts, plain decimals and ISO dates as a draft has them.
pub struct Sought {
    letters: String,
    figure: Option<Decimal>,
    day: Option<NaiveDate>,
}

impl Sought {
    /// None for what has no letter or digit: every text would say it.
    #[must_use]
    pub fn new(value: &str) -> Option<Self> {
        let letters = key(value);
        let sought = Self { letters, figure: value.parse().ok(), day: value.parse().ok() };
        (!sought.letters.is_empty()).then_some(sought)
    }

    /// The words say this and nothing else.
    #[must_use]
    pub fn is_said_by(&self, words: &[&str]) -> bool {
        if let Some(day) = self.day {
            let text = words.join(" ");
            let read = |order| date::find(&text, &date::Context { order, ..date::Context::default() }, false);
            return [DayOrder::DayFirst, DayOrder::MonthFirst]
                .into_iter()
                .any(|order| read(order).is_some_and(|found| found.value == day));
        }
        let text = words.concat();
        let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
        let figure = || number::leading(&text[start..], Style::Point).map(|found| found.value);
        key(&text) == self.letters || (self.figure.is_some() && figure() == self.figure)
    }

    /// The words hold its letters, perhaps among others.
    #[must_use]
    pub fn is_held_by(&self, words: &[&str]) -> bool {
        key(&words.concat()).contains(&self.letters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_however_they_are_printed() {
        for (value, words, said) in [
            ("6000", &["6,000"][..], true),
            ("6000", &["6,000", "条"], true),
            ("6000", &["600"], false),
            ("0.47", &["￥0.470"], true),
            ("2026-11-20", &["2026年11月20日"], true),
            ("2026-11-20", &["20", "Nov", "2026"], true),
            ("2026-11-20", &["20/11/2026"], true),
            ("2026-11-20", &["2026-11-21"], false),
            ("LL-FL 1180", &["ll-fl-1180"], true),
            ("LL-FL-1180", &["LL-FL-1181"], false),
        ] {
            assert_eq!(Sought::new(value).unwrap().is_said_by(words), said, "{value} {words:?}");
        }
        assert!(Sought::new("-").is_none());
    }
}
