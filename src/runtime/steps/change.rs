//! Changes: what an amendment makes of the order that it speaks of, and which queues that concerns.

use super::desk::Case;
use super::holdings;
use super::{Pen, Steps};
use crate::check::{self, LineMatch, Resolved};
use crate::order::amend::merged;
use crate::order::document::Kind as PartKind;
use crate::order::draft::{Draft, DraftLine, DraftOrder};
use crate::order::event::Tell;
use crate::order::ids::Ids;
use crate::order::line::{Content, Line};
use crate::order::money::{Money, round};
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::{Queue, ReviewState};
use crate::order::{Order, party::Party};
use crate::review::facts::{ChangeFacts, RuleFacts};
use crate::review::rules::Asked;
use crate::review::{self, can_change};
use crate::runtime::Failure;
use crate::store::{Key, Kind};
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

/// The order that an amendment or cancellation speaks of, and what stands around it.
pub(super) struct Changing {
    pub(super) target: Order,
    /// What it would come to.
    pub(super) content: Content,
    /// What stands around it, as if it held nothing itself.
    around: Case,
    /// What was read of it, line by line of what it is and of what it would be.
    is: (Draft, Resolved),
    would: (Draft, Resolved),
}

/// An order with everything that the rules ask about it.
struct Asking {
    order: Order,
    facts: RuleFacts,
}

impl Steps {
    /// Loads what an amendment or cancellation of `kind` would change, as its draft says and means it.
    pub(super) async fn changing(
        &self,
        kind: PartKind,
        target: &Order,
        (draft, said): (&Draft, &Resolved),
    ) -> Result<Box<Changing>, Failure> {
        let nothing = DraftOrder::default();
        let printed = draft.order.as_ref().unwrap_or(&nothing);
        let content = if kind == PartKind::Amendment {
            merged(&target.content, &said.content, printed, &self.books.config.changes.words)
        } else {
            target.content.clone()
        };
        let origin = self.origin(target).await?;
        let master = self.shelf.get().await?;
        let goods = both(&target.content, &content);
        let from = (&origin.document, &origin.record);
        let mut around = self.load(target.id, &goods, from, master.clone()).await?;
        self.load_held(target, &mut around).await?;
        around.parties.extend(said.ship_to.iter().map(|party: &Party| (party.id, party.clone())));
        holdings::lend(&mut around, &holdings::held(target, &master));
        around.before = Some(target.clone());
        let ids = Ids::new(target.id, target.sent_at);
        let own = &origin.record.draft;
        let resolved = self.resolved(own, &self.around(&origin.document), &ids, &master).await?;
        let is = aligned((&target.content, &target.content), (own, &resolved), None);
        let would = aligned((&content, &target.content), (own, &resolved), Some((draft, said)));
        Ok(Box::new(Changing { target: target.clone(), content, around, is, would }))
    }

    /// The problems of an amendment: its own, what it changes, and what would be wrong with the order then and is not now.
    pub(super) fn with_changes(
        &self,
        mut own: Vec<Problem>,
        case: &Order,
        changing: &Changing,
    ) -> Vec<Problem> {
        own.extend(changing.too_late());
        own.extend(check::same_again::amended(&case.content, &changing.target.content));
        let known = self.problems_of(&changing.target, changing, &changing.is);
        let would = self.problems_of(&changing.order_as(case), changing, &changing.would);
        own.extend(would.into_iter().filter(|problem| !known.contains(problem)));
        own
    }

    fn problems_of(
        &self,
        order: &Order,
        changing: &Changing,
        (draft, resolved): &(Draft, Resolved),
    ) -> Vec<Problem> {
        self.looked_at(order, &changing.around, (draft, resolved), check::check_content)
    }

    /// What the rules are asked about an order, amendment or cancellation.
    pub(super) fn rule_facts(&self, order: &Order, case: &Case, now: DateTime<Utc>) -> RuleFacts {
        let (customer, figures) = (self.customer_facts(order, case), self.figures(order, case, now));
        let mut facts = self.books.rule_facts(order, customer, figures, now);
        if let Some(changing) = &case.changing {
            facts.change = self.change_facts(order, &changing.target);
        }
        facts
    }

    /// The queues that an amendment of a released order concerns beside its own.
    pub(super) fn concerned(&self, case: &Order, around: &Case, pen: &mut Pen<'_>) -> Vec<Asked> {
        let Some(changing) = &around.changing else { return Vec::new() };
        // What is decided here is decided on the order as it was seen.
        pen.commit.requires.push((Key::new(Kind::Order, changing.target.id), changing.target.version));
        let amends = case.kind == PartKind::Amendment && case.status.is_open();
        if !amends || changing.target.promised.is_none() || !can_change(&changing.target) {
            return Vec::new();
        }
        pen.commit.requires.extend(changing.around.ahead.iter().cloned());
        // What is found free here is free when the change binds.
        let customer = changing.target.content.customer.clone().unwrap_or_default();
        let (credit, stock) = (&changing.around.credit, &changing.around.reserved);
        pen.commit.requires.push((Key::new(Kind::Credit, customer), credit.was));
        pen.commit
            .requires
            .extend(stock.iter().map(|(sku, figure)| (Key::new(Kind::Stock, sku), figure.was)));
        let asking = |order: Order, read| {
            let problems = self.problems_of(&order, changing, read);
            let order = Order { problems, ..order };
            let facts = self.rule_facts(&order, &changing.around, pen.now.at);
            Asking { order, facts }
        };
        let is = asking(changing.target.clone(), &changing.is);
        let would = asking(changing.order_as(case), &changing.would);
        review::concerned((&would.order, &would.facts), (&is.order, &is.facts), &self.books.rules)
    }

