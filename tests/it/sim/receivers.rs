//! Who is told: customers' mail boxes and downstream systems, which may not answer, or answer too late.

use super::chaos::Chaos;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use gendan::deliver::{NotSent, Outlet};
use gendan::order::message::{Body, Message};
use gendan::runtime::clock::Clock;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// What arrived, when: outlives every process.
#[derive(Default)]
pub(super) struct Receivers {
    pub(super) arrived: Mutex<Vec<(DateTime<Utc>, Message)>>,
}

impl Receivers {
    pub(super) fn all(&self) -> Vec<(DateTime<Utc>, Message)> {
        self.arrived.lock().unwrap().clone()
    }
}

/// One process's way to the receivers. A mail server does not know a message id; the others do.
pub(super) struct Way {
    pub(super) receivers: Arc<Receivers>,
    pub(super) chaos: Arc<Chaos>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) life: CancellationToken,
    pub(super) idempotent: bool,
}

#[async_trait]
impl Outlet for Way {
    fn idempotent(&self) -> bool {
        self.idempotent
    }

    async fn send(&self, message: &Message, _destination: &str) -> Result<(), NotSent> {
        self.chaos.delay().await;
        self.chaos.crash(&self.life).await;
        if self.chaos.error() {
            return Err(NotSent::Later("421 try again later".into()));
        }
        self.receive(message);
        self.chaos.crash(&self.life).await;
        if self.chaos.lost_answer() {
            let why = "the connection was lost after the final dot".to_owned();
            return Err(if self.idempotent { NotSent::Later(why) } else { NotSent::Unsure(why) });
        }
        self.chaos.delay().await;
        Ok(())
    }
}

impl Way {
    fn receive(&self, message: &Message) {
        let mut arrived = self.receivers.arrived.lock().unwrap();
        let known = |body: &Body| !matches!(body, Body::MailSend(_));
        // A receiver that knows ids does it once, and must be told the same each time.
        if let Some((_, first)) = arrived.iter().find(|(_, it)| it.id == message.id && known(&it.body)) {
            assert_eq!(first.body, message.body, "told the same id with another body");
            return;
        }
        arrived.push((self.clock.now(), message.clone()));
    }
}
