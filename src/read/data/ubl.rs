//! UBL 2.1 Order, OrderChange and OrderCancellation (OASIS; Peppol BIS Ordering 3), also inside a business document header.

use super::xml::{self, Element};
use super::{Bad, NOTE, Statement, TEXT, bad, found, identified, more, on, page, units};
use crate::order::document::Kind;
use crate::order::draft::{DraftCustomer, DraftLine, DraftOrder, DraftShipTo, Field, Found};
use crate::read::codes::Code;
use crate::read::find::Doubt;
use crate::read::limits::Limits;
use crate::read::value::text::{has_han, head, key, squeeze};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::borrow::Cow;

const SPACE: &str = "urn:oasis:names:specification:ubl:schema:xsd:";
const DOCUMENTS: [(&str, Kind); 3] =
    [("Order", Kind::Order), ("OrderChange", Kind::Amendment), ("OrderCancellation", Kind::Cancellation)];
/// Names of item properties that are a colour or a size, as keys.
const COLORS: [&str; 5] = ["color", "colour", "颜色", "色号", "farbe"];
const SIZES: [&str; 9] =
    ["size", "spec", "specification", "dimension", "length", "规格", "尺寸", "型号", "größe"];

pub(super) fn is_ubl(text: &str) -> bool {
    DOCUMENTS.iter().any(|(name, _)| text.contains(&format!("{SPACE}{name}-2")))
}

pub(super) fn read(text: &str, limits: &Limits) -> Result<Statement, Bad> {
    let text = broken(text);
    let root = xml::parse(&text, limits.cells)?;
    let documents = documents(&root);
    if documents.is_empty() {
        return Err(bad("it holds no order of UBL 2.1"));
    }
    if documents.len() > limits.drafts {
        return Err((Code::TooManyParts, format!("{} orders", documents.len())));
    }
    let mut all = Vec::with_capacity(documents.len());
    for (document, kind) in documents {
        let mut doubts = Vec::new();
        let order = order(document, kind, limits, &mut doubts)?;
        let refers_to = (kind != Kind::Order).then(|| order.po_number.as_ref().map(|it| it.value.clone()));
        all.push(found(kind, order, refers_to.flatten(), doubts));
    }
    Ok(Statement { page: page(text.lines()), found: all })
}

/// A file without line breaks gets one at each tag, so that evidence can name lines.
fn broken(text: &str) -> Cow<'_, str> {
    let lines = text.bytes().filter(|it| *it == b'\n').count();
    if lines * 400 < text.len() { text.replace("><", ">\n<").into() } else { text.into() }
}

/// The orders in a document, which may be wrapped.
fn documents(root: &Element) -> Vec<(&Element, Kind)> {
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(element) = open.pop() {
        match DOCUMENTS.iter().find(|(name, _)| *name == element.name) {
            Some((_, kind)) => found.push((element, *kind)),
            None => open.extend(element.children.iter().rev()),
        }
    }
    found
}

fn order(
    document: &Element,
    kind: Kind,
    limits: &Limits,
    doubts: &mut Vec<Doubt>,
) -> Result<DraftOrder, Bad> {
    let number: &[&str] = if kind == Kind::Order { &["ID"] } else { &["OrderReference", "ID"] };
    let delivery = document.at(&["Delivery"]);
    let of_delivery = |way: &[&str]| delivery.and_then(|it| text(it, way));
    // UNCL 1001: 105 and 220 purchase order, 224 rush, 226 call-off, 227 consignment, 230 change.
    let firm = |it: &Element| matches!(it.text.trim(), "" | "105" | "220" | "224" | "226" | "227" | "230");
    if document.at(&["OrderTypeCode"]).is_some_and(|it| !firm(it)) {
        doubts.push(Doubt::new(Code::Ambiguous, "this may not be a firm order"));
    }
    if document.all("AllowanceCharge").next().is_some() {
        doubts.push(Doubt::new(Code::SkippedLine, "an allowance or charge on the whole order"));
    }
    if document.all("Delivery").nth(1).is_some() {
        doubts.push(Doubt::new(Code::Ambiguous, "several deliveries of the whole order"));
    }
    let lines: Vec<&Element> = document.all("OrderLine").collect();
    if lines.len() > limits.rows as usize {
        return Err((Code::TooManyParts, format!("{} lines", lines.len())));
    }
    let lines = lines.into_iter().map(|it| self::lines(it, doubts)).collect::<Result<Vec<_>, _>>()?;
    let lines: Vec<DraftLine> = lines.into_iter().flatten().collect();
    if lines.len() > limits.rows as usize {
        return Err((Code::TooManyParts, format!("{} lines", lines.len())));
    }
    Ok(DraftOrder {
        po_number: text(document, number),
        order_date: date(document, &["IssueDate"])?,
        customer: customer(document),
        ship_to: delivery.map(ship_to).unwrap_or_default(),
        currency: text(document, &["DocumentCurrencyCode"]).or_else(|| currency(document)),
        payment_terms: notes(document.all("PaymentTerms").filter_map(|it| it.at(&["Note"]))),
        incoterm: incoterm(document),
        requested_delivery: delivery.map(wanted).transpose()?.flatten(),
        shipping_method: of_delivery(&["CarrierParty", "PartyName", "Name"])
            .or_else(|| of_delivery(&["Shipment", "ShipmentStage", "CarrierParty", "PartyName", "Name"])),
        // UBL has no place for it: an allowance is said with its amount, and is doubtful.
        discount_code: None,
        lines,
        total: total(document)?,
        total_in_words: None,
        notes: notes(document.all("Note")),
    })
}

