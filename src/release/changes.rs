//! What an amendment changed, in words for those who are told of it.

use super::ReleaseFacts;
use crate::order::Order;
use crate::order::change::{Difference, differences};
use crate::order::document::Language;
use crate::order::wording::Wording;

/// One line for each field that says something else than before; without `prices` nothing of prices and terms. Empty for an
/// order that was not amended.
pub(super) fn said(order: &Order, facts: &ReleaseFacts<'_>, language: Language, prices: bool) -> Vec<String> {
    let Some(before) = facts.before else { return Vec::new() };
    let found = differences(&order.content, &before.content).into_iter();
    let shown = found.filter(|it| prices || !it.shows_prices());
    shown.map(|it| in_words(&it, order, facts.office.wording, language)).collect()
}

fn in_words(it: &Difference, order: &Order, wording: &Wording, language: Language) -> String {
    let (mut field, mut position) = (it.path.as_str(), String::new());
    let line = it.path.strip_prefix("lines.").map(|rest| rest.split_once('.').unwrap_or((rest, "")));
    if let Some((at, below)) = line {
        let line = at.parse().ok().and_then(|at: usize| order.content.lines.get(at));
        position = line.map(|line| line.position.to_string()).unwrap_or_default();
        field = below;
    }
    let key = match (field, position.as_str()) {
        ("ship_to", _) => "change.ship_to",
        ("lines", _) => "change.left_out",
        ("", _) => "change.added",
        (_, "") => "change.of_order",
        (_, _) => "change.of_line",
    };
    let named = format!("field.{field}");
    let what = if wording.has(&named) { wording.say(language, &named, &[]) } else { field.to_owned() };
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "—".to_owned());
    let (before, now) = (value(&it.before), value(&it.now));
    let args = [("line", position.as_str()), ("what", &what), ("before", &before), ("now", &now)];
    wording.say(language, key, &args)
}
