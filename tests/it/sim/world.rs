//! One world: the records, the broker, the receivers, the processes that come and go, and the people around them.

use super::chaos::Chaos;
use super::clock::WorldClock;
use super::receivers::{Receivers, Way};
use super::store::ChaosStore;
use super::wire::{Server, Wire};
use super::witness::{Seen, Witness};
use crate::support::blobs::MemoryBlobs;
use crate::support::books;
use crate::support::memory::{Faults, Memory};
use gendan::broker::Broker;
use gendan::broker::local::Local;
use gendan::deliver::Delivery;
use gendan::intake::Intake;
use gendan::order::message::Step;
use gendan::runtime::ahead::Ahead;
use gendan::runtime::backoff::RetrySettings;
use gendan::runtime::books::Books;
use gendan::runtime::clock::Clock;
use gendan::runtime::committer::Linger;
use gendan::runtime::lessons::LessonShelf;
use gendan::runtime::master::MasterShelf;
use gendan::runtime::steps::Steps;
use gendan::runtime::supervise::{self, Parts, Running};
use gendan::runtime::worker::WorkerSettings;
use gendan::store::Store;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A fault put in on purpose, to show that the simulation finds it.
#[derive(Debug, Clone, Default)]
pub(super) struct Planted {
    pub(super) store: Faults,
    /// The broker counts a message as acknowledged when it hands it out: before the commit.
    pub(super) ack_first: bool,
    /// After a lost answer a mail is simply sent again.
    pub(super) mail_again: bool,
}

/// Everything that outlives a process.
pub(super) struct World {
    pub(super) chaos: Arc<Chaos>,
    pub(super) clock: Arc<WorldClock>,
    pub(super) store: Arc<Memory>,
    pub(super) blobs: Arc<MemoryBlobs>,
    pub(super) receivers: Arc<Receivers>,
    pub(super) seen: Arc<Seen>,
    pub(super) server: Arc<Server>,
    pub(super) books: Arc<Books>,
    pub(super) planted: Planted,
    /// The broker is at the end of a wire, and two processes share it.
    pub(super) wired: bool,
}

/// One life of one process.
pub(super) struct Process {
    pub(super) life: CancellationToken,
    pub(super) intake: Intake,
    running: Running,
    epoch: u64,
}

const LEASE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_secs(1800);

impl World {
    pub(super) fn new(seed: u64, books: Arc<Books>, planted: Planted) -> Self {
        let chaos = Arc::new(Chaos::new(seed));
        let clock = Arc::new(WorldClock::new());
        let store = Arc::new(Memory::new(clock.clone(), planted.store));
        Self {
            wired: chaos.often(600),
            chaos,
            clock,
            store,
            blobs: Arc::default(),
            receivers: Arc::default(),
            seen: Arc::default(),
            server: Arc::default(),
            books,
            planted,
        }
    }

    /// Starts a process; it lives until its dice or the world end it.
    pub(super) async fn start(&self, number: u64) -> Process {
        let life = CancellationToken::new();
        let store: Arc<dyn Store> = Arc::new(ChaosStore {
            inner: self.store.clone(),
            chaos: self.chaos.clone(),
            life: life.clone(),
            seen: self.seen.clone(),
        });
        let holder = format!("process-{number}");
        let mut wire = Wire::connect(&self.server, &self.chaos, &life);
        wire.ack_first = self.planted.ack_first;
        let epoch = wire.epoch;
        let broker: Arc<dyn Broker> = if self.wired {
            Arc::new(wire)
        } else {
            // The one process that owns an embedded store frees what a dead one held.
            self.store.take_over(&holder).await.unwrap();
            self.seen.unlease(|_, of| of != holder);
            Arc::new(Local::new(store.clone(), holder.clone(), LEASE, POLL))
        };
        let kill = CancellationToken::new();
        let committer =
            supervise::committer(&store, Linger { wait: Duration::from_millis(2), batch: 16 }, &kill);
        let intake = Intake {
            store: store.clone(),
            blobs: self.blobs.clone(),
            committer: committer.clone(),
            wakes: Some(broker.clone()),
        };
        // Without it more commits lose, as they do between processes: both are to be seen.
        let ahead = if self.chaos.often(700) { committer.ahead() } else { Ahead::default() };
        let running = Running::start(Parts {
            handler: Arc::new(Witness {
                steps: self.steps(&store, ahead, &holder, &life),
                seen: self.seen.clone(),
                clock: self.clock.clone(),
                leases: !self.wired,
            }),
            store,
            broker,
            committer,
            settings: settings(holder),
            // No document of a world is a picture.
            steps: Step::ALL.into_iter().filter(|step| *step != Step::Recognize).collect(),
            poll: POLL,
            kill,
        });
        Process { life, intake, running, epoch }
    }

    fn steps(&self, store: &Arc<dyn Store>, ahead: Ahead, holder: &str, life: &CancellationToken) -> Steps {
        let way = |idempotent| {
            Arc::new(Way {
                receivers: self.receivers.clone(),
                chaos: self.chaos.clone(),
                clock: self.clock.clone() as Arc<dyn Clock>,
                life: life.clone(),
                idempotent,
            })
        };
        Steps {
            store: store.clone(),
            ahead,
            blobs: self.blobs.clone(),
            books: self.books.clone(),
            shelf: Arc::new(MasterShelf::holding(store.clone(), 1, books::short_of_material())),
            lessons: Arc::new(LessonShelf::new(store.clone())),
            delivery: Delivery {
                store: store.clone(),
                mail: way(self.planted.mail_again),
                messages: way(true),
                holder: holder.to_owned(),
                lease: LEASE,
                timeout: Duration::from_secs(60),
            },
        }
    }

    /// Ends a process as a kill does: nothing of it goes on, and its connection is gone.
    pub(super) async fn kill(&self, process: Process) {
        process.life.cancel();
        process.running.abort().await;
        self.server.disconnect(process.epoch);
    }
}

fn settings(holder: String) -> WorkerSettings {
    WorkerSettings {
        prefetch: 6,
        recognize: 1,
        retry: RetrySettings { attempts: 40, first_seconds: 2, longest_seconds: 120 },
        step_timeout: Duration::from_secs(120),
        // Chance kills often here; only a message that always kills would be at fault.
        trials: 1000,
        lease: LEASE,
        wait: Duration::from_secs(300),
        holder,
    }
}
