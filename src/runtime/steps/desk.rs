//! The order desk: what is loaded around an order, and how far the order goes on from where it stands.

use super::change::Changing;
use super::soft_hold::Unread;
use super::{Pen, Steps, parsed};
use crate::check::{Resolved, SamePo};
use crate::master::Master;
use crate::order::Order;
use crate::order::document::{Channel, Document};
use crate::order::line::Content;
use crate::order::money::Money;
use crate::order::party::Party;
use crate::order::sheet::FoldError;
use crate::release::{self, Release, ReleaseError};
use crate::review::{self, deadline};
use crate::runtime::work::Work;
use crate::runtime::{Failure, ahead};
use crate::store::{Commit, Disposition, Index, Json, Key, Kind, PartRecord, Write};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Why an order can't go on, though it should.
#[derive(Debug)]
pub(super) enum Stuck {
    Fold(FoldError),
    Other(String),
}

impl From<FoldError> for Stuck {
    fn from(error: FoldError) -> Self {
        Self::Fold(error)
    }
}

impl From<ReleaseError> for Stuck {
    fn from(error: ReleaseError) -> Self {
        Self::Other(error.to_string())
    }
}

/// All orders, amendments and cancellations of one PO number of one customer: the body of its counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub(super) struct PoOrders {
    orders: Vec<Uuid>,
}

/// A shared figure with the version that it was loaded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Figure {
    pub(super) was: u64,
    pub(super) value: Decimal,
}

/// Another order, amendment or cancellation of the same PO number.
pub(super) struct Same {
    pub(super) order: Order,
    /// What people know it by: its number, or its id before it has one.
    name: String,
    ship_to: Option<Party>,
}

/// What is loaded around one order.
pub(super) struct Case {
    pub(super) master: Arc<Master>,
    pub(super) document: Document,
    pub(super) record: PartRecord,
    /// What the customer's open orders take of his credit.
    pub(super) credit: Figure,
    /// Running number of the customer's last order.
    pub(super) counter: Figure,
    /// What orders have reserved of a SKU.
    pub(super) reserved: BTreeMap<String, Figure>,
    /// Those of the figures that are not written yet, with their versions: the commit requires them.
    pub(super) ahead: Vec<(Key, u64)>,
    po: Option<(Key, u64, PoOrders)>,
    /// The other orders of this PO number, and the amendments and cancellations that speak of it.
    pub(super) same: Vec<Same>,
    pub(super) parties: BTreeMap<Uuid, Party>,
    /// What the order has to wait for.
    pub(super) unread: Option<Unread>,
    /// Of an amendment or cancellation: the order that it speaks of, and what stands around that.
    pub(super) changing: Option<Box<Changing>>,
    /// The order as it was, where an amendment of it is looked at.
    pub(super) before: Option<Order>,
}

impl Steps {
    /// Loads what stands around an order with this content.
    pub(super) async fn load(
        &self,
        id: Uuid,
        content: &Content,
        from: (&Document, &PartRecord),
        master: Arc<Master>,
    ) -> Result<Case, Failure> {
        let customer = content.customer.clone().unwrap_or_default();
        let po = orders_key(id, content, from);
        let mut keys = vec![Key::new(Kind::Credit, &customer), Key::new(Kind::Counter, &customer)];
        let skus = with_others(skus(content), &master);
        keys.extend(skus.iter().map(|sku| Key::new(Kind::Stock, sku)));
        keys.extend(
            [content.contact, content.ship_to].into_iter().flatten().map(|id| Key::new(Kind::Party, id)),
        );
        keys.extend(po.clone());
        let mut found = self.store.load(&keys).await?;
        let ahead = self.ahead.over(&keys, &mut found);
        let mut found = found.into_iter();
        let mut figure = || -> Result<Figure, Failure> {
            found
                .next()
                .flatten()
                .map_or(Ok(Figure::default()), |it| parsed(it).map(|(was, value)| Figure { was, value }))
        };
        let (credit, counter) = (figure()?, figure()?);
        let reserved = skus.iter().map(|sku| Ok((sku.clone(), figure()?))).collect::<Result<_, Failure>>()?;
        let mut parties = BTreeMap::new();
        let mut known = None;
        for snapshot in found.flatten() {
            if snapshot.key.kind == Kind::Party {
                let (_, party): (u64, Party) = parsed(snapshot)?;
                parties.insert(party.id, party);
            } else {
                known = Some(parsed::<PoOrders>(snapshot)?);
            }
        }
        let po = po.map(|key| {
            let (was, mut orders) = known.unwrap_or_default();
            orders.orders.extend(named_by(from).filter(|it| !orders.orders.contains(it)));
            (key, was, orders)
        });
        let same = self.same(id, po.as_ref().map_or(&[][..], |(_, _, it)| &it.orders)).await?;
        let (document, record) = (from.0.clone(), from.1.clone());
        Ok(Case {
            master,
            document,
            record,
            credit,
            counter,
            reserved,
            ahead,
            po,
            same,
            parties,
            unread: None,
            changing: None,
            before: None,
        })
    }

