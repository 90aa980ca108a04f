//! Decide: a person's word on a review, and what follows from it.

use super::change::Changing;
use super::desk::{self, Case, Stuck};
use super::read::write_part;
use super::soft_hold;
use super::{Now, Pen, Steps, done, misfit};
use crate::check::Resolved;
use crate::follow;
use crate::order::Order;
use crate::order::asked::Answer;
use crate::order::document::{Document, Kind as PartKind, PartState};
use crate::order::draft::{Confidence, Draft, DraftOrder};
use crate::order::event::{Actor, Event};
use crate::order::ids::Ids;
use crate::order::line::Content;
use crate::order::message::{Message, ReviewDecide};
use crate::order::review::{Decision, Refusal, Verdict};
use crate::release;
use crate::review;
use crate::runtime::Failure;
use crate::runtime::work::Work;
use crate::store::{Commit, Key, Kind, NewTimer, PartRecord};

/// The part of a document that an order came from, with the versions to write over.
pub(super) struct Origin {
    pub(super) document: Document,
    pub(super) record: PartRecord,
    pub(super) version: u64,
}

/// Who changed what an order's part says.
pub(super) enum Changed<'a> {
    /// A person.
    Keyed(&'a str),
    /// The customer, by answering what he was asked.
    Answered(Answer),
}

impl Changed<'_> {
    fn event(self, content: Content) -> Event {
        match self {
            Self::Keyed(by) => Event::Corrected { by: by.to_owned(), content },
            Self::Answered(answer) => Event::Answered { answer, content: Some(Box::new(content)) },
        }
    }
}

impl Steps {
    pub(super) async fn decide(&self, message: &Message, asked: &ReviewDecide) -> Result<Commit, Failure> {
        let mut work = self.order(asked.order_id).await?;
        let now = self.now(message).await?;
        let decision = &asked.decision;
        if let Err(denied) = self.may_decide(&work.order, decision, now.at).await? {
            return Ok(done(message, format!("refused: {denied}")));
        }
        let events = match review::decide(&work.order, decision, &self.books.rules, now.at) {
            Ok(events) => events,
            Err(refusal) => return Ok(done(message, format!("refused: {refusal}"))),
        };
        let was_unread = soft_hold::is_unread(&work.order);
        let mut origin = self.origin(&work.order).await?;
        let mut pen = Pen { now, commit: done(message, "") };
        if events.iter().any(|event| matches!(event, Event::Conditioned { .. }))
            && let Some(changed) = self.changed_since(&work, &origin, decision, &mut pen).await?
        {
            return Ok(done(message, format!("refused: {changed}")));
        }
        pen.commit.timers.extend(self.guaranteed(&work.order, &events));
        let opens = events.iter().any(|event| matches!(event, Event::GateOpened { .. }));
        work.add(events).map_err(misfit(&work.order))?;
        match &decision.verdict {
            Verdict::Correct { draft } => keyed(&mut origin.record, draft),
            Verdict::File { reason, kind } => {
                origin.record.part.state = PartState::Filed { reason: reason.clone() };
                if let Some(kind) = kind {
                    pen.commit.messages.extend(self.filed_as(*kind, &mut origin, &pen.now).await?);
                }
            }
            Verdict::Approve { .. }
            | Verdict::Return { .. }
            | Verdict::Reject { .. }
            | Verdict::Transfer { .. }
            | Verdict::AddReviewer { .. }
            | Verdict::Appeal { .. }
            | Verdict::Ask => {}
        }
        let corrected = matches!(decision.verdict, Verdict::Correct { .. });
        if corrected || matches!(decision.verdict, Verdict::File { .. }) {
            pen.commit.writes.push(write_part(&origin.record, origin.version));
        }
        let changed = corrected.then_some(Changed::Keyed(&decision.by));
        self.reopen(&mut work, &origin, changed, &mut pen).await?;
        if let Err(why) = self.ask_for(decision, (&mut work, &origin), &mut pen).await? {
            return Ok(done(message, format!("refused: {why}")));
        }
        if opens {
            self.tell_due(&mut work, &pen.now, &mut pen.commit, release::due).await?;
        }
        pen.commit.messages.extend(self.teaches(&work.order, &origin, decision, &pen.now));
        if was_unread {
            pen.commit.messages.extend(self.wake(&work.order, &pen.now).await?);
        }
        self.decided(work, &origin, decision, pen).await
    }

