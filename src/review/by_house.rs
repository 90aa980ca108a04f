//! What one of the house keys in about an order: whether it can still be changed so, and the draft that it makes.

use super::case::can_change;
use crate::order::Order;
use crate::order::by_house::HouseChange;
use crate::order::document::Kind;
use crate::order::draft::{Confidence, DraftLine, DraftOrder, Evidence, Field};
use crate::order::keyed::{self, KeyedError};
use crate::order::review::Queue;
use crate::order::status::Status;
use rust_decimal::Decimal;
use serde_json::Value;
use thiserror::Error;
use uuid::Uuid;

/// Why it is not taken down. Each says what the person can do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CannotChange {
    #[error("say why, with --note: it is kept with the order")]
    NoReason,
    #[error("it is no order but an {} itself: correct it, or file it, in its review ({})", kind.as_str(), reviews(waits))]
    Case { kind: Kind, waits: Vec<Uuid> },
    #[error("the order is {}: nothing of it can be changed any more; take what is wanted as a new order", .0.as_str())]
    Ended(Status),
    #[error(
        "goods of the order have left (it is {}), and what has left is not changed: what remains is a complaint or a return",
        .0.as_str()
    )]
    Left(Status),
    #[error(
        "the order itself is still being keyed: correct, file or reject it in that review, with `gendan reviews decide {0}`"
    )]
    Reading(Uuid),
    #[error("`{path}`: the order has no line {line}: it has {}", lines(has))]
    NoLine { path: String, line: String, has: Vec<u32> },
    #[error(
        "`{0}` says neither which line of the order it is (`line`) nor which goods (`customer_part` or `description`)"
    )]
    WhichLine(String),
    #[error("`{0}` stays as it is while the order stands: cancel the order and take a new one")]
    Fixed(&'static str),
    #[error("line {0} is the last one of the order: cancel the order, without --line")]
    LastLine(u32),
    #[error("that leaves no line of the order: cancel it with `gendan orders cancel`")]
    NothingLeft,
    #[error("nothing of the order changes by that: see `gendan orders show`")]
    Same,
    #[error(
        "{} is held already, by {by}: let it go on with `gendan orders resume`",
        what(*line)
    )]
    HeldAlready { by: String, line: Option<u32> },
    #[error("nothing else of the order is moving: hold the whole order, without --line")]
    LastMoving,
    #[error(
        "the others were reported to have left, which waits for its turn: let the line go on when they count as shipped"
    )]
    LeavingWaits,
    #[error("the house does not hold {}: {}", what(*line), held(holds))]
    NotHeld { line: Option<u32>, holds: Vec<Option<u32>> },
    #[error(transparent)]
    Keyed(#[from] KeyedError),
}

fn reviews(waits: &[Uuid]) -> String {
    let ids: Vec<String> = waits.iter().map(Uuid::to_string).collect();
    if ids.is_empty() { "it waits for nobody".to_owned() } else { ids.join(", ") }
}

fn what(line: Option<u32>) -> String {
    line.map_or_else(|| "the order".to_owned(), |line| format!("line {line}"))
}

fn held(holds: &[Option<u32>]) -> String {
    let names: Vec<String> = holds.iter().map(|line| what(*line)).collect();
    if names.is_empty() {
        "it holds nothing of it".to_owned()
    } else {
        format!("it holds {}", names.join(", "))
    }
}