    /// Loads what is reserved of SKUs that an order holds, where its content does not name them any more.
    pub(super) async fn load_held(&self, order: &Order, case: &mut Case) -> Result<(), Failure> {
        let held = order.held_materials();
        let missing = held.into_keys().filter(|sku| !case.reserved.contains_key(sku));
        let keys: Vec<Key> = missing.map(|sku| Key::new(Kind::Stock, sku)).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let mut found = self.store.load(&keys).await?;
        case.ahead.extend(self.ahead.over(&keys, &mut found));
        for (key, snapshot) in keys.into_iter().zip(found) {
            let figure = snapshot
                .map_or(Ok(Figure::default()), |it| parsed(it).map(|(was, value)| Figure { was, value }))?;
            case.reserved.insert(key.id, figure);
        }
        Ok(())
    }

    async fn same(&self, id: Uuid, ids: &[Uuid]) -> Result<Vec<Same>, Failure> {
        let others: Vec<Key> =
            ids.iter().filter(|other| **other != id).map(|other| Key::new(Kind::Order, other)).collect();
        if others.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.store.load(&others).await?;
        let orders: Vec<Order> = found
            .into_iter()
            .flatten()
            .map(|it| parsed(it).map(|(_, order)| order))
            .collect::<Result<_, _>>()?;
        let places: Vec<Key> = orders
            .iter()
            .map(|order| Key::new(Kind::Party, order.content.ship_to.unwrap_or_default()))
            .collect();
        let places = self.store.load(&places).await?;
        orders
            .into_iter()
            .zip(places)
            .map(|(order, place)| {
                let name =
                    order.number.as_ref().map_or_else(|| order.id.to_string(), |number| number.0.clone());
                let ship_to = place.map(|it| parsed(it).map(|(_, party)| party)).transpose()?;
                Ok(Same { order, name, ship_to })
            })
            .collect()
    }

    /// Checks the order as everything stands now, opens and withdraws reviews, and releases it when everybody has agreed.
    pub(super) fn go_on(
        &self,
        work: &mut Work,
        case: &mut Case,
        resolved: &Resolved,
        pen: &mut Pen<'_>,
    ) -> Result<(), Stuck> {
        if !work.order.status.is_open() {
            return Ok(());
        }
        pen.commit.requires.extend(case.ahead.iter().cloned());
        self.check_anew(work, case, resolved)?;
        let facts = self.rule_facts(&work.order, case, pen.now.at);
        let concerned = self.concerned(&work.order, case, pen);
        let desk = self.books.desk();
        let events = review::open_with(&work.order, &facts, &concerned, &desk, (pen.now.at, pen.now.ids));
        pen.commit.timers.extend(deadline::timers(work.order.id, &events, &desk));
        let house = self.books.house(&case.master);
        let asked =
            release::ask::ask(&work.order, &events, &self.books.office(&house), pen.now.at, pen.now.ids);
        pen.commit.messages.extend(asked.map_err(|e| Stuck::Other(e.to_string()))?);
        work.add(events)?;
        if !review::all_agreed(&work.order) {
            return Ok(());
        }
        match case.unread {
            Some(unread) => self.hold(work, unread, pen),
            None => self.release(work, case, pen),
        }
    }

