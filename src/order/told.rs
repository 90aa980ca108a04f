//! What makers, warehouse, carriers, accounting, departments and customers' systems are told of an order.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One position of a task, pick or instruction: what the receiver needs, and no prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoodsLine {
    pub position: u32,
    pub sku: String,
    pub description: String,
    pub quantity: Decimal,
    pub unit: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_first(revision: &u32) -> bool {
    *revision == 0
}

/// Production task (生产任务单).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductionTask {
    pub order_id: Uuid,
    pub number: String,
    /// How often the order was amended since its release: this takes the place of what was told with a lower one.
    #[serde(default, skip_serializing_if = "is_first")]
    pub revision: u32,
    pub promised: NaiveDate,
    pub lines: Vec<GoodsLine>,
    /// What the making takes, as far as bills of material say so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub materials: Vec<MaterialLine>,
}

/// What one position takes of a component, in the component's unit. What is neither in stock nor bought is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterialLine {
    pub position: u32,
    pub component: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub quantity: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    pub from_stock: Decimal,
    pub to_buy: Decimal,
    pub needed_by: NaiveDate,
}

/// Purchase request (请购单).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurchasingRequest {
    pub order_id: Uuid,
    pub number: String,
    /// How often the order was amended since its release: this takes the place of what was told with a lower one.
    #[serde(default, skip_serializing_if = "is_first")]
    pub revision: u32,
    pub lines: Vec<RequestLine>,
}

/// What has to be bought of one component, in its unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestLine {
    pub component: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub quantity: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    pub needed_by: NaiveDate,
    /// Code of the supplier, where one delivers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// The order's positions that it is for.
    pub positions: Vec<u32>,
}

/// Picking (领料/拣货).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarehousePick {
    pub order_id: Uuid,
    pub number: String,
    /// How often the order was amended since its release: this takes the place of what was told with a lower one.
    #[serde(default, skip_serializing_if = "is_first")]
    pub revision: u32,
    pub lines: Vec<GoodsLine>,
}

/// Shipping instruction (发货通知).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShippingInstruction {
    pub order_id: Uuid,
    pub number: String,
    /// How often the order was amended since its release: this takes the place of what was told with a lower one.
    #[serde(default, skip_serializing_if = "is_first")]
    pub revision: u32,
    pub carrier: String,
    pub ship_to: ShipTo,
    pub deliver_by: NaiveDate,
    pub lines: Vec<GoodsLine>,
}

/// Where the carrier takes the goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShipTo {
    pub name: Option<String>,
    pub contact: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
}

/// Request for an invoice and posting of the receivable (开票申请).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountingInvoice {
    pub order_id: Uuid,
    pub number: String,
    pub customer: String,
    pub po_number: Option<String>,
    pub title: Option<String>,
    pub tax_number: Option<String>,
    pub currency: super::money::Currency,
    /// 0.13 for 13 %; none where the firm has set none for this customer.
    pub tax_rate: Option<Decimal>,
    pub lines: Vec<InvoiceLine>,
    /// What changes of the order cost; part of the total.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<Decimal>,
    pub total: Decimal,
}

/// One position of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceLine {
    pub position: u32,
    pub sku: String,
    pub description: String,
    pub quantity: Decimal,
    pub unit: String,
    pub unit_price: Decimal,
    pub amount: Decimal,
}

/// The order confirmation (订单确认) as data, for an order that came as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderConfirmed {
    pub order_id: Uuid,
    pub number: String,
    /// How often the order was amended since its release.
    #[serde(default, skip_serializing_if = "is_first")]
    pub revision: u32,
    pub customer: String,
    pub po_number: Option<String>,
    pub promised: NaiveDate,
    pub currency: super::money::Currency,
    pub lines: Vec<InvoiceLine>,
    pub total: Decimal,
}

/// What a department is told of a released order, with only what it may see, as a text for people and as lines for systems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    pub order_id: Uuid,
    pub number: String,
    /// How often the order was amended since its release.
    #[serde(default, skip_serializing_if = "is_first")]
    pub revision: u32,
    pub department: super::department::Department,
    pub promised: Option<NaiveDate>,
    pub lines: Vec<GoodsLine>,
    pub subject: String,
    pub text: String,
}

/// What happened to an order that supervision watches (监察), since it was told last: every step, with prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderWatched {
    pub order_id: Uuid,
    /// None until the order is released.
    pub number: Option<String>,
    /// Our code of the customer.
    pub customer: Option<String>,
    pub po_number: Option<String>,
    pub kind: super::document::Kind,
    /// Where it stands after these steps.
    pub status: String,
    pub at: DateTime<Utc>,
    /// Who brought them about: user id, system, or a step of gendan itself.
    pub by: String,
    pub currency: Option<super::money::Currency>,
    pub total: Option<Decimal>,
    pub steps: Vec<WatchedStep>,
    pub subject: String,
    pub text: String,
}

/// One step of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchedStep {
    /// Place of the event in the order's history.
    pub sequence: u64,
    /// `review_decided`, `released` …
    pub event: String,
    /// The same in words, in the language of the house.
    pub said: String,
}
