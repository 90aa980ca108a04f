//! Place: an order that came as data becomes an order in one commit, from the message to what is told of it.

use super::read::write_part;
use super::{Now, Steps};
use crate::intake;
use crate::order::document::{Channel, Document, Envelope, Kind as PartKind, Part, PartState};
use crate::order::draft::{Confidence, Draft};
use crate::order::message::{Body, Message, OrderPlaced};
use crate::order::{ids, keyed};
use crate::runtime::Failure;
use crate::store::{Commit, PartRecord};

impl Steps {
    pub(super) async fn place(&self, message: &Message, placed: &OrderPlaced) -> Result<Commit, Failure> {
        let draft = draft(placed).map_err(Failure::Park)?;
        let now = self.now(message).await?;
        let document = document(&now);
        let part =
            Part { index: 0, source: draft.source.clone(), kind: draft.kind, state: PartState::Waiting };
        let mut record = PartRecord { document_id: document.id, part, draft };
        let mut commit = Box::pin(self.take_in(&document, &mut record, now)).await?;
        commit.writes.push(intake::write(&document, 0));
        commit.writes.push(write_part(&record, 0));
        commit.effects.push(format!("document:{}", document.sha256));
        Ok(commit)
    }
}

/// The draft of an order that came as data.
pub(super) fn draft(placed: &OrderPlaced) -> Result<Draft, String> {
    let order =
        keyed::from_data(&placed.order, "/order").map_err(|e| format!("order.placed at `/order`: {e}"))?;
    Ok(Draft {
        source: "body".to_owned(),
        kind: PartKind::Order,
        kind_confidence: Confidence::FULL,
        language: placed.language,
        order: Some(order),
        refers_to: None,
        unread: Vec::new(),
    })
}

/// The message itself is the document: its text is kept with the record, for as long as that stands.
fn document(now: &Now<'_>) -> Document {
    let (text, by) = if let Body::Arrived(arrived) = &now.message.body {
        (arrived.text.clone(), arrived.by.clone())
    } else {
        (serde_json::to_string(&now.message.body).unwrap_or_default(), None)
    };
    Document {
        id: intake::data::document_id(now.message),
        sha256: ids::sha256_hex(text.as_bytes()),
        size: text.len() as u64,
        name: format!("{}.json", now.message.id),
        channel: Channel::Data,
        source: "orders".to_owned(),
        received_at: now.at,
        envelope: Envelope { from_name: by, ..Envelope::default() },
        duplicate_of: None,
        parts: Some(1),
        text: Some(text),
    }
}
