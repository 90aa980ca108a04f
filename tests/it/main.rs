//! The integration tests: one binary, one module for each room.

mod messages;
mod office;
mod release;
mod review;
mod walks;
