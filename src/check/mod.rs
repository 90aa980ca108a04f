//! PURE. Draft and master data in, problems out; one file for each check.

pub mod settings;
pub mod resolve;
pub mod sure;
pub mod expect;

pub mod reading;
pub mod complete;
pub mod known;
pub mod sums;
pub mod category;
pub mod quantities;
pub mod price;
pub mod promotion;
pub mod credit;
pub mod margin;
pub mod stock;
pub mod materials;
pub mod dates;
pub mod same_again;
pub mod sender;
pub mod fraud;

mod amounts;
mod attributes;
mod schemas;
#[cfg(test)]
mod desk;

pub use margin::{MarginSettings, Margins, Sold, margins};
pub use resolve::{Around, CustomerBy, CustomerMatch, How, LineMatch, Resolved, resolve};
pub use same_again::SamePo;
pub use schemas::{Categories, CategoryError};
pub use settings::{CheckSettings, SenderSettings, Sign};
pub use sure::{Surety, sure};

use crate::master::Master;
use crate::order::document::Kind;
use crate::order::draft::Draft;
use crate::order::line::Content;
use crate::order::money::{Currency, Exchange};
use crate::order::problem::Problem;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// What the checks know beside the document.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub master: &'a Master,
    pub categories: &'a Categories,
    pub settings: &'a CheckSettings,
    /// For amounts that are compared in the book currency.
    pub exchange: &'a Exchange,
    /// VAT rates of orders that name none, by currency.
    pub tax: &'a BTreeMap<Currency, Decimal>,
    /// What the customer's other open orders take of his credit, in his currency.
    pub open_credit: Option<Decimal>,
    /// What other open orders have reserved, by SKU, beyond the reservations in the stock table.
    pub reserved: &'a BTreeMap<String, Decimal>,
    /// The customer's other orders with this PO number, oldest first.
    pub same: &'a [SamePo<'a>],
}

/// One order on its way through the checks.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What the order says now: as resolved, or as a clerk corrected it.
    pub content: &'a Content,
    pub draft: &'a Draft,
    pub around: &'a Around<'a>,
    pub resolved: &'a Resolved,
    pub facts: &'a Facts<'a>,
}

impl Case<'_> {
    /// A new order: what an amendment or cancellation leaves out stands in the order that it changes.
    fn is_new(&self) -> bool {
        self.draft.kind == Kind::Order
    }
}

/// All checks in a fixed order. Empty for a part that is neither an order nor a change of one.
#[must_use]
pub fn check_all(case: &Case<'_>) -> Vec<Problem> {
    if !matches!(case.draft.kind, Kind::Order | Kind::Amendment | Kind::Cancellation) {
        return Vec::new();
    }
    let mut problems = checks_of_content(case);
    problems.extend(same_again::check(case));
    problems
}

/// What a document that changes an order says for itself; what it makes of the order is looked at by [`check_content`].
#[must_use]
pub fn check_change(case: &Case<'_>) -> Vec<Problem> {
    let checks = [reading::check, sender::check, fraud::check, sums::check, same_again::check];
    checks.into_iter().flat_map(|check| check(case)).collect()
}

/// The checks of what is ordered, whoever sent it how.
#[must_use]
pub fn check_content(case: &Case<'_>) -> Vec<Problem> {
    CONTENT.into_iter().flat_map(|check| check(case)).collect()
}

/// All checks but the one that needs the customer's earlier orders.
fn checks_of_content(case: &Case<'_>) -> Vec<Problem> {
    let of_document: [Check; 3] = [reading::check, sender::check, fraud::check];
    of_document.into_iter().chain(CONTENT).flat_map(|check| check(case)).collect()
}

type Check = fn(&Case<'_>) -> Vec<Problem>;

const CONTENT: [Check; 12] = [
    complete::check,
    known::check,
    sums::check,
    category::check,
    quantities::check,
    promotion::check,
    price::check,
    credit::check,
    margin::check,
    stock::check,
    materials::check,
    dates::check,
];
