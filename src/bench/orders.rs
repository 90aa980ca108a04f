//! Orders and master data for the bench: every order is a mail with a table, proves itself, and passes untouched.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use std::fmt::Write as _;

const CUSTOMERS: usize = 200;
const PRODUCTS: usize = 100;

/// Master data as CSV files by table.
pub(super) fn master() -> Vec<(String, Vec<u8>)> {
    let mut customers = "code,name,name_en,type,grade,mail_domains,contacts,phone,fax,address,currency,payment_terms,credit_limit,discount_floor,region\n".to_owned();
    let mut balances = "customer_code,receivable,overdue,oldest_due_date\n".to_owned();
    for number in 0..CUSTOMERS {
        let (code, domain) = (code(number), domain(number));
        let _ = writeln!(
            customers,
            "{code},{code}制衣有限公司,{code} Garment Ltd,factory,normal,{domain},王芳 <buyer@{domain}>,0769-5550-{number:04},,东莞市{code}路1号,CNY,monthly30,900000000,0.5,South China"
        );
        let _ = writeln!(balances, "{code},0,0,");
    }
    let mut products =
        "sku,name,name_en,category,unit,spec,moq,pack_qty,lead_days,standard_price,currency,barcode\n"
            .to_owned();
    let mut stock = "sku,warehouse,on_hand,reserved\n".to_owned();
    for number in 0..PRODUCTS {
        let sku = sku(number);
        let _ = writeln!(products, "{sku},布标{sku},Label {sku},布标,个,,1,1,1,0.50,CNY,");
        let _ = writeln!(stock, "{sku},WH-1,900000000,0");
    }
    let departments = "code,name,name_zh,mail,manager_mail\nSAL,Sales,销售部,sales@hengtong.example,mgr.sales@hengtong.example\nWHS,Warehouse,仓储部,warehouse@hengtong.example,mgr.warehouse@hengtong.example\n";
    let carriers = "code,name,modes,regions\nDBX,德邦行物流,road,all China\n";
    let tables = [
        ("customers", customers),
        ("balances", balances),
        ("products", products),
        ("stock", stock),
        ("departments", departments.to_owned()),
        ("carriers", carriers.to_owned()),
        ("prices", "customer_code,sku,price,min_qty,valid_from,valid_to\n".to_owned()),
        ("aliases", "customer_code,customer_part_no_or_name,sku\n".to_owned()),
        ("boms", "sku,component,qty_per\n".to_owned()),
    ];
    tables.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect()
}

/// The mail of order `number`: three lines, amounts and total printed, wanted on `wanted` (ISO).
pub(super) fn mail(number: usize, sent: &str, ordered: &str, wanted: &str) -> Vec<u8> {
    let (code, domain) = (code(number % CUSTOMERS), domain(number % CUSTOMERS));
    let mut lines = String::new();
    let mut cents = 0;
    for line in 0..3 {
        let sku = sku((number * 7 + line * 31) % PRODUCTS);
        let quantity = 100 * (1 + (number + line) % 9);
        let amount = quantity * 50;
        cents += amount;
        let _ = write!(
            lines,
            "{} | {sku} | 布标{sku} | {quantity} | 个 | 0.50 | {}.{:02}\r\n",
            line + 1,
            amount / 100,
            amount % 100
        );
    }
    format!(
        "From: =?utf-8?B?546L6Iqz?= <buyer@{domain}>\r\nTo: orders@hengtong.example\r\nSubject: PO-{number:07}\r\nDate: {sent}\r\n\
         Message-ID: <{number}@{domain}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n采购单号：PO-{number:07}\r\n下单日期：{ordered}\r\n交货日期：{wanted}\r\n\
         收货地址：东莞市{code}路1号\r\n\r\n序号 | 料号 | 品名 | 数量 | 单位 | 单价 | 金额\r\n{lines}合计金额：{}.{:02}\r\n\r\n\
         {code}制衣有限公司\r\n王芳\r\n",
        cents / 100,
        cents % 100
    )
    .into_bytes()
}

/// PO number of order `number`.
pub(super) fn po(number: usize) -> String {
    format!("PO-{number:07}")
}

/// The same order as data (`order.placed`), of this day and wanted twenty days later.
pub(super) fn placed(number: usize, day: NaiveDate) -> Vec<u8> {
    let lines: Vec<Value> = (0..3)
        .map(|line| {
            let sku = sku((number * 7 + line * 31) % PRODUCTS);
            let quantity = 100 * (1 + (number + line) % 9);
            let amount = format!("{}.{:02}", quantity / 2, 0);
            json!({"line": (line + 1).to_string(), "customer_part": sku, "description": format!("布标{sku}"),
                "quantity": quantity, "unit": "个", "unit_price": "0.50", "amount": amount})
        })
        .collect();
    let total: usize = (0..3).map(|line| 50 * (1 + (number + line) % 9)).sum();
    let wanted = day + Days::new(20);
    json!({"type": "order.placed", "language": "zh", "order": {"po_number": po(number),
        "order_date": day.to_string(), "customer": {"name": code(number % CUSTOMERS)}, "currency": "CNY",
        "requested_delivery": wanted.to_string(), "lines": lines, "total": format!("{total}.00")}})
    .to_string()
    .into_bytes()
}

fn code(number: usize) -> String {
    format!("K{number:04}")
}

fn domain(number: usize) -> String {
    format!("k{number:04}.example")
}

fn sku(number: usize) -> String {
    format!("LB-{number:04}")
}
