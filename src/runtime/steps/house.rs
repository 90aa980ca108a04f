//! Changes that come from the house: keyed in, they go the road of those that come by mail.

use super::read::write_part;
use super::{Now, Steps, desk, done};
use crate::intake;
use crate::order::Order;
use crate::order::amend::merged;
use crate::order::by_house::{ChangeAsked, HouseChange};
use crate::order::document::{Channel, Document, Envelope, Kind as PartKind, Part, PartState};
use crate::order::draft::{Confidence, Draft, DraftOrder};
use crate::order::ids::{self, Ids};
use crate::order::message::Message;
use crate::review::by_house::{self, CannotChange};
use crate::runtime::Failure;
use crate::store::{Commit, Disposition, PartRecord};
use serde_json::json;

impl Steps {
    pub(super) async fn change_asked(
        &self,
        message: &Message,
        asked: &ChangeAsked,
    ) -> Result<Commit, Failure> {
        if let Err(denied) = self.books.staff(&[]).may_change(&asked.by, &asked.change) {
            return Ok(done(message, format!("refused: {denied}")));
        }
        if let HouseChange::Resume { line } = asked.change {
            return Box::pin(self.resume_asked(message, asked, line)).await;
        }
        if asked.reason.trim().is_empty() {
            return Ok(done(message, format!("refused: {}", CannotChange::NoReason)));
        }
        if let HouseChange::Hold { line } = asked.change {
            return Box::pin(self.hold_asked(message, asked, line)).await;
        }
        let order = self.order(asked.order_id).await?.order;
        let taken = match by_house::drafted(&order, &asked.change) {
            Ok(drafted) => Box::pin(self.key_in(message, asked, (&order, drafted))).await?,
            Err(refused) => Err(refused),
        };
        taken.or_else(|refused| Ok(done(message, format!("refused: {refused}"))))
    }

    /// What was keyed becomes a document, and an amendment or cancellation of the order.
    async fn key_in(
        &self,
        message: &Message,
        asked: &ChangeAsked,
        (target, (kind, drafted)): (&Order, (PartKind, DraftOrder)),
    ) -> Result<Result<Commit, CannotChange>, Failure> {
        let now = self.now(message).await?;
        let document = document(&now, asked);
        let origin = self.origin(target).await?;
        let draft = Draft {
            source: "body".to_owned(),
            kind,
            kind_confidence: Confidence::FULL,
            language: origin.record.draft.language,
            order: Some(drafted),
            refers_to: Some(target.id.to_string()),
            unread: Vec::new(),
        };
        if let Err(refused) = self.changes_something(target, &document, &draft).await? {
            return Ok(Err(refused));
        }
        let part = Part { index: 0, source: draft.source.clone(), kind, state: PartState::Waiting };
        let mut record = PartRecord { document_id: document.id, part, draft };
        let case = super::check::order_id(&document, 0);
        let mut commit = Box::pin(self.take_in(&document, &mut record, now)).await?;
        commit.writes.push(intake::write(&document, 0));
        commit.writes.push(write_part(&record, 0));
        commit.effects.push(format!("document:{}", document.sha256));
        let became = commit.consumes.as_ref().map(|consumed| &consumed.disposition);
        let waits = if let Some(Disposition::Done { what }) = became { what.clone() } else { String::new() };
        Ok(Ok(desk::named(commit, &format!("keyed as {} {case}: {waits}", kind.as_str()))))
    }

    /// An amendment that says what the order says already was meant otherwise; one that leaves nothing is a cancellation.
    async fn changes_something(
        &self,
        target: &Order,
        document: &Document,
        draft: &Draft,
    ) -> Result<Result<(), CannotChange>, Failure> {
        let Some(said) = draft.order.as_ref().filter(|_| draft.kind == PartKind::Amendment) else {
            return Ok(Ok(()));
        };
        let master = self.shelf.get().await?;
        let ids = Ids::new(document.id, document.received_at);
        let resolved = self.resolved(draft, &self.around(document), &ids, &master).await?;
        let merged = merged(&target.content, &resolved.content, said, &self.books.config.changes.words);
        Ok(if merged == target.content {
            Err(CannotChange::Same)
        } else if merged.lines.is_empty() {
            Err(CannotChange::NothingLeft)
        } else {
            Ok(())
        })
    }
}

/// What was keyed is the document: its text is kept with the record, for as long as that stands.
fn document(now: &Now<'_>, asked: &ChangeAsked) -> Document {
    let text = json!({"id": now.message.id, "at": now.at, "change": asked}).to_string();
    Document {
        id: intake::data::document_id(now.message),
        sha256: ids::sha256_hex(text.as_bytes()),
        size: text.len() as u64,
        name: format!("{}.json", now.message.id),
        channel: Channel::Form,
        source: "orders change".to_owned(),
        received_at: now.at,
        envelope: Envelope {
            from_name: Some(asked.by.clone()),
            subject: Some(asked.reason.clone()),
            ..Envelope::default()
        },
        duplicate_of: None,
        parts: Some(1),
        text: Some(text),
    }
}
