//! PURE. The figures of a report, counted out of what was seen.

use super::compare::{Compared, Keyed};
use super::keyed::KeyedLine;
use super::leaving::leaving;
use super::report::{
    DifferenceRow, Example, GroupRow, KeyedFigures, KindRow, OrderRow, QueueRow, ReadRow, ReasonRow, Report,
    Share, Totals, UnreadableRow, Verdict, Wait,
};
use super::seen::{Fate, Outcome, SeenFile, SeenPart};
use super::why::{Reason, Words, reasons};
use crate::check::reading::decisive;
use crate::order::Order;
use crate::order::document::Kind;
use crate::order::review::Queue;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Examples of a reason.
const EXAMPLES: usize = 3;
/// Slowest and least sure documents.
const WORST: usize = 10;

/// What a report is made of.
pub struct Input<'a> {
    pub source: String,
    pub profile: String,
    pub files: &'a [SeenFile],
    /// Files that could not even be taken.
    pub unreadable: &'a [(String, String)],
    /// Name of the file of what was keyed, and what stands in it.
    pub keyed: Option<(&'a str, &'a [KeyedLine])>,
    pub words: Words<'a>,
    pub zone: Tz,
    /// Customers' names by code.
    pub names: &'a BTreeMap<String, String>,
    pub now: DateTime<Utc>,
}

/// One part that became an order, a change or a cancellation, or of which that could not be told.
pub(super) struct Seen<'a> {
    file: &'a SeenFile,
    pub(super) part: &'a SeenPart,
    pub(super) outcome: Outcome,
    reasons: Vec<Reason>,
    verdict: Option<Verdict>,
}

impl Seen<'_> {
    fn is_order(&self) -> bool {
        matches!(self.outcome, Outcome::Passed | Outcome::Waited | Outcome::Unread)
    }

    fn po_number(&self) -> Option<String> {
        let read = || self.part.draft.order.as_ref()?.po_number.as_ref().map(|field| field.value.clone());
        self.part.order.as_ref().and_then(|order| order.content.po_number.clone()).or_else(read)
    }

    fn customer(&self) -> Option<String> {
        self.part.order.as_ref().and_then(|order| order.content.customer.clone())
    }
}

/// Counts everything.
#[must_use]
pub fn report(input: &Input<'_>) -> Report {
    let mut seen: Vec<Seen<'_>> = (input.files.iter())
        .flat_map(|file| file.parts.iter().map(move |part| (file, part)))
        .map(|(file, part)| {
            let reasons = reasons(part, input.words);
            Seen { file, part, outcome: part.outcome(), reasons, verdict: None }
        })
        .collect();
    let keyed = input.keyed.map(|(file, lines)| keyed(input, file, lines, &mut seen));
    let totals = totals(input, &seen);
    let days = || input.files.iter().map(|file| file.at.with_timezone(&input.zone).date_naive());
    Report {
        source: input.source.clone(),
        profile: input.profile.clone(),
        language: input.words.language,
        rehearsed_at: input.now,
        from: days().min(),
        to: days().max(),
        totals,
        touchless: Share::new(totals.passed, totals.orders),
        keyed,
        queues: queues(&seen, input.words),
        reasons: rows_of_reasons(&seen, input.words),
        customers: customers(input, &seen),
        formats: groups(
            &seen,
            |it| Some(it.part.format(it.file.channel)),
            |key| {
                let key = key.unwrap_or_default();
                let named = format!("format.{key}");
                if input.words.wording.has(&named) { input.words.say(&named) } else { key.to_uppercase() }
            },
        ),
        kinds: kinds(&seen, input.words),
        leaving: leaving(input, &seen),
        slowest: slowest(input),
        least_sure: least_sure(&seen, input.words),
        unreadable: unreadable(input),
        orders: seen.iter().filter_map(|it| order_row(input, it)).collect(),
    }
}

fn totals(input: &Input<'_>, seen: &[Seen<'_>]) -> Totals {
    let count = |outcome: Outcome| seen.iter().filter(|it| it.outcome == outcome).count() as u64;
    let fate = |is: fn(&Fate) -> bool| input.files.iter().filter(|file| is(&file.fate)).count() as u64;
    let (passed, waited, unread) = (count(Outcome::Passed), count(Outcome::Waited), count(Outcome::Unread));
    let refused = input.unreadable.len() as u64;
    Totals {
        documents: input.files.len() as u64 + refused,
        same_documents: fate(|fate| matches!(fate, Fate::Repeats(_))),
        unreadable_documents: refused + fate(|fate| matches!(fate, Fate::Unreadable(_))),
        parts: seen.len() as u64,
        orders: passed + waited + unread,
        passed,
        waited,
        unread,
        changes: count(Outcome::Change),
        repeated: count(Outcome::Repeated),
        filed: count(Outcome::Filed),
    }
}

