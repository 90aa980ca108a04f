//! Values of segments: texts, numbers and dates, with where they stand.

use super::super::{Bad, TEXT, bad, on};
use super::segment::Segment;
use crate::order::draft::Found;
use crate::read::value::text::head;
use chrono::NaiveDate;
use rust_decimal::Decimal;

pub(super) fn text(segment: &Segment, value: &str) -> Found<String> {
    (!value.is_empty()).then(|| on(segment.line, head(value, TEXT).to_owned()))
}

/// A number with point or comma (ISO 9735, 10). A comma before three digits, where the point parts decimals, may stand for
/// thousands with who knows no better: nobody can tell.
pub(super) fn number(segment: &Segment, value: &str) -> Result<Found<Decimal>, Bad> {
    if value.is_empty() {
        return Ok(None);
    }
    let thousands = value.split_once(',').is_some_and(|(_, behind)| behind.len() == 3);
    if thousands && !segment.comma {
        return Err(bad(format!("segment {}: the comma could part thousands or decimals", segment.line)));
    }
    let number = value.replace(',', ".").parse::<Decimal>();
    let number = number.map_err(|_| bad(format!("segment {}: this is no number", segment.line)))?;
    Ok(Some(on(segment.line, number.normalize())))
}

/// A day in one of the forms of 2379; of a period its last day.
pub(super) fn day(value: &str, form: &str) -> Option<NaiveDate> {
    let whole = |text: &str| NaiveDate::parse_from_str(text, "%Y%m%d").ok();
    match form {
        "101" => NaiveDate::parse_from_str(value, "%y%m%d").ok(),
        "102" | "" => whole(value),
        "203" | "204" | "303" | "304" => whole(value.get(..8)?),
        "718" => whole(value.get(value.len().checked_sub(8)?..)?),
        "616" => {
            let (year, week) = (value.get(..4)?.parse().ok()?, value.get(4..)?.parse().ok()?);
            NaiveDate::from_isoywd_opt(year, week, chrono::Weekday::Fri)
        }
        _ => None,
    }
}
