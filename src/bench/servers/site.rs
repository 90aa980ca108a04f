//! Where one run happens: a database and queues of its own, master data, and the processes that work there.

use super::Plan;
use crate::bench::{BenchError, orders};
use crate::broker::Broker as _;
use crate::broker::rabbitmq::Rabbit;
use crate::config::Config;
use crate::order::message::Step;
use crate::runtime::house::{House, OpenError};
use crate::runtime::import;
use crate::store::postgres::Scratch;
use chrono::NaiveDate;
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::{Connection, ConnectionProperties};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// What a released order tells others here.
pub(super) const OUT: [&str; 5] =
    ["order.confirmed", "notification.sales", "notification.warehouse", "warehouse.pick", "order.status"];
/// How long a worker may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Site {
    scratch: Scratch,
    pub(super) rabbitmq: String,
    pub(super) prefix: String,
    dir: PathBuf,
    house: House,
}

/// A process at work.
pub(super) struct Worker {
    child: Child,
    /// From its beginning until it was ready.
    pub(super) started: Duration,
}

impl Site {
    pub(super) async fn open(plan: &Plan) -> Result<Self, BenchError> {
        let scratch = Scratch::create(&plan.postgres).await?;
        let prefix = format!("gendan-bench-{}", scratch.name());
        let dir = plan.dir.join(scratch.name());
        std::fs::create_dir_all(&dir)?;
        let settings = settings(scratch.url(), &plan.rabbitmq, &prefix);
        let file = dir.join("gendan.toml");
        std::fs::write(&file, settings)?;
        let house = Box::pin(House::open(&dir, Config::load(Some(&file), [])?)).await?;
        import::import(house.store.as_ref(), orders::master(), false).await?;
        // Declares the queues before anybody places an order.
        Rabbit::start(house.config.rabbitmq.clone()).await.map_err(OpenError::from)?.close().await;
        Ok(Self { scratch, rabbitmq: plan.rabbitmq.clone(), prefix, dir, house })
    }

    /// The day of the orders.
    pub(super) async fn day(&self) -> Result<NaiveDate, BenchError> {
        Ok(self.house.today(self.house.store.now().await?))
    }

    pub(super) fn url(&self) -> &str {
        self.scratch.url()
    }

    pub(super) async fn rows(&self) -> Result<u64, BenchError> {
        Ok(self.house.rows().await?)
    }

    /// Bytes of the database's tables and indexes.
    pub(super) async fn bytes(&self) -> Result<u64, BenchError> {
        Ok(self.scratch.bytes().await?)
    }

    /// Until nothing is left to do.
    pub(super) async fn quiet(&self) -> Result<(), BenchError> {
        while !self.house.store.is_idle().await? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// A `gendan run`.
    pub(super) async fn worker(&self, number: usize) -> Result<Worker, BenchError> {
        let dir = self.dir.join(format!("worker-{number}"));
        std::fs::create_dir_all(&dir)?;
        std::fs::copy(self.dir.join("gendan.toml"), dir.join("gendan.toml"))?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--dir").arg(dir).arg("run");
        Worker::start(command).await
    }

    /// The bare loop.
    pub(super) async fn floor(&self, template: &Path) -> Result<Worker, BenchError> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "floor-loop", "--prefix", &self.prefix]);
        command.arg("--template").arg(template);
        command.env("GENDAN_BENCH_POSTGRES", self.scratch.url()).env("GENDAN_BENCH_RABBITMQ", &self.rabbitmq);
        Worker::start(command).await
    }

    pub(super) async fn close(self) -> Result<(), BenchError> {
        let connection = Connection::connect(&self.rabbitmq, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        let inner = Step::ALL.map(Step::as_str).into_iter().chain(["dead"]);
        let inlets = ["in.orders", "in.reports", "in.decisions", "in.master"];
        let out = OUT.map(|key| format!("out.{key}"));
        for name in inner.chain(inlets).chain(out.iter().map(String::as_str)) {
            let queue = format!("{}.{name}", self.prefix);
            channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
        }
        for name in ["", ".out", ".dead"] {
            let exchange = format!("{}{name}", self.prefix);
            channel.exchange_delete(exchange.as_str().into(), ExchangeDeleteOptions::default()).await?;
        }
        drop(self.house);
        self.scratch.remove().await?;
        std::fs::remove_dir_all(&self.dir)?;
        Ok(())
    }
}

impl Worker {
    /// Waits until it says that it works.
    async fn start(mut command: Command) -> Result<Self, BenchError> {
        let begun = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let out = child.stdout.take().ok_or_else(|| std::io::Error::other("no standard output"))?;
        let mut line = String::new();
        let mut out = BufReader::new(out);
        let said = tokio::time::timeout(PATIENCE, out.read_line(&mut line)).await;
        if !matches!(said, Ok(Ok(length)) if length > 0) {
            return Err(BenchError::Stalled(PATIENCE.as_secs()));
        }
        // What else it says is read, so that it never waits for us.
        tokio::spawn(async move { tokio::io::copy(&mut out, &mut tokio::io::sink()).await });
        Ok(Self { child, started: begun.elapsed() })
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// SIGTERM, and its end.
    pub(super) async fn stop(mut self) -> Result<(), BenchError> {
        if let Some(pid) = self.child.id() {
            Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
        }
        match tokio::time::timeout(PATIENCE, self.child.wait()).await {
            Ok(ended) => ended.map(|_| ()).map_err(BenchError::from),
            Err(_) => Err(BenchError::Stalled(PATIENCE.as_secs())),
        }
    }
}

/// The lean rules; the departments that are told have systems of their own.
fn settings(postgres: &str, rabbitmq: &str, prefix: &str) -> String {
    let keys: Vec<String> = OUT.iter().map(|key| format!("\"{key}\"")).collect();
    format!(
        "[postgres]\nurl = '{postgres}'\n[rabbitmq]\nurl = '{rabbitmq}'\nprefix = '{prefix}'\ndeclare = [{}]\n\
         [rules]\nprofile = \"lean\"\n[release]\nnotify = [\"sales\", \"warehouse\"]\nnotify_by = \"message\"\n",
        keys.join(", ")
    )
}
