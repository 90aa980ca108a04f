//! Where a keyed field of the head stands in the pages, and the words before or above it: what may have been its label.

use super::Meaning;
use crate::read::find::texts::Table;
use crate::read::labels::{Label, Labels};
use crate::read::said::Sought;
use crate::read::value::text::key;
use std::collections::BTreeMap;

/// Words with the label that they may be.
pub(super) type Words = (String, Label);

impl From<Words> for Meaning {
    fn from((words, label): Words) -> Self {
        Self::Label { words, label }
    }
}

/// Letters of a label.
const LONGEST: usize = 28;
/// Places that are tried for one field.
const PLACES: usize = 6;

const LABELS: [(&str, Label); 19] = [
    ("po_number", Label::PoNumber),
    ("order_date", Label::OrderDate),
    ("customer.name", Label::Customer),
    ("customer.contact", Label::Contact),
    ("customer.phone", Label::Phone),
    ("customer.email", Label::Email),
    ("ship_to.name", Label::ShipName),
    ("ship_to.address", Label::ShipAddress),
    ("ship_to.contact", Label::ShipContact),
    ("ship_to.phone", Label::ShipPhone),
    ("currency", Label::Currency),
    ("payment_terms", Label::Payment),
    ("incoterm", Label::Incoterm),
    ("requested_delivery", Label::Delivery),
    ("shipping_method", Label::Shipping),
    ("discount_code", Label::DiscountCode),
    ("total", Label::Total),
    ("notes", Label::Notes),
    ("total_in_words", Label::Words),
];

/// The words that may be the label of the field at `path`, the nearest first. `wanted`: all that was keyed, for what is a value
/// is no label.
pub(super) fn before(
    tables: &[Table],
    path: &str,
    wanted: &BTreeMap<String, String>,
    known: &Labels,
) -> Vec<Words> {
    let label = LABELS.iter().find(|(name, _)| *name == path).map(|(_, label)| *label);
    let (Some(label), Some(sought)) = (label, wanted.get(path).and_then(|value| Sought::new(value))) else {
        return Vec::new();
    };
    let is_value = |text: &str| wanted.values().any(|value| key(value) == key(text));
    let mut out: Vec<Words> = Vec::new();
    for rows in tables {
        for (at, row) in rows.iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                let above = || rows[..at].iter().rev().find_map(|row| row.get(column)).map(String::as_str);
                let beside =
                    || row[..column].iter().rev().map(String::as_str).find(|it| !it.trim().is_empty());
                let near: Vec<&str> = if sought.is_said_by(&[cell.trim()]) {
                    [beside(), above()].into_iter().flatten().collect()
                } else {
                    inside(cell, &sought).into_iter().collect()
                };
                for text in near.into_iter().map(bare).filter(|text| is_label(text) && !is_value(text)) {
                    let one = (text.to_owned(), label);
                    if known.label(text) != Some(label) && !out.contains(&one) && out.len() < PLACES {
                        out.push(one);
                    }
                }
            }
        }
    }
    out
}

/// The words before the value in the same text: "Bestellung Nr. 4711".
fn inside<'a>(text: &'a str, sought: &Sought) -> Option<&'a str> {
    let parts = |c: char| c.is_whitespace() || matches!(c, ':' | '：' | '=' | '|');
    let starts = text.char_indices().filter(|(_, c)| parts(*c));
    for (at, c) in starts {
        let rest = text[at + c.len_utf8()..].trim_start();
        let words: Vec<&str> = rest.split_whitespace().take(12).collect();
        let said = (1..=words.len()).any(|count| {
            let last = words[count - 1].trim_end_matches([',', ';', '，', '；', '。']);
            let said: Vec<&str> = words[..count - 1].iter().copied().chain([last]).collect();
            sought.is_said_by(&said)
        });
        if said {
            let before = text[..at].trim_end();
            let start = before.rfind([',', ';', '，', '；', '。', '|', '\n', '\t']);
            let start = start.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
            let before = &before[start..];
            // Of a line with several labels the last is the value's.
            return Some(before.rsplit("  ").next().unwrap_or(before));
        }
    }
    None
}

/// A label without what parts it from its value.
fn bare(text: &str) -> &str {
    text.trim().trim_end_matches([':', '：', '=', '-', '–']).trim()
}

fn is_label(text: &str) -> bool {
    let letters = text.chars().count();
    letters > 1
        && letters <= LONGEST
        && text.chars().any(char::is_alphabetic)
        && !text.contains(|c: char| c.is_ascii_digit())
}
