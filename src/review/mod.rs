//! PURE. Which queues must agree, by when, and what a decision does.
