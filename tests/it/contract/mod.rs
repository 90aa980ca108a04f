//! What every adapter of a port must keep: one suite for each port, run against each adapter.

mod broker;
mod faults;
mod store;
