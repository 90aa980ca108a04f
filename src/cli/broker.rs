//! `gendan broker`: look at RabbitMQ, and put there what must stand there.

use super::context::Context;
use super::{End, Stop};
use crate::broker::rabbitmq::{Rabbit, RabbitError, RabbitSettings, Report, check};
use anyhow::anyhow;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Compare exchanges and queues with what they must be; exit code 4 when something differs 检查
    Check(Server),
    /// Declare the exchanges and queues that are missing 声明
    Declare(Server),
}

/// Which server, and under which names.
#[derive(Debug, clap::Args)]
pub(super) struct Server {
    /// amqp://USER:PASSWORD@HOST:5672/%2f; better by the environment, for others see the command line 地址
    #[arg(long, env = "GENDAN_RABBITMQ_URL", hide_env_values = true)]
    url: String,
    /// What every name begins with 前缀
    #[arg(long, default_value = "gendan")]
    prefix: String,
    /// Routing key of messages that leave the house, for which a queue is declared here; may be repeated 声明的路由键
    #[arg(long)]
    declare: Vec<String>,
    /// Routing key that nobody need listen to; may be repeated 可无人接收的路由键
    #[arg(long)]
    optional: Vec<String>,
    /// PEM file of a certificate authority to trust besides the system's 证书
    #[arg(long)]
    ca_file: Option<std::path::PathBuf>,
}

impl From<Server> for RabbitSettings {
    fn from(server: Server) -> Self {
        let Server { url, prefix, declare, optional, ca_file } = server;
        Self { url, prefix, declare, optional, ca_file, ..Self::default() }
    }
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    match command {
        Command::Check(server) => {
            let report = check(&server.into()).await.map_err(stop)?;
            show(&report, context)
        }
        Command::Declare(server) => {
            let settings = RabbitSettings::from(server);
            let place = settings.server();
            Rabbit::start(settings).await.map_err(stop)?.close().await;
            if context.out.json {
                context.out.json(&serde_json::json!({ "declared": place }))?;
            } else {
                context.out.line(format!("everything is declared on {place}"))?;
            }
            Ok(End::Done)
        }
    }
}

fn show(report: &Report, context: &mut Context) -> Result<End, Stop> {
    if context.out.json {
        context.out.json(report)?;
    } else {
        context.out.line(&report.server)?;
        let count = |number: Option<u32>| number.map_or_else(String::new, |number| number.to_string());
        let row = |found: &crate::broker::rabbitmq::Found| {
            let state = if found.wrong.is_none() { "right" } else { "wrong" };
            let counts = [count(found.messages), count(found.consumers)];
            [found.kind.to_owned(), found.name.clone(), state.to_owned()].into_iter().chain(counts).collect()
        };
        let heads = ["", "name 名称", "state 状态", "messages 消息", "consumers 消费者"];
        context.out.rows(report, &heads, report.found.iter().map(row).collect())?;
        let key = |it: &crate::broker::rabbitmq::KeyFound| vec![it.key.clone(), it.seen_to.to_owned()];
        context.out.rows(
            report,
            &["routing key 路由键", "queue 队列"],
            report.keys.iter().map(key).collect(),
        )?;
        for why in report.found.iter().filter_map(|found| found.wrong.as_ref()) {
            context.out.line(why)?;
        }
    }
    Ok(if report.is_fine() { End::Done } else { End::Attention })
}

fn stop(error: RabbitError) -> Stop {
    match error {
        RabbitError::Settings(_) => Stop::Config(error.to_string()),
        RabbitError::Differs(why) => Stop::Refused(why),
        RabbitError::Server(error) => Stop::Failed(anyhow!(error)),
    }
}
