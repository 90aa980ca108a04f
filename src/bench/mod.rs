//! `gendan bench`: what an order costs, measured.

mod orders;
pub mod pipeline;
pub(crate) mod process;
