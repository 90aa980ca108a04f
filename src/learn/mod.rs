//! PURE. What a person's corrections teach about one customer: his words for columns and fields, his names for products, and
//! what his mails are.
//!
//! A lesson only adds to what is known. What the label files and the master data say of a word or a part is never overruled
//! by a name for a product; a word for a column or field may have another meaning at this customer than at all others.

mod columns;
mod derive;
mod labels;

pub use derive::words;

use crate::check::Around;
use crate::check::resolve::{LineMatch, customer_of, name_of};
use crate::master::Master;
use crate::master::text::squeezed;
use crate::order::document::Kind;
use crate::order::draft::DraftLine;
use crate::read::labels::{Column, Label, Labels, OwnWords, Topic, lasting};
use crate::read::value::text::{key, width};
use crate::read::{Opened, Reading};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Columns of letters that a subject must have to tell one kind of mail from the others: four Chinese characters.
const WEIGHT: usize = 8;
/// Columns of what is remembered at the most.
const LONGEST: usize = 120;
/// Names for products that one correction teaches.
const NAMES: usize = 200;

/// What is taught.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "teaches", rename_all = "snake_case")]
pub enum Meaning {
    /// The heading of a column of his.
    Column { heading: String, column: Column },
    /// The words before a value of his, or above it.
    Label { words: String, label: Label },
    /// What he calls a product.
    Product { name: String, sku: String },
    /// What his mails with this subject are, of which there is what lasts from one to the next (`read::labels::lasting`).
    Kind { subject: String, kind: Kind },
}

/// One lesson, with who taught it, and by which order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    pub id: Uuid,
    #[serde(flatten)]
    pub meaning: Meaning,
    /// User who corrected the order.
    pub by: String,
    pub at: DateTime<Utc>,
    pub document_id: Uuid,
    /// Who took it back, and when; then it teaches nothing any more.
    pub undone: Option<Undone>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    pub by: String,
    pub at: DateTime<Utc>,
}

/// All lessons about one customer, in the order in which they were taught.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Taught {
    pub lessons: Vec<Lesson>,
}

impl Taught {
    /// The lessons that hold, the newest last.
    pub fn in_force(&self) -> impl Iterator<Item = &Lesson> {
        self.lessons.iter().filter(|lesson| lesson.undone.is_none())
    }

    /// Adds what is not known yet. The same words with another meaning are taken back by the lesson that follows them.
    pub fn teach(&mut self, new: impl IntoIterator<Item = Lesson>) -> usize {
        let before = self.lessons.len();
        for lesson in new {
            if self.in_force().any(|known| known.meaning == lesson.meaning) {
                continue;
            }
            let same = |known: &&mut Lesson| {
                known.undone.is_none() && known.meaning.is_about_the_same(&lesson.meaning)
            };
            for known in self.lessons.iter_mut().filter(same) {
                known.undone = Some(Undone { by: lesson.by.clone(), at: lesson.at });
            }
            self.lessons.push(lesson);
        }
        self.lessons.len() - before
    }

    /// Takes a lesson back. False: there is none of this id that holds.
    pub fn undo(&mut self, id: Uuid, by: &str, at: DateTime<Utc>) -> bool {
        let held = self.lessons.iter_mut().find(|lesson| lesson.id == id && lesson.undone.is_none());
        held.map(|lesson| lesson.undone = Some(Undone { by: by.to_owned(), at })).is_some()
    }

    /// His words, for the reader.
    #[must_use]
    pub fn words(&self) -> OwnWords {
        own(self.in_force().map(|lesson| &lesson.meaning))
    }
}

/// The words of these lessons, for the reader.
#[must_use]
pub fn own<'a>(meanings: impl IntoIterator<Item = &'a Meaning>) -> OwnWords {
    let mut own = OwnWords::default();
    for meaning in meanings {
        match meaning {
            Meaning::Column { heading, column } => own.columns.push((heading.clone(), *column)),
            Meaning::Label { words, label } => own.labels.push((words.clone(), *label)),
            Meaning::Kind { subject, kind } => own.kinds.push((subject.clone(), *kind)),
            Meaning::Product { .. } => {}
        }
    }
    own
}

impl Meaning {
    /// Both say what the same words mean.
    fn is_about_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Column { heading: a, .. }, Self::Column { heading: b, .. })
            | (Self::Label { words: a, .. }, Self::Label { words: b, .. }) => key(a) == key(b),
            (Self::Product { name: a, .. }, Self::Product { name: b, .. }) => squeezed(a) == squeezed(b),
            (Self::Kind { subject: a, .. }, Self::Kind { subject: b, .. }) => a == b,
            (Self::Column { .. } | Self::Label { .. } | Self::Product { .. } | Self::Kind { .. }, _) => false,
        }
    }
}

