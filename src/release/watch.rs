//! Supervision (监察) is told of every step of a large order, once, and with prices: it sees all and decides nothing.

use super::facts::{Department, Office, Way};
use super::telling::{from_house, outgoing};
use super::templates::TemplateError;
use super::{header, sheet};
use crate::order::Order;
use crate::order::document::Language;
use crate::order::event::{Actor, Event, Milestone, Tell};
use crate::order::ids::Ids;
use crate::order::message::{Body, Message, OrderWatched, WatchedStep};
use crate::order::money::Exchange;
use crate::order::problem::Problem;
use crate::order::review::Decided;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// The name of the template, and of the mails' purpose.
const MAIL: &str = "watching";

/// Which orders are watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WatchSettings {
    pub on: bool,
    /// The total from which on an order is watched, in the book currency.
    pub from: Decimal,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self { on: true, from: Decimal::from(1_000_000) }
    }
}

impl WatchSettings {
    /// Whether supervision watches this order: its total is large, or was when it was told of it first. A total that can't be
    /// told in the book currency is over every limit; one that is not known yet is not.
    #[must_use]
    pub fn watches(&self, order: &Order, exchange: &Exchange) -> bool {
        let is_large = match order.content.total() {
            Ok(Some(total)) => exchange.in_book(total).is_none_or(|total| total >= self.from),
            Ok(None) => false,
            Err(_) => true,
        };
        self.on && (is_large || order.told.iter().any(|told| told.what == Tell::Watching))
    }
}

/// What happened to an order in one commit.
#[derive(Debug, Clone, Copy)]
pub struct Steps<'a> {
    /// The order with the events folded in.
    pub order: &'a Order,
    pub events: &'a [Event],
    /// Place of the first event in the order's history.
    pub first: u64,
    pub by: &'a Actor,
    /// The customer's name, as far as he is known.
    pub customer: Option<&'a str>,
}

/// What supervision is told of these steps, and the event that says that it was told; none where nothing happened that is to be
/// told, or nobody can be reached.
pub fn watch(
    steps: &Steps<'_>,
    office: &Office<'_>,
    now: DateTime<Utc>,
    ids: Ids,
) -> Result<Option<(Event, Message)>, TemplateError> {
    let (order, language) = (steps.order, office.house.language);
    let said = |(sequence, event): (u64, &Event)| {
        let (name, args) = step(event, order, office)?;
        let args: Vec<(&str, &str)> = args.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let said = office.wording.say(language, &format!("step.{name}"), &args);
        Some(WatchedStep { sequence, event: name.to_owned(), said })
    };
    let all: Vec<WatchedStep> = (steps.first..).zip(steps.events).filter_map(said).collect();
    if all.is_empty() {
        return Ok(None);
    }
    let to = Department::Supervision.as_str();
    let version = u32::try_from(steps.first).unwrap_or(u32::MAX);
    let text = office.templates.render(language, MAIL, context(steps, &all, office, now))?;
    let body = match office.settings.notify_by {
        Way::Message => Body::OrderWatched(OrderWatched {
            order_id: order.id,
            number: order.number.as_ref().map(|number| number.0.clone()),
            customer: order.content.customer.clone(),
            po_number: order.content.po_number.clone(),
            kind: order.kind,
            status: order.status.as_str().to_owned(),
            at: now,
            by: name(steps.by).to_owned(),
            currency: order.content.currency,
            total: order.content.total().ok().flatten().map(|total| total.amount),
            steps: all,
            subject: text.subject,
            text: text.text,
        }),
        Way::Mail => {
            let desk = office.house.departments.get(&Department::Supervision);
            let Some(address) = desk.and_then(|desk| header::address(&desk.mail)) else { return Ok(None) };
            let purpose = format!("{MAIL}.{version}");
            Body::MailSend(from_house(office.house, order.id, &purpose, vec![address], text))
        }
    };
    let message_id = ids.id(&format!("told/{MAIL}/{}/{version}", order.id));
    let message = outgoing(order.id, to, body, (message_id, now));
    let told = Event::Told { what: Tell::Watching, to: to.to_owned(), version, message_id };
    Ok(Some((told, message)))
}

fn name(by: &Actor) -> &str {
    match by {
        Actor::Step(_) => "gendan",
        Actor::User(id) | Actor::System(id) => id,
    }
}

