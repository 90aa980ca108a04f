//! The parent's side: children that wait for the next file, as many as are at work at once.

use super::frame::{self, ANSWER, Ask, Text};
use crate::read::codes::Code;
use crate::read::decoder::{Decoded, Decoder, Recognizer, Wanted};
use crate::read::format::Format;
use crate::read::format::archive::Unpacked;
use crate::read::limits::Limits;
use crate::read::page::Page;
use crate::read::picture::Picture;
use crate::read::print::Print;
use std::ffi::OsString;
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A child is ended after so many files, whatever it has left lying in its memory.
const FILES: u32 = 300;

/// Children of this program that decode files.
pub struct Pool(Children);

/// Children of this program that read pictures, no more at once than are allowed.
pub struct Readers {
    children: Children,
    free: Mutex<usize>,
    freed: Condvar,
    most: usize,
}

/// Children of one kind.
struct Children {
    program: PathBuf,
    arguments: Vec<OsString>,
    idle: Mutex<Vec<Worker>>,
}

struct Worker {
    child: Arc<Mutex<Child>>,
    to: BufWriter<ChildStdin>,
    from: BufReader<ChildStdout>,
    files: u32,
}

impl Pool {
    /// `program` is gendan itself.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        Self(Children::new(program, Vec::new()))
    }

    /// Has a child work on a file.
    fn ask<T>(
        &self,
        ask: Ask,
        bytes: &[u8],
        limits: &Limits,
        answer: impl FnOnce(&mut BufReader<ChildStdout>) -> io::Result<T>,
    ) -> Result<T, Code> {
        let asked = self.0.ask(Duration::from_secs(limits.decode_seconds), |worker| {
            frame::write_json(&mut worker.to, &ask)?;
            frame::write(&mut worker.to, bytes)?;
            worker.to.flush()?;
            answer(&mut worker.from)
        });
        asked.map_err(|error| {
            tracing::warn!(%error, bytes = bytes.len(), "a decoder gave up on a file");
            Code::DecoderFailed
        })
    }
}

impl Decoder for Pool {
    fn pages(&self, bytes: &[u8], wanted: Wanted, limits: &Limits) -> Result<Vec<Decoded>, (Code, String)> {
        let ask = Ask::Pages { limits: *limits, wanted };
        let asked = self.ask(ask, bytes, limits, frame::read_pages);
        asked.unwrap_or_else(|code| Err((code, String::new())))
    }

    fn text(
        &self,
        bytes: &[u8],
        format: Format,
        limits: &Limits,
        budget: &mut u64,
    ) -> Result<Vec<Page>, Code> {
        let ask = Ask::Text { limits: *limits, format, budget: *budget };
        let Text { pages, budget: left } =
            self.ask(ask, bytes, limits, |from| frame::expect(frame::read_json(from, ANSWER)?))?;
        *budget = left.min(*budget);
        pages
    }

    fn files(&self, bytes: &[u8], format: Format, limits: &Limits, budget: &mut u64) -> Unpacked {
        let ask = Ask::Files { limits: *limits, format, budget: *budget };
        match self.ask(ask, bytes, limits, frame::read_files) {
            Ok((files, left)) => {
                *budget = left.min(*budget);
                files
            }
            Err(code) => Unpacked { problems: vec![(code, String::new())], ..Unpacked::default() },
        }
    }
}

impl Readers {
    /// `program` is gendan itself, `models` the folder of its models, `most` how many pages are read at once.
    #[must_use]
    pub fn new(program: PathBuf, models: &Path, most: usize) -> Self {
        let arguments = vec!["--models".into(), models.into()];
        let most = most.max(1);
        let children = Children::new(program, arguments);
        Self { children, free: Mutex::new(most), freed: Condvar::new(), most }
    }

    fn page(&self, picture: &Picture, limits: &Limits) -> Result<Print, Code> {
        let _turn = self.turn();
        let asked = self.children.ask(Duration::from_secs(limits.recognize_seconds), |worker| {
            frame::write_json(&mut worker.to, &Ask::Letters)?;
            frame::write_picture(&mut worker.to, picture)?;
            worker.to.flush()?;
            frame::expect(frame::read_json(&mut worker.from, ANSWER)?)
        });
        asked.unwrap_or_else(|error| {
            tracing::warn!(%error, "the recognition of a page broke off");
            Err(Code::RecognizerFailed)
        })
    }

    /// Waits until a child may work.
    fn turn(&self) -> Turn<'_> {
        let free = lock(&self.free);
        let mut free = self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Turn(self)
    }
}

/// The right to keep one child at work.
struct Turn<'a>(&'a Readers);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *lock(&self.0.free) += 1;
        self.0.freed.notify_one();
    }
}

impl Recognizer for Readers {
    fn pages(&self, pictures: &[Picture], limits: &Limits) -> Vec<Result<Print, Code>> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(picture) = pictures.get(at) else { return done };
                done.push((at, self.page(picture, limits)));
            }
        };
        let mut all: Vec<(usize, Result<Print, Code>)> = std::thread::scope(|scope| {
            let others: Vec<_> = (1..self.most.min(pictures.len())).map(|_| scope.spawn(work)).collect();
            let mut all = work();
            // A thread that panicked has lost its pages; they are missed below.
            all.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
            all
        });
        all.sort_by_key(|(at, _)| *at);
        let mut all = all.into_iter().peekable();
        let page =
            |at| all.next_if(|(found, _)| *found == at).map_or(Err(Code::RecognizerFailed), |(_, it)| it);
        (0..pictures.len()).map(page).collect()
    }
}

impl Children {
    const fn new(program: PathBuf, arguments: Vec<OsString>) -> Self {
        Self { program, arguments, idle: Mutex::new(Vec::new()) }
    }

    fn worker(&self) -> io::Result<Worker> {
        if let Some(worker) = lock(&self.idle).pop() {
            return Ok(worker);
        }
        // Another program that has this as a library does not know what `decode` means.
        if !self.program.file_stem().is_some_and(|name| name.to_string_lossy().starts_with("gendan")) {
            return Err(io::Error::other(format!("{} is not gendan", self.program.display())));
        }
        let mut child = Command::new(&self.program)
            .arg("decode")
            .args(&self.arguments)
            .env_clear()
            .env("MIMALLOC_ARENA_RESERVE", "65536")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let missing = || io::Error::other("a pipe is missing");
        let to = BufWriter::new(child.stdin.take().ok_or_else(missing)?);
        let from = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        Ok(Worker { child: Arc::new(Mutex::new(child)), to, from, files: 0 })
    }

    /// Lets a child work; one that fails or takes too long is ended.
    fn ask<T>(&self, time: Duration, work: impl FnOnce(&mut Worker) -> io::Result<T>) -> io::Result<T> {
        let mut worker = self.worker()?;
        worker.files += 1;
        let watch = worker.watch(time)?;
        let answer = work(&mut worker)?;
        drop(watch);
        if worker.files < FILES {
            lock(&self.idle).push(worker);
        }
        Ok(answer)
    }
}

impl Worker {
    /// Kills the child when the time is over, unless what it gives is dropped before.
    fn watch(&self, time: Duration) -> io::Result<Sender<()>> {
        let (done, wait) = mpsc::channel();
        let child = Arc::clone(&self.child);
        std::thread::Builder::new().name("decode-watch".to_owned()).spawn(move || {
            if wait.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                kill(&child);
            }
        })?;
        Ok(done)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        kill(&self.child);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kill(child: &Mutex<Child>) {
    let mut child = lock(child);
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}
