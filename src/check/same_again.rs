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
    /// An amendment or cancellation that found no order to change.
    pub loose: bool,
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
    if let Some(loose) = case.facts.same.iter().find(|same| same.loose && !ended(same)) {
        // The word to change or cancel it came before the order itself.
        return vec![raise(Code::ConflictsWith, Severity::Review).expected(loose.name)];
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
        let said =
            [&content.payment_terms, &content.incoterm, &content.shipping_method, &content.discount_code];
        (content.currency, content.requested, content.order_date, said.map(plain))
    };
    let place = |party: Option<&Party>| party.map(|party| (plain(&party.name), plain(&party.address)));
    let moved = same.ship_to.is_some() && place(same.ship_to) != place(case.resolved.ship_to.as_ref());
    let lines = a.lines.len() == b.lines.len() && a.lines.iter().zip(&b.lines).all(|(a, b)| same_line(a, b));
    // Of what was not read nobody knows whether it is the same.
    let read = !a.lines.is_empty() && !case.draft.unread.iter().any(|it| it.code.starts_with("reading."));
    read && head(a) == head(b) && lines && !moved
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

#[cfg(test)]
mod tests {
    use super::{SamePo, check};
    use crate::check::desk::{Desk, said, text};
    use crate::order::document::Kind;
    use crate::order::line::Content;
    use crate::order::status::{Rung, Status};

    const LINE: &str = "A18||6000|条|0.47|2820";

    fn content(desk: &Desk) -> Content {
        desk.with(&[], |case| case.content.clone())
    }

    fn says(desk: &Desk, earlier: &Content, status: Status) -> Vec<String> {
        let same = [SamePo {
            name: "CNN-K1-2603-01",
            kind: Kind::Order,
            status,
            content: earlier,
            ship_to: None,
            loose: false,
        }];
        desk.with(&same, |case| check(case).iter().map(said).collect())
    }

    #[test]
    fn the_same_number_is_a_copy_a_change_or_a_question() {
        let earlier = content(&Desk::new(&[LINE]));
        let on = Status::On(Rung::Released);
        assert_eq!(says(&Desk::new(&[LINE]), &earlier, on), ["duplicate_of po_number PO-1 CNN-K1-2603-01"]);
        let other = Desk::new(&["A18||7500|条|0.47|3525"]);
        assert_eq!(says(&other, &earlier, on), ["conflicts_with po_number PO-1 CNN-K1-2603-01"]);
        let mut dated = Desk::new(&[LINE]);
        dated.order().shipping_method = text("空运");
        assert_eq!(says(&dated, &earlier, on), ["conflicts_with po_number PO-1 CNN-K1-2603-01"]);
        let again = says(&Desk::new(&[LINE]), &earlier, Status::Cancelled);
        assert_eq!(again, ["conflicts_with po_number PO-1 CNN-K1-2603-01"]);
        for (kind, expected) in [(Kind::Amendment, "amends"), (Kind::Cancellation, "cancels")] {
            let mut desk = Desk::new(&["A18||7500|条||"]);
            desk.draft.kind = kind;
            assert_eq!(says(&desk, &earlier, on), [format!("{expected} po_number PO-1 CNN-K1-2603-01")]);
        }
    }

    #[test]
    fn an_order_that_nobody_knows_is_not_changed_in_silence() {
        let mut desk = Desk::new(&["A18||7500|条||"]);
        assert!(desk.says(check).is_empty());
        desk.draft.kind = Kind::Amendment;
        assert_eq!(desk.says(check), ["amends po_number PO-1"]);
    }

    #[test]
    fn another_place_to_ship_to_is_another_order() {
        let mut first = Desk::new(&[LINE]);
        first.order().ship_to.address = text("一号仓");
        let (earlier, place) = first.with(&[], |case| (case.content.clone(), case.resolved.ship_to.clone()));
        let status = Status::On(Rung::InReview);
        let same = [SamePo {
            name: "A",
            kind: Kind::Order,
            status,
            content: &earlier,
            ship_to: place.as_ref(),
            loose: false,
        }];
        let code = |desk: &Desk| desk.with(&same, |case| check(case)[0].code.as_str());
        assert_eq!(code(&first), "duplicate_of");
        first.order().ship_to.address = text("二号仓");
        assert_eq!(code(&first), "conflicts_with");
    }
}
