//! One reader over all formats: tables, labels, sentences and signatures of pages become orders.

mod align;
pub mod aligned;
pub mod cells;
pub mod columns;
mod company;
pub mod fields;
pub mod gather;
pub mod labelled;
pub mod order_number;
mod phone;
pub(in crate::read) use phone::callable;
mod plan;
mod product;
pub mod prose;
pub mod record;
mod rows;
pub mod sentence;
mod sides;
pub mod signature;
pub mod table;
pub mod terms;
pub mod texts;
mod totals;

use super::codes::Code;
use super::labels::Labels;
use super::value::{date, number};
use crate::order::document::Kind;
use crate::order::draft::{Confidence, DraftOrder, Evidence, Field};

/// How sure each way of finding a value is.
pub mod sure {
    use crate::order::draft::Confidence;

    /// In a column under an exact heading, or behind an exact label with a colon or in the next cell.
    pub const LABELLED: Confidence = Confidence::new(980);
    /// Under or behind words that only contain a known one.
    pub const LIKELY: Confidence = Confidence::new(920);
    /// Behind a label without a colon.
    pub const LOOSE: Confidence = Confidence::new(880);
    /// From the signature or the letterhead.
    pub const SIGNATURE: Confidence = Confidence::new(820);
    /// From a header of the mail.
    pub const HEADER: Confidence = Confidence::new(760);
    /// In a sentence.
    pub const PROSE: Confidence = Confidence::new(700);
    /// By content, without any word that says so.
    pub const GUESSED: Confidence = Confidence::new(550);
    /// Two readings are possible.
    pub const AMBIGUOUS: Confidence = Confidence::new(400);
}

/// What all finders need to know.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub labels: &'a Labels,
    /// Lines end where the page had no more room, not where the writer ended them.
    pub printed: bool,
    pub style: number::Style,
    pub dates: date::Context,
}

/// A field with its evidence.
#[must_use]
pub fn field<T>(value: T, evidence: Evidence, confidence: Confidence) -> Field<T> {
    Field { value, evidence, confidence }
}

/// A piece of text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub column: usize,
    pub evidence: Evidence,
}

/// A row or line outside of order tables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loose {
    pub pieces: Vec<Piece>,
    /// From running text, not from a grid.
    pub text: bool,
}

impl Loose {
    #[must_use]
    pub fn joined(&self) -> String {
        self.pieces.iter().map(|p| p.text.trim()).filter(|t| !t.is_empty()).collect::<Vec<_>>().join("  ")
    }
}

/// Something in the document that may not have been understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    pub code: Code,
    pub detail: String,
}

impl Doubt {
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

/// By what the lines of an order were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Ground {
    #[default]
    Nothing,
    Prose,
    Record,
    Table,
    /// A file of data, which says what it means.
    Data,
}

/// An order found in pages, with what is doubtful about it.
#[derive(Debug, Clone, Default)]
pub struct Found {
    pub order: DraftOrder,
    pub doubts: Vec<Doubt>,
    pub ground: Ground,
    /// The order that the text speaks of ("原单号", "changes PO 12").
    pub refers_to: Option<String>,
    /// Text outside of tables, for telling what kind of message it is.
    pub words: String,
    /// The kind, where the file itself says it.
    pub kind: Option<Kind>,
}
