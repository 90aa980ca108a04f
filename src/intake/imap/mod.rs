//! Mailboxes, read by IMAP: each by a thread of its own, since the client blocks.
//!
//! A mail is taken by its numbers (mailbox, folder, UIDVALIDITY, UID) and its bytes, and marked only when its commit is in.
//! What is known of a mailbox is in the records ([`cursor`]), so that several processes may read one.

pub mod cursor;
pub mod examine;
pub mod settings;
pub mod shelf;

mod connect;
mod login;
mod round;
mod session;
mod token;
mod trouble;
mod utf7;
mod wire;

use super::Intake;
use round::Round;
use session::{Session, Woken};
use settings::Mailbox;
use shelf::Shelf;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use token::Tokens;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use trouble::Trouble;

/// Servers and the boxes between forget a connection that waits longer.
const LONGEST_IDLE: Duration = Duration::from_secs(300);
/// Without it, the server hangs up on one that says nothing for half an hour.
const LONGEST_SILENCE: Duration = Duration::from_secs(1500);
/// How often old mails are looked through for what was missed.
const FULL_EVERY: Duration = Duration::from_secs(3600);
/// The thread ends within this after the stop, or is left behind.
const PARTING: Duration = Duration::from_secs(2);

/// Reads one mailbox.
pub struct Reader {
    mailbox: Mailbox,
    max_bytes: u64,
    intake: Intake,
}

/// What the thread remembers from one session to the next.
struct Memory {
    shelf: Shelf,
    tokens: Tokens,
    /// Sessions in a row that ended in trouble.
    failures: u32,
    /// How often in a row the server hung while it was to wait.
    hung: u32,
}

impl Reader {
    /// `max_bytes` counts where the mailbox names no limit of its own.
    #[must_use]
    pub fn new(mailbox: Mailbox, max_bytes: u64, intake: Intake) -> Self {
        Self { max_bytes: mailbox.max_bytes.unwrap_or(max_bytes), mailbox, intake }
    }

    /// Reads until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        // Ends the thread too when this task is dropped.
        let halt = stop.child_token();
        let _guard = halt.clone().drop_guard();
        let (done, ended) = oneshot::channel::<()>();
        let (handle, name) = (Handle::current(), self.mailbox.name.clone());
        let work = move || {
            self.work(handle, &halt);
            drop(done);
        };
        if let Err(error) = std::thread::Builder::new().name(format!("imap {name}")).spawn(work) {
            tracing::error!(%error, mailbox = name, "no thread to read the mailbox with; restart the program");
            return;
        }
        let late = async {
            stop.cancelled().await;
            tokio::time::sleep(PARTING).await;
        };
        tokio::select! {
            _ = ended => {}
            () = late => {}
        }
    }

    /// Looks once; how many mails were taken, or why it can't be read.
    pub async fn once(self, stop: CancellationToken) -> Result<usize, String> {
        let handle = Handle::current();
        let look = move || {
            let mut memory = self.memory(handle.clone(), &stop);
            let looked = guarded(|| {
                let mut session = login::open(&self.mailbox, &mut memory.tokens, &handle, &stop)?;
                let taken = self.round(&mut session, &mut memory.shelf).look(true)?;
                session.leave();
                Ok(taken)
            });
            looked.map_err(|trouble| {
                memory.shelf.complain(&trouble);
                trouble.to_string()
            })
        };
        tokio::task::spawn_blocking(look).await.map_err(|e| e.to_string())?
    }

    fn memory(&self, handle: Handle, stop: &CancellationToken) -> Memory {
        let shelf = Shelf::new(&self.mailbox, self.intake.clone(), handle, stop.clone());
        Memory { shelf, tokens: Tokens::default(), failures: 0, hung: 0 }
    }

    fn round<'a>(&'a self, session: &'a mut Session, shelf: &'a mut Shelf) -> Round<'a> {
        Round { mailbox: &self.mailbox, max_bytes: self.max_bytes, session, shelf }
    }

    fn work(&self, handle: Handle, stop: &CancellationToken) {
        let mut memory = self.memory(handle.clone(), stop);
        while !stop.is_cancelled() {
            let Err(trouble) = guarded(|| self.serve(&mut memory, &handle, stop)) else { continue };
            if trouble == Trouble::Stopping || stop.is_cancelled() {
                return;
            }
            memory.failures = memory.failures.saturating_add(1);
            let pause = trouble.pause(memory.failures);
            tracing::warn!(mailbox = self.mailbox.name, %trouble, again_in = ?pause, "the mailbox can't be read");
            memory.shelf.complain(&trouble);
            memory.shelf.pause(pause, !matches!(trouble, Trouble::Away(_)));
        }
    }

    /// One session, to its end.
    fn serve(&self, memory: &mut Memory, handle: &Handle, stop: &CancellationToken) -> Result<(), Trouble> {
        let mut session = login::open(&self.mailbox, &mut memory.tokens, handle, stop)?;
        let mut full: Option<Instant> = None;
        loop {
            let due = full.is_none_or(|at| at.elapsed() >= FULL_EVERY);
            self.round(&mut session, &mut memory.shelf).look(due)?;
            memory.failures = 0;
            if due {
                full = Some(Instant::now());
            }
            if stop.is_cancelled() {
                session.leave();
                return Err(Trouble::Stopping);
            }
            self.wait(&mut session, memory)?;
        }
    }

    /// Until a mail comes or the time is over.
    fn wait(&self, session: &mut Session, memory: &mut Memory) -> Result<(), Trouble> {
        let time = Duration::from_secs(self.mailbox.poll_seconds);
        if !(self.mailbox.idle && session.can.idle) || memory.hung >= 2 {
            memory.shelf.pause(time.min(LONGEST_SILENCE), false);
            return Ok(());
        }
        match session.idle(time.min(LONGEST_IDLE))? {
            Woken::Mail | Woken::Time => memory.hung = 0,
            Woken::Unable => session.can.idle = false,
            Woken::Hung => {
                memory.hung += 1;
                return Err(Trouble::Away("the server said nothing any more; connecting anew".to_owned()));
            }
        }
        Ok(())
    }
}

/// The client panics on some answers; that ends the session and nothing else.
fn guarded<T>(work: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Trouble::Away(
            "the server said what the mail client can't understand; connecting anew".to_owned(),
        ))
    })
}
