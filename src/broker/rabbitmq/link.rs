//! One connection to the server, from opening to its end, and the keeper that opens the next.

use super::hello::hello;
use super::settings::RabbitSettings;
use super::topology::Topology;
use super::{RabbitError, lost, within};
use crate::broker::BrokerError;
use futures_util::FutureExt as _;
use lapin::tcp::{AMQPUriTcpExt as _, OwnedTLSConfig};
use lapin::{Channel, Connection, ConnectionProperties};
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// An idle connection is looked at this often; one in use is noticed at once.
const LOOK: Duration = Duration::from_millis(250);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A connection that lived so long was a good one: the next wait is short again.
const GOOD: Duration = Duration::from_secs(10);

/// An open connection.
pub(super) struct Link {
    connection: Connection,
    ended: CancellationToken,
    limit: Duration,
}

impl Link {
    /// Connects. lapin's own recovery stays off.
    pub(super) async fn open(settings: &RabbitSettings, purpose: &str) -> Result<Self, RabbitError> {
        let limit = settings.answer();
        let uri = settings.uri().map_err(RabbitError::Settings)?;
        let authority = settings.authority().map_err(RabbitError::Settings)?;
        let runtime = lapin::runtime::default_runtime().map_err(|error| lost(&error))?;
        let name = format!("gendan {purpose} {}", std::process::id());
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        // The connecting thread goes on when nobody waits any more, so it has a limit of its own.
        let connect = async move |uri: lapin::uri::AMQPUri, runtime| {
            let tls = OwnedTLSConfig { identity: None, cert_chain: authority.clone() };
            let connected = uri.connect_with_config_async(tls.as_ref(), &runtime);
            let connected = tokio::time::timeout(limit, connected).await;
            Ok(connected.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))?)
        };
        let opened = within(limit + LOOK, Connection::connector(uri, runtime, connect, properties)).await?;
        let connection = opened.map_err(|error| unreachable(settings, &error))?;
        Ok(Self { connection, ended: CancellationToken::new(), limit })
    }

    /// A new channel.
    pub(super) async fn channel(&self) -> Result<Channel, BrokerError> {
        let opened = match within(self.limit, self.connection.create_channel()).await {
            Ok(opened) => opened.map_err(|error| lost(&error)),
            Err(late) => Err(late),
        };
        opened.inspect_err(|_| self.look())
    }

    /// Whether the server takes nothing on it for the moment, being short of memory or disk.
    pub(super) fn blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.ended.is_cancelled() && self.connection.status().connected()
    }

    /// Something failed on it: is it still there?
    pub(super) fn look(&self) {
        if !self.connection.status().connected() {
            self.retire();
        }
    }

    /// It is not to be used any more; another is opened.
    pub(super) fn retire(&self) {
        self.ended.cancel();
    }

    async fn wait(&self, stop: &CancellationToken) {
        while self.is_alive() {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.ended.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    pub(super) async fn close(&self) {
        self.ended.cancel();
        // On a blocked connection nothing is written, the farewell included.
        let limit = if self.blocked() { LOOK } else { self.limit };
        let _ = within(limit, self.connection.close(200, "OK".into())).await;
    }
}

fn unreachable(settings: &RabbitSettings, error: &lapin::Error) -> BrokerError {
    let text = error.to_string();
    let hint = if text.contains("ACCESS_REFUSED") || text.contains("NOT_ALLOWED") {
        "check the user, the password and the virtual host in `url`, and the user's permissions"
    } else {
        "is it running, and is `url` right?"
    };
    BrokerError(format!("{}: {text}; {hint}", settings.server()))
}

/// What a keeper opens.
pub(super) struct Opener {
    pub(super) settings: Arc<RabbitSettings>,
    /// For people who look at the server's list of connections.
    pub(super) purpose: &'static str,
    /// Declared on each new connection before it is used.
    pub(super) topology: Option<Arc<Topology>>,
}

impl Opener {
    pub(super) async fn open(&self) -> Result<Link, RabbitError> {
        let link = Link::open(&self.settings, self.purpose).await?;
        if let Some(topology) = self.topology.as_ref() {
            let channel = link.channel().await?;
            if let Err(error) = topology.declare(&channel, self.settings.answer()).await {
                link.close().await;
                return Err(error);
            }
            let _ = within(self.settings.answer(), channel.close(200, "OK".into())).await;
        }
        Ok(link)
    }

    /// Opens until it works; none when told to stop.
    async fn reopen(&self, mut wait: Duration, stop: &CancellationToken) -> Option<(Link, Duration)> {
        let mut said = false;
        let mut hung = false;
        loop {
            let pause = jittered(wait);
            wait = (wait * 2).clamp(FIRST_WAIT, LONGEST_WAIT);
            tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                () = tokio::time::sleep(pause) => {}
            }
            // Each attempt that hangs in the handshake would leave a thread behind: first see that somebody answers.
            let attempt = async {
                if hung {
                    hello(&self.settings).await?;
                }
                self.open().await
            };
            let begun = Instant::now();
            let opened = tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                opened = attempt => opened,
            };
            match opened {
                Ok(link) => return Some((link, wait)),
                Err(error) => {
                    hung = begun.elapsed() >= self.settings.answer();
                    if !said {
                        tracing::warn!(%error, connection = self.purpose, "no connection to RabbitMQ; trying on");
                        said = true;
                    }
                }
            }
        }
    }

    async fn keep(
        self,
        first: Option<Link>,
        links: watch::Sender<Option<Arc<Link>>>,
        stop: CancellationToken,
    ) {
        let mut wait = Duration::ZERO;
        let mut next = first;
        loop {
            let link = match next.take() {
                Some(link) => link,
                None => match self.reopen(wait, &stop).await {
                    Some((link, longer)) => {
                        wait = longer;
                        link
                    }
                    None => return,
                },
            };
            let (link, opened) = (Arc::new(link), Instant::now());
            links.send_replace(Some(Arc::clone(&link)));
            link.wait(&stop).await;
            links.send_replace(None);
            if stop.is_cancelled() {
                return link.close().await;
            }
            wait = if opened.elapsed() >= GOOD { FIRST_WAIT } else { wait.max(FIRST_WAIT) };
            tracing::warn!(connection = self.purpose, "the connection to RabbitMQ ended; opening another");
            tokio::spawn(async move { link.close().await });
        }
    }
}

