//! Timers: a date that was set down has come.

use super::desk::{self, Case};
use super::{Now, Pen, Steps, done, misfit};
use crate::order::Order;
use crate::order::event::Actor;
use crate::order::message::{Message, Step, TimerDue, TimerKind};
use crate::release::{self, Release, ReleaseError};
use crate::review::deadline;
use crate::runtime::Failure;
use crate::runtime::work::Work;
use crate::store::{Commit, NewTimer};
use chrono::TimeDelta;

/// How often it is looked whether a deadline that rests still does.
const RESTS: TimeDelta = TimeDelta::hours(4);

impl Steps {
    pub(super) async fn timer(&self, message: &Message, timer: &TimerDue) -> Result<Commit, Failure> {
        let mut work = self.order(timer.order_id).await?;
        let now = self.now(message).await?;
        let mut commit = done(message, "");
        let what = match timer.kind {
            // As long as the house holds the order nobody is reminded of it and nothing is due; what was due is told when it goes on.
            TimerKind::Answer if work.order.is_held() => {
                rest(timer, Step::Review, &now, &mut commit);
                "rests"
            }
            TimerKind::InvoiceLatest if work.order.is_held() => {
                rest(timer, Step::Release, &now, &mut commit);
                "rests"
            }
            TimerKind::ReviewDeadline => self.deadline(&mut work, timer, &now, &mut commit).await?,
            TimerKind::Ship => {
                self.tell_due(&mut work, &now, &mut commit, release::ship).await?;
                "shipping looked at"
            }
            TimerKind::InvoiceLatest => {
                self.tell_due(&mut work, &now, &mut commit, release::invoice_latest).await?;
                "invoice looked at"
            }
            TimerKind::Guarantee => {
                self.tell_due(&mut work, &now, &mut commit, release::guarantees).await?;
                "guarantee looked at"
            }
            TimerKind::SoftHold => {
                let (looked, what) =
                    Box::pin(self.look_again(&mut work, self.now(message).await?, commit)).await?;
                commit = looked;
                what
            }
            TimerKind::Answer => {
                let mut pen = Pen { now: self.now(message).await?, commit };
                let what = Box::pin(self.silent(&mut work, timer, &mut pen)).await?;
                commit = pen.commit;
                what
            }
        };
        if work.is_changed() {
            self.write(work, &mut commit, (Actor::Step("timer".to_owned()), &now)).await?;
        }
        Ok(desk::named(commit, what))
    }

    async fn deadline(
        &self,
        work: &mut Work,
        timer: &TimerDue,
        now: &Now<'_>,
        commit: &mut Commit,
    ) -> Result<&'static str, Failure> {
        let order = work.order.clone();
        let Some((review, late, events)) = deadline::passed(&order, timer, &self.books.desk(), now.at) else {
            if !order.open_reviews().any(|review| review.id == timer.about) {
                return Ok("the review has ended");
            }
            if deadline::is_stale(&order, timer) {
                return Ok("its time began anew");
            }
            // The deadline rests as long as the customer is asked, or the house holds the order; it is not forgotten.
            rest(timer, Step::Review, now, commit);
            return Ok("rests");
        };
        let house = self.books.house(self.shelf.get().await?.as_ref());
        let reminder =
            release::ask::remind(&order, review, late, &self.books.office(&house), (now.at, now.ids));
        commit.messages.extend(reminder.map_err(|e| Failure::Park(e.to_string()))?);
        work.add(events).map_err(misfit(&order))?;
        Ok("reminded")
    }

    /// Tells what is due of a released order now: instruction, invoice.
    pub(super) async fn tell_due(
        &self,
        work: &mut Work,
        now: &Now<'_>,
        commit: &mut Commit,
        what: DueFn,
    ) -> Result<(), Failure> {
        let origin = self.origin(&work.order).await?;
        let master = self.shelf.get().await?;
        let order = &work.order;
        let case: Case =
            self.load(order.id, &order.content, (&origin.document, &origin.record), master).await?;
        commit.requires.extend(case.ahead.iter().cloned());
        let due = self
            .with_facts(order, &case, |facts| what(order, facts, now.at, now.ids))
            .map_err(|e| Failure::Park(format!("order {}: {e}", order.id)))?;
        let id = order.id;
        desk::take(due, work, commit).map_err(|e| Failure::Park(format!("order {id}: {e}")))
    }
}

/// The timer comes again later.
fn rest(timer: &TimerDue, step: Step, now: &Now<'_>, commit: &mut Commit) {
    let (id, due) = (now.ids.id("deadline/rests"), now.at + RESTS);
    commit.timers.push(NewTimer { id, due, step, body: timer.clone() });
}

/// One of `release`'s functions that tell what is due.
type DueFn = fn(
    &Order,
    &release::ReleaseFacts<'_>,
    chrono::DateTime<chrono::Utc>,
    crate::order::ids::Ids,
) -> Result<Release, ReleaseError>;
