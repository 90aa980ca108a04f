//! Order numbers: a pattern from config, filled with region, class, customer, month and a running number.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A number once given; never reused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderNumber(pub String);

/// What fills the pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberParts<'a> {
    /// Two letters: CN NA LA EU SE AU ME AF, UN unknown.
    pub region: &'a str,
    /// Product class letter.
    pub class: &'a str,
    pub customer: &'a str,
    /// Month of confirmation.
    pub on: NaiveDate,
    /// Running number of this customer, from 1.
    pub sequence: u64,
}

/// A pattern that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    #[error(
        "`{0}` is not a field of the order number: use region, class, customer, yy, yyyy, mm or seq, as in {{seq:02}}"
    )]
    UnknownField(String),
    #[error("a brace is left open")]
    OpenBrace,
    #[error("the pattern needs {{customer}} and {{seq}}, or two orders could get one number")]
    NotUnique,
}

/// The pattern of order numbers, checked when built; default `{region}{class}-{customer}-{yy}{mm}-{seq:02}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberPattern(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Region,
    Class,
    Customer,
    Year { digits: usize },
    Month,
    Sequence { width: usize },
}

impl NumberPattern {
    /// Reads a pattern. Refused when it has an unknown field or can't tell two orders apart.
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        let mut pieces = Vec::new();
        let mut rest = pattern;
        while let Some(open) = rest.find('{') {
            pieces.push(Piece::Text(rest[..open].to_owned()));
            let close = rest[open..].find('}').ok_or(PatternError::OpenBrace)? + open;
            pieces.push(Piece::field(&rest[open + 1..close])?);
            rest = &rest[close + 1..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        let has = |wanted: fn(&Piece) -> bool| pieces.iter().any(wanted);
        if has(|p| matches!(p, Piece::Customer)) && has(|p| matches!(p, Piece::Sequence { .. })) {
            Ok(Self(pieces))
        } else {
            Err(PatternError::NotUnique)
        }
    }

    /// The number of one order. After the width is used up the field widens.
    #[must_use]
    pub fn number(&self, parts: &NumberParts<'_>) -> OrderNumber {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(fixed) => text.push_str(fixed),
                Piece::Region => text.push_str(parts.region),
                Piece::Class => text.push_str(parts.class),
                Piece::Customer => text.push_str(parts.customer),
                Piece::Year { digits: 2 } => {
                    text.push_str(&format!("{:02}", parts.on.year().rem_euclid(100)))
                }
                Piece::Year { .. } => text.push_str(&format!("{:04}", parts.on.year())),
                Piece::Month => text.push_str(&format!("{:02}", parts.on.month())),
                Piece::Sequence { width } => text.push_str(&format!("{:0width$}", parts.sequence)),
            }
        }
        OrderNumber(text)
    }
}

impl Piece {
    fn field(name: &str) -> Result<Self, PatternError> {
        Ok(match name {
            "region" => Self::Region,
            "class" => Self::Class,
            "customer" => Self::Customer,
            "yy" => Self::Year { digits: 2 },
            "yyyy" => Self::Year { digits: 4 },
            "mm" => Self::Month,
            "seq" => Self::Sequence { width: 1 },
            other => match other.strip_prefix("seq:0").and_then(|width| width.parse().ok()) {
                Some(width) if width <= 12 => Self::Sequence { width },
                Some(_) | None => return Err(PatternError::UnknownField(other.to_owned())),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(pattern: &str, sequence: u64) -> String {
        let on = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let parts = NumberParts { region: "CN", class: "S", customer: "C1001", on, sequence };
        NumberPattern::parse(pattern).unwrap().number(&parts).0
    }

    #[test]
    fn the_pattern_is_filled_and_widens() {
        let default = "{region}{class}-{customer}-{yy}{mm}-{seq:02}";
        assert_eq!(number(default, 7), "CNS-C1001-2611-07");
        assert_eq!(number(default, 100), "CNS-C1001-2611-100");
        assert_eq!(number("{customer}/{yyyy}/{seq}", 3), "C1001/2026/3");
    }

    #[test]
    fn a_pattern_that_could_repeat_a_number_is_refused() {
        assert_eq!(NumberPattern::parse("{region}-{seq}"), Err(PatternError::NotUnique));
        assert_eq!(NumberPattern::parse("{customer}-{sq}"), Err(PatternError::UnknownField("sq".into())));
        assert_eq!(NumberPattern::parse("{customer"), Err(PatternError::OpenBrace));
    }
}
