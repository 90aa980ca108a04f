//! PURE. The business objects: documents and drafts, orders and their lines, reviews, events, messages.

pub mod document;
pub mod draft;
