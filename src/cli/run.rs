//! `gendan run`: the worker, until it is told to stop.

use super::context::{Context, stop};
use super::{End, Stop};
use crate::order::message::Step;
use crate::runtime::correspondence;
use crate::runtime::house::Roles;
use crate::web;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only these: intake (folders, mailboxes, HTTP, queues of others), read, recognize, check, review, release, deliver, follow 只运行这些步骤
    #[arg(long, value_delimiter = ',')]
    steps: Vec<Part>,
    /// Take what is there, finish everything that is due, and end 处理完即退出
    #[arg(long)]
    once: bool,
}

/// What a process may be asked to do alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Intake,
    Step(Step),
}

impl std::str::FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "intake" { Ok(Self::Intake) } else { text.parse().map(Self::Step) }
    }
}

fn roles(parts: &[Part]) -> Roles {
    if parts.is_empty() {
        return Roles::all();
    }
    let step = |part: &Part| match part {
        Part::Intake => None,
        Part::Step(step) => Some(*step),
    };
    Roles { steps: parts.iter().filter_map(step).collect(), intake: parts.contains(&Part::Intake) }
}

pub(super) async fn run(arguments: Arguments, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    let owner = house.own().map_err(stop)?;
    let roles = roles(&arguments.steps);
    let intakes = roles.intake;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let grace = Duration::from_secs(house.config.worker.grace_seconds);
    let bound = if arguments.once || !intakes { None } else { web::bind(&house).await.map_err(stop)? };
    let mut running = house.start(owner, roles).await.map_err(stop)?;
    let intake = house.intake(Some(&running));
    let mut failed = Vec::new();
    let mut unread = false;
    if arguments.once {
        for folder in house.folders() {
            failed.extend(folder.take_all(&intake).await?);
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
        for folder in house.folders().into_iter().filter(|_| intakes) {
            running.also(folder.run(intake.clone(), running.stopping()));
        }
        for mailbox in house.mailboxes(&intake).into_iter().filter(|_| intakes) {
            running.also(mailbox.run(running.stopping()));
        }
        running.also(house.upkeep(running.stopping()));
        running.also(correspondence::run(house.clone(), running.stopping()));
        if !context.out.json {
            context.out.line(format!("working in {}; Ctrl-C stops", context.dir.display()))?;
        }
        if let Some(bound) = bound {
            let address = bound.address();
            running.also(bound.serve(&house, &running));
            if let Some(address) = address.filter(|_| !context.out.json) {
                context.out.line(format!("listening on http://{address}"))?;
            }
        }
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
    let clean = running.stop(grace).await;
    if !failed.is_empty() && !context.out.json {
        context.out.line(format!("not taken: {}; the reasons are in failed/", failed.join(", ")))?;
    }
    Ok(if clean && !unread && failed.is_empty() { End::Done } else { End::Attention })
}