    fn release(&self, work: &mut Work, case: &mut Case, pen: &mut Pen<'_>) -> Result<(), Stuck> {
        let sequence = Decimal::from(case.next_number());
        let released = self.with_facts(&work.order, case, |facts| {
            release::release(&work.order, facts, pen.now.at, pen.now.ids)
        })?;
        pen.commit.writes.push(case.counter.write(Kind::Counter, &case.customer(&work.order), sequence));
        self.reserve(&released, case, &work.order, &mut pen.commit);
        take(released, work, &mut pen.commit)?;
        Ok(())
    }

    /// What a release takes of the customer's credit and of the stock, under the versions that it was decided on.
    fn reserve(&self, released: &Release, case: &Case, order: &Order, commit: &mut Commit) {
        if let Some(Money { amount, .. }) = released.credit {
            let taken = case.credit.value + amount;
            commit.writes.push(case.credit.write(Kind::Credit, &case.customer(order), taken));
        }
        for (sku, quantity) in &released.reserve {
            let figure = case.reserved.get(sku).copied().unwrap_or_default();
            commit.writes.push(figure.write(Kind::Stock, sku, figure.value + quantity));
        }
    }
}

/// Puts what a release, an instruction or an invoice brings about into the work and the commit.
pub(super) fn take(released: Release, work: &mut Work, commit: &mut Commit) -> Result<(), FoldError> {
    commit.messages.extend(released.messages);
    commit.timers.extend(released.timers);
    work.add(released.events)
}

impl Same {
    pub(super) fn known(&self) -> SamePo<'_> {
        SamePo {
            name: &self.name,
            kind: self.order.kind,
            status: self.order.status,
            content: &self.order.content,
            ship_to: self.ship_to.as_ref(),
            loose: self.order.is_case() && self.order.refers_to.is_none(),
        }
    }
}

impl Figure {
    pub(super) fn write(self, kind: Kind, id: &str, value: Decimal) -> Write {
        let body = Json::of(&value);
        let now = ahead::follow(self.was, &body);
        Write { key: Key::new(kind, id), was: self.was, now, body, index: Index::default() }
    }
}

impl Case {
    /// The customer's next running number.
    pub(super) fn next_number(&self) -> u64 {
        use rust_decimal::prelude::ToPrimitive as _;
        self.counter.value.to_u64().unwrap_or(0) + 1
    }

    /// Nothing was ever released for this customer.
    pub(super) fn is_first(&self) -> bool {
        self.counter.was == 0
    }

    fn customer(&self, order: &Order) -> String {
        order.content.customer.clone().unwrap_or_default()
    }

    /// The order that an amendment or cancellation speaks of: one of this PO number, the latest that is not at its end.
    pub(super) fn original(&self, named: Option<&str>) -> Option<Uuid> {
        let fits = |order: &&Order| {
            let number = order.number.as_ref().map(|number| number.0.as_str());
            let id = named.is_some_and(|named| named == order.id.to_string());
            !order.is_case()
                && (named.is_none() || id || named == number || named == order.content.po_number.as_deref())
        };
        let mut orders: Vec<&Order> = self.same.iter().map(|same| &same.order).filter(fits).collect();
        orders.sort_by_key(|order| (order.status.rung().is_some(), order.id));
        orders.last().map(|order| order.id)
    }

    /// Adds the order to those of its PO number. Two that come at the same moment can't miss each other: one loses.
    pub(super) fn register(&mut self, id: Uuid, commit: &mut Commit) {
        let Some((key, was, orders)) = &mut self.po else { return };
        // Of an order without a PO number only its changes are known by it.
        let alone = key.id.starts_with(CHANGES) && self.document.channel != Channel::Form;
        if alone || orders.orders.contains(&id) {
            return;
        }
        orders.orders.push(id);
        commit.writes.push(Write {
            key: key.clone(),
            was: *was,
            now: *was + 1,
            body: Json::of(orders),
            index: Index::default(),
        });
    }

