//! PURE. Reports that come back, and the milestones they move.

pub mod reports;
pub mod correspondence;

pub use reports::{catch_up, report};
