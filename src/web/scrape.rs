//! `/metrics` in Prometheus' text format; `runtime::metrics` lists the names.

use super::Web;
use super::problem::Problem;
use super::settings::Scope;
use crate::bench::process;
use crate::runtime::metrics;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Upper bounds of what is measured in seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0, 60.0];
/// Upper bounds of the number of commits in a transaction.
const SIZES: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];
/// How often measurements are gathered in, asked for or not: what is not gathered takes memory.
const GATHER: Duration = Duration::from_secs(5);
/// Every so many gatherings the store is asked whether it is idle.
const SAMPLE: u32 = 3;

/// Starts to keep what is counted. Once in a process.
pub(super) fn install() -> Result<PrometheusHandle, String> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(|it| it.set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), &SIZES))
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| format!("nothing can be counted: {error}"))
}

pub(super) async fn get(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    if web.tokens.any(Scope::Metrics) {
        web.tokens.allow(&headers, Scope::Metrics)?;
    }
    metrics::process(process::resident_bytes(), process::cpu_ms() / 1000.0);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], web.metrics.render()))
}

/// Gathers and samples until `stop`.
pub(super) async fn gather(web: Arc<Web>, stop: CancellationToken) {
    let mut round: u32 = 0;
    while !stop.is_cancelled() {
        web.metrics.run_upkeep();
        if round.is_multiple_of(SAMPLE)
            && let Ok(idle) = web.intake.store.is_idle().await
        {
            metrics::idle(idle);
        }
        round = round.wrapping_add(1);
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = tokio::time::sleep(GATHER) => {}
        }
    }
}
