//! Whether an agreement carries the guarantee that it has to carry, and one that may stand.

use super::rules::Rules;
use crate::order::review::{Decision, Queue, Refusal, Review, Verdict};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// Over the credit limit somebody guarantees (DOMAIN: Credit rules), with the reason and how the customer paid before in the
/// note. Of several who have to agree one is enough.
pub(super) fn stands(
    review: &Review,
    decision: &Decision,
    (rules, now): (&Rules, DateTime<Utc>),
) -> Result<(), Refusal> {
    let Verdict::Approve { guarantee: given, .. } = &decision.verdict else { return Ok(()) };
    let refused = |why| Err(Refusal::Guarantee(why));
    let Some(guarantee) = given else {
        let last = review.missing_after(decision.role).is_empty();
        let before = review.signed.iter().any(|it| it.guarantee.is_some());
        return if last && !before && rules.wants_guarantee(review) {
            refused(
                "one of those who agree has to say until when the order is paid, with --guarantee-until DATE, and why, with --note",
            )
        } else {
            Ok(())
        };
    };
    if review.queue != Queue::Credit {
        return refused("it is given in the queue credit only: agree without one");
    }
    if guarantee.until < now.date_naive() {
        return refused("its day has passed: name one that is to come");
    }
    if guarantee.amount.is_some_and(|amount| amount <= Decimal::ZERO) {
        return refused("its amount must be greater than 0: leave it out for the whole order");
    }
    if decision.note.as_ref().is_none_or(|note| note.trim().is_empty()) {
        return refused("say why, and how the customer paid before: it is kept with the order");
    }
    Ok(())
}
