//! `gendan schemas`: the JSON Schemas of messages, for those who connect to us.

use super::context::Context;
use super::{End, Stop};
use crate::schemas::Schemas;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List the types of messages 列表
    List,
    /// Show one schema 查看
    Show {
        /// As in `shipping.instruction`
        name: String,
    },
}

pub(super) fn run(command: &Command, context: &mut Context) -> Result<End, Stop> {
    match command {
        Command::List => {
            let names = Schemas::names();
            let rows = names.iter().map(|name| vec![name.clone()]).collect();
            context.out.rows(&names, &["message type"], rows)?;
        }
        Command::Show { name } => {
            let text = Schemas::text(name).ok_or_else(|| {
                Stop::NotFound(format!("there is no message type `{name}`: `gendan schemas list` shows them"))
            })?;
            context.out.line(text.trim_end())?;
        }
    }
    Ok(End::Done)
}
