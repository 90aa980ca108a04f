//! Decide: a person's word on a review, and what follows from it.

use super::desk::{self, Stuck};
use super::read::write_part;
use super::soft_hold;
use super::{Now, Pen, Steps, done, misfit};
use crate::check::Resolved;
use crate::follow;
use crate::order::Order;
use crate::order::document::{Document, Kind as PartKind, PartState};
use crate::order::draft::{Confidence, DraftOrder};
use crate::order::event::{Actor, Event};
use crate::order::ids::Ids;
use crate::order::message::{Message, ReviewDecide};
use crate::order::review::{Decision, Refusal, Verdict};
use crate::order::status::{Rung, Status};
use crate::release;
use crate::review;
use crate::runtime::Failure;
use crate::runtime::work::Work;
use crate::store::{Commit, Key, Kind, PartRecord};
use uuid::Uuid;

/// The part of a document that an order came from, with the versions to write over.
pub(super) struct Origin {
    pub(super) document: Document,
    pub(super) record: PartRecord,
    pub(super) version: u64,
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
        pen.commit.timers.extend(follow::guarantee::timers(work.order.id, &events, &self.books.calendar));
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
            | Verdict::Appeal { .. } => {}
        }
        let corrected = matches!(decision.verdict, Verdict::Correct { .. });
        if corrected || matches!(decision.verdict, Verdict::File { .. }) {
            pen.commit.writes.push(write_part(&origin.record, origin.version));
        }
        self.reopen(&mut work, &origin, corrected.then_some(decision.by.as_str()), &mut pen).await?;
        if opens {
            self.tell_due(&mut work, &pen.now, &mut pen.commit, release::due).await?;
        }
        pen.commit.messages.extend(self.teaches(&work.order, &origin, decision, &pen.now));
        if was_unread {
            pen.commit.messages.extend(self.wake(&work.order, &pen.now).await?);
        }
        let what = format!("decided: {}", desk::said(&work.order));
        if let Some(target) = work.order.refers_to {
            self.settle(&work.order, target, &mut pen).await?;
        }
        work.write(&mut pen.commit, &pen.now.stamp(Actor::User(decision.by.clone())));
        Ok(desk::named(pen.commit, &what))
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

    /// The order goes on from where it stands, on what its part says now. `keyed_by`: a person has just corrected it.
    pub(super) async fn reopen(
        &self,
        work: &mut Work,
        origin: &Origin,
        keyed_by: Option<&str>,
        pen: &mut Pen<'_>,
    ) -> Result<(), Failure> {
        let master = self.shelf.get().await?;
        let around = self.around(&origin.document);
        let cause = if keyed_by.is_some() { pen.now.message.id } else { work.order.id };
        let ids = Ids::new(cause, pen.now.at);
        let mut resolved = self.resolved(&origin.record.draft, &around, &ids, &master).await?;
        if let Some(by) = keyed_by {
            pen.commit.writes.extend(desk::parties(&resolved));
            let corrected = Event::Corrected { by: by.to_owned(), content: resolved.content.clone() };
            work.add([corrected]).map_err(misfit(&work.order))?;
        } else {
            as_agreed(&mut resolved, &work.order);
        }
        let mut case =
            self.load(work.order.id, &work.order.content, (&origin.document, &origin.record), master).await?;
        if keyed_by.is_some() {
            case.register(work.order.id, &mut pen.commit);
            case.parties.extend(
                [&resolved.contact, &resolved.ship_to].into_iter().flatten().map(|it| (it.id, it.clone())),
            );
        }
        case.unread = Box::pin(self.unread(&work.order, &origin.document, pen.now.at)).await?;
        let id = work.order.id;
        self.go_on(work, &mut case, &resolved, pen).map_err(|stuck| match stuck {
            Stuck::Fold(error) => Failure::Park(format!("order {id}: {error}")),
            Stuck::Other(why) => Failure::Park(format!("order {id}: {why}")),
        })
    }

    /// Holds, resumes or cancels the order that an amendment or cancellation speaks of, as the case stands now.
    pub(super) async fn settle(&self, case: &Order, target: Uuid, pen: &mut Pen<'_>) -> Result<(), Failure> {
        let mut work = self.order(target).await?;
        let origin = self.origin(&work.order).await?;
        let master = self.shelf.get().await?;
        let around =
            self.load(target, &work.order.content, (&origin.document, &origin.record), master).await?;
        let held_by_others = around.is_held_by_others(case.id, target);
        let events = review::settle_case(case, &work.order, held_by_others);
        let before = work.order.clone();
        let resumed = events.contains(&Event::Resumed);
        work.add(events).map_err(misfit(&before))?;
        if resumed {
            work.add(follow::catch_up(&work.order)).map_err(misfit(&before))?;
            self.reopen(&mut work, &origin, None, pen).await?;
            if matches!(work.order.status, Status::On(rung) if rung >= Rung::Released) {
                self.tell_due(&mut work, &pen.now, &mut pen.commit, release::due).await?;
            }
        }
        self.give_back(&before, &work.order, &mut pen.commit).await?;
        if work.is_changed() {
            work.write(&mut pen.commit, &pen.now.stamp(Actor::Step("case".to_owned())));
        }
        Ok(())
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
