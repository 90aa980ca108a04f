//! PURE. Who may do what (DOMAIN: People and departments): asked here by every way in, and nowhere else.

pub mod delegation;
pub mod sees;

pub use delegation::Delegation;
pub use sees::Sees;

use crate::order::by_house::HouseChange;
use crate::order::review::{Condition, Decision, Queue, Role, Verdict};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// Something that a person does or sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Orders, documents and reviews.
    View,
    /// Key, correct and file what was read.
    Key,
    /// Decide reviews.
    Decide,
    /// Agree to a customer's cancellation.
    Cancel,
    /// Let an order or a line of it stand aside, and go on.
    Hold,
    /// Say what happened to an order.
    Report,
    SeePrices,
    SeeContacts,
    EditMaster,
    /// Parked messages.
    Replay,
    /// Other people's delegations.
    Administer,
}

impl Action {
    pub const ALL: [Self; 11] = [
        Self::View,
        Self::Key,
        Self::Decide,
        Self::Cancel,
        Self::Hold,
        Self::Report,
        Self::SeePrices,
        Self::SeeContacts,
        Self::EditMaster,
        Self::Replay,
        Self::Administer,
    ];

    /// The word of `config/rights.toml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Key => "key",
            Self::Decide => "decide",
            Self::Cancel => "cancel",
            Self::Hold => "hold",
            Self::Report => "report",
            Self::SeePrices => "see_prices",
            Self::SeeContacts => "see_contacts",
            Self::EditMaster => "edit_master",
            Self::Replay => "replay",
            Self::Administer => "administer",
        }
    }
}

/// A person who works with the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub id: String,
    pub name: String,
    pub roles: Vec<Role>,
}

/// What one role may.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    may: BTreeSet<Action>,
    /// Every queue when there is none.
    queues: Option<BTreeSet<Queue>>,
    /// In the book currency; any amount when there is none.
    limit: Option<Decimal>,
}

/// What each role may: `config/rights.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights(BTreeMap<Role, Grant>);

/// Why somebody may not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Denied {
    #[error(
        "`{0}` is not a user of the settings: add them under [[users]], with their roles, or name another"
    )]
    NoUser(String),
    #[error("{user} does not hold the role {}", role.as_str())]
    NoRole { user: String, role: Role },
    #[error("{user} may not {}: none of their roles has that right in rights.toml", action.as_str())]
    NoRight { user: String, action: Action },
    #[error("the role {} may not {} in the queue {}: see rights.toml", role.as_str(), action.as_str(), queue.as_str())]
    NotHere { role: Role, action: Action, queue: Queue },
    #[error(
        "the order comes to {}, and the role {} agrees to {limit} at the most: ask the level above",
        total.map_or_else(|| "an amount that can't be told in the book currency".to_owned(), |it| it.to_string()),
        role.as_str()
    )]
    OverLimit { role: Role, limit: Decimal, total: Option<Decimal> },
    #[error("{from} has not delegated the role {} to {to} for this queue and time", role.as_str())]
    NotDelegated { from: String, to: String, role: Role },
    #[error("nobody could agree as {} in the queue {}: no user holds the role with that right", role.as_str(), queue.as_str())]
    NoReviewer { role: Role, queue: Queue },
    #[error("{0} may not decide here either: pass it to somebody who holds one of its roles")]
    NoColleague(String),
    #[error(
        "{held_by} holds it: {held_by}, a colleague of the same role, or who may cancel orders lets it go on; {user} may not"
    )]
    HeldByOther { user: String, held_by: String },
    #[error(
        "{user} may not ask for goods before the money: {} may",
        crate::order::refusal::role_names(roles)
    )]
    MayNotAsk { user: String, roles: Vec<Role> },
}

/// What is to be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject<'a> {
    pub queue: Queue,
    /// The roles that may decide it.
    pub deciders: &'a [Role],
    /// It cancels an order.
    pub cancels: bool,
    /// The order's total in the book currency; none when it is not known, and then it is over every limit.
    pub total: Option<Decimal>,
}

/// The people, what their roles may, and what they delegated to each other.
#[derive(Debug, Clone, Copy)]
pub struct Staff<'a> {
    pub users: &'a [User],
    pub rights: &'a Rights,
    pub delegations: &'a [Delegation],
}

impl Rights {
    /// Reads a file of rights; `file` is named in errors.
    pub fn parse(file: &str, text: &str) -> Result<Self, String> {
        let grants: BTreeMap<Role, Grant> = toml::from_str(text)
            .map_err(|e| format!("{file}: {}: compare with config/rights.toml", e.message()))?;
        if !grants.values().any(|grant| grant.may.contains(&Action::Decide)) {
            return Err(format!("{file}: no role may decide: give `decide` to those who do"));
        }
        Ok(Self(grants))
    }

    fn has(&self, role: Role, action: Action) -> bool {
        self.0.get(&role).is_some_and(|grant| grant.may.contains(&action))
    }
}

