//! Random histories on every store: whatever is done, all answer alike.

use super::{Harness, LEASE, OnMemory, OnPostgres, OnSqlite};
use crate::support::make::{at, done, ended, fenced, id, message, moved, order, retry, timer, told, write};
use gendan::order::message::{Message, Step};
use gendan::store::{Answer, Claim, Commit, Disposition, Key, Kind, Relayed};
use proptest::prelude::*;
use std::time::Duration;

/// What a random commit is made of; numbers name things of a small world, so that they meet.
#[derive(Debug, Clone)]
struct Plan {
    consumes: Option<(u128, u32, u8, Option<u64>)>,
    effect: Option<u8>,
    writes: Option<(u8, u64)>,
    requires: Option<(u8, u64)>,
    sends: Vec<(u128, u32, Option<i64>)>,
    unparks: Option<u128>,
    sets: Option<(u128, i64)>,
    cancels: Option<u128>,
    orders: Option<(u128, u64)>,
}

#[derive(Debug, Clone)]
enum Op {
    Commit(Vec<Plan>),
    Claim(Option<bool>, u32, u8),
    Renew(u8, u128),
    GiveBack(u8, u128, u32),
    TakeOver(u8),
    Relayed(u8, u128, u32, u8),
    Intend(u128, u32, u8),
    Fire(u32),
    Wait(u64),
    Prune(i64, u32),
}

/// Messages 0 to 5, and those that timers 20 and 21 become.
fn a_message() -> impl Strategy<Value = u128> {
    prop_oneof![6 => 0..6_u128, 1 => 20..22_u128]
}

fn a_plan() -> impl Strategy<Value = Plan> {
    let consumes = (a_message(), 1..4_u32, 0..5_u8, proptest::option::weighted(0.3, 1..4_u64));
    let sends =
        proptest::collection::vec((0..6_u128, 1..3_u32, proptest::option::weighted(0.3, 0..90_i64)), 0..3);
    (
        proptest::option::weighted(0.7, consumes),
        (proptest::option::weighted(0.2, 0..3_u8), proptest::option::weighted(0.1, a_message())),
        (
            proptest::option::weighted(0.3, (0..2_u8, 0..4_u64)),
            proptest::option::weighted(0.2, (0..2_u8, 0..4_u64)),
        ),
        sends,
        proptest::option::weighted(0.2, (20..22_u128, 0..90_i64)),
        proptest::option::weighted(0.1, 20..22_u128),
        proptest::option::weighted(0.2, (30..32_u128, 0..3_u64)),
    )
        .prop_map(|(consumes, (effect, unparks), (writes, requires), sends, sets, cancels, orders)| {
            Plan { consumes, effect, writes, requires, sends, unparks, sets, cancels, orders }
        })
}

fn an_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => proptest::collection::vec(a_plan(), 1..5).prop_map(Op::Commit),
        4 => (proptest::option::weighted(0.7, any::<bool>()), 1..4_u32, 0..2_u8).prop_map(|(step, max, by)| Op::Claim(step, max, by)),
        1 => (0..2_u8, a_message()).prop_map(|(by, id)| Op::Renew(by, id)),
        1 => (0..2_u8, a_message(), 1..3_u32).prop_map(|(by, id, attempt)| Op::GiveBack(by, id, attempt)),
        1 => (0..2_u8).prop_map(Op::TakeOver),
        2 => (0..2_u8, a_message(), 1..3_u32, 0..4_u8).prop_map(|(by, id, attempt, mark)| Op::Relayed(by, id, attempt, mark)),
        3 => (a_message(), 1..3_u32, 0..2_u8).prop_map(|(id, attempt, by)| Op::Intend(id, attempt, by)),
        1 => (1..3_u32).prop_map(Op::Fire),
        2 => (1..50_u64).prop_map(Op::Wait),
        1 => (0..200_i64, 1..4_u32).prop_map(|(before, max)| Op::Prune(before, max)),
    ]
}

fn a_step(number: u128) -> Step {
    if number.is_multiple_of(2) { Step::Check } else { Step::Deliver }
}

fn of_world(number: u128, attempt: u32) -> Message {
    if number >= 20 {
        let timer = timer(number, at(0));
        let body = gendan::order::message::Body::TimerDue(timer.body);
        return Message { attempt, body, ..message(number, Step::Release) };
    }
    let lane = number.is_multiple_of(3).then(|| "lane".to_owned());
    Message { attempt, lane, ..message(number, a_step(number)) }
}

