//! What a new version of a table changes in the one before, row by row and field by field.

use super::rows::{Shape, shape};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many rows a new version of a table adds, changes and removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Difference {
    pub added: usize,
    pub changed: usize,
    pub removed: usize,
}

impl Difference {
    #[must_use]
    pub const fn total(self) -> usize {
        self.added + self.changed + self.removed
    }
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Added,
    Changed,
    Removed,
}

impl What {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// A field that has another value; none where it is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    pub field: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// A row that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowChange {
    pub key: String,
    pub what: What,
    pub fields: Vec<FieldChange>,
}

/// Counts, and the first so many rows: as the new table has them, then those that are gone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Changes {
    #[serde(flatten)]
    pub counts: Difference,
    pub rows: Vec<RowChange>,
}

/// The rows of `old` with those of `new` in the place of the ones with the same key, and the others after them.
#[must_use]
pub fn merged(table: &str, old: Option<&Value>, new: &Value) -> Value {
    let key = |row: &Value| shape(table).map(|shape| shape.key_of(row)).unwrap_or_default();
    let mut all = rows(old).to_vec();
    let mut places: HashMap<String, usize> = all.iter().enumerate().map(|(at, row)| (key(row), at)).collect();
    for row in rows(Some(new)) {
        match places.entry(key(row)) {
            Entry::Occupied(place) => all[*place.get()] = row.clone(),
            Entry::Vacant(place) => {
                place.insert(all.len());
                all.push(row.clone());
            }
        }
    }
    json!({ "rows": all })
}

/// Takes over from the old rows what stands in columns that the new ones did not have.
pub fn keep(table: &str, columns: &[String], old: Option<&Value>, new: &mut Value) {
    let Some(shape) = shape(table) else { return };
    let had = |name: &str| columns.iter().any(|column| column == name);
    let optional: Vec<&str> = shape.optional.iter().copied().filter(|name| !had(name)).collect();
    let old: HashMap<String, &Value> = rows(old).iter().map(|row| (shape.key_of(row), row)).collect();
    let new = new.get_mut("rows").and_then(Value::as_array_mut);
    for row in new.into_iter().flatten() {
        let Some(was) = old.get(&shape.key_of(row)) else { continue };
        let Some(row) = row.as_object_mut() else { continue };
        for field in &optional {
            if let Some(value) = was.get(*field) {
                row.insert((*field).to_owned(), value.clone());
            }
        }
        let Some(begins) = shape.open else { continue };
        for (name, value) in was.get(begins).and_then(Value::as_object).into_iter().flatten() {
            let kept = row.entry(begins).or_insert_with(|| json!({}));
            if let Some(kept) = kept.as_object_mut().filter(|_| !had(&format!("{begins}.{name}"))) {
                kept.insert(name.clone(), value.clone());
            }
        }
    }
}

/// What a new body would change in the old one; `old` is none where the table was not there. At most `most` rows are told.
#[must_use]
pub fn changes(table: &str, old: Option<&Value>, new: &Value, most: usize) -> Changes {
    let mut changes = Changes::default();
    let Some(shape) = shape(table) else { return changes };
    let mut before: HashMap<String, &Value> = rows(old).iter().map(|row| (shape.key_of(row), row)).collect();
    for row in rows(Some(new)) {
        let key = shape.key_of(row);
        let was = before.remove(&key);
        // What is the same to the letter is not looked into; most rows are.
        if was == Some(row) {
            continue;
        }
        let what = if was.is_some() { What::Changed } else { What::Added };
        changes.tell(RowChange { key, what, fields: Vec::new() }, shape, (was, Some(row)), most);
    }
    for row in rows(old) {
        let key = shape.key_of(row);
        if before.contains_key(&key) {
            changes.tell(
                RowChange { key, what: What::Removed, fields: Vec::new() },
                shape,
                (Some(row), None),
                most,
            );
        }
    }
    changes
}

impl Changes {
    fn tell(
        &mut self,
        row: RowChange,
        shape: &Shape,
        (old, new): (Option<&Value>, Option<&Value>),
        most: usize,
    ) {
        let told = self.rows.len() < most;
        let changed = row.what == What::Changed;
        let fields = if told || changed { fields(shape, old, new) } else { Vec::new() };
        match row.what {
            What::Added => self.counts.added += 1,
            // 0.5 and 0.50 in all its fields: nothing is another.
            What::Changed if fields.is_empty() => return,
            What::Changed => self.counts.changed += 1,
            What::Removed => self.counts.removed += 1,
        }
        if told {
            self.rows.push(RowChange { fields, ..row });
        }
    }
}

/// The counts alone.
#[must_use]
pub fn difference(table: &str, old: Option<&Value>, new: &Value) -> Difference {
    changes(table, old, new, 0).counts
}

/// The rows of a stored body.
#[must_use]
pub fn rows(body: Option<&Value>) -> &[Value] {
    body.and_then(|body| body.get("rows")).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The row with this key.
#[must_use]
pub fn row<'v>(table: &str, key: &str, body: Option<&'v Value>) -> Option<&'v Value> {
    let shape = shape(table)?;
    rows(body).iter().find(|row| shape.key_of(row) == key)
}

/// The fields of a row that hold something, in the order of the table's columns, as its file has them.
#[must_use]
pub fn shown(table: &str, row: &Value) -> Vec<(String, String)> {
    let Some(shape) = shape(table) else { return Vec::new() };
    fields(shape, None, Some(row)).into_iter().filter_map(|it| Some((it.field, it.to?))).collect()
}

