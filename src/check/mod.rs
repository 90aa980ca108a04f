//! PURE. Draft and master data in, problems out; one file for each check.
