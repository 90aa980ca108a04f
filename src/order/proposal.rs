//! What can be offered to a customer in the place of what he asked for.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A way out of a problem. It binds nobody before it is agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "propose", rename_all = "snake_case")]
pub enum Proposal {
    /// All of it, on a later day.
    LaterDate { date: NaiveDate },
    /// Another of our products, in its own unit.
    Substitute { sku: String, name: String, quantity: Decimal, unit: String },
    /// What is free now, and the rest on a later day.
    PartDelivery { now: Decimal, later: Decimal, unit: String, date: NaiveDate },
    /// For purchasing: what a supplier can deliver by a day.
    Purchase { component: String, quantity: Decimal, unit: String, supplier: String, date: NaiveDate },
}

impl Proposal {
    pub const WORDS: [&str; 4] = ["later_date", "substitute", "part_delivery", "purchase"];

    /// The word, as JSON and wordings have it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::LaterDate { .. } => "later_date",
            Self::Substitute { .. } => "substitute",
            Self::PartDelivery { .. } => "part_delivery",
            Self::Purchase { .. } => "purchase",
        }
    }

    /// What its words are filled in with.
    #[must_use]
    pub fn args(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::LaterDate { date } => vec![("date", date.to_string())],
            Self::Substitute { sku, name, quantity, unit } => vec![
                ("sku", sku.clone()),
                ("name", name.clone()),
                ("quantity", quantity.to_string()),
                ("unit", unit.clone()),
            ],
            Self::PartDelivery { now, later, unit, date } => vec![
                ("now", now.to_string()),
                ("later", later.to_string()),
                ("unit", unit.clone()),
                ("date", date.to_string()),
            ],
            Self::Purchase { component, quantity, unit, supplier, date } => vec![
                ("component", component.clone()),
                ("quantity", quantity.to_string()),
                ("unit", unit.clone()),
                ("supplier", supplier.clone()),
                ("date", date.to_string()),
            ],
        }
    }
}
