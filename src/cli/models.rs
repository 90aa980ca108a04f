//! `gendan models`: the models that read pictures.

use super::context::Context;
use super::{End, Stop};
use crate::ocr::place::{self, State};
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Put them into their place: by pip, or out of a package that was fetched elsewhere 安装
    Fetch {
        /// The package, where it is at hand already 安装包文件
        #[arg(long)]
        from: Option<PathBuf>,
    },
    /// Are they there, and the right ones? 检查
    Check,
}

pub(super) fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let folder = context.settings()?.recognition.models;
    let right = |folder| place::check(folder).iter().all(|(_, state)| *state == State::Right);
    if let Command::Fetch { from } = command
        && !right(&folder)
    {
        place::fetch(&folder, from.as_deref()).map_err(|e| Stop::Refused(e.to_string()))?;
    }
    let found = place::check(&folder);
    let shown =
        |(path, state): &(PathBuf, State)| vec![path.display().to_string(), state.as_str().to_owned()];
    let objects: Vec<_> = found
        .iter()
        .map(|(path, state)| serde_json::json!({"file": path, "state": state.as_str()}))
        .collect();
    context.out.rows(&objects, &["file", "state"], found.iter().map(shown).collect())?;
    if found.iter().all(|(_, state)| *state == State::Right) {
        return Ok(End::Done);
    }
    context.out.line("pictures wait for a person; put the models into their place: gendan models fetch")?;
    Ok(End::Attention)
}
