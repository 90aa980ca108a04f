//! One ORDERS or ORDCHG message as an order. Names in brackets are those of the directory D.96A.

use super::super::{Bad, NOTE, bad, found, more, on};
use super::line::{Line, is_better};
use super::segment::Segment;
use super::values::{day, number, text};
use crate::order::document::Kind;
use crate::order::draft::{DraftOrder, Found};
use crate::read::codes::Code;
use crate::read::find::{Doubt, Found as Read};
use crate::read::limits::Limits;
use rust_decimal::Decimal;

/// Requested delivery, latest delivery, delivery not after, earliest delivery (2005).
const DELIVERY: [&str; 4] = ["2", "63", "61", "64"];
/// Delivery party, ship to, consignee, ultimate consignee (3035).
const RECEIVERS: [&str; 4] = ["DP", "ST", "CN", "UC"];

/// Reads a message from UNH to UNT.
pub(super) fn read(segments: &[Segment], limits: &Limits) -> Result<Read, Bad> {
    let lines = segments.iter().filter(|it| it.tag() == "LIN").count();
    if lines > limits.rows as usize {
        return Err((Code::TooManyParts, format!("{lines} lines")));
    }
    let mut message = Message { changes: segments[0].part(2, 0) == "ORDCHG", ..Message::default() };
    for segment in segments {
        message.take(segment)?;
    }
    let read = message.end()?;
    let lines = read.order.lines.len();
    if lines > limits.rows as usize { Err((Code::TooManyParts, format!("{lines} lines"))) } else { Ok(read) }
}

/// To whom segments like CTA and COM belong.
#[derive(Default, Clone, Copy, PartialEq)]
enum Party {
    Buyer,
    /// Its place in [`RECEIVERS`].
    Receiver(usize),
    #[default]
    Other,
}

#[derive(Default)]
struct Message {
    changes: bool,
    kind: Option<Kind>,
    order: DraftOrder,
    original: Found<String>,
    /// Place of the date in [`DELIVERY`].
    wanted: Option<usize>,
    /// Place of the receiver in [`RECEIVERS`].
    receiver: Option<usize>,
    party: Party,
    lines: Vec<Line>,
    summary: bool,
    /// MOA 79, 86, 128 (5025), the sum of the lines first.
    totals: [Found<Decimal>; 3],
    doubts: Vec<Doubt>,
}

