//! `/healthz`: the process lives. `/readyz`: it can work; else what is missing.

use super::Web;
use crate::broker::Broker;
use crate::intake::Intake;
use crate::store::{Key, Kind};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The store has so long to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// The store is asked at most so often, however many ask us.
const FRESH: Duration = Duration::from_millis(250);

/// What readiness rests on.
pub(super) struct Health {
    pub(super) intake: Intake,
    pub(super) broker: Arc<dyn Broker>,
    pub(super) stop: CancellationToken,
    asked: Mutex<Option<(Instant, &'static str)>>,
}

#[derive(Serialize)]
pub(super) struct Ready {
    status: &'static str,
    checks: Checks,
}

/// Each is `ok`, or says what is wrong.
#[derive(Serialize)]
struct Checks {
    store: &'static str,
    broker: &'static str,
    process: &'static str,
}

const OK: &str = "ok";

impl Health {
    pub(super) const fn new(intake: Intake, broker: Arc<dyn Broker>, stop: CancellationToken) -> Self {
        Self { intake, broker, stop, asked: Mutex::const_new(None) }
    }

    async fn checks(&self) -> Checks {
        Checks {
            store: self.store().await,
            broker: if self.broker.is_connected() { OK } else { "not connected" },
            process: if self.stop.is_cancelled() { "stopping" } else { OK },
        }
    }

    /// One asks, the others wait for his answer.
    async fn store(&self) -> &'static str {
        let mut asked = self.asked.lock().await;
        if let Some((at, said)) = *asked
            && at.elapsed() < FRESH
        {
            return said;
        }
        let said = self.ask().await;
        *asked = Some((Instant::now(), said));
        said
    }

    async fn ask(&self) -> &'static str {
        if self.intake.committer.is_waiting() {
            return "does not take what is to be written";
        }
        let store = self.intake.store.clone();
        // In a task of its own: a query is never cut short.
        let query = tokio::spawn(async move { store.load(&[Key::new(Kind::Document, "none")]).await });
        match tokio::time::timeout(PATIENCE, query).await {
            Ok(Ok(Ok(_))) => OK,
            Ok(Ok(Err(_)) | Err(_)) => "not reachable",
            Err(_) => "no answer within 1 s",
        }
    }
}

pub(super) async fn alive() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": OK }))
}

pub(super) async fn ready(State(web): State<Arc<Web>>) -> (StatusCode, Json<Ready>) {
    let checks = web.health.checks().await;
    let all = [checks.store, checks.broker, checks.process].iter().all(|it| *it == OK);
    let (code, status) =
        if all { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not_ready") };
    (code, Json(Ready { status, checks }))
}
