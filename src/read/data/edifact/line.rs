//! One position of a message.

use super::super::{Bad, NOTE, TEXT, bad, identified, more, units};
use super::segment::Segment;
use super::values::{number, text};
use crate::order::draft::{DraftLine, Field, Found};
use crate::read::codes::Code;
use crate::read::find::Doubt;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// Net and gross prices (5125); others inform only.
const PRICES: [&str; 4] = ["AAA", "NTP", "AAB", "INV"];

/// A position in the making.
#[derive(Default)]
pub(super) struct Line {
    pub(super) draft: DraftLine,
    pub(super) deleted: bool,
    /// The kind of its date, as its place in the list of kinds.
    wanted: Option<usize>,
    /// Quantities that are delivered apart, each with its date.
    parts: Vec<Part>,
    /// The last quantity was one of those.
    apart: bool,
    /// The kind of its price, as its place in [`PRICES`].
    price: Option<usize>,
    /// The code of its unit (6411).
    unit: String,
    /// Numbers of the goods beside the one that was taken.
    numbers: Vec<String>,
    doubts: Vec<Doubt>,
}

struct Part {
    quantity: Field<Decimal>,
    date: Found<NaiveDate>,
    wanted: Option<usize>,
}

/// Whether a kind of date says more about the delivery than the one that is known, both as places in the list
/// of kinds, the best first.
pub(super) fn is_better(place: Option<usize>, known: Option<usize>) -> bool {
    known.is_none_or(|known| place.is_some_and(|it| it <= known))
}

impl Line {
    pub(super) fn new(segment: &Segment) -> Self {
        let mut line = Self::default();
        line.draft.line = text(segment, segment.part(1, 0)).map(|it| it.value);
        line.draft.customer_part = text(segment, segment.part(3, 0));
        // 1229: 2 deleted.
        line.deleted = segment.part(2, 0) == "2";
        if segment.part(4, 0) == "1" {
            line.doubt(segment, "a position within another");
        }
        line
    }

    pub(super) fn doubt(&mut self, segment: &Segment, what: &str) {
        self.doubts.push(Doubt::new(Code::Ambiguous, format!("segment {}: {what}", segment.line)));
    }

    pub(super) fn date(&mut self, place: Option<usize>, date: Found<NaiveDate>) {
        if place.is_none() {
            return;
        }
        let part = self.parts.last_mut().filter(|_| self.apart);
        let (known, to) = match part {
            Some(part) => (&mut part.wanted, &mut part.date),
            None => (&mut self.wanted, &mut self.draft.delivery_date),
        };
        if is_better(place, *known) {
            (*known, *to) = (place, date);
        }
    }

    /// The buyer's number of the goods before the seller's, both before a bar code (7143); the others are kept beside it. Goods
    /// that could stand in for these (4347: 2, 3, 4) are doubtful.
    pub(super) fn numbers(&mut self, segment: &Segment) {
        if !matches!(segment.part(1, 0), "1" | "5" | "") {
            return self.doubt(segment, "other goods are named, too");
        }
        let rank = |kind: &str| match kind {
            "IN" | "BP" => 2,
            "SA" | "VP" | "VN" => 1,
            _ => 0,
        };
        for at in 2..=6 {
            let (number, rank) = (segment.part(at, 0), rank(segment.part(at, 1)));
            if number.is_empty() {
                continue;
            }
            let bar_code = |it: &Field<String>| {
                it.value.len() >= 8 && it.value.chars().all(|letter| letter.is_ascii_digit())
            };
            let before = self.draft.customer_part.take();
            let better = rank == 2 || rank == 1 && before.as_ref().is_none_or(bar_code) || before.is_none();
            let (taken, other) = if better {
                (text(segment, number), before.map(|it| it.value))
            } else {
                (before, Some(number.to_owned()))
            };
            self.draft.customer_part = taken;
            self.numbers.extend(other);
        }
    }

    /// 7081: 35 a colour, 98 a size.
    pub(super) fn describe(&mut self, segment: &Segment) {
        let said = [segment.part(3, 3), segment.part(3, 4)].join(" ");
        let said = if said.trim().is_empty() { segment.part(3, 0) } else { said.trim() };
        let to = match segment.part(2, 0) {
            "35" => &mut self.draft.color,
            "98" => &mut self.draft.spec,
            _ => &mut self.draft.description,
        };
        more(to, text(segment, said), (" ", TEXT));
    }

    pub(super) fn note(&mut self, note: Found<String>) {
        more(&mut self.draft.note, note, ("\n", NOTE));
    }

    /// 6063: 21 ordered, 11 of one delivery.
    pub(super) fn quantity(&mut self, segment: &Segment) -> Result<(), Bad> {
        let quantity = number(segment, segment.part(1, 1))?;
        self.apart = segment.part(1, 0) == "11";
        match (segment.part(1, 0), quantity) {
            ("21", quantity) => {
                if self.draft.quantity.is_some() {
                    self.doubt(segment, "the quantity is given again");
                }
                self.draft.quantity = quantity;
            }
            ("11", Some(quantity)) => self.parts.push(Part { quantity, date: None, wanted: None }),
            (_, _) => return Ok(()),
        }
        let unit = segment.part(1, 2);
        if !unit.is_empty() {
            if !self.unit.is_empty() && self.unit != unit {
                self.doubt(segment, "a quantity in another unit");
            }
            unit.clone_into(&mut self.unit);
            self.draft.unit = text(segment, &units::word(unit));
        }
        Ok(())
    }

    /// The net price before others (5125), for one unit (5284).
    pub(super) fn price(&mut self, segment: &Segment) -> Result<(), Bad> {
        let Some(place) = PRICES.iter().position(|it| *it == segment.part(1, 0)) else { return Ok(()) };
        if self.price.is_some_and(|known| known < place) {
            return Ok(());
        }
        let Some(mut price) = number(segment, segment.part(1, 1))? else { return Ok(()) };
        if let Some(basis) = number(segment, segment.part(1, 4))? {
            let one = price.value.checked_div(basis.value);
            let none = || bad(format!("segment {}: a price of no quantity is none", segment.line));
            price.value = one.ok_or_else(none)?.normalize();
        }
        let unit = segment.part(1, 5);
        if !unit.is_empty() && !self.unit.is_empty() && unit != self.unit {
            self.doubt(segment, "a price of another unit");
        }
        (self.price, self.draft.unit_price) = (Some(place), Some(price));
        Ok(())
    }

    /// The order's lines: one, or one for each delivery, and what is doubtful.
    pub(super) fn drafts(mut self) -> (Vec<DraftLine>, Vec<Doubt>) {
        identified(&mut self.draft, &self.numbers);
        let parts = std::mem::take(&mut self.parts);
        let sum: Decimal = parts.iter().map(|part| part.quantity.value).sum();
        let whole = self.draft.quantity.as_ref().map(|it| it.value);
        if !parts.is_empty() && whole.is_some_and(|whole| whole != sum) {
            let what = "the deliveries are not the quantity that is ordered";
            self.doubts.push(Doubt::new(Code::Contradiction, what));
        }
        let several = parts.len() > 1;
        let part = |(at, part): (usize, Part)| DraftLine {
            quantity: Some(part.quantity),
            delivery_date: part.date.or_else(|| self.draft.delivery_date.clone()),
            amount: self.draft.amount.clone().filter(|_| !several),
            note: self.draft.note.clone().filter(|_| at == 0),
            ..self.draft.clone()
        };
        let lines: Vec<DraftLine> = parts.into_iter().enumerate().map(part).collect();
        (if lines.is_empty() { vec![self.draft] } else { lines }, self.doubts)
    }
}
