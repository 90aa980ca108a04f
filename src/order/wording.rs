//! The words for people: one catalogue for each language, from `config/wording`.

use super::document::Language;
use super::problem::{Code, Problem};
use super::proposal::Proposal;
use std::collections::BTreeMap;
use thiserror::Error;

/// What stands for a value that is not known.
const NOTHING: &str = "—";

/// The catalogues. A key names a word by its group: `status.released`, `queue.price`, `problem.below_moq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    zh: BTreeMap<String, String>,
    en: BTreeMap<String, String>,
}

/// A catalogue that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WordingError {
    #[error("{file}: {what}")]
    Unreadable { file: String, what: String },
    #[error("{file}: `{key}` is missing: the other language has it")]
    Missing { file: String, key: String },
}

impl Wording {
    /// The catalogues that ship with the program.
    pub fn shipped() -> Result<Self, WordingError> {
        Self::parse(
            include_str!("../../config/wording/zh.toml"),
            include_str!("../../config/wording/en.toml"),
        )
    }

    /// Reads both catalogues; refused when a word is in one language only.
    pub fn parse(zh: &str, en: &str) -> Result<Self, WordingError> {
        let wording = Self { zh: catalogue("zh.toml", zh)?, en: catalogue("en.toml", en)? };
        let missing = |file: &str, from: &BTreeMap<String, String>, to: &BTreeMap<String, String>| {
            let key = from.keys().find(|key| !to.contains_key(*key))?;
            Some(WordingError::Missing { file: file.to_owned(), key: key.clone() })
        };
        match missing("en.toml", &wording.zh, &wording.en)
            .or_else(|| missing("zh.toml", &wording.en, &wording.zh))
        {
            Some(error) => Err(error),
            None => Ok(wording),
        }
    }

    /// The word for `key`, with `{name}` replaced from `args`; what is not given shows as a dash. A key that is not in the
    /// catalogue is said by its group's `other`, or else by itself.
    #[must_use]
    pub fn say(&self, language: Language, key: &str, args: &[(&str, &str)]) -> String {
        let words = self.of(language);
        let other = || key.split_once('.').and_then(|(group, _)| words.get(&format!("{group}.other")));
        match words.get(key).or_else(other) {
            Some(text) => fill(text, key, args),
            None => key.to_owned(),
        }
    }

    /// Whether both languages have this very word.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.zh.contains_key(key) && self.en.contains_key(key)
    }

    /// A problem in words. What could not be read is found as a key of the catalogue and the part that it is about.
    #[must_use]
    pub fn problem(&self, language: Language, problem: &Problem) -> String {
        let or_dash = |value: &Option<String>| value.clone().unwrap_or_else(|| NOTHING.to_owned());
        let (mut found, expected) = (or_dash(&problem.found), or_dash(&problem.expected));
        let (key, part) = found.split_once(' ').unwrap_or((found.as_str(), ""));
        if found.split(' ').all(|key| self.has(key)) {
            let said = found.split(' ').map(|key| self.say(language, key, &[])).collect::<Vec<_>>();
            found = said.join(if language == Language::En { ", " } else { "、" });
        } else if self.has(key) {
            found = [self.say(language, key, &[]).as_str(), part].join(" ").trim_end().to_owned();
        }
        let expected = self.expected(language, problem.code, expected);
        let key = format!("problem.{}", problem.code.as_str());
        self.say(language, &key, &[("found", &found), ("expected", &expected), ("path", &problem.path)])
    }

    /// What would have been right may be a key of the catalogue too, with a value; a category's rule is named by its own.
    fn expected(&self, language: Language, code: Code, expected: String) -> String {
        let named = format!("category_rule.{expected}");
        if code == Code::CategoryRule && self.has(&named) {
            return self.say(language, &named, &[]);
        }
        let (key, value) = expected.split_once(' ').unwrap_or((&expected, ""));
        if self.has(key) { self.say(language, key, &[("value", value)]) } else { expected }
    }

    /// What can be offered, in words.
    #[must_use]
    pub fn proposal(&self, language: Language, proposal: &Proposal) -> String {
        let args = proposal.args();
        let args: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.say(language, &format!("proposal.{}", proposal.as_str()), &args)
    }

    /// A problem with all that can be offered, in one sentence.
    #[must_use]
    pub fn with_proposals(&self, language: Language, problem: &Problem) -> String {
        let words = self.problem(language, problem);
        if problem.proposals.is_empty() {
            return words;
        }
        let offers: Vec<String> = problem.proposals.iter().map(|it| self.proposal(language, it)).collect();
        let offers = offers.join(if language == Language::En { "; " } else { "；" });
        self.say(language, "proposal.with", &[("problem", &words), ("proposals", &offers)])
    }

    const fn of(&self, language: Language) -> &BTreeMap<String, String> {
        match language {
            Language::Zh | Language::Mixed => &self.zh,
            Language::En => &self.en,
        }
    }
}

fn fill(text: &str, key: &str, args: &[(&str, &str)]) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        said.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            said.push('{');
            rest = after;
            continue;
        };
        let given = args.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        said.push_str(given.unwrap_or(if name == "key" { key } else { NOTHING }));
        rest = after;
    }
    said + rest
}

