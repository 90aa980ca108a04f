//! The connection beneath the IMAP client: a blocking stream whose every wait ends, with the stop, a limit of time or a limit
//! of bytes.
//!
//! What is received is handed on line by line, so that between two commands nothing is left in the client's own buffer, and
//! commands that the client has no good answer to (IDLE, bodies with NUL) can be spoken here.

use super::trouble::Halted;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// A read wakes this often to see whether to stop.
pub(super) const SLICE: Duration = Duration::from_millis(200);
/// A server that says nothing for so long in the middle of an answer is gone.
const QUIET: Duration = Duration::from_secs(60);
/// The slowest server that is waited for, in bytes a second.
const SLOWEST: u64 = 8 * 1024;
/// Longest line of an answer; UID lists come in one line.
const LONGEST_LINE: usize = 16 << 20;

pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

struct Inner {
    stream: Stream,
    /// Received and not yet handed on, from `start`.
    buffer: Vec<u8>,
    start: usize,
    /// So many more bytes may come, until then.
    budget: u64,
    deadline: Instant,
    /// The last line that was not plain ASCII, as it was.
    foreign: Option<String>,
    stop: CancellationToken,
}

/// A connection. Clones share it.
#[derive(Clone)]
pub(super) struct Wire(Arc<Mutex<Inner>>);

impl Wire {
    pub(super) fn new(stream: Stream, stop: CancellationToken) -> Self {
        let inner = Inner {
            stream,
            buffer: Vec::new(),
            start: 0,
            budget: 0,
            deadline: Instant::now(),
            foreign: None,
            stop,
        };
        let wire = Self(Arc::new(Mutex::new(inner)));
        wire.allow(64 * 1024);
        wire
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what the next command's answer may take.
    pub(super) fn allow(&self, bytes: u64) {
        let mut inner = self.lock();
        inner.budget = bytes;
        inner.deadline = Instant::now() + QUIET + Duration::from_secs(bytes / SLOWEST);
    }

    pub(super) fn send(&self, text: &str) -> io::Result<()> {
        let mut inner = self.lock();
        inner.stream.write_all(text.as_bytes())?;
        inner.stream.flush()
    }

    /// The server's last words that were not plain ASCII.
    pub(super) fn foreign_words(&self) -> Option<String> {
        self.lock().foreign.clone()
    }

    /// The next line, its end included.
    pub(super) fn line(&self) -> io::Result<Vec<u8>> {
        let line = self.lock().line(None)?;
        line.ok_or_else(|| io::Error::from(io::ErrorKind::TimedOut))
    }

    /// The next line, or none when none has come by then.
    pub(super) fn line_until(&self, end: Instant) -> io::Result<Option<Vec<u8>>> {
        self.lock().line(Some(end))
    }

    /// Exactly so many bytes.
    pub(super) fn exact(&self, count: usize) -> io::Result<Vec<u8>> {
        let mut inner = self.lock();
        let mut out = Vec::with_capacity(count);
        while out.len() < count {
            if inner.held().is_empty() && inner.fill(None)? == Some(0) {
                return Err(lost());
            }
            let take = inner.held().len().min(count - out.len());
            out.extend_from_slice(&inner.held()[..take]);
            inner.take(take);
        }
        Ok(out)
    }

    /// Whether something has come that nobody asked for yet.
    pub(super) fn holds_more(&self) -> bool {
        !self.lock().held().is_empty()
    }

    /// Gives the bare stream back, to be wrapped anew; none while somebody else has it.
    pub(super) fn into_plain(self) -> Option<TcpStream> {
        let inner = Arc::into_inner(self.0)?.into_inner().unwrap_or_else(PoisonError::into_inner);
        match inner.stream {
            Stream::Plain(tcp) => Some(tcp),
            Stream::Tls(_) => None,
        }
    }
}

impl Inner {
    fn held(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    fn take(&mut self, count: usize) {
        self.start += count;
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        }
    }

    fn line(&mut self, end: Option<Instant>) -> io::Result<Option<Vec<u8>>> {
        let mut seen = 0;
        loop {
            if let Some(at) = self.held()[seen..].iter().position(|byte| *byte == b'\n') {
                let line = self.held()[..=seen + at].to_vec();
                self.take(line.len());
                return Ok(Some(line));
            }
            seen = self.held().len();
            if seen > LONGEST_LINE {
                return Err(io::Error::other("the server's answer has no end"));
            }
            match self.fill(end)? {
                Some(0) => return Err(lost()),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// Receives more; how many bytes, 0 at the end. None when nothing has come by `end`.
    fn fill(&mut self, end: Option<Instant>) -> io::Result<Option<usize>> {
        let quiet = (Instant::now() + QUIET).min(self.deadline);
        let mut chunk = [0; 16 * 1024];
        loop {
            if self.stop.is_cancelled() {
                return Err(io::Error::other(Halted));
            }
            match self.stream.read(&mut chunk) {
                Ok(count) => {
                    self.budget = self
                        .budget
                        .checked_sub(count as u64)
                        .ok_or_else(|| io::Error::other("the server sends more than it was asked for"))?;
                    if self.start > 64 * 1024 {
                        self.buffer.drain(..self.start);
                        self.start = 0;
                    }
                    self.buffer.extend_from_slice(&chunk[..count]);
                    return Ok(Some(count));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_slice(&error) => match end {
                    Some(end) if Instant::now() >= end => return Ok(None),
                    None if Instant::now() >= quiet => {
                        return Err(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer"));
                    }
                    Some(_) | None => {}
                },
                Err(error) => return Err(error),
            }
        }
    }
}

pub(super) fn is_slice(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn lost() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection")
}

const fn is_plain(byte: &u8) -> bool {
    byte.is_ascii() && *byte != 0
}

/// For the client, which takes plain ASCII only and gives up on a server's words in another language. Mails do not come this
/// way.
impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut inner = self.lock();
        if inner.held().is_empty() && inner.fill(None)? == Some(0) {
            return Ok(0);
        }
        let held = inner.held();
        let line = held.iter().position(|byte| *byte == b'\n').map_or(held.len(), |at| at + 1);
        let count = line.min(into.len());
        into[..count].copy_from_slice(&held[..count]);
        if !into[..count].iter().all(is_plain) {
            inner.foreign = Some(String::from_utf8_lossy(&into[..count.min(1000)]).into_owned());
            into[..count].iter_mut().filter(|byte| !is_plain(byte)).for_each(|byte| *byte = b'?');
        }
        inner.take(count);
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().stream.flush()
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(into),
            Self::Tls(stream) => stream.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