/// The lessons about all customers, ready for look-up.
#[derive(Debug, Default)]
pub struct Lessons {
    words: BTreeMap<String, OwnWords>,
    /// (customer, name of the product) → SKU.
    products: HashMap<(String, String), String>,
}

impl Lessons {
    /// By the customer's code.
    #[must_use]
    pub fn new(all: impl IntoIterator<Item = (String, Taught)>) -> Self {
        let mut lessons = Self::default();
        for (customer, taught) in all {
            for lesson in taught.in_force() {
                if let Meaning::Product { name, sku } = &lesson.meaning {
                    lessons.products.insert((customer.clone(), squeezed(name)), sku.clone());
                }
            }
            let words = taught.words();
            if words != OwnWords::default() {
                lessons.words.insert(customer, words);
            }
        }
        lessons
    }

    /// The words of a customer, where he has any of his own.
    #[must_use]
    pub fn words(&self, customer: &str) -> Option<&OwnWords> {
        self.words.get(customer)
    }

    /// The SKU of the product that this customer calls so.
    #[must_use]
    pub fn sku(&self, customer: &str, name: &str) -> Option<&str> {
        self.products.get(&(customer.to_owned(), squeezed(name))).map(String::as_str)
    }
}

/// Reads a document: once, and once more with the words of the customer that `of` finds, where he has words of his own.
pub fn read(
    opened: &Opened,
    labels: &Labels,
    lessons: &Lessons,
    of: impl FnOnce(&Reading) -> Option<String>,
) -> Reading {
    let reading = opened.read(labels);
    let own = if lessons.words.is_empty() { None } else { of(&reading) };
    let own = own.and_then(|customer| lessons.words(&customer));
    own.map_or(reading, |own| opened.read(&labels.with(own)))
}

/// The customer that a document comes from, if all its parts that tell say the same.
#[must_use]
pub fn customer(reading: &Reading, around: &Around<'_>, master: &Master) -> Option<String> {
    let mut codes = reading.drafts.iter().filter_map(|draft| customer_of(draft, around, master));
    let first = codes.next()?;
    codes.all(|code| code == first).then_some(first)
}

/// What the correction of a mail's kind teaches. A subject that says too little, or that itself speaks of an order, says nothing
/// of the next mail: an order that nobody sees is worse than a mail that somebody looks at.
#[must_use]
pub fn kind(subject: &str, kind: Kind, labels: &Labels) -> Option<Meaning> {
    let lasts = lasting(subject);
    let weight: usize = lasts.chars().filter(|c| c.is_alphabetic()).map(width).sum();
    let tells = (WEIGHT..=LONGEST).contains(&weight);
    let speaks_of_order = labels.topic(Topic::Order, subject) > 0;
    let learns = tells && (kind == Kind::Order || !speaks_of_order);
    learns.then_some(Meaning::Kind { subject: lasts, kind })
}

/// The names for products that a correction teaches: of lines that named no product as they were read, and do as keyed.
#[must_use]
pub fn products(read: &[(&DraftLine, &LineMatch)], keyed: &[(&DraftLine, &LineMatch)]) -> Vec<Meaning> {
    if read.len() != keyed.len() {
        return Vec::new();
    }
    let mut taught = Vec::new();
    for ((was, found), (is, meant)) in read.iter().zip(keyed) {
        let named = name_of(was).filter(|name| name.chars().map(width).sum::<usize>() <= LONGEST);
        let (Some(name), Some(sku), None) = (named, &meant.sku, &found.sku) else { continue };
        // Lines that look alike may have been keyed in another order.
        let alone =
            keyed.iter().all(|(other, meant)| !is_same(was, other) || meant.sku.as_ref() == Some(sku));
        if is_same(was, is) && alone && taught.len() < NAMES {
            taught.push(Meaning::Product { name, sku: sku.clone() });
        }
    }
    taught
}

/// Whether a line as read and one as keyed are the same: in quantity, and in price, amount or text.
fn is_same(read: &DraftLine, keyed: &DraftLine) -> bool {
    let figures = |line: &DraftLine| {
        [&line.quantity, &line.unit_price, &line.amount].map(|field| field.as_ref().map(|field| field.value))
    };
    let text = |line: &DraftLine| line.description.as_ref().map(|field| squeezed(&field.value));
    let ([quantity, price, amount], [keyed_quantity, keyed_price, keyed_amount]) =
        (figures(read), figures(keyed));
    let agree = |a: Option<_>, b| a.is_some() && a == b;
    agree(quantity, keyed_quantity)
        && (agree(price, keyed_price)
            || agree(amount, keyed_amount)
            || (text(read).is_some() && text(read) == text(keyed)))
}
