//! How long an order takes with the master data of a big firm; run by hand: `cargo test --release -- --ignored speed`.

use super::sample::{Sample, World, ids, tables};
use gendan::check::{Around, Case, check_all, resolve, sure};
use gendan::master::{Master, Tables, tables};
use std::time::Instant;

/// 5,000 customers, 100,000 products, 500,000 prices, made of the sample tables.
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
    for n in 0..500_000 {
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
