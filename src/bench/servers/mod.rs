//! The whole way on RabbitMQ and PostgreSQL, measured beside its floor: the bare loop that moves the same messages and writes the
//! same rows and bytes in the same batches, with no logic.
//!
//! ```text
//!   shop ── gendan.in.orders ──▶ gendan run × n │ floor loop ── gendan.out ──▶ receivers
//! ```
//!
//! Every run has a database and queues of its own. Shop and receivers are this process; what works is another one, so that
//! its processor time is its own.

mod floor;
mod shop;
mod site;
mod template;

use crate::bench::BenchError;
use crate::bench::process::{self, Usage};
use serde::Serialize;
use shop::{Received, Shop};
use site::{Site, Worker};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use template::Template;

pub use floor::{Place, work as floor_loop};

/// Without a message for so long a run is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Orders before the ones that count, so that caches are filled and plans made.
const WARM: usize = 200;

/// What is measured, and where.
#[derive(Debug, Clone)]
pub struct Plan {
    /// `postgres://…` of a database in which others may be made.
    pub postgres: String,
    pub rabbitmq: String,
    pub orders: usize,
    /// Worker processes.
    pub processes: usize,
    /// Orders a second, one after the other; none = all that there are at once.
    pub rate: Option<u32>,
    pub dir: PathBuf,
}

/// What one run cost; per order where it does not say otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    pub orders: usize,
    pub seconds: f64,
    pub orders_per_second: f64,
    /// Messages that reached a receiver more than once.
    pub doubles: usize,
    pub messages_out: f64,
    pub rows: f64,
    pub bytes: f64,
    /// Processor time in milliseconds.
    pub worker_cpu_ms: f64,
    pub postgres_cpu_ms: f64,
    pub rabbitmq_cpu_ms: f64,
    /// Peak resident memory of the worker that took most, MB; and what it held at each tenth of the run.
    pub peak_mb: f64,
    pub resident_mb: Vec<f64>,
    /// Order sent → sales department told, milliseconds; only with a rate.
    pub told_p50_ms: Option<f64>,
    pub told_p99_ms: Option<f64>,
    /// Program begun → ready to work, milliseconds.
    pub start_ms: f64,
}

/// The pipeline and its floor, in turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    pub pipeline: Vec<Figures>,
    pub floor: Vec<Figures>,
    /// Median of the pipeline's orders/s over that of the floor.
    pub ratio: f64,
}

/// Runs the pipeline once.
pub async fn pipeline(plan: &Plan) -> Result<Figures, BenchError> {
    let site = Site::open(plan).await?;
    let measured = measure(plan, &site, Work::Pipeline).await;
    site.close().await?;
    measured
}

/// Runs the pipeline and its floor in turn, `rounds` times.
pub async fn compare(plan: &Plan, rounds: usize) -> Result<Compared, BenchError> {
    let mut compared = Compared { pipeline: Vec::new(), floor: Vec::new(), ratio: 0.0 };
    for _ in 0..rounds.max(1) {
        compared.pipeline.push(Box::pin(pipeline(plan)).await?);
        let site = Site::open(plan).await?;
        let measured = floor(plan, &site).await;
        site.close().await?;
        compared.floor.push(measured?);
    }
    compared.ratio = median(&compared.pipeline) / median(&compared.floor);
    Ok(compared)
}

