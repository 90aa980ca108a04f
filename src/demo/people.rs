//! Whoever decides and reports in the demo: each says yes to what may be agreed to, and the goods leave when told.

use crate::order::Order;
use crate::order::document::Kind as OrderKind;
use crate::order::event::{Milestone, Tell};
use crate::order::guarantee::Guarantee;
use crate::order::ids::Ids;
use crate::order::message::{Body, Message, ReportReceived, ReviewDecide, Step};
use crate::order::problem::Code;
use crate::order::review::{Decision, Review, Role, Verdict};
use crate::order::status::{Rung, Status};
use crate::review;
use crate::runtime::house::House;
use crate::runtime::trial::TrialError;
use crate::store::{Answer, Commit, Filter, Kind};
use chrono::{DateTime, Utc};

/// Agrees to every open review that can be agreed to; how many words were given.
pub(super) async fn decide(house: &House) -> Result<usize, TrialError> {
    let now = house.store.now().await?;
    let mut messages = Vec::new();
    // What a person would have to look for first, a yes alone does not find: the order that an amendment speaks of.
    let found = |order: &Order| order.kind != OrderKind::Amendment || order.refers_to.is_some();
    for order in orders(house).await?.into_iter().filter(found) {
        for review in order.open_reviews() {
            // Whether an order is the same as another, or was cancelled before it came, no demo can know.
            let unclear = order.problems.iter().any(|it| it.code == Code::ConflictsWith);
            let Some(decision) = agree(house, review, now).filter(|_| !unclear) else { continue };
            if review::decide(&order, &decision, &house.books.rules, now).is_ok() {
                let body = Body::ReviewDecide(ReviewDecide { order_id: order.id, decision });
                messages.push(message(&order, &review.id.to_string(), Step::Review, body, now));
            }
        }
    }
    send(house, messages).await
}

/// Within so many days a guaranteed order of the demo is paid.
const GUARANTEED_DAYS: u64 = 30;

/// The first of the review's roles that has not yet said yes says it.
fn agree(house: &House, review: &Review, now: DateTime<Utc>) -> Option<Decision> {
    let signed = |role: &Role| review.signed.iter().any(|it| it.role == *role);
    let role = review.deciders().find(|role| !signed(role))?;
    let user = house.config.users.iter().find(|user| user.roles.contains(&role))?;
    // Over the credit limit he stands for it that the money comes.
    let until = now.date_naive() + chrono::Days::new(GUARANTEED_DAYS);
    let guarantee = house.books.rules.wants_guarantee(review).then_some(Guarantee { until, amount: None });
    let note = guarantee.as_ref().map(|_| "demo".to_owned());
    Some(Decision {
        review_id: review.id,
        verdict: Verdict::Approve {
            conditions: Vec::new(),
            needs_days: None,
            done: Vec::new(),
            fee: None,
            guarantee,
        },
        by: user.id.clone(),
        role,
        note,
        digest: review.digest.clone(),
        on_behalf_of: None,
    })
}

/// Prepaid customers pay, and the warehouse reports goods out that the carrier was told of; how many reports.
pub(super) async fn report(house: &House) -> Result<usize, TrialError> {
    let now = house.store.now().await?;
    let mut messages = Vec::new();
    for order in orders(house).await? {
        if let Some(milestone) = due(&order) {
            let reference = Some(format!("DEMO-{}", milestone.as_str()));
            let body = Body::ReportReceived(ReportReceived {
                order_id: order.id,
                milestone,
                at: now,
                reference,
                by: "demo".to_owned(),
            });
            messages.push(message(&order, milestone.as_str(), Step::Follow, body, now));
        }
    }
    send(house, messages).await
}

fn due(order: &Order) -> Option<Milestone> {
    let instructed = order.told.iter().any(|told| told.what == Tell::ShippingInstruction);
    match order.status {
        Status::On(Rung::Released | Rung::Ready) if instructed => Some(Milestone::StockOut),
        Status::On(Rung::Released | Rung::Ready)
            if !order.kept.contains(&Milestone::Paid) && order.credit.is_none() =>
        {
            Some(Milestone::Paid)
        }
        Status::On(_) | Status::OnHold(_) | Status::Exception(_) | Status::Rejected | Status::Cancelled => {
            None
        }
    }
}

pub(super) async fn orders(house: &House) -> Result<Vec<Order>, TrialError> {
    let found = house.store.list(Kind::Order, &Filter::default()).await?;
    Ok(found.into_iter().filter_map(|it| it.body.read().ok()).collect())
}

fn message(order: &Order, name: &str, step: Step, body: Body, now: DateTime<Utc>) -> Message {
    Message {
        id: Ids::new(order.id, now).id(name),
        attempt: 1,
        correlation_id: order.id,
        step,
        lane: None,
        created_at: now,
        not_before: None,
        body,
    }
}

async fn send(house: &House, messages: Vec<Message>) -> Result<usize, TrialError> {
    let commits = messages.into_iter().map(|message| Commit {
        effects: vec![format!("command:{}", message.id)],
        messages: vec![message],
        ..Commit::default()
    });
    let answers = house.store.commit(commits.collect()).await?;
    Ok(answers.iter().filter(|answer| **answer == Answer::Done).count())
}
