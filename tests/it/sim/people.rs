//! The people and systems around: who decides reviews and who reports what happened, each with their slips.

use super::world::World;
use chrono::Days;
use gendan::order::Order;
use gendan::order::done::WorkDone;
use gendan::order::event::Milestone;
use gendan::order::guarantee::Guarantee;
use gendan::order::ids;
use gendan::order::message::{Body, Message, ReportReceived, ReviewDecide, Step};
use gendan::order::review::{Condition, Decision, Queue, Review, Role, Verdict};
use gendan::order::status::{Rung, Status};
use gendan::runtime::clock::Clock as _;
use gendan::store::{Commit, Filter, Kind, Store as _};
use rust_decimal::Decimal;
use uuid::Uuid;

/// One round of everybody's work: some of the open reviews are decided, some of the goods move.
pub(super) async fn round(world: &World, number: u64) {
    for order in orders(world).await {
        // Sales take up for what a queue rejected.
        let rejected = matches!(order.status, Status::Rejected) && world.chaos.often(200);
        if let Some(review) = order.reviews.last().filter(|_| rejected) {
            appeal(world, &order, review, number).await;
        }
        for review in order.open_reviews() {
            if world.chaos.often(600) {
                decide(world, &order, review, number).await;
            }
        }
        if let Some(milestone) = next_milestone(world, &order) {
            report(world, &order, milestone, number).await;
        }
    }
}

/// All orders as the records have them.
pub(super) async fn orders(world: &World) -> Vec<Order> {
    let found = world.store.list(Kind::Order, &Filter::default()).await.unwrap();
    found.into_iter().map(|it| it.body.read().unwrap()).collect()
}

async fn decide(world: &World, order: &Order, review: &Review, round: u64) {
    let chaos = &world.chaos;
    let verdict = match chaos.below(20) {
        0 => Verdict::Reject { reason: "不做".into() },
        1 => Verdict::Return { what: "数量再核对".into(), to: None },
        2 => Verdict::File { reason: "不是订单".into(), kind: None },
        3 => Verdict::Return { what: "请再看".into(), to: Some(Queue::ALL[chaos.below(14) as usize]) },
        4 => Verdict::Transfer { to: format!("user-{}", chaos.below(4)) },
        5 => Verdict::AddReviewer { reviewer: Role::ALL[chaos.below(15) as usize] },
        6 => conditions(world),
        7 => Verdict::Ask,
        _ => agreement(world, order, review),
    };
    let role = if chaos.often(50) {
        Role::Warehouse
    } else {
        review.roles[chaos.below(review.roles.len() as u64) as usize]
    };
    let digest = if chaos.often(50) { "0".repeat(64) } else { review.digest.clone() };
    let by = format!("user-{}", chaos.below(4));
    let note = Some("说明".to_owned());
    let decision = Decision { review_id: review.id, verdict, by, role, note, digest, on_behalf_of: None };
    // Now and then two people decide at once, or one presses the key twice.
    let copies = 1 + u64::from(chaos.often(150));
    for copy in 0..copies {
        let body = Body::ReviewDecide(ReviewDecide { order_id: order.id, decision: decision.clone() });
        send(world, order.id, Step::Review, body, &format!("decide/{round}/{}/{copy}", review.id)).await;
    }
}

async fn appeal(world: &World, order: &Order, review: &Review, round: u64) {
    let by = format!("user-{}", world.chaos.below(4));
    let verdict = Verdict::Appeal { reason: "客户已付款".into() };
    let decision = Decision {
        review_id: review.id,
        verdict,
        by,
        role: Role::SalesManager,
        note: None,
        digest: review.digest.clone(),
        on_behalf_of: None,
    };
    let body = Body::ReviewDecide(ReviewDecide { order_id: order.id, decision });
    send(world, order.id, Step::Review, body, &format!("appeal/{round}/{}", review.id)).await;
}

/// Somebody stands for the money where credit asks for that; now and then by a day that soon passes.
fn guarantee(world: &World, review: &Review) -> Option<Guarantee> {
    let days = Days::new(u64::from(review.id.as_bytes()[15] % 3) * 20);
    let until = world.clock.now().date_naive() + days;
    (review.queue == Queue::Credit).then_some(Guarantee { until, amount: None })
}

/// Agreed, with what the queue is there to say: money guaranteed, work that is done, what a change costs.
fn agreement(world: &World, order: &Order, review: &Review) -> Verdict {
    let guarantee = guarantee(world, review);
    let changes = order.is_case() && world.chaos.often(500);
    let sewn = WorkDone::Sewn { pieces: Decimal::from(1200) };
    let done = if changes && review.queue == Queue::Production { vec![sewn] } else { Vec::new() };
    let fee = (changes && review.queue == Queue::Sales).then(|| Decimal::from(120));
    Verdict::Approve { conditions: Vec::new(), needs_days: None, done, fee, guarantee }
}

/// Agreed on a condition: a price, a quantity or a date.
fn conditions(world: &World) -> Verdict {
    let (path, value) = match world.chaos.below(3) {
        0 => ("lines.0.unit_price", "0.4321"),
        1 => ("lines.0.quantity", "1200"),
        _ => ("requested", "2026-12-24"),
    };
    let condition = Condition { path: path.to_owned(), value: value.to_owned() };
    let needs_days = Some(world.chaos.below(5) as u32);
    Verdict::Approve { conditions: vec![condition], needs_days, done: Vec::new(), fee: None, guarantee: None }
}

/// What downstream reports next of an order that was released; now and then out of turn.
fn next_milestone(world: &World, order: &Order) -> Option<Milestone> {
    let Status::On(rung) = order.status else { return None };
    if !world.chaos.often(400) || rung < Rung::Released {
        return None;
    }
    if world.chaos.often(100) {
        return Some(Milestone::ALL[world.chaos.below(6) as usize]);
    }
    let shipping = order.told.iter().any(|told| told.what == gendan::order::event::Tell::ShippingInstruction);
    match rung {
        Rung::Released | Rung::Ready if shipping => Some(Milestone::StockOut),
        // Prepaid customers pay before the goods leave.
        Rung::Released | Rung::Ready => Some(Milestone::Paid),
        Rung::InProduction => Some(Milestone::ProductionFinished),
        Rung::Shipped => Some(Milestone::Delivered),
        Rung::Delivered => Some(Milestone::Invoiced),
        Rung::Invoiced => Some(Milestone::Paid),
        Rung::Received | Rung::Clarifying | Rung::InReview | Rung::Paid | Rung::Closed | Rung::Archived => {
            None
        }
    }
}

async fn report(world: &World, order: &Order, milestone: Milestone, round: u64) {
    let at = world.clock.now();
    let body = Body::ReportReceived(ReportReceived {
        order_id: order.id,
        milestone,
        at,
        reference: Some(format!("R-{round}")),
        by: "erp".into(),
    });
    send(world, order.id, Step::Follow, body, &format!("report/{round}/{}", milestone.as_str())).await;
}

async fn send(world: &World, about: Uuid, step: Step, body: Body, name: &str) {
    let at = world.clock.now();
    let message = Message {
        id: ids::from_name(at, about.as_bytes(), name),
        attempt: 1,
        correlation_id: about,
        step,
        lane: None,
        created_at: at,
        not_before: None,
        body,
    };
    let effects = vec![format!("command:{}", message.id)];
    world.store.commit(vec![Commit { effects, messages: vec![message], ..Commit::default() }]).await.unwrap();
}