    /// What says which amendments and cancellations there are, and where each stands, with the versions looked at.
    pub(super) fn cases(&self) -> Vec<(Key, u64)> {
        let known = self.po.iter().map(|(key, was, _)| (key.clone(), *was));
        let same = self.same.iter().map(|it| (Key::new(Kind::Order, it.order.id), it.order.version));
        known.chain(same).collect()
    }

    /// More of the customer's credit is taken.
    pub(super) fn lend_more(&self, order: &Order, amount: Decimal) -> Write {
        self.credit.write(Kind::Credit, &self.customer(order), self.credit.value + amount)
    }

    /// Whether another amendment or cancellation of the same order is still undecided.
    pub(super) fn is_held_by_others(&self, case: Uuid, target: Uuid) -> bool {
        let undecided = |order: &Order| order.status.is_open() && order.refers_to == Some(target);
        self.same.iter().any(|same| same.order.id != case && undecided(&same.order))
    }
}

/// The parties that a draft names, as records of their own.
pub(super) fn parties(resolved: &Resolved) -> Vec<Write> {
    let write = |party: &Party| Write {
        key: Key::new(Kind::Party, party.id),
        was: 0,
        now: 1,
        body: Json::of(party),
        index: Index::default(),
    };
    [&resolved.contact, &resolved.ship_to].into_iter().flatten().map(write).collect()
}

/// What became of the message, in a word, for the register.
pub(super) fn said(order: &Order) -> String {
    let waits: Vec<&str> = order.open_reviews().map(|review| review.queue.as_str()).collect();
    if waits.is_empty() {
        order.status.as_str().to_owned()
    } else {
        format!("waits for {}", waits.join(", "))
    }
}

/// The commit with the word of its disposition.
pub(super) fn named(mut commit: Commit, what: &str) -> Commit {
    if let Some(consumed) = &mut commit.consumes {
        consumed.disposition = Disposition::Done { what: what.to_owned() };
    }
    commit
}

/// Under which the orders of one PO number stand. An order that has none stands with its own changes alone.
fn orders_key(id: Uuid, content: &Content, (document, record): (&Document, &PartRecord)) -> Option<Key> {
    let customer = content.customer.as_ref().filter(|it| !it.is_empty())?;
    match &content.po_number {
        Some(po) => Some(po_key(customer, po)),
        None => {
            let order = named_by((document, record)).unwrap_or(id);
            Some(Key::new(Kind::Counter, format!("{CHANGES}{order}")))
        }
    }
}

/// The order that a change names which was keyed in.
fn named_by((document, record): (&Document, &PartRecord)) -> Option<Uuid> {
    record.draft.refers_to.as_ref().filter(|_| document.channel == Channel::Form)?.parse().ok()
}

const CHANGES: &str = "changes/";

fn po_key(customer: &str, po: &str) -> Key {
    let squeezed: String = po.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
    Key::new(Kind::Counter, format!("po/{customer}/{squeezed}"))
}

/// The SKUs, those that may be offered in their place, and what they are made of.
fn with_others(mut skus: Vec<String>, master: &Master) -> Vec<String> {
    let substitute = |sku: &String| master.product(master.product(sku)?.substitute.as_deref()?);
    let others: Vec<String> = skus.iter().filter_map(substitute).map(|it| it.sku.clone()).collect();
    skus.extend(master.bills(&skus).skus().cloned().collect::<Vec<_>>());
    skus.extend(others);
    skus.sort();
    skus.dedup();
    skus
}

/// Each SKU of the content once.
pub(super) fn skus(content: &Content) -> Vec<String> {
    let mut skus: Vec<String> = content.lines.iter().filter_map(|line| line.sku.clone()).collect();
    skus.sort();
    skus.dedup();
    skus
}
