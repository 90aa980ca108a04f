//! Holds: by a person's word an order, or a line of it, stands aside or goes on.

use super::decide::Origin;
use super::desk::{self, Case};
use super::{Pen, Steps, done, holdings, misfit};
use crate::follow;
use crate::order::Order;
use crate::order::by_house::ChangeAsked;
use crate::order::event::Actor;
use crate::order::message::Message;
use crate::order::status::Status;
use crate::release::{self, Release, ReleaseError, ReleaseFacts};
use crate::review::{deadline, hold};
use crate::runtime::Failure;
use crate::runtime::work::Work;
use crate::store::Commit;

impl Steps {
    /// The order, or the line, stands aside, and whoever was told of it hears that.
    pub(super) async fn hold_asked(
        &self,
        message: &Message,
        asked: &ChangeAsked,
        line: Option<u32>,
    ) -> Result<Commit, Failure> {
        let mut work = self.order(asked.order_id).await?;
        let now = self.now(message).await?;
        let before = work.order.clone();
        let events = match hold::hold(&before, line, (&asked.by, &asked.reason), now.at) {
            Ok(events) => events,
            Err(why) => return Ok(done(message, format!("refused: {why}"))),
        };
        let mut pen = Pen { now, commit: done(message, "held") };
        work.add(events).map_err(misfit(&before))?;
        if line.is_none() {
            // Their time begins anew when it goes on.
            pen.commit.cancel_timers.extend(before.open_reviews().flat_map(deadline::timer_ids));
        }
        if before.promised.is_some() {
            let origin = self.origin(&before).await?;
            let mut around = self.around_order(&before, &origin).await?;
            let (at, ids) = (pen.now.at, pen.now.ids);
            let tell = |order: &Order, facts: &ReleaseFacts<'_>| release::stand_aside(order, facts, at, ids);
            self.tell_hold((&before, &mut work), (&mut around, &origin), &mut pen, tell)?;
        } else if work.order.status != before.status {
            pen.commit.messages.push(release::status_message(&work.order, pen.now.at, pen.now.ids));
        }
        self.write(work, &mut pen.commit, (Actor::User(asked.by.clone()), &pen.now)).await?;
        Ok(pen.commit)
    }

    /// It goes on from where it stood, with what came meanwhile.
    pub(super) async fn resume_asked(
        &self,
        message: &Message,
        asked: &ChangeAsked,
        line: Option<u32>,
    ) -> Result<Commit, Failure> {
        let mut work = self.order(asked.order_id).await?;
        let before = work.order.clone();
        let held = match hold::held(&before, line) {
            Ok(held) => held.clone(),
            Err(why) => return Ok(done(message, format!("refused: {why}"))),
        };
        if let Err(denied) = self.books.staff(&[]).may_resume(&asked.by, &held.by) {
            return Ok(done(message, format!("refused: {denied}")));
        }
        let mut pen = Pen { now: self.now(message).await?, commit: done(message, "goes on") };
        let origin = self.origin(&before).await?;
        let mut around = self.around_order(&before, &origin).await?;
        let (at, ids, desk) = (pen.now.at, pen.now.ids, self.books.desk());
        let others = around.is_held_by_others(before.id, before.id);
        // A case that begins or ends in this moment changes whether it may go on.
        pen.commit.requires.extend(around.cases());
        let events = match hold::resume(&before, line, (&asked.by, others), &desk, at) {
            Ok(events) => events,
            Err(why) => return Ok(done(message, format!("refused: {why}"))),
        };
        work.add(events).map_err(misfit(&before))?;
        if matches!(work.order.status, Status::On(_)) {
            work.add(follow::catch_up(&work.order)).map_err(misfit(&before))?;
        }
        if before.promised.is_some() {
            let tell =
                |order: &Order, facts: &ReleaseFacts<'_>| release::go_on(order, &held, facts, (at, ids));
            self.tell_hold((&before, &mut work), (&mut around, &origin), &mut pen, tell)?;
        } else {
            if matches!(work.order.status, Status::On(_)) {
                Box::pin(self.reopen(&mut work, &origin, None, &mut pen)).await?;
            }
            if work.order.status != before.status && work.order.promised.is_none() {
                pen.commit.messages.push(release::status_message(&work.order, at, ids));
            }
        }
        let still = work.order.open_reviews().filter(|it| it.restarted_at == Some(at));
        pen.commit.timers.extend(still.flat_map(|review| deadline::timers_of(before.id, review, &desk)));
        self.give_back(&before, &work.order, &mut pen.commit).await?;
        if let Some(credit) = holdings::taken_again(&before, &work.order) {
            pen.commit.writes.push(around.lend_more(&before, credit));
        }
        let what = format!("goes on: {}", desk::said(&work.order));
        self.write(work, &mut pen.commit, (Actor::User(asked.by.clone()), &pen.now)).await?;
        Ok(desk::named(pen.commit, &what))
    }

    async fn around_order(&self, order: &Order, origin: &Origin) -> Result<Case, Failure> {
        let master = self.shelf.get().await?;
        self.load(order.id, &order.content, (&origin.document, &origin.record), master).await
    }

    /// Tells what a hold, or its end, means for what was told before.
    fn tell_hold(
        &self,
        (before, work): (&Order, &mut Work),
        around: (&mut Case, &Origin),
        pen: &mut Pen<'_>,
        tell: impl FnOnce(&Order, &ReleaseFacts<'_>) -> Result<Release, ReleaseError>,
    ) -> Result<(), Failure> {
        pen.commit.requires.extend(around.0.ahead.iter().cloned());
        let told = self.told_anew(before, work, around, tell)?;
        desk::take(told, work, &mut pen.commit)
            .map_err(|e| Failure::Park(format!("order {}: {e}", before.id)))
    }
}
