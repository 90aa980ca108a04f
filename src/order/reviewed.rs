//! What the reviews of an order come to: their part of the fold, and what was said in them.

use super::Order;
use super::done::WorkDone;
use super::event::Event;
use super::guarantee::Guaranteed;
use super::review::{Decided, Queue, Review, ReviewState};
use super::sheet::{FoldError, Returned};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Working days from the release on that the departments said they need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// All of them, in turn.
    pub days: u32,
    /// Of these purchasing, until what has to be bought is there; none where it did not say.
    pub material: Option<u32>,
}

impl Order {
    pub(super) fn note_review(&mut self, event: &Event) -> Result<(), FoldError> {
        if let Event::ReviewOpened { review } = event {
            self.reviews.push(review.clone());
        } else if let Event::ReviewDecided { review_id, decided } = event {
            self.decided(*review_id, decided)?;
        } else if let Event::ReviewWithdrawn { review_id } = event {
            self.open_review(*review_id)?.state = ReviewState::Withdrawn;
        } else if let Event::ReviewOverdue { review_id } = event {
            self.open_review(*review_id)?.overdue = true;
        } else if let Event::ReviewRestarted { review_id, at, due_at } = event {
            let review = self.open_review(*review_id)?;
            (review.restarted_at, review.due_at) = (Some(*at), *due_at);
        } else if let Event::ReviewSigned { review_id, decided } = event {
            let review = self.open_review(*review_id)?;
            review.signed.push(decided.clone());
            review.assigned = None;
            self.guarantees.extend(Guaranteed::of(*review_id, decided));
        } else if let Event::ReviewAssigned { review_id, to, .. } = event {
            self.open_review(*review_id)?.assigned = Some(to.clone());
        } else if let Event::ReviewerAdded { review_id, role, .. } = event {
            self.open_review(*review_id)?.added.push(*role);
        } else if let Event::ReviewBound { review_id, digest } = event {
            self.bound(*review_id, digest.as_ref())?;
        } else if let Event::GuaranteeBroken { review_id, until } = event {
            let given = self.guarantees.iter_mut().find(|it| {
                it.review_id == *review_id && !it.broken && until.is_none_or(|day| day == it.guarantee.until)
            });
            given.ok_or(FoldError::NoReview(*review_id))?.broken = true;
        }
        Ok(())
    }

    fn decided(&mut self, id: Uuid, decided: &Decided) -> Result<(), FoldError> {
        let review = self.open_review(id)?;
        let queue = review.queue;
        review.state = ReviewState::Decided(decided.clone());
        self.guarantees.extend(Guaranteed::of(id, decided));
        if decided.verdict == "return" {
            let to = decided.returned_to.unwrap_or(Queue::Keying);
            let what = decided.note.clone().unwrap_or_default();
            self.returned = Some(Returned { from: queue, to, what });
        } else if self.returned.as_ref().is_some_and(|it| it.to == queue) {
            self.returned = None;
        }
        Ok(())
    }

    fn bound(&mut self, id: Uuid, digest: Option<&String>) -> Result<(), FoldError> {
        let review = self.reviews.iter_mut().find(|review| review.id == id);
        match review.map(|review| &mut review.state) {
            Some(ReviewState::Decided(decided)) => {
                decided.agrees_to = digest.cloned();
                self.binding = None;
                Ok(())
            }
            Some(ReviewState::Open | ReviewState::Withdrawn) | None => Err(FoldError::NoReview(id)),
        }
    }

    fn open_review(&mut self, id: Uuid) -> Result<&mut Review, FoldError> {
        self.reviews.iter_mut().find(|r| r.id == id && r.is_open()).ok_or(FoldError::NoReview(id))
    }

    /// Reviews that still wait for a word.
    pub fn open_reviews(&self) -> impl Iterator<Item = &Review> {
        self.reviews.iter().filter(|review| review.is_open())
    }

    /// Working days from the release on that the departments said they need, added up: they work in turn. Of each queue its last
    /// word counts.
    #[must_use]
    pub fn needs_days(&self) -> u32 {
        let needs = self.last_words().into_values().filter_map(|decided| decided.needs_days);
        needs.fold(0, u32::saturating_add)
    }

    /// What the departments need, as the plan takes it.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let purchasing = self.last_words().remove(&Queue::Purchasing);
        Needs { days: self.needs_days(), material: purchasing.and_then(|decided| decided.needs_days) }
    }

    /// What the reviewers said was already done of what a change makes vain. Of each queue its last word counts.
    #[must_use]
    pub fn work_done(&self) -> Vec<WorkDone> {
        self.last_words().into_values().flat_map(|decided| decided.done.iter().cloned()).collect()
    }

    /// What sales want the customer to pay for a change, whatever the work comes to.
    #[must_use]
    pub fn fee_set(&self) -> Option<Decimal> {
        self.last_words().get(&Queue::Sales)?.fee
    }

    fn last_words(&self) -> BTreeMap<Queue, &Decided> {
        let decided = self.reviews.iter().filter_map(|review| match &review.state {
            ReviewState::Decided(decided) => Some((review.queue, decided)),
            ReviewState::Open | ReviewState::Withdrawn => None,
        });
        decided.collect()
    }
}
