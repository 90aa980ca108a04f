//! The rows of the master tables as typed structs, and the set of tables that a firm has imported.

use crate::order::money::Currency;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// A person at a customer: `Name <mail>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    /// `addr-spec`, lower case.
    pub mail: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub code: String,
    pub name: String,
    pub name_en: Option<String>,
    /// factory, trading, distributor, overseas.
    #[serde(rename = "type")]
    pub kind: String,
    /// key, normal, new.
    pub grade: String,
    pub mail_domains: Vec<String>,
    pub contacts: Vec<Contact>,
    pub phone: Option<String>,
    pub fax: Option<String>,
    pub address: Option<String>,
    pub currency: Currency,
    /// prepaid, monthly30, monthly60, tt30, lc.
    pub payment_terms: String,
    /// In the customer's currency.
    pub credit_limit: Decimal,
    /// Least share of the standard price that he may be asked for.
    pub discount_floor: Decimal,
    pub region: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    pub sku: String,
    pub name: String,
    pub name_en: Option<String>,
    pub category: String,
    /// The unit that quantities, prices and stock are counted in.
    pub unit: String,
    pub spec: Option<String>,
    /// Least quantity of one order, in `unit`.
    pub moq: Decimal,
    /// Quantity of one pack, in `unit`.
    pub pack_qty: Decimal,
    pub lead_days: u32,
    pub standard_price: Decimal,
    pub currency: Currency,
    pub barcode: Option<String>,
    /// SKU of the product that may be offered in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substitute: Option<String>,
}

/// A customer's agreed price of one product from a quantity on, in the customer's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    pub customer_code: String,
    pub sku: String,
    pub price: Decimal,
    pub min_qty: Decimal,
    pub valid_from: NaiveDate,
    /// The last day.
    pub valid_to: NaiveDate,
}

/// What a customer calls a product of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    pub customer_code: String,
    pub customer_part_no_or_name: String,
    pub sku: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    pub sku: String,
    pub warehouse: String,
    pub on_hand: Decimal,
    pub reserved: Decimal,
}

/// What a customer owes, in his currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub customer_code: String,
    pub receivable: Decimal,
    pub overdue: Decimal,
    pub oldest_due_date: Option<NaiveDate>,
}

/// Material of one unit of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bom {
    pub sku: String,
    pub component: String,
    pub qty_per: Decimal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrier {
    pub code: String,
    pub name: String,
    pub modes: Vec<String>,
    pub regions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    pub code: String,
    pub name: String,
    pub name_zh: String,
    pub mail: String,
    pub manager_mail: String,
}

/// A trade word and the word that product names use for it; added to the words that ship.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    pub word: String,
    pub means: String,
}

/// A promotion or discount code, and what it takes off the prices of some goods for some customers; what is none holds for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    pub code: String,
    pub customer_code: Option<String>,
    pub sku: Option<String>,
    pub category: Option<String>,
    /// Off the price, in hundredths of it.
    pub percent: Decimal,
    pub valid_from: NaiveDate,
    /// The last day.
    pub valid_to: NaiveDate,
    /// Total that the order has to reach; 0 = any.
    pub min_total: Decimal,
    /// Of `min_total`.
    pub currency: Currency,
}

/// All tables of a firm; what has not been imported is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tables {
    pub customers: Vec<Customer>,
    pub products: Vec<Product>,
    pub prices: Vec<Price>,
    pub aliases: Vec<Alias>,
    pub stock: Vec<Stock>,
    pub balances: Vec<Balance>,
    pub boms: Vec<Bom>,
    pub carriers: Vec<Carrier>,
    pub departments: Vec<Department>,
    pub words: Vec<Word>,
    pub promotions: Vec<Promotion>,
}

/// The names of the tables, as files, commands and aggregates have them; `words` and `promotions` may be missing.
pub const NAMES: [&str; 11] = [
    "customers",
    "products",
    "prices",
    "aliases",
    "stock",
    "balances",
    "boms",
    "carriers",
    "departments",
    "words",
    "promotions",
];

/// A stored table that can't be used.
#[derive(Debug, Error)]
pub enum TableError {
    #[error("`{0}` is not a table of master data: use one of {NAMES:?}")]
    Unknown(String),
    #[error("the stored table `{table}` can't be read: import it again")]
    Damaged { table: String, source: serde_json::Error },
}

#[derive(Deserialize)]
struct Body<R> {
    rows: Vec<R>,
}

impl Tables {
    /// Puts the body of one table in: `{"rows": [...]}`, as [`super::import::import`] made it.
    pub fn put(&mut self, table: &str, body: Value) -> Result<(), TableError> {
        let damaged = |source| TableError::Damaged { table: table.to_owned(), source };
        match table {
            "customers" => self.customers = rows(body).map_err(damaged)?,
            "products" => self.products = rows(body).map_err(damaged)?,
            "prices" => self.prices = rows(body).map_err(damaged)?,
            "aliases" => self.aliases = rows(body).map_err(damaged)?,
            "stock" => self.stock = rows(body).map_err(damaged)?,
            "balances" => self.balances = rows(body).map_err(damaged)?,
            "boms" => self.boms = rows(body).map_err(damaged)?,
            "carriers" => self.carriers = rows(body).map_err(damaged)?,
            "departments" => self.departments = rows(body).map_err(damaged)?,
            "words" => self.words = rows(body).map_err(damaged)?,
            "promotions" => self.promotions = rows(body).map_err(damaged)?,
            other => return Err(TableError::Unknown(other.to_owned())),
        }
        Ok(())
    }
}

fn rows<R: serde::de::DeserializeOwned>(body: Value) -> Result<Vec<R>, serde_json::Error> {
    serde_json::from_value::<Body<R>>(body).map(|body| body.rows)
}
