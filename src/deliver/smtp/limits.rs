//! How many mails may leave: a rate for the server's sake, and a cap per recipient that breaks loops.

use crate::deliver::NotSent;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// A mail waits this long for the rate; one that would wait longer comes again, so that it holds no intent meanwhile.
const PATIENCE: Duration = Duration::from_secs(2);
/// Recipients remembered before old ones are swept out.
const SWEEP: usize = 10_000;

/// Counts of this process since it began.
pub(super) struct Limits {
    per_minute: usize,
    per_recipient: usize,
    /// Mails to this domain are not counted: it is the house's own, which answers no mail of ours by itself.
    own: String,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    sent: VecDeque<Instant>,
    to: HashMap<String, VecDeque<Instant>>,
}

impl Limits {
    pub(super) fn new(per_minute: usize, per_recipient: usize, own: &str) -> Self {
        Self { per_minute, per_recipient, own: own.to_lowercase(), counts: Mutex::default() }
    }

    /// Takes a place in the rate, waiting a moment for it when need be.
    pub(super) async fn admit(&self, recipients: &[String]) -> Result<(), NotSent> {
        let end = Instant::now() + PATIENCE;
        loop {
            let now = Instant::now();
            let Some(free) = self.ask(recipients, now)? else { return Ok(()) };
            if free > end {
                return Err(NotSent::Later(format!(
                    "{} mails have left within a minute, which is smtp.per_minute",
                    self.per_minute
                )));
            }
            tokio::time::sleep_until(free).await;
        }
    }

    /// None when it may go now; else when there may be a place.
    fn ask(&self, recipients: &[String], now: Instant) -> Result<Option<Instant>, NotSent> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |times: &VecDeque<Instant>| times.iter().filter(|at| now - **at < HOUR).count();
        let over = |to: &&String| counts.to.get(*to).is_some_and(|times| full(times) >= self.per_recipient);
        if self.per_recipient > 0 && recipients.iter().any(|to| over(&to)) {
            tracing::warn!(
                cap = self.per_recipient,
                "a recipient has got as many mails as an hour allows; a loop?"
            );
            return Err(NotSent::Later(format!(
                "a recipient got {} mails within the hour, which is smtp.per_recipient_per_hour; see whether \
                 two programs answer each other",
                self.per_recipient
            )));
        }
        if self.per_minute > 0 {
            while counts.sent.front().is_some_and(|at| now - *at >= MINUTE) {
                counts.sent.pop_front();
            }
            if let Some(oldest) = counts.sent.front().filter(|_| counts.sent.len() >= self.per_minute) {
                return Ok(Some(*oldest + MINUTE));
            }
            counts.sent.push_back(now);
        }
        Ok(None)
    }

    /// These recipients have got a mail, or may have.
    pub(super) fn count(&self, recipients: &[String]) {
        if self.per_recipient == 0 {
            return;
        }
        let now = Instant::now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.to.len() > SWEEP {
            counts.to.retain(|_, times| times.back().is_some_and(|at| now - *at < HOUR));
        }
        for to in recipients.iter().filter(|to| !self.is_own(to)) {
            let times = counts.to.entry(to.clone()).or_default();
            times.push_back(now);
            while times.len() > self.per_recipient {
                times.pop_front();
            }
        }
    }

    fn is_own(&self, address: &str) -> bool {
        address.rsplit('@').next() == Some(self.own.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(address: &str) -> Vec<String> {
        vec![address.to_owned()]
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_makes_mails_wait_a_moment_or_come_again() {
        let limits = Limits::new(2, 0, "us.example");
        limits.admit(&to("a@x.example")).await.unwrap();
        tokio::time::advance(Duration::from_secs(59)).await;
        limits.admit(&to("a@x.example")).await.unwrap();
        let began = Instant::now();
        limits.admit(&to("a@x.example")).await.unwrap();
        assert_eq!(began.elapsed().as_secs(), 1);
        assert!(matches!(limits.admit(&to("a@x.example")).await, Err(NotSent::Later(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_ends_at_the_cap_and_the_house_itself_has_none() {
        let limits = Limits::new(0, 3, "us.example");
        for (address, most) in [("a@x.example", 3), ("sales@us.example", 50)] {
            for _ in 0..most {
                limits.admit(&to(address)).await.unwrap();
                limits.count(&to(address));
            }
        }
        let Err(NotSent::Later(why)) = limits.admit(&to("a@x.example")).await else { panic!("was admitted") };
        assert!(why.contains("per_recipient_per_hour") && !why.contains("a@x"), "{why}");
        tokio::time::advance(HOUR).await;
        limits.admit(&to("a@x.example")).await.unwrap();
        limits.admit(&to("sales@us.example")).await.unwrap();
    }
}
