//! Quantities and prices of a line in the product's unit, and the prices that they are compared with.

use super::Case;
use crate::master::{Customer, Master, Product, units};
use crate::order::line::Line;
use crate::order::money::Currency;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// How many of the product's unit one of the line's is; none when they measure different things.
pub(super) fn factor(line: &Line, product: &Product) -> Option<Decimal> {
    line.unit.as_deref().map_or(Some(Decimal::ONE), |unit| units::factor(unit, &product.unit))
}

/// The line's quantity in the product's unit.
pub(super) fn quantity(line: &Line, product: &Product) -> Option<Decimal> {
    line.quantity?.checked_mul(factor(line, product)?)
}

/// The customer's own price for this line's quantity, agreed with him or on his price list, for one of the line's unit.
pub(super) fn own_price(master: &Master, customer: &Customer, line: &Line, on: NaiveDate) -> Option<Decimal> {
    let product = master.product(line.sku.as_deref()?)?;
    let price = master.own_price(&customer.code, &product.sku, quantity(line, product)?, on)?;
    price.checked_mul(factor(line, product)?)
}

/// The product's standard price for one of the line's unit, where it is in the order's currency.
pub(super) fn standard_price(product: &Product, line: &Line, currency: Option<Currency>) -> Option<Decimal> {
    let same = currency == Some(product.currency);
    if same { product.standard_price.checked_mul(factor(line, product)?) } else { None }
}

/// On hand less what is reserved: in the stock table, and by other orders of ours since.
pub(super) fn free_stock(case: &Case<'_>, sku: &str) -> Decimal {
    let reserved = case.facts.reserved.get(sku).copied().unwrap_or_default();
    case.facts.master.free_stock(sku).saturating_sub(reserved)
}
