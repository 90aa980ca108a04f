//! The words that documents use for things, from `config/labels/*.toml`: column headings, field labels, units, kinds.

mod lists;
mod own;

pub use lists::{Column, Label, Topic, Words};
pub use own::{OwnWords, lasting};

use crate::order::document::Kind;
use crate::read::value::text::{key, plain};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    column: BTreeMap<Column, Vec<String>>,
    label: BTreeMap<Label, Vec<String>>,
    words: BTreeMap<Words, Vec<String>>,
    topic: BTreeMap<Topic, Vec<String>>,
    currency: BTreeMap<String, Vec<String>>,
    unit: Vec<String>,
}

/// A label file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    #[error("label file {0} is not valid: {1}")]
    Syntax(usize, Box<toml::de::Error>),
    #[error("too many or too long words in the labels: {0}")]
    Size(#[from] regex::Error),
}

/// How well a heading fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    Contains,
    Exact,
}

/// All the words, ready for look-up.
#[derive(Debug, Clone)]
pub struct Labels {
    columns: HashMap<String, Column>,
    column_list: Vec<(String, Column)>,
    labels: HashMap<String, Label>,
    label_list: Vec<(String, Label)>,
    words: HashMap<Words, Vec<String>>,
    topics: HashMap<Topic, Regex>,
    currencies: Vec<(String, String)>,
    units: HashMap<String, ()>,
    unit_longest: usize,
    /// By what stays of a subject from one mail to the next.
    kinds: HashMap<String, Kind>,
}

const BUILT_IN: [&str; 3] = [
    include_str!("../../../config/labels/zh.toml"),
    include_str!("../../../config/labels/en.toml"),
    include_str!("../../../config/labels/europe.toml"),
];

impl Labels {
    /// The labels that ship with the program.
    #[must_use]
    pub fn built_in() -> Self {
        Self::parse(&BUILT_IN).expect("the compiled-in labels are read by a test")
    }

    /// Joins several label files; a word that stands in two lists goes with the first.
    ///
    /// # Errors
    /// When a file is not TOML, or names a list that does not exist.
    pub fn parse(files: &[&str]) -> Result<Self, LabelError> {
        let mut all = File::default();
        for (at, text) in files.iter().enumerate() {
            let file: File = toml::from_str(text).map_err(|e| LabelError::Syntax(at, Box::new(e)))?;
            merge(&mut all.column, file.column);
            merge(&mut all.label, file.label);
            merge(&mut all.words, file.words);
            merge(&mut all.topic, file.topic);
            merge(&mut all.currency, file.currency);
            all.unit.extend(file.unit);
        }
        Self::build(all)
    }

    fn build(file: File) -> Result<Self, LabelError> {
        let column_list = keyed(file.column);
        let label_list = keyed(file.label);
        let units: HashMap<String, ()> = file.unit.iter().map(|u| (plain(u).to_lowercase(), ())).collect();
        let mut topics = HashMap::new();
        for (topic, words) in file.topic {
            topics.insert(topic, any_of(&words)?);
        }
        let mut currencies: Vec<(String, String)> = file
            .currency
            .into_iter()
            .flat_map(|(code, words)| {
                words.into_iter().map(move |w| (plain(&w).to_lowercase(), code.clone()))
            })
            .collect();
        currencies.sort_by_key(|(w, _)| std::cmp::Reverse(w.len()));
        Ok(Self {
            columns: first_wins(&column_list),
            column_list,
            labels: first_wins(&label_list),
            label_list,
            words: file
                .words
                .into_iter()
                .map(|(k, v)| (k, v.iter().map(|w| plain(w).to_lowercase()).collect()))
                .collect(),
            topics,
            currencies,
            unit_longest: units.keys().map(|u| u.chars().count()).max().unwrap_or(0),
            units,
            kinds: HashMap::new(),
        })
    }

    /// The column that a heading names.
    #[must_use]
    pub fn column(&self, heading: &str) -> Option<(Column, Fit)> {
        let folded = key(heading);
        if folded.is_empty() || folded.chars().count() > 40 {
            return None;
        }
        if let Some(column) = self.columns.get(&folded) {
            return Some((*column, Fit::Exact));
        }
        let bare = key(&without_brackets(heading));
        if let Some(column) = self.columns.get(&bare) {
            return Some((*column, Fit::Exact));
        }
        let best = self
            .column_list
            .iter()
            .filter(|(word, column)| *column != Column::Item && holds(&folded, word))
            .max_by_key(|(word, _)| word.len());
        best.map(|(_, column)| (*column, Fit::Contains))
    }

