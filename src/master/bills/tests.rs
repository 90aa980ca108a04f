//! Cases of bills of material: what is taken, made and bought, and which bills are refused.

use super::{Bills, usable};
use crate::master::import::import;
use crate::master::tables::Tables;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

const PRODUCTS: &str = "\
sku,name,name_en,category,unit,spec,moq,pack_qty,lead_days,standard_price,currency,barcode
ZIP,拉链,,拉链,条,,1,1,7,1,CNY,
SUB,组件,,拉链,个,,1,1,3,1,CNY,
TAPE,码带,,码装,米,,1,1,5,1,CNY,
TRADED,外购品,,杂项,箱,,1,1,2,1,CNY,
UNKNOWN,杂品,,杂项,箱,,1,1,2,1,CNY,
";
const SUPPLIERS: &str =
    "code,name,mail,phone,lead_days,items\nB,乙,,,9,PIN\nA,甲,,,9,PIN;TRADED\nC,丙,,,20,PIN;TAPE\n";

fn tables(boms: &str) -> Tables {
    let mut tables = Tables::default();
    let boms = format!("sku,component,qty_per,unit,scrap\n{boms}");
    for (table, text) in [("products", PRODUCTS), ("suppliers", SUPPLIERS), ("boms", boms.as_str())] {
        tables.put(table, import(table, table, text.as_bytes()).unwrap().body).unwrap();
    }
    tables
}

