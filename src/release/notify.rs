//! The departments' copies of the order sheet (订货详情单), each with only what it may see.

use super::facts::{Department, Way};
use super::telling::Telling;
use super::templates::{self, Rendered};
use super::{ReleaseError, changes, sheet};
use crate::order::Order;
use crate::order::event::Tell;
use crate::order::material::Material;
use crate::order::message::{Body, Notification};
use crate::order::sheet::Told;
use crate::order::status::Status;
use rust_decimal::Decimal;
use serde_json::{Value, json};

pub(super) fn notify(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    for department in telling.facts.office.settings.notify.clone() {
        if concerns(telling, department) {
            tell(telling, department)?;
        }
    }
    Ok(())
}

fn concerns(telling: &Telling<'_>, department: Department) -> bool {
    let order = &telling.order;
    match department {
        // Who was told before hears of it also when there is nothing left to make.
        Department::Production => {
            !order.make.is_empty() || order.was_told(Tell::Notification, department.as_str(), 1)
        }
        Department::Purchasing => {
            let told = |it: &Told| it.what == Tell::Notification && it.to == department.as_str();
            order.materials.iter().any(is_bought) || order.told.iter().any(told)
        }
        Department::Sales
        | Department::Warehouse
        | Department::Quality
        | Department::Finance
        | Department::Shipping
        | Department::Supervision => true,
    }
}

/// What makers and buyers have to know of the material; nobody else is told of it.
fn materials(order: &Order, department: Department) -> Vec<Value> {
    let concerns = |it: &&Material| match department {
        Department::Production => true,
        Department::Purchasing => is_bought(it),
        Department::Sales
        | Department::Warehouse
        | Department::Quality
        | Department::Finance
        | Department::Shipping
        | Department::Supervision => false,
    };
    let shown = order.materials.iter().filter(|_| order.status != Status::Cancelled).filter(concerns);
    let line = |it: &Material| {
        json!({
            "position": it.position,
            "component": it.component,
            "name": it.name,
            "quantity": sheet::plain(it.quantity),
            "to_buy": is_bought(it).then(|| sheet::plain(it.to_buy)),
            "unit": it.unit,
            "needed_by": it.needed_by.to_string(),
            "supplier": it.supplier,
        })
    };
    shown.map(line).collect()
}

fn is_bought(material: &Material) -> bool {
    material.to_buy > Decimal::ZERO
}

fn tell(telling: &mut Telling<'_>, department: Department) -> Result<(), ReleaseError> {
    let body = match telling.facts.office.settings.notify_by {
        Way::Message => {
            let text = text(telling, department)?;
            Some(Body::Notification(notification(telling, department, text)?))
        }
        Way::Mail => match telling.address_of(department) {
            Some(address) => {
                let again = match telling.order.revision {
                    0 => String::new(),
                    revision => format!(".{}", 1 + revision),
                };
                let purpose = format!("notification.{}{again}", department.as_str());
                let text = text(telling, department)?;
                telling.mail(&purpose, &[address], text).map(Body::MailSend)
            }
            None => None,
        },
    };
    body.map_or(Ok(()), |body| {
        let version = 1 + telling.order.revision;
        telling.tell(Tell::Notification, department.as_str(), version, body)
    })
}

fn notification(
    telling: &Telling<'_>,
    department: Department,
    text: Rendered,
) -> Result<Notification, ReleaseError> {
    let order = &telling.order;
    Ok(Notification {
        order_id: order.id,
        number: sheet::number(order)?,
        revision: order.revision,
        department,
        promised: order.promised,
        lines: sheet::goods(&order.content.lines),
        subject: text.subject,
        text: text.text,
    })
}

fn text(telling: &Telling<'_>, department: Department) -> Result<Rendered, ReleaseError> {
    let office = telling.facts.office;
    let language = office.house.language;
    let say = |key: &str| office.wording.say(language, key, &[]);
    let order = &telling.order;
    let told_customer = order.was_told(Tell::Confirmation, "customer", 1 + order.revision);
    // He is not told of what is the house's own matter.
    let concerns_him = telling.facts.before.is_none_or(|before| {
        (&before.content, before.promised, before.charges.len())
            != (&order.content, order.promised, order.charges.len())
            || order.status == Status::Cancelled
    });
    let notices: Vec<String> = (department == Department::Sales && !told_customer && concerns_him)
        .then(|| say("notice.no_customer_mail"))
        .into_iter()
        .collect();
    let more = json!({
        "department": say(&format!("department.{}", department.as_str())),
        "status": say(&format!("status.{}", telling.order.status.as_str())),
        "notices": notices,
        "amended": order.revision > 0,
        "cancelled": order.status == Status::Cancelled,
        "held": order.is_held(),
        "resumed": telling.facts.before.is_some_and(|before| before.holds.len() > order.holds.len()),
        "changes": changes::said(order, telling.facts, language, department.sees_prices()),
        "materials": materials(order, department),
        "ship_on": telling.order.ship_on.map(|at| {
            at.with_timezone(&office.calendar.zone()).format("%Y-%m-%d %H:%M").to_string()
        }),
    });
    let sheet = sheet::sheet(&telling.order, telling.facts, department.sees_prices())?;
    Ok(office.templates.render(language, "notification", templates::beside(&sheet, more))?)
}
