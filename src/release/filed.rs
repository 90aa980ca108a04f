//! A part that is no order: the department whose matter it is hears of it.

use super::facts::{Department, Office};
use super::header;
use super::telling::{from_house, outgoing};
use super::templates::TemplateError;
use crate::order::document::{Document, Kind};
use crate::order::draft::Draft;
use crate::order::ids::Ids;
use crate::order::message::{Body, Message};
use chrono::{DateTime, Utc};
use serde_json::json;

/// The mail to the department, where there is one and it has an address. What is not an order at all is nobody's matter.
pub fn filed(
    document: &Document,
    draft: &Draft,
    office: &Office<'_>,
    now: DateTime<Utc>,
    ids: Ids,
) -> Result<Option<Message>, TemplateError> {
    let Some(department) = concerned(draft.kind) else { return Ok(None) };
    let address = office.house.departments.get(&department).and_then(|desk| header::address(&desk.mail));
    let Some(address) = address else { return Ok(None) };
    let language = office.house.language;
    let say = |key: String| office.wording.say(language, &key, &[]);
    let context = json!({
        "kind": say(format!("kind.{}", draft.kind.as_str())),
        "department": say(format!("department.{}", department.as_str())),
        "sender": document.envelope.from_address.clone().or_else(|| document.envelope.caller.clone()),
        "subject": document.envelope.subject,
        "refers_to": draft.refers_to,
        "document_id": document.id,
    });
    let text = office.templates.render(language, "filed", context)?;
    let mail = from_house(office.house, document.id, "filed", vec![address], text);
    Ok(Some(outgoing(document.id, "mail.filed", Body::MailSend(mail), (ids.id("filed"), now))))
}

const fn concerned(kind: Kind) -> Option<Department> {
    match kind {
        Kind::Inquiry | Kind::Answer | Kind::DeliveryReport => Some(Department::Sales),
        Kind::Complaint => Some(Department::Quality),
        Kind::PaymentNotice => Some(Department::Finance),
        Kind::Order | Kind::Amendment | Kind::Cancellation | Kind::NotAnOrder => None,
    }
}
