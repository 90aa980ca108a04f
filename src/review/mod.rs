//! PURE. Which queues must agree, by when, and what a decision does.

pub mod calendar;
pub mod facts;
mod typing;
pub mod explain;
mod asked;
pub mod rules;
mod guarantee;
pub mod early;
pub mod digest;
pub mod open;
pub mod conditions;
pub mod decide;
pub mod deadline;
pub mod case;
pub mod by_house;
pub mod hold;

pub use case::{can_change, concerned, settle_case};
pub use decide::decide;
pub use open::{all_agreed, open, open_with, returned};

use crate::order::department::Department;
use crate::order::review::Queue;
use calendar::Calendar;
use std::collections::BTreeMap;

/// By what reviews are opened: the rules of the firm and its working time.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    pub rules: &'a rules::Rules,
    /// The house's working time.
    pub calendar: &'a Calendar,
    /// Of departments that have their own.
    pub own: &'a BTreeMap<Department, Calendar>,
    /// People are reminded at any hour, and not only in working time.
    pub at_night: bool,
}

impl<'a> Desk<'a> {
    /// With one working time for all, and no reminder outside it.
    #[must_use]
    pub const fn new(rules: &'a rules::Rules, calendar: &'a Calendar) -> Self {
        static NONE: BTreeMap<Department, Calendar> = BTreeMap::new();
        Self { rules, calendar, own: &NONE, at_night: false }
    }

    /// The working time of those who answer in a queue.
    #[must_use]
    pub fn calendar_of(&self, queue: Queue) -> &'a Calendar {
        self.own.get(&Department::of_queue(queue)).unwrap_or(self.calendar)
    }
}
