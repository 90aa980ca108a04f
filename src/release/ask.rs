//! Asks departments for their word on an order, and tells who has to know when they are late.

use super::facts::{Department, Office};
use super::header;
use super::telling::{from_house, outgoing};
use super::templates::TemplateError;
use crate::order::Order;
use crate::order::document::Language;
use crate::order::event::Event;
use crate::order::ids::Ids;
use crate::order::message::{Body, MailSend, Message, ReviewRequested};
use crate::order::review::Review;
use crate::review::deadline::{Lateness, opened};
use crate::review::returned;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// For each review that `events` opened: `review.requested`, and a mail to the department whose people answer. `order` is the
/// order with the events folded in.
pub fn ask(
    order: &Order,
    events: &[Event],
    office: &Office<'_>,
    now: DateTime<Utc>,
    ids: Ids,
) -> Result<Vec<Message>, TemplateError> {
    let mut messages = Vec::new();
    for review in opened(events) {
        let queue = review.queue.as_str();
        let requested = ReviewRequested {
            order_id: order.id,
            review_id: review.id,
            queue: review.queue,
            rules: review.rules.clone(),
            due_at: review.due_at,
            digest: review.digest.clone(),
        };
        let id = ids.id(&format!("requested/{}", review.id));
        let to = format!("review.requested.{queue}");
        messages.push(outgoing(order.id, &to, Body::ReviewRequested(requested), (id, now)));
        let address = desk(office, review).map(|desk| desk.mail.as_str());
        if let Some(mail) =
            mail(order, review, office, ("review_requested", "requested", address), json!({}))?
        {
            let id = ids.id(&format!("requested/mail/{}", review.id));
            messages.push(outgoing(order.id, "mail.review", Body::MailSend(mail), (id, now)));
        }
    }
    Ok(messages)
}

/// The mail about a review that is late: to the department at half time, to its manager at the deadline, to the general
/// manager at twice the time. None where no address is known.
pub fn remind(
    order: &Order,
    review: &Review,
    late: Lateness,
    office: &Office<'_>,
    (now, ids): (DateTime<Utc>, Ids),
) -> Result<Option<Message>, TemplateError> {
    let desk = desk(office, review);
    let address = match late {
        Lateness::Half => desk.map(|desk| desk.mail.as_str()),
        Lateness::Passed => desk.and_then(|desk| desk.manager.as_deref().or(Some(&desk.mail))),
        Lateness::Twice => office.house.general_manager.as_deref(),
    };
    let lateness = office.wording.say(office.house.language, &format!("lateness.{}", late.as_str()), &[]);
    let mail =
        mail(order, review, office, ("deadline", late.as_str(), address), json!({ "lateness": lateness }))?;
    let id = ids.id(&format!("deadline/{}/{}", review.id, late.as_str()));
    Ok(mail.map(|mail| outgoing(order.id, "mail.review", Body::MailSend(mail), (id, now))))
}

fn desk<'a>(office: &Office<'a>, review: &Review) -> Option<&'a super::facts::Desk> {
    office.house.departments.get(&Department::of_queue(review.queue))
}

fn mail(
    order: &Order,
    review: &Review,
    office: &Office<'_>,
    (template, purpose, address): (&str, &str, Option<&str>),
    more: Value,
) -> Result<Option<MailSend>, TemplateError> {
    let Some(address) = address.and_then(header::address) else { return Ok(None) };
    let context = super::templates::beside(&context(order, review, office), more);
    let text = office.templates.render(office.house.language, template, context)?;
    let purpose = format!("{purpose}.{}", review.id);
    let mail = from_house(office.house, order.id, &purpose, vec![address], text);
    Ok(Some(MailSend { purpose: template.to_owned(), ..mail }))
}

fn context(order: &Order, review: &Review, office: &Office<'_>) -> Value {
    let language = office.house.language;
    let say = |key: String| office.wording.say(language, &key, &[]);
    let sees_prices = Department::of_queue(review.queue).sees_prices();
    let problems: Vec<String> = order
        .problems
        .iter()
        .filter(|problem| sees_prices || problem.clears == review.queue)
        .map(|problem| office.wording.with_proposals(language, problem))
        .collect();
    let join = if language == Language::En { ", " } else { "、" };
    let roles: Vec<String> = review.roles.iter().map(|role| say(format!("role.{}", role.as_str()))).collect();
    json!({
        "queue": say(format!("queue.{}", review.queue.as_str())),
        "roles": roles.join(join),
        "reference": order.number.as_ref().map_or_else(|| order.id.to_string(), |it| it.0.clone()),
        "review_id": review.id,
        "kind": say(format!("kind.{}", order.kind.as_str())),
        "customer": order.content.customer,
        "po_number": order.content.po_number,
        "due_at": review.due_at.with_timezone(&office.calendar.zone()).format("%Y-%m-%d %H:%M").to_string(),
        "problems": problems,
        "returned": returned(order),
    })
}
