//! `gendan run`: the worker, until it is told to stop.

use super::context::{Context, stop};
use super::{End, Stop};
use crate::order::message::Step;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only these steps: read, check, review, release, deliver, follow 只运行这些步骤
    #[arg(long, value_delimiter = ',')]
    steps: Vec<Step>,
    /// Take what is there, finish everything that is due, and end 处理完即退出
    #[arg(long)]
    once: bool,
}

pub(super) async fn run(arguments: Arguments, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    let owner = house.own().map_err(stop)?;
    let steps = if arguments.steps.is_empty() { Step::ALL.to_vec() } else { arguments.steps };
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let grace = Duration::from_secs(house.config.worker.grace_seconds);
    let mut running = house.start(owner, steps).await?;
    let intake = house.intake(Some(&running));
    let mut unread = false;
    if arguments.once {
        for folder in house.folders() {
            folder.take_all(&intake).await?;
        }
        for mailbox in house.mailboxes(&intake) {
            if let Err(why) = mailbox.once(running.stopping()).await {
                tracing::warn!(why, "a mailbox can't be read; `gendan mailboxes list` shows which");
                unread = true;
            }
        }
        running.quiet().await?;
        // A folder that is only ever worked on by runs like this one is kept in order too.
        house.tidy().await?;
    } else {
        for folder in house.folders() {
            running.also(folder.run(intake.clone(), running.stopping()));
        }
        for mailbox in house.mailboxes(&intake) {
            running.also(mailbox.run(running.stopping()));
        }
        running.also(house.upkeep(running.stopping()));
        if !context.out.json {
            context.out.line(format!("working in {}; Ctrl-C stops", context.dir.display()))?;
        }
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
    let clean = running.stop(grace).await;
    Ok(if clean && !unread { End::Done } else { End::Attention })
}
