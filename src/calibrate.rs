//! Whether confidence means what it says: what was read beside what is true, by confidence, and what of the sure is wrong.
//!
//! Both sides are the JSON of `gendan read` and of the samples' truth (`tests/samples/README.md`). Pure.

use crate::read::value::text::key;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

/// Fields of an order and of its lines that are judged; of others the truth is a matter of taste.
const HEAD: [&str; 10] = [
    "po_number",
    "order_date",
    "customer.name",
    "customer.email",
    "ship_to.address",
    "payment_terms",
    "incoterm",
    "requested_delivery",
    "shipping_method",
    "total",
];
const LINE: [&str; 8] =
    ["customer_part", "description", "spec", "color", "quantity", "unit_price", "amount", "delivery_date"];

/// Where confidence is parted, in thousandths; the last part is what is certain.
const BOUNDS: [u16; 7] = [0, 600, 800, 860, 900, 950, 1000];

/// Thresholds that can be written. Figures that were recognised on pictures have 850 at most, and must stay below.
pub const THRESHOLDS: std::ops::RangeInclusive<u16> = 860..=980;

/// A field that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// As `lines.0.quantity`.
    pub field: String,
    /// Thousandths.
    pub confidence: u16,
    pub right: bool,
}

/// Fields of one confidence: how many, and how many of them are right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Band {
    pub from: u16,
    /// Not included, but for the last.
    pub to: u16,
    pub fields: usize,
    pub right: usize,
}

/// Every field that was read, against the truth.
#[must_use]
pub fn judge(draft: &Value, truth: &Value) -> Vec<Judged> {
    let mut all = Vec::new();
    for (at, (read, said)) in orders(draft).zip(orders(truth)).enumerate() {
        let place = if at == 0 { "order".to_owned() } else { format!("more_orders.{}", at - 1) };
        let mut take = |path: String, pointer: &str| {
            let confidence = read["confidence"].get(&path).and_then(Value::as_f64);
            let Some(confidence) = confidence else { return };
            let value = read.pointer(pointer).unwrap_or(&Value::Null);
            let accepted = truth["accept"].get(format!("{place}.{path}")).and_then(Value::as_array);
            let expected = said.pointer(pointer).unwrap_or(&Value::Null);
            let right = same(&path, value, expected)
                || accepted.is_some_and(|all| all.iter().any(|it| same(&path, value, it)));
            let confidence = (confidence * 1000.0).round() as u16;
            all.push(Judged { field: path, confidence, right });
        };
        for field in HEAD {
            take(field.to_owned(), &format!("/{}", field.replace('.', "/")));
        }
        for line in 0..lines(read).len() {
            for field in LINE {
                take(format!("lines.{line}.{field}"), &format!("/lines/{line}/{field}"));
            }
        }
    }
    all
}

/// What is wrong of that which a sure order must never have wrong: customer, products, quantities, prices, dates.
#[must_use]
pub fn faults(draft: &Value, truth: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for name in ["customer_code", "skus"] {
        let (read, said) = (&draft["expect"][name], &truth["expect"][name]);
        if !said.is_null() && read != said {
            all.push(name.to_owned());
        }
    }
    if orders(draft).count() != orders(truth).count() {
        all.push("orders".to_owned());
    }
    for (read, said) in orders(draft).zip(orders(truth)) {
        if lines(read).len() != lines(said).len() {
            all.push("lines".to_owned());
        }
        for (at, (line, expected)) in lines(read).iter().zip(lines(said)).enumerate() {
            for field in ["quantity", "unit_price"] {
                let unsaid = line[field].is_null() && expected[field].is_null();
                if !unsaid && !same(field, &line[field], &expected[field]) {
                    all.push(format!("lines.{at}.{field}"));
                }
            }
            let wanted = |order: &Value, line: &Value| {
                let own = line["delivery_date"].as_str().map(str::to_owned);
                own.or_else(|| order["requested_delivery"].as_str().map(str::to_owned))
            };
            if wanted(read, line) != wanted(said, expected) {
                all.push(format!("lines.{at}.delivery_date"));
            }
        }
    }
    all
}

fn orders(of: &Value) -> impl Iterator<Item = &Value> {
    let more = of["more_orders"].as_array().map_or(&[][..], Vec::as_slice);
    std::iter::once(&of["order"]).chain(more).filter(|order| order.is_object())
}