fn catalogue(file: &str, text: &str) -> Result<BTreeMap<String, String>, WordingError> {
    let refused = |what: String| WordingError::Unreadable { file: file.to_owned(), what };
    let table: toml::Table =
        toml::from_str(text).map_err(|error: toml::de::Error| refused(error.message().to_owned()))?;
    let mut words = BTreeMap::new();
    for (group, entries) in table {
        let toml::Value::Table(entries) = entries else {
            return Err(refused(format!("`{group}` must be a table of words")));
        };
        for (name, word) in entries {
            let key = format!("{group}.{name}");
            let toml::Value::String(word) = word else {
                return Err(refused(format!("`{key}` must be a text")));
            };
            words.insert(key, word);
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::document::Kind;
    use crate::order::event::{Gate, Milestone, Tell};
    use crate::order::problem::Code;
    use crate::order::review::{Queue, Role, Verdict};
    use crate::order::status::Status;

    #[test]
    fn every_value_that_people_see_has_a_word_in_both_languages() {
        let wording = Wording::shipped().unwrap();
        let keys = (Status::WORDS.into_iter().map(|it| ("status", it)))
            .chain(Queue::ALL.into_iter().map(|it| ("queue", it.as_str())))
            .chain(Role::ALL.into_iter().map(|it| ("role", it.as_str())))
            .chain(Code::ALL.into_iter().map(|it| ("problem", it.as_str())))
            .chain(Kind::ALL.into_iter().map(|it| ("kind", it.as_str())))
            .chain(Milestone::ALL.into_iter().map(|it| ("milestone", it.as_str())))
            .chain(Tell::ALL.into_iter().map(|it| ("tell", it.as_str())))
            .chain(Gate::ALL.into_iter().map(|it| ("gate", it.as_str())))
            .chain(Proposal::WORDS.into_iter().map(|it| ("proposal", it)))
            .chain(["note", "review", "blocks"].map(|it| ("severity", it)))
            .chain(Verdict::WORDS.map(|it| ("verdict", it)))
            .chain([("reading", "other")]);
        let missing: Vec<String> =
            keys.map(|(group, word)| format!("{group}.{word}")).filter(|key| !wording.has(key)).collect();
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn a_word_is_filled_and_never_fails() {
        let wording = Wording::shipped().unwrap();
        let args = [("found", "0.40"), ("expected", "0.45")];
        assert_eq!(wording.say(Language::Zh, "problem.price_below_floor", &args), "单价 0.40 低于底价 0.45");
        assert_eq!(
            wording.say(Language::En, "problem.price_below_floor", &[]),
            "The unit price — is below the floor price —"
        );
        assert_eq!(
            wording.say(Language::En, "reading.new_kind", &[]),
            "A part could not be read (reading.new_kind)"
        );
        assert_eq!(wording.say(Language::Zh, "nonsense", &[]), "nonsense");
    }

    #[test]
    fn a_word_in_one_language_only_is_refused() {
        let both = "[status]\nreceived = \"x\"";
        let refused = Wording::parse(both, "[status]").unwrap_err();
        assert_eq!(refused, WordingError::Missing { file: "en.toml".into(), key: "status.received".into() });
        assert!(Wording::parse("x = 1", both).is_err());
    }

    #[test]
    fn what_is_expected_and_proposed_has_words() {
        use crate::order::problem::Severity;
        let wording = Wording::shipped().unwrap();
        let problem = |code, found: &str, expected: &str| {
            Problem::new(code, "", Severity::Review, Queue::Production).found(found).expected(expected)
        };
        let ended = problem(Code::DiscountCodeInvalid, "OLD5", "promotion.until 2026-03-19");
        assert_eq!(wording.problem(Language::Zh, &ended), "优惠码 OLD5 无效：已于 2026-03-19 到期");
        let rule = problem(Code::CategoryRule, "true", "no_house_mark");
        let words = wording.problem(Language::En, &rule);
        assert!(words.contains("needs the general manager"), "{words}");
        let own = problem(Code::CategoryRule, "150", "整卷起订");
        assert_eq!(wording.problem(Language::Zh, &own), "不符合品类要求：整卷起订（来件：150）");
        let date = chrono::NaiveDate::from_ymd_opt(2026, 3, 27).unwrap();
        let mut late = problem(Code::LeadTimeTooShort, "2", "7");
        late.proposals = vec![
            Proposal::LaterDate { date },
            Proposal::PartDelivery { now: 200.into(), later: 800.into(), unit: "条".into(), date },
        ];
        assert_eq!(
            wording.with_proposals(Language::Zh, &late),
            "要求 2 天内交货，生产需 7 天；可选：改为 2026-03-27 交货；先交 200 条，其余 800 条 于 2026-03-27 交"
        );
        assert!(
            wording
                .with_proposals(Language::En, &late)
                .contains("200 条 now, the other 800 条 on 2026-03-27")
        );
        assert_eq!(wording.with_proposals(Language::Zh, &ended), wording.problem(Language::Zh, &ended));
    }
}
