//! The weekly list of open letters (来往信函): per customer, what waits for an answer or for word that it arrived.

use super::facts::{Department, Office};
use super::header;
use super::telling::{from_house, outgoing};
use super::templates::TemplateError;
use crate::follow::correspondence::{Item, Way};
use crate::order::document::Channel;
use crate::order::message::{Body, Message};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

/// The mail to the sales desk; none where it has no address. `items`: those that are open, by customer.
pub fn open_letters(
    items: &[Item],
    office: &Office<'_>,
    (about, at): (Uuid, DateTime<Utc>),
) -> Result<Option<Message>, TemplateError> {
    let desk = office.house.departments.get(&Department::Sales);
    let Some(address) = desk.and_then(|desk| header::address(&desk.mail)) else { return Ok(None) };
    let language = office.house.language;
    let say = |key: String| office.wording.say(language, &key, &[]);
    let moment =
        |at: DateTime<Utc>| at.with_timezone(&office.calendar.zone()).format("%Y-%m-%d %H:%M").to_string();
    let lines: Vec<_> = items
        .iter()
        .map(|item| {
            json!({
                "customer": item.customer,
                "at": moment(item.at),
                "way": say(way(item).to_owned()),
                "due_at": moment(item.due_at),
                "late": if item.late { say("letter.late".to_owned()) } else { String::new() },
                "subject": item.subject,
                "id": item.id,
            })
        })
        .collect();
    let late = items.iter().filter(|item| item.late).count();
    let context = json!({ "at": moment(at), "lines": lines, "open": items.len(), "late": late });
    let text = office.templates.render(language, "correspondence", context)?;
    let mail = from_house(office.house, about, "correspondence", vec![address], text);
    let id = crate::order::ids::Ids::new(about, at).id("correspondence");
    Ok(Some(outgoing(about, "mail.correspondence", Body::MailSend(mail), (id, at))))
}

/// The word for a letter's way and kind.
#[must_use]
pub const fn way(item: &Item) -> &'static str {
    match (item.way, item.channel) {
        (Way::In, Channel::Fax) => "letter.fax_in",
        (Way::Out, Channel::Fax) => "letter.fax_out",
        (Way::In, Channel::Mail | Channel::Data | Channel::Form) => "letter.mail_in",
        (Way::Out, Channel::Mail | Channel::Data | Channel::Form) => "letter.mail_out",
    }
}
