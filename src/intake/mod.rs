//! Sources of documents: mailboxes, the drop folder, the fax spool and files handed over on the command line.
//!
//! Whatever the source, [`Intake::accept`] keeps the bytes first and then names them in one commit; until that commit is in, the
//! source keeps its own copy.

pub mod amqp;
pub mod data;
pub mod folder;
pub mod fax;
pub mod client;
pub mod imap;

use crate::broker::Broker;
use crate::order::document::{Channel, Document, Envelope};
use crate::order::ids;
use crate::order::message::{Body, DocumentReceived, Message, Step};
use crate::runtime::committer::Committer;
use crate::runtime::metrics;
use crate::store::blobs::Blobs;
use crate::store::{Answer, Commit, Filter, Index, Json, Key, Kind, Store, StoreError, Write};
use chrono::{DateTime, Utc};
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;
use uuid::Uuid;

/// What a source brings.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub bytes: Vec<u8>,
    /// File name as it came; a label only.
    pub name: String,
    pub channel: Channel,
    /// `folder`, `fax`, `imap`, `submit`, `http`, `orders`.
    pub source: &'static str,
    /// Caller's number of a fax.
    pub caller: Option<String>,
    /// When it was sent, as far as the source knows (a fax); a mail says so itself.
    pub sent_at: Option<DateTime<Utc>>,
}

/// What became of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// A new document, on its way to be read.
    New(Uuid),
    /// The same bytes came before: filed with a link to that document.
    Repeats { document: Uuid, first: Uuid },
    /// This very arrival was taken before.
    Known,
}

/// Why an arrival could not be taken. The source keeps it.
#[derive(Debug, Error)]
pub enum NotAccepted {
    #[error("the bytes can't be kept: {0}")]
    Blob(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the store refuses it: {0}")]
    Refused(String),
    #[error("the same key came before with other bytes")]
    OtherBytes,
    #[error("the program is stopping")]
    Stopping,
}

/// Takes documents in.
#[derive(Clone)]
pub struct Intake {
    pub store: Arc<dyn Store>,
    pub blobs: Arc<dyn Blobs>,
    pub committer: Committer,
    /// The broker of this process, told when something has come in; without one the poll finds it.
    pub wakes: Option<Arc<dyn Broker>>,
}

impl Intake {
    /// Keeps the bytes, then writes the document and the message that has it read. Safe to call again with the same
    /// arrival: it is known by its source, name and bytes.
    pub async fn accept(&self, arrival: Arrival) -> Result<Accepted, NotAccepted> {
        let kept = self.keep(arrival).await?;
        let Kept { arrival, sha256, .. } = &kept;
        let id_name = format!("{}/{}", arrival.source, arrival.name);
        let effect = format!("arrival:{}:{}:{sha256}", arrival.source, label(&arrival.name));
        self.take(&kept, &id_name, &effect).await
    }

    async fn keep(&self, mut arrival: Arrival) -> Result<Kept, NotAccepted> {
        let bytes = std::mem::take(&mut arrival.bytes);
        let size = bytes.len() as u64;
        Ok(Kept { sha256: self.blobs.put(bytes).await?, size, arrival })
    }

    async fn take(&self, kept: &Kept, id_name: &str, effect: &str) -> Result<Accepted, NotAccepted> {
        let taken = self.write(kept, id_name, effect).await?;
        let outcome = match taken {
            Accepted::New(_) => "new",
            Accepted::Repeats { .. } => "repeats",
            Accepted::Known => "known",
        };
        metrics::accepted(kept.arrival.channel, outcome);
        Ok(taken)
    }