    /// The commit of a decision, with what it means for the order that an amendment or cancellation speaks of.
    async fn decided(
        &self,
        work: Work,
        origin: &Origin,
        decision: &Decision,
        mut pen: Pen<'_>,
    ) -> Result<Commit, Failure> {
        let what = format!("decided: {}", desk::said(&work.order));
        if let Some(target) = work.order.refers_to {
            self.settle(&work.order, target, origin, &mut pen).await?;
        }
        self.write(work, &mut pen.commit, (Actor::User(decision.by.clone()), &pen.now)).await?;
        Ok(desk::named(pen.commit, &what))
    }

    /// The timers of what is guaranteed; with an amendment it is guaranteed of its order.
    fn guaranteed(&self, order: &Order, events: &[Event]) -> Vec<NewTimer> {
        let paid = order.refers_to.filter(|_| order.is_case()).unwrap_or(order.id);
        follow::guarantee::timers(paid, events, &self.books.calendar)
    }

    /// Conditions bind to what was seen: whether the queue would look at something else now, had nobody decided.
    async fn changed_since(
        &self,
        work: &Work,
        origin: &Origin,
        decision: &Decision,
        pen: &mut Pen<'_>,
    ) -> Result<Option<Refusal>, Failure> {
        let mut trial = work.clone();
        let written = std::mem::take(&mut pen.commit);
        let looked = self.reopen(&mut trial, origin, None, pen).await;
        pen.commit = written;
        looked?;
        let queue =
            |order: &Order| order.reviews.iter().find(|it| it.id == decision.review_id).map(|it| it.queue);
        let still = trial.order.open_reviews().any(|it| it.id == decision.review_id);
        let now = trial.order.open_reviews().find(|it| Some(it.queue) == queue(&trial.order));
        Ok((!still).then(|| Refusal::Changed {
            id: decision.review_id,
            seen: decision.digest.clone(),
            now: now.map(|it| it.digest.clone()).unwrap_or_default(),
        }))
    }

    /// A part that a person files as what it is: the department whose matter that is hears of it.
    async fn filed_as(
        &self,
        kind: PartKind,
        origin: &mut Origin,
        now: &Now<'_>,
    ) -> Result<Option<Message>, Failure> {
        (origin.record.part.kind, origin.record.draft.kind) = (kind, kind);
        origin.record.draft.kind_confidence = Confidence::FULL;
        let house = self.books.house(self.shelf.get().await?.as_ref());
        let office = self.books.office(&house);
        release::filed::filed(&origin.document, &origin.record.draft, &office, now.at, now.ids)
            .map_err(|e| Failure::Park(e.to_string()))
    }

    /// The document and part that an order came from.
    pub(super) async fn origin(&self, order: &Order) -> Result<Origin, Failure> {
        let from = order.from;
        let lost = || Failure::Park(format!("the document of order {} is not there", order.id));
        let part = Key::new(Kind::Part, format!("{}/{}", from.document_id, from.part));
        let (version, record) = self.one(part).await?.ok_or_else(lost)?;
        let (_, document) = self.one(Key::new(Kind::Document, from.document_id)).await?.ok_or_else(lost)?;
        Ok(Origin { document, record, version })
    }

