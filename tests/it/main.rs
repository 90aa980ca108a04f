//! The integration tests: one binary, one module for each room.

#![allow(clippy::unwrap_used, reason = "a test that can't go on says so by failing")]

mod cases;
mod check;
mod contract;
mod data;
mod decode;
mod form;
mod guarantee;
mod holds;
mod http;
mod imap;
mod kill;
mod joint;
mod learn;
mod materials;
mod messages;
mod office;
mod packaging;
mod read;
mod rehearse;
mod release;
mod review;
mod rules;
mod servers;
mod sim;
mod smtp;
mod soft_hold;
mod support;
mod talk;
mod walks;
mod watch;
mod wired;