    /// The label that a text is, exactly.
    #[must_use]
    pub fn label(&self, text: &str) -> Option<Label> {
        let folded = key(text);
        self.labels.get(&folded).or_else(|| self.labels.get(&key(&without_brackets(text)))).copied()
    }

    /// The label that the text ends in or holds ("Requested Delivery Date (ETA)").
    #[must_use]
    pub fn label_in(&self, text: &str) -> Option<Label> {
        let folded = key(text);
        if folded.chars().count() > 30 {
            return None;
        }
        let fits =
            self.label_list.iter().filter(|(word, _)| word.chars().count() > 1 && holds(&folded, word));
        fits.max_by_key(|(word, _)| word.len()).map(|(_, label)| *label)
    }

    /// The longest label with which the text starts; gives its length in bytes.
    #[must_use]
    pub fn leading_label(&self, text: &str) -> Option<(Label, usize)> {
        let mut best = None;
        for (at, c) in text.char_indices().take(28) {
            let end = at + c.len_utf8();
            let next = text[end..].chars().next();
            let split = c.is_ascii_alphanumeric() && next.is_some_and(|n| n.is_ascii_alphanumeric());
            if !split
                && (c.is_alphanumeric() || c == '#' || c == '.' || c == '№')
                && let Some(label) = self.labels.get(&key(&text[..end]))
            {
                best = Some((*label, end));
            }
        }
        best
    }

    /// A currency at the start of a text, and what follows it.
    #[must_use]
    pub fn leading_currency<'a>(&self, text: &'a str) -> (Option<String>, &'a str) {
        for (word, code) in &self.currencies {
            if let Some(head) = text.get(..word.len()).filter(|h| h.to_lowercase() == *word) {
                let rest = &text[head.len()..];
                let wordy = word.chars().all(|c| c.is_ascii_alphabetic());
                if !(wordy && rest.starts_with(|c: char| c.is_ascii_alphabetic())) {
                    return (Some(code.clone()), rest);
                }
            }
        }
        (None, text)
    }

    /// The first currency anywhere in a text (headings such as "Unit Price USD", "金额(元)").
    #[must_use]
    pub fn currency_in(&self, text: &str) -> Option<String> {
        let text = plain(text);
        let mut previous = ' ';
        for (at, c) in text.char_indices() {
            if !(previous.is_ascii_alphabetic() && c.is_ascii_alphabetic())
                && let (Some(code), _) = self.leading_currency(&text[at..])
            {
                return Some(code);
            }
            previous = c;
        }
        None
    }

    /// The unit with which a text starts; gives its length in bytes.
    #[must_use]
    pub fn leading_unit(&self, text: &str) -> Option<usize> {
        let mut best = None;
        for (at, c) in text.char_indices().take(self.unit_longest) {
            let end = at + c.len_utf8();
            let split = c.is_alphabetic()
                && !crate::read::value::text::is_han(c)
                && text[end..]
                    .starts_with(|n: char| n.is_alphanumeric() && !crate::read::value::text::is_han(n));
            if !split && self.units.contains_key(&text[..end].to_lowercase()) {
                best = Some(end);
            }
        }
        best.map(|end| {
            end + usize::from(
                text[end..].starts_with('.') && !text[end..].starts_with("..") && text[..end].is_ascii(),
            )
        })
    }

    #[must_use]
    pub fn is_unit(&self, text: &str) -> bool {
        let text = plain(text);
        let text = text.trim().trim_end_matches('.');
        !text.is_empty() && self.units.contains_key(&text.to_lowercase())
    }

    #[must_use]
    pub fn words(&self, list: Words) -> &[String] {
        self.words.get(&list).map_or(&[], Vec::as_slice)
    }

    /// Whether the text, as a label, is one of the words.
    #[must_use]
    pub fn is(&self, list: Words, text: &str) -> bool {
        let folded = key(text);
        self.words(list).iter().any(|w| key(w) == folded)
    }

    /// Whether the text holds one of the words.
    #[must_use]
    pub fn has(&self, list: Words, text: &str) -> bool {
        let text = plain(text).to_lowercase();
        self.words(list).iter().any(|w| contains_word(&text, w))
    }

    /// The longest word of a list with which the text starts; gives its length in bytes of `text` (plain).
    #[must_use]
    pub fn starts(&self, list: Words, text: &str) -> Option<usize> {
        let lower = text.to_lowercase();
        let fits =
            self.words(list).iter().filter(|w| lower.starts_with(w.as_str()) && edge(&lower, w.len(), w));
        fits.map(String::len).max().filter(|len| text.is_char_boundary(*len))
    }

    /// The longest word of a list with which the text ends; gives its length in bytes.
    #[must_use]
    pub fn ends(&self, list: Words, text: &str) -> Option<usize> {
        let lower = text.to_lowercase();
        let fits = self
            .words(list)
            .iter()
            .filter(|w| lower.ends_with(w.as_str()) && edge_before(&lower, lower.len() - w.len(), w));
        fits.map(String::len)
            .max()
            .filter(|len| *len <= text.len() && text.is_char_boundary(text.len() - len))
    }

    /// How often the words of a topic occur in a text.
    #[must_use]
    pub fn topic(&self, topic: Topic, text: &str) -> usize {
        self.topics.get(&topic).map_or(0, |regex| regex.find_iter(text).count())
    }
}

