//! Pages that can't be read or did not come: the mail that asks the customer to send them again, drafted for the clerk.

use super::facts::Office;
use super::telling::from_house;
use super::templates::TemplateError;
use crate::order::document::{Channel, Document, Language};
use crate::order::draft::{Draft, Unread};
use crate::order::ids::sha256_hex;
use crate::order::message::MailSend;
use crate::read::codes::Code;
use serde_json::json;
use std::collections::BTreeMap;

/// What the customer can do something about by sending it again.
const AGAIN: [Code; 8] = [
    Code::Illegible,
    Code::PageMissing,
    Code::DamagedPdf,
    Code::DamagedPicture,
    Code::DamagedWord,
    Code::DamagedWorkbook,
    Code::DamagedArchive,
    Code::Encrypted,
];

/// The mail, in the language of the document; none where nothing has to be sent again. `to`: mail or fax addresses.
pub fn resend(
    document: &Document,
    drafts: &[Draft],
    to: Vec<String>,
    office: &Office<'_>,
) -> Result<Option<MailSend>, TemplateError> {
    let notes = drafts.iter().flat_map(|draft| &draft.unread);
    let wanted: Vec<&Unread> =
        notes.filter(|note| AGAIN.iter().any(|code| code.as_str() == note.code)).collect();
    let Some(language) = drafts.first().map(|draft| draft.language).filter(|_| !wanted.is_empty()) else {
        return Ok(None);
    };
    // Pages of one file are asked for by their numbers; where several files are wanted, each is named.
    let mut named: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for note in wanted {
        named.entry(note.source.as_str()).or_default().extend(pages_of(note));
    }
    named.values_mut().for_each(|pages| {
        pages.sort_unstable();
        pages.dedup();
    });
    let join = |parts: Vec<String>| parts.join(if language == Language::En { ", " } else { "、" });
    let list = |pages: &[u32]| join(pages.iter().map(u32::to_string).collect());
    let one = named.values().next().filter(|pages| named.len() == 1 && !pages.is_empty());
    let file = |(name, pages): (&&str, &Vec<u32>)| {
        if pages.is_empty() { (*name).to_owned() } else { format!("{name} ({})", list(pages)) }
    };
    let files = if one.is_some() { Vec::new() } else { named.iter().map(file).collect() };
    let house = if language == Language::En { &office.house.name_en } else { &office.house.name };
    let numbers = drafts.iter().filter_map(|draft| draft.order.as_ref()?.po_number.as_ref());
    let context = json!({
        "pages": one.map(|pages| list(pages)),
        "several": one.is_some_and(|pages| pages.len() > 1),
        "files": join(files),
        "po_number": numbers.map(|field| field.value.clone()).next(),
        "subject": document.envelope.subject,
        "sent_at": document.envelope.sent_at.unwrap_or(document.received_at)
            .with_timezone(&office.calendar.zone()).format("%Y-%m-%d %H:%M").to_string(),
        "house": house,
        "house_mail": office.house.mail,
    });
    let text = office.templates.render(language, "resend", context)?;
    // To another address it is another mail.
    let purpose = format!("resend.{}", &sha256_hex(to.concat().as_bytes())[..8]);
    let mail = from_house(office.house, document.id, &purpose, to, text);
    // The mail that brought a fax is the gateway's, not the customer's.
    let answers = document.envelope.message_id.clone().filter(|_| document.channel == Channel::Mail);
    Ok(Some(MailSend { references: answers.clone().into_iter().collect(), in_reply_to: answers, ..mail }))
}

/// The pages that a note names: `page 2, 3`.
fn pages_of(note: &Unread) -> Vec<u32> {
    let named = note.detail.as_deref().and_then(|detail| detail.strip_prefix("page "));
    named.into_iter().flat_map(|pages| pages.split(", ")).filter_map(|page| page.parse().ok()).collect()
}
