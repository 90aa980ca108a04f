//! Labelled values to the fields of an order: whose contact, whose address, which date.

use super::company::company_in;
use super::labelled::Pair;
use super::order_number::po_token;
use super::phone::phone_in;
use super::signature;
use super::{Context, field, sure, terms, totals};
use crate::order::draft::{Confidence, DraftOrder, Evidence, Found};
use crate::read::labels::{Label, Words};
use crate::read::mail::address;
use crate::read::value::text::{has_han, plain, squeeze, trim};
use crate::read::value::{date, number};

/// Whose block of a form the reader is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Party {
    #[default]
    Nobody,
    Customer,
    Ship,
    Seller,
}

/// Takes pairs in reading order and keeps whose side they are on.
#[derive(Debug, Default)]
pub struct Filler {
    party: Party,
    /// Parties side by side, in the order of their columns.
    sides: Vec<Party>,
    pub refers_to: Option<String>,
    /// Dates that were printed behind a delivery label.
    pub deliveries: usize,
}

impl Filler {
    /// Ends a block: the next contact belongs to nobody in particular.
    pub fn gap(&mut self) {
        self.party = Party::Nobody;
        self.sides.clear();
    }

    /// Takes the pairs of one row.
    pub fn row(&mut self, pairs: &[Pair], order: &mut DraftOrder, context: &Context<'_>) {
        let parties: Vec<Party> = pairs.iter().filter_map(|p| party_of(p.label?)).collect();
        let distinct = parties.iter().any(|p| *p != parties[0]);
        if distinct {
            self.sides = parties.clone();
        }
        let mut seen: Vec<Label> = Vec::new();
        for pair in pairs {
            let Some(label) = pair.label else { continue };
            let before = seen.iter().filter(|l| **l == label).count();
            seen.push(label);
            let twice = pairs.iter().filter(|p| p.label == Some(label)).count() > 1;
            if let Some(party) = party_of(label) {
                self.party = party;
            } else if twice && self.sides.len() > before {
                self.party = self.sides[before];
            } else if self.sides.len() > 1 && is_personal(label) {
                // One side left its field empty: the column tells whose it is.
                let right = pair.column * 2 > pairs.last().map_or(0, |p| p.column.max(4));
                self.party = if right { self.sides[1] } else { self.sides[0] };
            } else if seen.len() == 1 && !is_personal(label) && label != Label::Other {
                self.party = Party::Nobody;
            }
            let beside = context.printed && self.sides.is_empty() && seen.contains(&Label::ShipAddress);
            if beside && self.party == Party::Ship && is_missing(label, order) {
                // Printed heads stand in two columns: beside the address of delivery is what the other column goes on with.
                self.party = Party::Customer;
                self.take(label, pair, order, context);
                self.party = Party::Ship;
                continue;
            }
            self.take(label, pair, order, context);
        }
        if pairs.iter().any(|p| p.label == Some(Label::ShipAddress)) && self.sides.is_empty() {
            self.party = Party::Nobody;
        }
    }

    fn take(&mut self, label: Label, pair: &Pair, order: &mut DraftOrder, context: &Context<'_>) {
        let confidence = if pair.strong { sure::LABELLED } else { sure::LOOSE };
        let value = Value { text: &pair.value, evidence: &pair.evidence, confidence };
        match label {
            Label::PoNumber => po_number(order, &value, context),
            Label::OrderDate => set_date(&mut order.order_date, &value, context),
            Label::Delivery => self.delivery(order, &value, context),
            Label::Customer => customer(order, &value, context),
            Label::Contact | Label::Phone | Label::Email | Label::Address => {
                self.personal(label, order, &value)
            }
            Label::ShipTo | Label::ShipName | Label::ShipAddress => ship_to(order, &value, label, context),
            Label::ShipContact => person(&mut order.ship_to.contact, &mut order.ship_to.phone, &value),
            Label::ShipPhone => set(&mut order.ship_to.phone, phone_in(value.text), &value),
            Label::Currency => set(&mut order.currency, context.labels.currency_in(value.text), &value),
            Label::Payment if terms::incoterm(value.text, context).is_some() => {
                incoterm(order, &value, context);
                set(&mut order.payment_terms, terms::payment(value.text), &value);
            }
            Label::Payment => set(&mut order.payment_terms, terms::sentence(value.text), &value),
            Label::Incoterm => incoterm(order, &value, context),
            Label::Shipping => set(&mut order.shipping_method, terms::sentence(value.text), &value),
            Label::DiscountCode => set(&mut order.discount_code, terms::code(value.text), &value),
            Label::Total => total(order, &value, context),
            Label::Words => set(&mut order.total_in_words, totals::in_words(value.text), &value),
            Label::Notes => notes(order, &value),
            Label::RefersTo => self.refers_to = self.refers_to.take().or_else(|| po_token(value.text)),
            Label::Seller | Label::Other => {}
        }
    }

