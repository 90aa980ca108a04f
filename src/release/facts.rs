//! What a release rests on beside the order: the house, the buyer, the goods, the mail that is answered.

use super::templates::Templates;
use crate::master::bills::Bills;
use crate::order::Order;
pub use crate::order::department::Department;
use crate::order::document::{Envelope, Language};
use crate::order::money::Money;
use crate::order::number::NumberPattern;
use crate::order::party::Party;
use crate::order::wording::Wording;
use crate::review::calendar::Calendar;
use chrono::NaiveTime;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a department is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    pub mail: String,
    /// Told when a deadline of the department passes.
    #[serde(default)]
    pub manager: Option<String>,
}

/// The firm that writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct House {
    pub name: String,
    pub name_en: String,
    /// Address that mails come from.
    pub mail: String,
    /// Right side of our Message-IDs.
    pub domain: String,
    /// Language of mails within the house.
    #[serde(default)]
    pub language: Language,
    #[serde(default)]
    pub departments: BTreeMap<Department, Desk>,
    /// Told when twice a review's time has passed.
    #[serde(default)]
    pub general_manager: Option<String>,
}

/// When the money comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Terms {
    /// After the goods: monthly, T/T after shipment.
    #[default]
    Open,
    /// A part of it before production begins, the rest before the goods leave.
    Deposit,
    /// Before the goods leave (款到发货).
    Prepaid,
}

/// The customer, as far as he is told and charged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Buyer {
    pub code: String,
    /// In his language.
    pub name: String,
    pub language: Language,
    /// Where his confirmation goes; those that are no plain addresses are left out.
    pub mail: Vec<String>,
    /// Two letters: CN NA LA EU SE AU ME AF, UN unknown.
    pub region: String,
    pub terms: Terms,
    /// What the order takes of his credit until it is paid, in his currency; none where it takes none.
    pub credit: Option<Money>,
    /// Invoice title and taxpayer number, where the order names none.
    pub title: Option<String>,
    pub tax_number: Option<String>,
    pub tax_rate: Option<Decimal>,
}

/// What a release needs to know of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Letter of the product class in the order number.
    pub class: String,
    /// Days that it takes to make.
    pub lead_days: u32,
    /// The unit in which its stock is counted.
    pub unit: String,
}

/// How a department is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    #[default]
    Mail,
    Message,
}

/// How a firm releases; each number is a default of the config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Departments that get a notification, as far as the order concerns them.
    pub notify: Vec<Department>,
    /// By mail to the department's address, or as messages to its system.
    pub notify_by: Way,
    /// Time of day of a shipping instruction that is due later.
    pub ship_at: NaiveTime,
    /// Days after the shipping instruction by which the invoice is asked for at the latest.
    pub invoice_latest_days: u32,
    /// Hours within which the customer may still change his order free of charge.
    pub free_change_hours: u32,
    /// Wait with the shipping instruction until the goods that have to be made are reported finished.
    pub ship_when_finished: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            notify: vec![
                Department::Sales,
                Department::Production,
                Department::Purchasing,
                Department::Warehouse,
                Department::Finance,
            ],
            notify_by: Way::Mail,
            ship_at: NaiveTime::from_hms_opt(9, 0, 0).unwrap_or(NaiveTime::MIN),
            invoice_latest_days: 30,
            free_change_hours: 24,
            ship_when_finished: false,
        }
    }
}

/// By what the house releases, whatever the order.
#[derive(Debug, Clone, Copy)]
pub struct Office<'a> {
    pub house: &'a House,
    pub settings: &'a Settings,
    pub calendar: &'a Calendar,
    pub templates: &'a Templates,
    pub wording: &'a Wording,
}

/// Everything that the release of one order rests on.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseFacts<'a> {
    pub office: Office<'a>,
    pub buyer: &'a Buyer,
    pub contact: Option<&'a Party>,
    pub ship_to: Option<&'a Party>,
    /// The mail that the order came by, which the confirmation answers.
    pub answers: Option<&'a Envelope>,
    /// The order came as data, and so does its confirmation.
    pub as_data: bool,
    /// Name of the carrier's lane, from the shipping method or the region.
    pub carrier: &'a str,
    pub pattern: &'a NumberPattern,
    /// The customer's next running number.
    pub sequence: u64,
    /// On hand less reserved, per SKU. A SKU that is not in it is not there.
    pub stock: &'a BTreeMap<String, Decimal>,
    /// The order as it was, where it is being changed.
    pub before: Option<&'a Order>,
    pub products: &'a BTreeMap<String, Product>,
    /// What the order's goods are made of.
    pub bills: &'a Bills,
}
