//! `gendan bench`: what an order costs, measured.

use super::context::Context;
use super::{End, Stop};
use crate::bench::idle;
use crate::bench::pipeline::{self, Figures};
use crate::bench::read::{self as reading, Document, Figures as Kind, Measured};
use crate::bench::servers::{self, Compared, Place, Plan};
use crate::bench::{BenchError, servers::Figures as OnServers};
use crate::decode::Engines;
use crate::runtime::books::Books;
use crate::runtime::trial::TrialError;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// The whole way, in a new folder below --dir that is removed afterwards: mails in and files out on the embedded
    /// default; with servers, orders in and messages out by RabbitMQ 全流程
    Pipeline {
        /// How many orders 订单数
        #[arg(long, default_value_t = 2000)]
        orders: usize,
        #[command(flatten)]
        servers: Servers,
        /// Worker processes; with servers 进程数
        #[arg(long, default_value_t = 1)]
        processes: usize,
        /// Orders a second, one after the other, instead of all at once; with servers 每秒订单数
        #[arg(long)]
        rate: Option<u32>,
    },
    /// The pipeline beside the bare loop that moves the same messages and writes the same rows; needs servers 对比下限
    Floor {
        /// How many orders 订单数
        #[arg(long, default_value_t = 5000)]
        orders: usize,
        #[command(flatten)]
        servers: Servers,
        /// How often each runs, in turn 轮数
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
    /// What waiting costs: processor time with nothing to do, with timers set for later days and without 空闲
    Idle {
        /// How many timers 定时器数
        #[arg(long, default_value_t = 10_000)]
        timers: u32,
        /// How often each runs, in turn 轮数
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// How long each runs 秒数
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// Reads documents without keeping anything, by kind of document 识读
    Read {
        /// Mails, order files, faxes; a folder stands for its files 文件
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// How often each is read 轮数
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
    /// The bare loop itself, as the bench starts it.
    #[command(hide = true)]
    FloorLoop {
        #[arg(long)]
        prefix: String,
        #[arg(long)]
        template: PathBuf,
        #[command(flatten)]
        servers: Servers,
    },
}

/// Where the servers are; a database and queues of the bench's own are made there, and removed.
#[derive(Debug, clap::Args)]
pub(super) struct Servers {
    /// postgres://… of a database beside which others may be made 数据库
    #[arg(long, env = "GENDAN_BENCH_POSTGRES", hide_env_values = true)]
    postgres: Option<String>,
    /// amqp://… 消息队列
    #[arg(long, env = "GENDAN_BENCH_RABBITMQ", hide_env_values = true)]
    rabbitmq: Option<String>,
}

impl Servers {
    fn both(self) -> Option<(String, String)> {
        self.postgres.zip(self.rabbitmq)
    }

    fn needed(self) -> Result<(String, String), Stop> {
        let why = "name both servers: --postgres postgres://… --rabbitmq amqp://…";
        self.both().ok_or_else(|| Stop::Failed(anyhow::anyhow!(why)))
    }
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let dir = context.dir.join(format!("bench-{}", std::process::id()));
    let plan = |(postgres, rabbitmq), orders, processes, rate| Plan {
        postgres,
        rabbitmq,
        orders,
        processes,
        rate,
        dir: dir.clone(),
    };
    match command {
        Command::FloorLoop { prefix, template, servers } => {
            let (postgres, rabbitmq) = servers.needed()?;
            let (postgres, rabbitmq, prefix) = (postgres.as_str(), rabbitmq.as_str(), prefix.as_str());
            let place = Place { postgres, rabbitmq, prefix, template: &template };
            let ready = || {
                let _ = context.out.line("working");
            };
            servers::floor_loop(&place, ready).await.map_err(stop)?;
        }
        Command::Pipeline { orders, servers, processes, rate } => match servers.both() {
            Some(both) => {
                let plan = plan(both, orders, processes, rate);
                let figures = in_folder(&dir, Box::pin(servers::pipeline(&plan))).await?.map_err(stop)?;
                context.out.rows(&figures, &["", ""], on_servers(&figures))?;
            }
            None => {
                let figures = in_folder(&dir, Box::pin(pipeline::run(&dir, orders))).await?;
                let figures = figures.map_err(BenchError::from).map_err(stop)?;
                context.out.rows(&figures, &["", ""], embedded(&figures))?;
            }
        },
        Command::Idle { timers, rounds, seconds } => {
            let time = std::time::Duration::from_secs(seconds);
            let measured = Box::pin(idle::run(&dir, timers.into(), rounds, time));
            let figures = in_folder(&dir, measured).await?.map_err(BenchError::from).map_err(stop)?;
            context.out.rows(&figures, &["CPU ms a second", ""], waiting(&figures))?;
        }
        Command::Read { files, rounds } => {
            let measured = read(&files, rounds, context)?;
            let rows = measured.kinds.iter().map(kind).collect();
            let head =
                ["", "documents", "documents/s", "MB/s", "recognised pages/s", "p50 ms", "p99 ms", "CPU ms"];
            if context.out.json {
                context.out.json(&measured)?;
            } else {
                context.out.rows(&measured.kinds, &head, rows)?;
                let (own, child) = (measured.peak_mb, measured.child_peak_mb);
                context.out.line(format!("peak memory {own:.0} MB, of the largest decoder {child:.0} MB"))?;
            }
        }
        Command::Floor { orders, servers, rounds } => {
            let plan = plan(servers.needed()?, orders, 1, None);
            let compared = in_folder(&dir, Box::pin(servers::compare(&plan, rounds))).await?.map_err(stop)?;
            context.out.rows(&compared, &["", "pipeline", "floor"], beside(&compared))?;
        }
    }
    Ok(End::Done)
}

async fn in_folder<T>(dir: &Path, measured: impl Future<Output = T>) -> Result<T, Stop> {
    std::fs::create_dir_all(dir)?;
    let measured = measured.await;
    std::fs::remove_dir_all(dir)?;
    Ok(measured)
}

fn read(files: &[PathBuf], rounds: usize, context: &mut Context) -> Result<Measured, Stop> {
    let settings = context.settings()?;
    let books = Books::open(&settings, Engines::own(&settings.recognition)).map_err(Stop::Config)?;
    let mut documents = Vec::new();
    for file in super::read::files(files)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let channel = super::read::channel(&file);
        documents.push(Document { name, bytes: std::fs::read(&file)?, channel });
    }
    Ok(reading::run(&documents, books.reader, rounds))
}

fn kind(figures: &Kind) -> Vec<String> {
    vec![
        figures.kind.clone(),
        figures.documents.to_string(),
        format!("{:.1}", figures.documents_per_second),
        format!("{:.1}", figures.mb_per_second),
        format!("{:.2}", figures.pages_per_second),
        format!("{:.1}", figures.p50_ms),
        format!("{:.1}", figures.p99_ms),
        format!("{:.1}", figures.cpu_ms),
    ]
}

fn row(what: &str, value: String) -> Vec<String> {
    vec![what.to_owned(), value]
}

fn embedded(figures: &Figures) -> Vec<Vec<String>> {
    vec![
        row("orders", figures.orders.to_string()),
        row("passed untouched", figures.released.to_string()),
        row("orders/s", format!("{:.0}", figures.orders_per_second)),
        row("document → last message, idle: p50", format!("{:.1} ms", figures.idle_p50_ms)),
        row("document → last message, idle: p99", format!("{:.1} ms", figures.idle_p99_ms)),
        row("peak memory", format!("{:.0} MB", figures.peak_mb)),
        row("messages per order", format!("{:.1}", figures.messages)),
        row("rows per order", format!("{:.1}", figures.rows)),
        row("bytes per order", format!("{:.0}", figures.bytes)),
        row("fsyncs per order", format!("{:.1}", figures.fsyncs)),
        row("CPU per order", format!("{:.2} ms", figures.cpu_ms)),
    ]
}

/// Each round of both, and what lies in the middle.
fn waiting(figures: &idle::Figures) -> Vec<Vec<String>> {
    let of = |what: String, all: &[f64]| {
        let mut sorted = all.to_vec();
        sorted.sort_by(f64::total_cmp);
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
        let each: Vec<String> = all.iter().map(|it| format!("{it:.1}")).collect();
        row(&what, format!("{median:.1} ({})", each.join(" ")))
    };
    vec![
        of(format!("with {} timers", figures.timers), &figures.with),
        of("without".to_owned(), &figures.without),
    ]
}

fn on_servers(figures: &OnServers) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> =
        NAMES.iter().zip(values(figures)).map(|(what, value)| row(what, value)).collect();
    if let (Some(p50), Some(p99)) = (figures.told_p50_ms, figures.told_p99_ms) {
        rows.push(row("order sent → department told: p50", format!("{p50:.0} ms")));
        rows.push(row("order sent → department told: p99", format!("{p99:.0} ms")));
    }
    let resident: Vec<String> = figures.resident_mb.iter().map(|it| format!("{it:.0}")).collect();
    rows.push(row("resident, at each tenth, MB", resident.join(" ")));
    rows
}

