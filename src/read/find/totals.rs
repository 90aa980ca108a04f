//! Total rows: told from lines by their words, with the amount in figures and in words.

use super::cells::{self, is_code};
use super::plan::{Plan, quantity_text, text_at};
use super::table::Event;
use super::{Context, field, sure};
use crate::order::draft::Found;
use crate::read::labels::{Label, Words};
use crate::read::page::{Grid, Row};
use crate::read::value::money;
use crate::read::value::text::plain;
use rust_decimal::Decimal;
/// The label with which a total row starts, as printed.
pub(super) fn total_label(row: &Row, context: &Context<'_>) -> Option<String> {
    for (_, text) in row.filled().take(6) {
        let text = plain(text);
        let head = text.split([':', '\n']).next().unwrap_or("").trim();
        let bare =
            head.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | '¥' | '$' | ' '));
        let glued = bare.len() < head.len()
            && bare.ends_with(|c: char| c.is_ascii_alphabetic())
            && head[bare.len()..].starts_with(|c: char| c.is_ascii_digit());
        let head = if glued { head } else { bare };
        let head = head.trim_end_matches("RMB").trim_end_matches("USD").trim();
        let known = |t: &str| context.labels.is(Words::Total, t) || context.labels.is(Words::Subtotal, t);
        if known(head) || (text.chars().count() < 40 && starts_total(&text, context)) {
            return Some(head.to_owned());
        }
    }
    None
}
/// "合计人民币（大写）：柒仟元整", "Total USD 794.00".
fn starts_total(text: &str, context: &Context<'_>) -> bool {
    let len =
        context.labels.starts(Words::Total, text).or_else(|| context.labels.starts(Words::Subtotal, text));
    let Some(rest) = len.and_then(|l| text.get(l..)) else { return false };
    let rest = rest.trim_start_matches([' ', ':', '(', ')']);
    let (_, rest) = context.labels.leading_currency(rest);
    // "Gesamtsumme netto: 872,50 EUR"
    let figure = rest.split_once(':').filter(|(word, _)| word.chars().count() <= 20);
    rest.is_empty()
        || in_words(rest).is_some()
        || figure.is_some_and(|(_, value)| value.trim().is_empty() || money_in(value, context).is_some())
        || rest
            .trim_start()
            .starts_with(|c: char| c.is_ascii_digit() || matches!(c, '大' | '¥' | '$' | ':' | '('))
}
pub(super) fn total(grid: &Grid, row: &Row, plan: &Plan, context: &Context<'_>) -> Option<Event> {
    let label = total_label(row, context)?;
    let coded = is_code(text_at(row, plan.part)) && quantity_text(row, plan).is_some();
    if coded {
        return None;
    }
    let grand = context.labels.label(&label).is_some_and(|l| matches!(l, Label::Total | Label::Words))
        || context.labels.label(&label).is_none() && !context.labels.is(Words::Subtotal, &label);
    let grand = grand && !context.labels.is(Words::Subtotal, &label);
    let mut amount: Found<Decimal> = None;
    let mut words: Found<Decimal> = None;
    let mut currency = None;
    let figures = row.filled().filter(|(_, t)| cells::bare_number(t, context).is_some()).count();
    for (column, text) in row.filled() {
        let evidence = grid.evidence(row.number, column);
        if let Some(value) = in_words(text) {
            words = Some(field(value, evidence.clone(), sure::LABELLED));
        }
        let counted = Some(column) == plan.quantity || Some(column) == plan.price;
        let unsure = plan.amount.is_none() && figures > 1;
        let after = text.rsplit([':', '：']).next().unwrap_or(text);
        let Some(money) = money_in(after, context)
            .filter(|_| !counted || row.filled().count() == 2 && plan.amount.is_none())
        else {
            continue;
        };
        if unsure && money.currency.is_none() {
            continue;
        }
        let better = amount.is_none()
            || Some(column) == plan.amount
            || (plan.amount.is_none_or(|a| column > a) && money.currency.is_some());
        if better {
            currency = money.currency.clone().or(currency);
            let confidence = if money.ambiguous { sure::AMBIGUOUS } else { sure::LABELLED };
            amount = Some(field(money.value, evidence, confidence));
        }
    }
    Some(Event::Total { amount, words, currency, grand })
}
/// An amount in words, Chinese or English.
#[must_use]
pub(super) fn in_words(text: &str) -> Option<Decimal> {
    let formal = text.chars().filter(|c| "壹贰貳叁參肆伍陆陸柒捌玖拾佰仟".contains(*c)).count();
    if formal >= 2 || (formal == 1 && text.contains(['元', '圆', '圓'])) {
        return crate::read::value::hanzi::amount(
            text.trim_start_matches(|c: char| !"零壹贰貳叁參肆伍陆陸柒捌玖拾".contains(c)),
        );
    }
    let lower = text.to_lowercase();
    (lower.contains("only") || lower.trim_start().starts_with("say"))
        .then(|| crate::read::value::english::amount(text))
        .flatten()
}
/// The last amount in a text.
fn money_in(text: &str, context: &Context<'_>) -> Option<money::Money> {
    let text = plain(text);
    let start = text.find(|c: char| c.is_ascii_digit() || matches!(c, '¥' | '$' | '€'))?;
    let (currency, _) = context.labels.leading_currency(text.trim_start());
    let mut found = cells::money(&text[start..], context)?;
    found.currency = found.currency.or(currency).or_else(|| context.labels.currency_in(&text[..start]));
    Some(found)
}
