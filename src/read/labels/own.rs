//! Words of one customer's, which go before those of all.

use super::{Column, Label, Labels};
use crate::order::document::Kind;
use crate::read::value::text::key;

/// Words of one customer's, which go before all others; texts as he prints them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnWords {
    pub columns: Vec<(String, Column)>,
    pub labels: Vec<(String, Label)>,
    /// What lasts of the subjects of mails ([`lasting`]), with what such a mail is.
    pub kinds: Vec<(String, Kind)>,
}

impl Labels {
    /// These words, and before them those of a customer. They are taken exactly as they stand: what is right for one word of
    /// his need not be right for all that hold it.
    #[must_use]
    pub fn with(&self, own: &OwnWords) -> Self {
        let mut all = self.clone();
        all.columns.extend(own.columns.iter().map(|(word, column)| (key(word), *column)));
        all.labels.extend(own.labels.iter().map(|(word, label)| (key(word), *label)));
        all.kinds.extend(own.kinds.iter().map(|(subject, kind)| (subject.clone(), *kind)));
        all
    }

    /// What a mail with this subject is, where the customer's own words say it.
    #[must_use]
    pub fn kind(&self, subject: &str) -> Option<Kind> {
        if self.kinds.is_empty() { None } else { self.kinds.get(&lasting(subject)).copied() }
    }
}

/// What stays of a subject from one mail to the next: its letters, with a mark for every figure.
#[must_use]
pub fn lasting(subject: &str) -> String {
    let mut out = String::new();
    for c in key(subject).chars() {
        match c {
            '0'..='9' if out.ends_with('#') => {}
            '0'..='9' => out.push('#'),
            other => out.push(other),
        }
    }
    out
}
