//! Settles an amendment or cancellation: what becomes of the order that it speaks of.

use super::change::both;
use super::decide::Origin;
use super::desk::{self, Case};
use super::holdings;
use super::read::write_part;
use super::{Pen, Steps, misfit};
use crate::follow;
use crate::order::Order;
use crate::order::amend::redrafted;
use crate::order::document::{Channel, Kind as PartKind};
use crate::order::draft::DraftOrder;
use crate::order::event::{Actor, Event, Milestone};
use crate::order::status::{Rung, Status};
use crate::release::{self, Release, ReleaseError, ReleaseFacts};
use crate::review;
use crate::runtime::Failure;
use crate::runtime::work::Work;
use crate::store::{Key, Kind};
use rust_decimal::Decimal;
use uuid::Uuid;

impl Steps {
    /// Holds, resumes, amends or cancels the order that an amendment or cancellation speaks of, as the case stands now.
    /// `said` is the part by which the case came.
    pub(super) async fn settle(
        &self,
        case: &Order,
        target: Uuid,
        said: &Origin,
        pen: &mut Pen<'_>,
    ) -> Result<(), Failure> {
        let mut work = self.order(target).await?;
        let before = work.order.clone();
        as_looked_at(&before, pen)?;
        let mut origin = self.origin(&before).await?;
        let master = self.shelf.get().await?;
        let amends = case.kind == PartKind::Amendment;
        let goods = if amends { both(&before.content, &case.content) } else { before.content.clone() };
        let mut around = self.load(target, &goods, (&origin.document, &origin.record), master).await?;
        self.load_held(&before, &mut around).await?;
        let held_by_others = around.is_held_by_others(case.id, target);
        let events = review::settle_case(case, &before, held_by_others, self.charge(case, &before));
        let resumed = events.contains(&Event::Resumed);
        let amended =
            events.iter().any(|event| matches!(event, Event::Amended { .. } | Event::Charged { .. }));
        work.add(events).map_err(misfit(&before))?;
        if work.order.content != before.content {
            redraft(&mut origin, (&before, &work.order), said);
            pen.commit.writes.push(write_part(&origin.record, origin.version));
        }
        let was_released = before.promised.is_some();
        let cancelled = work.order.status == Status::Cancelled && before.status != Status::Cancelled;
        if cancelled && was_released {
            self.withdraw(&before, &mut work, (around, said), pen)?;
        } else if amended && was_released {
            self.refill(&before, &mut work, (case, around, said), pen)?;
        }
        // What was filled anew is what it holds from here on.
        let filled = if amended && was_released && !cancelled { work.order.clone() } else { before.clone() };
        if resumed {
            work.add(follow::catch_up(&work.order)).map_err(misfit(&before))?;
            Box::pin(self.reopen(&mut work, &origin, None, pen)).await?;
            if matches!(work.order.status, Status::On(rung) if rung >= Rung::Released) {
                self.tell_due(&mut work, &pen.now, &mut pen.commit, release::due).await?;
            }
        }
        self.give_back(&filled, &work.order, &mut pen.commit).await?;
        // Also where nothing happens to it: it has to be as it was looked at.
        self.write(work, &mut pen.commit, (Actor::Step("case".to_owned()), &pen.now)).await
    }

