//! Mails that really leave: through a server that misbehaves at every verb, and through a real one.

mod outlet;
mod real;
mod whole;

use crate::support::make::{mail, send};
use async_trait::async_trait;
use gendan::broker::local::Local;
use gendan::config::Config;
use gendan::deliver::file::Folder;
use gendan::deliver::smtp::Smtp;
use gendan::deliver::{Delivery, NotSent, Outlet};
use gendan::order::message::{Body, Message, Step};
use gendan::runtime::backoff::RetrySettings;
use gendan::runtime::clock::SystemClock;
use gendan::runtime::committer::Linger;
use gendan::runtime::supervise::{self, Parts, Running};
use gendan::runtime::worker::WorkerSettings;
use gendan::runtime::{Failure, Handler};
use gendan::store::sqlite::Sqlite;
use gendan::store::{Answer, Balance, Commit, Store};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const LEASE: Duration = Duration::from_secs(60);

/// An outlet for `port` of this machine, with more settings as the environment would give them.
fn outlet(port: u16, more: &[(&str, &str)]) -> Smtp {
    let port = port.to_string();
    let own =
        [("HOST", "127.0.0.1"), ("PORT", port.as_str()), ("SECURITY", "none"), ("COMMAND_SECONDS", "1")];
    let all = own.iter().chain([&("CONNECT_SECONDS", "1")]).chain(more);
    let environment = all.map(|(key, value)| (format!("GENDAN_SMTP__{key}"), (*value).to_owned()));
    let config = Config::load(None, environment).unwrap();
    Smtp::new(&config.smtp, "example.com", Duration::from_secs(30)).unwrap()
}

/// A mail to these addresses.
fn letter(number: u128, to: &[&str]) -> Message {
    let mut message = mail(number, &format!("<{number}.1.confirmation@example.com>"));
    let Body::MailSend(mail) = &mut message.body else { unreachable!() };
    mail.to = to.iter().map(|to| (*to).to_owned()).collect();
    message
}

/// Why it was not sent.
async fn refused(outlet: &Smtp, message: &Message) -> NotSent {
    outlet.send(message, "mail").await.unwrap_err()
}

/// Only delivers.
struct Deliverer(Delivery);

#[async_trait]
impl Handler for Deliverer {
    async fn handle(&self, message: &Message) -> Result<Commit, Failure> {
        self.0.deliver(message).await.map(|(commit, _)| commit)
    }
}

/// A house that has mails to send, on a real store.
struct Post {
    store: Arc<dyn Store>,
    running: Running,
    _folder: TempDir,
}

impl Post {
    async fn start(outlet: Smtp) -> Self {
        let folder = TempDir::new().unwrap();
        let store = Sqlite::open(folder.path().join("gendan.db"), Arc::new(SystemClock)).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let (holder, kill) = ("post".to_owned(), CancellationToken::new());
        let delivery = Delivery {
            store: store.clone(),
            mail: Arc::new(outlet),
            messages: Arc::new(Folder::new(folder.path().join("out"))),
            holder: holder.clone(),
            lease: LEASE,
            timeout: Duration::from_secs(40),
        };
        let linger = Linger { wait: Duration::from_millis(1), batch: 16 };
        let poll = Duration::from_millis(50);
        let running = Running::start(Parts {
            store: store.clone(),
            broker: Arc::new(Local::new(store.clone(), holder.clone(), LEASE, poll)),
            handler: Arc::new(Deliverer(delivery)),
            committer: supervise::committer(&store, linger, &kill),
            settings: WorkerSettings {
                prefetch: 8,
                recognize: 1,
                retry: RetrySettings { attempts: 30, first_seconds: 1, longest_seconds: 1 },
                step_timeout: Duration::from_secs(50),
                trials: 7,
                lease: LEASE,
                wait: Duration::from_millis(50),
                holder,
            },
            steps: vec![Step::Deliver],
            poll,
            kill,
        });
        Self { store, running, _folder: folder }
    }

    /// Has these sent, and waits until each has come to its end; what became of it, with the number of attempts.
    async fn send(&self, messages: &[Message]) -> Vec<(String, u32)> {
        assert_eq!(self.store.commit(vec![send(messages.to_vec())]).await.unwrap(), [Answer::Done]);
        self.running.broker().wake(Step::Deliver);
        let limit = tokio::time::Instant::now() + Duration::from_secs(90);
        let mut ends = Vec::new();
        for message in messages {
            let mut end = self.end(message.correlation_id).await;
            while ["waiting", "in_work"].contains(&end.0.as_str()) {
                assert!(tokio::time::Instant::now() < limit, "still at work: {end:?}");
                tokio::time::sleep(Duration::from_millis(20)).await;
                end = self.end(message.correlation_id).await;
            }
            ends.push(end);
        }
        // Nothing may come after that.
        self.running.quiet().await.unwrap();
        ends
    }

    async fn end(&self, about: Uuid) -> (String, u32) {
        let (last, word) = self.store.messages(about).await.unwrap().into_iter().next_back().unwrap();
        (word, last.attempt)
    }

    async fn balance(&self) -> Balance {
        let balance = self.store.balance().await.unwrap();
        assert!(balance.missing.is_empty() && balance.double.is_empty(), "{balance:?}");
        balance
    }
}
