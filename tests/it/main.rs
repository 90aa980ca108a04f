//! The integration tests: one binary, one module for each room.

#![allow(clippy::unwrap_used, reason = "a test that can't go on says so by failing")]

mod check;
