//! The purchase request (请购单) for material that has to be bought, once the order may be produced.

use super::telling::Telling;
use super::{ReleaseError, sheet};
use crate::order::Order;
use crate::order::event::{Gate, Tell};
use crate::order::material::Material;
use crate::order::message::{Body, PurchasingRequest, RequestLine};
use rust_decimal::Decimal;

pub(super) const TO: &str = "purchasing.request";

pub(super) fn request(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    let order = &telling.order;
    let told = order.told.iter().any(|it| it.what == Tell::PurchaseRequest);
    if told || order.promised.is_none() || !order.gates.contains(&Gate::Produce) {
        return Ok(());
    }
    let (request, version) = (of(order)?, 1 + order.revision);
    if request.lines.is_empty() {
        return Ok(());
    }
    telling.tell(Tell::PurchaseRequest, TO, version, Body::PurchasingRequest(request))
}

/// What has to be bought for the order as it is, but for what is held: each component once, by the day on which the first of it is needed.
pub(super) fn of(order: &Order) -> Result<PurchasingRequest, ReleaseError> {
    let mut lines: Vec<RequestLine> = Vec::new();
    let wanted = |it: &&Material| it.to_buy > Decimal::ZERO && !order.holds_line(it.position);
    for it in order.materials.iter().filter(wanted) {
        if let Some(line) = lines.iter_mut().find(|line| line.component == it.component) {
            line.quantity = line.quantity.saturating_add(it.to_buy);
            line.needed_by = line.needed_by.min(it.needed_by);
            line.positions.push(it.position);
        } else {
            lines.push(RequestLine {
                component: it.component.clone(),
                description: it.name.clone(),
                quantity: it.to_buy,
                unit: it.unit.clone(),
                needed_by: it.needed_by,
                supplier: it.supplier.clone(),
                positions: vec![it.position],
            });
        }
    }
    let (order_id, number, revision) = (order.id, sheet::number(order)?, order.revision);
    Ok(PurchasingRequest { order_id, number, revision, lines })
}
