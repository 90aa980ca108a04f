//! A mail of ours did not reach somebody: sales hears of it, since the customer will not.

use super::facts::{Department, Office};
use super::header;
use super::telling::{message_id, outgoing};
use super::templates::TemplateError;
use crate::order::ids::{self, Ids};
use crate::order::message::{Body, MailSend, Message};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

/// Purpose of such a mail. Nothing is told of one that fails itself, so that no two of them call each other up.
pub const PURPOSE: &str = "undelivered";

/// A recipient that was refused for good, with the receiver's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub recipient: String,
    pub words: String,
}

/// What did not arrive.
#[derive(Debug, Clone, Copy)]
pub struct Undelivered<'a> {
    /// The order or document that the mail was about.
    pub about: Uuid,
    /// What people know it by.
    pub reference: &'a str,
    /// The mail's own id and purpose.
    pub mail: (&'a str, &'a str),
    /// Who did not get it.
    pub failures: &'a [Refused],
    /// The document that says so; none when the server said it at once.
    pub document: Option<Uuid>,
}

/// The mail to sales, or to the general manager where it is sales that can't be reached. None where nobody is left to
/// tell. It is the same, by its Message-ID, however often the same failure is reported.
pub fn undelivered(
    what: &Undelivered<'_>,
    office: &Office<'_>,
    now: DateTime<Utc>,
    ids: Ids,
) -> Result<Option<Message>, TemplateError> {
    let (failed, purpose) = what.mail;
    let sales = office.house.departments.get(&Department::Sales).map(|desk| desk.mail.as_str());
    let reached = |address: &&str| !what.failures.iter().any(|it| it.recipient.eq_ignore_ascii_case(address));
    let people = [sales, office.house.general_manager.as_deref()];
    let address = people.into_iter().flatten().find(reached).and_then(header::address);
    let Some(address) = address.filter(|_| purpose != PURPOSE) else { return Ok(None) };
    let language = office.house.language;
    let failures: Vec<_> =
        what.failures.iter().map(|it| json!({ "to": it.recipient, "text": it.words })).collect();
    let context = json!({
        "mail": office.wording.say(language, &format!("mail.{purpose}"), &[]),
        "reference": what.reference,
        "failures": failures,
        "document_id": what.document,
    });
    let text = office.templates.render(language, PURPOSE, context)?;
    let who: Vec<&str> = what.failures.iter().map(|it| it.recipient.as_str()).collect();
    let mark = ids::sha256_hex(format!("{failed} {}", who.join(" ")).as_bytes());
    let mark = mark.get(..16).unwrap_or_default();
    let mail = MailSend {
        message_id: message_id(what.about, &format!("{PURPOSE}.{mark}"), 1, &office.house.domain),
        from: office.house.mail.clone(),
        to: vec![address],
        subject: text.subject,
        text: text.text,
        in_reply_to: None,
        references: Vec::new(),
        purpose: PURPOSE.to_owned(),
    };
    let id = ids.id(&format!("{PURPOSE}/{mark}"));
    Ok(Some(outgoing(what.about, "mail.undelivered", Body::MailSend(mail), (id, now))))
}