fn customer(document: &Element) -> DraftCustomer {
    let Some(party) = document.at(&["BuyerCustomerParty", "Party"]) else { return DraftCustomer::default() };
    DraftCustomer {
        name: name(party),
        contact: text(party, &["Contact", "Name"]),
        phone: text(party, &["Contact", "Telephone"]),
        email: text(party, &["Contact", "ElectronicMail"]),
    }
}

fn name(party: &Element) -> Found<String> {
    text(party, &["PartyName", "Name"]).or_else(|| text(party, &["PartyLegalEntity", "RegistrationName"]))
}

fn ship_to(delivery: &Element) -> DraftShipTo {
    let party = delivery.at(&["DeliveryParty"]);
    let of_party = |way: &[&str]| party.and_then(|it| text(it, way));
    let location = delivery.at(&["DeliveryLocation"]);
    let address = location.and_then(|it| it.at(&["Address"]));
    DraftShipTo {
        name: party.and_then(name).or_else(|| location.and_then(|it| text(it, &["Name"]))),
        address: address.or_else(|| delivery.at(&["DeliveryAddress"])).and_then(self::address),
        contact: of_party(&["Contact", "Name"]),
        phone: of_party(&["Contact", "Telephone"]),
    }
}

/// Street to country; a Chinese address from the province down.
fn address(address: &Element) -> Found<String> {
    let part = |name: &str| address.at(&[name]).map(|it| squeeze(&it.text)).unwrap_or_default();
    let lines = address.all("AddressLine").filter_map(|it| it.at(&["Line"])).map(|it| squeeze(&it.text));
    let mut street = vec![part("StreetName"), part("BuildingNumber"), part("AdditionalStreetName")];
    street.extend(lines);
    let city = format!("{} {}", part("CityName"), part("PostalZone")).trim().to_owned();
    let country = address.at(&["Country", "IdentificationCode"]).map(|it| squeeze(&it.text));
    let filled = |parts: Vec<String>| parts.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>();
    let chinese = has_han(&street.concat());
    let whole = if chinese {
        let mut parts = vec![part("CountrySubentity"), part("CityName"), part("CitySubdivisionName")];
        parts.extend(street);
        filled(parts).concat()
    } else {
        street.extend([city, part("CountrySubentity"), country.unwrap_or_default()]);
        filled(street).join(", ")
    };
    (!whole.is_empty()).then(|| on(address.line, whole))
}

fn currency(document: &Element) -> Found<String> {
    let price = document.at(&["OrderLine", "LineItem", "Price", "PriceAmount"])?;
    price.attribute("currencyID").map(|code| on(price.line, code.to_owned()))
}

/// "FOB", or "FOB Ningbo".
fn incoterm(document: &Element) -> Found<String> {
    let terms = document.at(&["DeliveryTerms"])?;
    let mut field = text(terms, &["ID"])?;
    let place = ["ID", "Name"].iter().find_map(|it| text(terms, &["DeliveryLocation", it]));
    if let Some(place) = place.filter(|it| !field.value.contains(&it.value)) {
        field.value = format!("{} {}", field.value, place.value);
    }
    Some(field)
}

/// The sum of the lines, which is what can be checked; else what is to be paid.
fn total(document: &Element) -> Result<Found<Decimal>, Bad> {
    let Some(totals) = document.at(&["AnticipatedMonetaryTotal"]) else { return Ok(None) };
    Ok(number(totals, &["LineExtensionAmount"])?.or(number(totals, &["PayableAmount"])?))
}

