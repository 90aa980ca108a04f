//! A data folder, a Dovecot, and a mailbox there that is read.

use crate::servers::dovecot::{Dovecot, PASSWORD, Setup};
use async_trait::async_trait;
use gendan::config::Config;
use gendan::intake::Intake;
use gendan::intake::imap::cursor::Cursor;
use gendan::intake::imap::settings::Mailbox;
use gendan::intake::imap::{Reader, shelf};
use gendan::order::document::Document;
use gendan::runtime::house::House;
use gendan::store::blobs::Blobs;
use gendan::store::{Filter, Kind};
use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(super) struct Desk {
    pub(super) house: Arc<House>,
    pub(super) mailbox: Mailbox,
    // Before its folder is.
    server: Dovecot,
    folder: TempDir,
}

/// A reader at work.
pub(super) struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// A mail of so many lines.
pub(super) fn mail(number: usize, lines: usize) -> Vec<u8> {
    let head = format!(
        "From: buyer@example.com\r\nTo: orders@example.com\r\nSubject: PO {number}\r\n\
         Message-ID: <{number}@example.com>\r\nDate: Tue, 10 Mar 2026 09:00:00 +0800\r\n\r\n"
    );
    let body: String = (0..lines).map(|line| format!("Line {line} of order {number}\r\n")).collect();
    (head + &body).into_bytes()
}

impl Desk {
    pub(super) fn new() -> Self {
        Self::with(Setup::default())
    }

    pub(super) fn with(setup: Setup) -> Self {
        let folder = TempDir::new().unwrap();
        let server = Dovecot::start_with(folder.path(), &setup);
        let data = folder.path().join("data");
        let config = Config::load(None, []).unwrap();
        let house = wait(House::open(&data, config)).unwrap();
        let text = format!(
            "name = 'orders'\nhost = 'localhost'\nport = {}\nsecurity = 'none'\nuser = 'orders'\npassword = '{PASSWORD}'",
            server.imap
        );
        Self { house: Arc::new(house), mailbox: toml::from_str(&text).unwrap(), server, folder }
    }

    pub(super) fn server(&self) -> &Dovecot {
        &self.server
    }

    pub(super) fn server_mut(&mut self) -> &mut Dovecot {
        &mut self.server
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// One look by the usual way.
    pub(super) async fn look(&self) -> Result<usize, String> {
        self.look_by(self.house.intake(None)).await
    }

    pub(super) async fn look_by(&self, intake: Intake) -> Result<usize, String> {
        Reader::new(self.mailbox.clone(), 1 << 26, intake).once(CancellationToken::new()).await
    }

    pub(super) fn run(&self, change: impl FnOnce(&mut Mailbox)) -> Running {
        self.run_by(self.house.intake(None), change)
    }

    pub(super) fn run_by(&self, intake: Intake, change: impl FnOnce(&mut Mailbox)) -> Running {
        let (stop, mut mailbox) = (CancellationToken::new(), self.mailbox.clone());
        change(&mut mailbox);
        let reader = Reader::new(mailbox, 1 << 26, intake);
        Running { task: tokio::spawn(reader.run(stop.clone())), stop }
    }

    /// An intake that calls `hook` with the bytes whenever a document's bytes are about to be kept.
    pub(super) fn hooked(&self, hook: impl FnMut(&[u8]) -> io::Result<()> + Send + 'static) -> Intake {
        let blobs = Hooked { inner: self.house.blobs.clone(), hook: std::sync::Mutex::new(Box::new(hook)) };
        Intake { blobs: Arc::new(blobs), ..self.house.intake(None) }
    }

    pub(super) fn documents(&self) -> Vec<Document> {
        documents_of(&self.house)
    }

    pub(super) fn cursor(&self) -> Cursor {
        let found = wait(self.house.store.load(&[shelf::key(&self.mailbox)])).unwrap();
        shelf::read(found.into_iter().next().flatten()).unwrap().0
    }

    pub(super) fn seen(&self) -> Vec<u32> {
        self.search("SEEN")
    }

    /// What another mail client finds.
    pub(super) fn search(&self, query: &str) -> Vec<u32> {
        search(self.server.imap, query)
    }

    /// How many mails the server has given to all its sessions, once all have ended.
    pub(super) fn bodies_given(&self) -> Option<u64> {
        let log = self.server.log();
        let ended: Vec<u64> = log
            .split("body_count=")
            .skip(1)
            .map(|it| it.split_whitespace().next().unwrap().parse().unwrap())
            .collect();
        (ended.len() == log.matches("Login: user=").count()).then(|| ended.iter().sum())
    }

    pub(super) async fn until(&self, what: &str, fact: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !fact(self) {
            assert!(
                Instant::now() < end,
                "{what}: not within a minute; {:?}\n{}",
                self.cursor(),
                self.server.log()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

pub(super) fn documents_of(house: &House) -> Vec<Document> {
    let found = wait(house.store.list(Kind::Document, &Filter::default())).unwrap();
    found.into_iter().map(|it| it.body.read().unwrap()).collect()
}

/// Another client's session with INBOX open.
pub(super) fn other_client(port: u16) -> imap::Session<TcpStream> {
    let tcp = TcpStream::connect(("127.0.0.1", port)).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut client = imap::Client::new(tcp);
    client.read_greeting().unwrap();
    let mut session = client.login("orders", PASSWORD).map_err(|(e, _)| e).unwrap();
    session.select("INBOX").unwrap();
    session
}

pub(super) fn search(port: u16, query: &str) -> Vec<u32> {
    let mut session = other_client(port);
    let mut found: Vec<u32> = session.uid_search(query).unwrap().into_iter().collect();
    session.logout().unwrap();
    found.sort_unstable();
    found
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| Handle::current().block_on(work))
}

type Hook = Box<dyn FnMut(&[u8]) -> io::Result<()> + Send>;

struct Hooked {
    inner: Arc<dyn Blobs>,
    hook: std::sync::Mutex<Hook>,
}

#[async_trait]
impl Blobs for Hooked {
    async fn put(&self, bytes: Vec<u8>) -> io::Result<String> {
        // Called on the reader's own thread, which may block.
        (self.hook.lock().unwrap())(&bytes)?;
        self.inner.put(bytes).await
    }

    async fn get(&self, sha256: &str) -> io::Result<Vec<u8>> {
        self.inner.get(sha256).await
    }

    async fn has(&self, sha256: &str) -> io::Result<bool> {
        self.inner.has(sha256).await
    }
}
