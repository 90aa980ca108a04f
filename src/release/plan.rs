//! What comes from stock, what has to be made, and when the goods can be there.

use super::ReleaseError;
use super::facts::ReleaseFacts;
use crate::master::bills::{Making, Need};
use crate::master::units;
use crate::order::Order;
use crate::order::line::Line;
use crate::order::material::{self, Material};
use crate::order::reviewed::Needs;
use crate::review::calendar::Calendar;
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
    /// What their making takes.
    pub materials: Vec<Material>,
    /// What is taken from stock, per SKU: goods, and material for those that are made.
    pub reserve: BTreeMap<String, Decimal>,
    /// Date promised to the customer.
    pub promised: NaiveDate,
    /// When the shipping instruction is due; not before now.
    pub ship_on: DateTime<Utc>,
}

/// Plans an order as of `now`, with the working days that the departments said they need. A line is taken from stock whole or
/// made whole; the making takes its material from what the lines leave, and waits for what has to be bought. The requested
/// date is promised when it can be kept, else the earliest one; goods leave on the working day before.
///
/// Of an order that is being changed, what is made stays made: as long as the line's goods are the same and not more, it is
/// done by the day that was promised, and keeps the material that production took for it.
pub fn plan(order: &Order, facts: &ReleaseFacts<'_>, now: DateTime<Utc>) -> Result<Plan, ReleaseError> {
    plan_within(order, order.needs(), facts, now)
}

/// The same where the departments need so many working days.
pub fn plan_within(
    order: &Order,
    needs: Needs,
    facts: &ReleaseFacts<'_>,
    now: DateTime<Utc>,
) -> Result<Plan, ReleaseError> {
    let calendar = facts.office.calendar;
    let today = calendar.day_of(now);
    let mut free = facts.stock.clone();
    let (made, mut reserve) = made(order, facts, &mut free)?;
    let within = |days: u32| (0..days.min(FAR)).fold(today, |day, _| calendar.next_workday(day));
    let bought = needs.material.map(within);
    let mut earliest = calendar.next_workday(today);
    let mut makings: Vec<Making<'_>> = Vec::new();
    for line in &made {
        let making = match line.keeps {
            Some(_) => Making::default(),
            None => facts.bills.make(line.sku, line.quantity, &mut free),
        };
        let late = || ReleaseError::Incomplete(format!("lines.{}.lead_days", line.position));
        let done = line.done_by.or_else(|| ready(line, &making, (calendar, today, bought)));
        earliest = earliest.max(done.ok_or_else(late)?);
        makings.push(making);
    }
    // Departments work in turn: what each said it needs adds up.
    let earliest = earliest.max(within(needs.days));
    let promised = order.content.wanted().map_or(earliest, |wanted| wanted.max(earliest));
    let leaves = calendar.at(calendar.workday_before(promised), facts.office.settings.ship_at);
    let mut materials = Vec::new();
    for (line, making) in made.iter().zip(&makings) {
        materials.extend(line.keeps.iter().flatten().cloned());
        let by = |days: u32| needed_by(calendar, promised, days);
        materials.extend(making.needs.iter().map(|need| material(line.position, need, by(need.ahead))));
    }
    for (component, quantity) in material::held(&materials) {
        *reserve.entry(component).or_default() += quantity;
    }
    Ok(Plan {
        make: made.iter().map(|line| line.position).collect(),
        remade: made.iter().any(|line| line.done_by.is_none()),
        materials,
        reserve,
        promised,
        ship_on: leaves.max(now),
    })
}

/// A line that is not taken from stock.
struct Made<'a> {
    position: u32,
    sku: &'a str,
    /// In the product's unit.
    quantity: Decimal,
    lead_days: u32,
    /// Of a line that was being made before: the day by which it is done.
    done_by: Option<NaiveDate>,
    /// What it took and what is bought for it, where that stays as it was.
    keeps: Option<Vec<Material>>,
}

