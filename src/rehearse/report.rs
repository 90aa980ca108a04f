//! PURE. The report as data: what terminal, page, workbook and JSON all show.

use super::compare::{Difference, KeyedOrder};
use crate::order::document::Language;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

/// Everything that a rehearsal found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The folder, file or mailbox.
    pub source: String,
    pub profile: String,
    pub language: Language,
    pub rehearsed_at: DateTime<Utc>,
    /// Days of the first and the last document.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub totals: Totals,
    /// Of all orders, those that would have passed untouched.
    pub touchless: Share,
    /// None where nothing was given to compare with: then the rate of wrong releases is not measured.
    pub keyed: Option<KeyedFigures>,
    pub queues: Vec<QueueRow>,
    pub reasons: Vec<ReasonRow>,
    pub customers: Vec<GroupRow>,
    pub formats: Vec<GroupRow>,
    pub kinds: Vec<KindRow>,
    pub leaving: Vec<LeavingRow>,
    pub slowest: Vec<ReadRow>,
    pub least_sure: Vec<ReadRow>,
    /// Files of which nothing could be read, with the reason.
    pub unreadable: Vec<UnreadableRow>,
    pub orders: Vec<OrderRow>,
}

/// How many there were. `parts` is the sum of those behind it but `orders`, which is passed + waited + unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    pub documents: u64,
    /// Documents with the bytes of an earlier one.
    pub same_documents: u64,
    pub unreadable_documents: u64,
    pub parts: u64,
    pub orders: u64,
    pub passed: u64,
    pub waited: u64,
    pub unread: u64,
    /// Amendments and cancellations.
    pub changes: u64,
    pub repeated: u64,
    pub filed: u64,
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Share {
    pub count: u64,
    pub of: u64,
    /// With one place; none of nothing.
    pub percent: Option<Decimal>,
}

impl Share {
    #[must_use]
    pub fn new(count: u64, of: u64) -> Self {
        let percent = Decimal::from(count * 100).checked_div(Decimal::from(of));
        let tenths = |mut it: Decimal| {
            it.rescale(1);
            it
        };
        Self { count, of, percent: percent.map(tenths) }
    }

    /// `12.5 %`, or a dash.
    #[must_use]
    pub fn said(&self) -> String {
        self.percent.map_or_else(|| "–".to_owned(), |it| format!("{it:.1} %"))
    }
}

/// What the comparison with what was keyed then says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyedFigures {
    pub file: String,
    pub keyed_orders: u64,
    /// Orders for which there was something to compare with.
    pub compared: u64,
    pub same: u64,
    /// Orders that would have passed untouched though they differ, of those that passed and were compared.
    pub wrong_releases: Share,
    /// Passed, but nothing was keyed of that customer, or the order has no number.
    pub passed_not_compared: u64,
    /// Passed and different, but a later document changed or cancelled the order: what was keyed may be that.
    pub passed_changed_later: u64,
    /// Orders that differ; wrong releases first.
    pub differences: Vec<DifferenceRow>,
    /// Keyed then, and not found in any document.
    pub missing: Vec<KeyedOrder>,
}

/// An order that was read otherwise than it was keyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DifferenceRow {
    pub file: String,
    pub po_number: Option<String>,
    pub customer: Option<String>,
    pub customer_name: Option<String>,
    pub verdict: Verdict,
    pub passed: bool,
    pub fields: Vec<Difference>,
}

/// How an order stands beside what was keyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It would have passed untouched, and differs.
    WrongRelease,
    /// The same, but it was changed or cancelled later.
    ChangedLater,
    /// It differs, and people would have looked at it.
    Caught,
    Same,
    NotCompared,
}

impl Verdict {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WrongRelease => "wrong_release",
            Self::ChangedLater => "changed_later",
            Self::Caught => "caught",
            Self::Same => "same",
            Self::NotCompared => "not_compared",
        }
    }
}

/// Orders that wait in a queue. An order may wait in several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueRow {
    pub queue: &'static str,
    pub said: String,
    pub orders: Share,
}

/// Orders that wait for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonRow {
    pub queue: &'static str,
    pub queue_said: String,
    /// Key of the wording.
    pub reason: String,
    pub said: String,
    pub orders: u64,
    /// Of these, those that nothing else was seen to keep back.
    pub alone: u64,
    pub examples: Vec<Example>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    pub po_number: Option<String>,
    pub customer: Option<String>,
    pub file: String,
    pub detail: String,
}

/// Orders of one customer, or of one format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupRow {
    /// None: not known.
    pub key: Option<String>,
    pub said: String,
    pub passed: Share,
    pub waited: u64,
    pub unread: u64,
}

/// Parts of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindRow {
    pub kind: &'static str,
    pub said: String,
    pub parts: u64,
    pub passed: u64,
    /// Waited, changes and unread.
    pub for_people: u64,
    pub repeated: u64,
    pub filed: u64,
}

/// What would have been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeavingRow {
    /// `mail.confirmation`, `production.task`, …; `later.shipping_instruction` on its day.
    pub kind: String,
    pub said: String,
    /// By orders that passed untouched.
    pub untouched: u64,
    /// To ask people, or to tell a department of what was filed.
    pub other: u64,
}

/// How a document was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadRow {
    pub file: String,
    pub po_number: Option<String>,
    pub millis: u64,
    /// Least confidence of a field that something is decided by, in thousandths.
    pub confidence: Option<u16>,
    /// That field: its path, and in words.
    pub field: Option<String>,
    pub field_said: Option<String>,
    pub passed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnreadableRow {
    pub file: String,
    pub why: String,
}

/// One order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderRow {
    pub file: String,
    pub at: DateTime<Utc>,
    /// The same as a day in the firm's zone.
    pub day: NaiveDate,
    pub customer: Option<String>,
    pub customer_name: Option<String>,
    pub po_number: Option<String>,
    /// `order`, `amendment`, `cancellation`.
    pub kind: &'static str,
    pub format: String,
    pub lines: u64,
    pub total: Option<Decimal>,
    pub currency: Option<String>,
    /// `passed`, `waited`, `unread`, `change`.
    pub outcome: &'static str,
    pub outcome_said: String,
    pub waits: Vec<Wait>,
    pub verdict: Option<Verdict>,
}

/// Why an order waits in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wait {
    pub queue: &'static str,
    pub queue_said: String,
    pub said: String,
    pub detail: String,
}
