//! Check: a draft becomes an order, or belongs to one, or is filed; and then goes on as far as it can.

use super::decide::Origin;
use super::read::write_part;
use super::{Now, Pen, Steps, done, misfit};
use crate::check::resolve::resolve_taught;
use crate::check::{Around, Resolved, resolve};
use crate::master::Master;
use crate::order::Order;
use crate::order::document::{Channel, Document, Kind as PartKind, PartState};
use crate::order::draft::Draft;
use crate::order::event::{Actor, Event, PartRef};
use crate::order::ids;
use crate::order::message::Message;
use crate::order::problem::Code;
use crate::release;
use crate::runtime::Failure;
use crate::runtime::work::Work;
use crate::store::{Commit, Key, Kind, PartRecord};
use uuid::Uuid;

impl Steps {
    pub(super) async fn check(
        &self,
        message: &Message,
        document_id: Uuid,
        part: u32,
    ) -> Result<Commit, Failure> {
        let key = Key::new(Kind::Part, format!("{document_id}/{part}"));
        let found = self.one::<PartRecord>(key).await?;
        let (version, mut record) =
            found.ok_or_else(|| Failure::Park(format!("there is no part {document_id}/{part}")))?;
        if record.part.state != PartState::Waiting {
            return Ok(done(message, "checked before"));
        }
        let found = self.one::<Document>(Key::new(Kind::Document, document_id)).await?;
        let (_, document) =
            found.ok_or_else(|| Failure::Park(format!("there is no document {document_id}")))?;
        let now = self.now(message).await?;
        let answer = Box::pin(self.answer(message, &document, &mut record)).await?;
        let mut commit = if let Some(commit) = answer {
            commit
        } else if self.is_filed(&record.draft) {
            record.part.state = PartState::Filed { reason: record.draft.kind.as_str().to_owned() };
            let mut commit = done(message, format!("filed as {}", record.draft.kind.as_str()));
            commit.effects.push(format!("part:{document_id}/{part}"));
            let house = self.books.house(self.shelf.get().await?.as_ref());
            let told =
                release::filed::filed(&document, &record.draft, &self.books.office(&house), now.at, now.ids);
            commit.messages.extend(told.map_err(|e| Failure::Park(e.to_string()))?);
            commit
        } else {
            Box::pin(self.take_in(&document, &mut record, now)).await?
        };
        commit.writes.push(write_part(&record, version));
        Ok(commit)
    }

    /// A part that is no order, and of which that is certain enough to need no person.
    fn is_filed(&self, draft: &Draft) -> bool {
        let certain = draft.kind_confidence.thousandths() >= self.books.config.check.least_confidence;
        match draft.kind {
            PartKind::Order | PartKind::Amendment | PartKind::Cancellation => false,
            PartKind::Answer
            | PartKind::Inquiry
            | PartKind::Complaint
            | PartKind::PaymentNotice
            | PartKind::DeliveryReport
            | PartKind::NotAnOrder => certain,
        }
    }