    /// What an amendment or cancellation makes of its order now: on the order as it is by now, and on what a clerk has just
    /// keyed over it. `resolved` then holds that, and what it said before stands with the case.
    async fn changed_by(
        &self,
        work: &mut Work,
        (draft, resolved): (&Draft, &mut Resolved),
        is_changed: bool,
    ) -> Result<Option<Box<Changing>>, Failure> {
        let Some(target) = work.order.refers_to.filter(|_| work.order.is_case()) else { return Ok(None) };
        let target = self.order(target).await?.order;
        let changing = self.changing(work.order.kind, &target, (draft, resolved)).await?;
        if work.order.kind == PartKind::Amendment && !is_changed && work.order.content != changing.content {
            let (refers_to, content) = (target.id, changing.content.clone());
            work.add([Event::Merged { refers_to, content }]).map_err(misfit(&work.order))?;
        }
        if work.order.kind == PartKind::Amendment {
            resolved.content = changing.content.clone();
        }
        Ok(Some(changing))
    }

    /// The order that an amendment or cancellation speaks of, where a clerk has just keyed which that is.
    async fn found_by(
        &self,
        work: &mut Work,
        case: &Case,
        (draft, resolved): (&Draft, &Resolved),
    ) -> Result<Option<Box<Changing>>, Failure> {
        let target = case.original(None).filter(|_| work.order.is_case());
        let Some(target) = target.and_then(|id| case.same.iter().find(|same| same.order.id == id)) else {
            return Ok(None);
        };
        let kind = work.order.kind;
        let changing = self.changing(kind, &target.order, (draft, resolved)).await?;
        let amends = kind == PartKind::Amendment;
        let content = if amends { changing.content.clone() } else { work.order.content.clone() };
        let found = Event::Merged { refers_to: changing.target.id, content };
        work.add([found]).map_err(misfit(&work.order))?;
        Ok(Some(changing))
    }

    /// The order goes on from where it stands, on what its part says now. `changed`: that was just changed.
    pub(super) async fn reopen(
        &self,
        work: &mut Work,
        origin: &Origin,
        changed: Option<Changed<'_>>,
        pen: &mut Pen<'_>,
    ) -> Result<(), Failure> {
        let master = self.shelf.get().await?;
        let around = self.around(&origin.document);
        let is_changed = changed.is_some();
        let cause = if is_changed { pen.now.message.id } else { work.order.id };
        let ids = Ids::new(cause, pen.now.at);
        let mut resolved = self.resolved(&origin.record.draft, &around, &ids, &master).await?;
        let mut changing = self.changed_by(work, (&origin.record.draft, &mut resolved), is_changed).await?;
        let amends = work.order.kind == PartKind::Amendment && changing.is_some();
        match changed {
            Some(changed) => {
                pen.commit.writes.extend(desk::parties(&resolved));
                work.add([changed.event(resolved.content.clone())]).map_err(misfit(&work.order))?;
            }
            // What an amendment comes to was computed anew.
            None if amends => {}
            None => as_agreed(&mut resolved, &work.order),
        }
        let mut case =
            self.load(work.order.id, &work.order.content, (&origin.document, &origin.record), master).await?;
        if is_changed && changing.is_none() {
            changing = self.found_by(work, &case, (&origin.record.draft, &resolved)).await?;
        }
        if is_changed {
            case.register(work.order.id, &mut pen.commit);
            case.parties.extend(
                [&resolved.contact, &resolved.ship_to].into_iter().flatten().map(|it| (it.id, it.clone())),
            );
        }
        case.unread = Box::pin(self.unread(&work.order, &origin.document, pen.now.at)).await?;
        case.changing = changing;
        let id = work.order.id;
        self.go_on(work, &mut case, &resolved, pen).map_err(|stuck| match stuck {
            Stuck::Fold(error) => Failure::Park(format!("order {id}: {error}")),
            Stuck::Other(why) => Failure::Park(format!("order {id}: {why}")),
        })?;
        self.ask_itself(work, (&origin.document, &origin.record), pen).await
    }
}

/// Later looks are at the order as it was agreed: master data that was imported since then does not change it silently.
fn as_agreed(resolved: &mut Resolved, order: &Order) {
    resolved.content = order.content.clone();
}

fn keyed(record: &mut PartRecord, draft: &DraftOrder) {
    record.draft.order = Some(draft.clone());
    record.draft.kind_confidence = Confidence::FULL;
    record.draft.unread.clear();
}
