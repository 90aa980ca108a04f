//! Chance from a seed: what goes wrong, when, and how long things take.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often things go wrong, in thousandths of all calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    pub(super) crash: u32,
    pub(super) error: u32,
    pub(super) lost_answer: u32,
    pub(super) delay: u32,
    pub(super) duplicate: u32,
    pub(super) reorder: u32,
    /// Of the world's clock.
    pub(super) step: u32,
}

/// The world's dice. Everything random in a run comes from here, in an order that the seed fixes.
pub(super) struct Chaos {
    rng: Mutex<fastrand::Rng>,
    rates: Rates,
    on: AtomicBool,
    calls: AtomicU64,
}

/// Calls to the outside after which a run counts as one that never comes to rest; the busiest honest ones take a tenth.
const TOO_MANY: u64 = 300_000;

impl Chaos {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        // One seed in eight has no faults at all: what fails there is no matter of faults.
        let scale = [0, 1, 1, 2, 2, 3, 5, 8][rng.usize(0..8)];
        let mut rate = |most: u32| rng.u32(0..=most) * scale;
        let rates = Rates {
            crash: rate(3),
            error: rate(10),
            lost_answer: rate(8),
            delay: rate(40),
            duplicate: rate(15),
            reorder: rate(30),
            step: rate(60),
        };
        Self { rng: Mutex::new(rng), rates, on: AtomicBool::new(true), calls: AtomicU64::new(0) }
    }

    /// From here on nothing goes wrong any more.
    pub(super) fn heal(&self) {
        self.on.store(false, Ordering::SeqCst);
    }

    pub(super) fn below(&self, bound: u64) -> u64 {
        self.rng.lock().unwrap().u64(0..bound.max(1))
    }

    pub(super) fn often(&self, thousandths: u32) -> bool {
        self.below(1000) < u64::from(thousandths)
    }

    fn strikes(&self, thousandths: u32) -> bool {
        self.on.load(Ordering::SeqCst) && self.often(thousandths)
    }

    pub(super) fn error(&self) -> bool {
        self.strikes(self.rates.error)
    }

    pub(super) fn lost_answer(&self) -> bool {
        self.strikes(self.rates.lost_answer)
    }

    pub(super) fn duplicate(&self) -> bool {
        self.strikes(self.rates.duplicate)
    }

    pub(super) fn reorder(&self) -> bool {
        self.strikes(self.rates.reorder)
    }

    /// Whether somebody puts the clock forward or back.
    pub(super) fn steps(&self) -> bool {
        self.strikes(self.rates.step)
    }

    pub(super) async fn delay(&self) {
        if self.strikes(self.rates.delay) {
            let millis = 1 << self.below(17);
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
    }

    /// The run never comes to rest: somebody calls again and again.
    pub(super) fn restless(&self) -> bool {
        self.calls.load(Ordering::SeqCst) > TOO_MANY
    }

    /// Maybe the end of the process that makes this call: it never comes back from here.
    pub(super) async fn crash(&self, life: &CancellationToken) {
        if self.calls.fetch_add(1, Ordering::SeqCst) > TOO_MANY {
            std::future::pending::<()>().await;
        }
        if self.strikes(self.rates.crash) {
            life.cancel();
        }
        if life.is_cancelled() {
            std::future::pending::<()>().await;
        }
    }
}
