//! x
use super::context::Context;
use super::{End, Stop};
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Pipeline,
}
pub(super) async fn run(_c: Command, _context: &mut Context) -> Result<End, Stop> {
    Ok(End::Done)
}
