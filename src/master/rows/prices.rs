//! Rows about prices: those agreed with a customer, price lists in versions, and promotions.

use super::Row;
use crate::master::cells::Cells;
use crate::master::tables::{ListPrice, Price, PriceList, Promotion};
use chrono::NaiveDate;
use rust_decimal::Decimal;

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
        in_order(cells, row.valid_from, Some(row.valid_to));
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
        in_order(cells, row.valid_from, row.valid_to);
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

impl Row for Promotion {
    const COLUMNS: &'static [&'static str] = &[
        "code",
        "customer_code",
        "sku",
        "category",
        "percent",
        "valid_from",
        "valid_to",
        "min_total",
        "currency",
    ];
    const KEY: &'static [&'static str] = &["code", "customer_code", "sku", "category", "valid_from"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        let row = Self {
            code: cells.text("code"),
            customer_code: cells.optional("customer_code"),
            sku: cells.optional("sku"),
            category: cells.optional("category"),
            percent: cells.positive("percent"),
            valid_from: cells.date("valid_from"),
            valid_to: cells.date("valid_to"),
            min_total: cells.amount("min_total"),
            currency: cells.currency("currency"),
        };
        in_order(cells, row.valid_from, Some(row.valid_to));
        if row.percent >= Decimal::ONE_HUNDRED {
            cells.wrong("percent", &row.percent.to_string(), "write a number under 100, as in 5 for 5 % off");
        }
        row
    }
}

/// The last day is not before the first.
fn in_order(cells: &mut Cells<'_>, from: NaiveDate, to: Option<NaiveDate>) {
    // A day that could not be read was named already.
    if let Some(to) = to.filter(|to| *to < from && *to != NaiveDate::MIN) {
        cells.wrong("valid_to", &to.to_string(), "write a day that is not before valid_from");
    }
}

#[cfg(test)]
mod tests {
    use crate::master::import::import;

    const HEAD: &str = "code,customer_code,sku,category,percent,valid_from,valid_to,min_total,currency\n";

    #[test]
    fn promotions_are_imported_or_named_where_they_are_wrong() {
        let rows = |rows: &str| import("promotions", "promotions.csv", format!("{HEAD}{rows}").as_bytes());
        let good = "S10,,,,10,2026-03-01,2026-03-31,0,CNY\nS10,C1,A-1,,12.5,2026-03-01,2026-03-31,500,CNY\n";
        assert_eq!(rows(good).unwrap().rows, 2);
        for (row, error) in [
            (",,,,10,2026-03-01,2026-03-31,0,CNY", "promotions.csv:2: code: found ``: fill it in"),
            (
                "S,,,,100,2026-03-01,2026-03-31,0,CNY",
                "promotions.csv:2: percent: found `100`: write a number under 100, as in 5 for 5 % off",
            ),
            (
                "S,,,,0,2026-03-01,2026-03-31,0,CNY",
                "promotions.csv:2: percent: found `0`: write a number greater than 0",
            ),
            (
                "S,,,,5,2026-03-02,2026-03-01,0,CNY",
                "promotions.csv:2: valid_to: found `2026-03-01`: write a day that is not before valid_from",
            ),
        ] {
            let errors: Vec<String> = rows(row).unwrap_err().iter().map(ToString::to_string).collect();
            assert_eq!(errors, [error], "{row}");
        }
        let twice = "S,,,,5,2026-03-01,2026-03-31,0,CNY\nS,,,,6,2026-03-01,2026-03-31,0,CNY";
        assert!(rows(twice).unwrap_err()[0].to_string().contains("3"), "the second row is named");
    }

    #[test]
    fn a_column_that_is_optional_may_be_left_out() {
        let head =
            "sku,name,name_en,category,unit,spec,moq,pack_qty,lead_days,standard_price,currency,barcode";
        let row = "A,Tape,,T,m,,1,1,5,0.5,CNY,";
        let old = import("products", "products.csv", format!("{head}\n{row}\n").as_bytes()).unwrap();
        assert!(old.body["rows"][0].get("substitute").is_none());
        let new = import("products", "products.csv", format!("{head},substitute\n{row},B\n").as_bytes());
        assert_eq!(new.unwrap().body["rows"][0]["substitute"], "B");
    }
}
