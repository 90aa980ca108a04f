//! `gendan parked`: messages that need a person.

use super::context::{self, Context};
use super::{End, Stop};
use crate::order::message::Message;
use crate::rights::{Action, Sees};
use crate::store::{Answer, Commit, Parked};
use uuid::Uuid;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List what is parked, and why 列表
    List,
    /// Show one message whole, with every attempt's error 查看
    Show { id: String },
    /// Try one again, as a new attempt 重试
    Replay { id: String },
    /// Give one up, with the reason 放弃
    Discard {
        id: String,
        /// Why it may be given up 原因
        #[arg(long)]
        reason: String,
    },
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    context.may(&house, Action::Replay)?;
    let sees = context.sees(&house)?;
    let parked = house.store.parked().await?;
    match command {
        Command::List => list(&parked, sees, context),
        Command::Show { id } => {
            let it = find(&parked, &id)?;
            let seen = context::seen(sees, it)?;
            if context.out.json {
                context.out.json(&seen)?;
            } else {
                let text = serde_json::to_string_pretty(&seen).map_err(anyhow::Error::from)?;
                context.out.line(text)?;
            }
            Ok(End::Done)
        }
        Command::Replay { id } => {
            let it = find(&parked, &id)?;
            let message = Message { attempt: it.message.attempt + 1, not_before: None, ..it.message.clone() };
            let commit = Commit {
                messages: vec![message],
                unpark: vec![(it.message.id, "replayed".to_owned())],
                ..Commit::default()
            };
            write(&house, commit, context, (it.message.id, "replayed", "will be tried again")).await
        }
        Command::Discard { id, reason } => {
            let id = find(&parked, &id)?.message.id;
            let commit = Commit { unpark: vec![(id, format!("discarded: {reason}"))], ..Commit::default() };
            write(&house, commit, context, (id, "discarded", "is given up")).await
        }
    }
}

fn list(parked: &[Parked], sees: Sees, context: &mut Context) -> Result<End, Stop> {
    let row = |it: &Parked| {
        let message = &it.message;
        vec![
            message.id.to_string(),
            message.step.as_str().to_owned(),
            message.body.type_name().to_owned(),
            message.attempt.to_string(),
            it.at.format("%Y-%m-%d %H:%M").to_string(),
            it.why.clone(),
        ]
    };
    let heads = ["message", "step", "type", "attempts", "since (UTC)", "why"];
    let shown = context::seen(sees, &parked)?;
    context.out.rows(&shown, &heads, parked.iter().map(row).collect())?;
    Ok(if parked.is_empty() { End::Done } else { End::Attention })
}

fn find<'a>(parked: &'a [Parked], id: &str) -> Result<&'a Parked, Stop> {
    let id: Uuid = context::id(id, "parked message", "parked list")?;
    parked.iter().find(|it| it.message.id == id).ok_or_else(|| {
        Stop::NotFound(format!("message {id} is not parked: `gendan parked list` shows those that are"))
    })
}

async fn write(
    house: &crate::runtime::house::House,
    commit: Commit,
    context: &mut Context,
    (id, became, said): (Uuid, &str, &str),
) -> Result<End, Stop> {
    let answers = house.store.commit(vec![commit]).await?;
    match answers.as_slice() {
        [Answer::Done] if context.out.json => {
            context.out.json(&serde_json::json!({"message_id": id, "became": became}))?;
        }
        [Answer::Done] => context.out.line(format!("message {id} {said}"))?,
        other => return Err(Stop::Refused(format!("it was changed meanwhile: {other:?}; list again"))),
    }
    Ok(End::Done)
}