impl<'a> Staff<'a> {
    /// The user of this id.
    pub fn user(&self, id: &str) -> Result<&'a User, Denied> {
        let found = self.users.iter().find(|user| user.id == id);
        found.ok_or_else(|| Denied::NoUser(id.to_owned()))
    }

    /// Whether one of a user's roles has a right.
    pub fn may(&self, id: &str, action: Action) -> Result<&'a User, Denied> {
        let user = self.user(id)?;
        if user.roles.iter().any(|role| self.rights.has(*role, action)) {
            return Ok(user);
        }
        Err(Denied::NoRight { user: id.to_owned(), action })
    }

    /// Whether a user may ask for a change that comes from the house. Who agrees to it, its reviews say.
    pub fn may_change(&self, id: &str, change: &HouseChange) -> Result<&'a User, Denied> {
        match change {
            HouseChange::Amend { .. } | HouseChange::Cancel { .. } => self.may(id, Action::Key),
            HouseChange::Hold { .. } | HouseChange::Resume { .. } => self.may(id, Action::Hold),
        }
    }

    /// Whether a user may let go on what `held_by` holds: he himself, one of his role, or who may cancel the order.
    pub fn may_resume(&self, id: &str, held_by: &str) -> Result<(), Denied> {
        let user = self.may(id, Action::Hold)?;
        let holder = self.users.iter().find(|it| it.id == held_by);
        let colleague = holder.is_none_or(|holder| user.roles.iter().any(|role| holder.roles.contains(role)));
        if user.id == held_by || colleague || self.may(id, Action::Cancel).is_ok() {
            return Ok(());
        }
        Err(Denied::HeldByOther { user: id.to_owned(), held_by: held_by.to_owned() })
    }

    /// What a user gets to see of an order.
    pub fn sees(&self, id: &str) -> Result<Sees, Denied> {
        self.may(id, Action::View)?;
        let has = |action| self.may(id, action).is_ok();
        Ok(Sees { prices: has(Action::SeePrices), contacts: has(Action::SeeContacts) })
    }

    /// Whether a decision is within the rights of the person who makes it, or of the one in whose place he acts.
    pub fn may_decide(
        &self,
        decision: &Decision,
        subject: &Subject<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), Denied> {
        let acting = self.user(&decision.by)?;
        let (role, queue) = (decision.role, subject.queue);
        let owner = decision.on_behalf_of.as_deref().map_or(Ok(acting), |id| self.user(id))?;
        if !owner.roles.contains(&role) {
            return Err(Denied::NoRole { user: owner.id.clone(), role });
        }
        if owner.id != acting.id
            && !self.delegations.iter().any(|it| it.covers(owner, acting, (role, queue), now))
        {
            return Err(Denied::NotDelegated { from: owner.id.clone(), to: acting.id.clone(), role });
        }
        let keys = matches!(decision.verdict, Verdict::Correct { .. } | Verdict::File { .. } | Verdict::Ask);
        let action = if keys { Action::Key } else { Action::Decide };
        if matches!(decision.verdict, Verdict::Appeal { .. }) {
            // Whose rejections it may take up, the rules say.
            return if self.rights.has(role, action) {
                Ok(())
            } else {
                Err(Denied::NotHere { role, action, queue })
            };
        }
        self.within(role, action, subject)?;
        match &decision.verdict {
            Verdict::Approve { .. } if subject.cancels => self.within(role, Action::Cancel, subject)?,
            Verdict::Transfer { to } => {
                let colleague = self.user(to)?;
                if !colleague.roles.iter().any(|role| subject.deciders.contains(role)) {
                    return Err(Denied::NoColleague(to.clone()));
                }
            }
            Verdict::AddReviewer { reviewer } => {
                let agrees = |user: &&User| user.roles.contains(reviewer);
                if self.within(*reviewer, Action::Decide, subject).is_err()
                    || !self.users.iter().any(|it| agrees(&it))
                {
                    return Err(Denied::NoReviewer { role: *reviewer, queue });
                }
            }
            Verdict::Approve { conditions, .. } => {
                let money = |it: &Condition| it.path.ends_with("unit_price") || it.path == "payment_terms";
                if conditions.iter().any(money) {
                    self.within(role, Action::SeePrices, subject)?;
                }
            }
            Verdict::Return { .. }
            | Verdict::Reject { .. }
            | Verdict::File { .. }
            | Verdict::Correct { .. }
            | Verdict::Appeal { .. }
            | Verdict::Ask => {}
        }
        if matches!(decision.verdict, Verdict::Approve { .. }) {
            self.within_limit(role, subject)
        } else {
            Ok(())
        }
    }

    fn within(&self, role: Role, action: Action, subject: &Subject<'_>) -> Result<(), Denied> {
        let queue = subject.queue;
        let grant = self.rights.0.get(&role).filter(|grant| grant.may.contains(&action));
        let here = grant.is_some_and(|grant| grant.queues.as_ref().is_none_or(|it| it.contains(&queue)));
        if here { Ok(()) } else { Err(Denied::NotHere { role, action, queue }) }
    }

    fn within_limit(&self, role: Role, subject: &Subject<'_>) -> Result<(), Denied> {
        let total = subject.total;
        match self.rights.0.get(&role).and_then(|grant| grant.limit) {
            Some(limit) if total.is_none_or(|total| total > limit) => {
                Err(Denied::OverLimit { role, limit, total })
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