fn context(steps: &Steps<'_>, all: &[WatchedStep], office: &Office<'_>, now: DateTime<Utc>) -> Value {
    let (order, language) = (steps.order, office.house.language);
    let content = &order.content;
    let say = |key: String| office.wording.say(language, &key, &[]);
    let lines: Vec<Value> = content.lines.iter().map(|line| sheet::priced(line, content.currency)).collect();
    let code = content.customer.as_deref();
    json!({
        "kind": say(format!("kind.{}", order.kind.as_str())),
        "reference": order.number.as_ref().map_or_else(|| order.id.to_string(), |it| it.0.clone()),
        "customer": code.map(|code| format!("{code} {}", steps.customer.unwrap_or_default()).trim().to_owned()),
        "po_number": content.po_number,
        "status": say(format!("status.{}", order.status.as_str())),
        "total": total(order),
        "terms": content.payment_terms,
        "requested": content.wanted().map(|day| day.to_string()),
        "promised": order.promised.map(|day| day.to_string()),
        "by": name(steps.by),
        "at": now.with_timezone(&office.calendar.zone()).format("%Y-%m-%d %H:%M").to_string(),
        "steps": all.iter().map(|step| step.said.as_str()).collect::<Vec<_>>(),
        "lines": lines,
        "order_id": order.id,
    })
}

fn total(order: &Order) -> String {
    order.content.total().ok().flatten().map(sheet::money).unwrap_or_default()
}

/// The word of a step, and what is filled into it.
type Said = (&'static str, Vec<(&'static str, String)>);

/// None for what is bookkeeping alone.
fn step(event: &Event, order: &Order, office: &Office<'_>) -> Option<Said> {
    let say =
        |group: &str, word: &str| office.wording.say(office.house.language, &format!("{group}.{word}"), &[]);
    let total = || ("total", total(order));
    Some(match event {
        Event::ReviewBound { .. } | Event::MasterChanged(_) | Event::Told { what: Tell::Watching, .. } => {
            return None;
        }
        Event::Received { kind, .. } => ("received", vec![("what", say("kind", kind.as_str())), total()]),
        Event::Entered { by, why } => ("entered", vec![("by", by.clone()), ("why", why.clone())]),
        Event::Stopped { .. } | Event::LetGo { .. } => return of_hold(event),
        Event::Corrected { by, .. } => ("corrected", vec![("by", by.clone()), total()]),
        Event::Checked { problems, sure, .. } => checked(problems, *sure, office),
        Event::ReviewOpened { .. }
        | Event::ReviewDecided { .. }
        | Event::ReviewWithdrawn { .. }
        | Event::ReviewOverdue { .. }
        | Event::ReviewSigned { .. }
        | Event::ReviewAssigned { .. }
        | Event::ReviewerAdded { .. }
        | Event::ReviewRestarted { .. }
        | Event::Conditioned { .. } => return of_review(event, order, office),
        Event::Appealed { by, reason, .. } => {
            ("appealed", vec![("by", by.clone()), ("reason", reason.clone())])
        }
        Event::GuaranteeBroken { until, .. } => {
            ("guarantee_broken", vec![("until", until.map(|it| it.to_string()).unwrap_or_default())])
        }
        Event::Merged { .. } => ("merged", vec![total()]),
        Event::Amended { .. } => ("amended", vec![total()]),
        Event::Charged { amount, .. } => ("charged", vec![("amount", sheet::money(*amount))]),
        Event::Clarifying => ("clarifying", Vec::new()),
        Event::InReview => ("in_review", Vec::new()),
        Event::Numbered { number } => ("numbered", vec![("number", number.0.clone())]),
        Event::Released { promised, .. } => ("released", vec![("promised", promised.to_string())]),
        Event::Replanned { promised, .. } => ("replanned", vec![("promised", promised.to_string())]),
        Event::GateOpened { gate } => ("gate_opened", vec![("gate", say("gate", gate.as_str()))]),
        Event::Told { what, to, .. } => told(*what, to, office),
        Event::Reported { milestone, applied: true, .. } => reported("reported", *milestone, office),
        Event::Reported { milestone, applied: false, .. } => reported("kept", *milestone, office),
        Event::Applied { milestone } => reported("applied", *milestone, office),
        Event::Held { why } => ("held", vec![("why", because(why, office))]),
        Event::Resumed => ("resumed", Vec::new()),
        Event::Rejected { reason } => ("rejected", vec![("reason", reason.clone())]),
        Event::Cancelled { reason } => ("cancelled", vec![("reason", because(reason, office))]),
        Event::Closed => ("closed", Vec::new()),
        Event::Asked(_) => ("asked", Vec::new()),
        Event::Reminded { .. } => ("reminded", Vec::new()),
        Event::Unanswered { .. } => ("unanswered", Vec::new()),
        Event::Answered { .. } => ("answered", vec![total()]),
    })
}

fn checked(problems: &[Problem], sure: bool, office: &Office<'_>) -> Said {
    if problems.is_empty() {
        return (if sure { "checked_sure" } else { "checked_clean" }, Vec::new());
    }
    let language = office.house.language;
    let words: Vec<String> = problems.iter().map(|it| office.wording.problem(language, it)).collect();
    let parted = if language == Language::En { "; " } else { "；" };
    ("checked", vec![("problems", words.join(parted))])
}

