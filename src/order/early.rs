//! Goods before the money: somebody asks that a gate opens before what it waits for is paid.

use super::event::Gate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A person asks for it: `gate.asked`. Who decides on that, the rules of kind `early` say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateAsked {
    pub order_id: Uuid,
    /// `produce` before a deposit, `ship` before the money of one who pays before.
    pub gate: Gate,
    pub reason: String,
    /// User id; not a name.
    pub by: String,
}

/// What a review is about that was asked for so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Early {
    pub gate: Gate,
    pub reason: String,
    /// User id of the one who asked.
    pub by: String,
}
