//! PURE. What would have left the house, counted by kind.

use super::figures::{Input, Seen};
use super::report::LeavingRow;
use super::seen::Outcome;
use std::collections::BTreeMap;

/// What orders that passed untouched would have sent, and what else, to ask or tell people; the most first.
pub(super) fn leaving(input: &Input<'_>, seen: &[Seen<'_>]) -> Vec<LeavingRow> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for it in seen {
        let passed = it.outcome == Outcome::Passed;
        for (kind, count) in &it.part.sent {
            let (untouched, other) = counts.entry(kind).or_default();
            if passed { *untouched += count } else { *other += count }
        }
        let instructed = it.part.sent.contains_key("shipping.instruction");
        if passed && !instructed && it.part.order.as_ref().is_some_and(|order| order.ship_on.is_some()) {
            counts.entry("later.shipping_instruction").or_default().0 += 1;
        }
    }
    for (kind, count) in input.files.iter().flat_map(|file| &file.sent) {
        counts.entry(kind).or_default().1 += count;
    }
    let said = |kind: &str| match kind {
        mail if mail.starts_with("mail.") => {
            let name = input.words.say(mail);
            input.words.wording.say(input.words.language, "leaving.mail", &[("what", &name)])
        }
        other => input.words.say(&format!("leaving.{}", other.replace('.', "_"))),
    };
    let row = |(kind, (untouched, other)): (&str, (u64, u64))| LeavingRow {
        kind: kind.to_owned(),
        said: said(kind),
        untouched,
        other,
    };
    let mut rows: Vec<LeavingRow> = counts.into_iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.untouched, row.other)));
    rows
}
