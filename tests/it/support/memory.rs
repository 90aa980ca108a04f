//! The in-memory store comes here.
