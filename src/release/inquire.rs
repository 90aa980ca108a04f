//! The one mail that asks a customer for all that is missing, in his language, with his own lines quoted; and its reminders.

use super::confirm::{bare_subject, thread};
use super::facts::Office;
use super::header;
use super::telling::from_house;
use super::templates::{Rendered, TemplateError};
use crate::order::Order;
use crate::order::asked::{self, Asked};
use crate::order::document::{Envelope, Language};
use crate::order::draft::{DraftLine, DraftOrder, Found};
use crate::order::message::MailSend;
use crate::review::calendar::Calendar;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::Display;

/// The section `[ask]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskSettings {
    /// An order whose only obstacles its customer can clear is asked about at once, without a person.
    pub automatically: bool,
    /// He is reminded so many working days after he was asked.
    pub remind_days: Vec<u32>,
    /// The clerk is told after so many.
    pub give_up_days: u32,
    /// Whole answers that are a plain yes to a counter-offer, and a plain no.
    pub agrees: Vec<String>,
    pub declines: Vec<String>,
}

impl AskSettings {
    /// Looks for what can't work.
    pub fn check(&self) -> Result<(), String> {
        let mut before = 0;
        for days in self.remind_days.iter().chain([&self.give_up_days]) {
            if *days <= before {
                return Err(
                    "remind_days must rise from 1 on, and give_up_days be more than each of them".to_owned()
                );
            }
            before = *days;
        }
        match self.agrees.iter().find(|word| self.declines.contains(word)) {
            Some(word) => Err(format!("`{word}` can't both agree and decline")),
            None => Ok(()),
        }
    }

    /// When something is to happen next, after a question of `at` of which he was reminded `reminded` times.
    #[must_use]
    pub fn next(&self, at: DateTime<Utc>, reminded: u32, calendar: &Calendar) -> DateTime<Utc> {
        let at_reminder = usize::try_from(reminded).ok().and_then(|reminded| self.remind_days.get(reminded));
        let days = *at_reminder.unwrap_or(&self.give_up_days);
        let day = (0..days).fold(calendar.day_of(at), |day, _| calendar.next_workday(day));
        let passed = day.signed_duration_since(calendar.day_of(at));
        calendar.open_from(at + passed)
    }
}

/// What a question is written from.
#[derive(Debug, Clone, Copy)]
pub struct Inquiry<'a> {
    pub order: &'a Order,
    pub asked: &'a Asked,
    /// As his document has it: the lines that are quoted.
    pub draft: Option<&'a DraftOrder>,
    pub language: Language,
    /// The mail of his that is answered; none for a fax.
    pub answers: Option<&'a Envelope>,
    pub to: &'a [String],
    /// What the clerk adds.
    pub note: Option<&'a str>,
}

/// The mail; none when no receiver has a plain address. `asked.reminded` above 0: a reminder of it.
pub fn inquire(inquiry: &Inquiry<'_>, office: &Office<'_>) -> Result<Option<MailSend>, TemplateError> {
    let to: Vec<String> = inquiry.to.iter().filter_map(|address| header::address(address)).collect();
    if to.is_empty() {
        return Ok(None);
    }
    let text = text(inquiry, office)?;
    let (order, asked) = (inquiry.order, inquiry.asked);
    let purpose = match asked.reminded {
        0 => format!("question.{}", asked.version),
        times => format!("reminder.{}.{times}", asked.version),
    };
    let mail = from_house(office.house, order.id, &purpose, to, text);
    let answers = inquiry.answers;
    let in_reply_to = answers.and_then(|it| header::message_id(it.message_id.as_deref()?));
    Ok(Some(MailSend { in_reply_to, references: answers.map(thread).unwrap_or_default(), ..mail }))
}

fn text(inquiry: &Inquiry<'_>, office: &Office<'_>) -> Result<Rendered, TemplateError> {
    let Inquiry { order, asked, language, answers, .. } = *inquiry;
    let house = if language == Language::En { &office.house.name_en } else { &office.house.name };
    let context = json!({
        "token": asked.token,
        "reminder": asked.reminded,
        "po_number": order.content.po_number,
        "subject": answers.and_then(|it| it.subject.as_deref()).map(bare_subject).filter(|it| !it.is_empty()),
        "questions": questions(inquiry, office),
        "offer": offer(inquiry, office),
        "note": inquiry.note,
        "house": house,
        "house_mail": office.house.mail,
    });
    office.templates.render(language, "question", context)
}

/// What is asked, numbered as in `asked`.
fn questions(inquiry: &Inquiry<'_>, office: &Office<'_>) -> Vec<Value> {
    let language = inquiry.language;
    let problems = asked::problems(inquiry.order);
    let asked = inquiry.asked.questions.iter().zip(1..);
    let written = asked.filter_map(|(question, number)| {
        let problem = problems.iter().find(|it| it.code == question.code && it.path == question.path)?;
        let whole = office.wording.with_proposals(language, problem);
        let choice = problem.expected.clone().unwrap_or_default().replace(' ', " / ");
        let key = format!("question.{}", problem.code.as_str());
        let found = problem.found.clone().unwrap_or_default();
        let args = [("problem", whole.as_str()), ("choice", choice.as_str()), ("found", found.as_str())];
        let line = line_of(&problem.path);
        let quoted = line.and_then(|at| Some(quoted(inquiry.draft?.lines.get(at)?)));
        Some(json!({
            "number": number,
            "line": line.map(|at| at + 1),
            "quoted": quoted.filter(|text| !text.is_empty()),
            "asks": office.wording.say(language, &key, &args),
        }))
    });
    written.collect()
}

/// The line (from 0) that a path is of.
#[must_use]
pub fn line_of(path: &str) -> Option<usize> {
    path.strip_prefix("lines.")?.split('.').next()?.parse().ok()
}

/// A line as his document has it.
fn quoted(line: &DraftLine) -> String {
    fn said<T: Display>(field: &Found<T>) -> Option<String> {
        field.as_ref().map(|field| field.value.to_string())
    }
    let quantity =
        [said(&line.quantity), said(&line.unit)].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let texts = [&line.customer_part, &line.description, &line.spec, &line.color].map(said);
    let figures = [Some(quantity), said(&line.unit_price), said(&line.amount), said(&line.delivery_date)];
    let all: Vec<String> = texts.into_iter().chain(figures).flatten().filter(|it| !it.is_empty()).collect();
    all.join("  ")
}

/// What is offered beside what was asked for.
fn offer(inquiry: &Inquiry<'_>, office: &Office<'_>) -> Vec<Value> {
    if !inquiry.asked.offer {
        return Vec::new();
    }
    let plain = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    let changes = asked::offer(inquiry.order).into_iter().map(|change| {
        let field = change.path.rsplit('.').next().unwrap_or(&change.path);
        json!({
            "line": line_of(&change.path).map(|at| (at + 1).to_string()).unwrap_or_default(),
            "field": office.wording.say(inquiry.language, &format!("field.{field}"), &[]),
            "asked": plain(&change.from),
            "offered": plain(&change.to),
        })
    });
    changes.collect()
}
