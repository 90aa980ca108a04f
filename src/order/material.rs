//! What the making of an order's goods takes: from stock, and what has to be bought for it.

use super::Order;
use super::event::Milestone;
use super::status::Status;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one position takes of one component, in the component's unit. What neither comes from stock nor is bought is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// The position that is made.
    pub position: u32,
    pub component: String,
    /// The component's name, where it is a product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub quantity: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    pub from_stock: Decimal,
    pub to_buy: Decimal,
    /// When production needs it.
    pub needed_by: NaiveDate,
    /// Code of the supplier, where one delivers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// Production took it: it is on hand no more, and nothing is held of it.
    #[serde(default, skip_serializing_if = "is_not")]
    pub drawn: bool,
}

/// What these materials hold of the stock, by component.
#[must_use]
pub fn held(materials: &[Material]) -> BTreeMap<String, Decimal> {
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for material in materials.iter().filter(|it| !it.drawn && it.from_stock > Decimal::ZERO) {
        let sum = sums.entry(material.component.clone()).or_default();
        *sum = sum.saturating_add(material.from_stock);
    }
    sums
}

impl Order {
    /// What it holds of the components' stock, by component: from the release until production takes it.
    #[must_use]
    pub fn held_materials(&self) -> BTreeMap<String, Decimal> {
        let holds = self.promised.is_some() && self.status != Status::Cancelled;
        if holds { held(&self.materials) } else { BTreeMap::new() }
    }

    /// Production has begun, or must have: it took the material of what it makes from the stock. That of a held line stays.
    pub(super) fn draw(&mut self, milestone: Milestone) {
        let begun = [Milestone::ProductionStarted, Milestone::ProductionFinished, Milestone::StockOut];
        if begun.contains(&milestone) {
            let moving: Vec<u32> = self.moving().map(|line| line.position).collect();
            let taken = self.materials.iter_mut().filter(|it| moving.contains(&it.position));
            taken.for_each(|it| it.drawn = true);
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(super) const fn is_not(is: &bool) -> bool {
    !*is
}
