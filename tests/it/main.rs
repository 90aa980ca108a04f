//! The integration tests: one binary, one module for each room.

mod read;
