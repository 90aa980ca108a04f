//! PURE. The firm's master data: customers, products, prices, stock and the like, their import, and the record of it.

pub mod tables;
pub mod import;
pub mod difference;
pub mod record;
pub mod workbook;
pub mod versions;
pub mod applications;
pub mod text;
pub mod units;
pub mod atoms;
pub mod catalogue;
pub mod bills;

mod cells;
mod rows;
mod customers;
mod prices;
pub mod lists;
mod references;
mod lookalike;

pub use cells::RowError;
pub use lookalike::Least;
pub use tables::{
    Address, AddressKind, Alias, Balance, Bom, Carrier, Certificate, Contact, Customer, Department,
    ListPrice, PriceList, Product, Promotion, Supplier, Tables,
};

use atoms::Words;
use bills::{Bills, Boms};
use catalogue::Catalogue;
use chrono::NaiveDate;
use customers::CustomerIndex;
use lists::Lists;
use lookalike::Lookalikes;
use prices::Prices;
use rust_decimal::Decimal;
use std::collections::{HashMap, HashSet};

/// All master data in memory, indexed. Built once for each version of the tables; never changed.
#[derive(Debug, Default)]
pub struct Master {
    customers: Vec<Customer>,
    products: Vec<Product>,
    carriers: Vec<(String, Carrier)>,
    departments: Vec<Department>,
    boms: Boms,
    balances: HashMap<String, Balance>,
    /// On hand less reserved, over all warehouses.
    free: HashMap<String, Decimal>,
    customer_index: CustomerIndex,
    by_sku: HashMap<String, u32>,
    by_barcode: HashMap<String, Vec<u32>>,
    /// (customer, key of the part or name) → product.
    aliases: HashMap<(u32, String), u32>,
    prices: Prices,
    lists: Lists,
    addresses: HashMap<String, Vec<Address>>,
    /// By the key of the code.
    promotions: HashMap<String, Vec<Promotion>>,
    catalogue: Catalogue,
    own_domains: HashSet<String>,
    lookalikes: Lookalikes,
}

/// Rows by a key that several may have.
fn gathered<R>(rows: Vec<R>, key: impl Fn(&R) -> String) -> HashMap<String, Vec<R>> {
    let mut all: HashMap<String, Vec<R>> = HashMap::new();
    for row in rows {
        all.entry(key(&row)).or_default().push(row);
    }
    all
}

impl Master {
    /// Indexes the tables. Rows that refer to what is not there are left out; [`Tables::references`] names them.
    #[must_use]
    pub fn from_tables(tables: Tables) -> Self {
        let customer_index = CustomerIndex::new(&tables.customers);
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut by_sku = HashMap::with_capacity(tables.products.len());
        let mut by_barcode: HashMap<String, Vec<u32>> = HashMap::new();
        for (at, product) in tables.products.iter().enumerate() {
            by_sku.insert(text::squeezed(&product.sku), place(at));
            if let Some(barcode) = &product.barcode {
                by_barcode.entry(text::squeezed(barcode)).or_default().push(place(at));
            }
        }
        let sku = |sku: &str| by_sku.get(&text::squeezed(sku)).copied();
        let aliases = tables.aliases.iter().filter_map(|row| {
            let key = text::squeezed(&row.customer_part_no_or_name);
            Some(((customer_index.code(&row.customer_code)?, key), sku(&row.sku)?))
        });
        let aliases = aliases.collect();
        let prices = Prices::new(&tables.prices, |row| {
            Some((customer_index.code(&row.customer_code)?, sku(&row.sku)?))
        });
        let lists = Lists::new(&tables.price_lists, &tables.list_prices, sku);
        let addresses = gathered(tables.addresses, |row| text::squeezed(&row.customer_code));
        let mut free: HashMap<String, Decimal> = HashMap::new();
        for row in tables.stock {
            let free = free.entry(row.sku).or_default();
            *free = free.saturating_add(row.on_hand.saturating_sub(row.reserved));
        }
        let boms = Boms::new(&tables.boms, &tables.products, &tables.suppliers);
        let promotions = gathered(tables.promotions, |row| text::squeezed(&row.code));
        let words = Words::new(tables.words.into_iter().map(|row| (row.word, row.means)));
        let mails = tables.departments.iter().flat_map(|row| [&row.mail, &row.manager_mail]);
        let own_domains: HashSet<String> =
            mails.filter_map(|mail| Some(mail.rsplit_once('@')?.1.to_lowercase())).collect();
        let theirs = tables.customers.iter().flat_map(|row| &row.mail_domains);
        Self {
            lookalikes: Lookalikes::new(theirs.chain(&own_domains).map(String::as_str)),
            own_domains,
            catalogue: Catalogue::new(&tables.products, words),
            carriers: tables.carriers.into_iter().map(|row| (text::squeezed(&row.name), row)).collect(),
            balances: tables.balances.into_iter().map(|row| (row.customer_code.clone(), row)).collect(),
            departments: tables.departments,
            customers: tables.customers,
            products: tables.products,
            boms,
            free,
            customer_index,
            by_sku,
            by_barcode,
            aliases,
            prices,
            lists,
            addresses,
            promotions,
        }
    }

