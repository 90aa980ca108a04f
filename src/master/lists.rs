//! Price lists in versions, packed: which version is in force on a day, and its price for a product and quantity.

use super::tables::{ListPrice, PriceList};
use super::text::squeezed;
use crate::order::money::Currency;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::HashMap;

/// All price lists by their key.
#[derive(Debug, Default)]
pub(super) struct Lists(HashMap<String, Vec<Version>>);

/// Product, from a quantity on, price.
type Priced = (u32, Decimal, Decimal);

#[derive(Debug)]
struct Version {
    currency: Currency,
    from: NaiveDate,
    to: NaiveDate,
    published_on: NaiveDate,
    /// In their order.
    prices: Vec<Priced>,
}

impl Lists {
    /// Versions that were never published are left out, and prices of products that do not exist.
    pub(super) fn new(
        lists: &[PriceList],
        prices: &[ListPrice],
        place: impl Fn(&str) -> Option<u32>,
    ) -> Self {
        let mut by_version: HashMap<(&str, &str), Vec<Priced>> = HashMap::new();
        for row in prices {
            if let Some(product) = place(&row.sku) {
                let key = (row.list.as_str(), row.version.as_str());
                by_version.entry(key).or_default().push((product, row.min_qty, row.price));
            }
        }
        let mut all: HashMap<String, Vec<Version>> = HashMap::new();
        for row in lists {
            let Some(published_on) = row.published_on else { continue };
            let mut prices =
                by_version.remove(&(row.list.as_str(), row.version.as_str())).unwrap_or_default();
            prices.sort_unstable();
            all.entry(squeezed(&row.list)).or_default().push(Version {
                currency: row.currency,
                from: row.valid_from,
                to: row.valid_to.unwrap_or(NaiveDate::MAX),
                published_on,
                prices,
            });
        }
        Self(all)
    }

    /// The price on this day for this quantity: of the version in force, from the greatest quantity that is reached on.
    pub(super) fn in_force(
        &self,
        (list, currency): (&str, Currency),
        product: u32,
        quantity: Decimal,
        on: NaiveDate,
    ) -> Option<Decimal> {
        let versions = self.0.get(&squeezed(list))?.iter();
        let holds = |it: &&Version| it.published_on <= on && it.from <= on && on <= it.to;
        let version = versions.filter(holds).max_by_key(|it| (it.from, it.published_on))?;
        let start = version.prices.partition_point(|row| row.0 < product);
        let own = version.prices[start..].iter().take_while(|row| row.0 == product && row.1 <= quantity);
        own.last().map(|row| row.2).filter(|_| version.currency == currency)
    }
}

/// The version of a list that is in force on a day.
#[must_use]
pub fn in_force<'l>(lists: &'l [PriceList], list: &str, on: NaiveDate) -> Option<&'l PriceList> {
    let holds = |it: &&PriceList| {
        squeezed(&it.list) == squeezed(list)
            && it.published_on.is_some_and(|day| day <= on)
            && it.valid_from <= on
            && it.valid_to.is_none_or(|to| on <= to)
    };
    lists.iter().filter(holds).max_by_key(|it| (it.valid_from, it.published_on))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::master::{Tables, import::import};

    fn tables() -> Tables {
        let mut tables = Tables::default();
        for (table, text) in [
            (
                "price_lists",
                "list,version,currency,valid_from,valid_to,published_on,told\n\
                D,1,CNY,2026-01-01,,2025-12-25,\n\
                D,2,CNY,2026-03-01,2026-03-31,2026-02-25,\n\
                D,3,CNY,2026-05-01,,,\n\
                U,1,USD,2026-01-01,,2025-12-25,\n",
            ),
            (
                "list_prices",
                "list,version,sku,min_qty,price\n\
                D,1,A,0,0.50\nD,1,A,1000,0.45\nD,1,B,0,2\n\
                D,2,A,0,0.55\nD,2,A,10000,0.48\n\
                D,3,A,0,9\nU,1,A,0,0.07\nD,1,X,0,1\n",
            ),
        ] {
            tables.put(table, import(table, table, text.as_bytes()).unwrap().body).unwrap();
        }
        tables
    }

    #[test]
    fn the_latest_published_version_in_force_counts() {
        let tables = tables();
        let place =
            |sku: &str| ["A", "B"].iter().position(|it| *it == sku).and_then(|at| u32::try_from(at).ok());
        let lists = Lists::new(&tables.price_lists, &tables.list_prices, place);
        for (list, product, quantity, on, price) in [
            ("D", 0, 1, "2026-01-01", "0.50"),
            ("d", 0, 999, "2026-02-28", "0.50"),
            ("D", 0, 1000, "2026-02-28", "0.45"),
            ("D", 0, 1000, "2026-03-01", "0.55"),
            ("D", 0, 10_000, "2026-03-31", "0.48"),
            // The second has ended, and the third was never published.
            ("D", 0, 1, "2026-04-01", "0.50"),
            ("D", 0, 1, "2026-06-01", "0.50"),
            // A version says all its prices: what it leaves out has none.
            ("D", 1, 1, "2026-02-01", "2"),
            ("D", 1, 1, "2026-03-15", ""),
            ("D", 0, 1, "2025-12-31", ""),
            ("U", 0, 1, "2026-02-01", ""),
            ("E", 0, 1, "2026-02-01", ""),
        ] {
            let found = lists.in_force((list, Currency::CNY), product, quantity.into(), on.parse().unwrap());
            assert_eq!(found.map(|it| it.to_string()).unwrap_or_default(), price, "{list} {quantity} {on}");
        }
        let version =
            |on: &str| in_force(&tables.price_lists, "D", on.parse().unwrap()).map(|it| it.version.as_str());
        assert_eq!(
            [version("2026-02-01"), version("2026-03-01"), version("2025-01-01")],
            [Some("1"), Some("2"), None]
        );
    }
}