fn median(figures: &[Figures]) -> f64 {
    let mut all: Vec<f64> = figures.iter().map(|it| it.orders_per_second).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The rows and messages of one order are taken from the pipeline itself, which works on one first.
async fn floor(plan: &Plan, site: &Site) -> Result<Figures, BenchError> {
    let shop = Shop::open(site).await?;
    let worker = site.worker(1).await?;
    let mut receiver = shop.receive(site).await?;
    shop.place(0..1, site.day().await?).await?;
    let mut out = Vec::new();
    while out.len() < site::OUT.len() {
        out.push(receiver.next(PATIENCE).await?);
    }
    site.quiet().await?;
    worker.stop().await?;
    let file = plan.dir.join("template.json");
    Template::of(site, &out).await?.write(&file)?;
    drop(receiver);
    shop.close().await?;
    measure(plan, site, Work::Floor(&file)).await
}

/// What works.
#[derive(Debug, Clone, Copy)]
enum Work<'a> {
    Pipeline,
    Floor(&'a Path),
}

async fn start(plan: &Plan, site: &Site, work: Work<'_>) -> Result<Vec<Worker>, BenchError> {
    let mut workers = Vec::new();
    for number in 1..=plan.processes.max(1) {
        workers.push(match work {
            Work::Pipeline => site.worker(number).await?,
            Work::Floor(template) => site.floor(template).await?,
        });
    }
    Ok(workers)
}

async fn measure(plan: &Plan, site: &Site, work: Work<'_>) -> Result<Figures, BenchError> {
    let shop = Shop::open(site).await?;
    let mut receiver = shop.receive(site).await?;
    let mut seen = HashMap::new();
    let mut workers = start(plan, site, work).await?;
    // The order of the template, if any, has number 0.
    let day = site.day().await?;
    let (warm, first) = (1..1 + WARM, 1 + WARM);
    let orders = first..first + plan.orders;
    shop.place(warm, day).await?;
    collect(&mut receiver, WARM * site::OUT.len(), &mut seen, || {}).await?;
    if plan.rate.is_none() {
        // All orders wait when the work begins.
        stop(workers).await?;
        shop.place(orders.clone(), day).await?;
        workers = Vec::new();
    }
    let (rows, bytes) = (site.rows().await?, site.bytes().await?);
    if plan.rate.is_none() {
        workers = start(plan, site, work).await?;
    }
    let before = Usage::now(&pids(&workers));
    let started = Instant::now();
    let wanted = plan.orders * site::OUT.len();
    let mut memory = Memory::new(pids(&workers), wanted / 10);
    let feed = async {
        match plan.rate {
            Some(rate) => shop.pace(orders, day, rate).await,
            None => Ok(HashMap::new()),
        }
    };
    let (sent, collected) = tokio::join!(feed, collect(&mut receiver, wanted, &mut seen, || memory.look()));
    collected?;
    let seconds = started.elapsed().as_secs_f64();
    let used = Usage::now(&pids(&workers)).since(&before);
    let most = |each: Vec<f64>| each.into_iter().fold(0.0, f64::max);
    let peak_mb = most(pids(&workers).iter().map(|pid| process::peak_mb_of(*pid)).collect());
    let start_ms = most(workers.iter().map(|it| it.started.as_secs_f64() * 1000.0).collect());
    stop(workers).await?;
    let told = told(&seen, &sent?);
    let at = |share: f64| told.get(((told.len() as f64 - 1.0) * share) as usize).copied();
    let per = |total: f64| total / plan.orders as f64;
    Ok(Figures {
        orders: plan.orders,
        seconds,
        orders_per_second: plan.orders as f64 / seconds,
        doubles: seen.values().filter(|it| it.times > 1).count(),
        messages_out: per(wanted as f64),
        rows: per(site.rows().await?.saturating_sub(rows) as f64),
        bytes: per(site.bytes().await?.saturating_sub(bytes) as f64),
        worker_cpu_ms: per(used.workers),
        postgres_cpu_ms: per(used.postgres),
        rabbitmq_cpu_ms: per(used.rabbitmq),
        peak_mb,
        resident_mb: memory.seen,
        told_p50_ms: at(0.5),
        told_p99_ms: at(0.99),
        start_ms,
    })
}

async fn stop(workers: Vec<Worker>) -> Result<(), BenchError> {
    for worker in workers {
        worker.stop().await?;
    }
    Ok(())
}

/// What the workers held at each tenth of a run, in MB: the one that held most.
struct Memory {
    workers: Vec<u32>,
    tenth: usize,
    messages: usize,
    seen: Vec<f64>,
}

impl Memory {
    fn new(workers: Vec<u32>, tenth: usize) -> Self {
        Self { workers, tenth: tenth.max(1), messages: 0, seen: Vec::new() }
    }

    fn look(&mut self) {
        self.messages += 1;
        if self.messages.is_multiple_of(self.tenth) {
            let held = self.workers.iter().map(|pid| process::resident_mb(*pid));
            self.seen.push(held.fold(0.0, f64::max));
        }
    }
}

fn pids(workers: &[Worker]) -> Vec<u32> {
    workers.iter().filter_map(Worker::pid).collect()
}

/// What came of one message.
#[derive(Debug, Clone)]
struct Seen {
    times: usize,
    first: Received,
}

/// Takes messages until so many different ones are there.
async fn collect(
    receiver: &mut shop::Receiver,
    wanted: usize,
    seen: &mut HashMap<String, Seen>,
    mut look: impl FnMut(),
) -> Result<(), BenchError> {
    let before = seen.len();
    while seen.len() - before < wanted {
        let received = receiver.next(PATIENCE).await?;
        look();
        let id = received.message_id.clone();
        seen.entry(id).and_modify(|it| it.times += 1).or_insert(Seen { times: 1, first: received });
    }
    Ok(())
}

/// Milliseconds from an order's sending to the sales department's notification, sorted.
fn told(seen: &HashMap<String, Seen>, sent: &HashMap<String, Instant>) -> Vec<f64> {
    let mut orders = HashMap::new();
    for it in seen.values().map(|it| &it.first).filter(|it| it.key == "order.confirmed") {
        if let (Some(id), Some(po)) = (it.body["order_id"].as_str(), it.body["po_number"].as_str()) {
            orders.insert(id, po);
        }
    }
    let wait = |it: &Received| {
        let po = orders.get(it.body["order_id"].as_str()?)?;
        Some(it.at.duration_since(*sent.get(*po)?).as_secs_f64() * 1000.0)
    };
    let notices = seen.values().map(|it| &it.first).filter(|it| it.key == "notification.sales");
    let mut waits: Vec<f64> = notices.filter_map(wait).collect();
    waits.sort_by(f64::total_cmp);
    waits
}