/// The lines that have to be made, and what the others take from stock.
fn made<'a>(
    order: &'a Order,
    facts: &ReleaseFacts<'_>,
    free: &mut BTreeMap<String, Decimal>,
) -> Result<(Vec<Made<'a>>, BTreeMap<String, Decimal>), ReleaseError> {
    let (mut made, mut reserve) = (Vec::new(), BTreeMap::new());
    let kept: Vec<Option<Vec<Material>>> =
        order.content.lines.iter().map(|line| kept(facts.before?, line)).collect();
    for (component, quantity) in material::held(&kept.iter().flatten().flatten().cloned().collect::<Vec<_>>())
    {
        *free.entry(component).or_default() -= quantity;
    }
    for (line, keeps) in order.content.lines.iter().zip(kept) {
        let missing = |what: &str| ReleaseError::Incomplete(format!("lines.{}.{what}", line.position));
        let sku = line.sku.as_ref().ok_or_else(|| missing("sku"))?;
        let quantity = line.quantity.filter(|it| *it > Decimal::ZERO).ok_or_else(|| missing("quantity"))?;
        let product = facts.products.get(sku).ok_or_else(|| missing("sku"))?;
        let quantity = units::counted(quantity, line.unit.as_deref(), &product.unit);
        let done_by = facts.before.and_then(|before| being_made(before, line));
        let there = free.entry(sku.clone()).or_default();
        if done_by.is_none() && *there >= quantity {
            *there -= quantity;
            *reserve.entry(sku.clone()).or_default() += quantity;
        } else {
            let (position, lead_days) = (line.position, product.lead_days);
            made.push(Made { position, sku, quantity, lead_days, done_by, keeps });
        }
    }
    Ok((made, reserve))
}

/// The day by which a line is ready: its lead time from today on, and what is worked on it once the last of its material is
/// there. `bought` is the day of which purchasing said so; else the supplier's time counts.
fn ready(
    line: &Made<'_>,
    making: &Making<'_>,
    (calendar, today, bought): (&Calendar, NaiveDate, Option<NaiveDate>),
) -> Option<NaiveDate> {
    let after = |from: NaiveDate, days: u32| {
        Some(calendar.workday_from(from.checked_add_days(Days::new(days.into()))?))
    };
    let mut done = after(today, line.lead_days.max(making.days))?;
    for need in making.needs.iter().filter(|need| need.to_buy > Decimal::ZERO) {
        let there = match bought {
            Some(day) => day,
            None => match need.item.days() {
                0 => today,
                days => after(today, days)?,
            },
        };
        done = done.max(after(there, need.ahead)?);
    }
    Some(done)
}

/// When production needs something that it works on for so many days, of goods that are promised for a day.
fn needed_by(calendar: &Calendar, promised: NaiveDate, days: u32) -> NaiveDate {
    calendar.workday_from(promised.checked_sub_days(Days::new(days.into())).unwrap_or(promised))
}

fn material(position: u32, need: &Need<'_>, needed_by: NaiveDate) -> Material {
    let source = need.item.source.as_ref().filter(|_| need.to_buy > Decimal::ZERO);
    Material {
        position,
        component: need.component.to_owned(),
        name: need.item.name.clone(),
        quantity: need.quantity.normalize(),
        unit: need.item.unit.clone(),
        from_stock: need.from_stock.normalize(),
        to_buy: need.to_buy.normalize(),
        needed_by,
        supplier: source.map(|source| source.code.clone()),
        drawn: false,
    }
}

/// The material of a line that is being made as before: what production took for it, and what is bought and held for it when it
/// is no other quantity. Whatever the stock is by now, nobody hears of that twice.
fn kept(before: &Order, line: &Line) -> Option<Vec<Material>> {
    being_made(before, line)?;
    let own = before.materials.iter().filter(|it| it.position == line.position);
    let drawn = own.clone().any(|it| it.drawn);
    let was = before.content.lines.iter().find(|was| was.position == line.position)?;
    (drawn || was.quantity == line.quantity).then(|| own.map(|it| Material { drawn, ..it.clone() }).collect())
}

/// The day by which a line is done that is being made as it was ordered before.
fn being_made(before: &Order, line: &Line) -> Option<NaiveDate> {
    let was = before.content.lines.iter().find(|was| was.position == line.position)?;
    let same =
        (&was.sku, &was.spec, &was.color, &was.unit) == (&line.sku, &line.spec, &line.color, &line.unit);
    let made = before.make.contains(&line.position) && same && line.quantity <= was.quantity;
    before.promised.filter(|_| made)
}
