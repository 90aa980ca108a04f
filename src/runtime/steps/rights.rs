//! Rights: whether a decision is within what its person may, whichever way it came.

use super::Steps;
use crate::order::Order;
use crate::order::document::Kind as PartKind;
use crate::order::review::{Decision, Queue, Role, Verdict};
use crate::review::conditions;
use crate::rights::{Denied, Subject};
use crate::runtime::Failure;
use crate::runtime::rights::Delegations;
use chrono::{DateTime, Utc};

impl Steps {
    pub(super) async fn may_decide(
        &self,
        order: &Order,
        decision: &Decision,
        now: DateTime<Utc>,
    ) -> Result<Result<(), Denied>, Failure> {
        // What there is no review of is refused by the review itself.
        let Some(review) = order.reviews.iter().find(|review| review.id == decision.review_id) else {
            return Ok(Ok(()));
        };
        let delegations = if decision.on_behalf_of.is_some() {
            Delegations::load(self.store.as_ref()).await?
        } else {
            Delegations::default()
        };
        let deciders: Vec<Role> = review.deciders().collect();
        let cancels = order.kind == PartKind::Cancellation;
        let target = match order.refers_to.filter(|_| cancels) {
            Some(target) => Some(self.order(target).await?.order),
            None => None,
        };
        let content = &target.as_ref().unwrap_or(order).content;
        // What he agrees to is the order with his conditions in it.
        let offered = match &decision.verdict {
            Verdict::Approve { conditions, .. } => conditions::apply(content, conditions).ok(),
            Verdict::Return { .. }
            | Verdict::Reject { .. }
            | Verdict::File { .. }
            | Verdict::Correct { .. }
            | Verdict::Transfer { .. }
            | Verdict::AddReviewer { .. }
            | Verdict::Appeal { .. }
            | Verdict::Ask => None,
        };
        let total = offered.as_ref().unwrap_or(content).total().ok().flatten();
        let total = total.and_then(|total| self.in_book_currency(total));
        // Who says what was done, or takes down what the customer says, cancels nothing by that.
        let cancels =
            cancels && !matches!(review.queue, Queue::Production | Queue::Purchasing | Queue::Offer);
        let subject = Subject { queue: review.queue, deciders: &deciders, cancels, total };
        Ok(self.books.staff(&delegations.all).may_decide(decision, &subject, now))
    }
}
