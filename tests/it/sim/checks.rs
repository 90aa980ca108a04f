//! What must hold at the end of a run: conservation, effects, gates, deadlines, totals.

use super::people::orders;
use super::world::World;
use chrono::{DateTime, TimeDelta, Utc};
use gendan::order::Order;
use gendan::order::asked::AskedState;
use gendan::order::event::{Event, Gate, Milestone, Tell};
use gendan::order::line::Line;
use gendan::order::message::{Body, Message};
use gendan::order::review::{Queue, ReviewState};
use gendan::order::status::{Rung, Status};
use gendan::runtime::clock::Clock as _;
use gendan::store::{Filter, Key, Kind, Store as _, StoredEvent};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

type Arrived = Vec<(DateTime<Utc>, Message)>;

pub(super) async fn all(world: &World, letters: u64) -> Result<(), String> {
    ensure(!world.chaos.restless(), || "the run never comes to rest".to_owned())?;
    let arrived = world.receivers.all();
    let orders = orders(world).await;
    let wrong = world.seen.wrong();
    ensure(wrong.is_empty(), || format!("{wrong:?}"))?;
    conservation(world, letters).await?;

    effects(world, &arrived, &orders).await?;
    if !world.wired {
        lanes(world, &arrived)?;
    }
    for order in &orders {
        purchases(order, &arrived)?;
        gates(world, order, &arrived).await?;
        deadlines(world, order).await?;
    }
    totals(world, &orders, &arrived).await?;
    record(world).await
}

/// The kinds of events that came about.
pub(super) async fn met(world: &World) -> BTreeSet<String> {
    let mut met = BTreeSet::new();
    for order in orders(world).await {
        let events = world.store.events(order.id).await.unwrap();
        met.extend(events.iter().map(|it| serde_json::to_value(&it.event).unwrap()["event"].to_string()));
    }
    met
}

/// Nothing is in anybody's hand, and nothing is due.
pub(super) async fn at_rest(world: &World) -> bool {
    let in_work = world.store.balance().await.map_or(0, |balance| balance.messages.in_work);
    let due = world.store.next_due().await.ok().flatten();
    in_work == 0 && due.is_none_or(|due| due >= world.clock.now())
}

/// Everything that came in is somewhere, and nothing waits any more.
async fn conservation(world: &World, letters: u64) -> Result<(), String> {
    let balance = world.store.balance().await.map_err(|e| e.to_string())?;
    ensure(balance.missing.is_empty(), || format!("missing: {:?}", balance.missing))?;
    ensure(balance.double.is_empty(), || format!("double: {:?}", balance.double))?;
    ensure(balance.documents.total == letters, || {
        format!("{letters} letters were handed over, {} documents are there", balance.documents.total)
    })?;
    ensure(balance.documents.done == letters, || {
        format!("documents are not all read: {:?}", balance.documents)
    })?;
    let messages = balance.messages;
    ensure(messages.parked == 0, || format!("parked: {messages:?}"))?;
    let later = world.store.next_due().await.map_err(|e| e.to_string())?;
    let due = later.is_some_and(|due| due < world.clock.now());
    ensure(!due && messages.in_work == 0, || format!("something still waits: {messages:?}, due {later:?}"))?;
    ensure(!world.wired || world.server.is_empty(), || "the broker still holds messages".to_owned())?;
    let parts = world.store.list(Kind::Part, &Filter::default()).await.map_err(|e| e.to_string())?;
    let waiting = parts.iter().filter(|part| part.index.status.as_deref() == Some("waiting")).count();
    ensure(waiting == 0, || format!("{waiting} parts were never checked"))
}