    async fn write(&self, kept: &Kept, id_name: &str, effect: &str) -> Result<Accepted, NotAccepted> {
        loop {
            let first = self.first(&kept.sha256).await?;
            let now = self.store.now().await?;
            let document = document(kept, id_name, first, now);
            match self.committer.write(commit(effect, &document, now)).await {
                Ok(Answer::Done) => {
                    self.wakes.iter().for_each(|broker| broker.wake(Step::Read));
                    return Ok(match first {
                        Some(first) => Accepted::Repeats { document: document.id, first },
                        None => Accepted::New(document.id),
                    });
                }
                Ok(Answer::AlreadyDone { effect }) if effect.starts_with("arrival:") => {
                    return Ok(Accepted::Known);
                }
                // The same bytes came in by another way at this very moment: look again, and be the second.
                Ok(Answer::AlreadyDone { .. } | Answer::Lost { .. }) => {}
                Ok(Answer::Refused { why }) => return Err(NotAccepted::Refused(why)),
                Ok(Answer::Duplicate | Answer::OtherBody | Answer::Fenced) => return Ok(Accepted::Known),
                Err(_) => return Err(NotAccepted::Stopping),
            }
        }
    }

    async fn first(&self, sha256: &str) -> Result<Option<Uuid>, StoreError> {
        let same = Filter { number: Some(sha256.to_owned()), ..Filter::default() };
        let found = self.store.list(Kind::Document, &same).await?;
        Ok(found
            .iter()
            .filter(|it| it.index.status.as_deref() != Some("duplicate"))
            .find_map(|it| it.key.id.parse().ok()))
    }
}

/// An arrival whose bytes are kept.
struct Kept {
    /// Without its bytes.
    arrival: Arrival,
    sha256: String,
    size: u64,
}

/// The id says by which name the bytes came: see [`client`].
fn document(kept: &Kept, id_name: &str, first: Option<Uuid>, now: DateTime<Utc>) -> Document {
    let arrival = &kept.arrival;
    Document {
        id: ids::from_name(now, kept.sha256.as_bytes(), id_name),
        sha256: kept.sha256.clone(),
        size: kept.size,
        name: label(&arrival.name),
        channel: arrival.channel,
        source: arrival.source.to_owned(),
        received_at: now,
        envelope: Envelope {
            caller: arrival.caller.clone(),
            sent_at: arrival.sent_at,
            ..Envelope::default()
        },
        duplicate_of: first,
        parts: first.map(|_| 0),
        text: None,
    }
}

fn commit(arrival: &str, document: &Document, now: DateTime<Utc>) -> Commit {
    let mut effects = vec![arrival.to_owned()];
    let mut messages = Vec::new();
    if document.duplicate_of.is_none() {
        effects.push(format!("document:{}", document.sha256));
        messages.push(Message {
            id: ids::Ids::new(document.id, now).id("received"),
            attempt: 1,
            correlation_id: document.id,
            step: Step::Read,
            lane: None,
            created_at: now,
            not_before: None,
            body: Body::DocumentReceived(DocumentReceived { document_id: document.id }),
        });
    }
    Commit { effects, writes: vec![write(document, 0)], messages, ..Commit::default() }
}

/// The document as it is to be written over version `was`.
#[must_use]
pub fn write(document: &Document, was: u64) -> Write {
    let status = match (&document.duplicate_of, document.parts) {
        (Some(_), _) => "duplicate",
        (None, Some(_)) => "read",
        (None, None) => "waiting",
    };
    Write {
        key: Key::new(Kind::Document, document.id),
        was,
        now: was + 1,
        body: Json::of(document),
        index: Index {
            status: Some(status.to_owned()),
            number: Some(document.sha256.clone()),
            // Of a document nobody knows the customer yet: its sender's house stands for him.
            customer: document.envelope.house(),
            ..Index::default()
        },
    }
}

/// A fax is a picture or a PDF of its own; what else comes as a file came by mail.
#[must_use]
pub fn channel_of(file: &Path) -> Channel {
    let extension = file.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if matches!(extension.as_str(), "tif" | "tiff" | "pdf") { Channel::Fax } else { Channel::Mail }
}

/// A file name as a label: no control characters, no direction overrides, no path, at most 200 characters.
#[must_use]
pub fn label(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let bad = |c: &char| {
        c.is_control() || ('\u{202a}'..='\u{202e}').contains(c) || ('\u{2066}'..='\u{2069}').contains(c)
    };
    last.chars().filter(|c| !bad(c)).take(200).collect()
}
