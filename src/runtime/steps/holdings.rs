//! What a released order holds of its customer's credit and of the stock, and gives back.

use super::desk::Case;
use super::facts::in_stock_unit;
use super::{Steps, desk, parsed};
use crate::master::Master;
use crate::order::Order;
use crate::order::event::Milestone;
use crate::order::line::Line;
use crate::order::status::Status;
use crate::runtime::Failure;
use crate::store::{Commit, Key, Kind};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

impl Steps {
    /// Gives back what the order does not hold any more: credit once it is paid, material once production took it and goods once
    /// they left (they are no longer on hand either), all when it was cancelled.
    pub(super) async fn give_back(
        &self,
        before: &Order,
        after: &Order,
        commit: &mut Commit,
    ) -> Result<(), Failure> {
        if let (Some(customer), Some(credit)) = (&after.content.customer, after.credit)
            && holds_credit(before)
            && !holds_credit(after)
        {
            self.lower(Kind::Credit, customer, credit.amount, commit).await?;
        }
        let gives = |line: &&Line| {
            let it = line.position;
            !after.make.contains(&it) && holds_line(before, it) && !holds_line(after, it)
        };
        let mut freed = BTreeMap::new();
        if after.content.lines.iter().any(|line| gives(&line)) {
            let master = self.shelf.get().await?;
            freed = sums(after.content.lines.iter().filter(gives), &master);
        }
        let still = after.held_materials();
        for (component, held) in before.held_materials() {
            let still = still.get(&component).copied().unwrap_or_default();
            if still < held {
                *freed.entry(component).or_default() += held - still;
            }
        }
        for (sku, quantity) in freed {
            self.lower(Kind::Stock, &sku, quantity, commit).await?;
        }
        Ok(())
    }

    async fn lower(&self, kind: Kind, id: &str, by: Decimal, commit: &mut Commit) -> Result<(), Failure> {
        let keys = [Key::new(kind, id)];
        // What this commit has written of it already, it writes once.
        if let Some(write) = commit.writes.iter_mut().find(|write| write.key == keys[0]) {
            let value: Decimal = write.body.read().map_err(|e| Failure::Park(format!("{id}: {e}")))?;
            *write = desk::Figure { was: write.was, value }.write(kind, id, value - by);
            return Ok(());
        }
        let mut found = self.store.load(&keys).await?;
        self.ahead.over(&keys, &mut found);
        let (was, value): (u64, Decimal) =
            found.into_iter().flatten().next().map_or(Ok(Default::default()), parsed)?;
        commit.writes.push(desk::Figure { was, value }.write(kind, id, value - by));
        Ok(())
    }
}

/// What a released order holds at the moment.
pub(super) struct Held {
    pub(super) credit: Decimal,
    /// Goods and material per SKU, in the products' units.
    pub(super) goods: BTreeMap<String, Decimal>,
}

pub(super) fn held(order: &Order, master: &Master) -> Held {
    let credit = order.credit.filter(|_| holds_credit(order)).map_or(Decimal::ZERO, |it| it.amount);
    let mut goods = if holds_goods(order) { reserved(order, master) } else { BTreeMap::new() };
    add(&mut goods, order.held_materials());
    Held { credit, goods }
}

/// The figures around an order as if it held nothing: what it may take when it is filled anew.
pub(super) fn lend(around: &mut Case, held: &Held) {
    around.credit.value -= held.credit;
    for (sku, quantity) in &held.goods {
        if let Some(figure) = around.reserved.get_mut(sku) {
            figure.value -= quantity;
        }
    }
}

/// The credit that an order takes again of which a part left and was paid.
pub(super) fn taken_again(before: &Order, after: &Order) -> Option<Decimal> {
    let again = before.credit.is_some() && !holds_credit(before) && holds_credit(after);
    after.credit.filter(|_| again).map(|credit| credit.amount)
}

pub(super) fn holds_credit(order: &Order) -> bool {
    order.credit.is_some() && order.status != Status::Cancelled && !order.reached.contains(&Milestone::Paid)
}

pub(super) fn holds_goods(order: &Order) -> bool {
    order.promised.is_some()
        && order.status != Status::Cancelled
        && !order.reached.contains(&Milestone::StockOut)
}

fn add(sums: &mut BTreeMap<String, Decimal>, more: BTreeMap<String, Decimal>) {
    for (sku, quantity) in more {
        *sums.entry(sku).or_default() += quantity;
    }
}

/// Whether goods of the line are kept for it: till they leave, or for one that the house held back then.
fn holds_line(order: &Order, position: u32) -> bool {
    let left = order.left.contains(&position)
        || (order.reached.contains(&Milestone::StockOut) && !order.holds_line(position));
    order.promised.is_some() && order.status != Status::Cancelled && !left
}

/// What the order keeps of the stock of goods, in the products' units: every line that is not made.
fn reserved(order: &Order, master: &Master) -> BTreeMap<String, Decimal> {
    let kept = |line: &&Line| !order.make.contains(&line.position) && holds_line(order, line.position);
    sums(order.content.lines.iter().filter(kept), master)
}

fn sums<'a>(lines: impl Iterator<Item = &'a Line>, master: &Master) -> BTreeMap<String, Decimal> {
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for line in lines {
        if let (Some(sku), Some(quantity)) = (&line.sku, line.quantity) {
            *sums.entry(sku.clone()).or_default() += in_stock_unit(line, quantity, master);
        }
    }
    sums
}
