//! x
use super::context::Context;
use super::{End, Stop};
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}
pub(super) async fn run(_arguments: Arguments, _context: &mut Context) -> Result<End, Stop> {
    Ok(End::Done)
}