/// Who was told, by the name that people know him by.
fn told(what: Tell, to: &str, office: &Office<'_>) -> Said {
    let language = office.house.language;
    let key = format!("department.{to}");
    let to = if office.wording.has(&key) { office.wording.say(language, &key, &[]) } else { to.to_owned() };
    let what = office.wording.say(language, &format!("tell.{}", what.as_str()), &[]);
    ("told", vec![("what", what), ("to", to)])
}

fn reported(name: &'static str, milestone: Milestone, office: &Office<'_>) -> Said {
    let key = format!("milestone.{}", milestone.as_str());
    (name, vec![("milestone", office.wording.say(office.house.language, &key, &[]))])
}

/// Held and let go by one of the house: the order, or a line of it.
fn of_hold(event: &Event) -> Option<Said> {
    let of_line = |line: Option<u32>| ("line", line.map(|line| line.to_string()).unwrap_or_default());
    if let Event::Stopped { line, by, why, .. } = event {
        let name = if line.is_some() { "line_held" } else { "order_held" };
        Some((name, vec![of_line(*line), ("by", by.clone()), ("why", why.clone())]))
    } else if let Event::LetGo { line, by, .. } = event {
        let name = if line.is_some() { "line_goes_on" } else { "order_goes_on" };
        Some((name, vec![of_line(*line), ("by", by.clone())]))
    } else {
        None
    }
}

fn of_review(event: &Event, order: &Order, office: &Office<'_>) -> Option<Said> {
    let language = office.house.language;
    let say = |group: &str, word: &str| office.wording.say(language, &format!("{group}.{word}"), &[]);
    let queue = |id: &Uuid| {
        let review = order.reviews.iter().find(|review| review.id == *id);
        ("queue", review.map(|it| say("queue", it.queue.as_str())).unwrap_or_default())
    };
    let said = if let Event::ReviewOpened { review } = event {
        let roles: Vec<String> = review.deciders().map(|it| say("role", it.as_str())).collect();
        let due = review.due_at.with_timezone(&office.calendar.zone()).format("%Y-%m-%d %H:%M");
        let parted = if language == Language::En { ", " } else { "、" };
        let args = vec![queue(&review.id), ("roles", roles.join(parted)), ("due", due.to_string())];
        ("review_opened", args)
    } else if let Event::ReviewDecided { review_id, decided } = event {
        ("review_decided", [decision(decided, office), vec![queue(review_id)]].concat())
    } else if let Event::ReviewSigned { review_id, decided } = event {
        ("review_signed", [decision(decided, office), vec![queue(review_id)]].concat())
    } else if let Event::ReviewWithdrawn { review_id } = event {
        ("review_withdrawn", vec![queue(review_id)])
    } else if let Event::ReviewOverdue { review_id } = event {
        ("review_overdue", vec![queue(review_id)])
    } else if let Event::ReviewRestarted { review_id, due_at, .. } = event {
        let due = due_at.with_timezone(&office.calendar.zone()).format("%Y-%m-%d %H:%M");
        ("review_restarted", vec![queue(review_id), ("due", due.to_string())])
    } else if let Event::ReviewAssigned { review_id, to, by } = event {
        ("review_assigned", vec![queue(review_id), ("to", to.clone()), ("by", by.clone())])
    } else if let Event::ReviewerAdded { review_id, role, by } = event {
        ("reviewer_added", vec![queue(review_id), ("role", say("role", role.as_str())), ("by", by.clone())])
    } else if let Event::Conditioned { review_id, by, .. } = event {
        ("conditioned", vec![queue(review_id), ("by", by.clone()), ("total", total(order))])
    } else {
        return None;
    };
    Some(said)
}

/// Who decided what, in which role and for whom, with his note.
fn decision(decided: &Decided, office: &Office<'_>) -> Vec<(&'static str, String)> {
    let language = office.house.language;
    let say = |key: String| office.wording.say(language, &key, &[]);
    let by = match &decided.on_behalf_of {
        Some(owner) => office.wording.say(
            language,
            "step.in_place_of",
            &[("by", decided.by.as_str()), ("owner", owner.as_str())],
        ),
        None => decided.by.clone(),
    };
    let parted = if language == Language::En { ": " } else { "：" };
    let note = decided.note.as_ref().map(|note| format!("{parted}{note}")).unwrap_or_default();
    vec![
        ("verdict", say(format!("verdict.{}", decided.verdict))),
        ("by", by),
        ("role", say(format!("role.{}", decided.role.as_str()))),
        ("note", note),
    ]
}

/// Why an order is held or cancelled: `amendment:ID`, `unread:ID`, or what else the event says.
fn because(why: &str, office: &Office<'_>) -> String {
    let (word, id) = why.split_once(':').unwrap_or((why, ""));
    let key = format!("why.{word}");
    if office.wording.has(&key) {
        office.wording.say(office.house.language, &key, &[("id", id)])
    } else {
        why.to_owned()
    }
}