/// The last day of the period in which the goods are wanted.
fn wanted(delivery: &Element) -> Result<Found<NaiveDate>, Bad> {
    let end = date(delivery, &["RequestedDeliveryPeriod", "EndDate"])?;
    Ok(end.or(date(delivery, &["RequestedDeliveryPeriod", "StartDate"])?))
}

/// One line for each delivery that has a quantity of its own.
fn lines(order_line: &Element, doubts: &mut Vec<Doubt>) -> Result<Vec<DraftLine>, Bad> {
    let Some(item) = order_line.at(&["LineItem"]) else { return Ok(Vec::new()) };
    // UNCL 1229: 2 = deleted.
    let ended = |it: &Element| matches!(it.text.trim(), "2" | "Cancelled" | "Deleted");
    if item.at(&["LineStatusCode"]).is_some_and(ended) {
        doubts.push(Doubt::new(Code::SkippedLine, format!("line {}: this position is deleted", item.line)));
        return Ok(Vec::new());
    }
    if item.all("AllowanceCharge").next().is_some() {
        doubts.push(Doubt::new(Code::SkippedLine, format!("line {}: an allowance or charge", item.line)));
    }
    let placed = |it: &Element| {
        ["DeliveryLocation", "DeliveryAddress", "DeliveryParty"].iter().any(|name| it.at(&[name]).is_some())
    };
    if item.all("Delivery").any(placed) {
        let what = format!("line {}: this position goes to a place of its own", item.line);
        doubts.push(Doubt::new(Code::Ambiguous, what));
    }
    let whole = line(order_line, item, doubts)?;
    let parts: Vec<&Element> = item.all("Delivery").filter(|it| it.at(&["Quantity"]).is_some()).collect();
    if parts.len() < 2 {
        return Ok(vec![whole]);
    }
    let unit = |it: &Element| it.at(&["Quantity"]).and_then(|it| it.attribute("unitCode").map(str::to_owned));
    if parts.iter().any(|it| unit(it).is_some() && unit(it) != unit(item)) {
        doubts.push(Doubt::new(Code::Ambiguous, format!("line {}: a quantity in another unit", item.line)));
    }
    let part = |(at, it): (usize, &&Element)| -> Result<DraftLine, Bad> {
        Ok(DraftLine {
            quantity: number(it, &["Quantity"])?,
            delivery_date: wanted(it)?,
            amount: None,
            note: whole.note.clone().filter(|_| at == 0),
            ..whole.clone()
        })
    };
    let lines = parts.iter().enumerate().map(part).collect::<Result<Vec<_>, _>>()?;
    let sum: Decimal = lines.iter().filter_map(|it| Some(it.quantity.as_ref()?.value)).sum();
    if whole.quantity.is_some_and(|it| it.value != sum) {
        let what = format!("line {}: the deliveries are not the quantity that is ordered", item.line);
        doubts.push(Doubt::new(Code::Contradiction, what));
    }
    Ok(lines)
}

fn line(order_line: &Element, item: &Element, doubts: &mut Vec<Doubt>) -> Result<DraftLine, Bad> {
    let empty = Element::default();
    let goods = item.at(&["Item"]).unwrap_or(&empty);
    let properties = Properties::of(goods);
    let numbers: Vec<Field<String>> =
        ["BuyersItemIdentification", "SellersItemIdentification", "StandardItemIdentification"]
            .iter()
            .filter_map(|kind| text(goods, &[kind, "ID"]))
            .collect();
    let others: Vec<String> = numbers.iter().skip(1).map(|it| it.value.clone()).collect();
    let unit = item.at(&["Quantity"]).and_then(|it| Some((it.line, it.attribute("unitCode")?)));
    let notes = notes(item.all("Note").chain(order_line.all("Note")).chain(properties.others));
    let mut line = DraftLine {
        line: item.at(&["ID"]).map(|it| squeeze(&it.text)).filter(|it| !it.is_empty()),
        customer_part: numbers.into_iter().next(),
        description: description(goods),
        spec: properties.size,
        color: properties.color,
        quantity: number(item, &["Quantity"])?,
        unit: unit.map(|(line, code)| on(line, units::word(code))),
        unit_price: price(item, unit.map(|(_, code)| code), doubts)?,
        amount: number(item, &["LineExtensionAmount"])?,
        delivery_date: item.at(&["Delivery"]).map(wanted).transpose()?.flatten(),
        note: notes,
    };
    identified(&mut line, &others);
    Ok(line)
}

/// What is said of the goods by name and value.
#[derive(Default)]
struct Properties<'a> {
    color: Found<String>,
    size: Found<String>,
    others: Vec<&'a Element>,
}

