//! What the rules ask of an order in one queue, and what it comes to where several ask.

use super::rules::{Deadline, Rule};
use crate::order::review::{Queue, Role, Sign};
use std::collections::BTreeSet;

/// What the rules ask of one order in one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub queue: Queue,
    /// Names of the rules that ask.
    pub rules: Vec<String>,
    pub roles: Vec<Role>,
    pub deadline: Deadline,
    pub covers: BTreeSet<String>,
    pub sign: Sign,
    pub other_than: BTreeSet<Queue>,
}

impl Asked {
    pub(super) fn by(rule: &Rule) -> Self {
        Self {
            queue: rule.queue,
            rules: vec![rule.name.clone()],
            roles: rule.roles.clone(),
            deadline: rule.deadline,
            covers: rule.covers.iter().cloned().collect(),
            sign: rule.sign,
            other_than: rule.other_than.iter().copied().collect(),
        }
    }

    /// Where two rules ask for one queue, those may decide whom both name; where none is, those of the later rule,
    /// which is the stricter one by its place in the file. A joint sign is kept: all whom its rules name, and one of those whom the other names. The shorter deadline
    /// holds.
    pub(super) fn join(&mut self, rule: &Self) {
        self.rules.extend(rule.rules.iter().cloned());
        match (self.sign, rule.sign) {
            (Sign::Any, Sign::Any) => {
                self.roles.retain(|role| rule.roles.contains(role));
                if self.roles.is_empty() {
                    self.roles.clone_from(&rule.roles);
                }
            }
            (Sign::Any, Sign::All) => {
                let any = std::mem::replace(&mut self.roles, rule.roles.clone());
                self.sign = Sign::All;
                self.and_one_of(&any);
            }
            (Sign::All, Sign::All) => {
                let more: Vec<Role> =
                    rule.roles.iter().copied().filter(|role| !self.roles.contains(role)).collect();
                self.roles.extend(more);
            }
            (Sign::All, Sign::Any) => self.and_one_of(&rule.roles),
        }
        self.other_than.extend(rule.other_than.iter().copied());
        if rule.deadline.hours() < self.deadline.hours() {
            self.deadline = rule.deadline;
        }
        self.covers.extend(rule.covers.iter().cloned());
    }

    /// Where none of `any` signs, the highest of them does as well: the last that the rule names.
    fn and_one_of(&mut self, any: &[Role]) {
        if !any.iter().any(|role| self.roles.contains(role)) {
            self.roles.extend(any.last());
        }
    }
}
