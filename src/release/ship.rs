//! The shipping instruction (发货通知) to the carrier, when its time has come and its gate is open.

use super::telling::Telling;
use super::{ReleaseError, header, sheet};
use crate::order::Order;
use crate::order::event::{Gate, Milestone, Tell};
use crate::order::message::{Body, ShippingInstruction, TimerDue, TimerKind};
use chrono::TimeDelta;

pub(super) fn ship(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    let order = &telling.order;
    let (Some(promised), Some(ship_on)) = (order.promised, order.ship_on) else { return Ok(()) };
    let told = is_instructed(order);
    let settings = telling.facts.office.settings;
    let waits = (settings.ship_when_finished && !finished(order)) || order.moving().next().is_none();
    if told || waits || ship_on > telling.now || !order.gates.contains(&Gate::Ship) {
        return Ok(());
    }
    let carrier = header::line(telling.facts.carrier);
    let instruction = ShippingInstruction {
        order_id: order.id,
        number: sheet::number(order)?,
        revision: order.revision,
        carrier: carrier.clone(),
        ship_to: sheet::ship_to(telling.facts),
        deliver_by: promised,
        lines: sheet::goods(order.moving()),
    };
    let latest = telling.now + TimeDelta::days(i64::from(settings.invoice_latest_days));
    let (order_id, kind) = (order.id, TimerKind::InvoiceLatest);
    telling.timer("timer/invoice", TimerDue { order_id, kind, about: order_id, due: latest });
    let version = 1 + telling.order.revision;
    telling.tell(Tell::ShippingInstruction, &lane(&carrier), version, Body::ShippingInstruction(instruction))
}

/// A carrier was told to take what moves now: not only what left before it.
pub(super) fn is_instructed(order: &Order) -> bool {
    let of_these = |version: u32| order.parts == 0 || version > order.rest_since;
    order.told.iter().any(|it| it.what == Tell::ShippingInstruction && of_these(it.version))
}

/// Tells the carrier in the lane `to`, who was instructed before, of goods, place and day as they are `now`, where one of
/// them differs. An order that another carrier takes now, or nobody, comes as a list of no goods.
pub(super) fn again(
    telling: &mut Telling<'_>,
    (before, now): (&Order, &Order),
    to: &str,
) -> Result<(), ReleaseError> {
    let carrier = header::line(telling.facts.carrier);
    let same = |order: &Order| (sheet::goods(order.moving()), order.content.ship_to, order.promised);
    let stays = lane(&carrier) == to;
    if stays && same(before) == same(now) {
        return Ok(());
    }
    let instruction = |carrier: &str, lines| -> Result<ShippingInstruction, ReleaseError> {
        Ok(ShippingInstruction {
            order_id: now.id,
            number: sheet::number(now)?,
            revision: now.revision,
            carrier: carrier.to_owned(),
            ship_to: sheet::ship_to(telling.facts),
            deliver_by: now.promised.ok_or_else(|| ReleaseError::Incomplete("promised".to_owned()))?,
            lines,
        })
    };
    let lines = sheet::goods(now.moving());
    let mut told = Vec::new();
    if stays {
        told.push((to.to_owned(), instruction(&carrier, lines)?));
    } else {
        told.push((to.to_owned(), instruction(to.trim_start_matches(LANE), Vec::new())?));
        if !lines.is_empty() {
            told.push((lane(&carrier), instruction(&carrier, lines)?));
        }
    }
    for (to, instruction) in told {
        let version = 1 + now.revision;
        telling.tell(Tell::ShippingInstruction, &to, version, Body::ShippingInstruction(instruction))?;
    }
    Ok(())
}

const LANE: &str = "shipping.instruction.";

fn lane(carrier: &str) -> String {
    format!("{LANE}{carrier}")
}

fn finished(order: &Order) -> bool {
    order.make.is_empty() || order.reached.contains(&Milestone::ProductionFinished)
}
