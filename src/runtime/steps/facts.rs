//! What the rules and the release are told of an order: from master data, settings and what is loaded around it.

use super::Steps;
use super::desk::{Case, skus};
use crate::check::{self, Margins, Sold};
use crate::master::bills::Bills;
use crate::master::{Customer, Master, units};
use crate::order::Order;
use crate::order::document::{Channel, Envelope, Kind as PartKind, Language};
use crate::order::line::Line;
use crate::order::money::Money;
use crate::order::problem::Code;
use crate::order::review::{Queue, Review};
use crate::release::facts::{Buyer, Product, ReleaseFacts, Terms};
use crate::release::{self, ReleaseError};
use crate::review::facts::{CustomerFacts, Figures};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// What is not on the list of regions.
const UNKNOWN_REGION: &str = "UN";
/// What is not on the list of classes.
const OTHER_CLASS: &str = "X";

impl Case {
    pub(super) fn buyer_row(&self, order: &Order) -> Option<&Customer> {
        order.content.customer.as_deref().and_then(|code| self.master.customer(code))
    }

    /// Free stock of the order's SKUs and of what they are made of: the table's, less what our own orders have reserved since.
    fn stock(&self, order: &Order) -> BTreeMap<String, Decimal> {
        let free = |sku: &String| {
            let reserved = self.reserved.get(sku).map_or(Decimal::ZERO, |figure| figure.value);
            self.master.free_stock(sku) - reserved
        };
        let bills = self.bills(order);
        let held = order.materials.iter().map(|it| &it.component);
        let skus: BTreeSet<&String> = bills.skus().chain(held).collect();
        skus.into_iter().map(|sku| (sku.clone(), free(sku))).collect()
    }

    fn bills(&self, order: &Order) -> Bills {
        self.master.bills(&skus(&order.content))
    }
}

impl Steps {
    pub(super) fn customer_facts(&self, order: &Order, case: &Case) -> CustomerFacts {
        let Some(row) = case.buyer_row(order) else { return CustomerFacts::default() };
        CustomerFacts {
            known: true,
            code: row.code.clone(),
            grade: row.grade.clone(),
            customer_type: row.kind.clone(),
            terms: row.payment_terms.clone(),
            prepaid: self.terms(row) == Terms::Prepaid,
            first_order: case.is_first() && !has_bought(row, case),
        }
    }

    pub(super) fn figures(&self, order: &Order, case: &Case, now: DateTime<Utc>) -> Figures {
        // A cancellation is decided by what it cancels.
        let cancelled = order.refers_to.filter(|_| order.kind == PartKind::Cancellation);
        let target = case.same.iter().find(|same| cancelled == Some(same.order.id));
        let total = target.map_or(order, |same| &same.order).content.total().ok().flatten();
        let balance = order.content.customer.as_deref().and_then(|code| case.master.balance(code));
        let row = case.buyer_row(order);
        let total = total.and_then(|total| self.in_book_currency(total));
        // What he owes and may owe stands in his own currency; without a rate no limit is taken to hold.
        let rate = row.map_or(Some(Decimal::ONE), |row| self.books.config.exchange.rate(row.currency));
        let in_book = |amount: Decimal| rate.and_then(|rate| amount.checked_mul(rate));
        let receivable = balance.map_or(Decimal::ZERO, |it| it.receivable);
        let taken = in_book(receivable.saturating_add(case.credit.value));
        let margins = self.margins(order, case);
        let stock = case.stock(order);
        let in_stock = !order.content.lines.is_empty() && covered(order, &stock, &case.master);
        Figures {
            total,
            exposure: taken
                .map_or(Decimal::MAX, |taken| taken.saturating_add(total.unwrap_or(Decimal::ZERO))),
            credit_limit: row.and_then(|row| in_book(row.credit_limit)).unwrap_or(Decimal::ZERO),
            overdue: balance.map_or(Decimal::ZERO, |it| in_book(it.overdue).unwrap_or(Decimal::MAX)),
            floor_gap: Decimal::ZERO,
            gross_margin: margins.map_or(Decimal::ONE, |it| it.gross),
            net_margin: margins.map_or(Decimal::ONE, |it| it.net),
            cost_known: margins.is_some_and(|it| it.whole),
            in_stock,
            needs_days: order.needs_days().into(),
            date_feasible: self.is_feasible(order, case, now),
        }
    }

