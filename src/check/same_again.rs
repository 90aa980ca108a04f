//! Same again: the customer's other orders with this PO number; sent twice, changed with a word, or changed without one.

use super::Case;
use crate::master::text::squeezed;
use crate::order::change::{self, Difference, added, head_differences, left_out, line_differences};
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
    let mut problems = vec![raise(Code::ConflictsWith, Severity::Review).expected(other.name)];
    problems.extend(differences(case, other));
    problems
}

/// More differences than that are no change of an order, but another one.
const MOST: usize = 30;

/// What the order says differently from the other, field by field, for the person who decides what is meant.
fn differences(case: &Case<'_>, other: &SamePo<'_>) -> Vec<Problem> {
    if !is_read(case) {
        return Vec::new();
    }
    let (a, b) = (case.content, other.content);
    let mut found = head_differences(a, b);
    let mut left: Vec<&Line> = b.lines.iter().collect();
    for (at, line) in a.lines.iter().enumerate() {
        match left.iter().position(|one| same_goods(one, line)) {
            Some(is) => found.extend(line_differences(at, line, left.remove(is))),
            None => found.push(added(at, line)),
        }
    }
    found.extend(left.into_iter().map(left_out));
    found.retain(|it| plain(&it.now) != plain(&it.before));
    if is_moved(case, other) {
        // Whose address it is stands with the parties, never in a problem.
        found.push(Difference { path: "ship_to".to_owned(), now: None, before: None });
    }
    as_problems(found)
}

/// What an amendment makes of the order `before`.
#[must_use]
pub fn amended(now: &Content, before: &Content) -> Vec<Problem> {
    as_problems(change::differences(now, before))
}

fn as_problems(found: Vec<Difference>) -> Vec<Problem> {
    let problem = |Difference { path, now: found, before: expected }| {
        let problem = Problem::new(Code::DiffersFrom, path, Severity::Note, Queue::Sales);
        Problem { found, expected, ..problem }
    };
    found.into_iter().take(MOST).map(problem).collect()
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
    let lines = a.lines.len() == b.lines.len() && a.lines.iter().zip(&b.lines).all(|(a, b)| same_line(a, b));
    is_read(case) && head(a) == head(b) && lines && !is_moved(case, same)
}

/// Of what was not read nobody knows whether it is the same.
fn is_read(case: &Case<'_>) -> bool {
    let unread = case.draft.unread.iter().any(|it| it.code.starts_with("reading."));
    !case.content.lines.is_empty() && !unread
}

fn is_moved(case: &Case<'_>, same: &SamePo<'_>) -> bool {
    let place = |party: Option<&Party>| party.map(|party| (plain(&party.name), plain(&party.address)));
    same.ship_to.is_some() && place(same.ship_to) != place(case.resolved.ship_to.as_ref())
}

fn same_goods(a: &Line, b: &Line) -> bool {
    match (&a.sku, &b.sku) {
        (Some(a), Some(b)) => a == b,
        (None, None) => squeezed(&a.description) == squeezed(&b.description),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn same_line(a: &Line, b: &Line) -> bool {
    let said = |line: &Line| [&line.spec, &line.color, &line.note, &line.unit].map(plain);
    same_goods(a, b)
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

    /// What the check says with an earlier order of that content and status.
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
        assert_eq!(
            says(&other, &earlier, on),
            ["conflicts_with po_number PO-1 CNN-K1-2603-01", "differs_from lines.0.quantity 7500 6000"]
        );
        let mut dated = Desk::new(&[LINE]);
        dated.order().shipping_method = text("空运");
        assert_eq!(
            says(&dated, &earlier, on),
            ["conflicts_with po_number PO-1 CNN-K1-2603-01", "differs_from shipping_method 空运"]
        );
        let again = says(&Desk::new(&[LINE]), &earlier, Status::Cancelled);
        assert_eq!(again, ["conflicts_with po_number PO-1 CNN-K1-2603-01"]);
        for (kind, expected) in [(Kind::Amendment, "amends"), (Kind::Cancellation, "cancels")] {
            let mut desk = Desk::new(&["A18||7500|条||"]);
            desk.draft.kind = kind;
            assert_eq!(says(&desk, &earlier, on), [format!("{expected} po_number PO-1 CNN-K1-2603-01")]);
        }
    }

    #[test]
    fn a_change_without_a_word_is_shown_line_by_line() {
        let on = Status::On(Rung::InReview);
        let earlier = content(&Desk::new(&[LINE, "A20||1000|条|0.55|550|2026-04-10"]));
        let differs = |lines: &[&str]| {
            let said = says(&Desk::new(lines), &earlier, on);
            assert_eq!(
                said.first().map(String::as_str),
                Some("conflicts_with po_number PO-1 CNN-K1-2603-01")
            );
            said[1..].join("; ").replace("differs_from ", "")
        };
        // Lines that only stand elsewhere are the same lines.
        assert_eq!(differs(&["A20||1000|条|0.55|550|2026-04-10", LINE]), "");
        assert_eq!(
            differs(&["A20||1000.0|条|0.56|560|2026-04-12", LINE]),
            "lines.0.unit_price 0.56 0.55; lines.0.delivery_date 2026-04-12 2026-04-10"
        );
        assert_eq!(differs(&[LINE]), "lines N20 × 1000 条");
        assert_eq!(
            differs(&[
                LINE,
                "A20||1000|条|0.55|550|2026-04-10",
                "|5#尼龙闭尾拉链 自动头 黑色580 18cm|200|条|0.47"
            ]),
            "lines.2 N18 × 200 条"
        );
        let mut unread = Desk::new(&["A18||7500|条|0.47|3525"]);
        let why = crate::order::draft::Unread {
            code: "reading.pdf_not_read".to_owned(),
            source: "a.pdf".to_owned(),
            detail: None,
        };
        unread.draft.unread.push(why);
        assert_eq!(says(&unread, &earlier, on), ["conflicts_with po_number PO-1 CNN-K1-2603-01"]);
    }

    #[test]
    fn the_same_goods_under_a_new_number_are_ordered_again() {
        let mut again = Desk::new(&[LINE]);
        again.order().po_number = text("PO-2");
        again.order().notes = text("返单，同 PO-1");
        assert!(again.says(check).is_empty());
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