/// Between half of it and all of it, so that processes that fell together do not come back together.
fn jittered(wait: Duration) -> Duration {
    let dice = std::hash::RandomState::new().build_hasher().finish();
    wait / 2 + wait.mul_f64(f64::from((dice % 1000) as u16) / 2000.0)
}

/// Keeps one connection open, from the first time it is asked for.
pub(super) struct Keeper {
    running: OnceLock<Running>,
    opener: Mutex<Option<Opener>>,
    stop: CancellationToken,
    limit: Duration,
}

struct Running {
    links: watch::Receiver<Option<Arc<Link>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Keeper {
    pub(super) fn new(opener: Opener) -> Self {
        let limit = opener.settings.answer();
        let opener = Mutex::new(Some(opener));
        Self { running: OnceLock::new(), opener, stop: CancellationToken::new(), limit }
    }

    /// Begins with this connection, or with opening one.
    pub(super) fn begin(&self, first: Option<Link>) -> &watch::Receiver<Option<Arc<Link>>> {
        let running = self.running.get_or_init(|| {
            let (sender, links) = watch::channel(None);
            let opener = self.opener.lock().unwrap_or_else(PoisonError::into_inner).take();
            let task = opener.map(|opener| tokio::spawn(opener.keep(first, sender, self.stop.clone())));
            Running { links, task: Mutex::new(task) }
        });
        &running.links
    }

    /// The connection; waits for one until `end`.
    pub(super) async fn link(&self, end: Instant) -> Option<Arc<Link>> {
        let mut links = self.begin(None).clone();
        let there = links.wait_for(|link| link.as_ref().is_some_and(|link| link.is_alive()));
        let found = tokio::time::timeout_at(end, there).await.ok()?.ok()?;
        found.clone()
    }

    /// The connection as it is.
    pub(super) fn now(&self) -> Option<Arc<Link>> {
        self.running.get()?.links.borrow().clone()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.stop.is_cancelled()
    }

    pub(super) async fn close(&self) {
        self.stop.cancel();
        let running = self.running.get();
        let task = running.and_then(|it| it.task.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(task) = task {
            let _ = tokio::time::timeout(self.limit * 2, task.map(drop)).await;
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
