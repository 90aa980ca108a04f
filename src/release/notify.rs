//! The departments' copies of the order sheet (订货详情单), each with only what it may see.

use super::facts::Department;
use super::telling::Telling;
use super::{ReleaseError, sheet, templates};
use crate::order::event::Tell;
use crate::order::message::Body;
use serde_json::json;

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
        Department::Production => !order.make.is_empty(),
        Department::Sales
        | Department::Purchasing
        | Department::Warehouse
        | Department::Quality
        | Department::Finance
        | Department::Shipping => true,
    }
}

fn tell(telling: &mut Telling<'_>, department: Department) -> Result<(), ReleaseError> {
    let Some(address) = telling.address_of(department) else { return Ok(()) };
    let office = telling.facts.office;
    let language = office.house.language;
    let say = |key: &str| office.wording.say(language, key, &[]);
    let told_customer = telling.order.was_told(Tell::Confirmation, "customer", 1);
    let notices: Vec<String> = (department == Department::Sales && !told_customer)
        .then(|| say("notice.no_customer_mail"))
        .into_iter()
        .collect();
    let more = json!({
        "department": say(&format!("department.{}", department.as_str())),
        "status": say(&format!("status.{}", telling.order.status.as_str())),
        "notices": notices,
        "ship_on": telling.order.ship_on.map(|at| {
            at.with_timezone(&office.calendar.zone()).format("%Y-%m-%d %H:%M").to_string()
        }),
    });
    let sheet = sheet::sheet(&telling.order, telling.facts, department.sees_prices())?;
    let text = office.templates.render(language, "notification", &templates::beside(&sheet, more))?;
    let purpose = format!("notification.{}", department.as_str());
    match telling.mail(&purpose, &[address], text) {
        Some(mail) => telling.tell(Tell::Notification, department.as_str(), 1, Body::MailSend(mail)),
        None => Ok(()),
    }
}