    fn delivery(&mut self, order: &mut DraftOrder, value: &Value<'_>, context: &Context<'_>) {
        let all = date::all(value.text, &context.dates);
        self.deliveries += all.len();
        if order.requested_delivery.is_none() {
            let moved = terms::moved_date(value.text, context);
            match moved {
                Some(date) => set(&mut order.requested_delivery, Some(date), value),
                None => set_date(&mut order.requested_delivery, value, context),
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the other labels are taken elsewhere")]
    fn personal(&mut self, label: Label, order: &mut DraftOrder, value: &Value<'_>) {
        let (contact, phone) = match self.party {
            Party::Seller => return,
            Party::Ship => (&mut order.ship_to.contact, &mut order.ship_to.phone),
            Party::Customer | Party::Nobody => (&mut order.customer.contact, &mut order.customer.phone),
        };
        match label {
            Label::Contact => person(contact, phone, value),
            Label::Phone => set(phone, phone_in(value.text), value),
            Label::Email if self.party != Party::Ship => {
                set(&mut order.customer.email, address::find(value.text), value)
            }
            Label::Address if self.party == Party::Ship => {
                set(&mut order.ship_to.address, Some(lines(value.text)), value)
            }
            _ => {}
        }
    }
}

/// Whether the label is of something that is not known of the customer yet.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other labels are no person's")]
const fn is_missing(label: Label, order: &DraftOrder) -> bool {
    match label {
        Label::Contact => order.customer.contact.is_none(),
        Label::Phone => order.customer.phone.is_none(),
        _ => false,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the other labels are taken elsewhere")]
fn party_of(label: Label) -> Option<Party> {
    match label {
        Label::Customer => Some(Party::Customer),
        Label::Seller => Some(Party::Seller),
        Label::ShipTo | Label::ShipName | Label::ShipAddress => Some(Party::Ship),
        _ => None,
    }
}

fn is_personal(label: Label) -> bool {
    matches!(
        label,
        Label::Contact
            | Label::Phone
            | Label::Email
            | Label::Address
            | Label::ShipContact
            | Label::ShipPhone
            | Label::ShipAddress
    )
}

struct Value<'a> {
    text: &'a str,
    evidence: &'a Evidence,
    confidence: Confidence,
}

fn set<T>(spot: &mut Found<T>, value: Option<T>, from: &Value<'_>) {
    if spot.is_none() {
        *spot = value.map(|v| field(v, from.evidence.clone(), from.confidence));
    }
}

fn po_number(order: &mut DraftOrder, value: &Value<'_>, context: &Context<'_>) {
    let Some(token) = po_token(value.text) else { return };
    let rest = value.text.find(&token).map_or("", |at| &value.text[at + token.len()..]);
    if order.po_number.is_none() && order.order_date.is_none() {
        let found = date::find(rest, &context.dates, false).filter(|d| d.start <= 8).map(|d| d.value);
        set(
            &mut order.order_date,
            found,
            &Value { text: rest, evidence: value.evidence, confidence: sure::LOOSE },
        );
    }
    set(&mut order.po_number, Some(token), value);
}

fn set_date(spot: &mut Found<chrono::NaiveDate>, value: &Value<'_>, context: &Context<'_>) {
    let serial = number::whole(value.text, number::Style::Point).and_then(|n| date::serial(n.value));
    let found = date::find(value.text, &context.dates, true);
    let ambiguous = serial.is_none() && found.is_some_and(|d| d.ambiguous);
    let value = Value { confidence: if ambiguous { sure::AMBIGUOUS } else { value.confidence }, ..*value };
    set(spot, serial.or(found.map(|d| d.value)), &value);
}

/// A name, without the address or contact that may follow it.
fn customer(order: &mut DraftOrder, value: &Value<'_>, context: &Context<'_>) {
    let first = value.text.lines().next().unwrap_or("");
    let name =
        company_in(first, context).unwrap_or_else(|| trim(first.split("  ").next().unwrap_or("")).to_owned());
    if signature::is_person(&name, context) && company_in(first, context).is_none() {
        return person(&mut order.customer.contact, &mut order.customer.phone, value);
    }
    if address::find(&name).is_some() || name.chars().count() < 2 || name.chars().count() > 90 {
        return;
    }
    set(&mut order.customer.name, Some(squeeze(&name)), value);
    for line in value.text.lines().skip(1) {
        let rest = Value { text: line, evidence: value.evidence, confidence: sure::LOOSE };
        set(&mut order.customer.email, address::find(line), &rest);
        if !line.to_lowercase().contains("fax") {
            set(
                &mut order.customer.phone,
                phone_in(line).filter(|p| p.chars().filter(char::is_ascii_digit).count() >= 8),
                &rest,
            );
        }
    }
}

/// A person, and the phone that stands behind the name.
fn person(contact: &mut Found<String>, phone: &mut Found<String>, value: &Value<'_>) {
    let text = value.text.lines().next().unwrap_or("");
    let number = phone_in(text);
    let name = number.as_ref().and_then(|n| text.find(n.as_str())).map_or(text, |at| &text[..at]);
    let name = name.split(['/', '|', '，', ',', ';', '；', '(', '（']).next().unwrap_or("");
    let name = name
        .trim_end_matches("电话")
        .trim_end_matches("手机")
        .trim_end_matches("Tel")
        .trim_end_matches("tel");
    let name = squeeze(trim(name));
    let email = address::find(&name);
    if !name.is_empty()
        && name.chars().count() <= 40
        && email.is_none()
        && !name.chars().all(|c| c.is_ascii_digit())
    {
        set(contact, Some(name), value);
    }
    set(phone, number, value);
}

fn lines(text: &str) -> String {
    let joined: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let comma = if has_han(text) { " " } else { ", " };
    joined.iter().map(|l| l.trim_end_matches([',', '，'])).collect::<Vec<_>>().join(comma)
}

/// Name and address of the place the goods go to; a block of lines starts with the name.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other labels are taken elsewhere")]
fn ship_to(order: &mut DraftOrder, value: &Value<'_>, label: Label, context: &Context<'_>) {
    let rows: Vec<&str> = value.text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let Some((first, rest)) = rows.split_first() else { return };
    match label {
        Label::ShipName => set(&mut order.ship_to.name, Some(squeeze(trim(first))), value),
        Label::ShipAddress if rest.is_empty() || !context.labels.has(Words::Company, first) => {
            address_line(order, value.text, value)
        }
        _ if !rest.is_empty() => {
            set(&mut order.ship_to.name, Some(squeeze(trim(first))), value);
            let (people, places): (Vec<&str>, Vec<&str>) = rest.iter().partition(|l| is_contact_line(l));
            if !places.is_empty() {
                address_line(order, &places.join("\n"), value);
            }
            for line in people {
                contact_line(order, line, value);
            }
        }
        _ => one_line_place(order, first, value, context),
    }
}

fn is_contact_line(line: &str) -> bool {
    let lower = plain(line).to_lowercase();
    ["attn", "tel", "phone", "contact", "电话", "联系", "收货人"].iter().any(|w| lower.starts_with(w))
}

fn contact_line(order: &mut DraftOrder, line: &str, value: &Value<'_>) {
    let inner = line.split([':', '：']).next_back().unwrap_or(line);
    let inner = Value { text: inner, evidence: value.evidence, confidence: sure::LOOSE };
    if phone_in(inner.text).is_some() {
        set(&mut order.ship_to.phone, phone_in(inner.text), &inner);
    } else {
        person(&mut order.ship_to.contact, &mut order.ship_to.phone, &inner);
    }
}

fn address_line(order: &mut DraftOrder, text: &str, value: &Value<'_>) {
    let text = lines(text);
    // "地址 联系人 电话" in one value: the phone and the name before it are cut off.
    if let Some(phone) = phone_in(&text).filter(|p| {
        p.chars().filter(char::is_ascii_digit).count() >= 10 && text.trim_end().ends_with(p.as_str())
    }) {
        let head = text[..text.len() - phone.len()].trim_end_matches([' ', ',', '，', ':', '：']).to_owned();
        let cut =
            head.rfind([' ', '，', ',']).map(|at| (head[..at].to_owned(), trim(&head[at..]).to_owned()));
        if let Some((place, name)) = cut.filter(|(p, n)| {
            p.chars().count() > 5
                && (2..=4).contains(&n.chars().count())
                && has_han(n)
                && !n.ends_with(['号', '楼', '室', '库', '仓', '厂', '栋'])
        }) {
            set(&mut order.ship_to.address, Some(trim(&place).to_owned()), value);
            set(&mut order.ship_to.contact, Some(name), value);
            set(&mut order.ship_to.phone, Some(phone), value);
            return;
        }
    }
    let text = trim(&text).trim_end_matches('.').to_owned();
    set(&mut order.ship_to.address, Some(text).filter(|t| !t.is_empty()), value);
}

fn one_line_place(order: &mut DraftOrder, first: &str, value: &Value<'_>, context: &Context<'_>) {
    let text = squeeze(trim(first));
    let company = company_in(&text, context);
    let placed = text.contains(|c: char| c.is_ascii_digit() || matches!(c, '路' | '号' | '镇' | '街'));
    match company {
        Some(name) if name.len() < text.len() && text.starts_with(&name) && placed => {
            let rest = trim(&text[name.len()..]).to_owned();
            set(&mut order.ship_to.name, Some(name), value);
            set(&mut order.ship_to.address, Some(rest).filter(|r| r.chars().count() > 3), value);
        }
        _ if placed => address_line(order, first, value),
        _ => set(&mut order.ship_to.name, Some(text), value),
    }
}

fn incoterm(order: &mut DraftOrder, value: &Value<'_>, context: &Context<'_>) {
    set(&mut order.incoterm, terms::incoterm(value.text, context), value);
}

fn total(order: &mut DraftOrder, value: &Value<'_>, context: &Context<'_>) {
    if let Some(words) = totals::in_words(value.text) {
        set(&mut order.total_in_words, Some(words), value);
    }
    let text = plain(value.text);
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let symbol = text[..start].char_indices().next_back().map_or(start, |(i, _)| i);
    let money = super::cells::money(&text, context).or_else(|| super::cells::money(&text[symbol..], context));
    let Some(money) = money.filter(|m| {
        !context.labels.leading_unit(&m.rest).is_some_and(|l| l > 0 && !m.rest.starts_with('元'))
    }) else {
        return;
    };
    let confidence = if money.ambiguous { sure::AMBIGUOUS } else { value.confidence };
    let code = money.currency.or_else(|| context.labels.currency_in(&text));
    order.total = Some(field(money.value, value.evidence.clone(), confidence));
    set(&mut order.currency, code, &Value { confidence: sure::LIKELY, ..*value });
}

fn notes(order: &mut DraftOrder, value: &Value<'_>) {
    let text = value.text.trim();
    if text.chars().count() < 2 {
        return;
    }
    match &mut order.notes {
        Some(found) if found.value.chars().count() < 500 => found.value = format!("{}\n{text}", found.value),
        Some(_) => {}
        None => order.notes = Some(field(text.to_owned(), value.evidence.clone(), value.confidence)),
    }
}
