//! Documents from programs that call us: told again with the same key, or the same bytes, they get the same document.
//!
//! The key stands in the store as a permanent `arrival:` effect. The document that it brought is found by its bytes and its id,
//! whose random part is made of the bytes and the key.

use super::{Accepted, Arrival, Intake, Kept, NotAccepted};
use crate::order::document::Document;
use crate::order::ids;
use crate::store::{Filter, Kind, StoreError};
use uuid::Uuid;

/// Who calls, and by which name he knows what he sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Unique among those who call; no `:` in it.
    pub name: String,
    /// His `Idempotency-Key`; without one the bytes decide.
    pub key: Option<String>,
}

/// What a caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    pub document: Uuid,
    /// The document that had the same bytes before.
    pub first: Option<Uuid>,
    /// The caller had sent it before.
    pub again: bool,
}

impl Intake {
    /// Takes a document from a caller. [`NotAccepted::OtherBytes`] when his key stands for other bytes.
    pub async fn accept_from(&self, arrival: Arrival, client: &Client) -> Result<Receipt, NotAccepted> {
        let kept = self.keep(arrival).await?;
        let (source, name) = (kept.arrival.source, &client.name);
        let what = match &client.key {
            Some(key) => format!("key:{key}"),
            None => kept.sha256.clone(),
        };
        let id_name = format!("{source}/{name}/{what}");
        match self.take(&kept, &id_name, &format!("arrival:{source}:{name}:{what}")).await? {
            Accepted::New(document) => Ok(Receipt { document, first: None, again: false }),
            Accepted::Repeats { document, first } => {
                Ok(Receipt { document, first: Some(first), again: false })
            }
            Accepted::Known => {
                let earlier = self.earlier(&kept, &id_name).await?.ok_or(NotAccepted::OtherBytes)?;
                Ok(Receipt { document: earlier.id, first: earlier.duplicate_of, again: true })
            }
        }
    }

    /// The document that came with these bytes by this name.
    async fn earlier(&self, kept: &Kept, id_name: &str) -> Result<Option<Document>, StoreError> {
        let same = Filter { number: Some(kept.sha256.clone()), ..Filter::default() };
        let found = self.store.list(Kind::Document, &same).await?;
        let parsed = found.into_iter().filter_map(|it| it.body.read::<Document>().ok());
        let by_name = |it: &Document| ids::from_name(it.received_at, it.sha256.as_bytes(), id_name) == it.id;
        Ok(parsed.into_iter().find(by_name))
    }
}
