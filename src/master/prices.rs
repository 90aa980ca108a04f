//! Agreed prices, packed: which one is in force for a customer, product, quantity and day.

use super::tables;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// One agreed price; customer and product are places in their tables.
#[derive(Debug, Clone, Copy)]
struct Agreed {
    customer: u32,
    product: u32,
    min_qty: Decimal,
    price: Decimal,
    from: NaiveDate,
    to: NaiveDate,
}

/// All agreed prices, sorted by customer and product.
#[derive(Debug, Default)]
pub(super) struct Prices(Vec<Agreed>);

impl Prices {
    /// Rows of customers or products that do not exist are left out.
    pub(super) fn new(rows: &[tables::Price], place: impl Fn(&tables::Price) -> Option<(u32, u32)>) -> Self {
        let agreed = |row: &tables::Price| {
            let (customer, product) = place(row)?;
            Some(Agreed {
                customer,
                product,
                min_qty: row.min_qty,
                price: row.price,
                from: row.valid_from,
                to: row.valid_to,
            })
        };
        let mut all: Vec<Agreed> = rows.iter().filter_map(agreed).collect();
        all.sort_unstable_by_key(|row| (row.customer, row.product, row.min_qty, row.from));
        Self(all)
    }

    /// Of those that hold, the one with the highest `min_qty`; of two such, the younger.
    pub(super) fn in_force(
        &self,
        customer: u32,
        product: u32,
        quantity: Decimal,
        on: NaiveDate,
    ) -> Option<Decimal> {
        let start = self.0.partition_point(|row| (row.customer, row.product) < (customer, product));
        let own = self.0[start..].iter().take_while(|row| (row.customer, row.product) == (customer, product));
        own.filter(|row| row.min_qty <= quantity && row.from <= on && on <= row.to)
            .last()
            .map(|row| row.price)
    }
}
