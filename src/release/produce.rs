//! The production task (生产任务单) for what is not in stock, once its gate is open.

use super::telling::Telling;
use super::{ReleaseError, sheet};
use crate::order::event::{Gate, Tell};
use crate::order::message::{Body, ProductionTask};

pub(super) fn produce(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    let order = &telling.order;
    let Some(promised) = order.promised else { return Ok(()) };
    if order.make.is_empty() || !order.gates.contains(&Gate::Produce) {
        return Ok(());
    }
    let task = ProductionTask {
        order_id: order.id,
        number: sheet::number(order)?,
        promised,
        lines: sheet::goods(order.content.lines.iter().filter(|line| order.make.contains(&line.position))),
    };
    telling.tell(Tell::ProductionTask, "production.task", 1, Body::ProductionTask(task))
}
