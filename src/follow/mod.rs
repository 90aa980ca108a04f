//! PURE. Reports that come back, and the milestones they move.

pub mod guarantee;
pub mod reports;
pub mod correspondence;

pub use reports::{catch_up, report};