    /// The part becomes an order (or an amendment or cancellation of one).
    pub(super) async fn take_in(
        &self,
        document: &Document,
        record: &mut PartRecord,
        now: Now<'_>,
    ) -> Result<Commit, Failure> {
        let from = PartRef { document_id: document.id, part: record.part.index };
        let id = order_id(document, record.part.index);
        let master = self.shelf.get().await?;
        let around = self.around(document);
        let resolved = self.resolved(&record.draft, &around, &ids::Ids::new(id, now.at), &master).await?;
        let kind = order_kind(record.draft.kind);
        let mut case = self.load(id, &resolved.content, (document, record), master).await?;
        let refers_to =
            if kind == PartKind::Order { None } else { case.original(record.draft.refers_to.as_deref()) };
        let target = case.same.iter().find(|same| Some(same.order.id) == refers_to);
        case.changing = match target {
            Some(same) => Some(self.changing(kind, &same.order, (&record.draft, &resolved)).await?),
            None => None,
        };
        let amended = case.changing.as_ref().filter(|_| kind == PartKind::Amendment);
        let content = amended.map_or(&resolved.content, |changing| &changing.content).clone();
        let received = Event::Received {
            from,
            kind,
            sent_at: document.envelope.sent_at.unwrap_or(document.received_at),
            refers_to,
            content,
        };
        let mut work = Work::begin(id, received).map_err(|e| Failure::Park(e.to_string()))?;
        work.add(entered(document)).map_err(misfit(&work.order))?;
        let mut pen = Pen { commit: done(now.message, ""), now };
        pen.commit.writes.extend(super::desk::parties(&resolved));
        case.register(id, &mut pen.commit);
        case.unread = Box::pin(self.unread(&work.order, document, pen.now.at)).await?;
        self.go_on(&mut work, &mut case, &resolved, &mut pen).map_err(|e| match e {
            super::desk::Stuck::Fold(error) => misfit(&work.order)(error),
            super::desk::Stuck::Other(why) => Failure::Park(why),
        })?;
        if let Some(first) = repeats(&work.order) {
            // Nothing is begun for an order that we have already: the part is filed with a link to it.
            record.part.state = PartState::Filed { reason: format!("duplicate_of:{first}") };
            let mut commit = done(pen.now.message, format!("filed as duplicate of {first}"));
            commit.effects.push(format!("part:{}/{}", from.document_id, from.part));
            return Ok(commit);
        }
        self.ask_itself(&mut work, (document, record), &mut pen).await?;
        record.part.state = match refers_to {
            Some(order_id) => PartState::Attached { order_id },
            None => PartState::Order { order_id: id },
        };
        let what = super::desk::said(&work.order);
        if let Some(target) = refers_to {
            let said = Origin { document: document.clone(), record: record.clone(), version: 0 };
            self.settle(&work.order, target, &said, &mut pen).await?;
        }
        self.write(work, &mut pen.commit, (Actor::Step("check".to_owned()), &pen.now)).await?;
        Ok(super::desk::named(pen.commit, &what))
    }

    /// What a part means. What was learnt of the customer is looked up only where the master data leave something open.
    pub(super) async fn resolved(
        &self,
        draft: &Draft,
        around: &Around<'_>,
        ids: &ids::Ids,
        master: &Master,
    ) -> Result<Resolved, Failure> {
        let resolved = resolve(draft, around, ids, master);
        if resolved.customer.code.is_none() || resolved.lines.iter().all(|line| line.sku.is_some()) {
            return Ok(resolved);
        }
        let lessons = self.lessons.get().await?;
        Ok(resolve_taught(draft, around, ids, master, &lessons))
    }

    /// What stands around a part: its mail, its channel and its day.
    pub(super) fn around<'a>(&self, document: &'a Document) -> Around<'a> {
        let sent = document.envelope.sent_at.unwrap_or(document.received_at);
        Around {
            envelope: &document.envelope,
            channel: document.channel,
            on: sent.with_timezone(&self.books.config.firm.zone).date_naive(),
        }
    }
}

/// Who keyed a document of the house's own, and why.
fn entered(document: &Document) -> Option<Event> {
    let form = Some(&document.envelope).filter(|_| document.channel == Channel::Form)?;
    Some(Event::Entered { by: form.from_name.clone()?, why: form.subject.clone().unwrap_or_default() })
}

/// What a part is as an order: a new one, unless it says that it changes or cancels one.
const fn order_kind(kind: PartKind) -> PartKind {
    match kind {
        PartKind::Amendment | PartKind::Cancellation => kind,
        PartKind::Order
        | PartKind::Answer
        | PartKind::Inquiry
        | PartKind::Complaint
        | PartKind::PaymentNotice
        | PartKind::DeliveryReport
        | PartKind::NotAnOrder => PartKind::Order,
    }
}

/// The order that this one only repeats: the same PO number with the same content.
fn repeats(order: &Order) -> Option<&str> {
    let same = order.problems.iter().find(|problem| problem.code == Code::DuplicateOf);
    same.and_then(|problem| problem.expected.as_deref())
}

/// The order that a part becomes: always the same for the same part.
pub(super) fn order_id(document: &Document, part: u32) -> Uuid {
    ids::from_name(document.received_at, document.id.as_bytes(), &format!("order/{part}"))
}
