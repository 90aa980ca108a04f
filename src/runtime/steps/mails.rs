//! Mails about our own mails: who was refused at once, what came back later, and what the fax gateway says.

use super::{Now, Steps, parsed};
use crate::deliver::fax::Receipt;
use crate::intake;
use crate::order::Order;
use crate::order::document::{Channel, Document, Kind as PartKind, Part, PartState};
use crate::order::draft::{Confidence, Draft};
use crate::order::message::{Body, MailSend, Message};
use crate::read::mail;
use crate::read::mail::header::Headers;
use crate::read::mail::returned::{Fate, Notice, Returned, about, returned};
use crate::release::undelivered::{PURPOSE, Refused, Undelivered, undelivered};
use crate::runtime::Failure;
use crate::store::{Commit, Filter, Key, Kind, PartRecord};
use uuid::Uuid;

/// Bytes in which a mail's header stands.
const HEADER: usize = 64 * 1024;

/// A mail of ours that something came back about.
struct Ours {
    about: Uuid,
    /// None when its record was pruned.
    mail: Option<MailSend>,
    message_id: String,
    order: Option<Order>,
    /// Everything that was sent about the same order.
    sent: Vec<MailSend>,
}

impl Steps {
    /// Sends a mail; sales hears of those who were refused.
    pub(super) async fn deliver(&self, message: &Message) -> Result<Commit, Failure> {
        let (mut commit, refused) = self.delivery.deliver(message).await?;
        let Body::MailSend(mail) = &message.body else { return Ok(commit) };
        if refused.is_empty() {
            return Ok(commit);
        }
        let now = self.now(message).await?;
        let about = message.correlation_id;
        let ours = Ours {
            about,
            mail: Some(mail.clone()),
            message_id: mail.message_id.clone(),
            order: self.one::<Order>(Key::new(Kind::Order, about)).await?.map(|(_, order)| order),
            sent: Vec::new(),
        };
        commit.messages.extend(self.told(&ours, &refused, None, &now).await?);
        Ok(commit)
    }

    /// A fax that the gateway brings by mail is a fax; its caller stands in the header.
    pub(super) fn faxed(&self, bytes: &[u8], document: &mut Document) {
        let gateway = &self.books.config.fax_gateway;
        let (headers, _) = Headers::parse(&bytes[..bytes.len().min(HEADER)]);
        let envelope = mail::address::envelope(&headers);
        if document.channel == Channel::Mail && gateway.wrote(envelope.from_address.as_deref()) {
            document.channel = Channel::Fax;
            document.envelope.caller = gateway.caller_of(&headers);
        }
    }

    /// What comes back about a mail or fax of ours is filed with the order that it is about; who did not get it is told to
    /// sales. None when the document is something else.
    pub(super) async fn report_back(
        &self,
        bytes: &[u8],
        (document, version): (&Document, u64),
        now: &Now<'_>,
    ) -> Result<Option<Commit>, Failure> {
        let Some((report, fax)) = self.comes_back(bytes, document) else { return Ok(None) };
        let Some(ours) = self.ours(&report, fax.as_ref()).await? else { return Ok(None) };
        let worst = report.notices.iter().map(|notice| notice.fate).max().unwrap_or(Fate::Failed);
        let word = match (worst, fax.is_some()) {
            (Fate::Failed, false) => "bounce_of",
            (Fate::Failed, true) => "fax_failed_of",
            (Fate::Delayed, _) => "delay_of",
            (Fate::Delivered, false) => "receipt_of",
            (Fate::Delivered, true) => "fax_receipt_of",
        };
        let reason = format!("{word}:{}", ours.about);
        let mut commit = super::done(now.message, format!("filed as {word} {}", ours.about));
        let headers = Headers::parse(&bytes[..bytes.len().min(HEADER)]).0;
        let document =
            Document { parts: Some(1), envelope: mail::address::envelope(&headers), ..document.clone() };
        commit.writes.push(intake::write(&document, version));
        commit.writes.push(filed(&document, reason));
        commit.effects.push(format!("part:{}/0", document.id));
        // A failure that names nobody is that of the mail's own recipients.
        let to = ours.mail.as_ref().map(|mail| mail.to.join(", ")).unwrap_or_default();
        let failed = report.notices.into_iter().filter(|notice| notice.fate == Fate::Failed);
        let failures: Vec<Refused> = failed
            .map(|it| Refused { recipient: it.recipient.unwrap_or_else(|| to.clone()), words: it.text })
            .collect();
        if !failures.is_empty() {
            commit.messages.extend(self.told(&ours, &failures, Some(document.id), now).await?);
        }
        Ok(Some(commit))
    }