const NAMES: [&str; 11] = [
    "orders",
    "orders/s",
    "messages out per order",
    "received more than once",
    "rows per order",
    "bytes in the database per order",
    "CPU per order: worker",
    "CPU per order: PostgreSQL",
    "CPU per order: RabbitMQ",
    "peak memory of a worker",
    "start",
];

fn values(figures: &OnServers) -> [String; 11] {
    let ms = |value: f64| format!("{value:.2} ms");
    [
        figures.orders.to_string(),
        format!("{:.0}", figures.orders_per_second),
        format!("{:.1}", figures.messages_out),
        figures.doubles.to_string(),
        format!("{:.1}", figures.rows),
        format!("{:.0}", figures.bytes),
        ms(figures.worker_cpu_ms),
        ms(figures.postgres_cpu_ms),
        ms(figures.rabbitmq_cpu_ms),
        format!("{:.0} MB", figures.peak_mb),
        format!("{:.0} ms", figures.start_ms),
    ]
}

/// The last round of each side, and the orders/s of every round.
fn beside(compared: &Compared) -> Vec<Vec<String>> {
    let each = |all: &[OnServers]| {
        let all: Vec<String> = all.iter().map(|it| format!("{:.0}", it.orders_per_second)).collect();
        all.join(" ")
    };
    let (Some(pipeline), Some(floor)) = (compared.pipeline.last(), compared.floor.last()) else {
        return Vec::new();
    };
    let mut rows = vec![
        vec!["orders/s, each round".to_owned(), each(&compared.pipeline), each(&compared.floor)],
        vec![
            "median, pipeline to floor".to_owned(),
            format!("{:.0} %", compared.ratio * 100.0),
            "100 %".to_owned(),
        ],
    ];
    let both = values(pipeline).into_iter().zip(values(floor));
    rows.extend(NAMES.iter().zip(both).map(|(what, (left, right))| vec![(*what).to_owned(), left, right]));
    rows
}

fn stop(error: BenchError) -> Stop {
    match error {
        BenchError::Trial(TrialError::Open(error)) => super::context::stop(error),
        BenchError::Trial(TrialError::Store(error)) => error.into(),
        BenchError::Trial(TrialError::Config(_) | TrialError::Import(_) | TrialError::Io(_))
        | BenchError::Broker(_)
        | BenchError::Database(_)
        | BenchError::Stalled(_) => Stop::Failed(error.into()),
    }
}
