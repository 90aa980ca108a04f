//! A problem is data: what is wrong, where, and who can clear it.

use super::draft::{Evidence, Found};
use super::proposal::Proposal;
use super::review::Queue;
use serde::{Deserialize, Serialize};

/// What a problem does to the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Said to those who look, and no more.
    Note,
    /// A person has to look before the order goes on.
    Review,
    /// The order can't go on as it is; only a correction clears it.
    Blocks,
}

impl Severity {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Review => "review",
            Self::Blocks => "blocks",
        }
    }
}

/// The closed set of problems. The word is stable: rules, JSON and wordings use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The reader had to leave something to a person.
    Unread,
    /// The reader is not sure enough of a field.
    Unsure,
    UnknownCustomer,
    /// The sender's address is not one of the customer's.
    UnknownSender,
    UnknownProduct,
    /// A text fits several products.
    AmbiguousProduct,
    MissingLines,
    MissingQuantity,
    MissingPrice,
    MissingUnit,
    MissingDeliveryDate,
    MissingShipTo,
    MissingTerms,
    MissingCurrency,
    /// quantity × price ≠ amount, or the amounts ≠ the total.
    TotalMismatch,
    /// The document's currency is not the customer's.
    CurrencyMismatch,
    /// The unit is not the product's.
    UnitMismatch,
    /// What the category's schema asks for is missing or wrong.
    CategoryRule,
    BelowMoq,
    /// The quantity is no multiple of the pack.
    NotPackMultiple,
    PriceBelowFloor,
    /// The price differs from the customer's list, on either side.
    PriceNotOnList,
    OverCreditLimit,
    Overdue,
    LeadTimeTooShort,
    DuplicateOf,
    ConflictsWith,
    Amends,
    Cancels,
    /// Nothing proves that the mail comes from the domain in its address.
    SenderNotAuthentic,
    /// Answers to the mail would go to an address that is not the customer's.
    ReplyElsewhere,
    /// The phone number on the order is none of the customer's.
    PhoneDiffers,
    /// The sender's domain resembles a customer's without being it.
    LookalikeDomain,
    /// Several signs together that look like fraud.
    FraudSuspected,
    /// What a changed order says differently from the one before it.
    DiffersFrom,
    /// Less is free than is wanted, and what is missing can be made in time.
    ShortOfStock,
    /// A promotion or discount code that does not hold for this order.
    DiscountCodeInvalid,
    /// The customer collects the goods himself, and says so too late.
    PickupTooSoon,
    /// The customer collects the goods himself, and does not say by which vehicle.
    MissingVehicle,
    /// The goods are to go where none of the customer's went before.
    NewShipTo,
    /// An order is to be changed or cancelled whose goods have left.
    ChangeTooLate,
    /// Gross or net margin, or the selling expenses, are outside their limits.
    MarginTooLow,
    /// The order's currency has no rate to the book currency: no limit can be compared with.
    RateMissing,
    /// A customer who pays before asks for credit.
    CreditAsked,
    /// A customer who pays before owes for earlier orders.
    UnpaidEarlier,
    /// Material for what has to be made is not free, and has to be bought.
    MaterialsShort,
    /// A product is made of itself, or of too many levels: nobody can say what its making takes.
    BomUnusable,
}

impl Code {
    pub const ALL: [Self; 47] = [
        Self::Unread,
        Self::Unsure,
        Self::UnknownCustomer,
        Self::UnknownSender,
        Self::UnknownProduct,
        Self::AmbiguousProduct,
        Self::MissingLines,
        Self::MissingQuantity,
        Self::MissingPrice,
        Self::MissingUnit,
        Self::MissingDeliveryDate,
        Self::MissingShipTo,
        Self::MissingTerms,
        Self::MissingCurrency,
        Self::TotalMismatch,
        Self::CurrencyMismatch,
        Self::UnitMismatch,
        Self::CategoryRule,
        Self::BelowMoq,
        Self::NotPackMultiple,
        Self::PriceBelowFloor,
        Self::PriceNotOnList,
        Self::OverCreditLimit,
        Self::Overdue,
        Self::LeadTimeTooShort,
        Self::DuplicateOf,
        Self::ConflictsWith,
        Self::Amends,
        Self::Cancels,
        Self::SenderNotAuthentic,
        Self::ReplyElsewhere,
        Self::PhoneDiffers,
        Self::LookalikeDomain,
        Self::FraudSuspected,
        Self::DiffersFrom,
        Self::ShortOfStock,
        Self::DiscountCodeInvalid,
        Self::PickupTooSoon,
        Self::MissingVehicle,
        Self::NewShipTo,
        Self::ChangeTooLate,
        Self::MarginTooLow,
        Self::RateMissing,
        Self::CreditAsked,
        Self::UnpaidEarlier,
        Self::MaterialsShort,
        Self::BomUnusable,
    ];

