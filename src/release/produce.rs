//! The production task (生产任务单) for what is not in stock, once its gate is open.

use super::telling::Telling;
use super::{ReleaseError, sheet};
use crate::order::Order;
use crate::order::event::{Gate, Tell};
use crate::order::material::Material;
use crate::order::message::{Body, MaterialLine, ProductionTask};

pub(super) const TO: &str = "production.task";

pub(super) fn produce(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    let order = &telling.order;
    let told = order.told.iter().any(|it| it.what == Tell::ProductionTask);
    let idle = !order.moving().any(|line| order.make.contains(&line.position));
    if told || order.promised.is_none() || idle || !order.gates.contains(&Gate::Produce) {
        return Ok(());
    }
    let (task, version) = (task(order)?, 1 + order.revision);
    telling.tell(Tell::ProductionTask, TO, version, Body::ProductionTask(task))
}

/// What has to be made of the order as it is.
pub(super) fn task(order: &Order) -> Result<ProductionTask, ReleaseError> {
    let is_made = |position| order.moving().any(|line| line.position == position);
    Ok(ProductionTask {
        order_id: order.id,
        number: sheet::number(order)?,
        revision: order.revision,
        promised: order.promised.ok_or_else(|| ReleaseError::Incomplete("promised".to_owned()))?,
        lines: sheet::goods(order.moving().filter(|line| order.make.contains(&line.position))),
        materials: order.materials.iter().filter(|it| is_made(it.position)).map(need).collect(),
    })
}

fn need(it: &Material) -> MaterialLine {
    MaterialLine {
        position: it.position,
        component: it.component.clone(),
        description: it.name.clone(),
        quantity: it.quantity,
        unit: it.unit.clone(),
        from_stock: it.from_stock,
        to_buy: it.to_buy,
        needed_by: it.needed_by,
    }
}
