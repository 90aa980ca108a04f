//! The request for an invoice (开票申请) and the posting of the receivable, once the goods have left.

use super::telling::Telling;
use super::{ReleaseError, sheet};
use crate::order::Order;
use crate::order::event::{Gate, Tell};
use crate::order::line::Line;
use crate::order::message::{AccountingInvoice, Body, InvoiceLine};
use crate::order::money::{Currency, Money};
use rust_decimal::Decimal;

pub(super) fn invoice(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    let order = &telling.order;
    if !order.gates.contains(&Gate::Invoice) {
        return Ok(());
    }
    let content = &order.content;
    let missing = |what: &str| ReleaseError::Incomplete(what.to_owned());
    let currency = content.currency.ok_or_else(|| missing("currency"))?;
    let lines = priced(order.moving(), currency)?;
    let amounts = lines.iter().map(|line| Money::new(line.amount, currency));
    let total = amounts.into_iter().try_fold(Money::zero(currency), |sum, amount| sum.plus(amount))?;
    // What changes cost is asked for with the first part.
    let (charges, total) =
        if order.parts == 0 { with_charges(order, currency, total)? } else { (Vec::new(), total) };
    let invoice = request(telling, currency, (lines, charges), total)?;
    let version = 1 + telling.order.parts;
    telling.tell(Tell::InvoiceRequest, "accounting.invoice", version, Body::AccountingInvoice(invoice))
}

/// The request for an invoice over what a cancelled order has cost, which the customer agreed to pay; none where that is
/// nothing.
pub(super) fn settlement(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    let order = &telling.order;
    let Some(first) = order.charges.first() else { return Ok(()) };
    let currency = first.amount.currency;
    let (charges, total) = with_charges(order, currency, Money::zero(currency))?;
    let invoice = request(telling, currency, (Vec::new(), charges), total)?;
    telling.tell(Tell::InvoiceRequest, "accounting.invoice", 1, Body::AccountingInvoice(invoice))
}

/// What changes of the order cost beside its lines; what is not in the order's currency accounting settles by hand.
fn with_charges(
    order: &Order,
    currency: Currency,
    total: Money,
) -> Result<(Vec<Decimal>, Money), ReleaseError> {
    let own = order.charges.iter().map(|charge| charge.amount).filter(|it| it.currency == currency);
    let charges: Vec<Money> = own.collect();
    let total = charges.iter().try_fold(total, |sum, charge| sum.plus(*charge))?;
    Ok((charges.into_iter().map(|it| it.amount).collect(), total))
}

fn request(
    telling: &Telling<'_>,
    currency: Currency,
    (lines, charges): (Vec<InvoiceLine>, Vec<Decimal>),
    total: Money,
) -> Result<AccountingInvoice, ReleaseError> {
    let (order, buyer) = (&telling.order, telling.facts.buyer);
    let (content, tax) = (&order.content, order.content.tax.as_ref());
    Ok(AccountingInvoice {
        order_id: order.id,
        number: sheet::number(order)?,
        customer: buyer.code.clone(),
        po_number: content.po_number.clone(),
        title: tax.and_then(|it| it.title.clone()).or_else(|| buyer.title.clone()),
        tax_number: tax.and_then(|it| it.number.clone()).or_else(|| buyer.tax_number.clone()),
        currency,
        tax_rate: tax.map(|it| it.rate).or(buyer.tax_rate),
        lines,
        charges,
        total: total.amount,
    })
}

/// Lines with their prices, as systems that count get them.
pub(super) fn priced<'a>(
    lines: impl IntoIterator<Item = &'a Line>,
    currency: Currency,
) -> Result<Vec<InvoiceLine>, ReleaseError> {
    lines.into_iter().map(|line| invoice_line(line, currency)).collect()
}

fn invoice_line(line: &Line, currency: Currency) -> Result<InvoiceLine, ReleaseError> {
    let missing = |what: &str| ReleaseError::Incomplete(format!("lines.{}.{what}", line.position));
    Ok(InvoiceLine {
        position: line.position,
        sku: line.sku.clone().ok_or_else(|| missing("sku"))?,
        description: sheet::description(line),
        quantity: line.quantity.ok_or_else(|| missing("quantity"))?,
        unit: line.unit.clone().unwrap_or_default(),
        unit_price: line.unit_price.ok_or_else(|| missing("unit_price"))?,
        amount: line.amount(currency)?.ok_or_else(|| missing("unit_price"))?.amount,
    })
}
