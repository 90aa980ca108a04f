//! A report moves the order up the ladder, or is kept until its turn comes. None is dropped, none counts twice.

use crate::order::Order;
use crate::order::event::{Event, Gate, Milestone};
use crate::order::message::ReportReceived;
use crate::order::sheet::milestone_move;
use crate::order::status::{Rung, Status};

/// What a report does to the order. A repeated one does nothing; one that comes before its turn, or while the order stands
/// aside, is kept and applied when its turn comes. Money opens the gates that wait for it, goods that left open the one of
/// the invoice: `release::due` then tells what has come due.
#[must_use]
pub fn report(order: &Order, report: &ReportReceived) -> Vec<Event> {
    let milestone = report.milestone;
    if order.reached.contains(&milestone) || order.kept.contains(&milestone) {
        return Vec::new();
    }
    let applied = order.status.after(milestone_move(milestone)).is_ok();
    let reported = Event::Reported { milestone, at: report.at, reference: report.reference.clone(), applied };
    let mut steps = Steps::new(order);
    steps.take(reported);
    if milestone == Milestone::Paid {
        steps.open(&[Gate::Produce, Gate::Ship]);
        steps.withdraw_early();
    }
    steps.catch_up();
    steps.events
}

/// Applies the reports whose turn has come, after an order that stood aside was resumed.
#[must_use]
pub fn catch_up(order: &Order) -> Vec<Event> {
    let mut steps = Steps::new(order);
    steps.catch_up();
    steps.events
}

struct Steps {
    order: Order,
    events: Vec<Event>,
}

impl Steps {
    fn new(order: &Order) -> Self {
        Self { order: order.clone(), events: Vec::new() }
    }

    /// Only events that fit are made here; one that does not is left out rather than spoil the order.
    fn take(&mut self, event: Event) {
        if self.order.apply(&event).is_ok() {
            self.events.push(event);
        }
    }

    /// Opens gates of an order that was released; before that, the release looks at what was paid.
    fn open(&mut self, gates: &[Gate]) {
        for gate in gates {
            let released = matches!(self.order.status.rung(), Some(rung) if rung >= Rung::Released);
            if released && !self.order.gates.contains(gate) {
                self.take(Event::GateOpened { gate: *gate });
            }
        }
    }

    /// Nobody has to let goods go before the money when that is there.
    fn withdraw_early(&mut self) {
        let asked = self.order.open_reviews().filter(|review| review.early.is_some());
        for review_id in asked.map(|review| review.id).collect::<Vec<_>>() {
            self.take(Event::ReviewWithdrawn { review_id });
        }
    }

    fn catch_up(&mut self) {
        let turn = |order: &Order| {
            Milestone::ALL
                .into_iter()
                .find(|it| order.kept.contains(it) && order.status.after(milestone_move(*it)).is_ok())
        };
        while let Some(milestone) = turn(&self.order) {
            self.take(Event::Applied { milestone });
        }
        if self.order.reached.contains(&Milestone::StockOut) && matches!(self.order.status, Status::On(_)) {
            self.open(&[Gate::Invoice]);
        }
    }
}
