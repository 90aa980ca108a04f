//! The database's clock, which all processes on one database share.
//!
//! It is looked at once a second; in between the machine's monotonic clock carries it on, so that setting a machine's clock
//! changes nothing.

use super::transaction::within;
use crate::runtime::clock::Clock;
use crate::store::StoreError;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgPool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const TIME: &str = "select clock_timestamp()";
const EVERY: Duration = Duration::from_secs(1);
/// An answer that took longer says little about the time; it counts only when there was no better one for a while.
const SLOW: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(30);
/// A clock that goes back by less is waited for; by more, and it was set.
const STEP: TimeDelta = TimeDelta::seconds(1);

/// Tells the database's time without asking for it.
pub struct DatabaseClock(Mutex<Sample>);

struct Sample {
    at: DateTime<Utc>,
    taken: Instant,
    /// The latest time that anybody was told: time does not go back in small steps.
    told: DateTime<Utc>,
}

impl DatabaseClock {
    /// Looks at the database's clock, and goes on doing so until it is stopped.
    pub(super) async fn start(pool: PgPool, stop: CancellationToken) -> Result<Arc<Self>, StoreError> {
        let (at, taken, _) = ask(&pool).await?;
        let clock = Arc::new(Self(Mutex::new(Sample { at, taken, told: at })));
        tokio::spawn(stop.run_until_cancelled_owned(follow(Arc::clone(&clock), pool)));
        Ok(clock)
    }

    fn take(&self, at: DateTime<Utc>, taken: Instant, trip: Duration) {
        let mut sample = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if trip > SLOW && sample.taken.elapsed() < PATIENCE {
            return;
        }
        (sample.at, sample.taken) = (at, taken);
        if sample.told - at > STEP {
            tracing::warn!(by = %(sample.told - at), "the database's clock was set back");
            sample.told = at;
        }
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> DateTime<Utc> {
        let mut sample = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = TimeDelta::from_std(sample.taken.elapsed()).unwrap_or_default();
        sample.told = sample.told.max(sample.at + gone);
        sample.told
    }
}

async fn follow(clock: Arc<DatabaseClock>, pool: PgPool) {
    loop {
        tokio::time::sleep(EVERY).await;
        // While the database is away the time goes on without it.
        if let Ok((at, taken, trip)) = ask(&pool).await {
            clock.take(at, taken, trip);
        }
    }
}

/// The database's time, when it was that, and how long the answer took.
async fn ask(pool: &PgPool) -> Result<(DateTime<Utc>, Instant, Duration), StoreError> {
    let mut connection = within(pool.acquire()).await?;
    let asked = Instant::now();
    let at = within(sqlx::query_scalar(TIME).fetch_one(&mut *connection)).await?;
    let trip = asked.elapsed();
    Ok((at, asked + trip / 2, trip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(at: DateTime<Utc>) -> DatabaseClock {
        DatabaseClock(Mutex::new(Sample { at, taken: Instant::now(), told: at }))
    }

    #[test]
    fn the_time_goes_on_and_not_back_in_small_steps() {
        let noon = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let clock = clock(noon);
        let before = clock.now();
        clock.take(noon - TimeDelta::milliseconds(900), Instant::now(), Duration::ZERO);
        assert!(clock.now() >= before);
        clock.take(noon + TimeDelta::seconds(5), Instant::now(), Duration::ZERO);
        assert!(clock.now() >= noon + TimeDelta::seconds(5));
    }

    #[test]
    fn a_clock_that_was_set_is_followed_and_a_slow_answer_is_not() {
        let noon = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let clock = clock(noon);
        clock.take(noon + TimeDelta::hours(1), Instant::now(), SLOW * 2);
        assert!(clock.now() < noon + TimeDelta::minutes(1));
        clock.take(noon - TimeDelta::hours(1), Instant::now(), Duration::ZERO);
        assert!(clock.now() < noon - TimeDelta::minutes(59));
    }
}