impl Message {
    fn take(&mut self, segment: &Segment) -> Result<(), Bad> {
        match segment.tag() {
            "BGM" => self.begin(segment),
            "LIN" => self.lines.push(Line::new(segment)),
            "UNS" => self.summary = segment.part(1, 0) == "S",
            "DTM" => self.date(segment)?,
            "FTX" => self.text(segment),
            "RFF" if self.lines.is_empty() && segment.part(1, 0) == "ON" => {
                self.original = text(segment, segment.part(1, 1));
            }
            // 1153 PD: number of the seller's promotion.
            "RFF" if segment.part(1, 0) == "PD" => {
                self.order.discount_code =
                    self.order.discount_code.take().or(text(segment, segment.part(1, 1)));
            }
            "NAD" => self.party(segment),
            "CTA" => self.contact(segment),
            "COM" => self.number(segment),
            "CUX" if segment.part(1, 1).len() == 3 => {
                self.order.currency = self.order.currency.take().or(text(segment, segment.part(1, 1)));
            }
            "PAT" => self.terms(segment),
            "TOD" => self.order.incoterm = text(segment, segment.part(3, 0)),
            "LOC" => self.place(segment),
            "TDT" => {
                let name = Some(segment.part(5, 3)).filter(|it| !it.is_empty());
                self.order.shipping_method = text(segment, name.unwrap_or_else(|| segment.part(5, 0)));
            }
            "ALC" => {
                let detail = format!("segment {}: an allowance or charge", segment.line);
                self.doubts.push(Doubt::new(Code::SkippedLine, detail));
            }
            "MOA" => self.amount(segment)?,
            "CNT" => self.count(segment),
            "PIA" | "IMD" | "QTY" | "PRI" => self.of_line(segment)?,
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, segment: &Segment) {
        self.order.po_number = text(segment, segment.part(2, 0));
        let (document, function) = (segment.part(1, 0), segment.part(3, 0));
        // 1225: 1 cancellation, 3 deletion, 4 change, 5 replace, 9 original, 7 duplicate, 31 copy, 43 additional transmission.
        self.kind = Some(match function {
            "1" | "3" => Kind::Cancellation,
            "4" | "5" => Kind::Amendment,
            _ if self.changes || document == "230" => Kind::Amendment,
            _ => Kind::Order,
        });
        // 1001: 105 and 220 purchase order, 224 rush, 226 call-off, 227 consignment, 230 change; others order nothing by themselves.
        let firm = matches!(document, "" | "105" | "220" | "224" | "226" | "227" | "230")
            && matches!(function, "" | "1" | "3" | "4" | "5" | "9" | "7" | "31" | "43");
        if !firm {
            self.doubt(segment, "this may not be a firm order");
        }
    }

    fn doubt(&mut self, segment: &Segment, what: &str) {
        self.doubts.push(Doubt::new(Code::Ambiguous, format!("segment {}: {what}", segment.line)));
    }

    /// The line that is open.
    fn open(&mut self) -> Option<&mut Line> {
        if self.summary { None } else { self.lines.last_mut() }
    }

    fn date(&mut self, segment: &Segment) -> Result<(), Bad> {
        let purpose = segment.part(1, 0);
        let place = DELIVERY.iter().position(|it| *it == purpose);
        if place.is_none() && !["137", "4"].contains(&purpose) {
            return Ok(());
        }
        let Some(date) = day(segment.part(1, 1), segment.part(1, 2)) else {
            let detail = format!("segment {}: a date that is written in another way", segment.line);
            self.doubts.push(Doubt::new(Code::BadValue, detail));
            return Ok(());
        };
        let date = Some(on(segment.line, date));
        if let Some(line) = self.open() {
            line.date(place, date);
        } else if place.is_some() {
            if is_better(place, self.wanted) {
                (self.wanted, self.order.requested_delivery) = (place, date);
            }
        } else if purpose == "137" || self.order.order_date.is_none() {
            self.order.order_date = date;
        }
        Ok(())
    }

    fn text(&mut self, segment: &Segment) {
        let said = text(segment, &segment.parts(4, 0).collect::<Vec<_>>().join(" "));
        match self.open() {
            Some(line) => line.note(said),
            None => more(&mut self.order.notes, said, ("\n", NOTE)),
        }
    }

    fn party(&mut self, segment: &Segment) {
        let role = segment.part(1, 0);
        let name = || text(segment, &segment.parts(4, 0).collect::<Vec<_>>().join(" "));
        let unstructured = segment.parts(3, 0).collect::<Vec<_>>();
        self.party = Party::Other;
        if let Some(line) = self.open() {
            if RECEIVERS.contains(&role) {
                line.doubt(segment, "this position goes to a place of its own");
            }
            return;
        }
        if role == "BY" {
            self.party = Party::Buyer;
            let first = unstructured.first().and_then(|it| text(segment, it));
            self.order.customer.name = name().or(first).or_else(|| text(segment, segment.part(2, 0)));
        } else if let Some(place) = RECEIVERS.iter().position(|it| *it == role)
            && self.receiver.is_none_or(|was| place < was)
        {
            self.receiver = Some(place);
            self.party = Party::Receiver(place);
            let street = segment.parts(5, 0).collect::<Vec<_>>().join(" ");
            let city = format!("{} {}", segment.part(6, 0), segment.part(8, 0));
            let parts = [street.as_str(), city.trim(), segment.part(7, 0), segment.part(9, 0)];
            let parts: Vec<&str> = parts.into_iter().filter(|it| !it.is_empty()).collect();
            let free = unstructured.get(usize::from(name().is_none())..).unwrap_or_default();
            let address = if parts.is_empty() { free.join(", ") } else { parts.join(", ") };
            self.order.ship_to.name =
                name().or_else(|| unstructured.first().and_then(|it| text(segment, it)));
            self.order.ship_to.address = text(segment, &address);
        }
    }

    fn contact(&mut self, segment: &Segment) {
        let name = Some(segment.part(2, 1)).filter(|it| !it.is_empty());
        let name = text(segment, name.unwrap_or_else(|| segment.part(2, 0)));
        match self.party {
            Party::Buyer => self.order.customer.contact = name,
            Party::Receiver(_) => self.order.ship_to.contact = name,
            Party::Other => {}
        }
    }

    fn number(&mut self, segment: &Segment) {
        let value = text(segment, segment.part(1, 0));
        match (self.party, segment.part(1, 1)) {
            (Party::Buyer, "TE" | "AL") => self.order.customer.phone = value,
            (Party::Buyer, "EM" | "MA") => self.order.customer.email = value,
            (Party::Receiver(_), "TE" | "AL") => self.order.ship_to.phone = value,
            (_, _) => {}
        }
    }

    /// Terms in words (C110), else the days or months of C112.
    fn terms(&mut self, segment: &Segment) {
        let words = segment.parts(2, 3).collect::<Vec<_>>().join(" ");
        let period = match segment.part(3, 2) {
            "D" => " days",
            "WD" => " working days",
            "W" => " weeks",
            "M" => " months",
            _ => "",
        };
        let number = segment.part(3, 3);
        let said = match (words.is_empty(), number.is_empty() || period.is_empty()) {
            (false, _) => words,
            (true, false) => format!("{number}{period}"),
            (true, true) => String::new(),
        };
        self.order.payment_terms = self.order.payment_terms.take().or_else(|| text(segment, &said));
    }

    /// The place that a term of delivery names.
    fn place(&mut self, segment: &Segment) {
        if let Some(line) = self.open() {
            // 3227: 7 place of delivery.
            if segment.part(1, 0) == "7" {
                line.doubt(segment, "this position goes to a place of its own");
            }
            return;
        }
        let name = Some(segment.part(2, 3)).filter(|it| !it.is_empty());
        let name = name.unwrap_or_else(|| segment.part(2, 0));
        if segment.part(1, 0) == "1"
            && !name.is_empty()
            && let Some(term) = self.order.incoterm.as_mut().filter(|it| it.value.len() == 3)
        {
            term.value = format!("{} {name}", term.value);
        }
    }

    fn amount(&mut self, segment: &Segment) -> Result<(), Bad> {
        let purpose = segment.part(1, 0);
        let place = ["79", "86", "128"].iter().position(|it| *it == purpose);
        match (place, self.open()) {
            (_, Some(line)) if ["203", "66"].contains(&purpose) => {
                line.draft.amount = number(segment, segment.part(1, 1))?;
            }
            (Some(place), None) => self.totals[place] = number(segment, segment.part(1, 1))?,
            (_, _) => {}
        }
        Ok(())
    }

    /// The control total of lines (6069 = 2).
    fn count(&mut self, segment: &Segment) {
        if segment.part(1, 0) == "2" && segment.part(1, 1).parse() != Ok(self.lines.len()) {
            let detail = format!("segment {}: CNT counts other lines than there are", segment.line);
            self.doubts.push(Doubt::new(Code::Contradiction, detail));
        }
    }

    fn of_line(&mut self, segment: &Segment) -> Result<(), Bad> {
        let Some(line) = self.open() else { return Ok(()) };
        match segment.tag() {
            "PIA" => line.numbers(segment),
            "IMD" => line.describe(segment),
            "QTY" => line.quantity(segment)?,
            _ => line.price(segment)?,
        }
        Ok(())
    }

    fn end(mut self) -> Result<Read, Bad> {
        let kind = self.kind.ok_or_else(|| bad("a message has no BGM"))?;
        if kind != Kind::Order {
            self.order.po_number = self.original.take().or(self.order.po_number);
        }
        self.order.total = self.totals.into_iter().flatten().next();
        for line in self.lines {
            if line.deleted {
                self.doubts.push(Doubt::new(Code::SkippedLine, "a position is deleted"));
            } else {
                let (lines, doubts) = line.drafts();
                self.order.lines.extend(lines);
                self.doubts.extend(doubts);
            }
        }
        let number = self.order.po_number.as_ref().map(|it| it.value.clone());
        let refers_to = if kind == Kind::Order { None } else { number };
        Ok(found(kind, self.order, refers_to, self.doubts))
    }
}

#[cfg(test)]
mod tests {
    use super::super::read as interchange;
    use super::*;
    use crate::order::draft::DraftLine;

