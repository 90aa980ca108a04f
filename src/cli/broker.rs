//! `gendan broker`: look at RabbitMQ, and put there what must stand there.

use super::context::Context;
use super::{End, Stop};
use crate::broker::Broker as _;
use crate::broker::rabbitmq::{Rabbit, RabbitError, Report, check};
use anyhow::anyhow;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Compare exchanges and queues with what they must be; exit code 4 when something differs 检查
    Check,
    /// Declare the exchanges and queues that are missing 声明
    Declare,
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let settings = context.settings()?.rabbitmq;
    if settings.url.is_empty() {
        return Err(Stop::Config("rabbitmq.url is not set: the broker is in the program itself".to_owned()));
    }
    match command {
        Command::Check => {
            let report = check(&settings).await.map_err(stop)?;
            show(&report, context)
        }
        Command::Declare => {
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
