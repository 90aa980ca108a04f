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
    let schemas = Schemas::shipped().map_err(|e| Stop::Config(e.to_string()))?;
    match command {
        Command::List => {
            let names: Vec<&str> = schemas.list().collect();
            let rows = names.iter().map(|name| vec![(*name).to_owned()]).collect();
            context.out.rows(&names, &["message type"], rows)?;
        }
        Command::Show { name } => {
            let schema = schemas.show(name).ok_or_else(|| {
                Stop::NotFound(format!("there is no message type `{name}`: `gendan schemas list` shows them"))
            })?;
            context.out.line(serde_json::to_string_pretty(schema).map_err(anyhow::Error::from)?)?;
        }
    }
    Ok(End::Done)
}
