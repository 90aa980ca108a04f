//! Which column serves as what: headings first, then what the cells hold, and arithmetic where several fit.

use super::cells::{self, is_code, is_position};
use super::columns::Heading;
use super::table::Event;
use super::{Context, Doubt};
use crate::read::codes::Code;
use crate::read::labels::Column;
use crate::read::page::{Grid, Row};
use rust_decimal::Decimal;
/// What every row of a table is read with.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) grid: &'a Grid,
    pub(super) plan: &'a Plan,
    pub(super) heading: &'a Heading,
    pub(super) context: &'a Context<'a>,
}

/// Which column of the grid serves as what.
#[derive(Debug, Default, Clone)]
pub(super) struct Plan {
    pub(super) line: Option<usize>,
    pub(super) part: Option<usize>,
    pub(super) description: Option<usize>,
    pub(super) spec: Vec<usize>,
    pub(super) color: Option<usize>,
    pub(super) quantity: Option<usize>,
    pub(super) unit: Option<usize>,
    pub(super) price: Option<usize>,
    pub(super) amount: Option<usize>,
    pub(super) date: Option<usize>,
    pub(super) note: Vec<usize>,
    pub(super) guessed: Vec<usize>,
}
pub(super) fn text_at(row: &Row, column: Option<usize>) -> &str {
    column.and_then(|c| row.cells.get(c)).map_or("", |c| c.text.trim())
}
pub(super) fn quantity_text<'a>(row: &'a Row, plan: &Plan) -> Option<&'a str> {
    Some(text_at(row, plan.quantity)).filter(|t| !t.is_empty() && !matches!(*t, "-" | "/" | "—" | "0"))
}
/// Chooses the columns; where several can be the quantity, price or amount, arithmetic decides.
pub(super) fn plan(body: &[&Row], heading: &Heading, context: &Context<'_>, out: &mut Vec<Event>) -> Plan {
    let mut plan = Plan {
        line: heading.first(Column::Line),
        part: part_column(body, heading),
        description: heading.first(Column::Description),
        spec: heading.all(Column::Spec),
        color: heading.first(Column::Color),
        unit: heading.first(Column::Unit),
        date: heading.first(Column::Date),
        note: heading.all(Column::Note),
        ..Plan::default()
    };
    items(body, heading, &mut plan);
    names(body, heading, &mut plan);
    figures(body, heading, context, &mut plan, out);
    if !plan.guessed.is_empty() {
        out.push(Event::Doubt(Doubt::new(Code::GuessedColumn, format!("{} column(s)", plan.guessed.len()))));
    }
    plan
}
/// Of several columns of codes the one that differs from row to row.
fn part_column(body: &[&Row], heading: &Heading) -> Option<usize> {
    let distinct =
        |c: usize| column_texts(body, c).into_iter().collect::<std::collections::BTreeSet<_>>().len();
    heading.all(Column::Part).into_iter().rev().max_by_key(|c| distinct(*c))
}
fn column_texts<'a>(body: &[&'a Row], column: usize) -> Vec<&'a str> {
    body.iter().filter_map(|r| r.cells.get(column)).map(|c| c.text.trim()).filter(|t| !t.is_empty()).collect()
}
/// "Item" or "No." is a position, a part number or a name: the cells tell.
fn items(body: &[&Row], heading: &Heading, plan: &mut Plan) {
    for column in heading.all(Column::Item) {
        let texts = column_texts(body, column);
        if texts.is_empty() || (texts.iter().all(|t| is_position(t)) && plan.line.is_none()) {
            plan.line = plan.line.or(Some(column));
        } else if plan.part.is_none() && texts.iter().filter(|t| is_code(t)).count() * 2 >= texts.len() {
            plan.part = Some(column);
        } else if plan.description.is_none() {
            plan.description = Some(column);
        }
    }
}
/// Part number and description where their usual headings are missing.
fn names(body: &[&Row], heading: &Heading, plan: &mut Plan) {
    for column in heading.all(Column::PartElse) {
        let texts = column_texts(body, column);
        let codes = texts.iter().filter(|t| is_code(t)).count() * 2 >= texts.len();
        if plan.part.is_none() && (codes || plan.description.is_some()) && !texts.is_empty() {
            plan.part = Some(column);
        } else if plan.description.is_none() && !codes {
            plan.description = Some(column);
        }
    }
    let wordy = |c: usize| {
        column_texts(body, c).iter().filter(|t| !is_code(t)).count() * 2 > column_texts(body, c).len()
    };
    // Two columns can both be called "product": the one with codes is the part number.
    if plan.part.is_none() {
        let all = heading.all(Column::Description);
        if let [first, second, ..] = all[..] {
            match (wordy(first), wordy(second)) {
                (false, true) => (plan.part, plan.description) = (Some(first), Some(second)),
                (true, false) => plan.part = Some(second),
                _ => {}
            }
        }
    }
    if plan.description.is_none()
        && let Some(part) = plan.part.filter(|p| wordy(*p))
    {
        (plan.description, plan.part) = (Some(part), None);
    }
    if plan.description.is_none() && !plan.spec.is_empty() && plan.part.is_none() {
        plan.description = Some(plan.spec.remove(0));
    }
    if plan.description.is_none() && plan.part.is_none() {
        let longest = |c: &usize| column_texts(body, *c).iter().map(|t| t.chars().count()).sum::<usize>();
        plan.description = heading.unknown.iter().copied().filter(|c| wordy(*c)).max_by_key(longest);
        plan.guessed.extend(plan.description);
    }
}
/// Quantity, price and amount: the choice under which most rows multiply out.
fn figures(body: &[&Row], heading: &Heading, context: &Context<'_>, plan: &mut Plan, out: &mut Vec<Event>) {
    let numeric = |c: &usize| {
        column_texts(body, *c).iter().filter(|t| cells::bare_number(t, context).is_some()).count() * 2
            > body.len().max(1)
    };
    let mut quantities = heading.all(Column::Quantity);
    let prices: Vec<usize> = [heading.all(Column::Price), heading.all(Column::PriceNet)].concat();
    let amounts: Vec<usize> = [heading.all(Column::Amount), heading.all(Column::AmountNet)].concat();
    if quantities.is_empty() && heading.sizes.is_empty() {
        quantities = heading.all(Column::QuantityElse);
    }
    if quantities.is_empty() && heading.sizes.is_empty() {
        quantities = heading.unknown.iter().copied().filter(numeric).collect();
        plan.guessed.extend(quantities.first());
    }
    let named_tax = |c: usize| {
        heading.heads.get(c).and_then(Option::as_ref).is_some_and(|h| {
            ["含税", "价税", "含稅", "價稅"]
                .iter()
                .any(|w| h.text.contains(w) && !h.text.contains('不') && !h.text.contains('未'))
        })
    };
    let some =
        |list: &[usize]| if list.is_empty() { vec![None] } else { list.iter().copied().map(Some).collect() };
    let mut best: Option<(usize, [Option<usize>; 3])> = None;
    let mut rank = 0;
    for q in some(&quantities) {
        for p in some(&prices) {
            for a in some(&amounts) {
                rank += 1;
                let fits = body.iter().filter(|r| multiplies(r, q, p, a, context)).count();
                let taxed = usize::from(p.is_some_and(named_tax)) + usize::from(a.is_some_and(named_tax));
                let score = fits * 1000 + taxed * 50 + 40usize.saturating_sub(rank);
                if best.as_ref().is_none_or(|(s, _)| score > *s) {
                    best = Some((score, [q, p, a]));
                }
            }
        }
    }
    let Some((score, [q, p, a])) = best else { return };
    (plan.quantity, plan.price, plan.amount) = (q, p, a);
    // Several quantities that say different things, and no arithmetic that decides.
    if quantities.len() > 1
        && score < 1000
        && body.iter().any(|r| {
            quantities.iter().map(|c| text_at(r, Some(*c))).collect::<std::collections::BTreeSet<_>>().len()
                > 1
        })
    {
        out.push(Event::Doubt(Doubt::new(Code::Ambiguous, "several quantity columns")));
    }
    if prices.len() > 1 && score < 1000 {
        out.push(Event::Doubt(Doubt::new(Code::Ambiguous, "several price columns")));
    }
}
fn multiplies(
    row: &Row,
    q: Option<usize>,
    p: Option<usize>,
    a: Option<usize>,
    context: &Context<'_>,
) -> bool {
    let number = |c: Option<usize>| cells::money(text_at(row, c), context).map(|m| m.value);
    let (Some(q), Some(p), Some(a)) = (number(q), number(p), number(a)) else { return false };
    let Some(product) = q.checked_mul(p) else { return false };
    !a.is_zero() && (product - a).abs() <= Decimal::new(6, 3).max(a.abs() * Decimal::new(1, 4))
}
