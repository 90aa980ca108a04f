//! Connections kept for the next mail: few, for a short while, tried before they are used again, dropped on any doubt.

use super::connect::{Door, Line};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// After a connection that could not be opened, the mails that wait behind it are told so at once for this long: a dead
/// server must not hold up every hand.
const REST: Duration = Duration::from_secs(2);
/// An idle connection that does not answer within this is not worth waiting for.
const PROBE: Duration = Duration::from_secs(5);

pub(super) struct Pool {
    door: Door,
    places: Semaphore,
    idle: Mutex<Vec<Line>>,
    longest_idle: Duration,
    down: Mutex<Option<(Instant, String)>>,
}

/// A connection in use; given back by [`Pool::keep`], closed when it is dropped.
pub(super) struct Taken<'p> {
    pub(super) line: Line,
    _place: SemaphorePermit<'p>,
}

impl Pool {
    pub(super) fn new(door: Door, connections: usize, longest_idle: Duration) -> Self {
        let places = Semaphore::new(connections.min(Semaphore::MAX_PERMITS));
        Self { door, places, idle: Mutex::default(), longest_idle, down: Mutex::default() }
    }

    /// A connection that answers; `fresh` wants one that no mail has used. The error says why there is none.
    pub(super) async fn take(&self, fresh: bool, end: Instant) -> Result<Taken<'_>, String> {
        let Ok(Ok(place)) = tokio::time::timeout_at(end, self.places.acquire()).await else {
            return Err("every connection is busy; raise smtp.connections if this stays".to_owned());
        };
        while let Some(mut line) = self.waiting().filter(|_| !fresh) {
            if line.answers(PROBE).await {
                return Ok(Taken { line, _place: place });
            }
        }
        if let Some((at, why)) = self.down().as_ref().filter(|(at, _)| at.elapsed() < REST) {
            let ago = at.elapsed().as_millis();
            return Err(format!("{why} ({ago} ms ago)"));
        }
        let opened = match tokio::time::timeout_at(end, self.door.open()).await {
            Ok(opened) => opened,
            Err(_) => Err("the mail server is too slow to be greeted".to_owned()),
        };
        match opened {
            Ok(line) => {
                *self.down() = None;
                Ok(Taken { line, _place: place })
            }
            Err(why) => {
                tracing::warn!(why, "the mail server can't be reached; mails wait");
                *self.down() = Some((Instant::now(), why.clone()));
                Err(why)
            }
        }
    }

    /// For the next mail.
    pub(super) fn keep(&self, taken: Taken<'_>) {
        let line = Line { used: true, since: Instant::now(), ..taken.line };
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// The one that was used last; those that have been idle too long are closed.
    fn waiting(&self) -> Option<Line> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|line| line.since.elapsed() < self.longest_idle);
        idle.pop()
    }

    fn down(&self) -> std::sync::MutexGuard<'_, Option<(Instant, String)>> {
        self.down.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
