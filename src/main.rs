//! Parse the command line, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    gendan::cli::main()
}
