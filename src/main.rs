//! Parse the command line, run, exit code.

fn main() {}
