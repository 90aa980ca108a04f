//! Draft + master data → what it means: which customer, which products, at what price, where to.

mod customer;
mod product;
mod terms;
pub(super) mod origin;

pub use customer::{CustomerBy, CustomerMatch};
pub use origin::is_of_customer;
pub(super) use product::is_barcode;
pub use product::{How, LineMatch, name_of};

use super::amounts;
use crate::learn::Lessons;
use crate::master::{AddressKind, Customer, Master};
use crate::order::document::{Channel, Envelope, Kind};
use crate::order::draft::{Draft, DraftLine, DraftOrder, Found};
use crate::order::ids::Ids;
use crate::order::line::{Content, Line};
use crate::order::money::Currency;
use crate::order::party::Party;
use chrono::NaiveDate;
use serde::Serialize;

/// The mail or fax around a part.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    pub envelope: &'a Envelope,
    pub channel: Channel,
    /// The day of the message in the firm's zone: prices in force and lead times count from it.
    pub on: NaiveDate,
}

/// What a part means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resolved {
    pub content: Content,
    pub contact: Option<Party>,
    /// As printed, else the only address that he has goods sent to, else his own.
    pub ship_to: Option<Party>,
    pub customer: CustomerMatch,
    /// One for each line, in order.
    pub lines: Vec<LineMatch>,
}

/// Looks everything up that the part names. `ids` are of the cause of this part alone: the parties' ids come from it.
#[must_use]
pub fn resolve(part: &Draft, around: &Around<'_>, ids: &Ids, master: &Master) -> Resolved {
    resolve_taught(part, around, ids, master, &Lessons::default())
}

/// The same, with what was learnt of the customer where the master data have no answer.
#[must_use]
pub fn resolve_taught(
    part: &Draft,
    around: &Around<'_>,
    ids: &Ids,
    master: &Master,
    lessons: &Lessons,
) -> Resolved {
    let nothing = DraftOrder::default();
    let order = part.order.as_ref().unwrap_or(&nothing);
    let found = customer::find(order, around, master);
    let customer = found.code.as_deref().and_then(|code| master.customer(code));
    let changes = part.kind == Kind::Amendment;
    let known = product::Known { master, lessons, customer: customer.map(|it| it.code.as_str()) };
    let lines: Vec<LineMatch> = order.lines.iter().map(|line| product::find(known, line, changes)).collect();
    let contact = contact(order, ids);
    let ship_to = ship_to(order, (customer, master), ids);
    let currency = match &order.currency {
        Some(printed) => terms::currency(&printed.value),
        None => customer.map(|customer| customer.currency),
    };
    let mut content = Content {
        customer: found.code.clone(),
        po_number: text(&order.po_number)
            .or_else(|| part.order.is_none().then(|| part.refers_to.clone()).flatten()),
        order_date: value(&order.order_date),
        currency,
        payment_terms: text(&order.payment_terms).or_else(|| customer.map(|c| c.payment_terms.clone())),
        incoterm: text(&order.incoterm),
        tax: None,
        shipping_method: text(&order.shipping_method),
        discount_code: text(&order.discount_code),
        requested: value(&order.requested_delivery),
        contact: contact.as_ref().map(|party| party.id),
        ship_to: ship_to.as_ref().map(|party| party.id),
        lines: order
            .lines
            .iter()
            .zip(&lines)
            .zip(1..)
            .map(|((line, is), at)| content_line(line, is, at, master))
            .collect(),
    };
    // What an amendment leaves out stands in the order that it changes, at the price agreed there.
    if !changes {
        fill_prices(&mut content, customer, around.on, master);
    }
    Resolved { content, contact, ship_to, customer: found, lines }
}

fn content_line(line: &DraftLine, is: &LineMatch, position: u32, master: &Master) -> Line {
    let product = is.sku.as_deref().and_then(|sku| master.product(sku));
    Line {
        position,
        customer_part: text(&line.customer_part),
        sku: is.sku.clone(),
        description: text(&line.description).or_else(|| product.map(|p| p.name.clone())).unwrap_or_default(),
        spec: text(&line.spec),
        color: text(&line.color),
        quantity: value(&line.quantity),
        unit: text(&line.unit).or_else(|| product.map(|p| p.unit.clone())),
        unit_price: value(&line.unit_price),
        price_from_list: false,
        required: value(&line.delivery_date),
        note: text(&line.note),
    }
}

/// Where the document prints no price the agreed one holds, or that of the customer's price list; where there is none the price
/// stays open.
fn fill_prices(content: &mut Content, customer: Option<&Customer>, on: NaiveDate, master: &Master) {
    let Some(customer) = customer.filter(|customer| content.currency == Some(customer.currency)) else {
        return;
    };
    for line in content.lines.iter_mut().filter(|line| line.unit_price.is_none()) {
        line.unit_price = amounts::own_price(master, customer, line, on);
        line.price_from_list = line.unit_price.is_some();
    }
}

fn contact(order: &DraftOrder, ids: &Ids) -> Option<Party> {
    let from = &order.customer;
    let party = Party {
        id: ids.id("contact"),
        name: text(&from.name),
        contact: text(&from.contact),
        phone: text(&from.phone),
        email: text(&from.email),
        address: None,
        erased: false,
    };
    let said =
        party.name.is_some() || party.contact.is_some() || party.phone.is_some() || party.email.is_some();
    said.then_some(party)
}

fn ship_to(order: &DraftOrder, (customer, master): (Option<&Customer>, &Master), ids: &Ids) -> Option<Party> {
    let to = &order.ship_to;
    let party = Party {
        id: ids.id("ship_to"),
        name: text(&to.name),
        contact: text(&to.contact),
        phone: text(&to.phone),
        email: None,
        address: text(&to.address),
        erased: false,
    };
    if party.name.is_some() || party.address.is_some() {
        return Some(party);
    }
    let customer = customer?;
    let mut known = master.addresses(&customer.code).iter().filter(|it| it.kind == AddressKind::ShipTo);
    // Of several nobody can say which is meant.
    if let (Some(only), None) = (known.next(), known.next()) {
        return Some(Party {
            name: Some(only.name.clone()),
            address: Some(only.address.clone()),
            contact: party.contact.or_else(|| only.contact.clone()),
            phone: party.phone.or_else(|| only.phone.clone()),
            ..party
        });
    }
    customer.address.as_ref()?;
    Some(Party {
        name: Some(customer.name.clone()),
        address: customer.address.clone(),
        contact: party.contact.or_else(|| text(&order.customer.contact)),
        phone: party.phone.or_else(|| customer.phone.clone()),
        ..party
    })
}

/// The trimmed text of a field; a blank one says nothing.
fn text(field: &Found<String>) -> Option<String> {
    field.as_ref().map(|field| field.value.trim().to_owned()).filter(|text| !text.is_empty())
}

fn value<T: Copy>(field: &Found<T>) -> Option<T> {
    field.as_ref().map(|field| field.value)
}

/// Who a part comes from, as far as sender and text tell.
#[must_use]
pub fn customer_match(part: &Draft, around: &Around<'_>, master: &Master) -> CustomerMatch {
    let nothing = DraftOrder::default();
    customer::find(part.order.as_ref().unwrap_or(&nothing), around, master)
}

/// The code of the customer that a part comes from.
#[must_use]
pub fn customer_of(part: &Draft, around: &Around<'_>, master: &Master) -> Option<String> {
    customer_match(part, around, master).code
}

/// The currency that a printed text means: ISO code, sign or Chinese name.
#[must_use]
pub fn currency_of(printed: &str) -> Option<Currency> {
    terms::currency(printed)
}
