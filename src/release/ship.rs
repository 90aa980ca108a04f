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
    let told = order.told.iter().any(|it| it.what == Tell::ShippingInstruction);
    let settings = telling.facts.office.settings;
    let waits = settings.ship_when_finished && !finished(order);
    if told || waits || ship_on > telling.now || !order.gates.contains(&Gate::Ship) {
        return Ok(());
    }
    let carrier = header::line(telling.facts.carrier);
    let instruction = ShippingInstruction {
        order_id: order.id,
        number: sheet::number(order)?,
        carrier: carrier.clone(),
        ship_to: sheet::ship_to(telling.facts),
        deliver_by: promised,
        lines: sheet::goods(&order.content.lines),
    };
    let latest = telling.now + TimeDelta::days(i64::from(settings.invoice_latest_days));
    let (order_id, kind) = (order.id, TimerKind::InvoiceLatest);
    telling.timer("timer/invoice", TimerDue { order_id, kind, about: order_id, due: latest });
    let to = format!("shipping.instruction.{carrier}");
    telling.tell(Tell::ShippingInstruction, &to, 1, Body::ShippingInstruction(instruction))
}

fn finished(order: &Order) -> bool {
    order.make.is_empty() || order.reached.contains(&Milestone::ProductionFinished)
}
