//! The integration tests: one binary, one module for each room.

mod messages;
mod office;
mod release;
mod review;
#![allow(clippy::unwrap_used, reason = "a test that can't go on says so by failing")]

mod contract;
mod support;
mod check;