    /// A report, and the gateway's receipt where it is one.
    fn comes_back(&self, bytes: &[u8], document: &Document) -> Option<(Returned, Option<Receipt>)> {
        if document.source == "fax" {
            return None;
        }
        if let Some(report) = returned(bytes) {
            return Some((report, None));
        }
        let gateway = &self.books.config.fax_gateway;
        let (headers, _) = Headers::parse(&bytes[..bytes.len().min(HEADER)]);
        let envelope = mail::address::envelope(&headers);
        if !gateway.wrote(envelope.from_address.as_deref()) {
            return None;
        }
        let receipt = gateway.receipt_of(&headers)?;
        let parts = mail::parse(bytes, &self.books.config.limits).parts;
        let fate = if receipt.sent { Fate::Delivered } else { Fate::Failed };
        let text = envelope.subject.unwrap_or_default();
        let recipient = receipt.number.as_deref().and_then(|number| gateway.address_of(number));
        let notices = vec![Notice { recipient, fate, text }];
        Some((Returned { about: about(&headers, &parts), notices }, Some(receipt)))
    }

    /// The mail of ours that a report is about: by its Message-ID, or a fax by the order's number.
    async fn ours(&self, report: &Returned, fax: Option<&Receipt>) -> Result<Option<Ours>, Failure> {
        let domain = &self.books.config.firm.domain;
        let named = report.about.iter().find_map(|id| Some((crate::release::about(id, domain)?, id.clone())));
        if let Some((about, message_id)) = named {
            let sent = self.sent(about).await?;
            let mail = sent.iter().find(|mail| mail.message_id == message_id).cloned();
            let order = self.one::<Order>(Key::new(Kind::Order, about)).await?.map(|(_, order)| order);
            let known = mail.is_some() || order.is_some();
            return Ok(known.then_some(Ours { about, mail, message_id, order, sent }));
        }
        let Some((number, fax)) = fax.and_then(|fax| Some((fax.order.clone()?, fax))) else {
            return Ok(None);
        };
        let filter = Filter { number: Some(number), limit: 1, ..Filter::default() };
        let Some(found) = self.store.list(Kind::Order, &filter).await?.into_iter().next() else {
            return Ok(None);
        };
        let (_, order): (u64, Order) = parsed(found)?;
        let sent = self.sent(order.id).await?;
        let called = |to: &String| {
            let address = self.books.config.fax_gateway.address_of(fax.number.as_deref().unwrap_or_default());
            address.is_none_or(|address| address == *to)
        };
        let mail =
            sent.iter().find(|mail| mail.purpose == "confirmation" && mail.to.iter().any(called)).cloned();
        Ok(mail.map(|mail| Ours {
            about: order.id,
            message_id: mail.message_id.clone(),
            mail: Some(mail),
            order: Some(order),
            sent,
        }))
    }

    async fn sent(&self, about: Uuid) -> Result<Vec<MailSend>, Failure> {
        let mails = self.store.messages(about).await?.into_iter().filter_map(|(message, _)| {
            let Body::MailSend(mail) = message.body else { return None };
            Some(mail)
        });
        Ok(mails.collect())
    }

    /// The mail that tells of it, unless it was told before.
    async fn told(
        &self,
        ours: &Ours,
        failures: &[Refused],
        document: Option<Uuid>,
        now: &Now<'_>,
    ) -> Result<Option<Message>, Failure> {
        let house = self.books.house(self.shelf.get().await?.as_ref());
        let number = ours.order.as_ref().and_then(|order| order.number.as_ref());
        let reference = number.map_or_else(|| ours.about.to_string(), |number| number.0.clone());
        // A mail whose record is gone still says in its id what it was.
        let purpose = ours.mail.as_ref().map_or_else(
            || if ours.message_id.contains(PURPOSE) { PURPOSE } else { "other" },
            |mail| mail.purpose.as_str(),
        );
        let what = Undelivered {
            about: ours.about,
            reference: &reference,
            mail: (&ours.message_id, purpose),
            failures,
            document,
        };
        let told = undelivered(&what, &self.books.office(&house), now.at, now.ids)
            .map_err(|e| Failure::Park(e.to_string()))?;
        let before = |message: &Message| {
            let Body::MailSend(mail) = &message.body else { return false };
            ours.sent.iter().any(|sent| sent.message_id == mail.message_id)
        };
        let told = told.filter(|message| !before(message));
        if told.is_none() {
            tracing::warn!(about = %ours.about, "a mail was not delivered; nobody more is told of it");
        }
        Ok(told)
    }
}

/// The only part of such a document.
fn filed(document: &Document, reason: String) -> crate::store::Write {
    let draft = Draft {
        source: "body".to_owned(),
        kind: PartKind::NotAnOrder,
        kind_confidence: Confidence::FULL,
        language: Default::default(),
        order: None,
        refers_to: None,
        unread: Vec::new(),
    };
    let state = PartState::Filed { reason };
    let part = Part { index: 0, source: draft.source.clone(), kind: draft.kind, state };
    super::read::write_part(&PartRecord { document_id: document.id, part, draft }, 0)
}
