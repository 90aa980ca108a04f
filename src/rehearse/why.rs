//! PURE. Why an order waits: the problems and rules of each queue that was opened, in words.

use super::seen::SeenPart;
use crate::order::Order;
use crate::order::document::{Language, PartState};
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::{Queue, Review};
use crate::order::wording::Wording;

/// Rules that only say that there are problems of their queue.
const OF_PROBLEMS: [&str; 20] = [
    "to_be_keyed",
    "to_be_asked",
    "price",
    "credit",
    "over_limit",
    "new_customer_credit",
    "new_customer_credit_large",
    "overdue",
    "overdue_large",
    "overdue_key",
    "margin",
    "production",
    "technical",
    "quality",
    "purchasing",
    "management",
    "reasonable",
    "not_proven",
    "fraud",
    "free_tooling",
];

/// One reason for which one queue is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub queue: Queue,
    /// `reason.below_moq`, `doubt.figures`, `reading.illegible`, `rule.not_small`: a key of the catalogue where it has it.
    pub key: String,
    /// The same in a few words.
    pub said: String,
    /// What exactly it is in this order; empty when there is no more to say.
    pub detail: String,
}

/// The catalogue, in the language of the report.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    pub wording: &'a Wording,
    pub language: Language,
}

impl Words<'_> {
    #[must_use]
    pub fn say(&self, key: &str) -> String {
        self.wording.say(self.language, key, &[])
    }

    /// A field of an order by its path, `lines.1.quantity`, in words.
    #[must_use]
    pub fn field(&self, path: &str) -> String {
        let line = path.strip_prefix("lines.").and_then(|rest| rest.split_once('.'));
        let (at, name) = line.map_or((None, path), |(at, name)| (at.parse::<u64>().ok(), name));
        let key = format!("field.{}", name.replace('.', "_"));
        let what = if self.wording.has(&key) { self.say(&key) } else { name.to_owned() };
        let Some(at) = at else { return what };
        let args = [("what", what.as_str()), ("at", &(at + 1).to_string())];
        self.wording.say(self.language, "rehearsal.in_line", &args)
    }

    fn reason(&self, queue: Queue, key: String, detail: String) -> Reason {
        let own = key.split_once('.').map_or(key.as_str(), |(_, name)| name).to_owned();
        // A rule of the firm's own is called by its name.
        let said = if self.wording.has(&key) || key.starts_with("reading.") { self.say(&key) } else { own };
        Reason { queue, key, said, detail }
    }
}

/// The reasons, each once for each queue, in the order in which the queues were opened.
#[must_use]
pub fn reasons(part: &SeenPart, words: Words<'_>) -> Vec<Reason> {
    let mut all: Vec<Reason> = Vec::new();
    match (&part.order, &part.state) {
        (Some(order), _) => {
            for review in order.open_reviews() {
                all.extend(of_review(order, review, &part.doubts, words));
            }
        }
        (None, PartState::Keying { reason }) => {
            all.push(words.reason(Queue::Keying, format!("reason.{reason}"), String::new()));
        }
        (None, _) => {}
    }
    let mut once: Vec<Reason> = Vec::new();
    for reason in all {
        if !once.iter().any(|it| (it.queue, &it.key) == (reason.queue, &reason.key)) {
            once.push(reason);
        }
    }
    once
}

fn of_review(order: &Order, review: &Review, doubts: &[String], words: Words<'_>) -> Vec<Reason> {
    let queue = review.queue;
    let is_here = |problem: &&Problem| {
        let here = problem.clears == queue || (queue, problem.clears) == (Queue::Keying, Queue::Watching);
        here && problem.severity != Severity::Note
    };
    let mut found: Vec<Reason> =
        order.problems.iter().filter(is_here).map(|it| of_problem(queue, it, words)).collect();
    if review.rules.iter().any(|rule| rule == "not_proven") {
        found.extend(doubts.iter().map(|doubt| of_doubt(queue, doubt, order, words)));
    }
    if found.is_empty() && review.rules.iter().any(|rule| rule == "not_proven") {
        // What speaks against it is another queue's to clear.
        let all = order.problems.iter().filter(|problem| problem.severity != Severity::Note);
        found.extend(all.map(|problem| of_problem(queue, problem, words)));
    }
    let spoken = !found.is_empty();
    for rule in &review.rules {
        let of_problems = OF_PROBLEMS.contains(&rule.as_str());
        if !(spoken && of_problems) {
            found.push(words.reason(queue, format!("rule.{rule}"), String::new()));
        }
    }
    found
}

fn of_problem(queue: Queue, problem: &Problem, words: Words<'_>) -> Reason {
    // What was not read says itself what is the matter, and then where.
    let unread = problem
        .found
        .as_deref()
        .filter(|found| problem.code == Code::Unread && found.starts_with("reading."));
    if let Some((key, place)) = unread.map(|found| found.split_once(' ').unwrap_or((found, ""))) {
        return words.reason(queue, key.to_owned(), place.to_owned());
    }
    let said = || words.wording.problem(words.language, problem);
    let detail = if problem.code == Code::Unsure { words.field(&problem.path) } else { said() };
    words.reason(queue, format!("reason.{}", problem.code.as_str()), detail)
}

/// A doubt is a code with a place: `line.2.figures`, `confidence:lines.0.quantity`, `unknown_product:lines.1`.
fn of_doubt(queue: Queue, doubt: &str, order: &Order, words: Words<'_>) -> Reason {
    let (code, path) = doubt.split_once(':').unwrap_or((doubt, ""));
    if let Some(known) = Code::ALL.into_iter().find(|it| it.as_str() == code && doubt.contains(':')) {
        let problem = order.problems.iter().find(|it| it.code == known && it.path == path);
        let missing = || words.reason(queue, format!("reason.{code}"), path.to_owned());
        return problem.map_or_else(missing, |problem| of_problem(queue, problem, words));
    }
    let mut parts = code.split('.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("line"), Some(at), Some(what)) => {
            let line = words.wording.say(words.language, "rehearsal.line_at", &[("at", at)]);
            words.reason(queue, format!("doubt.{what}"), line)
        }
        _ => words.reason(queue, format!("doubt.{code}"), words.field(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_words_in_both_languages() {
        let wording = Wording::shipped().unwrap();
        let codes = Code::ALL.map(|code| format!("reason.{}", code.as_str()));
        let doubts = [
            "customer",
            "po_number",
            "kind",
            "lines",
            "confidence",
            "product",
            "figures",
            "plausible",
            "unit",
        ];
        let rules =
            [include_str!("../../config/rules/lean.toml"), include_str!("../../config/rules/strict.toml")];
        let rules = rules.iter().flat_map(|text| {
            text.lines()
                .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"').map(str::to_owned))
        });
        let keys = codes
            .into_iter()
            .chain(doubts.iter().map(|doubt| format!("doubt.{doubt}")))
            .chain(rules.map(|rule| format!("rule.{rule}")));
        let missing: Vec<String> = keys.filter(|key| !wording.has(key)).collect();
        assert_eq!(missing, [""; 0]);
        let words = Words { wording: &wording, language: Language::En };
        assert_eq!(words.field("ship_to.address"), "Delivery address");
        assert_eq!(words.field("lines.1.quantity"), "Quantity, line 2");
    }
}
