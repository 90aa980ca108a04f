//! PURE. Which queues must agree, by when, and what a decision does.

pub mod calendar;
pub mod facts;
mod typing;
pub mod explain;
pub mod rules;
pub mod digest;
pub mod open;
pub mod conditions;
pub mod decide;
pub mod deadline;
pub mod case;

pub use case::settle_case;
pub use decide::decide;
pub use open::{all_agreed, open, returned};

/// By what reviews are opened: the rules of the firm and its working time.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    pub rules: &'a rules::Rules,
    pub calendar: &'a calendar::Calendar,
}
