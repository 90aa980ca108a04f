//! A keyed order beside the pages that it was keyed from: which words, had they been known, would have read it so.
//!
//! Nothing is believed because it looks likely. Each word that may be meant is tried: the document is read again with it, and
//! it is kept only when more of what was keyed is read, and nothing that was read right is read otherwise.

use super::{Meaning, columns, labels, own};
use crate::order::draft::{Confidence, DraftOrder};
use crate::order::fields::{FieldAt, fields};
use crate::read::Opened;
use crate::read::find::sure;
use crate::read::find::texts::{self, Table};
use crate::read::labels::Labels;
use crate::read::said::Sought;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// How often a document is read again for one correction, at the most: each costs what reading it costs.
const TRIALS: usize = 120;
/// Letters that are read for one correction, over all trials: a person's one word should not keep a worker for long.
const LETTERS: usize = 4_000_000;
/// Rows in which values and words are looked for; what is taught stands near the top of a table.
const ROWS: usize = 400;
/// Bytes of a cell or line that is looked into.
const LONGEST: usize = 600;
/// Lines that are held against the document: the words of a table are the same for all its lines.
pub(super) const LINES: usize = 12;

/// A field that is read with this confidence needs no word of its own.
const SURE: Confidence = sure::LIKELY;

/// The words that the correction of a part teaches. `source` and `place`: of the part, and which of that source's it is;
/// `known`: the words that it is read with as yet.
#[must_use]
pub fn words(
    opened: &Opened,
    known: &Labels,
    (source, place): (&str, usize),
    keyed: &DraftOrder,
) -> Vec<Meaning> {
    let mut tables: Vec<Table> = opened.pages(source).flat_map(texts::tables).collect();
    shorten(&mut tables);
    let left = (LETTERS / opened.letters().max(1)).min(TRIALS);
    let mut trial = Trial { opened, known, source, place, wanted: BTreeMap::new(), left };
    let read = trial.read(&[]).unwrap_or_default();
    trial.wanted = wanted(&tables, values(&read), values(keyed));
    let mut learnt = Learnt::default();
    learnt.score = trial.score(&learnt.words);
    for heads in columns::headings(&tables, &trial.wanted, known) {
        let heads: Vec<Meaning> = heads.into_iter().map(Meaning::from).collect();
        if !trial.keep(heads.clone(), &mut learnt) && heads.len() > 1 {
            for head in heads {
                trial.keep(vec![head], &mut learnt);
            }
        }
    }
    for path in trial.missing(&learnt) {
        for candidate in labels::before(&tables, &path, &trial.wanted, known) {
            if trial.keep(vec![Meaning::from(candidate)], &mut learnt) {
                break;
            }
        }
    }
    trial.prune(learnt)
}

/// The first rows of all tables together, without cells that are longer than any value or label.
fn shorten(tables: &mut [Table]) {
    let mut left = ROWS;
    for table in tables {
        table.truncate(left);
        left -= table.len();
        table.iter_mut().flatten().filter(|cell| cell.len() > LONGEST).for_each(String::clear);
    }
}

/// Whether the path is of a line that is not looked at.
fn is_far(path: &str) -> bool {
    let line = path.strip_prefix("lines.").and_then(|rest| rest.split('.').next());
    line.and_then(|line| line.parse().ok()).is_some_and(|line: usize| line >= LINES)
}

/// What should have been read. A keyed value that does not stand in the document was not read wrong: the customer said
/// otherwise on the phone, or the clerk wrote our name for his. Then what was read there counts.
fn wanted(
    tables: &[Table],
    read: BTreeMap<String, String>,
    keyed: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let stands = |value: &str| {
        let worded = value.contains(char::is_alphabetic);
        let says = |sought: &Sought, cell: &str| {
            sought.is_said_by(&[cell.trim()]) || (worded && sought.is_held_by(&[cell]))
        };
        let mut cells = tables.iter().flatten().flatten();
        Sought::new(value).is_some_and(|sought| cells.any(|cell| says(&sought, cell)))
    };
    let mut wanted = keyed;
    for (path, value) in read.into_iter().filter(|(path, _)| !is_far(path)) {
        let other = wanted.get(&path).filter(|keyed| **keyed != value && !stands(keyed));
        if other.is_some() && stands(&value) {
            wanted.insert(path, value);
        }
    }
    wanted
}

