//! The way in over HTTP: documents and orders by `POST`, health, metrics.
//!
//! Plain HTTP/1.1 on 127.0.0.1: TLS and the world are a reverse proxy's. Errors are problems of RFC 9457; `schemas/openapi.json`,
//! served at `/api/openapi.json`, has everything that programs must know.

mod settings;
mod tokens;
mod problem;
mod key;
mod name;
mod body;
mod documents;
pub mod orders;
mod health;
mod scrape;
mod server;

use crate::intake::{Intake, NotAccepted};
use crate::runtime::house::House;
use crate::runtime::metrics;
use crate::runtime::supervise::Running;
use axum::Router;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use metrics_exporter_prometheus::PrometheusHandle;
pub use problem::{Field, Problem};
pub use server::{Bound, bind};
pub use settings::{HttpSettings, Scope, TokenSettings, check_name};
use std::sync::Arc;
use std::time::{Duration, Instant};
pub use tokens::{Tokens, fresh};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;

/// What programs must know to call us.
pub const OPENAPI: &str = include_str!("../../schemas/openapi.json");

const DOCUMENTS: &str = "/api/documents";
const ORDERS: &str = "/api/orders";
const OPENAPI_PATH: &str = "/api/openapi.json";
const HEALTHZ: &str = "/healthz";
const READYZ: &str = "/readyz";
const METRICS: &str = "/metrics";
const ROUTES: [&str; 6] = [DOCUMENTS, ORDERS, OPENAPI_PATH, HEALTHZ, READYZ, METRICS];

/// What all requests share.
struct Web {
    tokens: Tokens,
    bounds: body::Bounds,
    intake: Intake,
    orders: orders::Orders,
    health: health::Health,
    metrics: PrometheusHandle,
    /// What writes, also after its client has gone.
    tasks: TaskTracker,
    patience: Duration,
}

impl Web {
    fn new((house, running): (&House, &Running), tokens: Tokens, metrics: PrometheusHandle) -> Self {
        let (settings, intake) = (&house.config.http, house.intake(Some(running)));
        Self {
            tokens,
            bounds: body::Bounds::new(settings),
            orders: orders::Orders { intake: intake.clone(), books: house.books.clone() },
            health: health::Health::new(intake.clone(), running.broker(), running.stopping()),
            intake,
            metrics,
            tasks: TaskTracker::new(),
            patience: settings.timeout(),
        }
    }

    /// Does what writes in a task of its own, so that a client who goes away, or is told to come again, cuts nothing short.
    /// The task keeps its turn and its memory to its end.
    async fn finish<T: Send + 'static>(
        &self,
        memory: OwnedSemaphorePermit,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = self.bounds.turn().await?;
        let task = self.tasks.spawn(async move {
            let done = work.await;
            drop((turn, memory));
            done
        });
        match tokio::time::timeout(self.patience, task).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) => Err(Problem::internal()),
            Err(_) => Err(Problem::unavailable(
                "the records do not answer; send it again with the same key, or the same bytes",
                5,
            )),
        }
    }
}

fn router(web: Arc<Web>) -> Router {
    Router::new()
        .route(DOCUMENTS, post(documents::post))
        .route(ORDERS, post(orders::post))
        .route(OPENAPI_PATH, get(|| async { ([(CONTENT_TYPE, "application/json")], OPENAPI) }))
        .route(HEALTHZ, get(health::alive))
        .route(READYZ, get(health::ready))
        .route(METRICS, get(scrape::get))
        .fallback(|| async {
            Problem::new(StatusCode::NOT_FOUND, "not-found", format!("see {OPENAPI_PATH}"))
        })
        .method_not_allowed_fallback(|method: Method| async move {
            let detail = format!("{method} is not for this path: see {OPENAPI_PATH}");
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
        })
        .layer(CatchPanicLayer::custom(|_| Problem::internal().into_response()))
        .layer(from_fn(observe))
        .with_state(web)
}

/// Counts and logs each answer; of what was asked only the route.
async fn observe(request: Request, next: Next) -> Response {
    let route = ROUTES.into_iter().find(|route| *route == request.uri().path()).unwrap_or("other");
    let since = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    metrics::answered(route, status, since.elapsed());
    tracing::info!(http.route = route, http.status = status, ms = since.elapsed().as_millis(), "answered");
    response
}

/// The answer when a document could not be taken.
fn problem_of(why: &NotAccepted) -> Problem {
    match why {
        NotAccepted::Refused(why) => Problem::unprocessable("refused", format!("it can't be kept: {why}")),
        NotAccepted::OtherBytes => Problem::unprocessable(
            "key-reused",
            "this Idempotency-Key came before with another body; take a new key for another request",
        ),
        NotAccepted::Stopping => Problem::unavailable("the program is stopping; send it again", 5),
        NotAccepted::Blob(_) | NotAccepted::Store(_) => {
            tracing::warn!(error = %why, "a document that came over HTTP could not be kept");
            Problem::unavailable("it can't be kept at the moment; send it again", 5)
        }
    }
}
