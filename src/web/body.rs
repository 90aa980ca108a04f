//! Reads a request's body within its bounds: size, time, and what all bodies together may take of the memory.

use super::problem::Problem;
use super::settings::HttpSettings;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory is handed out in pieces of so many bytes.
const PIECE: u64 = 1024;
/// How long a request waits for its turn before it is told to come again.
pub(super) const QUEUE: Duration = Duration::from_secs(5);

/// What all requests share.
pub(super) struct Bounds {
    most: u64,
    timeout: Duration,
    memory: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

/// A body that was read, and the memory that it takes until it is dropped.
pub(super) struct Taken {
    pub(super) bytes: Vec<u8>,
    pub(super) memory: OwnedSemaphorePermit,
}

impl Bounds {
    pub(super) fn new(settings: &HttpSettings) -> Self {
        let memory = usize::try_from(settings.max_buffered_bytes.div_ceil(PIECE)).unwrap_or(usize::MAX);
        Self {
            most: settings.max_bytes,
            timeout: settings.timeout(),
            memory: Arc::new(Semaphore::new(memory.min(Semaphore::MAX_PERMITS))),
            turns: Arc::new(Semaphore::new(settings.max_in_flight)),
        }
    }

    /// The right to write: at most so many requests wait for the store at a time.
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit, Problem> {
        wait(self.turns.clone().acquire_owned()).await
    }

    /// The whole body. One that says how long it is takes memory for that, one that doesn't for the longest.
    pub(super) async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Taken, Problem> {
        let size = match length(headers)? {
            Some(size) if size > self.most => return Err(Problem::too_large(self.most)),
            Some(size) => size,
            None => self.most,
        };
        let pieces = u32::try_from(size.div_ceil(PIECE).max(1)).unwrap_or(u32::MAX);
        let memory = wait(self.memory.clone().acquire_many_owned(pieces)).await?;
        let read = tokio::time::timeout(self.timeout, collect(body, self.most));
        let bytes = read.await.map_err(|_| Problem::too_slow(self.timeout.as_secs()))??;
        if bytes.is_empty() {
            return Err(Problem::unprocessable(
                "empty",
                "the body is empty; send the file itself as the body",
            ));
        }
        Ok(Taken { bytes, memory })
    }
}

async fn wait(
    permit: impl Future<Output = Result<OwnedSemaphorePermit, tokio::sync::AcquireError>>,
) -> Result<OwnedSemaphorePermit, Problem> {
    let busy = || Problem::unavailable("too much is in flight; send it again", 2);
    tokio::time::timeout(QUEUE, permit).await.map_err(|_| busy())?.map_err(|_| busy())
}

/// Hyper has refused lengths that are no numbers or contradict each other.
fn length(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Ok(None);
    }
    let Some(value) = headers.get(CONTENT_LENGTH) else { return Ok(Some(0)) };
    let size = value.to_str().ok().and_then(|text| text.parse().ok());
    size.map(Some).ok_or_else(|| Problem::bad_request("Content-Length is not a number"))
}

async fn collect(body: Body, most: u64) -> Result<Vec<u8>, Problem> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_request("the body ended before its end"))?;
        if (bytes.len() + chunk.len()) as u64 > most {
            return Err(Problem::too_large(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
