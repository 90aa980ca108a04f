//! What rules may ask: typed facts about an order, its customer, its problems and the figures around it.
//!
//! Amounts are exact decimals here and become CEL doubles only to be compared; whatever has to be computed is
//! computed before, in decimals.

use crate::order::Order;
use crate::order::problem::{Problem, Severity};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Serialize, Serializer};

/// Everything a rule's `when` can name, beside `settings`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleFacts {
    pub order: OrderFacts,
    pub customer: CustomerFacts,
    pub problems: Vec<ProblemFacts>,
    /// Of an amendment or cancellation; nothing of it for an order.
    pub change: ChangeFacts,
    /// Severity of the worst problem: `none`, `note`, `review` or `blocks`.
    pub worst: String,
    pub figures: Figures,
}

/// About the order itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderFacts {
    /// `order`, `amendment` or `cancellation`.
    pub kind: String,
    /// The order's currency, or nothing.
    pub currency: String,
    pub lines: i64,
    /// Every figure is proven.
    pub sure: bool,
    pub has_requested_date: bool,
    /// What is offered differs from what was asked for: a reviewer set conditions.
    pub offer_differs: bool,
    /// Days from today to the day on which all has to be there; 0 when no day is named.
    pub wanted_in_days: i64,
    pub terms: String,
    pub incoterm: String,
}

/// About the customer, from master data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct CustomerFacts {
    pub known: bool,
    pub code: String,
    /// `key`, `normal` or `new`.
    pub grade: String,
    /// `factory`, `trading`, `distributor` or `overseas`.
    #[serde(rename = "type")]
    pub customer_type: String,
    /// Terms of payment agreed with him.
    pub terms: String,
    /// Pays before the goods leave.
    pub prepaid: bool,
    pub first_order: bool,
}

/// What a change comes to: about an amendment or cancellation and the order that it speaks of. Amounts in the book currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeFacts {
    /// The order was released.
    pub released: bool,
    /// The change came too late to be free, and somebody has been told to make, buy or pick since.
    pub in_work: bool,
    /// It was said what of it is already done.
    pub stated: bool,
    /// Total of the order as it is.
    #[serde(serialize_with = "number")]
    pub before: Decimal,
    /// By how much the order's total rises. A rise that can't be told counts as boundless.
    #[serde(serialize_with = "boundless")]
    pub more: Option<Decimal>,
    /// What the work comes to that is already done. One that can't be told counts as boundless.
    #[serde(serialize_with = "boundless")]
    pub fee: Option<Decimal>,
    /// What the customer is asked to pay: what sales set, else the fee.
    #[serde(serialize_with = "boundless")]
    pub charge: Option<Decimal>,
}

impl Default for ChangeFacts {
    fn default() -> Self {
        let (before, zero) = (Decimal::ZERO, Some(Decimal::ZERO));
        Self { released: false, in_work: false, stated: false, before, more: zero, fee: zero, charge: zero }
    }
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemFacts {
    pub code: String,
    /// `note`, `review` or `blocks`.
    pub severity: String,
    /// The queue whose people can clear it.
    pub clears: String,
    pub path: String,
}

/// Figures around the order, all in the book currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Total in the book currency. One that is not known counts as boundless, so that no limit is taken to hold.
    #[serde(serialize_with = "boundless")]
    pub total: Option<Decimal>,
    /// What the customer's open orders and invoices take of his credit, and this order.
    #[serde(serialize_with = "number")]
    pub exposure: Decimal,
    #[serde(serialize_with = "number")]
    pub credit_limit: Decimal,
    #[serde(serialize_with = "number")]
    pub overdue: Decimal,
    /// How far the worst price lies under its floor, as a share of the floor: 0.05 = 5 % under.
    #[serde(serialize_with = "number")]
    pub floor_gap: Decimal,
    /// What the order leaves of its price without VAT when the goods are paid, as a share: 0.15 = 15 %. Only lines count whose
    /// cost is known; 1 where none is, so that no least margin is taken to be missed.
    #[serde(serialize_with = "number")]
    pub gross_margin: Decimal,
    /// The same less the selling expenses.
    #[serde(serialize_with = "number")]
    pub net_margin: Decimal,
    /// The cost of every line is known.
    pub cost_known: bool,
    /// All goods are there and free.
    pub in_stock: bool,
    /// Working days that the departments said they need, added up.
    pub needs_days: i64,
    /// The wanted day can be met, from stock or by lead time; also when none is named.
    pub date_feasible: bool,
}

impl Default for Figures {
    /// What must be assumed when nothing is known.
    fn default() -> Self {
        Self {
            total: None,
            exposure: Decimal::ZERO,
            credit_limit: Decimal::ZERO,
            overdue: Decimal::ZERO,
            floor_gap: Decimal::ZERO,
            gross_margin: Decimal::ONE,
            net_margin: Decimal::ONE,
            cost_known: false,
            in_stock: false,
            needs_days: 0,
            date_feasible: false,
        }
    }
}

impl RuleFacts {
    /// The facts of one order as it stands `today` (the house's day).
    #[must_use]
    pub fn of(order: &Order, customer: CustomerFacts, figures: Figures, today: NaiveDate) -> Self {
        let content = &order.content;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            order: OrderFacts {
                kind: order.kind.as_str().to_owned(),
                currency: content.currency.map(String::from).unwrap_or_default(),
                lines: i64::try_from(content.lines.len()).unwrap_or(i64::MAX),
                sure: order.sure,
                has_requested_date: content.wanted().is_some(),
                offer_differs: order.asked_for.is_some(),
                wanted_in_days: content.wanted().map_or(0, |day| (day - today).num_days()),
                terms: text(&content.payment_terms),
                incoterm: text(&content.incoterm),
            },
            customer,
            problems: order.problems.iter().map(ProblemFacts::of).collect(),
            change: ChangeFacts::default(),
            worst: order
                .problems
                .iter()
                .map(|it| it.severity)
                .max()
                .map_or("none", Severity::as_str)
                .to_owned(),
            figures,
        }
    }

    /// A specimen in which every list has a member: what rules are checked against when they are loaded.
    #[must_use]
    pub fn specimen() -> Self {
        let mut facts = Self::bare();
        facts.problems.push(ProblemFacts {
            code: "unsure".to_owned(),
            severity: "review".to_owned(),
            clears: "keying".to_owned(),
            path: "lines.0.quantity".to_owned(),
        });
        facts
    }

    /// A specimen of which as little as possible is known.
    #[must_use]
    pub fn bare() -> Self {
        Self {
            order: OrderFacts {
                kind: "order".to_owned(),
                currency: String::new(),
                lines: 0,
                sure: false,
                has_requested_date: false,
                offer_differs: false,
                wanted_in_days: 0,
                terms: String::new(),
                incoterm: String::new(),
            },
            customer: CustomerFacts::default(),
            problems: Vec::new(),
            change: ChangeFacts::default(),
            worst: "none".to_owned(),
            figures: Figures::default(),
        }
    }
}

impl ProblemFacts {
    fn of(problem: &Problem) -> Self {
        Self {
            code: problem.code.as_str().to_owned(),
            severity: problem.severity.as_str().to_owned(),
            clears: problem.clears.as_str().to_owned(),
            path: problem.path.clone(),
        }
    }
}

fn number<S: Serializer>(value: &Decimal, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(value.to_f64().unwrap_or(f64::INFINITY))
}

fn boundless<S: Serializer>(value: &Option<Decimal>, to: S) -> Result<S::Ok, S::Error> {
    number(&value.unwrap_or(Decimal::MAX), to)
}
