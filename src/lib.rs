//! gendan (跟单) takes the purchase orders that customers mail and fax, turns them into clean orders,
//! gets every department's word in time, and tells everybody what they must know.
//!
//! One order's way, which is also the order of the modules below:
//!
//! ```text
//!     mailbox     fax spool     folder     command line
//!        └────────────┴───┬────────┴────────────┘
//!                      intake     keep the bytes, name them by hash            document.received
//!                         ▼
//!                       read      bytes → fields with evidence, confidence     draft.read
//!                         ▼
//!                       check     draft + master data → order or problems
//!                         ▼
//!                      review     which queues must agree; people decide
//!                         ▼
//!                      release    confirmations, tasks, instructions, postings
//!                         ▼
//!                      deliver    at most one effect each
//!                         ▼
//!                      follow     reports come back, milestones move
//! ```
//!
//! `order`, `master`, `check`, `review`, `rights`, `release` and `follow` are pure: no I/O, no clock, no randomness.

pub mod order;
pub mod schemas;

pub mod intake;
pub mod read;
pub mod ocr;
pub mod decode;
pub mod master;
pub mod check;
pub mod review;
pub mod rights;
pub mod learn;
pub mod release;
pub mod deliver;
pub mod follow;

pub mod config;
pub mod runtime;
pub mod store;
pub mod broker;
pub mod web;

pub mod cli;
pub mod demo;
pub mod rehearse;
pub mod bench;
pub mod calibrate;
