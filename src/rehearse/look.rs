//! What stands in a rehearsal's records of a document: its parts, why they wait, and what would have been sent.

use super::run::Stage;
use super::seen::{SeenFile, SeenPart, Sent};
use crate::check::resolve::resolve_taught;
use crate::check::{self, Around, Case, Facts};
use crate::order::Order;
use crate::order::document::Document;
use crate::order::draft::Draft;
use crate::order::ids::Ids;
use crate::order::message::{Body, Step};
use crate::runtime::trial::TrialError;
use crate::store::{Filter, Key, Kind, PartRecord, Snapshot};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

impl Stage {
    pub(super) async fn records(&self, document: Uuid) -> Result<Vec<PartRecord>, TrialError> {
        let filter = Filter { parent: Some(document.to_string()), ..Filter::default() };
        let found = self.house.store.list(Kind::Part, &filter).await?;
        let mut records: Vec<PartRecord> = found.iter().filter_map(|it| it.body.read().ok()).collect();
        records.sort_by_key(|record| record.part.index);
        Ok(records)
    }

    pub(super) async fn parts(&self, document: Uuid) -> Result<Vec<SeenPart>, TrialError> {
        let filter = Filter { parent: Some(document.to_string()), ..Filter::default() };
        let orders = self.house.store.list(Kind::Order, &filter).await?;
        let orders: Vec<Order> = orders.iter().filter_map(|it| it.body.read().ok()).collect();
        let mut parts = Vec::new();
        for record in self.records(document).await? {
            let order = orders.iter().find(|order| order.from.part == record.part.index).cloned();
            let doubts = match &order {
                Some(order) if !order.sure => self.doubts(document, &record.draft).await?,
                Some(_) | None => Vec::new(),
            };
            let PartRecord { part, draft, .. } = record;
            parts.push(SeenPart { draft, state: part.state, order, doubts, sent: Sent::new() });
        }
        Ok(parts)
    }

    /// Why an order is not proven: the checks once more, for the record keeps what is proven only.
    async fn doubts(&self, document: Uuid, draft: &Draft) -> Result<Vec<String>, TrialError> {
        static NONE: BTreeMap<String, Decimal> = BTreeMap::new();
        let Some((_, document)) = self.one::<Document>(Key::new(Kind::Document, document)).await? else {
            return Ok(Vec::new());
        };
        let (master, lessons) = (self.house.shelf.get().await?, self.house.lessons.get().await?);
        let books = &self.house.books;
        let sent = document.envelope.sent_at.unwrap_or(document.received_at);
        let on = sent.with_timezone(&books.config.firm.zone).date_naive();
        let around = Around { envelope: &document.envelope, channel: document.channel, on };
        let resolved = resolve_taught(draft, &around, &Ids::new(document.id, sent), &master, &lessons);
        let facts = Facts {
            master: &master,
            categories: &books.categories,
            settings: &books.config.check,
            open_credit: None,
            reserved: &NONE,
            exchange: &books.config.exchange,
            tax: &books.config.tax.rates,
            same: &[],
        };
        let case =
            Case { content: &resolved.content, draft, around: &around, resolved: &resolved, facts: &facts };
        Ok(check::sure(&case, &check::check_all(&case)).doubts)
    }

    pub(super) async fn why_not(&self, document: Uuid) -> Result<String, TrialError> {
        let parked = self.house.store.parked().await?;
        let why = parked.into_iter().find(|it| it.message.correlation_id == document).map(|it| it.why);
        Ok(why.unwrap_or_else(|| "nothing in it could be read".to_owned()))
    }

    /// Counts what lies in the outbox, for each part and file that brought it about.
    pub(super) async fn count_sent(&self, file: &mut SeenFile, document: Uuid) -> Result<(), TrialError> {
        file.sent = self.sent(document).await?;
        for part in &mut file.parts {
            if let Some(order) = &part.order {
                part.sent = self.sent(order.id).await?;
            }
        }
        Ok(())
    }

    async fn sent(&self, about: Uuid) -> Result<Sent, TrialError> {
        let mut sent = Sent::new();
        for (message, _) in self.house.store.messages(about).await? {
            if message.step == Step::Deliver {
                let kind = if let Body::MailSend(mail) = &message.body {
                    format!("mail.{}", mail.purpose)
                } else {
                    message.body.type_name().to_owned()
                };
                *sent.entry(kind).or_default() += 1;
            }
        }
        Ok(sent)
    }

    pub(super) async fn one<T: serde::de::DeserializeOwned>(
        &self,
        key: Key,
    ) -> Result<Option<(u64, T)>, TrialError> {
        let found: Vec<Option<Snapshot>> = self.house.store.load(&[key]).await?;
        Ok(found.into_iter().flatten().next().and_then(|it| Some((it.version, it.body.read().ok()?))))
    }
}
