//! One run: letters come in, processes die and start, people work; then everything heals, and the books must balance.

use super::checks;
use super::letters::{Letter, letters};
use super::people;
use super::world::{Planted, Process, World};
use crate::support::books;
use gendan::intake::Arrival;
use gendan::order::document::Channel;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

/// Rounds with faults; between them some minutes to hours pass.
const ROUNDS: u64 = 14;
/// Rounds after the healing: enough for the longest backoff, deadline and date.
const QUIET_ROUNDS: u64 = 40;

/// Kinds of events.
pub(super) type Met = BTreeSet<String>;

/// Runs a seed: the kinds of events that its orders met. An error says what does not hold.
pub(super) fn simulate(seed: u64, planted: &Planted) -> Result<Met, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|e| e.to_string())?;
    let run = std::panic::AssertUnwindSafe(|| runtime.block_on(run(seed, planted.clone())));
    std::panic::catch_unwind(run).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned())).unwrap_or_default())
    })
}

async fn run(seed: u64, planted: Planted) -> Result<Met, String> {
    let world = World::new(seed, books::lean(), planted);
    books::mark_imported(world.store.as_ref()).await;
    let count = 2 + world.chaos.below(5);
    let rush = world.chaos.often(250);
    let mut mail: VecDeque<Letter> = letters(&world.chaos, count, rush).into();
    let arrived = mail.len() as u64;
    let mut office = Office::open(&world, rush).await;
    for round in 0..ROUNDS {
        office.tend(&world).await;
        office.take_in(&world, &mut mail).await;
        people::round(&world, round).await;
        if world.chaos.steps() {
            world.clock.put(i64::try_from(world.chaos.below(180)).unwrap_or(0) - 60);
        }
        let minutes = 1 << world.chaos.below(9);
        tokio::time::sleep(Duration::from_secs(minutes * 60)).await;
    }
    world.chaos.heal();
    for round in ROUNDS..ROUNDS + QUIET_ROUNDS {
        office.tend(&world).await;
        office.take_in(&world, &mut mail).await;
        people::round(&world, round).await;
        tokio::time::sleep(Duration::from_secs(6 * 3600)).await;
    }
    // What fell due in this very moment is in somebody's hand; what is stuck stays so.
    for _ in 0..6 {
        if checks::at_rest(&world).await {
            break;
        }
        tokio::time::sleep(Duration::from_secs(2000)).await;
    }
    let verdict = checks::all(&world, arrived).await;
    let met = checks::met(&world).await;
    office.close(&world).await;
    verdict.map(|()| met)
}

/// The processes that live at the moment.
struct Office {
    processes: Vec<Process>,
    started: u64,
    /// How many there are to be.
    size: usize,
    /// All letters come at once.
    rush: bool,
}

impl Office {
    async fn open(world: &World, rush: bool) -> Self {
        let size = if world.wired { 1 + usize::from(world.chaos.often(500)) } else { 1 };
        let mut office = Self { processes: Vec::new(), started: 0, size, rush };
        office.tend(world).await;
        office
    }

    /// Buries the dead and starts others in their place.
    async fn tend(&mut self, world: &World) {
        let (dead, alive) = self.processes.drain(..).partition(|process| process.life.is_cancelled());
        self.processes = alive;
        let dead: Vec<Process> = dead;
        for process in dead {
            world.kill(process).await;
        }
        while self.processes.len() < self.size {
            self.started += 1;
            self.processes.push(world.start(self.started).await);
        }
    }

    /// Hands letters over; one whose taking was not confirmed stays in front and is handed over again.
    async fn take_in(&self, world: &World, mail: &mut VecDeque<Letter>) {
        let any = || &self.processes[world.chaos.below(self.processes.len() as u64) as usize];
        let mut process = any();
        let several = if self.rush { mail.len() as u64 } else { 1 + world.chaos.below(3) };
        for _ in 0..several {
            if self.rush {
                process = any();
            }
            let Some(letter) = mail.front() else { return };
            let arrival = Arrival {
                bytes: letter.bytes.clone(),
                name: letter.name.clone(),
                channel: Channel::Mail,
                source: "folder",
                caller: None,
                sent_at: None,
            };
            let taken = tokio::select! {
                biased;
                () = process.life.cancelled() => return,
                // Nobody answers any more: the letter is handed over again.
                () = tokio::time::sleep(Duration::from_secs(6 * 3600)) => return,
                taken = process.intake.accept(arrival) => taken,
            };
            if taken.is_err() {
                return;
            }
            mail.pop_front();
        }
    }

    async fn close(self, world: &World) {
        for process in self.processes {
            world.kill(process).await;
        }
    }
}
