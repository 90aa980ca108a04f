//! Guarantees (担保): somebody of the house stands for an order's being paid by a date.

use super::review::{Decided, Role};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is guaranteed. The reason, and how the customer paid before, stand in the decision's note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guarantee {
    /// The last day on which the money may come.
    pub until: NaiveDate,
    /// In the order's currency; none: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
}

/// A guarantee that an order was agreed to with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guaranteed {
    /// The review in which it was given.
    pub review_id: Uuid,
    /// User id of the guarantor; of the one whose right it is, where it was delegated.
    pub by: String,
    pub role: Role,
    #[serde(flatten)]
    pub guarantee: Guarantee,
    /// The day passed, and the order was not paid.
    #[serde(default)]
    pub broken: bool,
}

impl Guaranteed {
    /// The guarantee in a decision; none in most.
    #[must_use]
    pub fn of(review_id: Uuid, decided: &Decided) -> Option<Self> {
        let guarantee = decided.guarantee.as_deref()?.clone();
        let by = decided.on_behalf_of.as_ref().unwrap_or(&decided.by).clone();
        Some(Self { review_id, by, role: decided.role, guarantee, broken: false })
    }
}
