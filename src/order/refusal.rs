//! Why a person's decision does not stand.

use super::review::{Queue, Role};
use super::status::{CannotMove, Status};
use chrono::{DateTime, Utc};
use thiserror::Error;
use uuid::Uuid;

/// Why a decision does not stand. Each says what the person can do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("there is no review {0} on this order: list the open ones with `gendan reviews list`")]
    Unknown(Uuid),
    #[error("review {id} was decided already: {verdict} by {by} at {}", at.format("%Y-%m-%d %H:%M UTC"))]
    Twice { id: Uuid, verdict: String, by: String, at: DateTime<Utc> },
    #[error(
        "review {0} was withdrawn, because the order changed: list the open ones with `gendan reviews list`"
    )]
    Withdrawn(Uuid),
    #[error(
        "what this queue looks at has changed since you saw it (seen {seen}, now {now}): look again with `gendan reviews show {id}` and decide on that"
    )]
    Changed { id: Uuid, seen: String, now: String },
    #[error("{} may not decide in the queue {}: {} may", role.as_str(), queue.as_str(), role_names(allowed))]
    NotAllowed { role: Role, queue: Queue, allowed: Vec<Role> },
    #[error("{by} keyed this order and may not review it: ask a colleague")]
    OwnKeying { by: String },
    #[error("`{verdict}` is not a decision of the queue {}", queue.as_str())]
    NotHere { verdict: String, queue: Queue },
    #[error("review {id} was passed to {to}, who alone decides it: ask {to} to decide or to pass it on")]
    Assigned { id: Uuid, to: String },
    #[error(
        "{by} has agreed here already; {} still has to: ask a colleague of that role",
        role_names(missing)
    )]
    SignedAlready { by: String, missing: Vec<Role> },
    #[error("{by} agreed in the queue {} and may not agree here too: ask a colleague", queue.as_str())]
    FourEyes { by: String, queue: Queue },
    #[error("condition {path}: {why}")]
    Condition { path: String, why: String },
    #[error("guarantee: {0}")]
    Guarantee(&'static str),
    #[error("goods before the money: {0}")]
    Early(&'static str),
    #[error(
        "it can't be returned to the queue {}: no rule is for it, or it comes after this one; name another step with `to`, or none for the clerk",
        .0.as_str()
    )]
    NoSuchStep(Queue),
    #[error("the role {} decides here already: pass the review to a colleague instead", .0.as_str())]
    DecidesAlready(Role),
    #[error("an order that is {} can't be appealed: only one that a queue rejected can, once", .0.as_str())]
    NoAppeal(Status),
    #[error(
        "the order can't go on as it is, because of {}: correct it, or return it to the clerk",
        codes.join(", ")
    )]
    Blocked { codes: Vec<&'static str> },
    #[error(
        "work done is stated where a change of a released order is reviewed, in a queue that is no clerk's; a fee by the queue sales"
    )]
    NoChange,
    #[error("there is nothing on this order that its customer could clear: correct or decide it")]
    NothingToAsk,
    #[error("the customer was asked exactly this on {}: wait for him, or call him", at.format("%Y-%m-%d %H:%M UTC"))]
    AskedAlready { at: DateTime<Utc> },
    #[error(transparent)]
    CannotMove(#[from] CannotMove),
}

/// Their words, for people.
pub(crate) fn role_names(roles: &[Role]) -> String {
    roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
}
