//! PURE. The business objects: documents and drafts, orders and their lines, reviews, events, messages.

pub mod document;
pub mod authentic;
pub mod department;
pub mod draft;
pub mod asked;
pub mod answered;
pub mod money;
pub mod line;
pub mod party;
pub mod record;
pub mod problem;
pub mod proposal;
pub mod review;
pub mod refusal;
pub mod guarantee;
pub mod early;
pub mod by_house;
pub mod hold;
pub mod status;
pub mod event;
pub mod sheet;
mod moves;
mod reviewed;
pub mod number;
pub mod change;
pub mod amend;
pub mod done;
pub mod data;
pub mod step;
pub mod message;
mod told;
pub mod ids;
pub mod keyed;
pub mod fields;
pub mod wording;

pub use sheet::Order;