impl<'a> Properties<'a> {
    fn of(goods: &'a Element) -> Self {
        let mut all = Self::default();
        for property in goods.all("AdditionalItemProperty") {
            let name = property.at(&["Name"]).map(|it| key(&it.text)).unwrap_or_default();
            let value = text(property, &["Value"]);
            if COLORS.contains(&name.as_str()) {
                all.color = all.color.or(value);
            } else if SIZES.contains(&name.as_str()) {
                all.size = all.size.or(value);
            } else {
                all.others.extend(property.at(&["Value"]));
            }
        }
        all
    }
}

/// Name and description, where one does not hold the other.
fn description(goods: &Element) -> Found<String> {
    match (text(goods, &["Name"]), text(goods, &["Description"])) {
        (Some(name), Some(long)) if long.value.contains(&name.value) => Some(long),
        (Some(name), Some(long)) if name.value.contains(&long.value) => Some(name),
        (mut name, long) => {
            more(&mut name, long, (" ", TEXT * 2));
            name
        }
    }
}

/// The price of one unit; prices of a hundred or a thousand are divided.
fn price(item: &Element, unit: Option<&str>, doubts: &mut Vec<Doubt>) -> Result<Found<Decimal>, Bad> {
    let Some(price) = item.at(&["Price"]) else { return Ok(None) };
    let Some(mut amount) = number(price, &["PriceAmount"])? else { return Ok(None) };
    let base = number(price, &["BaseQuantity"])?;
    if let Some(base) = base.map(|it| it.value).filter(|it| *it != Decimal::ONE) {
        let one = amount.value.checked_div(base);
        amount.value =
            one.ok_or_else(|| bad(format!("line {}: a price of no quantity is none", price.line)))?;
    }
    let of = price.at(&["BaseQuantity"]).and_then(|it| it.attribute("unitCode"));
    if let (Some(of), Some(unit)) = (of, unit)
        && of != unit
    {
        doubts.push(Doubt::new(Code::PricePerMany, format!("line {}: a price of another unit", price.line)));
    }
    Ok(Some(amount))
}

fn text(element: &Element, way: &[&str]) -> Found<String> {
    let at = element.at(way)?;
    let text = squeeze(head(&at.text, TEXT));
    (!text.is_empty()).then(|| on(at.line, text))
}

fn notes<'a>(elements: impl Iterator<Item = &'a Element>) -> Found<String> {
    let mut all: Found<String> = None;
    for element in elements {
        let text = squeeze(head(&element.text, NOTE));
        let text = (!text.is_empty()).then(|| on(element.line, text));
        more(&mut all, text, ("\n", NOTE));
    }
    all
}

fn number(element: &Element, way: &[&str]) -> Result<Found<Decimal>, Bad> {
    let Some(at) = element.at(way).filter(|it| !it.text.trim().is_empty()) else { return Ok(None) };
    let number = at.text.trim().parse::<Decimal>();
    let number = number.map_err(|_| bad(format!("line {}: `{}` is no number", at.line, at.name)))?;
    Ok(Some(on(at.line, number.normalize())))
}