/// Compares the orders with what was keyed, and notes on each how it stands.
fn keyed(input: &Input<'_>, file: &str, lines: &[KeyedLine], seen: &mut [Seen<'_>]) -> KeyedFigures {
    let changed: BTreeSet<Uuid> = seen.iter().filter_map(|it| it.part.order.as_ref()?.refers_to).collect();
    let keyed = Keyed::new(lines);
    let places: Vec<usize> =
        (0..seen.len()).filter(|at| seen[*at].is_order() && seen[*at].part.order.is_some()).collect();
    let orders: Vec<&Order> = places.iter().filter_map(|at| seen[*at].part.order.as_ref()).collect();
    let (compared, missing) = keyed.compare(&orders);
    let mut differences = Vec::new();
    for ((at, order), compared) in places.iter().zip(orders).zip(&compared) {
        let it = &mut seen[*at];
        let passed = it.outcome == Outcome::Passed;
        let verdict = match (compared, passed) {
            (Compared::Same, _) => Verdict::Same,
            (Compared::Nothing, _) | (Compared::NotKeyed, false) => Verdict::NotCompared,
            (Compared::Differs(_) | Compared::NotKeyed, true) if changed.contains(&order.id) => {
                Verdict::ChangedLater
            }
            (Compared::Differs(_) | Compared::NotKeyed, true) => Verdict::WrongRelease,
            (Compared::Differs(_), false) => Verdict::Caught,
        };
        it.verdict = Some(verdict);
        let fields = match compared {
            Compared::Differs(fields) => fields.clone(),
            Compared::NotKeyed if passed => Vec::new(),
            Compared::NotKeyed | Compared::Same | Compared::Nothing => continue,
        };
        differences.push(DifferenceRow {
            file: it.file.name.clone(),
            po_number: it.po_number(),
            customer: it.customer(),
            customer_name: it.customer().and_then(|code| input.names.get(&code).cloned()),
            verdict,
            passed,
            fields,
        });
    }
    differences.sort_by_key(|row| row.verdict);
    let count = |is: &dyn Fn(&Seen<'_>) -> bool| seen.iter().filter(|it| is(it)).count() as u64;
    let of = |verdict: Verdict| count(&|it| it.verdict == Some(verdict));
    let passed = |verdict| count(&|it| it.outcome == Outcome::Passed && it.verdict == Some(verdict));
    let wrong = of(Verdict::WrongRelease);
    KeyedFigures {
        file: file.to_owned(),
        keyed_orders: keyed.len() as u64,
        compared: compared.len() as u64 - of(Verdict::NotCompared),
        same: of(Verdict::Same),
        wrong_releases: Share::new(wrong, wrong + passed(Verdict::Same) + of(Verdict::ChangedLater)),
        passed_not_compared: passed(Verdict::NotCompared),
        passed_changed_later: of(Verdict::ChangedLater),
        differences,
        missing,
    }
}

fn queues(seen: &[Seen<'_>], words: Words<'_>) -> Vec<QueueRow> {
    let orders = seen.iter().filter(|it| it.is_order()).count() as u64;
    let waits = |queue: Queue| {
        let here = |it: &&Seen<'_>| it.is_order() && it.reasons.iter().any(|reason| reason.queue == queue);
        seen.iter().filter(here).count() as u64
    };
    let mut rows: Vec<QueueRow> = (Queue::ALL.into_iter())
        .map(|queue| QueueRow {
            queue: queue.as_str(),
            said: words.say(&format!("queue.{}", queue.as_str())),
            orders: Share::new(waits(queue), orders),
        })
        .filter(|row| row.orders.count > 0)
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.orders.count));
    rows
}

fn rows_of_reasons(seen: &[Seen<'_>], words: Words<'_>) -> Vec<ReasonRow> {
    let mut rows: BTreeMap<(Queue, &str), ReasonRow> = BTreeMap::new();
    for it in seen.iter().filter(|it| it.is_order()) {
        for reason in &it.reasons {
            let row = rows.entry((reason.queue, &reason.key)).or_insert_with(|| ReasonRow {
                queue: reason.queue.as_str(),
                queue_said: words.say(&format!("queue.{}", reason.queue.as_str())),
                reason: reason.key.clone(),
                said: reason.said.clone(),
                orders: 0,
                alone: 0,
                examples: Vec::new(),
            });
            row.orders += 1;
            row.alone += u64::from(it.reasons.len() == 1);
            if row.examples.len() < EXAMPLES {
                row.examples.push(Example {
                    po_number: it.po_number(),
                    customer: it.customer(),
                    file: it.file.name.clone(),
                    detail: reason.detail.clone(),
                });
            }
        }
    }
    let mut rows: Vec<ReasonRow> = rows.into_values().collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.orders, row.alone)));
    rows
}

fn customers(input: &Input<'_>, seen: &[Seen<'_>]) -> Vec<GroupRow> {
    groups(
        seen,
        |it| it.customer(),
        |code| match code {
            Some(code) => input.names.get(code).cloned().unwrap_or_else(|| code.to_owned()),
            None => input.words.say("rehearsal.unknown_customer"),
        },
    )
}

