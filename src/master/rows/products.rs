//! Rows about products: themselves, their stock, what they are made of, and words for them.

use super::Row;
use crate::master::cells::Cells;
use crate::master::tables::{Bom, Product, Stock, Word};

impl Row for Product {
    const COLUMNS: &'static [&'static str] = &[
        "sku",
        "name",
        "name_en",
        "category",
        "unit",
        "spec",
        "moq",
        "pack_qty",
        "lead_days",
        "standard_price",
        "currency",
        "barcode",
    ];
    const OPTIONAL: &'static [&'static str] = &["standard_cost", "substitute"];
    const OPEN: Option<&'static str> = Some("attr");
    const KEY: &'static [&'static str] = &["sku"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            sku: cells.text("sku"),
            name: cells.text("name"),
            name_en: cells.optional("name_en"),
            category: cells.text("category"),
            unit: cells.text("unit"),
            spec: cells.optional("spec"),
            moq: cells.amount("moq"),
            pack_qty: cells.amount("pack_qty"),
            lead_days: cells.whole("lead_days"),
            standard_price: cells.amount("standard_price"),
            currency: cells.currency("currency"),
            barcode: cells.optional("barcode"),
            substitute: cells.optional("substitute"),
            standard_cost: cells.optional_amount("standard_cost"),
            attr: cells.open("attr"),
        }
    }
}

impl Row for Stock {
    const COLUMNS: &'static [&'static str] = &["sku", "warehouse", "on_hand", "reserved"];
    const KEY: &'static [&'static str] = &["sku", "warehouse"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            sku: cells.text("sku"),
            warehouse: cells.text("warehouse"),
            on_hand: cells.amount("on_hand"),
            reserved: cells.amount("reserved"),
        }
    }
}

impl Row for Bom {
    const COLUMNS: &'static [&'static str] = &["sku", "component", "qty_per"];
    const OPTIONAL: &'static [&'static str] = &["unit", "scrap"];
    const KEY: &'static [&'static str] = &["sku", "component"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            sku: cells.text("sku"),
            component: cells.text("component"),
            qty_per: cells.positive("qty_per"),
            unit: cells.optional("unit"),
            scrap: cells.optional_amount("scrap"),
        }
    }
}

impl Row for Word {
    const COLUMNS: &'static [&'static str] = &["word", "means"];
    const KEY: &'static [&'static str] = &["word"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self { word: cells.text("word"), means: cells.text("means") }
    }
}
