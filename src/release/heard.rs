//! An answer that a person has to read, where no open review shows it to him: the sales desk hears of it.

use super::facts::{Department, Office};
use super::header;
use super::telling::{from_house, outgoing};
use super::templates::TemplateError;
use crate::order::Order;
use crate::order::document::Document;
use crate::order::ids::Ids;
use crate::order::message::{Body, Message};
use chrono::{DateTime, Utc};
use serde_json::json;

/// The mail to the sales desk; none where it has no address. `why` is a word of the group `heard`.
pub fn heard(
    order: &Order,
    (why, document): (&str, &Document),
    office: &Office<'_>,
    (now, ids): (DateTime<Utc>, Ids),
) -> Result<Option<Message>, TemplateError> {
    let desk = office.house.departments.get(&Department::Sales);
    let Some(address) = desk.and_then(|desk| header::address(&desk.mail)) else { return Ok(None) };
    let language = office.house.language;
    let say = |key: String| office.wording.say(language, &key, &[]);
    let envelope = &document.envelope;
    let context = json!({
        "why": say(format!("heard.{why}")),
        "reference": order.number.as_ref().map_or_else(|| order.id.to_string(), |it| it.0.clone()),
        "customer": order.content.customer,
        "po_number": order.content.po_number,
        "status": say(format!("status.{}", order.status.as_str())),
        "sender": envelope.from_address.clone().or_else(|| envelope.caller.clone()),
        "subject": envelope.subject,
        "document_id": document.id,
    });
    let text = office.templates.render(language, "answer", context)?;
    let mail = from_house(office.house, order.id, &format!("answer.{}", document.id), vec![address], text);
    let id = ids.id(&format!("answer/{}", document.id));
    Ok(Some(outgoing(order.id, "mail.answer", Body::MailSend(mail), (id, now))))
}
