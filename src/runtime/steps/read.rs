//! Read: the bytes of a document become drafts, one for each part.

use super::{Now, Steps, done, parsed};
use crate::check::Around;
use crate::intake::{self, data};
use crate::learn;
use crate::order::asked;
use crate::order::document::{Channel, Document, Envelope, Part, PartState};
use crate::order::draft::Draft;
use crate::order::message::{Body, DraftRead, Message, Step};
use crate::read::{Opened, Pictures, Reading, Source};
use crate::runtime::Failure;
use crate::runtime::lessons::LessonShelf;
use crate::runtime::outside::heavy;
use crate::store::{Commit, Index, Json, Key, Kind, PartRecord, Snapshot, Write};
use uuid::Uuid;

impl Steps {
    pub(super) async fn read(&self, message: &Message, document_id: Uuid) -> Result<Commit, Failure> {
        let keys = [Key::new(Kind::Document, document_id), LessonShelf::version_key()];
        let mut found = self.store.load(&keys).await?.into_iter();
        let (document, taught) = (found.next().flatten(), found.next().flatten());
        let document =
            document.ok_or_else(|| Failure::Park(format!("there is no document {document_id}")))?;
        let (version, mut document) = parsed::<Document>(document)?;
        if document.parts.is_some() {
            return Ok(done(message, "read before"));
        }
        let bytes = self
            .blobs
            .get(&document.sha256)
            .await
            .map_err(|e| Failure::Retry(format!("the bytes of the document can't be read: {e}")))?;
        let now = self.now(message).await?;
        let reading = if document.channel == Channel::Data {
            self.read_data(&bytes).map_err(Failure::Park)?
        } else {
            if let Some(commit) = self.report_back(&bytes, (&document, version), &now).await? {
                return Ok(commit);
            }
            self.faxed(&bytes, &mut document);
            let opened = heavy(|| self.open_bytes(&bytes, &document, message.step));
            if opened.is_for_later() {
                return Ok(self.later(message, &opened, (document, version), &now));
            }
            let mut reading = self.read_opened(&opened, &document, taught.as_ref()).await?;
            let subject = reading.envelope.subject.as_deref();
            reading.envelope.token = subject.and_then(asked::token_in).or_else(|| opened.token());
            reading
        };
        document.parts = Some(u32::try_from(reading.drafts.len()).unwrap_or(u32::MAX));
        document.envelope = joined(reading.envelope, &document.envelope, document.channel);
        let mut commit = done(message, "read");
        commit.writes.push(intake::write(&document, version));
        for (index, draft) in (0..).zip(reading.drafts) {
            commit.writes.push(part(document_id, index, draft));
            commit.messages.push(Message {
                id: now.ids.id(&format!("draft/{index}")),
                attempt: 1,
                correlation_id: document_id,
                step: Step::Check,
                lane: None,
                created_at: now.at,
                not_before: None,
                body: Body::DraftRead(DraftRead { document_id, part: index }),
            });
        }
        Ok(commit)
    }

    /// Its pictures are read in a queue of their own; from whom it comes is known already, so that an order of his can wait.
    fn later(&self, message: &Message, opened: &Opened, document: (Document, u64), now: &Now<'_>) -> Commit {
        let (mut document, version) = document;
        if document.channel != Channel::Mail {
            return recognize(message, now);
        }
        let read = heavy(|| opened.read(&self.books.reader.labels));
        document.envelope = joined(read.envelope, &document.envelope, document.channel);
        let mut commit = recognize(message, now);
        commit.writes.push(intake::write(&document, version));
        commit
    }

    pub(super) fn open_bytes(&self, bytes: &[u8], document: &Document, step: Step) -> Opened {
        let source = Source { bytes, name: &document.name, channel: document.channel };
        let pictures = if step == Step::Recognize { Pictures::Now } else { Pictures::Later };
        self.books.reader.open(&source, pictures)
    }

    /// Reads a document, with what was learnt of the customer that it comes from.
    async fn read_opened(
        &self,
        opened: &Opened,
        document: &Document,
        taught: Option<&Snapshot>,
    ) -> Result<Reading, Failure> {
        let labels = &self.books.reader.labels;
        if taught.is_none() {
            return Ok(heavy(|| opened.read(labels)));
        }
        let (lessons, master) = (self.lessons.of(taught).await?, self.shelf.get().await?);
        let customer = |reading: &Reading| {
            let envelope = joined(reading.envelope.clone(), &document.envelope, document.channel);
            learn::customer(reading, &Around { envelope: &envelope, ..self.around(document) }, &master)
        };
        Ok(heavy(|| learn::read(opened, labels, &lessons, customer)))
    }

    /// An order that came as data by another way than a queue of messages.
    fn read_data(&self, bytes: &[u8]) -> Result<Reading, String> {
        let Body::OrderPlaced(placed) = data::order(bytes, &self.books.schemas).map_err(|e| e.to_string())?
        else {
            return Err("it is no order".to_owned());
        };
        Ok(Reading {
            envelope: Envelope::default(),
            drafts: vec![super::place::draft(&placed)?],
            later: false,
            shown: Vec::new(),
        })
    }
}

/// Some of its pages are pictures: the document goes on in a queue of its own, where nobody waits behind it who need not.
pub(super) fn recognize(message: &Message, now: &Now<'_>) -> Commit {
    let mut commit = done(message, "recognize");
    commit.messages.push(Message {
        id: now.ids.id("recognize"),
        attempt: 1,
        step: Step::Recognize,
        created_at: now.at,
        not_before: None,
        ..message.clone()
    });
    commit
}

/// What the bytes say of their sender, and what the source knew where they say nothing. Of a fax the source knows better: the
/// line at the edge of its pages is what the sender's machine believes, and is read from a picture.
fn joined(read: Envelope, known: &Envelope, channel: Channel) -> Envelope {
    let sent_at = match channel {
        Channel::Fax => known.sent_at.or(read.sent_at),
        Channel::Mail | Channel::Data | Channel::Form => read.sent_at.or(known.sent_at),
    };
    Envelope { sent_at, caller: known.caller.clone().or_else(|| read.caller.clone()), ..read }
}

fn part(document_id: Uuid, index: u32, draft: Draft) -> Write {
    let part = Part { index, source: draft.source.clone(), kind: draft.kind, state: PartState::Waiting };
    write_part(&PartRecord { document_id, part, draft }, 0)
}

/// The part as it is to be written over version `was`.
pub(super) fn write_part(record: &PartRecord, was: u64) -> Write {
    let status = match &record.part.state {
        PartState::Waiting => "waiting",
        PartState::Keying { .. } => "keying",
        PartState::Order { .. } => "order",
        PartState::Attached { .. } => "attached",
        PartState::Filed { .. } => "filed",
    };
    Write {
        key: Key::new(Kind::Part, format!("{}/{}", record.document_id, record.part.index)),
        was,
        now: was + 1,
        body: Json::of(record),
        index: Index {
            status: Some(status.to_owned()),
            parent: Some(record.document_id.to_string()),
            ..Index::default()
        },
    }
}
