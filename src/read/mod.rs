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

pub mod answer;
mod assemble;
pub mod codes;
pub mod collect;
pub mod data;
pub mod decoder;
mod fax;
mod figures;
pub mod find;
pub mod format;
pub mod json;
pub mod kind;
pub mod labels;
pub mod layout;
mod letter;
pub mod limits;
pub mod mail;
mod mention;
mod merge;
pub mod page;
pub mod picture;
mod place;
pub mod print;
mod printed;
pub mod said;
pub mod scan;
mod unread;
pub mod value;
mod words;

use crate::order::document::{Channel, Envelope};
use crate::order::draft::Draft;
use collect::Collected;
use decoder::{Decoder, Recognizer};
pub use labels::Labels;
use limits::Limits;
use mail::authentic::MailAuthentication;

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
    /// Some pages are pictures, and were left for later: the drafts are not the whole document.
    pub later: bool,
    /// What was looked at, where it was asked for.
    pub shown: Vec<Shown>,
}

/// A sheet, body or page, as it was looked at.
#[derive(Debug, Clone)]
pub struct Shown {
    /// As the draft names it.
    pub source: String,
    pub view: View,
}

#[derive(Debug, Clone)]
pub enum View {
    Text(page::Page),
    /// The picture of a page, and its size in points, in which evidence counts.
    Page {
        number: u32,
        picture: image::GrayImage,
        size: (f32, f32),
    },
}

/// When pages are read of which there are only pictures: it takes seconds where other pages take milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    Now,
    Later,
    /// Now, and everything that was looked at is kept to be shown.
    Shown,
}

/// With what documents are read.
pub struct Reader {
    pub labels: Labels,
    pub limits: Limits,
    /// Whose word on where a mail comes from counts.
    pub believed: MailAuthentication,
    pub decoder: Box<dyn Decoder>,
    /// None: pages of which there are only pictures wait for a person.
    pub recognizer: Option<Box<dyn Recognizer>>,
}

/// A document whose pages stand ready: they are opened once, and may be read with other words again.
pub struct Opened {
    inside: Result<Collected, Box<Reading>>,
    channel: Channel,
    limits: Limits,
}

impl Opened {
    /// What stands in the document, read with these words.
    #[must_use]
    pub fn read(&self, labels: &Labels) -> Reading {
        match &self.inside {
            Ok(collected) => assemble::reading(collected, labels, self.channel, &self.limits),
            Err(refused) => (**refused).clone(),
        }
    }

    /// The pages of a part of the document, as its draft names it.
    pub fn pages(&self, source: &str) -> impl Iterator<Item = &page::Page> {
        let inside = self.inside.as_ref().ok();
        let letters = inside.into_iter().flat_map(|it| &it.letters).filter(move |it| it.source == source);
        let items = inside.into_iter().flat_map(|it| &it.items).filter(move |it| it.source == source);
        letters.flat_map(|it| [&it.body.fresh, &it.body.quoted]).chain(items.flat_map(|it| &it.pages))
    }

    /// The new lines of a part: of a letter what was written now, of a file all of it.
    #[must_use]
    pub fn fresh(&self, source: &str) -> Vec<String> {
        let inside = self.inside.as_ref().ok();
        let letters = inside.into_iter().flat_map(|it| &it.letters).filter(|it| it.source == source);
        let items = inside.into_iter().flat_map(|it| &it.items).filter(|it| it.source == source);
        letters
            .map(|it| &it.body.fresh)
            .chain(items.flat_map(|it| &it.pages))
            .flat_map(page::Page::lines)
            .collect()
    }

    /// What was written into the form of a question that a letter quotes.
    #[must_use]
    pub fn filled_in(&self, source: &str) -> Vec<String> {
        let letters = self.inside.as_ref().ok().into_iter().flat_map(|it| &it.letters);
        let quoted = letters.filter(|it| it.source == source).flat_map(|it| it.body.quoted.lines());
        quoted.filter(|line| answer::is_filled_in(line)).collect()
    }

    /// The token of a question of ours that stands anywhere in the text.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        let inside = self.inside.as_ref().ok();
        let letters = inside.into_iter().flat_map(|it| &it.letters);
        let bodies = letters.flat_map(|it| [&it.body.fresh, &it.body.quoted]);
        let items = inside.into_iter().flat_map(|it| &it.items).flat_map(|it| &it.pages);
        bodies.chain(items).flat_map(page::Page::texts).find_map(crate::order::asked::token_in)
    }

    /// Letters (bytes) of all its texts: what it costs to read it once more.
    #[must_use]
    pub fn letters(&self) -> usize {
        let inside = self.inside.as_ref().ok();
        let letters = inside.into_iter().flat_map(|it| &it.letters);
        let bodies = letters.flat_map(|it| [&it.body.fresh, &it.body.quoted]);
        let items = inside.into_iter().flat_map(|it| &it.items).flat_map(|it| &it.pages);
        bodies.chain(items).flat_map(page::Page::texts).map(str::len).sum()
    }

    /// What was looked at, where it was asked for; once.
    pub fn take_shown(&mut self) -> Vec<Shown> {
        self.inside.as_mut().map(|it| std::mem::take(&mut it.shown)).unwrap_or_default()
    }

    /// Some pages are pictures, and were left for later.
    #[must_use]
    pub fn is_for_later(&self) -> bool {
        self.inside.as_ref().is_ok_and(|it| it.later)
    }
}

impl Reader {
    /// Opens a document: all that is costly about it, pictures and all, is done here.
    #[must_use]
    pub fn open(&self, source: &Source<'_>, pictures: Pictures) -> Opened {
        let inside = assemble::open(source, self, pictures);
        Opened { inside, channel: source.channel, limits: self.limits }
    }

    /// Reads a document whole.
    #[must_use]
    pub fn read(&self, source: &Source<'_>) -> Reading {
        self.read_with(source, Pictures::Now)
    }

    /// Reads a document, or says that pictures have to be read for it.
    #[must_use]
    pub fn read_with(&self, source: &Source<'_>, pictures: Pictures) -> Reading {
        let mut opened = self.open(source, pictures);
        let reading = opened.read(&self.labels);
        Reading { shown: opened.take_shown(), ..reading }
    }
}
