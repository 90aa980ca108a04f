//! The listener: so many connections at most, a limit on every wait, and a clean end.

use super::{Web, router, scrape};
use crate::runtime::house::House;
use crate::runtime::house::OpenError;
use crate::runtime::supervise::Running;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The head of a request, or of an answer, has room in this many bytes.
const HEAD: usize = 64 * 1024;
/// What is left of the grace time for everything else when requests have had theirs.
const SPARE: Duration = Duration::from_secs(1);
/// A connection is used for so many times the timeout, then its client is told to make another.
const LIFE: u32 = 10;
/// And then what is in flight on it has so many times the timeout: for its head, its body and its answer.
const LAST: u32 = 3;
/// Pause after the system could not give us a connection.
const PAUSE: Duration = Duration::from_millis(200);

/// A port that is ours, before anything runs.
pub struct Bound {
    listener: TcpListener,
    tokens: super::tokens::Tokens,
    metrics: PrometheusHandle,
}

/// Takes the port and reads the tokens; none when `http.listen` is empty. From here on things are counted.
pub async fn bind(house: &House) -> Result<Option<Bound>, OpenError> {
    let settings = &house.config.http;
    let Some(address) = settings.address().map_err(OpenError::Books)? else { return Ok(None) };
    let tokens = super::tokens::Tokens::open(&settings.tokens, &house.dir).map_err(OpenError::Books)?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|e| anyhow::anyhow!("nothing can listen on {address}: {e}; set another http.listen"))?;
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "tokens pass unencrypted here: let a reverse proxy do TLS in front of it");
    }
    let metrics = scrape::install().map_err(|why| anyhow::anyhow!(why))?;
    Ok(Some(Bound { listener, tokens, metrics }))
}

impl Bound {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Serves until the process stops. Answers that it is not ready for `http.drain_seconds`, then takes no more connections and
    /// finishes what is in flight.
    pub fn serve(self, house: &House, running: &Running) -> impl Future<Output = ()> + Send + 'static {
        let settings = house.config.http.clone();
        let stop = running.stopping();
        let drain = Duration::from_secs(settings.drain_seconds);
        let grace = Duration::from_secs(house.config.worker.grace_seconds);
        let server = Server {
            slots: Arc::new(Semaphore::new(settings.max_connections)),
            timeout: settings.timeout(),
            drain,
            finish: grace.saturating_sub(drain + SPARE),
            web: Arc::new(Web::new((house, running), self.tokens, self.metrics)),
        };
        server.run(self.listener, stop)
    }
}

struct Server {
    slots: Arc<Semaphore>,
    timeout: Duration,
    drain: Duration,
    finish: Duration,
    web: Arc<Web>,
}

impl Server {
    async fn run(self, listener: TcpListener, stop: CancellationToken) {
        let gathering = tokio::spawn(scrape::gather(self.web.clone(), stop.clone()));
        let closing = CancellationToken::new();
        let mut connections = JoinSet::new();
        let drained = async {
            stop.cancelled().await;
            tokio::time::sleep(self.drain).await;
        };
        tokio::select! {
            biased;
            () = drained => {}
            () = self.listen(&listener, &closing, &mut connections) => {}
        }
        drop(listener);
        closing.cancel();
        self.web.tasks.close();
        let all = async {
            while connections.join_next().await.is_some() {}
            self.web.tasks.wait().await;
        };
        if tokio::time::timeout(self.finish, all).await.is_err() {
            tracing::warn!("requests were cut off: their clients have to send them again");
        }
        connections.shutdown().await;
        gathering.abort();
    }

    async fn listen(
        &self,
        listener: &TcpListener,
        closing: &CancellationToken,
        connections: &mut JoinSet<()>,
    ) {
        let router = router(self.web.clone());
        loop {
            while connections.try_join_next().is_some() {}
            let Ok(slot) = self.slots.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let connection = connection(stream, router.clone(), self.timeout, closing.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(slot);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection can't be taken; trying again");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

/// One connection, request after request. A head that does not come in time, the next one's too, ends it; so does a client
/// who does not take his answers.
async fn connection(stream: TcpStream, router: Router, timeout: Duration, closing: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut serving = pin!(serving);
    let served = tokio::select! {
        biased;
        served = serving.as_mut() => Some(served),
        () = closing.cancelled() => None,
        () = tokio::time::sleep(timeout * LIFE) => None,
    };
    if let Some(served) = served {
        return early(served);
    }
    serving.as_mut().graceful_shutdown();
    if let Ok(served) = tokio::time::timeout(timeout * LAST, serving).await {
        early(served);
    }
}

fn early(served: hyper::Result<()>) {
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