    fn change_facts(&self, case: &Order, target: &Order) -> ChangeFacts {
        let free = TimeDelta::hours(i64::from(self.books.config.release.free_change_hours));
        let works =
            |what: Tell| matches!(what, Tell::ProductionTask | Tell::PurchaseRequest | Tell::WarehousePick);
        let stated = case.reviews.iter().any(|review| {
            review.queue == Queue::Production
                && matches!(&review.state, ReviewState::Decided(decided) if decided.verdict == "approve")
        });
        let released = target.promised.is_some();
        let fee = self.books.config.changes.rates.cost(&case.work_done());
        let set = case.fee_set().map(|fee| self.in_book_currency(Money::new(fee, self.currency(target))));
        ChangeFacts {
            released,
            in_work: released
                && case.sent_at - target.sent_at > free
                && target.told.iter().any(|told| works(told.what)),
            stated,
            before: target
                .content
                .total()
                .ok()
                .flatten()
                .and_then(|it| self.in_book_currency(it))
                .unwrap_or_default(),
            more: self.rise(case, target),
            fee,
            charge: set.unwrap_or(fee),
        }
    }

    /// By how much an amendment raises the total, in the book currency; none where that can't be told.
    fn rise(&self, case: &Order, target: &Order) -> Option<Decimal> {
        if case.kind != PartKind::Amendment {
            return Some(Decimal::ZERO);
        }
        let total = |order: &Order| self.in_book_currency(order.content.total().ok().flatten()?);
        Some((total(case)? - total(target)?).max(Decimal::ZERO))
    }

    /// What the customer pays for a change that everybody agreed to, in the order's currency; none where that is nothing.
    pub(super) fn charge(&self, case: &Order, target: &Order) -> Option<Money> {
        let exchange = &self.books.config.exchange;
        let currency = self.currency(target);
        let charge = match case.fee_set() {
            Some(fee) => Money::new(round(fee, currency), currency),
            None => {
                let cost = self.books.config.changes.rates.cost(&case.work_done())?;
                let in_book = || Money::new(round(cost, exchange.book), exchange.book);
                exchange.convert(in_book(), currency).unwrap_or_else(in_book)
            }
        };
        (charge.amount > Decimal::ZERO).then_some(charge)
    }

    fn currency(&self, order: &Order) -> crate::order::money::Currency {
        order.content.currency.unwrap_or(self.books.config.exchange.book)
    }
}

impl Changing {
    /// The order with what the case makes of it, and with what the departments said there.
    fn order_as(&self, case: &Order) -> Order {
        Order {
            content: case.content.clone(),
            asked_for: None,
            reviews: case.reviews.clone(),
            // What the amendment says a clerk has looked at.
            sure: true,
            ..self.target.clone()
        }
    }

    /// Nothing can be done any more for goods that have left.
    pub(super) fn too_late(&self) -> Option<Problem> {
        let problem = Problem::new(Code::ChangeTooLate, "", Severity::Blocks, Queue::Keying);
        let ended = self.target.status.rung().is_none();
        (!ended && !can_change(&self.target)).then(|| problem.found(self.target.status.as_str()))
    }
}

/// A draft and what it means, line by line those of `content`: the lines of the order `base` as they stand in its own draft, in
/// the same order; new and other ones as an amendment says them. Totals that the documents print are not those of `content`.
fn aligned(
    (content, base): (&Content, &Content),
    (own, resolved): (&Draft, &Resolved),
    said: Option<(&Draft, &Resolved)>,
) -> (Draft, Resolved) {
    let read = |line: &Line| -> (DraftLine, LineMatch) {
        let place = base.lines.iter().position(|own| own.position == line.position);
        let from_own = place.and_then(|at| taken(own, resolved, at, line));
        let from_said = || {
            let (draft, meant) = said?;
            let at = meant
                .content
                .lines
                .iter()
                .position(|it| it.sku == line.sku && it.description == line.description)?;
            taken(draft, meant, at, line)
        };
        let unread = || {
            let found = LineMatch { sku: line.sku.clone(), ..LineMatch::default() };
            (DraftLine::default(), found)
        };
        from_own.or_else(from_said).unwrap_or_else(unread)
    };
    let (lines, matches): (Vec<DraftLine>, Vec<LineMatch>) = content.lines.iter().map(read).unzip();
    let printed = own.order.clone().unwrap_or_default();
    let order = DraftOrder { lines, total: None, total_in_words: None, ..printed };
    let draft = Draft { order: Some(order), ..own.clone() };
    let resolved = Resolved { content: content.clone(), lines: matches, ..resolved.clone() };
    (draft, resolved)
}

fn taken(draft: &Draft, resolved: &Resolved, at: usize, line: &Line) -> Option<(DraftLine, LineMatch)> {
    let found = resolved.lines.get(at).filter(|found| found.sku == line.sku)?;
    Some((draft.order.as_ref()?.lines.get(at)?.clone(), found.clone()))
}

/// The goods of both contents, and the parties of the second.
pub(super) fn both(is: &Content, would: &Content) -> Content {
    let lines = is.lines.iter().chain(&would.lines).cloned().collect();
    Content { lines, ..would.clone() }
}
