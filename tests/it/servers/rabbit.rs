//! RabbitMQ for tests: the machine's, with names of one's own on it, and private ones that can be killed.

use super::{Process, free_port, listens, until};
use gendan::broker::rabbitmq::{Rabbit, RabbitSettings};
use gendan::order::message::Step;
use lapin::options::{ExchangeDeleteOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// It takes some 11 s on an idle machine.
const START: Duration = Duration::from_secs(120);

/// The machine's server.
#[expect(clippy::disallowed_methods, reason = "where the tests' servers are is no setting of the program")]
pub(crate) fn shared() -> String {
    std::env::var("GENDAN_TEST_RABBITMQ")
        .unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672/%2f".to_owned())
}

/// Names on a server that nobody else uses; removed when it is dropped.
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) prefix: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::on(shared())
    }

    pub(crate) fn on(url: String) -> Self {
        Self { url, prefix: format!("test-{:016x}", fastrand::u64(..)) }
    }

    pub(crate) fn settings(&self) -> RabbitSettings {
        RabbitSettings {
            url: self.url.clone(),
            prefix: self.prefix.clone(),
            confirm_ms: 20_000,
            ..RabbitSettings::default()
        }
    }

    pub(crate) async fn start(&self) -> Rabbit {
        Rabbit::start(self.settings()).await.unwrap()
    }

    pub(crate) fn name(&self, behind: &str) -> String {
        format!("{}.{behind}", self.prefix)
    }

    /// The server as another program sees it.
    pub(crate) async fn outsider(&self) -> (Connection, Channel) {
        let connection = Connection::connect(&self.url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        (connection, channel)
    }

    /// Waits until so many messages are ready in a queue, and stay so.
    pub(crate) async fn holds(&self, channel: &Channel, behind: &str, count: u32) {
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        let mut right = 0;
        while right < 3 {
            let ready = self.ready(channel, behind).await;
            right = if ready == count { right + 1 } else { 0 };
            assert!(tokio::time::Instant::now() < end, "{ready} in {behind}, not {count}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Messages that are ready in a queue at the moment.
    pub(crate) async fn ready(&self, channel: &Channel, behind: &str) -> u32 {
        let passive = QueueDeclareOptions::durable().passive();
        let queue = channel.queue_declare(self.name(behind).into(), passive, FieldTable::default());
        queue.await.unwrap().message_count()
    }

    async fn remove(url: String, prefix: String) {
        let Ok(connection) = Connection::connect(&url, ConnectionProperties::default()).await else { return };
        let Ok(channel) = connection.create_channel().await else { return };
        let behind = Step::ALL.map(Step::as_str);
        let inlets = ["in.orders", "in.reports", "in.decisions", "in.master"];
        for name in behind.iter().chain(&inlets).chain(&["dead", "out.order.status", "replies"]) {
            let name = format!("{prefix}.{name}");
            let _ = channel.queue_delete(name.into(), QueueDeleteOptions::default()).await;
        }
        for name in [prefix.clone(), format!("{prefix}.out"), format!("{prefix}.dead")] {
            let _ = channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await;
        }
        let _ = connection.close(200, "OK".into()).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (url, prefix) = (self.url.clone(), self.prefix.clone());
        let remove = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let _ = runtime.block_on(async {
                tokio::time::timeout(Duration::from_secs(20), Self::remove(url, prefix)).await
            });
        };
        let _ = std::thread::spawn(remove).join();
    }
}

/// A server for one test alone, in a folder of its own.
pub(crate) struct Private {
    folder: tempfile::TempDir,
    node: String,
    port: u16,
    tls: u16,
    dist: u16,
    process: Option<Process>,
}

impl Private {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("plugins"), "[].").unwrap();
        let (port, tls, dist) = (free_port(), free_port(), free_port());
        let node = format!("gendan-{port}@localhost");
        let mut server = Self { folder, node, port, tls, dist, process: None };
        server.configure();
        server.restart();
        server
    }

    /// A certificate for `localhost`, and a port that uses it.
    fn configure(&self) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(self.certificate(), made.cert.pem()).unwrap();
        let key = self.folder.path().join("key.pem");
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let (certificate, key) = (self.certificate().display().to_string(), key.display().to_string());
        let config = format!(
            "listeners.ssl.1 = 127.0.0.1:{}\nssl_options.cacertfile = {certificate}\nssl_options.certfile = \
             {certificate}\nssl_options.keyfile = {key}\nssl_options.verify = verify_none\n\
             ssl_options.fail_if_no_peer_cert = false\n",
            self.tls
        );
        std::fs::write(self.folder.path().join("rabbitmq.conf"), config).unwrap();
    }

    pub(crate) fn certificate(&self) -> std::path::PathBuf {
        self.folder.path().join("certificate.pem")
    }

    pub(crate) fn url_tls(&self) -> String {
        format!("amqps://guest:guest@localhost:{}/%2f", self.tls)
    }

    /// Runs `rabbitmqctl` for it; again when the node does not answer it in time, as on a busy machine.
    pub(crate) fn control(&self, arguments: &[&str]) {
        let end = Instant::now() + START;
        loop {
            let mut command = Command::new("/usr/lib/rabbitmq/bin/rabbitmqctl");
            command
                .env("HOME", self.folder.path())
                .env("RABBITMQ_CONF_ENV_FILE", self.folder.path().join("none"));
            let output = command.args(["-n", &self.node]).args(arguments).output().unwrap();
            if output.status.success() {
                return;
            }
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(Instant::now() < end, "rabbitmqctl {arguments:?}: {said}");
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// Starts it on the data that it has.
    pub(crate) fn restart(&mut self) {
        let folder = self.folder.path();
        let mut process = Process::start("rabbitmq", &mut self.command(), folder);
        let port = self.port;
        until("RabbitMQ listens", START, || {
            assert!(process.is_alive(), "{}", log(folder));
            listens(port)
        });
        self.process = Some(process);
    }

    fn command(&self) -> Command {
        let folder = self.folder.path();
        let mut command = Command::new("/usr/lib/rabbitmq/bin/rabbitmq-server");
        // Under systemd the script becomes the server, which then has the process id that is known here.
        command
            .env("HOME", folder)
            .env("RABBITMQ_NODENAME", &self.node)
            .env("RABBITMQ_MNESIA_BASE", folder.join("data"))
            .env("RABBITMQ_LOG_BASE", folder.join("log"))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_DIST_PORT", self.dist.to_string())
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
            .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq.conf"))
            .env("RABBITMQ_CONF_ENV_FILE", folder.join("none"))
            .env("RUNNING_UNDER_SYSTEMD", "true")
            .env("RABBITMQ_LOGS", "-");
        command
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.kill();
    }
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("rabbitmq.log")).unwrap_or_default()
}
