//! Same again: the customer's other orders with this PO number; sent twice, changed with a word, or changed without one.

use super::Case;
use crate::master::text::squeezed;
use crate::order::document::Kind;
use crate::order::line::{Content, Line};
use crate::order::party::Party;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use crate::order::status::Status;

/// Another order of this customer with the same PO number.
#[derive(Debug, Clone, Copy)]
pub struct SamePo<'a> {
    /// What a person knows it by: the order's number, or its document's name.
    pub name: &'a str,
    pub kind: Kind,
    pub status: Status,
    pub content: &'a Content,
    /// Where it goes, if known.
    pub ship_to: Option<&'a Party>,
}

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let raise = |code, severity| {
        let problem = Problem::new(code, "po_number", severity, Queue::Sales);
        Problem { found: case.content.po_number.clone().or_else(|| case.draft.refers_to.clone()), ..problem }
    };
    let orders = || case.facts.same.iter().filter(|same| same.kind == Kind::Order);
    if case.draft.kind == Kind::Cancellation || case.draft.kind == Kind::Amendment {
        let code = if case.draft.kind == Kind::Cancellation { Code::Cancels } else { Code::Amends };
        let problem = raise(code, Severity::Review);
        let named = orders().rev().find(|same| !ended(same)).or_else(|| orders().next_back());
        return vec![Problem { expected: named.map(|same| same.name.to_owned()), ..problem }];
    }
    if let Some(same) = orders().find(|same| !ended(same) && is_same(case, same)) {
        return vec![raise(Code::DuplicateOf, Severity::Review).expected(same.name)];
    }
    let Some(other) = orders().next_back() else { return Vec::new() };
    vec![raise(Code::ConflictsWith, Severity::Review).expected(other.name)]
}

/// An order that came to nothing: the same again is then no mere repetition.
fn ended(same: &SamePo<'_>) -> bool {
    matches!(same.status, Status::Rejected | Status::Cancelled)
}

/// Whether both ask for the same: everything but what differs from reading to reading of one order.
fn is_same(case: &Case<'_>, same: &SamePo<'_>) -> bool {
    let (a, b) = (case.content, same.content);
    let head = |content: &Content| {
        let said = [&content.payment_terms, &content.incoterm, &content.shipping_method];
        (content.currency, content.requested, content.order_date, said.map(plain))
    };
    let place = |party: Option<&Party>| party.map(|party| (plain(&party.name), plain(&party.address)));
    let moved = same.ship_to.is_some() && place(same.ship_to) != place(case.resolved.ship_to.as_ref());
    let lines = a.lines.len() == b.lines.len() && a.lines.iter().zip(&b.lines).all(|(a, b)| same_line(a, b));
    head(a) == head(b) && lines && !moved
}

fn same_line(a: &Line, b: &Line) -> bool {
    let goods = match (&a.sku, &b.sku) {
        (Some(a), Some(b)) => a == b,
        (None, None) => squeezed(&a.description) == squeezed(&b.description),
        (Some(_), None) | (None, Some(_)) => false,
    };
    let said = |line: &Line| [&line.spec, &line.color, &line.note, &line.unit].map(plain);
    goods
        && said(a) == said(b)
        && (a.quantity, a.unit_price, a.required) == (b.quantity, b.unit_price, b.required)
}

fn plain(text: &Option<String>) -> Option<String> {
    text.as_deref().map(squeezed)
}
