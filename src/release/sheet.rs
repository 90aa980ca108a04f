//! The order as mails show it: every value a text, and only what the reader may see.

use super::ReleaseError;
use super::facts::ReleaseFacts;
use crate::order::Order;
use crate::order::line::Line;
use crate::order::message::{GoodsLine, ShipTo};
use crate::order::money::{Currency, Money};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};

/// An order for a template. Without `prices`, no price, amount, total or term of payment is in it at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sheet {
    pub number: String,
    pub po_number: Option<String>,
    pub order_date: Option<String>,
    pub customer: String,
    pub contact: Option<String>,
    pub requested: Option<String>,
    pub promised: Option<String>,
    pub incoterm: Option<String>,
    pub shipping_method: Option<String>,
    pub carrier: String,
    pub ship_to: Option<ShipTo>,
    pub lines: Vec<SheetLine>,
    pub prices: bool,
    pub currency: Option<String>,
    pub total: Option<String>,
    /// What changes of it cost beside the total, with their currency.
    pub charges: Vec<String>,
    pub terms: Option<String>,
}

/// One position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SheetLine {
    pub position: u32,
    pub sku: String,
    pub customer_part: Option<String>,
    pub description: String,
    pub quantity: String,
    pub unit: Option<String>,
    pub required: Option<String>,
    /// It stands aside: neither made, picked nor shipped.
    pub held: bool,
    /// `stock` or `make`.
    pub from: &'static str,
    pub unit_price: Option<String>,
    pub amount: Option<String>,
}

/// The sheet of an order that has its number.
pub fn sheet(order: &Order, facts: &ReleaseFacts<'_>, prices: bool) -> Result<Sheet, ReleaseError> {
    let content = &order.content;
    let currency = content.currency.ok_or_else(|| ReleaseError::Incomplete("currency".to_owned()))?;
    let total = content.total()?.ok_or_else(|| ReleaseError::Incomplete("total".to_owned()))?;
    let date = |date: Option<chrono::NaiveDate>| date.map(|it| it.to_string());
    let lines = content
        .lines
        .iter()
        .map(|line| sheet_line(order, line, currency, prices))
        .collect::<Result<_, _>>()?;
    Ok(Sheet {
        number: number(order)?,
        po_number: content.po_number.clone(),
        order_date: date(content.order_date),
        customer: facts.buyer.name.clone(),
        contact: facts.contact.and_then(|it| it.contact.clone().or_else(|| it.name.clone())),
        requested: date(content.wanted()),
        promised: date(order.promised),
        incoterm: content.incoterm.clone().filter(|_| prices),
        shipping_method: content.shipping_method.clone(),
        carrier: facts.carrier.to_owned(),
        ship_to: facts.ship_to.map(|_| ship_to(facts)),
        lines,
        prices,
        currency: prices.then(|| currency.to_string()),
        total: prices.then(|| amount(total.amount, currency)),
        charges: order.charges.iter().filter(|_| prices).map(|it| money(it.amount)).collect(),
        terms: content.payment_terms.clone().filter(|_| prices),
    })
}

fn sheet_line(
    order: &Order,
    line: &Line,
    currency: Currency,
    prices: bool,
) -> Result<SheetLine, ReleaseError> {
    let sum = line.amount(currency)?.map(|it| amount(it.amount, currency));
    Ok(SheetLine {
        position: line.position,
        sku: line.sku.clone().unwrap_or_default(),
        customer_part: line.customer_part.clone(),
        description: description(line),
        quantity: line.quantity.map(plain).unwrap_or_default(),
        unit: line.unit.clone(),
        required: line.required.map(|it| it.to_string()),
        held: order.holds_line(line.position),
        from: if order.make.contains(&line.position) { "make" } else { "stock" },
        unit_price: line.unit_price.filter(|_| prices).map(plain),
        amount: sum.filter(|_| prices),
    })
}

/// The order's number, once it was given.
pub(super) fn number(order: &Order) -> Result<String, ReleaseError> {
    order.number.as_ref().map(|it| it.0.clone()).ok_or(ReleaseError::NoNumber)
}

/// Lines as the receivers of goods get them, without prices.
pub(super) fn goods<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Vec<GoodsLine> {
    lines
        .into_iter()
        .map(|line| GoodsLine {
            position: line.position,
            sku: line.sku.clone().unwrap_or_default(),
            description: description(line),
            quantity: line.quantity.unwrap_or_default(),
            unit: line.unit.clone().unwrap_or_default(),
        })
        .collect()
}

/// Where the goods go, as messages have it.
pub(super) fn ship_to(facts: &ReleaseFacts<'_>) -> ShipTo {
    let it = facts.ship_to.cloned().unwrap_or_default();
    ShipTo { name: it.name, contact: it.contact, phone: it.phone, address: it.address }
}

/// Description with spec and colour, as far as it does not say them already.
pub(super) fn description(line: &Line) -> String {
    let mut text = line.description.clone();
    for more in [&line.spec, &line.color].into_iter().flatten() {
        if !text.contains(more.as_str()) {
            text = format!("{text} {more}").trim().to_owned();
        }
    }
    text
}

/// One position with its price, for those who see all, whatever of it is known yet.
pub(super) fn priced(line: &Line, currency: Option<Currency>) -> Value {
    let sum = currency.and_then(|currency| line.amount(currency).ok().flatten());
    json!({
        "position": line.position,
        "sku": line.sku,
        "description": description(line),
        "quantity": line.quantity.map(plain),
        "unit": line.unit,
        "unit_price": line.unit_price.map(plain),
        "amount": sum.map(|it| amount(it.amount, it.currency)),
        "required": line.required.map(|it| it.to_string()),
    })
}

/// Currency and amount.
pub(super) fn money(it: Money) -> String {
    format!("{} {}", it.currency, amount(it.amount, it.currency))
}

/// An amount to the coin, with thousands parted.
fn amount(value: Decimal, currency: Currency) -> String {
    let digits = currency.minor_units() as usize;
    parted(&format!("{value:.digits$}"))
}

/// A number as short as it is exact, with thousands parted.
pub(super) fn plain(value: Decimal) -> String {
    parted(&value.normalize().to_string())
}

fn parted(number: &str) -> String {
    let (whole, rest) = number.find('.').map_or((number, ""), |at| number.split_at(at));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut text = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well_and_stay_exact() {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        for (value, said) in
            [("0.0265", "0.0265"), ("6000.00", "6,000"), ("1234567.5", "1,234,567.5"), ("-100", "-100")]
        {
            assert_eq!(plain(decimal(value)), said);
        }
        assert_eq!(amount(decimal("1000"), Currency::CNY), "1,000.00");
        assert_eq!(amount(decimal("999.5"), Currency::USD), "999.50");
    }
}
