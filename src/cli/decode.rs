//! `gendan decode`: what the program starts for itself to open files that it does not trust. Not for people.

use super::complain;
use super::out::Stop;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Read pictures too, with the models of this folder.
    #[arg(long)]
    models: Option<PathBuf>,
}

/// Serves asks on standard input.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match crate::decode::child::serve(arguments.models.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&Stop::Failed(error.into())),
    }
}
