//! The program is brought up to date under load: tables first, then one process after the other.

use super::check::check;
use super::shop::{self, Shop};
use super::site::Site;
use crate::kill::letters;
use crate::servers::Process;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(300);
const WORKERS: usize = 2;
const ORDERS: usize = 120;
/// What a newer program does first: it adds, and notes that it did.
const NEWER: &str = "alter table outbox add column colour text not null default 'red';
    create table swatch (id uuid primary key, order_id uuid not null);
    insert into _sqlx_migrations (version, description, success, checksum, execution_time)
    values (9999, 'swatches', true, '\\x00', 0)";

#[test]
fn processes_restart_one_by_one_around_a_migration_and_nobody_notices() {
    let site = Site::start();
    let shop = Shop::open(site.rabbit.url());
    let today = letters::today().date_naive();
    let orders = (0..ORDERS).map(|n| (format!("shop-{n}"), shop::order(&format!("WEB-{n}"), today)));
    let mut orders: Vec<_> = orders.collect();
    let mut next = || orders.split_off(orders.len().saturating_sub(ORDERS / (2 * WORKERS + 1)));
    let name = |n: usize, version: &str| format!("worker-{n}-{version}");
    let mut workers: Vec<Process> = (0..WORKERS).map(|n| site.work(&name(n, "old"))).collect();

    shop.place(next());
    site.postgres.execute(NEWER);
    for n in 0..WORKERS {
        shop.place(next());
        // In the midst of it: what it has in hand is finished first.
        workers.remove(n).terminate(Duration::from_secs(30));
        shop.place(next());
        workers.insert(n, site.work(&name(n, "new")));
    }
    assert!(next().is_empty(), "all were placed");
    site.until_done(ORDERS, LIMIT);
    for worker in workers {
        worker.terminate(Duration::from_secs(30));
    }
    let seen = check(&site, &shop, ORDERS);
    assert!(seen.contains("(0 more than once by the same id)") && seen.ends_with(" 0 unsure"), "{seen}");
    for (n, version) in (0..WORKERS).flat_map(|n| [(n, "old"), (n, "new")]) {
        let log = site.log(&name(n, version));
        assert!(!log.contains("grace time is over"), "{log}");
    }
}