fn commit(plan: &Plan) -> Commit {
    let mut commit = plan.consumes.map_or_else(Commit::default, |(number, attempt, end, fence)| {
        let it = of_world(number, attempt);
        let commit = match end {
            0 => ended(&it, Disposition::Done { what: "unsure".to_owned() }),
            1 => retry(&it, "busy", at(i64::from(attempt) * 20)),
            2 => ended(&it, Disposition::Park { why: "why".to_owned() }),
            _ => done(&it),
        };
        fence.map_or_else(|| commit.clone(), |fence| fenced(commit.clone(), fence))
    });
    commit.effects.extend(plan.effect.map(|effect| format!("effect {effect}")));
    commit.writes.extend(plan.writes.map(|(key, was)| write(Kind::Stock, &key.to_string(), was, was + 1)));
    commit.requires.extend(plan.requires.map(|(key, version)| (Key::new(Kind::Stock, key), version)));
    for (number, attempt, delay) in &plan.sends {
        let not_before = delay.map(at);
        commit.messages.push(Message { not_before, ..of_world(*number, *attempt) });
    }
    commit.unpark.extend(plan.unparks.map(|number| (id(number), "again".to_owned())));
    commit.timers.extend(plan.sets.map(|(number, due)| timer(number, at(due))));
    commit.cancel_timers.extend(plan.cancels.map(id));
    if let Some((number, version)) = plan.orders {
        let (mut sheet, mut written) = order(number, 50, 0);
        for _ in 0..version {
            written = moved(&mut sheet, vec![told("buyer", id(1)), told("seller", id(2))]);
        }
        commit.events = written.events;
        commit.writes.extend(written.writes);
    }
    commit
}

/// Does it, and says everything that can be seen of it.
async fn perform(h: &impl Harness, op: &Op) -> String {
    let holder = |by: u8| ["a", "b"][usize::from(by)];
    let store = h.store();
    match op {
        Op::Commit(plans) => {
            let answers = store.commit(plans.iter().map(commit).collect()).await.unwrap();
            let plain = |answer: Answer| {
                let refused = matches!(answer, Answer::Refused { .. });
                if refused { "Refused".to_owned() } else { format!("{answer:?}") }
            };
            format!("{:?}", answers.into_iter().map(plain).collect::<Vec<_>>())
        }
        Op::Claim(step, max, by) => {
            let step = step.map(|odd| if odd { Step::Deliver } else { Step::Check });
            let claim = Claim { step, max: *max, holder: holder(*by).to_owned(), lease: LEASE };
            format!("{:?}", store.claim(&claim).await.unwrap())
        }
        Op::Renew(by, it) => format!("{:?}", store.renew(holder(*by), &[id(*it)], LEASE).await.unwrap()),
        Op::GiveBack(by, it, attempt) => {
            format!("{:?}", store.give_back(holder(*by), &[(id(*it), *attempt)]).await.unwrap())
        }
        Op::TakeOver(by) => format!("{:?}", store.take_over(holder(*by)).await.unwrap()),
        Op::Relayed(by, it, attempt, mark) => {
            let returned = Relayed::Returned { why: "no queue".to_owned() };
            let mark =
                [Relayed::Sent, returned, Relayed::Free, Relayed::Delivered][usize::from(*mark)].clone();
            format!("{:?}", store.relayed(holder(*by), vec![(id(*it), *attempt, mark)]).await.unwrap())
        }
        Op::Intend(it, attempt, by) => {
            let it = of_world(*it, *attempt);
            format!("{:?}", store.intend(&it, "smtp", holder(*by), LEASE).await.unwrap())
        }
        Op::Fire(max) => format!("{:?}", store.fire(*max).await.unwrap()),
        Op::Wait(seconds) => {
            h.clock().advance(Duration::from_secs(*seconds));
            String::new()
        }
        Op::Prune(before, max) => format!("{:?}", store.prune(at(*before), *max).await.unwrap()),
    }
}

/// Everything that can be seen from outside.
async fn seen(h: &impl Harness) -> Vec<String> {
    let store = h.store();
    let mut seen = Vec::new();
    for number in (0..6).chain([900]) {
        seen.push(format!("{:?}", store.messages(id(number)).await.unwrap()));
    }
    for number in 30..32 {
        seen.push(format!("{:?}", store.events(id(number)).await.unwrap()));
    }
    seen.push(format!("{:?}", store.parked().await.unwrap()));
    let all: Vec<Message> = (0..6).flat_map(|n| (1..4).map(move |attempt| of_world(n, attempt))).collect();
    seen.push(format!("{:?}", store.consumed(&all).await.unwrap()));
    seen.push(format!("{:?}", store.list(Kind::Stock, &Default::default()).await.unwrap()));
    seen.push(format!("{:?}", store.next_due().await.unwrap()));
    let mut balance = store.balance().await.unwrap();
    balance.missing.sort();
    balance.double.sort();
    seen.push(format!("{balance:#?}"));
    seen.push(format!("{:?}", store.audit().await.unwrap()));
    seen
}

async fn all_alike(ops: &[Op]) {
    let (sqlite, postgres, memory) =
        (OnSqlite::fresh().await, OnPostgres::fresh().await, OnMemory::fresh().await);
    for op in ops {
        let expected = perform(&memory, op).await;
        assert_eq!(perform(&sqlite, op).await, expected, "SQLite after {op:?}");
        assert_eq!(perform(&postgres, op).await, expected, "PostgreSQL after {op:?}");
    }
    let expected = seen(&memory).await;
    for (name, all) in [("SQLite", seen(&sqlite).await), ("PostgreSQL", seen(&postgres).await)] {
        for (one, expected) in all.iter().zip(&expected) {
            assert_eq!(one, expected, "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_stores_answer_alike(ops in proptest::collection::vec(an_op(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(all_alike(&ops));
    }
}
