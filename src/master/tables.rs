//! The rows of the master tables as typed structs, and the set of tables that a firm has imported.

use crate::order::money::Currency;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
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
    /// More numbers than `phone` and `fax`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fax_numbers: Vec<String>,
    /// Id of the user who owns the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salesperson: Option<String>,
    /// A distributor's new market.
    #[serde(default, skip_serializing_if = "is_false")]
    pub new_market: bool,
    /// The price list that holds for him where no price was agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_list: Option<String>,
}

const fn is_false(it: &bool) -> bool {
    !*it
}

/// What a customer's address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    ShipTo,
    BillTo,
    Registered,
}

impl AddressKind {
    pub const ALL: [Self; 3] = [Self::ShipTo, Self::BillTo, Self::Registered];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ShipTo => "ship_to",
            Self::BillTo => "bill_to",
            Self::Registered => "registered",
        }
    }
}

/// An address of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub customer_code: String,
    pub kind: AddressKind,
    /// What the place is called: a plant, a warehouse, a firm.
    pub name: String,
    pub address: String,
    pub contact: Option<String>,
    pub phone: Option<String>,
}

/// A paper of a customer that ends on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    pub customer_code: String,
    /// `business_licence`, …
    pub kind: String,
    pub number: String,
    /// The last day.
    pub expires: NaiveDate,
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
    /// What one unit costs us, in `currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_cost: Option<Decimal>,
    /// Attributes of its category by name: columns `attr.NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attr: BTreeMap<String, String>,
}

/// A version of a price list. Once published it is never edited, only followed by another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceList {
    pub list: String,
    pub version: String,
    pub currency: Currency,
    pub valid_from: NaiveDate,
    /// The last day; none: until another version follows.
    pub valid_to: Option<NaiveDate>,
    pub published_on: Option<NaiveDate>,
    /// Departments and users who were told.
    pub told: Vec<String>,
}

/// A price of a version, from a quantity on, in the product's unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPrice {
    pub list: String,
    pub version: String,
    pub sku: String,
    pub min_qty: Decimal,
    pub price: Decimal,
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
    /// In `unit`, without waste.
    pub qty_per: Decimal,
    /// The unit that `qty_per` is counted in; none: that of the component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What is lost in making, in hundredths of `qty_per`, on top of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scrap: Option<Decimal>,
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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplier {
    pub code: String,
    pub name: String,
    pub mail: Option<String>,
    pub phone: Option<String>,
    pub lead_days: u32,
    /// SKUs and components that he delivers.
    pub items: Vec<String>,
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
    pub addresses: Vec<Address>,
    pub price_lists: Vec<PriceList>,
    pub list_prices: Vec<ListPrice>,
    pub suppliers: Vec<Supplier>,
    pub certificates: Vec<Certificate>,
    pub promotions: Vec<Promotion>,
}

/// The names of the tables, as files, commands and aggregates have them.
pub const NAMES: [&str; 16] = [
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
    "addresses",
    "price_lists",
    "list_prices",
    "suppliers",
    "certificates",
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

/// The body of a table as it is stored: a JSON value, or its text, which is read without a value in between.
pub trait Stored {
    fn rows<R: DeserializeOwned>(self) -> Result<Vec<R>, serde_json::Error>;
}

impl Stored for Value {
    fn rows<R: DeserializeOwned>(self) -> Result<Vec<R>, serde_json::Error> {
        serde_json::from_value::<Body<R>>(self).map(|body| body.rows)
    }
}

impl Stored for &str {
    fn rows<R: DeserializeOwned>(self) -> Result<Vec<R>, serde_json::Error> {
        serde_json::from_str::<Body<R>>(self).map(|body| body.rows)
    }
}

impl Tables {
    /// Puts the body of one table in: `{"rows": [...]}`, as [`super::import::import`] made it.
    pub fn put(&mut self, table: &str, body: impl Stored) -> Result<(), TableError> {
        let damaged = |source| TableError::Damaged { table: table.to_owned(), source };
        match table {
            "customers" => self.customers = body.rows().map_err(damaged)?,
            "products" => self.products = body.rows().map_err(damaged)?,
            "prices" => self.prices = body.rows().map_err(damaged)?,
            "aliases" => self.aliases = body.rows().map_err(damaged)?,
            "stock" => self.stock = body.rows().map_err(damaged)?,
            "balances" => self.balances = body.rows().map_err(damaged)?,
            "boms" => self.boms = body.rows().map_err(damaged)?,
            "carriers" => self.carriers = body.rows().map_err(damaged)?,
            "departments" => self.departments = body.rows().map_err(damaged)?,
            "words" => self.words = body.rows().map_err(damaged)?,
            "addresses" => self.addresses = body.rows().map_err(damaged)?,
            "price_lists" => self.price_lists = body.rows().map_err(damaged)?,
            "list_prices" => self.list_prices = body.rows().map_err(damaged)?,
            "suppliers" => self.suppliers = body.rows().map_err(damaged)?,
            "certificates" => self.certificates = body.rows().map_err(damaged)?,
            "promotions" => self.promotions = body.rows().map_err(damaged)?,
            other => return Err(TableError::Unknown(other.to_owned())),
        }
        Ok(())
    }
}
