//! Rows of one table that refer to what is not in another: said after an import, refused by nobody.

use super::tables::{Promotion, Tables};
use super::text::squeezed;
use std::collections::HashSet;

/// A row that refers to a customer or product that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loose {
    pub table: &'static str,
    pub field: &'static str,
    pub found: String,
    /// How many rows have it.
    pub rows: usize,
}

impl Tables {
    /// Every customer code and SKU that rows refer to in vain, by table, field and value. Components of a BOM may be
    /// materials that are no products, and have stock and suppliers as these have.
    #[must_use]
    pub fn references(&self) -> Vec<Loose> {
        let customers: HashSet<String> = self.customers.iter().map(|row| squeezed(&row.code)).collect();
        let skus: HashSet<String> = self.products.iter().map(|row| squeezed(&row.sku)).collect();
        let mut loose = Vec::new();
        let mut look = |table, field, known: &HashSet<String>, values: &mut dyn Iterator<Item = &String>| {
            let mut missing: std::collections::BTreeMap<&String, usize> = std::collections::BTreeMap::new();
            for value in values.filter(|value| !known.contains(&squeezed(value))) {
                *missing.entry(value).or_default() += 1;
            }
            loose.extend(missing.into_iter().map(|(found, rows)| Loose {
                table,
                field,
                found: found.clone(),
                rows,
            }));
        };
        look("prices", "customer_code", &customers, &mut self.prices.iter().map(|row| &row.customer_code));
        look("prices", "sku", &skus, &mut self.prices.iter().map(|row| &row.sku));
        look("aliases", "customer_code", &customers, &mut self.aliases.iter().map(|row| &row.customer_code));
        look("aliases", "sku", &skus, &mut self.aliases.iter().map(|row| &row.sku));
        look(
            "balances",
            "customer_code",
            &customers,
            &mut self.balances.iter().map(|row| &row.customer_code),
        );
        let mut addresses = self.addresses.iter().map(|row| &row.customer_code);
        look("addresses", "customer_code", &customers, &mut addresses);
        let mut papers = self.certificates.iter().map(|row| &row.customer_code);
        look("certificates", "customer_code", &customers, &mut papers);
        look("list_prices", "sku", &skus, &mut self.list_prices.iter().map(|row| &row.sku));
        let lists: HashSet<String> = self.price_lists.iter().map(|row| squeezed(&row.list)).collect();
        look("list_prices", "list", &lists, &mut self.list_prices.iter().map(|row| &row.list));
        let mut named = self.customers.iter().filter_map(|row| row.price_list.as_ref());
        look("customers", "price_list", &lists, &mut named);
        let components = self.boms.iter().map(|row| squeezed(&row.component));
        let items: HashSet<String> = skus.iter().cloned().chain(components).collect();
        look("suppliers", "items", &items, &mut self.suppliers.iter().flat_map(|row| &row.items));
        look("stock", "sku", &items, &mut self.stock.iter().map(|row| &row.sku));
        let mut substitutes = self.products.iter().filter_map(|row| row.substitute.as_ref());
        look("products", "substitute", &skus, &mut substitutes);
        let promised = |of: fn(&Promotion) -> Option<&String>| self.promotions.iter().filter_map(of);
        look("promotions", "customer_code", &customers, &mut promised(|row| row.customer_code.as_ref()));
        look("promotions", "sku", &skus, &mut promised(|row| row.sku.as_ref()));
        look("boms", "sku", &skus, &mut self.boms.iter().map(|row| &row.sku));
        loose
    }
}
