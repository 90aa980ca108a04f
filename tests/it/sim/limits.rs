//! Limits that no commit may exceed: the stock there is, and a customer's credit unless somebody gave him more.

use crate::support::books;
use gendan::order::Order;
use gendan::order::review::Queue;
use gendan::store::{Commit, Key, Kind, Write};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// What this commit takes that is not there; `credit` is what customers' orders took before it.
pub(super) fn exceeded(commit: &Commit, credit: &mut BTreeMap<String, Decimal>) -> Vec<String> {
    let mut wrong = Vec::new();
    for write in &commit.writes {
        if write.key.kind == Kind::Stock {
            wrong.extend(stock(&write.key, value(write)));
        } else if write.key.kind == Kind::Credit {
            let now = value(write);
            let before = credit.insert(write.key.id.clone(), now).unwrap_or_default();
            wrong.extend(owed(commit, &write.key.id, (before, now)));
        }
    }
    wrong
}

fn stock(key: &Key, reserved: Decimal) -> Option<String> {
    // Two orders may find the same goods or the same material free; only one of them gets it.
    let there = books::short_of_material().free_stock(&key.id).max(Decimal::ZERO);
    let fits = Decimal::ZERO <= reserved && reserved <= there;
    (!fits).then(|| format!("{reserved} of {} are reserved, {there} are there", key.id))
}

fn owed(commit: &Commit, customer: &str, (before, now): (Decimal, Decimal)) -> Option<String> {
    let master = books::short_of_material();
    let limit = master.customer(customer)?.credit_limit;
    let receivable = master.balance(customer).map_or(Decimal::ZERO, |it| it.receivable);
    let fits = now <= before || receivable + now <= limit || commit.writes.iter().any(is_given);
    let negative = now < Decimal::ZERO;
    (negative || !fits)
        .then(|| format!("{customer} owes {receivable} and {now} of its orders, its limit is {limit}"))
}

/// Whether the write is of an order or a change of one in which somebody gave credit.
fn is_given(write: &Write) -> bool {
    let gives = |queue| matches!(queue, Queue::Credit | Queue::Management);
    let given =
        |order: Order| order.reviews.iter().any(|it| gives(it.queue) && it.agreed_by().next().is_some());
    write.key.kind == Kind::Order && write.body.read().is_ok_and(given)
}

fn value(write: &Write) -> Decimal {
    write.body.read().unwrap()
}