fn lines(has: &[u32]) -> String {
    has.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

/// The draft of what is asked for, and what it is of the order.
pub fn drafted(order: &Order, change: &HouseChange) -> Result<(Kind, DraftOrder), CannotChange> {
    match change {
        HouseChange::Amend { order: said } => Ok((Kind::Amendment, amendment(order, said)?)),
        HouseChange::Cancel { line: Some(line) } => Ok((Kind::Amendment, without(order, *line)?)),
        HouseChange::Cancel { line: None } => Ok((Kind::Cancellation, cancellation(order)?)),
        HouseChange::Hold { .. } | HouseChange::Resume { .. } => Err(CannotChange::Same),
    }
}

/// The draft of an amendment, from what was keyed.
fn amendment(order: &Order, said: &Value) -> Result<DraftOrder, CannotChange> {
    open_to_change(order)?;
    understood(order)?;
    let draft = keyed::from_plain(said)?;
    fixed(order, &draft)?;
    for (at, line) in draft.lines.iter().enumerate() {
        names_line(order, at, line)?;
    }
    Ok(named(order, draft))
}

/// The draft of an amendment that leaves one line out.
fn without(order: &Order, line: u32) -> Result<DraftOrder, CannotChange> {
    open_to_change(order)?;
    understood(order)?;
    has_line(order, line)?;
    if order.content.lines.len() == 1 {
        return Err(CannotChange::LastLine(line));
    }
    let gone = DraftLine {
        line: Some(line.to_string()),
        quantity: Some(by_hand(Decimal::ZERO)),
        ..DraftLine::default()
    };
    Ok(named(order, DraftOrder { lines: vec![gone], ..DraftOrder::default() }))
}

/// The draft of a cancellation.
fn cancellation(order: &Order) -> Result<DraftOrder, CannotChange> {
    open_to_change(order)?;
    understood(order)?;
    Ok(named(order, DraftOrder::default()))
}

/// The position is one of the order's.
pub(super) fn has_line(order: &Order, line: u32) -> Result<(), CannotChange> {
    let has: Vec<u32> = order.content.lines.iter().map(|it| it.position).collect();
    if has.contains(&line) {
        return Ok(());
    }
    Err(CannotChange::NoLine { path: "line".to_owned(), line: line.to_string(), has })
}

/// It stands, is no case, and its goods are here.
pub(super) fn open_to_change(order: &Order) -> Result<(), CannotChange> {
    if order.is_case() {
        let waits = order.open_reviews().map(|review| review.id).collect();
        return Err(CannotChange::Case { kind: order.kind, waits });
    }
    if matches!(order.status, Status::Rejected | Status::Cancelled) {
        return Err(CannotChange::Ended(order.status));
    }
    if can_change(order) { Ok(()) } else { Err(CannotChange::Left(order.status)) }
}

/// What nobody is sure of yet is corrected, and not amended.
fn understood(order: &Order) -> Result<(), CannotChange> {
    let reading = order.open_reviews().find(|it| matches!(it.queue, Queue::Keying | Queue::Clarification));
    reading.map_or(Ok(()), |review| Err(CannotChange::Reading(review.id)))
}

/// What makes it this order, and no other.
fn fixed(order: &Order, draft: &DraftOrder) -> Result<(), CannotChange> {
    let (content, customer) = (&order.content, &draft.customer);
    let other = |said: &Option<Field<String>>, is: &Option<String>| {
        said.as_ref().is_some_and(|it| Some(it.value.trim()) != is.as_deref())
    };
    let day = draft.order_date.as_ref().is_some_and(|it| Some(it.value) != content.order_date);
    for (path, changed) in [
        ("po_number", other(&draft.po_number, &content.po_number)),
        ("order_date", day),
        ("customer.name", other(&customer.name, &content.customer)),
        ("customer.contact", customer.contact.is_some()),
        ("customer.phone", customer.phone.is_some()),
        ("customer.email", customer.email.is_some()),
    ] {
        if changed {
            return Err(CannotChange::Fixed(path));
        }
    }
    Ok(())
}

/// A line by its number alone is one of the order's; one that names goods may be a new one.
fn names_line(order: &Order, at: usize, line: &DraftLine) -> Result<(), CannotChange> {
    if line.customer_part.is_some() || line.description.is_some() {
        return Ok(());
    }
    let Some(number) = line.line.as_deref().map(str::trim) else {
        return Err(CannotChange::WhichLine(format!("lines.{at}")));
    };
    let has: Vec<u32> = order.content.lines.iter().map(|it| it.position).collect();
    if number.parse().is_ok_and(|number| has.contains(&number)) {
        return Ok(());
    }
    let (path, line) = (format!("lines.{at}.line"), number.to_owned());
    Err(CannotChange::NoLine { path, line, has })
}

/// The draft says whose order it changes.
fn named(order: &Order, draft: DraftOrder) -> DraftOrder {
    let content = &order.content;
    let mut draft = DraftOrder { po_number: content.po_number.clone().map(by_hand), ..draft };
    draft.customer.name = content.customer.clone().map(by_hand);
    draft
}

fn by_hand<T>(value: T) -> Field<T> {
    Field { value, evidence: Evidence::Keyed, confidence: Confidence::FULL }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::event::{Event, PartRef};
    use crate::order::line::{Content, Line};
    use chrono::DateTime;
    use serde_json::json;

    fn order(kind: Kind, lines: u32) -> Order {
        let line = |position| Line { position, sku: Some(format!("S{position}")), ..Line::default() };
        let content = Content {
            customer: Some("C1".to_owned()),
            po_number: Some("PO-1".to_owned()),
            lines: (1..=lines).map(line).collect(),
            ..Content::default()
        };
        let from = PartRef { document_id: Uuid::nil(), part: 0 };
        let sent_at = DateTime::UNIX_EPOCH;
        let event = Event::Received { from, kind, sent_at, refers_to: None, content };
        Order::begin(Uuid::nil(), &event).unwrap()
    }

    #[test]
    fn what_is_keyed_is_refused_with_its_place_and_remedy() {
        let order = order(Kind::Order, 2);
        for (said, refused) in [
            (json!({"lines": [{"line": "2", "quantity": "5"}]}), ""),
            (json!({"lines": [{"customer_part": "new", "quantity": "5"}]}), ""),
            (
                json!({"po_number": "PO-1", "customer": {"name": "C1"}, "requested_delivery": "2026-03-18"}),
                "",
            ),
            (
                json!({"lines": [{"line": "3", "quantity": "5"}]}),
                "`lines.0.line`: the order has no line 3: it has 1, 2",
            ),
            (json!({"lines": [{"quantity": "5"}]}), "`lines.0` says neither which line of the order it is"),
            (json!({"lines": [{"line": "1", "quantity": "many"}]}), "`lines.0.quantity` can't be"),
            (json!({"total_price": "5"}), "`total_price` is not a field of an order"),
            (json!({"po_number": "PO-2"}), "`po_number` stays as it is"),
            (json!({"order_date": "2026-03-18"}), "`order_date` stays as it is"),
            (json!({"customer": {"name": "C2"}}), "`customer.name` stays as it is"),
            (json!({"customer": {"phone": "1"}}), "`customer.phone` stays as it is"),
            (json!([]), "an object with fields"),
        ] {
            let answer = drafted(&order, &HouseChange::Amend { order: said.clone() });
            match answer {
                Ok((kind, draft)) => {
                    assert_eq!((kind, refused), (Kind::Amendment, ""), "{said}");
                    assert_eq!(draft.po_number.map(|it| it.value).as_deref(), Some("PO-1"));
                    assert_eq!(draft.customer.name.map(|it| it.value).as_deref(), Some("C1"));
                }
                Err(why) => {
                    assert!(!refused.is_empty() && why.to_string().contains(refused), "{said}: {why}");
                }
            }
        }
    }

    #[test]
    fn a_line_is_cancelled_as_long_as_another_one_stays() {
        let cancel = |lines, line| drafted(&order(Kind::Order, lines), &HouseChange::Cancel { line });
        let (kind, draft) = cancel(2, Some(2)).unwrap();
        assert_eq!((kind, draft.lines[0].line.as_deref()), (Kind::Amendment, Some("2")));
        assert_eq!(cancel(1, Some(1)), Err(CannotChange::LastLine(1)));
        assert!(matches!(cancel(2, Some(3)), Err(CannotChange::NoLine { .. })));
        assert_eq!(cancel(1, None).unwrap().0, Kind::Cancellation);
    }

    #[test]
    fn what_is_no_order_or_has_ended_is_not_changed() {
        let case = order(Kind::Amendment, 1);
        let cancel = HouseChange::Cancel { line: None };
        assert!(matches!(drafted(&case, &cancel), Err(CannotChange::Case { .. })));
        let mut ended = order(Kind::Order, 1);
        ended.apply(&Event::Cancelled { reason: "x".to_owned() }).unwrap();
        assert_eq!(drafted(&ended, &cancel), Err(CannotChange::Ended(Status::Cancelled)));
    }
}
