//! What the targets share: one reader, which decodes in this process, within limits that let a run be quick.

use gendan::order::document::Channel;
use gendan::read::decoder::Here;
use gendan::read::limits::Limits;
use gendan::read::mail::authentic::MailAuthentication;
use gendan::read::{Labels, Pictures, Reader, Source};
use std::sync::LazyLock;

static READER: LazyLock<Reader> = LazyLock::new(|| Reader {
    labels: Labels::built_in(),
    limits: limits(),
    believed: MailAuthentication { trusted: vec!["mx.example".to_owned()], nameless: true },
    decoder: Box::new(Here),
    recognizer: None,
});

/// Smaller than in the office: what is slow at these sizes is slow at any.
#[must_use]
pub fn limits() -> Limits {
    Limits {
        text_bytes: 64 << 10,
        unpacked_bytes: 8 << 20,
        part_bytes: 4 << 20,
        pixels: 4 << 20,
        rows: 2_000,
        cells: 20_000,
        pages: 20,
        pictures: 4,
        ..Limits::default()
    }
}

/// Reads a document whole: it always gives a draft.
pub fn read(bytes: &[u8], name: &str, channel: Channel) {
    let reading = READER.read_with(&Source { bytes, name, channel }, Pictures::Now);
    assert!(!reading.drafts.is_empty(), "nothing may be lost");
}
