//! The rules of a firm: which queues an order must pass, who decides there, by when, and on what.
//!
//! A rule file is read whole or refused whole: every name, type and path in it is checked before it judges an order.

pub use super::asked::Asked;
use super::calendar::Calendar;
use super::digest;
use super::facts::RuleFacts;
use super::typing::{Scope, Shape, Wrong};
use crate::order::review::{Queue, Review, Role, Sign};
use cel::common::ast::IdedExpr;
use cel::{Context, Env, Program, Value as Cel};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// By when a queue has to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Deadline {
    /// Hours by the calendar.
    WorkingHours(u32),
    /// Hours that pass, day and night.
    ElapsedHours(u32),
}

impl Deadline {
    /// The moment at which `numerator / denominator` of it has passed since `from`.
    #[must_use]
    pub fn part(
        self,
        from: DateTime<Utc>,
        calendar: &Calendar,
        (numerator, denominator): (i32, i32),
    ) -> DateTime<Utc> {
        let share = |hours: u32| TimeDelta::hours(i64::from(hours)) * numerator / denominator.max(1);
        match self {
            Self::WorkingHours(hours) => calendar.add_working(from, share(hours)),
            Self::ElapsedHours(hours) => from + share(hours),
        }
    }

    /// The moment at which it has passed.
    #[must_use]
    pub fn after(self, from: DateTime<Utc>, calendar: &Calendar) -> DateTime<Utc> {
        self.part(from, calendar, (1, 1))
    }

    pub(super) const fn hours(self) -> u32 {
        match self {
            Self::WorkingHours(hours) | Self::ElapsedHours(hours) => hours,
        }
    }
}

/// One rule, ready to judge.
#[derive(Debug)]
pub struct Rule {
    pub name: String,
    pub queue: Queue,
    /// Who may decide.
    pub roles: Vec<Role>,
    pub deadline: Deadline,
    /// Paths of the facts and of the order's content on which its queue decides.
    pub covers: Vec<String>,
    /// Whether one of the roles is enough, or each has to agree.
    pub sign: Sign,
    /// Queues in which others have to agree than here.
    pub other_than: Vec<Queue>,
    /// One of those who agree has to guarantee that the order is paid by a date.
    pub guarantee: bool,
    /// The expression as the file has it.
    pub source: String,
    when: Program,
}

impl Rule {
    pub(super) fn expression(&self) -> &IdedExpr {
        self.when.expression()
    }
}

/// Who may take a queue's rejection to the level above, and where that sits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    pub roles: Vec<Role>,
    pub queue: Queue,
}

/// A rule file that can't be used. The house goes on with the rules it has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}: rule `{rule}`: {what}; {remedy}")]
pub struct RuleError {
    pub file: String,
    /// Name of the rule; `*` when it is about the file.
    pub rule: String,
    pub what: String,
    pub remedy: String,
}

/// A profile of rules.
#[derive(Debug)]
pub struct Rules {
    pub profile: String,
    /// Settings as the file has them, for people to see.
    pub settings: Value,
    /// None where nothing can be appealed.
    pub appeal: Option<Appeal>,
    /// Who may ask that goods are made or leave before the money is in.
    pub early: Vec<Role>,
    rules: Vec<Rule>,
    /// Queues that open only when these are closed.
    after: BTreeMap<Queue, BTreeSet<Queue>>,
    constants: Cel,
    library: Library,
}

/// CEL's standard library, built once for all questions.
struct Library(Arc<Env>);

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Library")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profile: String,
    #[serde(default)]
    settings: Value,
    appeal: Option<Appeal>,
    #[serde(default)]
    early: RawEarly,
    rule: Vec<RawRule>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawEarly {
    roles: Vec<Role>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    name: String,
    queue: Queue,
    when: String,
    roles: Vec<Role>,
    deadline: Deadline,
    covers: Vec<String>,
    #[serde(default)]
    sign: Sign,
    #[serde(default)]
    other_than: Vec<Queue>,
    #[serde(default)]
    guarantee: bool,
    #[serde(default)]
    after: Vec<Queue>,
    /// A step that is switched off.
    #[serde(default)]
    off: bool,
}

