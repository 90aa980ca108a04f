//! The request for an invoice (开票申请) and the posting of the receivable, once the goods have left.

use super::telling::Telling;
use super::{ReleaseError, sheet};
use crate::order::event::{Gate, Tell};
use crate::order::line::Line;
use crate::order::message::{AccountingInvoice, Body, InvoiceLine};
use crate::order::money::Currency;

pub(super) fn invoice(telling: &mut Telling<'_>) -> Result<(), ReleaseError> {
    let (order, buyer) = (&telling.order, telling.facts.buyer);
    if !order.gates.contains(&Gate::Invoice) {
        return Ok(());
    }
    let content = &order.content;
    let missing = |what: &str| ReleaseError::Incomplete(what.to_owned());
    let currency = content.currency.ok_or_else(|| missing("currency"))?;
    let total = content.total()?.ok_or_else(|| missing("unit_price"))?;
    let tax = content.tax.as_ref();
    let invoice = AccountingInvoice {
        order_id: order.id,
        number: sheet::number(order)?,
        customer: buyer.code.clone(),
        po_number: content.po_number.clone(),
        title: tax.and_then(|it| it.title.clone()).or_else(|| buyer.title.clone()),
        tax_number: tax.and_then(|it| it.number.clone()).or_else(|| buyer.tax_number.clone()),
        currency,
        tax_rate: tax.map(|it| it.rate).or(buyer.tax_rate),
        lines: priced(&content.lines, currency)?,
        total: total.amount,
    };
    telling.tell(Tell::InvoiceRequest, "accounting.invoice", 1, Body::AccountingInvoice(invoice))
}

/// Lines with their prices, as systems that count get them.
pub(super) fn priced(lines: &[Line], currency: Currency) -> Result<Vec<InvoiceLine>, ReleaseError> {
    lines.iter().map(|line| invoice_line(line, currency)).collect()
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