    fn margins(&self, order: &Order, case: &Case) -> Option<Margins> {
        let config = &self.books.config;
        let sold = Sold {
            master: &case.master,
            settings: &config.check.margin,
            exchange: &config.exchange,
            tax: &config.tax.rates,
        };
        check::margins(&order.content, &sold)
    }

    fn is_feasible(&self, order: &Order, case: &Case, now: DateTime<Utc>) -> bool {
        let Some(wanted) = order.content.wanted() else { return false };
        let plan = self.with_facts(order, case, |facts| release::plan::plan(order, facts, now));
        plan.is_ok_and(|plan| plan.promised <= wanted)
    }

    pub(super) fn in_book_currency(&self, money: Money) -> Option<Decimal> {
        self.books.config.exchange.in_book(money)
    }

    /// What the order takes of its customer's credit, in his currency; none of one who pays before, or without a rate.
    fn takes(&self, order: &Order, row: &Customer, terms: Terms) -> Option<Money> {
        let total = order.content.total().ok().flatten().filter(|_| terms != Terms::Prepaid)?;
        self.books.config.exchange.convert(total, row.currency)
    }

    /// The terms of this order: who asked for credit, and was given it by those who decide on that, pays later.
    fn terms_of(&self, order: &Order, row: &Customer) -> Terms {
        if let Some(granted) = order.granted {
            return if granted { Terms::Open } else { self.terms(row) };
        }
        let asked = order.problems.iter().any(|problem| problem.code == Code::CreditAsked);
        let given = |review: &Review| {
            review.queue == Queue::Credit && review.early.is_none() && review.agreed_by().next().is_some()
        };
        if asked && order.reviews.iter().any(given) { Terms::Open } else { self.terms(row) }
    }

    fn terms(&self, row: &Customer) -> Terms {
        if self.books.config.check.prepaid_terms.contains(&row.payment_terms) {
            Terms::Prepaid
        } else if self.books.config.terms.deposit.contains(&row.payment_terms) {
            Terms::Deposit
        } else {
            Terms::Open
        }
    }

    pub(super) fn buyer(&self, order: &Order, case: &Case) -> Buyer {
        let Some(row) = case.buyer_row(order) else { return Buyer::default() };
        let language = case.record.draft.language;
        let (envelope, party) =
            (&case.document.envelope, order.content.contact.and_then(|id| case.parties.get(&id)));
        let by_mail =
            if case.document.channel == Channel::Mail { envelope.from_address.clone() } else { None };
        // A program's address is never answered; a person of the customer's is told.
        let robot = envelope.from_address.as_deref().filter(|_| envelope.automatic);
        let answerable = |address: &String| {
            let own = case.master.is_own_domain(domain(address))
                || domain(address) == self.books.config.firm.domain;
            !own && robot.is_none_or(|robot| !robot.eq_ignore_ascii_case(address))
        };
        let fax = || {
            let number = row.fax.as_ref().or(row.fax_numbers.first());
            number.and_then(|number| self.books.config.fax_gateway.address_of(number))
        };
        let mail = by_mail
            .into_iter()
            .chain(party.and_then(|party| party.email.clone()))
            .chain(row.contacts.iter().map(|contact| contact.mail.clone()))
            .find(answerable)
            // His own number, not the one that the caller claims.
            .or_else(fax);
        let terms = self.terms_of(order, row);
        Buyer {
            code: row.code.clone(),
            name: if language == Language::En {
                row.name_en.clone().unwrap_or_else(|| row.name.clone())
            } else {
                row.name.clone()
            },
            language,
            mail: mail.into_iter().collect(),
            region: self
                .books
                .config
                .numbers
                .regions
                .get(&row.region)
                .cloned()
                .unwrap_or_else(|| UNKNOWN_REGION.to_owned()),
            terms,
            credit: self.takes(order, row, terms),
            title: Some(row.name.clone()),
            tax_number: None,
            tax_rate: order.content.currency.and_then(|it| self.books.config.tax.rates.get(&it).copied()),
        }
    }