    /// The word in snake case, as JSON has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Unsure => "unsure",
            Self::UnknownCustomer => "unknown_customer",
            Self::UnknownSender => "unknown_sender",
            Self::UnknownProduct => "unknown_product",
            Self::AmbiguousProduct => "ambiguous_product",
            Self::MissingLines => "missing_lines",
            Self::MissingQuantity => "missing_quantity",
            Self::MissingPrice => "missing_price",
            Self::MissingUnit => "missing_unit",
            Self::MissingDeliveryDate => "missing_delivery_date",
            Self::MissingShipTo => "missing_ship_to",
            Self::MissingTerms => "missing_terms",
            Self::MissingCurrency => "missing_currency",
            Self::TotalMismatch => "total_mismatch",
            Self::CurrencyMismatch => "currency_mismatch",
            Self::UnitMismatch => "unit_mismatch",
            Self::CategoryRule => "category_rule",
            Self::BelowMoq => "below_moq",
            Self::NotPackMultiple => "not_pack_multiple",
            Self::PriceBelowFloor => "price_below_floor",
            Self::PriceNotOnList => "price_not_on_list",
            Self::OverCreditLimit => "over_credit_limit",
            Self::Overdue => "overdue",
            Self::LeadTimeTooShort => "lead_time_too_short",
            Self::DuplicateOf => "duplicate_of",
            Self::ConflictsWith => "conflicts_with",
            Self::Amends => "amends",
            Self::Cancels => "cancels",
            Self::SenderNotAuthentic => "sender_not_authentic",
            Self::ReplyElsewhere => "reply_elsewhere",
            Self::PhoneDiffers => "phone_differs",
            Self::LookalikeDomain => "lookalike_domain",
            Self::FraudSuspected => "fraud_suspected",
            Self::DiffersFrom => "differs_from",
            Self::ShortOfStock => "short_of_stock",
            Self::DiscountCodeInvalid => "discount_code_invalid",
            Self::PickupTooSoon => "pickup_too_soon",
            Self::MissingVehicle => "missing_vehicle",
            Self::NewShipTo => "new_ship_to",
            Self::ChangeTooLate => "change_too_late",
            Self::MarginTooLow => "margin_too_low",
            Self::RateMissing => "rate_missing",
            Self::CreditAsked => "credit_asked",
            Self::UnpaidEarlier => "unpaid_earlier",
            Self::MaterialsShort => "materials_short",
            Self::BomUnusable => "bom_unusable",
        }
    }
}

/// Something about an order that a person or the customer has to know or clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub code: Code,
    /// Path of the field in the draft: `lines.0.quantity`, `customer.name`; empty for the whole order.
    pub path: String,
    pub found: Option<String>,
    pub expected: Option<String>,
    pub evidence: Option<Evidence>,
    pub severity: Severity,
    /// The queue whose people can clear it.
    pub clears: Queue,
    /// What the customer can be offered instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposals: Vec<Proposal>,
}

impl Problem {
    #[must_use]
    pub fn new(code: Code, path: impl Into<String>, severity: Severity, clears: Queue) -> Self {
        Self {
            code,
            path: path.into(),
            found: None,
            expected: None,
            evidence: None,
            severity,
            clears,
            proposals: Vec::new(),
        }
    }

    /// With what was found.
    #[must_use]
    pub fn found(self, found: impl ToString) -> Self {
        Self { found: Some(found.to_string()), ..self }
    }

    /// With what would have been right.
    #[must_use]
    pub fn expected(self, expected: impl ToString) -> Self {
        Self { expected: Some(expected.to_string()), ..self }
    }

    /// With the place where the field stands.
    #[must_use]
    pub fn at<T>(self, field: &Found<T>) -> Self {
        Self { evidence: field.as_ref().map(|field| field.evidence.clone()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Problem, Severity};
    use crate::order::proposal::Proposal;
    use crate::order::review::Queue;

    #[test]
    fn a_problem_that_was_stored_before_there_were_proposals_is_read() {
        let problem =
            Problem::new(Code::LeadTimeTooShort, "requested_delivery", Severity::Review, Queue::Production);
        let stored = serde_json::to_value(&problem).unwrap();
        assert!(stored.get("proposals").is_none(), "{stored}");
        assert_eq!(serde_json::from_value::<Problem>(stored).unwrap(), problem);
        let date = chrono::NaiveDate::from_ymd_opt(2026, 3, 27).unwrap();
        let with = Problem { proposals: vec![Proposal::LaterDate { date }], ..problem };
        let stored = serde_json::to_value(&with).unwrap();
        assert_eq!(serde_json::from_value::<Problem>(stored).unwrap(), with);
    }
}