fn lines(order: &Value) -> &[Value] {
    order["lines"].as_array().map_or(&[], Vec::as_slice)
}

/// Whether two values say the same: numbers by value, texts by letters and digits.
fn same(path: &str, read: &Value, said: &Value) -> bool {
    let field = path.rsplit('.').next().unwrap_or(path);
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let (Some(read), Some(said)) = (text(read), text(said)) else { return false };
    if matches!(field, "quantity" | "unit_price" | "amount" | "total") {
        let number = |text: &str| text.trim().parse::<Decimal>().ok();
        return number(&read).is_some_and(|read| Some(read) == number(&said));
    }
    key(&read) == key(&said)
}

/// The fields by confidence.
#[must_use]
pub fn bands(fields: &[Judged]) -> Vec<Band> {
    let band = |pair: &[u16]| {
        let within = |it: &&Judged| pair[0] <= it.confidence && (it.confidence < pair[1] || pair[1] == 1000);
        let inside: Vec<&Judged> = fields.iter().filter(within).collect();
        let right = inside.iter().filter(|it| it.right).count();
        Band { from: pair[0], to: pair[1], fields: inside.len(), right }
    };
    BOUNDS.windows(2).map(band).collect()
}

/// The lowest threshold at which orders are sure, and none of them wrong; `count` gives the sure and the wrong among them. None
/// when there is none.
pub fn fit(mut count: impl FnMut(u16) -> (usize, usize)) -> Option<u16> {
    THRESHOLDS.step_by(10).find(|threshold| matches!(count(*threshold), (1.., 0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn order(lines: &[(&str, &str, f64)]) -> Value {
        let confidence: serde_json::Map<String, Value> = lines
            .iter()
            .enumerate()
            .map(|(at, (_, _, sure))| (format!("lines.{at}.quantity"), json!(sure)))
            .chain([("po_number".to_owned(), json!(0.98))])
            .collect();
        let lines: Vec<Value> = lines
            .iter()
            .map(|(quantity, price, _)| json!({"quantity": quantity, "unit_price": price}))
            .collect();
        json!({"po_number": "PO 1", "requested_delivery": "2026-04-08", "lines": lines, "confidence": confidence})
    }

    #[test]
    fn fields_are_judged_by_what_they_say() {
        let draft = json!({"order": order(&[("500", "1", 0.98), ("7", "2", 0.4)])});
        let truth = json!({"order": order(&[("500.0", "1", 0.0), ("8", "2", 0.0)]), "accept": {"order.po_number": ["PO-1"]}});
        let judged: Vec<(String, u16, bool)> =
            judge(&draft, &truth).into_iter().map(|it| (it.field, it.confidence, it.right)).collect();
        assert_eq!(
            judged,
            [
                ("po_number".to_owned(), 980, true),
                ("lines.0.quantity".to_owned(), 980, true),
                ("lines.1.quantity".to_owned(), 400, false)
            ]
        );
        let bands = bands(&judge(&draft, &truth));
        assert_eq!(bands[0], Band { from: 0, to: 600, fields: 1, right: 0 });
        assert_eq!(bands[5], Band { from: 950, to: 1000, fields: 2, right: 2 });
    }

    #[test]
    fn what_must_not_be_wrong() {
        let said =
            json!({"order": order(&[("500", "1", 0.0)]), "expect": {"customer_code": "C1", "skus": ["A"]}});
        let read = |order: Value, skus: Value| json!({"order": order, "expect": {"customer_code": "C1", "skus": skus}});
        for (draft, want) in [
            (read(order(&[("500", "1.00", 0.9)]), json!(["A"])), &[][..]),
            (read(order(&[("5000", "1", 0.9)]), json!(["A"])), &["lines.0.quantity"]),
            (read(order(&[("500", "1", 0.9)]), json!(["B"])), &["skus"]),
            (read(order(&[]), json!([])), &["skus", "lines"]),
            (read(Value::Null, json!(["A"])), &["orders"]),
        ] {
            assert_eq!(faults(&draft, &said), want);
        }
    }

    #[test]
    fn the_lowest_threshold_without_a_fault_is_taken() {
        assert_eq!(fit(|threshold| (9, usize::from(threshold < 905))), Some(910));
        assert_eq!(fit(|_| (9, 0)), Some(860));
        assert_eq!(fit(|_| (9, 1)), None);
        assert_eq!(fit(|_| (0, 0)), None, "nothing was shown");
    }
}
