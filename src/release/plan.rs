//! What comes from stock, what has to be made, and when the goods can be there.

use super::ReleaseError;
use super::facts::ReleaseFacts;
use crate::master::units;
use crate::order::Order;
use crate::order::line::Line;
use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// More working days than anybody may need: nobody plans further.
const FAR: u32 = 3650;

/// How an order will be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Positions that have to be made.
    pub make: Vec<u32>,
    /// One of them was not being made before, or other goods, or fewer.
    pub remade: bool,
    /// What is taken from stock, per SKU.
    pub reserve: BTreeMap<String, Decimal>,
    /// Date promised to the customer.
    pub promised: NaiveDate,
    /// When the shipping instruction is due; not before now.
    pub ship_on: DateTime<Utc>,
}

/// Plans an order as of `now`, with the working days that the departments said they need. A line is taken from stock whole or
/// made whole. The requested date is promised when it can be kept, else the earliest one; goods leave on the working day
/// before.
///
/// Of an order that is being changed, what is made stays made: as long as the line's goods are the same and not more, it is
/// done by the day that was promised.
pub fn plan(order: &Order, facts: &ReleaseFacts<'_>, now: DateTime<Utc>) -> Result<Plan, ReleaseError> {
    plan_within(order, order.needs_days(), facts, now)
}

/// The same where the departments need so many working days.
pub fn plan_within(
    order: &Order,
    needs_days: u32,
    facts: &ReleaseFacts<'_>,
    now: DateTime<Utc>,
) -> Result<Plan, ReleaseError> {
    let calendar = facts.office.calendar;
    let today = calendar.day_of(now);
    let mut free = facts.stock.clone();
    let (mut make, mut reserve) = (Vec::new(), BTreeMap::new());
    let mut remade = false;
    let mut earliest = calendar.next_workday(today);
    for line in &order.content.lines {
        let missing = |what: &str| ReleaseError::Incomplete(format!("lines.{}.{what}", line.position));
        let sku = line.sku.as_ref().ok_or_else(|| missing("sku"))?;
        let quantity = line.quantity.filter(|it| *it > Decimal::ZERO).ok_or_else(|| missing("quantity"))?;
        let product = facts.products.get(sku).ok_or_else(|| missing("sku"))?;
        let quantity = units::counted(quantity, line.unit.as_deref(), &product.unit);
        if let Some(done) = facts.before.and_then(|before| being_made(before, line)) {
            earliest = earliest.max(done);
            make.push(line.position);
            continue;
        }
        let there = free.entry(sku.clone()).or_default();
        if *there >= quantity {
            *there -= quantity;
            *reserve.entry(sku.clone()).or_default() += quantity;
        } else {
            let lead = product.lead_days;
            let done =
                today.checked_add_days(Days::new(u64::from(lead))).ok_or_else(|| missing("lead_days"))?;
            earliest = earliest.max(calendar.workday_from(done));
            make.push(line.position);
            remade = true;
        }
    }
    // Departments work in turn: what each said it needs adds up.
    let done = (0..needs_days.min(FAR)).fold(today, |day, _| calendar.next_workday(day));
    let earliest = earliest.max(done);
    let promised = order.content.wanted().map_or(earliest, |wanted| wanted.max(earliest));
    let leaves = calendar.at(calendar.workday_before(promised), facts.office.settings.ship_at);
    Ok(Plan { make, remade, reserve, promised, ship_on: leaves.max(now) })
}

/// The day by which a line is done that is being made as it was ordered before.
fn being_made(before: &Order, line: &Line) -> Option<NaiveDate> {
    let was = before.content.lines.iter().find(|was| was.position == line.position)?;
    let same =
        (&was.sku, &was.spec, &was.color, &was.unit) == (&line.sku, &line.spec, &line.color, &line.unit);
    let made = before.make.contains(&line.position) && same && line.quantity <= was.quantity;
    before.promised.filter(|_| made)
}
