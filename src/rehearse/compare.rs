//! PURE. What was read beside what was keyed then, field by field.

use super::keyed::KeyedLine;
use crate::master::text::squeezed;
use crate::master::units;
use crate::order::Order;
use crate::order::line::Line;
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// A field that was read otherwise than it was keyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// SKU of the line; none for the order as a whole.
    pub line: Option<String>,
    /// `customer_code`, `line`, `sku`, `quantity`, `unit`, `unit_price`, `delivery_date`.
    pub field: &'static str,
    pub read: Option<String>,
    pub keyed: Option<String>,
}

/// How an order stands beside what was keyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    Same,
    Differs(Vec<Difference>),
    /// Orders of this customer were keyed, but none of this number.
    NotKeyed,
    /// It has no number, or nothing of its customer was keyed: there is nothing to compare with.
    Nothing,
}

/// An order as it was keyed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct KeyedOrder {
    pub customer: Option<String>,
    pub po_number: String,
}

/// What was keyed, by order.
pub struct Keyed<'a>(BTreeMap<(String, String), (KeyedOrder, Vec<&'a KeyedLine>)>);

impl<'a> Keyed<'a> {
    #[must_use]
    pub fn new(lines: &'a [KeyedLine]) -> Self {
        let mut orders = BTreeMap::new();
        for line in lines {
            let key = (squeezed(line.customer.as_deref().unwrap_or_default()), squeezed(&line.po_number));
            let order = || {
                let order = KeyedOrder { customer: line.customer.clone(), po_number: line.po_number.clone() };
                (order, Vec::new())
            };
            orders.entry(key).or_insert_with(order).1.push(line);
        }
        Self(orders)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares each of these orders; and the keyed orders that none of them is.
    #[must_use]
    pub fn compare(&self, orders: &[&Order]) -> (Vec<Compared>, Vec<KeyedOrder>) {
        let mut met = BTreeSet::new();
        let compared = orders.iter().map(|order| self.beside(order, &mut met)).collect();
        let missing = self.0.iter().filter(|(key, _)| !met.contains(*key));
        (compared, missing.map(|(_, (order, _))| order.clone()).collect())
    }

    fn beside(&self, order: &Order, met: &mut BTreeSet<(String, String)>) -> Compared {
        let content = &order.content;
        let Some(po) = content.po_number.as_deref().map(squeezed) else { return Compared::Nothing };
        let customer = content.customer.as_deref().map(squeezed).unwrap_or_default();
        let exact = [customer.clone(), String::new()].into_iter().map(|customer| (customer, po.clone()));
        // The number of another customer's order: he was taken for somebody else.
        let others = || self.0.keys().filter(|(_, number)| *number == po).cloned();
        let key = exact.into_iter().find(|key| self.0.contains_key(key)).or_else(|| others().next());
        let Some((key, (keyed, lines))) = key.and_then(|key| self.0.get_key_value(&key)) else {
            let knows = self.0.keys().any(|(known, _)| known.is_empty() || *known == customer);
            return if knows { Compared::NotKeyed } else { Compared::Nothing };
        };
        met.insert(key.clone());
        let mut differences = Vec::new();
        if let Some(theirs) = keyed.customer.as_ref().filter(|code| squeezed(code) != customer) {
            differences.push(differs(None, "customer_code", content.customer.as_ref(), Some(theirs)));
        }
        differences.extend(of_lines(order, lines));
        if differences.is_empty() { Compared::Same } else { Compared::Differs(differences) }
    }
}

/// Lines are met by SKU, those that agree most first; what is left over, by quantity.
fn of_lines(order: &Order, keyed: &[&KeyedLine]) -> Vec<Difference> {
    let read = &order.content.lines;
    let mut pairs: Vec<(bool, usize, usize, usize)> = Vec::new();
    for (at, line) in read.iter().enumerate() {
        for (other, theirs) in keyed.iter().enumerate() {
            let same = line.sku.as_deref().is_some_and(|sku| squeezed(sku) == squeezed(&theirs.sku));
            let amount = theirs.quantity.is_some() && line.quantity == theirs.quantity;
            if same || amount {
                pairs.push((!same, of_line(order, line, theirs).len(), at, other));
            }
        }
    }
    pairs.sort_unstable();
    let (mut ours, mut theirs) = (BTreeMap::new(), BTreeSet::new());
    for (_, _, at, other) in pairs {
        if !ours.contains_key(&at) && theirs.insert(other) {
            ours.insert(at, other);
        }
    }
    let mut differences = Vec::new();
    for (at, line) in read.iter().enumerate() {
        match ours.get(&at).and_then(|other| keyed.get(*other)) {
            Some(theirs) => differences.extend(of_line(order, line, theirs)),
            None => differences.push(differs(line.sku.clone(), "line", Some(&said(line)), None::<&String>)),
        }
    }
    let left = keyed.iter().enumerate().filter(|(other, _)| !theirs.contains(other));
    differences.extend(left.map(|(_, line)| {
        let said = line.quantity.map_or_else(|| line.sku.clone(), |it| format!("{} × {it}", line.sku));
        differs(Some(line.sku.clone()), "line", None::<&String>, Some(&said))
    }));
    differences
}

fn of_line(order: &Order, line: &Line, keyed: &KeyedLine) -> Vec<Difference> {
    let name = || line.sku.clone().or_else(|| Some(keyed.sku.clone()));
    let mut found = Vec::new();
    if line.sku.as_deref().map(squeezed) != Some(squeezed(&keyed.sku)) {
        found.push(differs(name(), "sku", line.sku.as_ref(), Some(&keyed.sku)));
    }
    // How many of what was keyed one of what was read is: 12 for a dozen where pieces were keyed.
    let factor = match (&line.unit, &keyed.unit) {
        (Some(ours), Some(theirs)) => {
            let factor = units::factor(ours, theirs);
            if factor.is_none() {
                found.push(differs(name(), "unit", Some(ours), Some(theirs)));
            }
            factor.unwrap_or(Decimal::ONE)
        }
        (Some(_) | None, _) => Decimal::ONE,
    };
    let many = |value: Option<Decimal>| value.and_then(|value| value.checked_mul(factor));
    if keyed.quantity.is_some() && many(line.quantity) != keyed.quantity {
        found.push(differs(name(), "quantity", line.quantity.as_ref(), keyed.quantity.as_ref()));
    }
    if keyed.unit_price.is_some() && line.unit_price != many(keyed.unit_price) {
        found.push(differs(name(), "unit_price", line.unit_price.as_ref(), keyed.unit_price.as_ref()));
    }
    let required = line.required.or(order.content.requested);
    if keyed.delivery_date.is_some() && required != keyed.delivery_date {
        found.push(differs(name(), "delivery_date", required.as_ref(), keyed.delivery_date.as_ref()));
    }
    found
}

fn said(line: &Line) -> String {
    let what = line.sku.as_ref().unwrap_or(&line.description);
    line.quantity.map_or_else(|| what.clone(), |quantity| format!("{what} × {quantity}"))
}

fn differs(
    line: Option<String>,
    field: &'static str,
    read: Option<&impl Display>,
    keyed: Option<&impl Display>,
) -> Difference {
    Difference { line, field, read: read.map(ToString::to_string), keyed: keyed.map(ToString::to_string) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::document::Kind;
    use crate::order::event::{Event, PartRef};
    use crate::order::line::Content;
    use chrono::{DateTime, NaiveDate};
    use uuid::Uuid;

    fn order(customer: &str, po: &str, lines: &[(&str, &str, &str, &str)]) -> Order {
        let line = |(position, (sku, quantity, unit, price)): (u32, &(&str, &str, &str, &str))| Line {
            position,
            customer_part: None,
            sku: Some((*sku).to_owned()),
            description: String::new(),
            spec: None,
            color: None,
            quantity: quantity.parse().ok(),
            unit: Some((*unit).to_owned()),
            unit_price: price.parse().ok(),
            price_from_list: false,
            required: None,
            note: None,
        };
        let content = Content {
            customer: Some(customer.to_owned()),
            po_number: Some(po.to_owned()),
            requested: NaiveDate::from_ymd_opt(2026, 3, 18),
            lines: (1..).zip(lines).map(line).collect(),
            ..Content::default()
        };
        let from = PartRef { document_id: Uuid::nil(), part: 0 };
        let received = Event::Received {
            from,
            kind: Kind::Order,
            sent_at: DateTime::UNIX_EPOCH,
            refers_to: None,
            content,
        };
        Order::begin(Uuid::nil(), &received).unwrap()
    }

    fn line(customer: &str, po: &str, sku: &str, rest: (&str, &str, &str)) -> KeyedLine {
        let (quantity, unit, price) = rest;
        KeyedLine {
            po_number: po.to_owned(),
            customer: Some(customer.to_owned()).filter(|it| !it.is_empty()),
            sku: sku.to_owned(),
            quantity: quantity.parse().ok(),
            unit: Some(unit.to_owned()).filter(|it| !it.is_empty()),
            unit_price: price.parse().ok(),
            delivery_date: NaiveDate::from_ymd_opt(2026, 3, 18),
        }
    }

    fn said(order: &Order, keyed: &[KeyedLine]) -> Vec<String> {
        let (compared, _) = Keyed::new(keyed).compare(&[order]);
        match &compared[0] {
            Compared::Differs(all) => all
                .iter()
                .map(|it| {
                    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
                    format!("{} {}: {} | {}", or(&it.line), it.field, or(&it.read), or(&it.keyed))
                })
                .collect(),
            other @ (Compared::Same | Compared::NotKeyed | Compared::Nothing) => vec![format!("{other:?}")],
        }
    }

    #[test]
    fn every_field_is_compared() {
        let ours = order("C1", "A-1", &[("X", "100", "条", "0.50"), ("Y", "2", "打", "12")]);
        let x = || line("C1", "a-1", "x", ("100", "PCS", "0.5"));
        let y = || line("C1", "A-1", "Y", ("24", "条", "1.00"));
        let cases = [
            (vec![x(), y()], vec!["Same"]),
            (
                vec![line("", "A-1", "X", ("100", "", "")), line("", "A-1", "Y", ("24", "条", "1.00"))],
                vec!["Same"],
            ),
            (vec![line("C1", "A-1", "X", ("110", "条", "0.5")), y()], vec!["X quantity: 100 | 110"]),
            (vec![line("C1", "A-1", "X", ("100", "米", "0.5")), y()], vec!["X unit: 条 | 米"]),
            (vec![line("C1", "A-1", "X", ("100", "条", "0.45")), y()], vec!["X unit_price: 0.50 | 0.45"]),
            (vec![line("C1", "A-1", "Z", ("100", "条", "0.5")), y()], vec!["X sku: X | Z"]),
            (vec![x()], vec!["Y line: Y × 2 | -"]),
            (vec![x(), y(), line("C1", "A-1", "Z", ("7", "", ""))], vec!["Z line: - | Z × 7"]),
            (
                vec![line("C2", "A-1", "X", ("100", "", "")), line("C2", "A-1", "Y", ("24", "条", ""))],
                vec!["- customer_code: C1 | C2"],
            ),
            (vec![line("C1", "B-9", "X", ("1", "", ""))], vec!["NotKeyed"]),
            (vec![line("C9", "B-9", "X", ("1", "", ""))], vec!["Nothing"]),
        ];
        for (keyed, expected) in cases {
            assert_eq!(said(&ours, &keyed), expected, "{keyed:?}");
        }
    }

    #[test]
    fn what_was_keyed_and_never_read_is_missing() {
        let keyed = [line("C1", "A-1", "X", ("100", "", "")), line("C1", "A-2", "X", ("1", "", ""))];
        let ours = order("C1", "A-1", &[("X", "100", "条", "0.50")]);
        let (compared, missing) = Keyed::new(&keyed).compare(&[&ours]);
        assert_eq!(compared, [Compared::Same]);
        assert_eq!(missing, [KeyedOrder { customer: Some("C1".into()), po_number: "A-2".into() }]);
    }
}