    fn message(kind: &str, segments: &str) -> Result<Vec<Read>, Bad> {
        let count = segments.matches('\'').count() + 2;
        let text = format!(
            "UNA:+.? 'UNB+UNOC:3+4000000000001:14+4000000000002:14+260318:0900+77'UNH+1+{kind}:D:96A:UN'\
             {segments}UNT+{count}+1'UNZ+1+77'"
        );
        interchange(&text, &Limits::default()).map(|it| it.found)
    }

    fn shown(line: &DraftLine) -> String {
        let text = |it: &Found<String>| it.as_ref().map_or("-".to_owned(), |it| it.value.clone());
        let number = |it: &Found<Decimal>| it.as_ref().map_or("-".to_owned(), |it| it.value.to_string());
        let date = line.delivery_date.as_ref().map_or("-".to_owned(), |it| it.value.to_string());
        [
            text(&line.customer_part),
            text(&line.description),
            text(&line.color),
            number(&line.quantity),
            text(&line.unit),
            number(&line.unit_price),
            number(&line.amount),
            date,
        ]
        .join("|")
    }

    #[test]
    fn an_order_with_its_parties() {
        let head = "BGM+220+PO?+77+9'DTM+137:20260318:102'DTM+2:20260401:102'FTX+AAI+++Ring first:please'\
                    NAD+BY+4012345000009::9++Kaufhaus Nord GmbH'CTA+OC+:Jana Weber'COM+jana@nord.example:EM'\
                    COM+0049 40 555010:TE'NAD+DP+++Lager Nord+Kai 5+Hamburg++20457+DE'CUX+2:EUR:9'\
                    RFF+PD:SPRING10'PAT+1++5:3:D:30'TOD+3++FOB'LOC+1+CNNGB:::Ningbo'";
        let lines = "LIN+1++4012345123456:EN'PIA+1+LL-01:IN'IMD+F++:::5# nylon zipper:closed'IMD+F+35+:::black'\
                     QTY+21:6000:PCE'MOA+203:2820'PRI+AAA:47:::100:PCE'LIN+2'PIA+1+HT-9:SA'QTY+21:1,5:MTR'\
                     PRI+AAB:9.9'PRI+AAA:9.5'DTM+63:20260410:102'UNS+S'MOA+86:2834.25'CNT+2:2'";
        let found = message("ORDERS", &[head, lines].concat()).unwrap();
        let Read { order, kind, doubts, .. } = &found[0];
        let value = |it: &Found<String>| it.as_ref().unwrap().value.clone();
        assert_eq!((*kind, value(&order.po_number).as_str()), (Some(Kind::Order), "PO+77"));
        assert_eq!(value(&order.customer.name), "Kaufhaus Nord GmbH");
        assert_eq!(value(&order.customer.contact), "Jana Weber");
        assert_eq!(value(&order.customer.email), "jana@nord.example");
        assert_eq!(value(&order.ship_to.address), "Kai 5, Hamburg 20457, DE");
        assert_eq!(value(&order.incoterm), "FOB Ningbo");
        assert_eq!(value(&order.payment_terms), "30 days");
        assert_eq!(value(&order.notes), "Ring first please");
        assert_eq!(value(&order.discount_code), "SPRING10");
        assert_eq!(order.total.as_ref().unwrap().value.to_string(), "2834.25");
        let lines: Vec<String> = order.lines.iter().map(shown).collect();
        assert_eq!(order.lines[0].spec.as_ref().unwrap().value, "4012345123456", "beside the buyer's number");
        assert_eq!(
            lines,
            ["LL-01|5# nylon zipper closed|black|6000|pcs|0.47|2820|-", "HT-9|-|-|1.5|m|9.5|-|2026-04-10"]
        );
        assert!(doubts.is_empty(), "{doubts:?}");
    }

