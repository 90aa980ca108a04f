//! Bytes to drafts: mail, sheets and text become pages of lines and cells, and one reader finds the order in them.
//!
//! ```text
//!   bytes ─ collect ─┬─ letters (who wrote, new text, quoted text)
//!                    └─ files ─ format ─ pages ─ find ─ orders with evidence ─┐
//!                                                        assemble + kind ─────┴─ drafts
//! ```
//!
//! Every input gives at least one draft; what was not read or is doubtful stands in its `unread`, as `reading.*` (not
//! read, a person must key it) or `doubt.*` (read, but nothing of it may be called certain).

mod assemble;
pub mod codes;
pub mod collect;
pub mod find;
pub mod format;
pub mod json;
pub mod kind;
pub mod labels;
mod letter;
pub mod limits;
pub mod mail;
mod mention;
mod merge;
pub mod page;
mod unread;
pub mod value;

use crate::order::document::{Channel, Envelope};
use crate::order::draft::Draft;
pub use labels::Labels;
use limits::Limits;

/// What is to be read.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub bytes: &'a [u8],
    /// File name, a label only.
    pub name: &'a str,
    pub channel: Channel,
}

/// What was read: who wrote, and one draft for each part.
#[derive(Debug, Clone)]
pub struct Reading {
    pub envelope: Envelope,
    /// Never empty.
    pub drafts: Vec<Draft>,
}

/// Reads a document within the default limits.
#[must_use]
pub fn read(source: &Source<'_>, labels: &Labels) -> Reading {
    read_within(source, labels, &Limits::default())
}

/// Reads a document within limits.
#[must_use]
pub fn read_within(source: &Source<'_>, labels: &Labels, limits: &Limits) -> Reading {
    assemble::reading(source, labels, limits)
}
