//! What one reading comes to in the words of the sample format: customer, products, problems.

use super::{Around, Case, Facts, checks_of_content, resolve};
use crate::order::document::Kind;
use crate::order::draft::Draft;
use crate::order::ids::Ids;
use crate::order::problem::{Code, Problem};
use chrono::DateTime;
use serde_json::{Value, json};
use uuid::Uuid;

/// `{"customer_code", "skus", "problems"}` for all parts of one message, each looked at by itself: without the customer's
/// earlier orders.
#[must_use]
pub fn expect(drafts: &[Draft], around: &Around<'_>, facts: &Facts<'_>) -> Value {
    let ids = Ids::new(Uuid::nil(), DateTime::UNIX_EPOCH);
    let mut customer = None;
    let mut skus: Vec<Option<String>> = Vec::new();
    let mut problems: Vec<&'static str> = Vec::new();
    for draft in drafts {
        let resolved = resolve(draft, around, &ids, facts.master);
        let case = Case { content: &resolved.content, draft, around, resolved: &resolved, facts };
        skus.extend(resolved.content.lines.iter().map(|line| line.sku.clone()));
        if matches!(draft.kind, Kind::Order | Kind::Amendment | Kind::Cancellation) {
            for word in checks_of_content(&case).iter().filter_map(word) {
                if !problems.contains(&word) {
                    problems.push(word);
                }
            }
        }
        customer = customer.or(resolved.content.customer);
    }
    json!({ "customer_code": customer, "skus": skus, "problems": problems })
}

/// The word of the samples' closed set; none for a problem that they do not have.
fn word(problem: &Problem) -> Option<&'static str> {
    match problem.code {
        Code::AmbiguousProduct => Some(Code::UnknownProduct.as_str()),
        Code::UnknownCustomer
        | Code::UnknownProduct
        | Code::MissingQuantity
        | Code::MissingPrice
        | Code::MissingDeliveryDate
        | Code::TotalMismatch
        | Code::BelowMoq
        | Code::PriceBelowFloor
        | Code::OverCreditLimit
        | Code::LeadTimeTooShort
        | Code::DuplicateOf
        | Code::ConflictsWith
        | Code::Amends
        | Code::Cancels => Some(problem.code.as_str()),
        Code::Unread
        | Code::Unsure
        | Code::UnknownSender
        | Code::MissingLines
        | Code::MissingUnit
        | Code::MissingShipTo
        | Code::MissingTerms
        | Code::MissingCurrency
        | Code::CurrencyMismatch
        | Code::UnitMismatch
        | Code::CategoryRule
        | Code::NotPackMultiple
        | Code::PriceNotOnList
        | Code::Overdue
        | Code::SenderNotAuthentic
        | Code::ReplyElsewhere
        | Code::PhoneDiffers
        | Code::LookalikeDomain
        | Code::FraudSuspected
        | Code::DiffersFrom
        | Code::ShortOfStock
        | Code::DiscountCodeInvalid
        | Code::PickupTooSoon
        | Code::MissingVehicle
        | Code::NewShipTo
        | Code::ChangeTooLate
        | Code::MarginTooLow
        | Code::RateMissing
        | Code::CreditAsked
        | Code::UnpaidEarlier
        | Code::MaterialsShort
        | Code::BomUnusable => None,
    }
}
