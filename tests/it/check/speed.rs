//! How long an order takes with the master data of a big firm; run by hand: `cargo test --release -- --ignored speed`.

use super::sample::{Sample, World, ids, tables};
use gendan::check::{Around, Case, check_all, resolve, sure};
use gendan::master::{Master, Tables, import, tables};
use std::time::Instant;

/// 5,000 customers, 100,000 products, 1,000,000 prices and aliases, made of the sample tables.
fn big() -> Tables {
    let sample = tables();
    let mut big = sample.clone();
    for n in big.customers.len()..5_000 {
        let mut customer = sample.customers[n % sample.customers.len()].clone();
        customer.code = format!("K{n}");
        customer.name = format!("{}第{n}分厂", customer.name);
        customer.mail_domains = vec![format!("k{n}.example")];
        customer.contacts.clear();
        big.customers.push(customer);
    }
    for n in big.products.len()..100_000 {
        let mut product = sample.products[n % sample.products.len()].clone();
        product.sku = format!("{}-{n}", product.sku);
        product.name = product.name.replace("18cm", &format!("{}cm", 100 + n % 300));
        product.name = format!("{} 款{}", product.name, n / 300);
        big.products.push(product);
    }
    for n in 0..1_000_000 {
        big.aliases.push(tables::Alias {
            customer_code: big.customers[n % 5_000].code.clone(),
            customer_part_no_or_name: format!("PART-{n}"),
            sku: big.products[n % 99_991].sku.clone(),
        });
        big.prices.push(tables::Price {
            customer_code: big.customers[n % 5_000].code.clone(),
            sku: big.products[n % 99_991].sku.clone(),
            ..sample.prices[n % sample.prices.len()].clone()
        });
    }
    big
}

#[test]
#[ignore = "takes long and measures, run by hand"]
fn a_million_prices_are_imported_compared_and_loaded() {
    let mut text = String::from("customer_code,sku,price,min_qty,valid_from,valid_to\n");
    for n in 0..1_000_000 {
        let (customer, product) = (n % 5_000, n / 5_000);
        text.push_str(&format!("K{customer},P{product},0.{:03},1000,2026-01-01,2026-12-31\n", 100 + n % 900));
    }
    let start = Instant::now();
    let read = import::import("prices", "prices.csv", text.as_bytes()).unwrap();
    println!("read in {:?}", start.elapsed());
    let start = Instant::now();
    let stored = gendan::store::Json::of(&read.body);
    println!("written as {} MB in {:?}", stored.text().len() >> 20, start.elapsed());
    let start = Instant::now();
    let old = stored.read::<serde_json::Value>().unwrap();
    let found = import::difference("prices", Some(&old), &read.body);
    println!("compared in {:?}", start.elapsed());
    assert_eq!(found.total(), 0);
    let start = Instant::now();
    let mut tables = Tables::default();
    tables.put("prices", stored.text()).unwrap();
    println!("loaded in {:?}", start.elapsed());
    assert_eq!(tables.prices.len(), 1_000_000);
}

#[test]
#[ignore = "takes long and measures, run by hand"]
fn an_order_of_many_lines_is_quick() {
    let mut world = World::load();
    for scale in ["sample", "big"] {
        if scale == "big" {
            let tables = big();
            let start = Instant::now();
            world.master = Master::from_tables(tables);
            println!("indexed in {:?}", start.elapsed());
        }
        for name in ["m11", "f05", "m05", "m13"] {
            let sample = Sample::load(name);
            let around = Around { envelope: &sample.envelope, channel: sample.channel, on: sample.on };
            let facts = world.facts();
            let (mut resolving, mut checking) = (std::time::Duration::ZERO, std::time::Duration::ZERO);
            let rounds = 50;
            for _ in 0..rounds {
                let start = Instant::now();
                let draft = &sample.drafts[0];
                let resolved = resolve(draft, &around, &ids(), &world.master);
                resolving += start.elapsed();
                let start = Instant::now();
                let content = &resolved.content;
                let case = Case { content, draft, around: &around, resolved: &resolved, facts: &facts };
                let problems = check_all(&case);
                assert!(sure(&case, &problems).doubts.len() < 100);
                checking += start.elapsed();
            }
            let lines = sample.drafts[0].order.as_ref().unwrap().lines.len();
            println!(
                "{scale} {name}, {lines} lines: resolve {:?}, check {:?}",
                resolving / rounds,
                checking / rounds
            );
        }
    }
}