    #[test]
    fn changes_cancellations_and_parts() {
        let reference = "BGM+230+CH-5+4'RFF+ON:PO-1'";
        let lines = "LIN+1+2'LIN+2+3'QTY+21:30:KGM'QTY+11:10:KGM'DTM+2:202614:616'QTY+11:20:KGM'\
                     DTM+2:20260401-20260420:718'UNS+S'";
        let found = message("ORDCHG", &[reference, lines].concat()).unwrap();
        assert_eq!((found[0].kind, found[0].refers_to.as_deref()), (Some(Kind::Amendment), Some("PO-1")));
        let lines: Vec<String> = found[0].order.lines.iter().map(shown).collect();
        assert_eq!(lines, ["-|-|-|10|kg|-|-|2026-04-03", "-|-|-|20|kg|-|-|2026-04-20"]);
        assert_eq!(found[0].doubts.len(), 1, "a position is deleted");
        let found = message("ORDERS", "BGM+220+PO-1+1'").unwrap();
        assert_eq!((found[0].kind, found[0].refers_to.as_deref()), (Some(Kind::Cancellation), Some("PO-1")));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_segment() {
        for (segments, want) in [
            ("BGM+220+A+9'LIN+1'QTY+21:viele'", "segment 5: this is no number"),
            ("BGM+220+A+9'LIN+1'QTY+21:1,000'", "segment 5: the comma could part thousands or decimals"),
            ("LIN+1'", "a message has no BGM"),
        ] {
            assert_eq!(message("ORDERS", segments).unwrap_err(), bad(want), "{segments}");
        }
        let head = "UNB+UNOA:1+A+B+1+1'UNH+1+ORDERS:D:96A:UN'BGM+220+A+9'";
        for (rest, want) in [
            ("UNT+9+1'UNZ+1+1'", "segment 4: UNT counts other segments than there are"),
            ("UNT+3+2'UNZ+1+1'", "segment 4: UNT ends another message"),
            ("UNT+3+1'", "the interchange breaks off: it has no UNZ"),
            ("UNT+3+1'UNZ+2+1'", "segment 5: UNZ counts other messages than there are"),
        ] {
            let error = interchange(&format!("{head}{rest}"), &Limits::default()).unwrap_err();
            assert_eq!(error, bad(want), "{rest}");
        }
        let found = message("ORDERS", "BGM+220+A+9'LIN+1'QTY+21:5'DTM+2:5:999'UNS+S'CNT+2:3'").unwrap();
        let codes: Vec<Code> = found[0].doubts.iter().map(|it| it.code).collect();
        assert_eq!(codes, [Code::BadValue, Code::Contradiction]);
    }

    #[test]
    fn what_could_be_meant_otherwise_is_doubtful() {
        for segments in [
            "BGM+220+A+16'LIN+1'QTY+21:5'",
            "BGM+221+A+9'LIN+1'QTY+21:5'",
            "BGM+220+A+9'LIN+1'QTY+21:300'QTY+21:100'",
            "BGM+220+A+9'LIN+1'QTY+21:300'QTY+11:100'QTY+11:100'",
            "BGM+220+A+9'LIN+1'QTY+21:300:PCE'QTY+11:300:MTR'",
            "BGM+220+A+9'LIN+1++A18:IN'PIA+2+A20:IN'QTY+21:5'",
            "BGM+220+A+9'LIN+1'QTY+21:5'NAD+DP+++Other'",
            "BGM+220+A+9'LIN+1'QTY+21:5'LOC+7+X'",
            "BGM+220+A+9'LIN+1++A:IN+1:2'QTY+21:5'",
            "BGM+220+A+9'LIN+1'QTY+21:5:PCE'PRI+AAA:2:::1:MTR'",
        ] {
            let found = message("ORDERS", segments).unwrap();
            assert_eq!(found[0].doubts.len(), 1, "{segments}: {:?}", found[0].doubts);
        }
        let fine = "BGM+220+A+9'LIN+1++A18:IN'QTY+21:300'QTY+11:100'DTM+63:20260410:102'DTM+64:20260401:102'QTY+11:200'PRI+SRP:9'";
        let found = message("ORDERS", fine).unwrap();
        assert!(found[0].doubts.is_empty(), "{:?}", found[0].doubts);
        let lines: Vec<String> = found[0].order.lines.iter().map(shown).collect();
        assert_eq!(lines, ["A18|-|-|100|-|-|-|2026-04-10", "A18|-|-|200|-|-|-|-"]);
        let changed = message("ORDERS", "BGM+220+NEW+4'RFF+ON:OLD'LIN+1'QTY+21:5'").unwrap();
        assert_eq!(changed[0].refers_to.as_deref(), Some("OLD"));
    }
}