    fn carrier(&self, order: &Order, case: &Case) -> String {
        let named =
            order.content.shipping_method.as_deref().and_then(|method| case.master.carrier_in(method));
        let region = case.buyer_row(order).map(|row| row.region.as_str());
        let serves = |regions: &[String]| regions.iter().any(|it| Some(it.as_str()) == region);
        named
            .or_else(|| case.master.carriers().find(|carrier| serves(&carrier.regions)))
            .map_or_else(|| self.books.config.terms.carrier.clone(), |carrier| carrier.code.clone())
    }

    fn products(&self, order: &Order, case: &Case) -> BTreeMap<String, Product> {
        let classes = &self.books.config.numbers.classes;
        let class = |category: &str| classes.get(category).cloned().unwrap_or_else(|| OTHER_CLASS.to_owned());
        let product = |sku: String| {
            let row = case.master.product(&sku)?;
            Some((
                sku,
                Product { class: class(&row.category), lead_days: row.lead_days, unit: row.unit.clone() },
            ))
        };
        skus(&order.content).into_iter().filter_map(product).collect()
    }

    /// Calls one of `release`'s functions with everything that it rests on.
    pub(super) fn with_facts<T>(
        &self,
        order: &Order,
        case: &Case,
        call: impl FnOnce(&ReleaseFacts<'_>) -> Result<T, ReleaseError>,
    ) -> Result<T, ReleaseError> {
        let house = self.books.house(&case.master);
        let party = |id: Option<uuid::Uuid>| id.and_then(|id| case.parties.get(&id));
        let answers: Option<&Envelope> = (case.document.channel == Channel::Mail
            && case.document.envelope.message_id.is_some())
        .then_some(&case.document.envelope);
        call(&ReleaseFacts {
            office: self.books.office(&house),
            buyer: &self.buyer(order, case),
            contact: party(order.content.contact),
            ship_to: party(order.content.ship_to),
            answers,
            as_data: case.document.channel == Channel::Data,
            carrier: &self.carrier(order, case),
            pattern: &self.books.pattern,
            sequence: case.next_number(),
            stock: &case.stock(order),
            before: case.before.as_ref(),
            products: &self.products(order, case),
            bills: &case.bills(order),
        })
    }
}

/// He bought from the firm before it worked with this program: he owes, or he is no new customer in its books.
fn has_bought(row: &Customer, case: &Case) -> bool {
    row.grade != "new" || case.master.balance(&row.code).is_some_and(|it| it.receivable > Decimal::ZERO)
}

fn covered(order: &Order, stock: &BTreeMap<String, Decimal>, master: &Master) -> bool {
    let mut left = stock.clone();
    order.content.lines.iter().all(|line| {
        let (Some(sku), Some(quantity)) = (&line.sku, line.quantity) else { return false };
        let free = left.entry(sku.clone()).or_default();
        *free = free.saturating_sub(in_stock_unit(line, quantity, master));
        *free >= Decimal::ZERO
    })
}

/// A line's quantity in the unit in which its product's stock is counted.
pub(super) fn in_stock_unit(line: &Line, quantity: Decimal, master: &Master) -> Decimal {
    let product = line.sku.as_deref().and_then(|sku| master.product(sku));
    product.map_or(quantity, |it| units::counted(quantity, line.unit.as_deref(), &it.unit))
}

fn domain(address: &str) -> &str {
    address.rsplit('@').next().unwrap_or(address)
}
