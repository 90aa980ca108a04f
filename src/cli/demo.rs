//! `gendan demo`: the whole way on sample mails and faxes, in a folder of its own.

use super::context::Context;
use super::{End, Stop};
use crate::demo::Demo;
use std::io::IsTerminal as _;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// auto: everybody is played and says yes; none: the reviews wait for you 是否自动审批
    #[arg(long, value_enum, default_value = "auto")]
    decide: Decide,
    /// End after the table. Without a terminal the demo ends by itself 不继续运行
    #[arg(long)]
    no_serve: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Decide {
    Auto,
    None,
}

pub(super) async fn run(arguments: Arguments, context: &mut Context) -> Result<End, Stop> {
    let folder = context.dir.display().to_string();
    let out = &mut context.out;
    let mut demo = Demo::start(&context.dir, out).await?;
    demo.feed(out).await?;
    if arguments.decide == Decide::Auto {
        demo.decide(out).await?;
    }
    let balance = demo.sum(out).await?;
    out.line(format!("\nWhat left the house lies in {folder}/out. Look around with:"))?;
    for command in ["orders list", "reviews list", "balance"] {
        out.line(format!("  gendan --dir {folder} {command}"))?;
    }
    if !arguments.no_serve && std::io::stdout().is_terminal() {
        let intake = demo.house.intake(Some(&demo.running));
        for watched in demo.house.folders() {
            demo.running.also(watched.run(intake.clone(), demo.running.stopping()));
        }
        out.line(format!("\nStill working: drop mails into {folder}/in; Ctrl-C stops."))?;
        tokio::signal::ctrl_c().await?;
    }
    demo.running.stop(Duration::from_secs(20)).await;
    let fine = balance.missing.is_empty() && balance.double.is_empty();
    Ok(if fine { End::Done } else { End::Attention })
}
