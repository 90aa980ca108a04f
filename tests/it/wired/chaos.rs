//! Everything is killed while orders run: workers, broker, database, mailbox and mail server. Nothing is missing, nothing is
//! told twice but by the same id, no mail goes twice.
//!
//! `GENDAN_CHAOS_ORDERS=2000 GENDAN_CHAOS_KILLS=50 GENDAN_CHAOS_FALLS=3` is the long run that the README tells of.

use super::check::check;
use super::shop::{self, Shop};
use super::site::Site;
use crate::kill::letters::{self, Letters};
use crate::servers::Process;
use fastrand::Rng;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(900);
const WORKERS: usize = 2;

#[expect(clippy::disallowed_methods, reason = "how long a run is wanted")]
fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What falls.
#[derive(Debug, Clone, Copy)]
enum Fall {
    Worker(usize),
    Rabbit,
    Postgres,
    Dovecot,
    Mail,
}

#[test]
fn whatever_falls_nothing_is_lost_and_nothing_is_done_twice() {
    let began = Instant::now();
    let mut rng = Rng::with_seed(26);
    let orders = setting("GENDAN_CHAOS_ORDERS", 120);
    let (kills, falls) = (setting("GENDAN_CHAOS_KILLS", 12), setting("GENDAN_CHAOS_FALLS", 1));
    let mut site = Site::start();
    let shop = Shop::open(site.rabbit.url());
    let today = letters::today().date_naive();
    // A fifth comes by mail.
    let letters = Letters::make(&mut rng, orders / 5);
    let placed = orders - orders / 5;
    let by_shop = (0..placed).map(|n| (format!("shop-{n}"), shop::order(&format!("WEB-{n}"), today)));
    let mut by_shop: Vec<_> = by_shop.collect();
    let mut by_mail = letters.all.iter();
    let mut workers: Vec<Process> = (0..WORKERS).map(|n| site.work(&format!("worker-{n}"))).collect();

    let plan = plan(kills, falls, &mut rng);
    let steps = plan.len();
    for (step, fall) in plan.into_iter().enumerate() {
        shop.place(by_shop.split_off(by_shop.len() * (steps - step - 1) / (steps - step)));
        let mails = letters.all.len() * (step + 1) / steps - letters.all.len() * step / steps;
        by_mail.by_ref().take(mails).for_each(|letter| site.dovecot.deliver("orders", &letter.bytes));
        std::thread::sleep(Duration::from_millis(rng.u64(200..=1_500)));
        let pause = Duration::from_millis(rng.u64(0..=2_000));
        match fall {
            Fall::Worker(n) => {
                workers.remove(n).kill();
                workers.insert(n, site.work(&format!("worker-{n}")));
            }
            Fall::Rabbit | Fall::Postgres | Fall::Dovecot | Fall::Mail => site_falls(&mut site, fall, pause),
        }
    }
    let storm = began.elapsed();
    site.until_done(placed + letters.orders, LIMIT);
    for worker in workers {
        worker.terminate(Duration::from_secs(30));
    }
    let seen = check(&site, &shop, placed + letters.orders);
    println!(
        "{orders} orders, {kills} workers killed, {falls} falls of each server in {storm:?}, all in {:?}: {seen}",
        began.elapsed()
    );
}

/// In no order.
fn plan(kills: usize, falls: usize, rng: &mut Rng) -> Vec<Fall> {
    let mut plan: Vec<Fall> = (0..kills).map(|n| Fall::Worker(n % WORKERS)).collect();
    for fall in [Fall::Rabbit, Fall::Postgres, Fall::Dovecot, Fall::Mail] {
        plan.extend(std::iter::repeat_n(fall, falls));
    }
    rng.shuffle(&mut plan);
    plan
}

/// Something that is done to the servers.
type Do = fn(&mut Site);

/// SIGKILL, a while without it, and its return on what it had.
fn site_falls(site: &mut Site, fall: Fall, pause: Duration) {
    let (down, up): (Do, Do) = match fall {
        Fall::Worker(_) => return,
        Fall::Rabbit => (|it| it.rabbit.kill(), |it| it.rabbit.restart()),
        Fall::Postgres => (|it| it.postgres.kill(), |it| it.postgres.restart()),
        Fall::Dovecot => (|it| it.dovecot.kill(), |it| it.dovecot.restart()),
        Fall::Mail => (|it| it.mail.kill(), |it| it.mail.restart()),
    };
    down(site);
    std::thread::sleep(pause);
    up(site);
}
