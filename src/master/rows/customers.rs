//! Rows about customers: themselves, their addresses and papers, what they call our products, what they owe.

use super::Row;
use crate::master::cells::Cells;
use crate::master::tables::{Address, AddressKind, Alias, Balance, Certificate, Customer};

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
    const OPTIONAL: &'static [&'static str] =
        &["phones", "fax_numbers", "salesperson", "new_market", "price_list"];
    const KEY: &'static [&'static str] = &["code"];
    const PERSONAL: &'static [&'static str] =
        &["contacts", "phone", "fax", "address", "phones", "fax_numbers"];

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
            phones: cells.list("phones"),
            fax_numbers: cells.list("fax_numbers"),
            salesperson: cells.optional("salesperson"),
            new_market: cells.yes("new_market"),
            price_list: cells.optional("price_list"),
        }
    }
}

impl Row for Address {
    const COLUMNS: &'static [&'static str] =
        &["customer_code", "kind", "name", "address", "contact", "phone"];
    const KEY: &'static [&'static str] = &["customer_code", "kind", "name"];
    const PERSONAL: &'static [&'static str] = &["name", "address", "contact", "phone"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        let word = cells.text("kind");
        let kind = AddressKind::ALL.into_iter().find(|kind| kind.as_str() == word);
        if kind.is_none() && !word.is_empty() {
            cells.wrong("kind", &word, "write ship_to, bill_to or registered");
        }
        Self {
            customer_code: cells.text("customer_code"),
            kind: kind.unwrap_or(AddressKind::ShipTo),
            name: cells.text("name"),
            address: cells.text("address"),
            contact: cells.optional("contact"),
            phone: cells.optional("phone"),
        }
    }
}

impl Row for Certificate {
    const COLUMNS: &'static [&'static str] = &["customer_code", "kind", "number", "expires"];
    const KEY: &'static [&'static str] = &["customer_code", "kind", "number"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            customer_code: cells.text("customer_code"),
            kind: cells.text("kind"),
            number: cells.text("number"),
            expires: cells.date("expires"),
        }
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