fn fields(shape: &Shape, old: Option<&Value>, new: Option<&Value>) -> Vec<FieldChange> {
    let mut changed = Vec::new();
    for column in shape.columns.iter().chain(shape.optional) {
        let [from, to] = [old, new].map(|row| row.and_then(|row| text(row.get(*column)?)));
        push(&mut changed, column.to_string(), from, to);
    }
    if let Some(begins) = shape.open {
        let named = |row: Option<&'_ Value>| -> BTreeMap<String, String> {
            let inside = row.and_then(|row| row.get(begins)).and_then(Value::as_object);
            inside
                .into_iter()
                .flatten()
                .filter_map(|(k, it)| Some((k.clone(), text(it)?.into_owned())))
                .collect()
        };
        let (from, to) = (named(old), named(new));
        let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        for name in names {
            let [from, to] = [&from, &to].map(|it| it.get(name).map(|it| Cow::Borrowed(it.as_str())));
            push(&mut changed, format!("{begins}.{name}"), from, to);
        }
    }
    changed
}

fn push(changed: &mut Vec<FieldChange>, field: String, from: Option<Cow<'_, str>>, to: Option<Cow<'_, str>>) {
    let same = match (&from, &to) {
        (Some(from), Some(to)) => from == to || same_figure(from, to),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    if !same {
        changed.push(FieldChange { field, from: from.map(Cow::into_owned), to: to.map(Cow::into_owned) });
    }
}

/// 0.5 and 0.50 are one price; 0123 and 123 are two codes.
fn same_figure(a: &str, b: &str) -> bool {
    let figure = |text: &str| {
        let coded = text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
        if coded { None } else { Decimal::from_str_exact(text).ok() }
    };
    (a.contains('.') || b.contains('.')) && figure(a).is_some() && figure(a) == figure(b)
}

/// What a cell of the file would hold; none for an empty one.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    let text = match value {
        Value::Null | Value::Bool(false) => return None,
        Value::Bool(true) => Cow::Borrowed("yes"),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::String(text) => Cow::Borrowed(text.as_str()),
        Value::Array(items) => Cow::Owned(items.iter().filter_map(text).collect::<Vec<_>>().join("; ")),
        Value::Object(contact) => {
            let part = |name: &str| contact.get(name).and_then(Value::as_str).unwrap_or_default();
            Cow::Owned(format!("{} <{}>", part("name"), part("mail")))
        }
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::master::import::import;

    const OLD: &str = "sku,name,name_en,category,unit,spec,moq,pack_qty,lead_days,standard_price,currency,barcode\n\
        A,拉链,,z,条,,1,1,7,0.50,CNY,0123\nB,拉头,,z,个,,1,1,7,2,CNY,\n";

    fn body(text: &str) -> Value {
        import("products", "products.csv", text.as_bytes()).unwrap().body
    }

    fn said(changes: &Changes) -> Vec<String> {
        let field = |it: &FieldChange| {
            let dash = |it: &Option<String>| it.clone().unwrap_or_else(|| "-".to_owned());
            format!("{} {}→{}", it.field, dash(&it.from), dash(&it.to))
        };
        let row = |it: &RowChange| {
            let fields: Vec<String> = it.fields.iter().take(3).map(field).collect();
            format!("{} {}: {}", it.what.as_str(), it.key, fields.join(", "))
        };
        changes.rows.iter().map(row).collect()
    }

    #[test]
    fn rows_are_told_with_their_fields() {
        let old = body(OLD);
        let head = OLD.lines().next().unwrap();
        let new = format!(
            "{head},attr.slider\nA,拉链 黑,,z,条,,1,1,7,0.5,CNY,123,auto\nC,布带,,z,米,,1,1,3,1,CNY,,\n"
        );
        let new = body(&new);
        let found = changes("products", Some(&old), &new, 10);
        assert_eq!(found.counts, Difference { added: 1, changed: 1, removed: 1 });
        assert_eq!(
            said(&found),
            [
                "changed A: name 拉链→拉链 黑, barcode 0123→123, attr.slider -→auto",
                "added C: sku -→C, name -→布带, category -→z",
                "removed B: sku B→-, name 拉头→-, category z→-"
            ]
        );
        assert_eq!(changes("products", Some(&old), &new, 1).rows.len(), 1);
        assert_eq!(changes("products", Some(&old), &new, 1).counts.total(), 3);
        assert_eq!(difference("products", Some(&old), &old), Difference::default());
    }

    #[test]
    fn what_a_file_does_not_ask_about_stays() {
        let head = OLD.lines().next().unwrap();
        let old =
            body(&format!("{head},attr.slider,standard_cost\nA,拉链,,z,条,,1,1,7,0.50,CNY,,auto,0.30\n"));
        let read = import("products", "p.csv", OLD.as_bytes()).unwrap();
        let mut new = read.body;
        keep("products", &read.columns, Some(&old), &mut new);
        assert_eq!(said(&changes("products", Some(&old), &new, 1)), ["changed A: barcode -→0123"]);
        // One attribute is named, and the other stays.
        let one = format!("{head},attr.size\nA,拉链,,z,条,,1,1,7,0.50,CNY,,5\n");
        let read = import("products", "p.csv", one.as_bytes()).unwrap();
        let mut new = read.body;
        keep("products", &read.columns, Some(&old), &mut new);
        assert_eq!(said(&changes("products", Some(&old), &new, 1)), ["changed A: attr.size -→5"]);
    }
}
