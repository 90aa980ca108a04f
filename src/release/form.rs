//! The review form of an order (订单评审表): what is asked for, who was asked why, and every opinion, as a page to be printed.

use super::facts::Office;
use super::templates::TemplateError;
use super::{changes, sheet};
use crate::order::Order;
use crate::order::document::Language;
use crate::order::line::Content;
use crate::order::review::{Condition, Decided, Review, ReviewState, Role};
use crate::rights::Sees;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// The words of the page, in the catalogue's group `form`.
const WORDS: [&str; 34] = [
    "title",
    "customer",
    "po_number",
    "order_date",
    "requested",
    "promised",
    "shipping",
    "total",
    "terms",
    "incoterm",
    "lines",
    "goods",
    "required",
    "quantity",
    "unit_price",
    "amount",
    "held",
    "changes",
    "problems",
    "no_problems",
    "reviews",
    "queue",
    "why",
    "opinion",
    "signature",
    "due",
    "overdue",
    "agree",
    "conditions",
    "refuse",
    "signatures",
    "printed",
    "withdrawn",
    "nobody",
];

/// Who signs at the foot of the page.
const SIGNS: [Role; 4] = [Role::SalesManager, Role::Planning, Role::Finance, Role::Gm];

/// An order as somebody gets to see it.
pub struct Form<'a> {
    pub order: &'a Order,
    /// Of an amendment: what it would change.
    pub before: Option<&'a Content>,
    /// The customer's name, as far as he is known.
    pub customer: Option<&'a str>,
    pub office: &'a Office<'a>,
    pub sees: Sees,
    /// A user's name by his id.
    pub name: &'a dyn Fn(&str) -> String,
    pub now: DateTime<Utc>,
}

