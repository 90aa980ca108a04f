//! Picking (拣货): what is in stock at once, what is made when it is reported finished.

use super::telling::Telling;
use super::{ReleaseError, sheet};
use crate::order::Order;
use crate::order::event::{Milestone, Tell};
use crate::order::message::{Body, GoodsLine, WarehousePick};
use crate::order::sheet::Told;

pub(super) const TO: &str = "warehouse.pick";

/// The lots of an order that are picked each on its own: from stock, and from production.
pub(super) const LOTS: [u32; 2] = [1, 2];

/// Versions of one lot are so far apart: 1, 11, 21 … of what comes from stock, 2, 12, 22 … of what was made.
const APART: u32 = 10;
const TAKEN_BACK: u32 = 5;

pub(super) fn pick(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    let order = telling.order.clone();
    if order.promised.is_none() {
        return Ok(());
    }
    for lot in LOTS {
        let lines = goods(&order, lot);
        // What was made before the last order to make more was of the order as it was.
        let since = if lot == 1 { 0 } else { APART * order.remade };
        if lines.is_empty() || order.told.iter().any(|it| is_of(it, lot) && it.version > since) {
            continue;
        }
        let (number, revision) = (sheet::number(&order)?, order.revision);
        let pick = WarehousePick { order_id: order.id, number, revision, lines };
        telling.tell(Tell::WarehousePick, TO, version(&order, lot), Body::WarehousePick(pick))?;
    }
    Ok(())
}

/// What a lot holds by now.
pub(super) fn goods(order: &Order, lot: u32) -> Vec<GoodsLine> {
    let from_stock = lot == 1;
    if !from_stock && !order.reached.contains(&Milestone::ProductionFinished) {
        return Vec::new();
    }
    sheet::goods(order.moving().filter(|line| order.make.contains(&line.position) != from_stock))
}

/// The version in which the lot is told of as the order is now.
pub(super) const fn version(order: &Order, lot: u32) -> u32 {
    APART * order.revision + lot
}

/// The version in which a lot is taken back; it may be told of again in the same revision.
pub(super) const fn taken_back(order: &Order, lot: u32) -> u32 {
    APART * order.revision + lot + TAKEN_BACK
}

/// Whether this lot was told of, in whatever version.
pub(super) fn is_of(told: &Told, lot: u32) -> bool {
    told.what == Tell::WarehousePick && told.version % APART == lot
}
