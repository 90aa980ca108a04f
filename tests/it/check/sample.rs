//! The sample messages as drafts that were read without any doubt, and the sample master data.

use chrono::{DateTime, FixedOffset, NaiveDate};
use gendan::check::{Categories, CheckSettings, Facts};
use gendan::master::{Master, Tables, import};
use gendan::order::document::{Channel, Envelope, Kind, Language};
use gendan::order::draft::{
    Confidence, Draft, DraftCustomer, DraftLine, DraftOrder, DraftShipTo, Evidence, Field, Found,
};
use gendan::order::ids::Ids;
use gendan::order::money::{Currency, Exchange};
use mailparse::MailHeaderMap;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

pub(super) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

pub(super) fn tables() -> Tables {
    let mut tables = Tables::default();
    for table in gendan::master::tables::NAMES {
        let file = format!("{table}.csv");
        // The sample firm has not all of them.
        let Ok(bytes) = std::fs::read(folder().join("master").join(&file)) else { continue };
        let imported = import::import(table, &file, &bytes).unwrap();
        tables.put(table, imported.body).unwrap();
    }
    tables
}

/// Everything that checks need beside the document.
pub(super) struct World {
    pub(super) master: Master,
    pub(super) categories: Categories,
    pub(super) settings: CheckSettings,
    pub(super) exchange: Exchange,
    pub(super) tax: BTreeMap<Currency, rust_decimal::Decimal>,
    pub(super) reserved: BTreeMap<String, rust_decimal::Decimal>,
}

impl World {
    pub(super) fn load() -> Self {
        Self {
            master: Master::from_tables(tables()),
            categories: Categories::new([]).unwrap(),
            settings: CheckSettings::default(),
            exchange: Exchange { book: Currency::CNY, rates: BTreeMap::new() },
            tax: BTreeMap::new(),
            reserved: BTreeMap::new(),
        }
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            master: &self.master,
            categories: &self.categories,
            settings: &self.settings,
            exchange: &self.exchange,
            tax: &self.tax,
            open_credit: None,
            reserved: &self.reserved,
            same: &[],
        }
    }
}

pub(super) fn ids() -> Ids {
    Ids::new(uuid::Uuid::from_u128(7), DateTime::UNIX_EPOCH)
}

pub(super) fn field<T>(value: T) -> Field<T> {
    Field { value, evidence: Evidence::Line { line: 1 }, confidence: Confidence::FULL }
}

/// One sample message.
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) truth: Value,
    pub(super) channel: Channel,
    pub(super) envelope: Envelope,
    /// The day of the message at the seller's.
    pub(super) on: NaiveDate,
    pub(super) drafts: Vec<Draft>,
}

impl Sample {
    pub(super) fn all() -> Vec<Self> {
        let files = std::fs::read_dir(folder().join("truth")).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = files.collect();
        files.sort();
        files.iter().map(|file| Self::load(file.file_stem().unwrap().to_str().unwrap())).collect()
    }

    pub(super) fn load(name: &str) -> Self {
        let text = std::fs::read_to_string(folder().join("truth").join(format!("{name}.json"))).unwrap();
        let truth: Value = serde_json::from_str(&text).unwrap();
        let channel = if truth["channel"] == "fax" { Channel::Fax } else { Channel::Mail };
        let file = folder().join(truth["file"].as_str().unwrap());
        let envelope = if channel == Channel::Mail {
            envelope(&std::fs::read(file).unwrap())
        } else {
            Envelope::default()
        };
        let zone = FixedOffset::east_opt(8 * 3600).unwrap();
        let sent = envelope.sent_at.map(|at| at.with_timezone(&zone).date_naive());
        let printed = date(&truth["order"]["order_date"]).map(|field| field.value);
        let on = sent.or(printed).unwrap_or(NaiveDate::from_ymd_opt(2026, 3, 20).unwrap());
        let more = truth["more_orders"].as_array().cloned().unwrap_or_default();
        let orders = std::iter::once(truth["order"].clone()).chain(more);
        let drafts = orders.map(|order| draft(&truth, &order)).collect();
        Self { name: name.to_owned(), truth, channel, envelope, on, drafts }
    }
}

fn envelope(bytes: &[u8]) -> Envelope {
    let (headers, _) = mailparse::parse_headers(bytes).unwrap();
    let from = headers.get_first_header("From").and_then(|from| mailparse::addrparse_header(from).ok());
    let from = from.and_then(|list| list.extract_single_info());
    let sent = headers.get_first_value("Date").and_then(|date| mailparse::dateparse(&date).ok());
    Envelope {
        from_address: from.map(|single| single.addr.to_lowercase()),
        subject: headers.get_first_value("Subject"),
        sent_at: sent.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
        ..Envelope::default()
    }
}

fn draft(truth: &Value, order: &Value) -> Draft {
    let refers_to = truth["expect"]["refers_to"].as_str().map(str::to_owned);
    let kind: Kind = serde_json::from_value(truth["kind"].clone()).unwrap();
    Draft {
        source: truth["source"].as_str().unwrap_or("body").to_owned(),
        kind,
        kind_confidence: Confidence::FULL,
        language: Language::Zh,
        order: (!order.is_null()).then(|| draft_order(order)),
        refers_to: refers_to.filter(|_| kind != Kind::Order),
        unread: Vec::new(),
    }
}

fn draft_order(order: &Value) -> DraftOrder {
    let lines = order["lines"].as_array().unwrap().iter().map(draft_line).collect();
    let (customer, ship_to) = (&order["customer"], &order["ship_to"]);
    DraftOrder {
        po_number: text(&order["po_number"]),
        order_date: date(&order["order_date"]),
        customer: DraftCustomer {
            name: text(&customer["name"]),
            contact: text(&customer["contact"]),
            phone: text(&customer["phone"]),
            email: text(&customer["email"]),
        },
        ship_to: DraftShipTo {
            name: text(&ship_to["name"]),
            address: text(&ship_to["address"]),
            contact: text(&ship_to["contact"]),
            phone: text(&ship_to["phone"]),
        },
        currency: text(&order["currency"]),
        payment_terms: text(&order["payment_terms"]),
        incoterm: text(&order["incoterm"]),
        requested_delivery: date(&order["requested_delivery"]),
        shipping_method: text(&order["shipping_method"]),
        discount_code: None,
        lines,
        total: number(&order["total"]),
        total_in_words: None,
        notes: text(&order["notes"]),
    }
}

fn draft_line(line: &Value) -> DraftLine {
    DraftLine {
        line: line["line"].as_str().map(str::to_owned),
        customer_part: text(&line["customer_part"]),
        description: text(&line["description"]),
        spec: text(&line["spec"]),
        color: text(&line["color"]),
        quantity: number(&line["quantity"]),
        unit: text(&line["unit"]),
        unit_price: number(&line["unit_price"]),
        amount: number(&line["amount"]),
        delivery_date: date(&line["delivery_date"]),
        note: text(&line["note"]),
    }
}

fn text(value: &Value) -> Found<String> {
    value.as_str().map(|text| field(text.to_owned()))
}

fn number(value: &Value) -> Found<rust_decimal::Decimal> {
    value.as_str().map(|text| field(text.parse().unwrap()))
}

fn date(value: &Value) -> Found<NaiveDate> {
    value.as_str().map(|text| field(text.parse().unwrap()))
}