/// What was read right, with how surely, and the number of fields that were read and are not as keyed.
#[derive(Default)]
struct Score {
    right: BTreeMap<String, Confidence>,
    wrong: usize,
}

impl Score {
    /// All that the other has right is right here too, and nothing more is wrong.
    fn is_no_worse_than(&self, other: &Self) -> bool {
        self.wrong <= other.wrong && other.right.keys().all(|path| self.right.contains_key(path))
    }

    fn weight(&self) -> u64 {
        self.right.values().map(|sure| u64::from(sure.thousandths())).sum()
    }
}

/// The values of an order by path; figures without the zeros at their end.
fn values(order: &DraftOrder) -> BTreeMap<String, String> {
    fields(order).into_iter().map(|field| (field.path.clone(), value(&field))).collect()
}

fn value(field: &FieldAt<'_>) -> String {
    let text = field.value.to_string();
    let figure = matches!(field.name(), "quantity" | "unit_price" | "amount" | "total" | "total_in_words");
    let plain = text.parse::<Decimal>().ok().filter(|_| figure).map(|it| it.normalize().to_string());
    plain.unwrap_or(text)
}

#[derive(Default)]
struct Learnt {
    words: Vec<Meaning>,
    score: Score,
}

struct Trial<'a> {
    opened: &'a Opened,
    known: &'a Labels,
    source: &'a str,
    place: usize,
    wanted: BTreeMap<String, String>,
    left: usize,
}

impl Trial<'_> {
    /// Takes these words if more is read right with them, and nothing more is read wrong.
    fn keep(&mut self, more: Vec<Meaning>, learnt: &mut Learnt) -> bool {
        if more.is_empty() || self.left == 0 {
            return false;
        }
        let words: Vec<Meaning> = learnt.words.iter().cloned().chain(more).collect();
        let score = self.score(&words);
        let better = score.is_no_worse_than(&learnt.score) && score.weight() > learnt.score.weight();
        if better {
            *learnt = Learnt { words, score };
        }
        better
    }

    /// Without the words that nothing is lost without.
    fn prune(mut self, mut learnt: Learnt) -> Vec<Meaning> {
        let mut at = 0;
        while at < learnt.words.len() && self.left > 0 {
            let mut fewer = learnt.words.clone();
            fewer.remove(at);
            let score = self.score(&fewer);
            if score.is_no_worse_than(&learnt.score) && score.weight() >= learnt.score.weight() {
                learnt = Learnt { words: fewer, score };
            } else {
                at += 1;
            }
        }
        learnt.words
    }

    /// Fields of the head that are not read as they were keyed, or with little confidence.
    fn missing(&mut self, learnt: &Learnt) -> Vec<String> {
        let read = self.score(&learnt.words).right;
        let weak = |path: &&String| read.get(*path).is_none_or(|sure| *sure < SURE);
        self.wanted.keys().filter(|path| !path.starts_with("lines.")).filter(weak).cloned().collect()
    }

    fn score(&mut self, words: &[Meaning]) -> Score {
        let order = self.read(words).unwrap_or_default();
        let mut score = Score::default();
        for field in fields(&order) {
            if self.wanted.get(&field.path) == Some(&value(&field)) {
                score.right.insert(field.path, field.confidence);
            } else if field.path != "total_in_words" {
                score.wrong += 1;
            }
        }
        score
    }

    fn read(&mut self, words: &[Meaning]) -> Option<DraftOrder> {
        self.left = self.left.saturating_sub(1);
        let reading = self.opened.read(&self.known.with(&own(words)));
        let mut of_source = reading.drafts.into_iter().filter(|draft| draft.source == self.source);
        of_source.nth(self.place)?.order
    }
}