/// Orders by a key, the most first.
fn groups(
    seen: &[Seen<'_>],
    key: impl Fn(&Seen<'_>) -> Option<String>,
    said: impl Fn(Option<&str>) -> String,
) -> Vec<GroupRow> {
    let mut counts: BTreeMap<Option<String>, (u64, u64, u64)> = BTreeMap::new();
    for it in seen.iter().filter(|it| it.is_order()) {
        let (passed, waited, unread) = counts.entry(key(it)).or_default();
        match it.outcome {
            Outcome::Passed => *passed += 1,
            Outcome::Waited => *waited += 1,
            Outcome::Unread => *unread += 1,
            Outcome::Change | Outcome::Repeated | Outcome::Filed => {}
        }
    }
    let row = |(key, (passed, waited, unread)): (Option<String>, (u64, u64, u64))| GroupRow {
        said: said(key.as_deref()),
        key,
        passed: Share::new(passed, passed + waited + unread),
        waited,
        unread,
    };
    let mut rows: Vec<GroupRow> = counts.into_iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.passed.of));
    rows
}

fn kinds(seen: &[Seen<'_>], words: Words<'_>) -> Vec<KindRow> {
    let row = |kind: Kind| {
        let count = |outcomes: &[Outcome]| {
            seen.iter().filter(|it| it.part.kind() == kind && outcomes.contains(&it.outcome)).count() as u64
        };
        KindRow {
            kind: kind.as_str(),
            said: words.say(&format!("kind.{}", kind.as_str())),
            parts: seen.iter().filter(|it| it.part.kind() == kind).count() as u64,
            passed: count(&[Outcome::Passed]),
            for_people: count(&[Outcome::Waited, Outcome::Change, Outcome::Unread]),
            repeated: count(&[Outcome::Repeated]),
            filed: count(&[Outcome::Filed]),
        }
    };
    Kind::ALL.into_iter().map(row).filter(|row| row.parts > 0).collect()
}

fn slowest(input: &Input<'_>) -> Vec<ReadRow> {
    let mut files: Vec<&SeenFile> = input.files.iter().filter(|file| file.millis > 0).collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.millis));
    let row = |file: &SeenFile| ReadRow {
        file: file.name.clone(),
        po_number: file.parts.iter().find_map(|part| part.order.as_ref()?.content.po_number.clone()),
        millis: file.millis,
        confidence: None,
        field: None,
        field_said: None,
        passed: file.parts.iter().any(|part| part.outcome() == Outcome::Passed),
    };
    files.into_iter().take(WORST).map(row).collect()
}

fn least_sure(seen: &[Seen<'_>], words: Words<'_>) -> Vec<ReadRow> {
    let row = |it: &Seen<'_>| {
        let weakest = decisive(&it.part.draft).min_by_key(|field| field.confidence)?;
        Some(ReadRow {
            file: it.file.name.clone(),
            po_number: it.po_number(),
            millis: it.file.millis,
            confidence: Some(weakest.confidence.thousandths()).filter(|it| *it < 1000),
            field_said: Some(words.field(&weakest.path)),
            field: Some(weakest.path),
            passed: it.outcome == Outcome::Passed,
        })
    };
    let orders = seen.iter().filter(|it| it.is_order());
    let mut rows: Vec<ReadRow> = orders.filter_map(row).filter(|row| row.confidence.is_some()).collect();
    rows.sort_by_key(|row| row.confidence);
    rows.truncate(WORST);
    rows
}

fn unreadable(input: &Input<'_>) -> Vec<UnreadableRow> {
    let files = input.files.iter().filter_map(|file| match &file.fate {
        Fate::Unreadable(why) => Some((file.name.clone(), why.clone())),
        Fate::Read | Fate::Repeats(_) => None,
    });
    let refused = input.unreadable.iter().cloned();
    refused.chain(files).map(|(file, why)| UnreadableRow { file, why }).collect()
}

fn order_row(input: &Input<'_>, it: &Seen<'_>) -> Option<OrderRow> {
    let outcome = match it.outcome {
        Outcome::Passed => "passed",
        Outcome::Waited => "waited",
        Outcome::Unread => "unread",
        Outcome::Change => "change",
        Outcome::Repeated | Outcome::Filed => return None,
    };
    let order = it.part.order.as_ref();
    let total = order.and_then(|order| order.content.total().ok().flatten());
    let wait = |reason: &Reason| Wait {
        queue: reason.queue.as_str(),
        queue_said: input.words.say(&format!("queue.{}", reason.queue.as_str())),
        said: reason.said.clone(),
        detail: reason.detail.clone(),
    };
    let customer = it.customer();
    Some(OrderRow {
        file: it.file.name.clone(),
        at: it.file.at,
        day: it.file.at.with_timezone(&input.zone).date_naive(),
        customer_name: customer.as_ref().and_then(|code| input.names.get(code).cloned()),
        customer,
        po_number: it.po_number(),
        kind: it.part.kind().as_str(),
        format: it.part.format(it.file.channel),
        lines: order.map_or(0, |order| order.content.lines.len() as u64),
        total: total.map(|total| total.amount),
        currency: total.map(|total| total.currency.as_str().to_owned()),
        outcome,
        outcome_said: input.words.say(&format!("rehearsal.{outcome}")),
        waits: it.reasons.iter().map(wait).collect(),
        verdict: it.verdict,
    })
}