    /// Whether there is nothing to compare with.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty() && self.products.is_empty()
    }

    #[must_use]
    pub fn customers(&self) -> &[Customer] {
        &self.customers
    }

    #[must_use]
    pub fn products(&self) -> &[Product] {
        &self.products
    }

    #[must_use]
    pub fn departments(&self) -> &[Department] {
        &self.departments
    }

    #[must_use]
    pub fn department(&self, code: &str) -> Option<&Department> {
        self.departments.iter().find(|department| department.code == code)
    }

    pub fn carriers(&self) -> impl Iterator<Item = &Carrier> {
        self.carriers.iter().map(|(_, carrier)| carrier)
    }

    /// Whether the mail domain is the firm's own: one of a department's.
    #[must_use]
    pub fn is_own_domain(&self, domain: &str) -> bool {
        self.own_domains.contains(&domain.to_lowercase())
    }

    #[must_use]
    pub fn customer(&self, code: &str) -> Option<&Customer> {
        self.at(&[self.customer_index.code(code)?]).first().copied()
    }

    /// Customers with this contact address.
    #[must_use]
    pub fn customers_by_mail(&self, address: &str) -> Vec<&Customer> {
        self.at(self.customer_index.mail(address))
    }

    /// Customers with this mail domain, or one above it.
    #[must_use]
    pub fn customers_by_domain(&self, domain: &str) -> Vec<&Customer> {
        self.at(self.customer_index.domain(domain))
    }

    /// Domains of customers, and our own, that this one resembles without being one of them. `passed_over` are domains where
    /// everybody can have an address.
    #[must_use]
    pub fn domains_like(&self, domain: &str, passed_over: &[String], least: Least) -> Vec<&str> {
        self.lookalikes.of(domain, passed_over, least)
    }

    /// Customers with this name or English name.
    #[must_use]
    pub fn customers_by_name(&self, name: &str) -> Vec<&Customer> {
        self.at(self.customer_index.name(name))
    }

    /// Customers that a short or slightly misread name may mean.
    #[must_use]
    pub fn customers_near(&self, name: &str) -> Vec<&Customer> {
        self.at(&self.customer_index.near(name))
    }

    /// Whether the name may mean this customer.
    #[must_use]
    pub fn resembles(&self, code: &str, name: &str) -> bool {
        self.customer_index.code(code).is_some_and(|at| self.customer_index.resembles(at, name))
    }

    /// Customers with this phone or fax number.
    #[must_use]
    pub fn customers_by_phone(&self, number: &str) -> Vec<&Customer> {
        self.at(self.customer_index.phone(number))
    }

    fn at(&self, places: &[u32]) -> Vec<&Customer> {
        places.iter().filter_map(|at| self.customers.get(*at as usize)).collect()
    }

    #[must_use]
    pub fn product(&self, sku: &str) -> Option<&Product> {
        self.product_at(*self.by_sku.get(&text::squeezed(sku))?)
    }

    /// A product by its place in the table, as [`Catalogue::search`] answers.
    #[must_use]
    pub fn product_at(&self, at: u32) -> Option<&Product> {
        self.products.get(at as usize)
    }

    /// The place of a product in the table.
    #[must_use]
    pub fn place_of(&self, sku: &str) -> Option<u32> {
        self.by_sku.get(&text::squeezed(sku)).copied()
    }

    /// The product with this barcode, if only one has it.
    #[must_use]
    pub fn product_by_barcode(&self, barcode: &str) -> Option<&Product> {
        match self.by_barcode.get(&text::squeezed(barcode)).map(Vec::as_slice) {
            Some([at]) => self.product_at(*at),
            Some(_) | None => None,
        }
    }

    /// The product that this customer calls so.
    #[must_use]
    pub fn product_by_alias(&self, customer: &str, part: &str) -> Option<&Product> {
        let key = (self.customer_index.code(customer)?, text::squeezed(part));
        self.product_at(*self.aliases.get(&key)?)
    }

    /// Products by the words of a text.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The price agreed with a customer for this quantity on this day, in his currency and the product's unit.
    #[must_use]
    pub fn agreed_price(
        &self,
        customer: &str,
        sku: &str,
        quantity: Decimal,
        on: NaiveDate,
    ) -> Option<Decimal> {
        let customer = self.customer_index.code(customer)?;
        self.prices.in_force(customer, self.place_of(sku)?, quantity, on)
    }

    /// What a promotion or discount code stands for; nothing for one that there is not.
    #[must_use]
    pub fn promotions(&self, code: &str) -> &[Promotion] {
        self.promotions.get(&text::squeezed(code)).map_or(&[], Vec::as_slice)
    }

    /// The price that holds for a customer: the one agreed with him, else that of his price list's version in force. None:
    /// the standard price is left to compare with.
    #[must_use]
    pub fn own_price(&self, customer: &str, sku: &str, quantity: Decimal, on: NaiveDate) -> Option<Decimal> {
        let agreed = self.agreed_price(customer, sku, quantity, on);
        agreed.or_else(|| {
            let customer = self.customer(customer)?;
            let list = (customer.price_list.as_deref()?, customer.currency);
            self.lists.in_force(list, self.place_of(sku)?, quantity, on)
        })
    }

    /// The known addresses of a customer.
    #[must_use]
    pub fn addresses(&self, customer: &str) -> &[Address] {
        self.addresses.get(&text::squeezed(customer)).map_or(&[], Vec::as_slice)
    }

    /// On hand less reserved over all warehouses, in the product's unit; zero for what has no stock row.
    #[must_use]
    pub fn free_stock(&self, sku: &str) -> Decimal {
        self.free.get(sku).copied().unwrap_or_default()
    }

    #[must_use]
    pub fn balance(&self, customer: &str) -> Option<&Balance> {
        self.balances.get(customer)
    }

    /// What the making of these products takes, through all levels.
    #[must_use]
    pub fn bills(&self, skus: &[String]) -> Bills {
        self.boms.bills(skus)
    }

    /// The carrier whose name stands in a shipping method as customers write it; of several, the longest name.
    #[must_use]
    pub fn carrier_in(&self, method: &str) -> Option<&Carrier> {
        let method = text::squeezed(method);
        let named = self.carriers.iter().filter(|(name, _)| method.contains(name.as_str()));
        named.max_by_key(|(name, _)| name.len()).map(|(_, carrier)| carrier)
    }
}
