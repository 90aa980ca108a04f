//! The checks, on an order as everything stands now.

use super::Steps;
use super::desk::{Case, Stuck};
use crate::check::{self, Facts, Resolved, SamePo};
use crate::order::Order;
use crate::order::document::Kind as PartKind;
use crate::order::draft::Draft;
use crate::order::event::Event;
use crate::order::problem::Problem;
use crate::runtime::work::Work;

impl Steps {
    /// Checks the order, and notes what came of it where that is new.
    pub(super) fn check_anew(&self, work: &mut Work, case: &Case, resolved: &Resolved) -> Result<(), Stuck> {
        let order = &work.order;
        let draft = &case.record.draft;
        let (problems, surety) = match &case.changing {
            Some(changing) if order.kind == PartKind::Amendment => {
                let own = self.looked_at(order, case, (draft, resolved), check::check_change);
                let surety = self.looked_at(order, case, (draft, resolved), |it| check::sure(it, &own));
                (self.with_changes(own, order, changing), surety)
            }
            Some(changing) => {
                let own = self.looked_at(order, case, (draft, resolved), check::check_all);
                let surety = self.looked_at(order, case, (draft, resolved), |it| check::sure(it, &own));
                (changing.too_late().into_iter().chain(own).collect(), surety)
            }
            None => self.looked_at(order, case, (draft, resolved), |it| {
                let problems = check::fraud::kept(&order.problems, check::check_all(it));
                let surety = surety(order, it, &problems);
                (problems, surety)
            }),
        };
        let problems = check::fraud::kept(&order.problems, problems);
        if order.problems != problems || order.sure != surety.sure || order.proofs != surety.proofs {
            work.add([Event::Checked { problems, sure: surety.sure, proofs: surety.proofs }])?;
        }
        Ok(())
    }

    /// What a check says of an order as it is, read from this draft.
    pub(super) fn looked_at<T>(
        &self,
        order: &Order,
        case: &Case,
        (draft, resolved): (&Draft, &Resolved),
        look: impl FnOnce(&check::Case<'_>) -> T,
    ) -> T {
        let around = self.around(&case.document);
        let same: Vec<SamePo<'_>> = case.same.iter().map(|same| same.known()).collect();
        let reserved = case.reserved.iter().map(|(sku, figure)| (sku.clone(), figure.value)).collect();
        let facts = Facts {
            master: &case.master,
            categories: &self.books.categories,
            settings: &self.books.config.check,
            exchange: &self.books.config.exchange,
            tax: &self.books.config.tax.rates,
            open_credit: Some(case.credit.value),
            reserved: &reserved,
            same: &same,
        };
        look(&check::Case { content: &order.content, draft, around: &around, resolved, facts: &facts })
    }
}

/// What is proven is that the customer's own words were read as he meant them, whatever is offered to him instead. What an
/// amendment made of them a person has looked at.
fn surety(order: &Order, checked: &check::Case<'_>, problems: &[Problem]) -> check::Surety {
    if order.amended {
        return check::Surety { sure: order.sure, proofs: order.proofs.clone(), ..check::Surety::default() };
    }
    match &order.asked_for {
        None => check::sure(checked, problems),
        Some(asked) => {
            let asked = check::Case { content: asked.as_ref(), ..*checked };
            check::sure(&asked, &check::fraud::kept(&order.problems, check::check_all(&asked)))
        }
    }
}
