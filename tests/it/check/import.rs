//! Master data from CSV: what is taken, what is refused and how it is said.

use super::sample::{folder, tables};
use gendan::master::Tables;
use gendan::master::import::{Difference, difference, import};
use gendan::master::tables::NAMES;

const STOCK: &str = "sku,warehouse,on_hand,reserved\nA,W1,10,2\nB,W1,5,0\n";

fn errors(table: &str, text: &[u8]) -> Vec<String> {
    import(table, "x.csv", text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn every_sample_table_is_taken_whole() {
    for (table, rows) in
        [("customers", 30), ("products", 150), ("prices", 510), ("aliases", 49), ("boms", 182)]
    {
        let bytes = std::fs::read(folder().join("master").join(format!("{table}.csv"))).unwrap();
        assert_eq!(import(table, table, &bytes).unwrap().rows, rows, "{table}");
    }
    assert_eq!(tables().references(), []);
}

#[test]
fn utf8_with_a_mark_and_gbk_are_the_same_table() {
    let plain = import("words", "words.csv", "word,means\n拉炼,拉链\n".as_bytes()).unwrap();
    let (gbk, _, _) = encoding_rs::GBK.encode("word,means\n拉炼,拉链\n");
    assert_eq!(import("words", "words.csv", &gbk).unwrap().body, plain.body);
    assert_eq!(
        import("words", "words.csv", "\u{feff}word,means\r\n拉炼,拉链\r\n".as_bytes()).unwrap().body,
        plain.body
    );
    assert_eq!(
        errors("words", b"\xff\xfew\0o\0")[0],
        "x.csv:1: encoding: found `bytes that are neither`: save the file as CSV in UTF-8 or GBK"
    );
}

/// Table, file, error.
const BAD: &[(&str, &str, &str)] = &[
    (
        "stock",
        "sku,warehouse,on_hand,reserved\nA,W1,ten,2\n",
        "x.csv:2: on_hand: found `ten`: write a number that is not negative, as in 1250.50",
    ),
    (
        "stock",
        "sku,warehouse,on_hand,reserved\nA,W1,-1,2\n",
        "x.csv:2: on_hand: found `-1`: write a number that is not negative, as in 1250.50",
    ),
    (
        "stock",
        "sku,warehouse,on_hand,reserved\nA,W1,1,2,3\n",
        "x.csv:2: row: found `5 cells`: write 4 cells; quote a cell that has a comma in it",
    ),
    ("stock", "sku,warehouse,on_hand,reserved\n,W1,1,2\n", "x.csv:2: sku: found ``: fill it in"),
    (
        "stock",
        "sku,warehouse,on_hand,reserved\nA,W1,1,2\n\nA,W1,3,4\n",
        "x.csv:4: sku + warehouse: found `A / W1`: delete one of the two: line 2 has the same",
    ),
    (
        "stock",
        "sku,warehouse,on_hand\nA,W1,1\n",
        "x.csv:1: reserved: found ``: the column is missing: add it",
    ),
    (
        "stock",
        "sku,warehouse,on_hand,reserved,shelf\n",
        "x.csv:1: shelf: found `shelf`: unknown column: rename or delete it; there are sku, warehouse, on_hand, reserved",
    ),
    (
        "stock",
        "sku,sku,warehouse,on_hand,reserved\n",
        "x.csv:1: sku: found `sku`: the column stands there twice: delete one",
    ),
    (
        "prices",
        "customer_code,sku,price,min_qty,valid_from,valid_to\nC,A,0,1,2026-01-01,2026-12-31\n",
        "x.csv:2: price: found `0`: write a number greater than 0",
    ),
    (
        "prices",
        "customer_code,sku,price,min_qty,valid_from,valid_to\nC,A,1,1,2026/1/1,2026-12-31\n",
        "x.csv:2: valid_from: found `2026/1/1`: write the date as 2026-01-31",
    ),
    (
        "prices",
        "customer_code,sku,price,min_qty,valid_from,valid_to\nC,A,1,1,2026-02-01,2026-01-31\n",
        "x.csv:2: valid_to: found `2026-01-31`: write a day that is not before valid_from",
    ),
    (
        "departments",
        "code,name,name_zh,mail,manager_mail\nA,A,A,nobody,a@b.c\n",
        "x.csv:2: mail: found `nobody`: write a mail address, as in sales@firm.example",
    ),
    (
        "shelves",
        "",
        "x.csv:1: table: found `shelves`: name the file after its table: customers, products, prices, aliases, stock, balances, boms, carriers, departments, words, addresses, price_lists, list_prices, suppliers, certificates, promotions",
    ),
];

#[test]
fn each_bad_row_is_said_with_line_field_and_remedy() {
    for (table, text, expected) in BAD {
        assert_eq!(errors(table, text.as_bytes()), [*expected], "{text}");
    }
}

#[test]
fn a_customers_contacts_currency_and_domains_are_looked_at() {
    let header = "code,name,name_en,type,grade,mail_domains,contacts,phone,fax,address,currency,payment_terms,credit_limit,discount_floor,region\n";
    let row = "C1,甲,,factory,key,qq.com;jia.example,李 <li@jia.example>;王 wang@jia.example,,,,YUAN,prepaid,0,0.9,South\n";
    let said = errors("customers", format!("{header}{row}").as_bytes());
    let fields: Vec<&str> = said.iter().map(|error| error.split(": ").nth(1).unwrap()).collect();
    assert_eq!(fields, ["mail_domains", "contacts", "currency"]);
}

#[test]
fn a_dry_run_counts_what_would_change() {
    let old = import("stock", "stock.csv", STOCK.as_bytes()).unwrap().body;
    let new = "sku,warehouse,on_hand,reserved\nA,W1,11,2\nC,W1,5,0\nD,W1,5,0\n";
    let new = import("stock", "stock.csv", new.as_bytes()).unwrap().body;
    assert_eq!(difference("stock", Some(&old), &new), Difference { added: 2, changed: 1, removed: 1 });
    assert_eq!(difference("stock", None, &old), Difference { added: 2, changed: 0, removed: 0 });
    assert_eq!(difference("stock", Some(&old), &old), Difference::default());
}

#[test]
fn rows_that_refer_to_nothing_are_named_and_left_out() {
    let mut tables = tables();
    tables.products.retain(|product| product.sku != "HT-S8-A");
    let loose = tables.references();
    let named: Vec<(&str, &str)> = loose.iter().map(|loose| (loose.table, loose.found.as_str())).collect();
    assert_eq!(named, [("prices", "HT-S8-A"), ("aliases", "HT-S8-A"), ("stock", "HT-S8-A")]);
    let master = gendan::master::Master::from_tables(tables);
    assert!(master.product_by_alias("C1005", "PP-S8-A").is_none());
    assert!(master.product_by_alias("C1005", "pp-n8-bk").is_some());
}

#[test]
fn a_stored_table_that_is_damaged_is_said() {
    let mut tables = Tables::default();
    assert!(
        tables
            .put("stock", serde_json::json!({"rows": [{"sku": 1}]}))
            .unwrap_err()
            .to_string()
            .contains("import it again")
    );
    assert!(tables.put("shelves", serde_json::json!({})).is_err());
    assert_eq!(NAMES.len(), 16);
}

#[test]
fn carriers_prices_and_stock_are_found() {
    let master = super::sample::World::load().master;
    for (method, code) in [("德邦行物流 到付", Some("DBX")), ("走安途专线", Some("ATX")), ("顺丰", None)]
    {
        assert_eq!(master.carrier_in(method).map(|carrier| carrier.code.as_str()), code, "{method}");
    }
    let price = |quantity: i64, on: &str| {
        master.agreed_price("C1001", "HT-BR4-24L-BK", quantity.into(), on.parse().unwrap())
    };
    let decimal = |text: &str| Some(text.parse().unwrap());
    assert_eq!(price(4999, "2026-03-01"), None);
    assert_eq!(price(5000, "2026-03-01"), decimal("0.053"));
    assert_eq!(price(50000, "2026-12-31"), decimal("0.052"));
    assert_eq!(price(50000, "2025-12-31"), decimal("0.051"));
    assert_eq!(price(50000, "2027-01-01"), None);
    assert_eq!(master.free_stock("HT-N5C-A-560-020"), (7458 - 1786 + 2525 - 2).into());
    assert_eq!(master.free_stock("nothing"), 0.into());
}