/// The profiles that ship with the program.
const SHIPPED: [(&str, &str); 2] = [
    ("strict", include_str!("../../config/rules/strict.toml")),
    ("lean", include_str!("../../config/rules/lean.toml")),
];

impl Rules {
    /// The text of a profile that ships with the program, for [`Rules::parse`]; none when there is none of that name.
    #[must_use]
    pub fn shipped(profile: &str) -> Option<&'static str> {
        SHIPPED.iter().find(|(name, _)| *name == profile).map(|(_, text)| *text)
    }

    /// Reads and checks a rule file; `file` is named in errors.
    pub fn parse(file: &str, text: &str) -> Result<Self, RuleError> {
        let refused = |rule: &str, wrong: Wrong| RuleError {
            file: file.to_owned(),
            rule: rule.to_owned(),
            what: wrong.what,
            remedy: wrong.remedy,
        };
        let raw: File = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
            let what = format!("line {line}: {}", error.message());
            refused("*", Wrong::new(what, "compare with config/rules/strict.toml"))
        })?;
        let settings =
            if raw.settings.is_null() { Value::Object(serde_json::Map::new()) } else { raw.settings };
        let constants = cel::to_value(&settings).map_err(|error| {
            refused("*", Wrong::new(error.to_string(), "keep settings to numbers and texts"))
        })?;
        let mut rules = Self {
            profile: raw.profile,
            settings,
            appeal: raw.appeal,
            early: raw.early.roles,
            rules: Vec::new(),
            after: BTreeMap::new(),
            constants,
            library: Library(Arc::new(Env::stdlib())),
        };
        for rule in raw.rule.into_iter().filter(|rule| !rule.off) {
            let name = rule.name.clone();
            rules.add(rule).map_err(|wrong| refused(&name, wrong))?;
        }
        rules.check_order().map_err(|wrong| refused("*", wrong))?;
        Ok(rules)
    }

    fn add(&mut self, raw: RawRule) -> Result<(), Wrong> {
        if self.rules.iter().any(|rule| rule.name == raw.name) {
            return Err(Wrong::new("there are two rules of this name", "rename one of them"));
        }
        if raw.roles.is_empty() {
            return Err(Wrong::new("nobody may decide", "name at least one role in `roles`"));
        }
        if raw.deadline.hours() == 0 {
            return Err(Wrong::new("the deadline is 0 hours", "give at least 1"));
        }
        digest::check_paths(&raw.covers)?;
        let when = self.compile(&raw.when)?;
        self.after.entry(raw.queue).or_default().extend(raw.after);
        let RawRule {
            name, queue, roles, deadline, covers, sign, other_than, guarantee, when: source, ..
        } = raw;
        self.rules.push(Rule {
            name,
            queue,
            roles,
            deadline,
            covers,
            sign,
            other_than,
            guarantee,
            source,
            when,
        });
        Ok(())
    }

    fn compile(&self, when: &str) -> Result<Program, Wrong> {
        let program = Program::compile(when).map_err(|error| {
            let what = error.to_string().lines().next().unwrap_or_default().to_owned();
            Wrong::new(
                format!("`when` can't be read: {what}"),
                "write a CEL expression, as in `figures.total > 0`",
            )
        })?;
        let full = serde_json::to_value(RuleFacts::specimen()).unwrap_or_default();
        let settings = ("settings".to_owned(), Shape::of(&self.settings));
        let facts = full.as_object().into_iter().flatten().map(|(name, it)| (name.clone(), Shape::of(it)));
        let shape = Scope::new(facts.chain([settings])).infer(program.expression())?;
        if shape != Shape::Bool {
            return Err(Wrong::new(
                format!("`when` gives {shape}"),
                "it has to be true or false: compare with something",
            ));
        }
        for specimen in [RuleFacts::specimen(), RuleFacts::bare()] {
            self.holds(&program, &self.context(&specimen)?)?;
        }
        Ok(program)
    }

    fn context(&self, facts: &RuleFacts) -> Result<Context<'static, 'static>, Wrong> {
        let mut context = Context::with_env(Arc::clone(&self.library.0));
        context.add_variable_from_value("settings", self.constants.clone());
        let facts = cel::to_value(facts).map_err(|error| Wrong::new(error.to_string(), "report this"))?;
        if let Cel::Map(facts) = facts {
            for (name, value) in facts.map.iter() {
                context.add_variable_from_value(name.to_string(), value.clone());
            }
        }
        Ok(context)
    }

    fn holds(&self, program: &Program, context: &Context<'_, '_>) -> Result<bool, Wrong> {
        match program.execute(context) {
            Ok(Cel::Bool(holds)) => Ok(holds),
            Ok(_) => Err(Wrong::new("`when` gives no answer", "it has to be true or false")),
            Err(error) => Err(Wrong::new(format!("`when` fails: {error}"), "compare values of one type")),
        }
    }

    fn check_order(&self) -> Result<(), Wrong> {
        if self.rules.is_empty() {
            return Err(Wrong::new("there is no rule", "add one, or every order would pass unseen"));
        }
        if self.usual(Queue::Keying).is_none() {
            return Err(Wrong::new(
                "no rule is for the queue keying",
                "add one: an order that somebody returns goes there",
            ));
        }
        if let Some(appeal) = self.appeal.as_ref().filter(|appeal| self.usual(appeal.queue).is_none()) {
            return Err(Wrong::new(
                format!("appeals go to the queue {}, for which there is no rule", appeal.queue.as_str()),
                "add one, or name another queue in `appeal`",
            ));
        }
        match Queue::ALL.into_iter().find(|queue| self.before(*queue).contains(queue)) {
            Some(queue) => Err(Wrong::new(
                format!("the queue {} waits for itself", queue.as_str()),
                "take one queue out of an `after`",
            )),
            None => Ok(()),
        }
    }

    /// All queues that have to be closed before this one opens.
    #[must_use]
    pub fn before(&self, queue: Queue) -> BTreeSet<Queue> {
        let mut found = BTreeSet::new();
        let mut ask: Vec<Queue> = self.after.get(&queue).into_iter().flatten().copied().collect();
        while let Some(queue) = ask.pop() {
            if found.insert(queue) {
                ask.extend(self.after.get(&queue).into_iter().flatten().copied());
            }
        }
        found
    }

    /// The queues that these facts call for. A rule that can't be answered asks: a person then looks.
    #[must_use]
    pub fn ask(&self, facts: &RuleFacts) -> Vec<Asked> {
        let context = self.context(facts).ok();
        let mut asked: BTreeMap<Queue, Asked> = BTreeMap::new();
        for rule in &self.rules {
            let holds = context.as_ref().is_none_or(|it| self.holds(&rule.when, it).unwrap_or(true));
            if holds {
                let by = Asked::by(rule);
                asked.entry(rule.queue).and_modify(|it| it.join(&by)).or_insert(by);
            }
        }
        asked.into_values().collect()
    }

    /// The rules, as the file has them.
    #[must_use]
    pub fn list(&self) -> &[Rule] {
        &self.rules
    }

    /// The time that a review was given: the shortest of the rules that asked for it.
    #[must_use]
    pub fn deadline_of(&self, review: &Review) -> Deadline {
        let asked = self.rules.iter().filter(|rule| rule.queue == review.queue);
        let named = asked.clone().filter(|rule| review.rules.contains(&rule.name));
        let elapsed = (review.due_at - review.runs_from()).num_hours().try_into().unwrap_or(0);
        named
            .map(|rule| rule.deadline)
            .min_by_key(|deadline| deadline.hours())
            .or_else(|| asked.map(|rule| rule.deadline).next())
            .unwrap_or(Deadline::ElapsedHours(elapsed))
    }

    /// Whether one of a review's rules wants a guarantee of those who agree.
    #[must_use]
    pub fn wants_guarantee(&self, review: &Review) -> bool {
        self.rules.iter().any(|rule| rule.guarantee && review.rules.contains(&rule.name))
    }

    /// How a queue is answered when no rule asks for it (an order that was returned to it): as by its first rule.
    #[must_use]
    pub fn usual(&self, queue: Queue) -> Option<Asked> {
        self.rules.iter().find(|rule| rule.queue == queue).map(Asked::by)
    }
}
