//! Tells finance, and those who guaranteed, that the day of a guarantee passed and the money did not come.

use super::facts::{House, ReleaseFacts};
use super::telling::Telling;
use super::{Department, Release, ReleaseError};
use crate::follow::guarantee::broken;
use crate::order::Order;
use crate::order::event::{Event, Tell};
use crate::order::guarantee::Guaranteed;
use crate::order::ids::Ids;
use crate::order::message::Body;
use crate::order::review::Role;
use chrono::{DateTime, Utc};
use serde_json::json;

/// The name of the template, and of the mails' purpose.
const MAIL: &str = "guarantee_broken";

/// For `TimerKind::Guarantee`: each broken guarantee is recorded, and told once.
pub fn guarantees(
    order: &Order,
    facts: &ReleaseFacts<'_>,
    now: DateTime<Utc>,
    ids: Ids,
) -> Result<Release, ReleaseError> {
    let mut telling = Telling::new(order, facts, now, ids);
    for (at, given) in broken(order, facts.office.calendar.day_of(now)) {
        let until = Some(given.guarantee.until);
        telling.happen(Event::GuaranteeBroken { review_id: given.review_id, until })?;
        let office = facts.office;
        let text = office.templates.render(office.house.language, MAIL, context(&telling, &given))?;
        let purpose = format!("{MAIL}.{}.{at}", given.review_id);
        let to = told(office.house, given.role);
        if let Some(mail) = telling.mail(&purpose, &to, text) {
            let version = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
            telling.tell(Tell::GuaranteeBroken, "mail.guarantee", version, Body::MailSend(mail))?;
        }
    }
    Ok(telling.out)
}

/// Finance and sales with their managers; the general manager where it was not the sales manager who guaranteed.
fn told(house: &House, guarantor: Role) -> Vec<String> {
    let desks = [Department::Finance, Department::Sales];
    let desks = desks.into_iter().filter_map(|it| house.departments.get(&it));
    let mut to: Vec<String> =
        desks.flat_map(|desk| std::iter::once(&desk.mail).chain(&desk.manager)).cloned().collect();
    if guarantor != Role::SalesManager {
        to.extend(house.general_manager.clone());
    }
    let mut seen = std::collections::BTreeSet::new();
    to.retain(|address| seen.insert(address.clone()));
    to
}

fn context(telling: &Telling<'_>, given: &Guaranteed) -> serde_json::Value {
    let (order, office) = (&telling.order, telling.facts.office);
    let role = office.wording.say(office.house.language, &format!("role.{}", given.role.as_str()), &[]);
    let currency = order.content.currency.map(String::from).unwrap_or_default();
    let amount = given.guarantee.amount.map(|amount| format!("{currency} {amount}"));
    json!({
        "reference": order.number.as_ref().map_or_else(|| order.id.to_string(), |it| it.0.clone()),
        "customer": order.content.customer,
        "po_number": order.content.po_number,
        "guarantor": given.by,
        "role": role,
        "until": given.guarantee.until.to_string(),
        "amount": amount,
        "total": order.content.total().ok().flatten().map(|total| total.to_string()),
        "order_id": order.id,
    })
}
