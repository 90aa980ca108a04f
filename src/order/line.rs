//! One position of an order, and what an order asks for as a whole.

use super::money::{Currency, Money, MoneyError, Tax};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// One position. Quantities are in `unit`; `amount` is quantity × price, rounded to the coin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Line {
    /// Place in the order, from 1.
    pub position: u32,
    pub customer_part: Option<String>,
    /// Our product; none while it is not known which.
    pub sku: Option<String>,
    pub description: String,
    pub spec: Option<String>,
    pub color: Option<String>,
    pub quantity: Option<Decimal>,
    pub unit: Option<String>,
    /// Price of one unit in the order's currency: as printed, or from the list when none is printed.
    pub unit_price: Option<Decimal>,
    /// Set when the price came from the list because the document prints none.
    #[serde(default)]
    pub price_from_list: bool,
    pub required: Option<NaiveDate>,
    pub note: Option<String>,
}

impl Line {
    /// Quantity × price, once both are known.
    pub fn amount(&self, currency: Currency) -> Result<Option<Money>, MoneyError> {
        match (self.quantity, self.unit_price) {
            (Some(quantity), Some(price)) => Money::new(price, currency).times(quantity).map(Some),
            (None, _) | (_, None) => Ok(None),
        }
    }
}

/// What the customer asks for, without a word of personal data: that stands in party records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Content {
    /// Our code of the customer.
    pub customer: Option<String>,
    pub po_number: Option<String>,
    pub order_date: Option<NaiveDate>,
    pub currency: Option<Currency>,
    /// As printed, or the customer's own when the document prints none.
    pub payment_terms: Option<String>,
    pub incoterm: Option<String>,
    pub tax: Option<Tax>,
    pub shipping_method: Option<String>,
    /// A promotion or discount code, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_code: Option<String>,
    /// Date on which the customer wants the whole order.
    pub requested: Option<NaiveDate>,
    /// The customer's person; id of a party record.
    pub contact: Option<uuid::Uuid>,
    /// Where the goods go; id of a party record.
    pub ship_to: Option<uuid::Uuid>,
    pub lines: Vec<Line>,
}

impl Content {
    /// Sum of the lines' amounts; none while the currency or a line's price or quantity is missing.
    pub fn total(&self) -> Result<Option<Money>, MoneyError> {
        let Some(currency) = self.currency else { return Ok(None) };
        if self.lines.is_empty() {
            return Ok(None);
        }
        let mut sum = Money::zero(currency);
        for line in &self.lines {
            let Some(amount) = line.amount(currency)? else { return Ok(None) };
            sum = sum.plus(amount)?;
        }
        Ok(Some(sum))
    }

    /// The day on which everything has to be there: the whole order's, or the latest of its lines.
    #[must_use]
    pub fn wanted(&self) -> Option<NaiveDate> {
        self.lines.iter().filter_map(|line| line.required).chain(self.requested).max()
    }
}