/// A date; its time zone is left out.
fn date(element: &Element, way: &[&str]) -> Result<Found<NaiveDate>, Bad> {
    let Some(at) = element.at(way).filter(|it| !it.text.trim().is_empty()) else { return Ok(None) };
    let date = NaiveDate::parse_from_str(head(at.text.trim(), 10), "%Y-%m-%d");
    let date = date.map_err(|_| bad(format!("line {}: `{}` is no date", at.line, at.name)))?;
    Ok(Some(on(at.line, date)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(name: &str, inside: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} xmlns=\"{SPACE}{name}-2\" \
             xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\" \
             xmlns:cac=\"urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2\">{inside}</{name}>"
        )
    }

    fn line(inside: &str) -> String {
        format!("<cac:OrderLine><cac:LineItem><cbc:ID>1</cbc:ID>{inside}</cac:LineItem></cac:OrderLine>")
    }

    fn only(text: &str) -> crate::read::find::Found {
        let mut statement = read(text, &Limits::default()).unwrap();
        assert_eq!(statement.found.len(), 1);
        statement.found.remove(0)
    }

    #[test]
    fn prices_of_many_are_prices_of_one() {
        let inside = line(
            "<cbc:Quantity unitCode=\"C62\">2500</cbc:Quantity><cac:Price><cbc:PriceAmount \
             currencyID=\"EUR\">47.00</cbc:PriceAmount><cbc:BaseQuantity unitCode=\"C62\">100</cbc:BaseQuantity>\
             </cac:Price>",
        );
        let found = only(&document("Order", &inside));
        let line = &found.order.lines[0];
        assert_eq!(line.unit_price.as_ref().unwrap().value.to_string(), "0.47");
        assert_eq!(line.unit.as_ref().unwrap().value, "pcs");
        assert_eq!(found.order.currency.as_ref().unwrap().value, "EUR");
        assert!(found.doubts.is_empty());
    }

    #[test]
    fn deliveries_with_quantities_are_lines() {
        let delivery = |quantity: u32, day: u32| {
            format!(
                "<cac:Delivery><cbc:Quantity unitCode=\"MTR\">{quantity}</cbc:Quantity>\
                 <cac:RequestedDeliveryPeriod><cbc:StartDate>2026-04-01</cbc:StartDate>\
                 <cbc:EndDate>2026-04-{day:02}+08:00</cbc:EndDate></cac:RequestedDeliveryPeriod></cac:Delivery>"
            )
        };
        let whole = "<cbc:Quantity unitCode=\"MTR\">300</cbc:Quantity>";
        let found = only(&document("Order", &line(&[whole, &delivery(100, 8), &delivery(200, 20)].concat())));
        let lines: Vec<(String, String)> = found
            .order
            .lines
            .iter()
            .map(|it| {
                let quantity = it.quantity.as_ref().unwrap().value.to_string();
                (quantity, it.delivery_date.as_ref().unwrap().value.to_string())
            })
            .collect();
        assert_eq!(
            lines,
            [("100".into(), "2026-04-08".into()), ("200".into(), "2026-04-20".into())]
                as [(String, String); 2]
        );
    }

    #[test]
    fn changes_and_cancellations_refer_to_their_order() {
        let reference = "<cbc:ID>C-2</cbc:ID><cac:OrderReference><cbc:ID>PO-1</cbc:ID></cac:OrderReference>";
        let deleted = line("<cbc:LineStatusCode>2</cbc:LineStatusCode><cbc:Quantity>5</cbc:Quantity>");
        let found = only(&document("OrderChange", &[reference, &deleted].concat()));
        assert_eq!((found.kind, found.refers_to.as_deref()), (Some(Kind::Amendment), Some("PO-1")));
        assert_eq!((found.order.lines.len(), found.doubts.len()), (0, 1));
        let found = only(&document("OrderCancellation", reference));
        assert_eq!((found.kind, found.refers_to.as_deref()), (Some(Kind::Cancellation), Some("PO-1")));
    }

    #[test]
    fn what_could_be_meant_otherwise_is_doubtful() {
        let part = |quantity: u32, unit: &str| {
            format!(
                "<cac:Delivery><cbc:Quantity unitCode=\"{unit}\">{quantity}</cbc:Quantity></cac:Delivery>"
            )
        };
        let whole = "<cbc:Quantity unitCode=\"C62\">300</cbc:Quantity>";
        let place = "<cac:Delivery><cac:DeliveryLocation/></cac:Delivery>";
        for (inside, doubts) in [
            (line(&[whole, &part(100, "C62"), &part(200, "C62")].concat()), 0),
            (line(&[whole, &part(100, "C62"), &part(100, "C62")].concat()), 1),
            (line(&[whole, &part(100, "C62"), &part(200, "MTR")].concat()), 1),
            (line(&[whole, place].concat()), 1),
            (["<cbc:OrderTypeCode>220</cbc:OrderTypeCode>", &line(whole)].concat(), 0),
            (["<cbc:OrderTypeCode>221</cbc:OrderTypeCode>", &line(whole)].concat(), 1),
        ] {
            let found = only(&document("Order", &inside));
            assert_eq!(found.doubts.len(), doubts, "{inside}: {:?}", found.doubts);
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let inside = line("\n<cbc:Quantity>many</cbc:Quantity>");
        let error = read(&document("Order", &inside), &Limits::default()).unwrap_err();
        assert_eq!(error.0, Code::DamagedData);
        assert!(error.1.ends_with(": `Quantity` is no number"), "{error:?}");
    }

    #[test]
    fn addresses_as_people_write_them() {
        for (inside, want) in [
            (
                "<StreetName>Kade 5</StreetName><CityName>Gent</CityName><PostalZone>9000</PostalZone>\
                 <Country><IdentificationCode>BE</IdentificationCode></Country>",
                "Kade 5, Gent 9000, BE",
            ),
            (
                "<StreetName>连升路8号</StreetName><CityName>东莞市</CityName>\
                 <CountrySubentity>广东省</CountrySubentity>",
                "广东省东莞市连升路8号",
            ),
        ] {
            let root = xml::parse(&format!("<Address>{inside}</Address>"), 100).unwrap();
            assert_eq!(address(&root).unwrap().value, want);
        }
    }
}