    /// Fills an amended order anew: other goods of the stock, another share of the credit, and all that were told of it hear
    /// what changed.
    fn refill(
        &self,
        before: &Order,
        work: &mut Work,
        (case, mut around, said): (&Order, Case, &Origin),
        pen: &mut Pen<'_>,
    ) -> Result<(), Failure> {
        let held = holdings::held(before, &around.master);
        let was: Vec<(String, Decimal)> =
            around.reserved.iter().map(|(sku, figure)| (sku.clone(), figure.value)).collect();
        let credit_was = around.credit.value;
        holdings::lend(&mut around, &held);
        let needs = case.needs();
        let tell = |order: &Order, facts: &ReleaseFacts<'_>| {
            release::revise(order, needs, facts, pen.now.at, pen.now.ids)
        };
        let released = self.told_anew(before, work, (&mut around, said), tell)?;
        pen.commit.requires.extend(around.ahead.iter().cloned());
        let reserved = |sku: &String| {
            released.reserve.iter().find(|(it, _)| it == sku).map_or(Decimal::ZERO, |(_, quantity)| *quantity)
        };
        for (sku, was) in was {
            let Some(figure) = around.reserved.get(&sku) else { continue };
            let now =
                figure.value + if holdings::holds_goods(before) { reserved(&sku) } else { Decimal::ZERO };
            if now != was {
                pen.commit.writes.push(figure.write(Kind::Stock, &sku, now));
            }
        }
        let customer = work.order.content.customer.clone().unwrap_or_default();
        let is_paid = before.reached.contains(&Milestone::Paid);
        let taken = released.credit.filter(|_| !is_paid);
        let now = around.credit.value + taken.map_or(Decimal::ZERO, |it| it.amount);
        if now != credit_was {
            pen.commit.writes.push(around.credit.write(Kind::Credit, &customer, now));
        }
        let id = work.order.id;
        desk::take(released, work, &mut pen.commit).map_err(|e| Failure::Park(format!("order {id}: {e}")))
    }

    /// Takes back what was told of an order that is cancelled after its release.
    fn withdraw(
        &self,
        before: &Order,
        work: &mut Work,
        (mut around, said): (Case, &Origin),
        pen: &mut Pen<'_>,
    ) -> Result<(), Failure> {
        let tell = |order: &Order, facts: &ReleaseFacts<'_>| {
            release::withdraw(order, facts, pen.now.at, pen.now.ids)
        };
        let released = self.told_anew(before, work, (&mut around, said), tell)?;
        pen.commit.requires.extend(around.ahead.iter().cloned());
        let id = work.order.id;
        desk::take(released, work, &mut pen.commit).map_err(|e| Failure::Park(format!("order {id}: {e}")))
    }

    /// Tells what became of an order in answer to the part that changed it.
    pub(super) fn told_anew(
        &self,
        before: &Order,
        work: &Work,
        (around, said): (&mut Case, &Origin),
        tell: impl FnOnce(&Order, &ReleaseFacts<'_>) -> Result<Release, ReleaseError>,
    ) -> Result<Release, Failure> {
        around.before = Some(before.clone());
        // What was keyed in is answered by the way the order came.
        if said.document.channel != Channel::Form {
            (around.document, around.record) = (said.document.clone(), said.record.clone());
        }
        let order = &work.order;
        self.with_facts(order, around, |facts| tell(order, facts))
            .map_err(|e| Failure::Park(format!("order {}: {e}", order.id)))
    }
}

/// The order's own draft says from now on what the amendment made of it.
fn redraft(origin: &mut Origin, (before, now): (&Order, &Order), said: &Origin) {
    let nothing = DraftOrder::default();
    let printed = said.record.draft.order.as_ref().unwrap_or(&nothing);
    let own = origin.record.draft.order.as_ref().unwrap_or(&nothing);
    origin.record.draft.order = Some(redrafted(own, (&before.content, &now.content), printed));
}

/// A case is decided on the order that its people were shown: when that changed meanwhile, everything is computed anew.
fn as_looked_at(target: &Order, pen: &mut Pen<'_>) -> Result<(), Failure> {
    let key = Key::new(Kind::Order, target.id);
    let looked = pen.commit.requires.iter().any(|(it, version)| *it == key && *version != target.version);
    if looked {
        return Err(Failure::Retry(format!("order {} changed meanwhile", target.id)));
    }
    // What is written here says itself on what it rests.
    pen.commit.requires.retain(|(it, _)| *it != key);
    Ok(())
}