/// What an order says it told has arrived, once; and nothing arrived that no order told.
async fn effects(world: &World, arrived: &Arrived, orders: &[Order]) -> Result<(), String> {
    let balance = world.store.balance().await.map_err(|e| e.to_string())?;
    let unsure: BTreeSet<Uuid> = balance.unsure.iter().map(|it| it.message_id).collect();
    let mut mails: BTreeMap<&str, u32> = BTreeMap::new();
    for (_, message) in arrived {
        if let Body::MailSend(mail) = &message.body {
            *mails.entry(&mail.message_id).or_default() += 1;
        }
    }
    let twice: Vec<_> = mails.iter().filter(|(_, count)| **count > 1).collect();
    ensure(twice.is_empty(), || format!("mails sent twice: {twice:?}"))?;
    let ids: BTreeSet<Uuid> = arrived.iter().map(|(_, message)| message.id).collect();
    for order in orders {
        let mut told = BTreeSet::new();
        for it in &order.told {
            ensure(told.insert((it.what, &it.to, it.version)), || format!("told twice: {it:?}"))?;
            ensure(ids.contains(&it.message_id) || unsure.contains(&it.message_id), || {
                format!("order {} told {it:?}, which never arrived", order.id)
            })?;
        }
    }
    Ok(())
}

/// What goes to one destination about one order arrives in the order in which it was written.
fn lanes(world: &World, arrived: &Arrived) -> Result<(), String> {
    let written = world.seen.written();
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, message) in arrived {
        let at = written.iter().position(|id| *id == message.id);
        let (Some(lane), Some(at)) = (message.lane.as_deref(), at) else { continue };
        let before = last.insert(lane, at);
        ensure(before.is_none_or(|before| before < at), || format!("lane {lane} arrived out of order"))?;
    }
    Ok(())
}

/// Nothing leaves before everybody agreed, the money is in where it must be, and its time has come.
async fn gates(world: &World, order: &Order, arrived: &Arrived) -> Result<(), String> {
    let events = world.store.events(order.id).await.map_err(|e| e.to_string())?;
    let released = events.iter().find(|it| matches!(it.event, Event::Released { .. }));
    let about = |it: &&(DateTime<Utc>, Message)| it.1.correlation_id == order.id;
    for (_, message) in arrived.iter().filter(about) {
        let goods = matches!(
            message.body,
            Body::ProductionTask(_)
                | Body::PurchasingRequest(_)
                | Body::WarehousePick(_)
                | Body::ShippingInstruction(_)
                | Body::AccountingInvoice(_)
        );
        ensure(!goods || released.is_some(), || {
            format!("order {} was never released, but sent {}", order.id, message.body.type_name())
        })?;
        if let Body::ShippingInstruction(_) = &message.body {
            let gate = events.iter().any(|it| matches!(it.event, Event::GateOpened { gate: Gate::Ship }));
            ensure(gate, || format!("order {} shipped through a closed gate", order.id))?;
        }
    }
    shipped_in_time(&events).map_err(|why| format!("order {}: {why}", order.id))?;
    open_at_release(&events).map_err(|why| format!("order {}: {why}", order.id))?;
    if released.is_some() {
        ensure(order.returned.is_none(), || {
            format!("order {} was released while it was returned", order.id)
        })?;
        against(order)?;
    }
    Ok(())
}

/// Nobody is still asked when an order is released.
fn open_at_release(events: &[StoredEvent]) -> Result<(), String> {
    let mut open = BTreeSet::new();
    for it in events {
        if let Event::ReviewOpened { review } = &it.event {
            open.insert(review.id);
        } else if let Event::ReviewDecided { review_id, .. } | Event::ReviewWithdrawn { review_id } =
            &it.event
        {
            open.remove(review_id);
        } else if matches!(it.event, Event::Released { .. }) {
            return ensure(open.is_empty(), || format!("released over the open reviews {open:?}"));
        }
    }
    Ok(())
}

/// Goods are told to leave on the day that was set down for them, and not before. Later instructions only say what changed.
fn shipped_in_time(events: &[StoredEvent]) -> Result<(), String> {
    let mut day = DateTime::<Utc>::MAX_UTC;
    for it in events {
        if let Event::Released { ship_on, .. } | Event::Replanned { ship_on, .. } = &it.event {
            day = *ship_on;
        } else if matches!(it.event, Event::Told { what: Tell::ShippingInstruction, .. }) {
            return ensure(it.at >= day, || format!("shipped at {}, before {day}", it.at));
        }
    }
    Ok(())
}

