//! What an amendment changed, in words for those who are told of it.

use super::ReleaseFacts;
use crate::order::Order;
use crate::order::change::{Difference, differences};
use crate::order::document::Language;
use crate::order::line::Content;
use crate::order::wording::Wording;

/// One line for each field that says something else than before; without `prices` nothing of prices and terms. Empty for an
/// order that was not amended.
pub(super) fn said(order: &Order, facts: &ReleaseFacts<'_>, language: Language, prices: bool) -> Vec<String> {
    let Some(before) = facts.before else { return Vec::new() };
    between(order, &before.content, facts.office.wording, language, prices)
}

/// The same beside any other content.
pub(super) fn between(
    order: &Order,
    before: &Content,
    wording: &Wording,
    language: Language,
    prices: bool,
) -> Vec<String> {
    let found = differences(&order.content, before).into_iter();
    let shown = found.filter(|it| prices || !it.shows_prices());
    shown.map(|it| in_words(&it, order, wording, language)).collect()
}

fn in_words(it: &Difference, order: &Order, wording: &Wording, language: Language) -> String {
    let (field, position) = place(&it.path, order);
    let key = match (field, position.as_str()) {
        ("ship_to", _) => "change.ship_to",
        ("lines", _) => "change.left_out",
        ("", _) => "change.added",
        (_, "") => "change.of_order",
        (_, _) => "change.of_line",
    };
    let what = word(field, wording, language);
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "—".to_owned());
    let (before, now) = (value(&it.before), value(&it.now));
    let args = [("line", position.as_str()), ("what", &what), ("before", &before), ("now", &now)];
    wording.say(language, key, &args)
}

/// The field that a path names (`lines.0.quantity`), and the position of its line; empty where it is of the order.
pub(super) fn place<'a>(path: &'a str, order: &Order) -> (&'a str, String) {
    let Some(rest) = path.strip_prefix("lines.") else { return (path, String::new()) };
    let (at, below) = rest.split_once('.').unwrap_or((rest, ""));
    let line = at.parse().ok().and_then(|at: usize| order.content.lines.get(at));
    (below, line.map(|line| line.position.to_string()).unwrap_or_default())
}

/// What people call a field.
pub(super) fn word(field: &str, wording: &Wording, language: Language) -> String {
    let named = format!("field.{field}");
    if wording.has(&named) { wording.say(language, &named, &[]) } else { field.to_owned() }
}