fn edge(text: &str, at: usize, word: &str) -> bool {
    let wordy = |c: char| c.is_ascii_alphanumeric();
    !(word.ends_with(wordy) && text[at..].starts_with(wordy))
}

fn edge_before(text: &str, at: usize, word: &str) -> bool {
    let wordy = |c: char| c.is_ascii_alphanumeric();
    !(word.starts_with(wordy) && text[..at].ends_with(wordy))
}

/// Finds a word, at word edges where it is written in Latin letters.
#[must_use]
pub fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| edge(text, at + word.len(), word) && edge_before(text, at, word))
}

/// Whether a folded heading holds a folded word; short Latin words must not hide in longer ones.
fn holds(folded: &str, word: &str) -> bool {
    let short = word.is_ascii() && word.len() < 4;
    if short {
        let strip = |s: &str| s.chars().all(|c| !c.is_ascii_alphabetic());
        return folded.match_indices(word).any(|(at, _)| {
            let (before, after) = (&folded[..at], &folded[at + word.len()..]);
            (before.is_empty() || strip(before)) && (after.is_empty() || strip(after))
        });
    }
    word.chars().count() > 1 && folded.contains(word)
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0usize;
    let mut out = String::new();
    for c in plain(text).chars() {
        match c {
            '(' | '[' | '【' | '<' => depth += 1,
            ')' | ']' | '】' | '>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

fn merge<K: Ord, V>(into: &mut BTreeMap<K, Vec<V>>, from: BTreeMap<K, Vec<V>>) {
    for (name, words) in from {
        into.entry(name).or_default().extend(words);
    }
}

fn keyed<K: Copy + Ord>(lists: BTreeMap<K, Vec<String>>) -> Vec<(String, K)> {
    let pairs = lists.into_iter().flat_map(|(k, words)| words.into_iter().map(move |w| (key(&w), k)));
    pairs.filter(|(w, _)| !w.is_empty()).collect()
}

fn first_wins<K: Copy>(list: &[(String, K)]) -> HashMap<String, K> {
    let mut map = HashMap::new();
    for (word, k) in list {
        map.entry(word.clone()).or_insert(*k);
    }
    map
}

/// One expression for a list of words; `.{0,9}` may stand in a word, Latin words match at their edges.
fn any_of(words: &[String]) -> Result<Regex, regex::Error> {
    let parts: Vec<String> = words
        .iter()
        .map(|w| {
            let edge =
                |c: Option<char>| if c.is_some_and(|c| c.is_ascii_alphanumeric()) { r"\b" } else { "" };
            format!("{}{}{}", edge(w.chars().next()), w, edge(w.chars().last()))
        })
        .collect();
    RegexBuilder::new(&format!("(?:{})", parts.join("|"))).case_insensitive(true).size_limit(1 << 22).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings() {
        assert_eq!(Labels::built_in().column("件数").map(|c| c.0), Some(Column::QuantityElse));
        let labels = Labels::built_in();
        for (heading, want) in [
            ("数量\n(条/粒/套/张)", Column::Quantity),
            ("单价(元)", Column::Price),
            ("Unit Price USD", Column::Price),
            ("Ext. Price", Column::Amount),
            ("物料名称及规格", Column::Description),
            ("品名/规格/颜色", Column::Description),
            ("每箱数量", Column::Pack),
            ("不含税单价", Column::PriceNet),
            ("客户料号", Column::Part),
            ("Need By", Column::Date),
            ("序号 No.", Column::Line),
            ("數量 Q'ty", Column::Quantity),
        ] {
            assert_eq!(labels.column(heading).map(|c| c.0), Some(want), "{heading}");
        }
        assert_eq!(labels.column("5#尼龙闭尾"), None);
    }

    #[test]
    fn a_misspelt_list_is_refused() {
        assert!(Labels::parse(&["[column]\nquantty = [\"x\"]"]).is_err());
        assert!(Labels::parse(&["[column"]).is_err());
    }
}