/// No queue's last word on a released order is a no, unless the level above overruled it.
fn against(order: &Order) -> Result<(), String> {
    let mut last: BTreeMap<Queue, (Uuid, &str)> = BTreeMap::new();
    for review in &order.reviews {
        if let ReviewState::Decided(decided) = &review.state {
            last.insert(review.queue, (review.id, decided.verdict.as_str()));
        }
    }
    let overruled = |id: Uuid| {
        order.appealed == Some(id)
            && last.get(&Queue::Management).is_some_and(|(_, verdict)| *verdict == "approve")
    };
    let against = last.values().find(|(id, verdict)| *verdict == "reject" && !overruled(*id));
    ensure(against.is_none(), || format!("order {} was released against {against:?}", order.id))
}

/// Purchasing was told last what has to be bought for the order as it is, and of every order that may be produced.
fn purchases(order: &Order, arrived: &Arrived) -> Result<(), String> {
    let mut wanted: BTreeMap<&str, Decimal> = BTreeMap::new();
    for it in order.materials.iter().filter(|it| it.to_buy > Decimal::ZERO) {
        *wanted.entry(&it.component).or_default() += it.to_buy;
    }
    if order.status == Status::Cancelled {
        wanted.clear();
    }
    let told = order.told.iter().filter(|it| it.what == Tell::PurchaseRequest);
    let Some(last) = told.max_by_key(|it| it.version) else {
        let may = order.gates.contains(&Gate::Produce) && matches!(order.status, Status::On(_));
        return ensure(wanted.is_empty() || !may, || {
            format!("nobody buys {wanted:?} for order {}", order.id)
        });
    };
    let request = |message: &'_ Message| {
        let of_it = message.id == last.message_id;
        if let Body::PurchasingRequest(it) = &message.body { of_it.then(|| it.clone()) } else { None }
    };
    let asked = arrived.iter().find_map(|(_, message)| request(message));
    let asked = asked.iter().flat_map(|it| &it.lines).map(|it| (it.component.as_str(), it.quantity));
    let asked: BTreeMap<&str, Decimal> = asked.collect();
    ensure(asked == wanted, || {
        format!("purchasing is to buy {asked:?} for order {}, which takes {wanted:?}", order.id)
    })
}

/// Open reviews past their deadline are marked; a goods date that has come was told.
async fn deadlines(world: &World, order: &Order) -> Result<(), String> {
    let now = world.clock.now();
    let (mut passed, mut broken) = (BTreeSet::new(), 0);
    for it in world.store.events(order.id).await.map_err(|e| e.to_string())? {
        let once =
            if let Event::ReviewOverdue { review_id } = it.event { passed.insert(review_id) } else { true };
        broken += usize::from(matches!(it.event, Event::GuaranteeBroken { .. }));
        ensure(once, || format!("order {} passed one deadline twice", order.id))?;
    }
    let marked = order.guarantees.iter().filter(|given| given.broken).count();
    ensure(broken == marked, || format!("{broken} of {marked} guarantees of order {} broke", order.id))?;
    for review in order.open_reviews() {
        // While the customer is asked, his clock runs and not the house's; when the question is past, the end of that opens
        // the queue anew.
        let asked = order.asked.as_ref().is_some_and(|asked| asked.state == AskedState::Waiting);
        // What passes outside working time is said when the house opens: after a weekend at the latest.
        ensure(review.overdue || review.due_at + TimeDelta::days(3) > now || asked, || {
            format!("review {} of order {} passed its deadline unseen", review.id, order.id)
        })?;
    }
    let rung = order.status.rung();
    let waits_for_money = !order.gates.contains(&Gate::Ship);
    let due = order.ship_on.is_some_and(|on| on < now) && rung.is_some_and(|rung| rung >= Rung::Released);
    let told = order.told.iter().any(|told| told.what == Tell::ShippingInstruction);
    ensure(!due || told || waits_for_money || !matches!(order.status, Status::On(_)), || {
        format!("order {} was to ship on {:?} and nobody was told", order.id, order.ship_on)
    })
}

