//! Picking (拣货): what is in stock at once, what is made when it is reported finished.

use super::telling::Telling;
use super::{ReleaseError, sheet};
use crate::order::event::{Milestone, Tell};
use crate::order::line::Line;
use crate::order::message::{Body, WarehousePick};

pub(super) fn pick(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    let order = &telling.order;
    if order.promised.is_none() {
        return Ok(());
    }
    let (made, stocked): (Vec<&Line>, Vec<&Line>) =
        order.content.lines.iter().partition(|line| order.make.contains(&line.position));
    let finished = order.reached.contains(&Milestone::ProductionFinished);
    let number = sheet::number(order)?;
    let lots = [(1, sheet::goods(stocked)), (2, if finished { sheet::goods(made) } else { Vec::new() })];
    for (version, lines) in lots.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        let pick = WarehousePick { order_id: telling.order.id, number: number.clone(), lines };
        telling.tell(Tell::WarehousePick, "warehouse.pick", version, Body::WarehousePick(pick))?;
    }
    Ok(())
}
