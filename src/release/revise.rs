//! What was told of a released order is told anew when it was amended, and taken back when it was cancelled: an amendment of
//! what each receiver has, never a second order.

use super::telling::Telling;
use super::{
    Release, ReleaseError, ReleaseFacts, confirm, notify, open_gates, plan, produce, request, ship, tell_due,
};
use crate::order::Order;
use crate::order::event::{Event, Tell};
use crate::order::ids::Ids;
use crate::order::message::{Body, TimerDue, TimerKind, WarehousePick};
use crate::order::reviewed::Needs;
use crate::order::status::Status;
use crate::release::facts::Terms;
use crate::release::{pick, sheet};
use chrono::{DateTime, Utc};

/// Tells what an amendment made of a released order; `facts.before` is the order as it was, and the stock holds what it had
/// reserved. Whoever was told of goods hears of them again where they changed; the customer and the departments always.
/// `needs` are the working days that the departments need for the change.
pub fn revise(
    order: &Order,
    needs: Needs,
    facts: &ReleaseFacts<'_>,
    now: DateTime<Utc>,
    ids: Ids,
) -> Result<Release, ReleaseError> {
    super::complete(&order.content)?;
    let plan = plan::plan_within(order, needs, facts, now)?;
    let mut telling = Telling::new(order, facts, now, ids);
    let credit = facts.buyer.credit.filter(|_| facts.buyer.terms != Terms::Prepaid);
    let (promised, ship_on, make, remade) = (plan.promised, plan.ship_on, plan.make, plan.remade);
    let materials = plan.materials;
    telling.happen(Event::Replanned { promised, ship_on, make, credit, remade, materials })?;
    for gate in open_gates(&telling.order, facts.buyer.terms) {
        if !telling.order.gates.contains(&gate) {
            telling.happen(Event::GateOpened { gate })?;
        }
    }
    confirm::confirm(&mut telling)?;
    notify::notify(&mut telling)?;
    if let Some(before) = facts.before {
        again(&mut telling, before)?;
    }
    // While another change holds it nothing begins.
    if matches!(telling.order.status, Status::On(_)) {
        tell_due(&mut telling)?;
    }
    if ship_on > now {
        let body = TimerDue { order_id: order.id, kind: TimerKind::Ship, about: order.id, due: ship_on };
        telling.timer(&format!("timer/ship/{}", order.revision), body);
    }
    telling.status();
    let mut out = telling.out;
    out.reserve = plan.reserve.into_iter().collect();
    out.credit = credit;
    Ok(out)
}

/// Takes back what was told of an order that was cancelled after its release, and tells the customer and the departments so;
/// what he pays for it is asked for by an invoice.
pub fn withdraw(
    order: &Order,
    facts: &ReleaseFacts<'_>,
    now: DateTime<Utc>,
    ids: Ids,
) -> Result<Release, ReleaseError> {
    let mut telling = Telling::new(order, facts, now, ids);
    // It takes the place of all that was told before.
    telling.order.revision += 1;
    confirm::cancelled(&mut telling)?;
    notify::notify(&mut telling)?;
    if let Some(before) = facts.before {
        let mut nothing = telling.order.clone();
        nothing.content.lines.clear();
        nothing.materials.clear();
        goods_again(&mut telling, before, &nothing)?;
    }
    super::invoice::settlement(&mut telling)?;
    telling.status();
    Ok(telling.out)
}

fn again(telling: &mut Telling<'_>, before: &Order) -> Result<(), ReleaseError> {
    let now = telling.order.clone();
    goods_again(telling, before, &now)
}

/// Tells makers, purchasing, warehouse and carrier what `now` has of their goods, where they were told of `before` and that differs. What
/// is gone altogether comes as a list of no goods.
pub(super) fn goods_again(
    telling: &mut Telling<'_>,
    before: &Order,
    now: &Order,
) -> Result<(), ReleaseError> {
    let told = |what: Tell| before.told.iter().any(|it| it.what == what);
    if told(Tell::ProductionTask) {
        let (was, task) = (produce::task(before)?, produce::task(now)?);
        if (was.promised, &was.lines, &was.materials) != (task.promised, &task.lines, &task.materials) {
            telling.tell(Tell::ProductionTask, produce::TO, 1 + now.revision, Body::ProductionTask(task))?;
        }
    }
    if told(Tell::PurchaseRequest) {
        let (was, asked) = (request::of(before)?, request::of(now)?);
        if was.lines != asked.lines {
            let body = Body::PurchasingRequest(asked);
            telling.tell(Tell::PurchaseRequest, request::TO, 1 + now.revision, body)?;
        }
    }
    for lot in pick::LOTS {
        let is_told = |it: &crate::order::sheet::Told| pick::is_of(it, lot);
        let (was, lines) = (pick::goods(before, lot), pick::goods(now, lot));
        if before.told.iter().any(is_told) && was != lines {
            let (order_id, number, revision) = (now.id, sheet::number(now)?, now.revision);
            let version = if lines.is_empty() { pick::taken_back(now, lot) } else { pick::version(now, lot) };
            let pick = WarehousePick { order_id, number, revision, lines };
            telling.tell(Tell::WarehousePick, pick::TO, version, Body::WarehousePick(pick))?;
        }
    }
    // What goes after the others is another shipment, instructed in its own time.
    let same_shipment = before.parts == now.parts;
    for it in before.told.iter().filter(|it| it.what == Tell::ShippingInstruction && same_shipment) {
        let told_again = before.told.iter().any(|other| other.what == it.what && other.version > it.version);
        if !told_again {
            ship::again(telling, (before, now), &it.to)?;
        }
    }
    Ok(())
}
