//! What was read from a part: fields as printed, each with evidence and confidence. Not yet an order.

use super::document::{Kind, Language};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How sure a reader is of a field, in thousandths (1000 = as certain as printed text can be).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confidence(u16);

impl Confidence {
    pub const FULL: Self = Self(1000);

    /// Values over 1000 are cut to 1000.
    #[must_use]
    pub const fn new(thousandths: u16) -> Self {
        Self(if thousandths > 1000 { 1000 } else { thousandths })
    }

    #[must_use]
    pub const fn thousandths(self) -> u16 {
        self.0
    }
}

/// Where in the part a value stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Evidence {
    /// A line of text, or a segment of an EDIFACT file; counted from 1.
    Line { line: u32 },
    /// A cell of a sheet or of an HTML or text table; row and column counted from 1.
    Cell { sheet: String, row: u32, column: u32 },
    /// A box on a printed page, in tenths of a point (1/720 inch) from the upper left corner of the page as it is read; pages
    /// count from 1.
    Area { page: u32, left: u32, top: u32, right: u32, bottom: u32 },
    /// A header field of the mail around the order.
    Header { name: String },
    /// Keyed or corrected by a person.
    Keyed,
    /// What the customer answered when he was asked for it.
    Answer { document: uuid::Uuid, part: u32 },
    /// A field of an order that came as data; a JSON Pointer (RFC 6901).
    Data { pointer: String },
}

/// A value that was read, with where it stands and how sure the reader is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field<T> {
    pub value: T,
    pub evidence: Evidence,
    pub confidence: Confidence,
}

/// A field that the document may not have.
pub type Found<T> = Option<Field<T>>;

/// Customer as the document names him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct DraftCustomer {
    pub name: Found<String>,
    pub contact: Found<String>,
    pub phone: Found<String>,
    pub email: Found<String>,
}

/// Where the goods go, as the document says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct DraftShipTo {
    pub name: Found<String>,
    pub address: Found<String>,
    pub contact: Found<String>,
    pub phone: Found<String>,
}

/// One ordered position as printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct DraftLine {
    /// The position number that the document prints, or its place in the table, from 1.
    pub line: Option<String>,
    pub customer_part: Found<String>,
    pub description: Found<String>,
    pub spec: Found<String>,
    pub color: Found<String>,
    pub quantity: Found<Decimal>,
    pub unit: Found<String>,
    pub unit_price: Found<Decimal>,
    pub amount: Found<Decimal>,
    pub delivery_date: Found<NaiveDate>,
    pub note: Found<String>,
}

/// An order as printed; a missing field is one that the document does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct DraftOrder {
    pub po_number: Found<String>,
    pub order_date: Found<NaiveDate>,
    pub customer: DraftCustomer,
    pub ship_to: DraftShipTo,
    /// ISO 4217 code.
    pub currency: Found<String>,
    pub payment_terms: Found<String>,
    pub incoterm: Found<String>,
    pub requested_delivery: Found<NaiveDate>,
    pub shipping_method: Found<String>,
    /// A promotion or discount code that the customer calls on.
    pub discount_code: Found<String>,
    pub lines: Vec<DraftLine>,
    pub total: Found<Decimal>,
    /// The total in words (大写), already turned into a number.
    pub total_in_words: Found<Decimal>,
    pub notes: Found<String>,
}

/// Something the reader could not read, said as a wording code with details (`reading.pdf_not_read`, `reading.damaged_workbook`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    pub code: String,
    /// The attachment or place it is about.
    pub source: String,
    /// What exactly went wrong, without any of the customer's text.
    pub detail: Option<String>,
}

/// One part of a document as read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// `body`, or the attachment that holds it; zip and message/rfc822 levels parted with `/`.
    pub source: String,
    pub kind: Kind,
    pub kind_confidence: Confidence,
    pub language: Language,
    pub order: Option<DraftOrder>,
    /// The order or PO number that an amendment, cancellation, answer or complaint speaks of.
    pub refers_to: Option<String>,
    /// Why a person has to look; empty when everything was read.
    pub unread: Vec<Unread>,
}
