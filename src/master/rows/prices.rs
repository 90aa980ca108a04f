//! Rows about prices: those agreed with a customer, and price lists in versions.

use super::Row;
use crate::master::cells::Cells;
use crate::master::tables::{ListPrice, Price, PriceList};

impl Row for Price {
    const COLUMNS: &'static [&'static str] =
        &["customer_code", "sku", "price", "min_qty", "valid_from", "valid_to"];
    const KEY: &'static [&'static str] = &["customer_code", "sku", "min_qty", "valid_from"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        let row = Self {
            customer_code: cells.text("customer_code"),
            sku: cells.text("sku"),
            price: cells.positive("price"),
            min_qty: cells.amount("min_qty"),
            valid_from: cells.date("valid_from"),
            valid_to: cells.date("valid_to"),
        };
        if row.valid_to < row.valid_from && row.valid_to != chrono::NaiveDate::MIN {
            cells.wrong("valid_to", &row.valid_to.to_string(), "write a day that is not before valid_from");
        }
        row
    }
}

impl Row for PriceList {
    const COLUMNS: &'static [&'static str] =
        &["list", "version", "currency", "valid_from", "valid_to", "published_on", "told"];
    const KEY: &'static [&'static str] = &["list", "version"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        let row = Self {
            list: cells.text("list"),
            version: cells.text("version"),
            currency: cells.currency("currency"),
            valid_from: cells.date("valid_from"),
            valid_to: cells.optional_date("valid_to"),
            published_on: cells.optional_date("published_on"),
            told: cells.list("told"),
        };
        if let Some(to) = row.valid_to.filter(|to| *to < row.valid_from && *to != chrono::NaiveDate::MIN) {
            cells.wrong("valid_to", &to.to_string(), "write a day that is not before valid_from");
        }
        row
    }
}

impl Row for ListPrice {
    const COLUMNS: &'static [&'static str] = &["list", "version", "sku", "min_qty", "price"];
    const KEY: &'static [&'static str] = &["list", "version", "sku", "min_qty"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            list: cells.text("list"),
            version: cells.text("version"),
            sku: cells.text("sku"),
            min_qty: cells.amount("min_qty"),
            price: cells.positive("price"),
        }
    }
}
