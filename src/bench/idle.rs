//! What waiting costs: a house in which nothing happens, with timers set for later days and without any.

use super::process;
use crate::config::Config;
use crate::order::message::{Step, TimerDue, TimerKind};
use crate::runtime::house::House;
use crate::runtime::trial::TrialError;
use crate::store::{Commit, NewTimer};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// Timers that are written in one commit.
const BATCH: u128 = 1_000;

/// Processor time of the process in milliseconds a second, each round.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    pub timers: u128,
    pub with: Vec<f64>,
    pub without: Vec<f64>,
}

/// Runs both houses in turn, each for so long; the folder must be empty.
pub async fn run(dir: &Path, timers: u128, rounds: usize, seconds: Duration) -> Result<Figures, TrialError> {
    let (full, empty) = (dir.join("with"), dir.join("without"));
    let house = House::open(&full, Config::load(None, [])?).await?;
    let due = house.store.now().await? + TimeDelta::days(365);
    for from in (0..timers).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        let timers = (from..timers.min(from + BATCH)).map(|number| timer(number, due)).collect();
        house.store.commit(vec![Commit { timers, ..Commit::default() }]).await?;
    }
    drop(house);
    let mut figures = Figures { timers, with: Vec::new(), without: Vec::new() };
    for _ in 0..rounds {
        figures.without.push(Box::pin(idle(&empty, seconds)).await?);
        figures.with.push(Box::pin(idle(&full, seconds)).await?);
    }
    Ok(figures)
}

fn timer(number: u128, due: DateTime<Utc>) -> NewTimer {
    let id = Uuid::from_u128(number + 1);
    let body = TimerDue { order_id: id, kind: TimerKind::ReviewDeadline, about: id, due };
    NewTimer { id, due, step: Step::Review, body }
}

async fn idle(dir: &Path, time: Duration) -> Result<f64, TrialError> {
    let house = House::open(dir, Config::load(None, [])?).await?;
    let running = house.start(house.own()?, Step::ALL.to_vec()).await?;
    // The start is not what is measured.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = process::cpu_ms();
    tokio::time::sleep(time).await;
    let used = process::cpu_ms() - before;
    running.stop(Duration::from_secs(20)).await;
    Ok(used / time.as_secs_f64())
}