fn bills(boms: &str, sku: &str) -> Bills {
    let tables = tables(boms);
    Bills::of(&[sku.to_owned()], (&tables.boms, &tables.products, &tables.suppliers))
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// `component quantity from_stock to_buy ahead`, and the days of the making.
fn made(boms: &str, (sku, quantity): (&str, &str), free: &[(&str, &str)]) -> (Vec<String>, u32) {
    let bills = bills(boms, sku);
    let mut free: BTreeMap<String, Decimal> =
        free.iter().map(|(sku, free)| ((*sku).to_owned(), decimal(free))).collect();
    let making = bills.make(sku, decimal(quantity), &mut free);
    let said = making.needs.iter().map(|it| {
        let unit = it.item.unit.as_deref().unwrap_or("-");
        let [quantity, from_stock, to_buy] =
            [it.quantity, it.from_stock, it.to_buy].map(|it| it.normalize().to_string());
        format!("{} {quantity} {unit} {from_stock} {to_buy} {}", it.component, it.ahead)
    });
    (said.collect(), making.days)
}

#[test]
fn a_bill_is_taken_apart_level_by_level_less_what_is_free() {
    let two = "ZIP,SUB,2,,\nZIP,PIN,3,,\nSUB,TAPE,0.15,,\nSUB,PIN,1,,\n";
    for (boms, free, expected, days) in [
        ("", &[][..], &[][..], 7),
        ("ZIP,PIN,3,,\n", &[], &["PIN 300 - 0 300 7"], 7),
        ("ZIP,PIN,3,,\n", &[("PIN", "120")], &["PIN 300 - 120 180 7"], 7),
        ("ZIP,PIN,3,,\n", &[("PIN", "300")], &["PIN 300 - 300 0 7"], 7),
        ("ZIP,PIN,3,,\n", &[("PIN", "-20")], &["PIN 300 - 0 300 7"], 7),
        // 0.21 m and 5 % of waste, and grams of what is counted in kilogrammes.
        (
            "ZIP,TAPE,21,厘米,5\nZIP,GLUE,2,g,\nSUB,GLUE,1,kg,\n",
            &[],
            &["GLUE 200 g 0 200 7", "TAPE 22.05 米 0 22.05 7"],
            7,
        ),
        // What is made of something is never bought; its own making comes before.
        (two, &[], &["PIN 500 - 0 500 10", "SUB 200 个 0 0 7", "TAPE 30 米 0 30 10"], 10),
        (two, &[("SUB", "150")], &["PIN 350 - 0 350 10", "SUB 200 个 150 0 7", "TAPE 7.5 米 0 7.5 10"], 10),
        (two, &[("SUB", "200"), ("PIN", "300")], &["PIN 300 - 300 0 7", "SUB 200 个 200 0 7"], 7),
        // A bill of a product's own spelling.
        ("zip,sub,1,,\nSUB,pin,1,,\n", &[], &["SUB 100 个 0 0 7", "pin 100 - 0 100 10"], 10),
    ] {
        let expected: Vec<String> = expected.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(made(boms, ("ZIP", "100"), free), (expected, days), "{boms} {free:?}");
    }
}

#[test]
fn a_product_without_a_bill_is_bought_where_a_supplier_delivers_it() {
    assert_eq!(made("", ("TRADED", "5"), &[]), (vec!["TRADED 5 箱 0 5 0".to_owned()], 2));
    assert_eq!(made("", ("UNKNOWN", "5"), &[]), (Vec::new(), 2));
    assert_eq!(made("", ("nothing", "5"), &[]), (Vec::new(), 0));
}

#[test]
fn lines_take_from_the_same_stock_in_turn() {
    let bills = bills("ZIP,PIN,3,,\n", "ZIP");
    let mut free = BTreeMap::from([("PIN".to_owned(), decimal("400"))]);
    let mut bought = |quantity| bills.make("ZIP", decimal(quantity), &mut free).needs[0].to_buy;
    assert_eq!(["100", "100", "100"].map(&mut bought), [0, 200, 300].map(Decimal::from));
}

#[test]
fn who_delivers_soonest_is_asked_and_of_two_the_first_by_his_code() {
    for (component, source, days) in [("PIN", Some("A"), 9), ("TAPE", Some("C"), 20), ("GLUE", None, 0)] {
        let bills = bills(&format!("ZIP,{component},1,,\n"), "ZIP");
        let item = bills.items.get(component).unwrap();
        assert_eq!(item.source.as_ref().map(|it| it.code.as_str()), source, "{component}");
        assert_eq!(item.days(), days, "{component}");
    }
    assert_eq!(bills("ZIP,SUB,1,,\n", "ZIP").items["SUB"].days(), 3, "made by ourselves");
}

/// A chain of so many levels, each made of two of the next.
fn chain(levels: usize) -> String {
    let level = |at: usize| if at == 0 { "ZIP".to_owned() } else { format!("L{at}") };
    (0..levels).map(|at| format!("{},L{},2,,\n", level(at), at + 1)).collect()
}

#[test]
fn a_bill_that_goes_round_or_too_deep_is_a_fault_and_ends() {
    for (boms, fault) in [
        ("ZIP,SUB,1,,\nSUB,TAPE,1,,\n".to_owned(), None),
        ("ZIP,ZIP,1,,\n".to_owned(), Some("ZIP → ZIP")),
        ("ZIP,SUB,1,,\nSUB,TAPE,1,,\nTAPE,SUB,1,,\n".to_owned(), Some("SUB → TAPE → SUB")),
        (chain(10), None),
        (chain(11), Some("ZIP → … (> 10)")),
        (chain(5000), Some("ZIP → … (> 10)")),
    ] {
        let bills = bills(&boms, "ZIP");
        assert_eq!(bills.fault("ZIP").map(ToString::to_string).as_deref(), fault);
        let making = bills.make("ZIP", Decimal::ONE, &mut BTreeMap::new());
        assert_eq!(making.needs.is_empty(), fault.is_some());
    }
    let (needs, _) = made(&chain(10), ("ZIP", "1"), &[]);
    assert!(needs.contains(&"L10 1024 - 0 1024 7".to_owned()), "{needs:?}");
}

/// Every level is made of both of the next: as many ways down as 2 to the power of the levels.
#[test]
fn a_component_that_is_used_everywhere_is_counted_once() {
    let mut boms = String::from("ZIP,A1,1,,\nZIP,B1,1,,\n");
    for at in 1..9 {
        for (from, to) in [("A", "A"), ("A", "B"), ("B", "A"), ("B", "B")] {
            boms.push_str(&format!("{from}{at},{to}{},1,,\n", at + 1));
        }
    }
    let (needs, _) = made(&boms, ("ZIP", "1"), &[("A1", "1")]);
    assert_eq!(needs.last().unwrap(), "B9 128 - 0 128 7");
    assert_eq!(needs.len(), 18);
}

#[test]
fn an_import_refuses_what_nobody_could_make() {
    for (boms, wrong) in [
        ("ZIP,SUB,1,,\nSUB,PIN,2,kg,\n", ""),
        ("ZIP,SUB,1,,\nSUB,ZIP,1,,\n", "boms: SUB is made of ZIP is made of SUB: take one of these rows out"),
        (&chain(11), "boms: ZIP has more than 10 levels of components: leave out what is no part of it"),
        ("ZIP,TAPE,1,kg,\n", "boms: ZIP takes TAPE in kg, and it is counted in 米: write the quantity in 米"),
        (
            "ZIP,PIN,1,kg,\nSUB,PIN,1,个,\n",
            "boms: SUB takes PIN in 个, and it is counted in kg: write the quantity in kg",
        ),
        ("ZIP,PIN,1,kg,\nSUB,PIN,1,g,\n", ""),
    ] {
        let text = format!("sku,component,qty_per,unit,scrap\n{boms}");
        let body = import("boms", "boms", text.as_bytes()).unwrap().body;
        let products = import("products", "products", PRODUCTS.as_bytes()).unwrap().body;
        assert_eq!(usable(&body, Some(&products)).err().unwrap_or_default(), wrong, "{boms}");
    }
}
