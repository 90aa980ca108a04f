//! How each table's columns become a row: names, key, and one `parse` per table.

use super::cells::Cells;
use super::tables::{
    Alias, Balance, Bom, Carrier, Customer, Department, Price, Product, Promotion, Stock, Word,
};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

/// Mail services that anybody can use: their domain says nothing about whose mail it is.
const PUBLIC_MAIL: &[&str] = &[
    "126.com",
    "139.com",
    "163.com",
    "188.com",
    "aliyun.com",
    "foxmail.com",
    "gmail.com",
    "gmx.de",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "outlook.com",
    "qq.com",
    "sina.cn",
    "sina.com",
    "sohu.com",
    "vip.163.com",
    "yahoo.com",
    "yeah.net",
];

/// A row of a table of master data.
pub(super) trait Row: Serialize + Sized {
    /// Every column, in the order of the shipped files; all must be there, but for the optional ones, and no other may.
    const COLUMNS: &'static [&'static str];
    const OPTIONAL: &'static [&'static str] = &[];
    /// The columns that tell two rows apart.
    const KEY: &'static [&'static str];
    fn parse(cells: &mut Cells<'_>) -> Self;
}

impl Row for Customer {
    const COLUMNS: &'static [&'static str] = &[
        "code",
        "name",
        "name_en",
        "type",
        "grade",
        "mail_domains",
        "contacts",
        "phone",
        "fax",
        "address",
        "currency",
        "payment_terms",
        "credit_limit",
        "discount_floor",
        "region",
    ];
    const KEY: &'static [&'static str] = &["code"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        let domains: Vec<String> = cells.list("mail_domains").iter().map(|d| d.to_lowercase()).collect();
        for domain in &domains {
            if PUBLIC_MAIL.contains(&domain.as_str()) {
                let todo = "a public mail service names nobody: put the addresses under contacts instead";
                cells.wrong("mail_domains", domain, todo);
            }
        }
        Self {
            code: cells.text("code"),
            name: cells.text("name"),
            name_en: cells.optional("name_en"),
            kind: cells.text("type"),
            grade: cells.text("grade"),
            mail_domains: domains,
            contacts: cells.contacts("contacts"),
            phone: cells.optional("phone"),
            fax: cells.optional("fax"),
            address: cells.optional("address"),
            currency: cells.currency("currency"),
            payment_terms: cells.text("payment_terms"),
            credit_limit: cells.amount("credit_limit"),
            discount_floor: cells.amount("discount_floor"),
            region: cells.text("region"),
        }
    }
}

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
        "substitute",
    ];
    const OPTIONAL: &'static [&'static str] = &["substitute"];
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
        }
    }
}

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
        check_period(cells, row.valid_from, row.valid_to);
        row
    }
}

fn check_period(cells: &mut Cells<'_>, from: NaiveDate, to: NaiveDate) {
    if to < from && to != NaiveDate::MIN {
        cells.wrong("valid_to", &to.to_string(), "write a day that is not before valid_from");
    }
}

impl Row for Alias {
    const COLUMNS: &'static [&'static str] = &["customer_code", "customer_part_no_or_name", "sku"];
    const KEY: &'static [&'static str] = &["customer_code", "customer_part_no_or_name"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            customer_code: cells.text("customer_code"),
            customer_part_no_or_name: cells.text("customer_part_no_or_name"),
            sku: cells.text("sku"),
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

impl Row for Balance {
    const COLUMNS: &'static [&'static str] = &["customer_code", "receivable", "overdue", "oldest_due_date"];
    const KEY: &'static [&'static str] = &["customer_code"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            customer_code: cells.text("customer_code"),
            receivable: cells.amount("receivable"),
            overdue: cells.amount("overdue"),
            oldest_due_date: cells.optional_date("oldest_due_date"),
        }
    }
}

impl Row for Bom {
    const COLUMNS: &'static [&'static str] = &["sku", "component", "qty_per"];
    const KEY: &'static [&'static str] = &["sku", "component"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            sku: cells.text("sku"),
            component: cells.text("component"),
            qty_per: cells.positive("qty_per"),
        }
    }
}

impl Row for Carrier {
    const COLUMNS: &'static [&'static str] = &["code", "name", "modes", "regions"];
    const KEY: &'static [&'static str] = &["code"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            code: cells.text("code"),
            name: cells.text("name"),
            modes: cells.list("modes"),
            regions: cells.list("regions"),
        }
    }
}

impl Row for Department {
    const COLUMNS: &'static [&'static str] = &["code", "name", "name_zh", "mail", "manager_mail"];
    const KEY: &'static [&'static str] = &["code"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            code: cells.text("code"),
            name: cells.text("name"),
            name_zh: cells.text("name_zh"),
            mail: cells.mail("mail"),
            manager_mail: cells.mail("manager_mail"),
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
        check_period(cells, row.valid_from, row.valid_to);
        if row.percent >= Decimal::ONE_HUNDRED {
            cells.wrong("percent", &row.percent.to_string(), "write a number under 100, as in 5 for 5 % off");
        }
        row
    }
}
