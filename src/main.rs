//! Parse the command line, run, exit code.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// A third of the work on an order was the allocator of the C library.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    gendan::cli::main()
}