/// Credit, numbers and invoices agree with the orders.
async fn totals(world: &World, orders: &[Order], arrived: &Arrived) -> Result<(), String> {
    let mut numbers = BTreeSet::new();
    let mut by_customer: BTreeMap<String, u64> = BTreeMap::new();
    for order in orders {
        if let Some(number) = &order.number {
            ensure(numbers.insert(number.0.clone()), || format!("the number {} was given twice", number.0))?;
            *by_customer.entry(order.content.customer.clone().unwrap_or_default()).or_default() += 1;
        }
    }
    for (customer, count) in by_customer {
        let has =
            |seq: u64| numbers.iter().any(|it| it.contains(&customer) && it.ends_with(&format!("-{seq:02}")));
        let gap = (1..=count).find(|seq| !has(*seq));
        ensure(gap.is_none(), || format!("the numbers of {customer} have a gap at {gap:?}: {numbers:?}"))?;
    }
    held(world, orders).await?;
    for (_, message) in arrived {
        let Body::AccountingInvoice(invoice) = &message.body else { continue };
        let sum: Decimal = invoice.lines.iter().map(|line| line.amount).chain(invoice.charges.clone()).sum();
        ensure(sum == invoice.total, || {
            format!("invoice of {}: {sum} is not {}", invoice.number, invoice.total)
        })?;
    }
    Ok(())
}

/// What customers' credit and the stock are charged with is what the orders hold of them, to the cent and the piece.
async fn held(world: &World, orders: &[Order]) -> Result<(), String> {
    let mut held: BTreeMap<Key, Decimal> = BTreeMap::new();
    for order in orders.iter().filter(|order| order.promised.is_some() && order.status != Status::Cancelled) {
        let customer = order.content.customer.clone().unwrap_or_default();
        if let Some(credit) = order.credit.filter(|_| !order.reached.contains(&Milestone::Paid)) {
            *held.entry(Key::new(Kind::Credit, customer)).or_default() += credit.amount;
        }
        // Of material what was taken of the stock, until the making took it.
        for material in order.materials.iter().filter(|it| !it.drawn) {
            let key = Key::new(Kind::Stock, &material.component);
            *held.entry(key).or_default() += material.from_stock;
        }
        let from_stock = |line: &&Line| !order.make.contains(&line.position);
        for line in order.content.lines.iter().filter(from_stock) {
            let gone = order.reached.contains(&Milestone::StockOut);
            let quantity = if gone { Decimal::ZERO } else { line.quantity.unwrap_or_default() };
            *held.entry(Key::new(Kind::Stock, line.sku.clone().unwrap_or_default())).or_default() += quantity;
        }
    }
    for kind in [Kind::Credit, Kind::Stock] {
        for row in world.store.list(kind, &Filter::default()).await.map_err(|e| e.to_string())? {
            let charged: Decimal = row.body.read().map_err(|e| e.to_string())?;
            let holds = held.remove(&row.key).unwrap_or_default();
            ensure(charged == holds, || {
                format!("{:?} is charged {charged}, its orders hold {holds}", row.key)
            })?;
        }
    }
    held.retain(|_, holds| !holds.is_zero());
    ensure(held.is_empty(), || format!("held and not charged: {held:?}"))
}

/// Every chain holds, and every snapshot is the fold of its events.
async fn record(world: &World) -> Result<(), String> {
    let audit = world.store.audit().await.map_err(|e| e.to_string())?;
    ensure(audit.findings.is_empty(), || format!("the audit finds {:?}", audit.findings))
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}
