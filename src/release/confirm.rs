//! The customer's order confirmation (订单确认): as an answer in his own thread, or as data to the system that placed the order.

use super::telling::Telling;
use super::{ReleaseError, changes, header, invoice, sheet, templates};
use crate::order::document::{Envelope, Language};
use crate::order::event::Tell;
use crate::order::message::{Body, OrderConfirmed};
use serde_json::json;

/// Mail programs keep a thread together by its first and its latest letters.
const LONGEST_THREAD: usize = 20;

pub(super) fn confirm(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    let version = 1 + telling.order.revision;
    if telling.facts.as_data {
        let confirmed = as_data(telling)?;
        return telling.tell(Tell::Confirmation, "customer", version, Body::OrderConfirmed(confirmed));
    }
    mail(telling, "confirmation", version)
}

/// That an order which was confirmed is cancelled, and what he pays for it. A system that placed it as data hears it by
/// `order.status`.
pub(super) fn cancelled(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    if telling.facts.as_data {
        return Ok(());
    }
    mail(telling, "cancelled", 1 + telling.order.revision)
}

fn mail(telling: &mut Telling<'_>, template: &str, version: u32) -> Result<(), ReleaseError> {
    let (facts, order) = (telling.facts, &telling.order);
    let (buyer, house) = (facts.buyer, facts.office.house);
    let name = if buyer.language == Language::En { &house.name_en } else { &house.name };
    let answers = facts.answers;
    let more = json!({
        "house": name,
        "house_mail": house.mail,
        "free_change_hours": facts.office.settings.free_change_hours,
        "subject": answers.and_then(|it| it.subject.as_deref()).map(bare_subject).filter(|it| !it.is_empty()),
        "amended": order.revision > 0,
        "moved": facts.before.is_some_and(|it| it.content == order.content && it.promised != order.promised),
        "changes": changes::said(order, facts, buyer.language, true),
    });
    let context = templates::beside(&sheet::sheet(order, facts, true)?, more);
    let text = facts.office.templates.render(buyer.language, template, context)?;
    // The first confirmation's name is older than the others'.
    let purpose = if version == 1 { template.to_owned() } else { format!("{template}.{version}") };
    let Some(mut mail) = telling.mail(&purpose, &buyer.mail, text) else { return Ok(()) };
    mail.in_reply_to = answers.and_then(|it| header::message_id(it.message_id.as_deref()?));
    mail.references = answers.map(thread).unwrap_or_default();
    telling.tell(Tell::Confirmation, "customer", version, Body::MailSend(mail))
}

fn as_data(telling: &Telling<'_>) -> Result<OrderConfirmed, ReleaseError> {
    let order = &telling.order;
    let content = &order.content;
    let missing = |what: &str| ReleaseError::Incomplete(what.to_owned());
    let currency = content.currency.ok_or_else(|| missing("currency"))?;
    Ok(OrderConfirmed {
        order_id: order.id,
        number: sheet::number(order)?,
        revision: order.revision,
        customer: telling.facts.buyer.code.clone(),
        po_number: content.po_number.clone(),
        promised: order.promised.ok_or_else(|| missing("promised"))?,
        currency,
        lines: invoice::priced(&content.lines, currency)?,
        total: content.total()?.ok_or_else(|| missing("unit_price"))?.amount,
    })
}

/// The subject without the marks of earlier answers.
pub(super) fn bare_subject(subject: &str) -> String {
    let mut rest = subject.trim();
    loop {
        let lower = rest.to_lowercase();
        let mark = ["re:", "re：", "回复:", "回复：", "答复:", "答复："]
            .into_iter()
            .find(|mark| lower.starts_with(mark));
        match mark.and_then(|mark| rest.get(mark.len()..)) {
            Some(after) => rest = after.trim_start(),
            None => return rest.to_owned(),
        }
    }
}

pub(super) fn thread(answers: &Envelope) -> Vec<String> {
    let all = answers.references.iter().chain(&answers.message_id);
    let mut thread: Vec<String> = Vec::new();
    for id in all.filter_map(|id| header::message_id(id)) {
        thread.retain(|known| *known != id);
        thread.push(id);
    }
    let excess = thread.len().saturating_sub(LONGEST_THREAD);
    if excess > 0 {
        thread.drain(1..=excess);
    }
    thread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_answers_do_not_pile_up() {
        for subject in ["PO 1", "Re: PO 1", "RE: re： 回复：PO 1", "答复: Re:PO 1"] {
            assert_eq!(bare_subject(subject), "PO 1");
        }
        let references = (0..30).map(|at| format!("<{at}@x>")).chain(["broken".to_owned()]).collect();
        let envelope = Envelope { references, message_id: Some("<last@x>".into()), ..Envelope::default() };
        let thread = thread(&envelope);
        assert_eq!((thread.len(), thread[0].as_str(), thread[19].as_str()), (20, "<0@x>", "<last@x>"));
    }
}
