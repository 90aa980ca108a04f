//! Rehearsal: a firm's old mails and faxes go through the real rules on a throw-away store, and nothing leaves.
//!
//! [`gather`] finds them, [`run`] takes them through, each at its own time. The rest is pure: what was [`seen`] becomes
//! [`figures`], beside what was [`keyed`] then; [`report`] is what terminal, page and workbook show.

pub mod gather;
pub mod known;
pub mod mailbox;
pub mod run;

pub mod compare;
pub mod figures;
pub mod keyed;
pub mod report;
pub mod seen;
pub mod why;

pub mod book;
pub mod page;

mod clock;
mod leaving;
mod look;