impl Form<'_> {
    /// The page, in this language. What the person may not see is not in it.
    pub fn page(&self, language: Language) -> Result<String, TemplateError> {
        let (order, content, prices) = (self.order, &self.order.content, self.sees.prices);
        let say = |key: &str| self.office.wording.say(language, key, &[]);
        let words: serde_json::Map<String, Value> =
            WORDS.iter().map(|word| ((*word).to_owned(), say(&format!("form.{word}")).into())).collect();
        let house = self.office.house;
        let english = language == Language::En;
        let code = content.customer.as_deref().unwrap_or_default();
        let context = json!({
            "lang": if english { "en" } else { "zh" },
            "words": words,
            "firm": if english { &house.name_en } else { &house.name },
            "kind": say(&format!("kind.{}", order.kind.as_str())),
            "reference": order.number.as_ref().map_or_else(|| order.id.to_string(), |it| it.0.clone()),
            "status": say(&format!("status.{}", order.status.as_str())),
            "customer": format!("{code} {}", self.customer.unwrap_or_default()).trim(),
            "po_number": content.po_number,
            "order_date": content.order_date.map(|day| day.to_string()),
            "requested": content.wanted().map(|day| day.to_string()),
            "promised": order.promised.map(|day| day.to_string()),
            "shipping": content.shipping_method,
            "prices": prices,
            "total": content.total().ok().flatten().filter(|_| prices).map(sheet::money),
            "terms": content.payment_terms.as_ref().filter(|_| prices),
            "incoterm": content.incoterm.as_ref().filter(|_| prices),
            "lines": self.lines(),
            "changes": self.before.map_or_else(Vec::new, |before| {
                changes::between(order, before, self.office.wording, language, prices)
            }),
            "problems": self.problems(language),
            "reviews": order.reviews.iter().map(|it| self.review(it, language)).collect::<Vec<_>>(),
            "signs": SIGNS.map(|role| say(&format!("role.{}", role.as_str()))),
            "made": self.time(self.now),
        });
        self.office.templates.page("form", context)
    }

    fn time(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.office.calendar.zone()).format("%Y-%m-%d %H:%M").to_string()
    }

    fn lines(&self) -> Vec<Value> {
        let (content, prices) = (&self.order.content, self.sees.prices);
        let line = |it: &crate::order::line::Line| {
            let price = it.unit_price.filter(|_| prices).map(|price| price.normalize().to_string());
            let amount = content.currency.filter(|_| prices).and_then(|currency| it.amount(currency).ok()?);
            let parts = [&it.spec, &it.color, &it.note].into_iter().flatten().map(String::as_str);
            json!({
                "position": it.position,
                "sku": it.sku,
                "description": it.description,
                "spec": parts.collect::<Vec<_>>().join(" · "),
                "held": self.order.holds_line(it.position),
                "required": it.required.map(|day| day.to_string()),
                "quantity": it.quantity.map(|quantity| {
                    format!("{} {}", sheet::plain(quantity), it.unit.as_deref().unwrap_or_default())
                }),
                "unit_price": price,
                "amount": amount.map(sheet::money),
            })
        };
        content.lines.iter().map(line).collect()
    }

    fn problems(&self, language: Language) -> Vec<String> {
        let wording = self.office.wording;
        let shown = self.order.problems.iter().filter(|it| self.sees.shows_problem(it));
        shown
            .map(|it| {
                let severity = wording.say(language, &format!("severity.{}", it.severity.as_str()), &[]);
                let words = wording.with_proposals(language, it);
                let at = it.path.strip_prefix("lines.").and_then(|rest| rest.split('.').next()?.parse().ok());
                let line = at.and_then(|at: usize| self.order.content.lines.get(at));
                let words = line.map_or(words.clone(), |line| {
                    let args = [("line", line.position.to_string())];
                    let args = args.each_ref().map(|(name, value)| (*name, value.as_str()));
                    wording.say(language, "form.of_line", &[&args[..], &[("problem", &words)]].concat())
                });
                format!("[{severity}] {words}")
            })
            .collect()
    }

    fn review(&self, review: &Review, language: Language) -> Value {
        let wording = self.office.wording;
        let parted = if language == Language::En { ", " } else { "、" };
        let say = |group: &str, word: &str| wording.say(language, &format!("{group}.{word}"), &[]);
        let rule = |name: &String| {
            if wording.has(&format!("rule.{name}")) { say("rule", name) } else { name.clone() }
        };
        let rules: Vec<String> = review.rules.iter().map(rule).collect();
        let roles: Vec<String> = review.deciders().map(|role| say("role", role.as_str())).collect();
        let (state, last) = match &review.state {
            ReviewState::Open => ("open", None),
            ReviewState::Withdrawn => ("withdrawn", None),
            ReviewState::Decided(decided) => ("decided", Some(decided)),
        };
        let asked = review.assigned.as_deref().map_or_else(|| roles.join(parted), |user| (self.name)(user));
        json!({
            "queue": say("queue", review.queue.as_str()),
            "asked": asked,
            "rules": rules.join(parted),
            "due": self.time(review.due_at),
            "overdue": review.overdue,
            "open": review.is_open(),
            "state": if state == "withdrawn" { say("form", "withdrawn") } else { String::new() },
            "opinions": review.signed.iter().chain(last).map(|it| self.opinion(it, language)).collect::<Vec<_>>(),
        })
    }

    fn condition(&self, condition: &Condition, language: Language) -> String {
        let wording = self.office.wording;
        let (field, line) = changes::place(&condition.path, self.order);
        let key = if line.is_empty() { "form.condition" } else { "form.condition_of_line" };
        let what = changes::word(field, wording, language);
        wording.say(language, key, &[("line", &line), ("what", &what), ("value", &condition.value)])
    }

    /// A word that was given. Conditions, fees, guarantees and notes may name prices.
    fn opinion(&self, it: &Decided, language: Language) -> Value {
        let say = |key: &str, args: &[(&str, &str)]| self.office.wording.say(language, key, args);
        let mut more: Vec<String> = Vec::new();
        if self.sees.prices {
            more.extend(it.conditions.iter().map(|condition| self.condition(condition, language)));
            more.extend(it.fee.map(|fee| say("form.fee", &[("fee", &fee.to_string())])));
            more.extend(
                it.guarantee.as_ref().map(|it| say("form.guarantee", &[("until", &it.until.to_string())])),
            );
        }
        more.extend(it.needs_days.map(|days| say("form.needs", &[("days", &days.to_string())])));
        let role = say(&format!("role.{}", it.role.as_str()), &[]);
        let by = (self.name)(&it.by);
        let by = match &it.on_behalf_of {
            Some(owner) => say("form.in_place_of", &[("by", &by), ("owner", &(self.name)(owner))]),
            None => by,
        };
        json!({
            "verdict": say(&format!("verdict.{}", it.verdict), &[]),
            "more": more,
            "note": it.note.as_ref().filter(|_| self.sees.prices),
            "by": format!("{by} ({role})"),
            "at": self.time(it.at),
        })
    }
}
