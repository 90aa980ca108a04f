//! Keeps a mailbox's cursor in the records, beside other processes that read the same mailbox.

use super::cursor::{Change, Cursor};
use super::settings::Mailbox;
use super::trouble::{Trouble, said};
use crate::intake::{Accepted, Arrival, Intake, NotAccepted, label};
use crate::order::document::{Channel, Document};
use crate::order::ids::sha256_hex;
use crate::store::{Answer, Commit, Filter, Index, Json, Key, Kind, Snapshot, StoreError, Write};
use chrono::{DateTime, Utc};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// When the program stops, what is being written has this long.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Several may write one cursor; the loser reads again and tells his part anew.
const TRIES: u32 = 20;
/// That a look found nothing is worth a write this often.
const STALE: Duration = Duration::from_secs(30);

/// The aggregate of a mailbox's folder.
#[must_use]
pub fn key(mailbox: &Mailbox) -> Key {
    Key::new(Kind::Mailbox, format!("{}/{}", mailbox.name, mailbox.folder))
}

/// The commit that writes a cursor over version `was`.
#[must_use]
pub fn commit(key: Key, cursor: &Cursor, was: u64) -> Commit {
    let status = if cursor.trouble.is_some() { "trouble" } else { "read" };
    let write = Write {
        key,
        was,
        now: was + 1,
        body: Json::of(cursor),
        index: Index { status: Some(status.to_owned()), ..Index::default() },
    };
    Commit { writes: vec![write], ..Commit::default() }
}

/// The cursor of a snapshot, with its version; both empty where there is none yet.
pub fn read(snapshot: Option<Snapshot>) -> Result<(Cursor, u64), StoreError> {
    let Some(snapshot) = snapshot else { return Ok((Cursor::default(), 0)) };
    let cursor = snapshot
        .body
        .read()
        .map_err(|e| StoreError::Broken(format!("the state of a mailbox can't be read: {e}")))?;
    Ok((cursor, snapshot.version))
}

/// The records, as the thread of one mailbox sees them.
pub(super) struct Shelf {
    intake: Intake,
    handle: Handle,
    stop: CancellationToken,
    key: Key,
    /// What the names of its documents begin with.
    place: String,
    pub(super) cursor: Cursor,
    version: u64,
    untold: Vec<Change>,
    saved: Option<Instant>,
    /// The mail at which the connection broke last.
    pub(super) suspect: Option<u32>,
}

impl Shelf {
    pub(super) fn new(mailbox: &Mailbox, intake: Intake, handle: Handle, stop: CancellationToken) -> Self {
        Self {
            intake,
            handle,
            stop,
            key: key(mailbox),
            place: format!("{}:{}", mailbox.name, mailbox.folder.replace(['/', '\\'], ".")),
            cursor: Cursor::default(),
            version: 0,
            untold: Vec::new(),
            saved: None,
            suspect: None,
        }
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> Result<T, Trouble> {
        let late = async {
            self.stop.cancelled().await;
            tokio::time::sleep(LAST_WORDS).await;
        };
        self.handle.block_on(async {
            tokio::select! {
                biased;
                done = work => Ok(done),
                () = late => Err(Trouble::Stopping),
            }
        })
    }

    /// Sleeps, unless the program stops; says whether somebody asked meanwhile to try at once.
    pub(super) fn pause(&self, time: Duration, may_ask: bool) {
        let slice = Duration::from_secs(3);
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            let slept = self.handle.block_on(async {
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => false,
                    () = tokio::time::sleep(left.min(slice)) => true,
                }
            });
            if !slept || (may_ask && self.was_asked()) {
                return;
            }
        }
    }

    fn was_asked(&self) -> bool {
        let loaded = self.wait(self.intake.store.load(std::slice::from_ref(&self.key)));
        let Ok(Ok(snapshots)) = loaded else { return false };
        read(snapshots.into_iter().next().flatten()).is_ok_and(|(it, _)| it.asked > self.cursor.asked)
    }

    pub(super) fn now(&self) -> Result<DateTime<Utc>, Trouble> {
        self.wait(self.intake.store.now())?.map_err(|e| away(&e))
    }

    /// Reads what is known, other processes' part included.
    pub(super) fn load(&mut self) -> Result<(), Trouble> {
        let loaded = self.wait(self.intake.store.load(std::slice::from_ref(&self.key)))?;
        let snapshot = loaded.map_err(|e| away(&e))?.into_iter().next().flatten();
        let ours = self.cursor.uid_validity;
        (self.cursor, self.version) = read(snapshot).map_err(|e| away(&e))?;
        if self.cursor.uid_validity != ours && !self.renumbers() {
            // Learnt under another numbering than the one that is kept now.
            self.untold.clear();
        }
        for change in &self.untold {
            self.cursor.apply(change);
        }
        Ok(())
    }

    pub(super) fn note(&mut self, change: Change) {
        self.cursor.apply(&change);
        self.untold.push(change);
    }

    /// How much was learnt and not written yet.
    pub(super) fn untold(&self) -> usize {
        self.untold.len()
    }

    /// Writes it, unless there is nothing in it but the time.
    pub(super) fn save_if_worth(&mut self) -> Result<(), Trouble> {
        let time_only = self.untold.iter().all(|it| matches!(it, Change::Looked(_)));
        if time_only && self.saved.is_some_and(|at| at.elapsed() < STALE) {
            self.untold.clear();
            return Ok(());
        }
        self.save()
    }

    pub(super) fn save(&mut self) -> Result<(), Trouble> {
        if self.untold.is_empty() {
            return Ok(());
        }
        for _ in 0..TRIES {
            let commit = commit(self.key.clone(), &self.cursor, self.version);
            match self.wait(self.intake.committer.write(commit))? {
                Ok(Answer::Done) => {
                    self.version += 1;
                    self.untold.clear();
                    self.saved = Some(Instant::now());
                    return Ok(());
                }
                Ok(Answer::Lost { .. }) => self.tell_again()?,
                Ok(other) => {
                    return Err(Trouble::Away(format!("the records refuse a mailbox's state: {other:?}")));
                }
                Err(_) => return Err(Trouble::Stopping),
            }
        }
        Err(Trouble::Away("too many processes write one mailbox's state at once".to_owned()))
    }

    /// Another process has written: reads its state. What we learnt under another numbering is void.
    fn tell_again(&mut self) -> Result<(), Trouble> {
        let ours = self.cursor.uid_validity;
        let renumbers = self.renumbers();
        let untold = std::mem::take(&mut self.untold);
        self.load()?;
        if self.cursor.uid_validity != ours && !renumbers {
            return Err(Trouble::Away("the server has numbered its mails anew; looking again".to_owned()));
        }
        untold.into_iter().for_each(|change| self.note(change));
        Ok(())
    }

    fn renumbers(&self) -> bool {
        self.untold.iter().any(|it| matches!(it, Change::Renumbered(_)))
    }

    /// Lets people see why the mailbox can't be read. That fails where the records are away too: the log has it then.
    pub(super) fn complain(&mut self, trouble: &Trouble) {
        let said = Some(trouble.to_string());
        let told = self.load().and_then(|()| {
            if self.cursor.trouble != said {
                self.note(Change::Trouble(said));
            }
            self.save()
        });
        if let Err(error) = told {
            tracing::debug!(%error, "a mailbox's trouble is not written down");
        }
    }

    /// Files a mail. The same mail under another numbering of the server is known, and not filed again.
    pub(super) fn take(&self, uid: u32, bytes: Vec<u8>) -> Result<Result<Accepted, String>, Trouble> {
        let place = format!("{}:{}:", self.place, self.cursor.uid_validity);
        if self.wait(self.is_renumbered(&place, &bytes))?.map_err(|e| away(&e))? {
            return Ok(Ok(Accepted::Known));
        }
        let arrival = Arrival {
            bytes,
            name: format!("{place}{uid}.eml"),
            channel: Channel::Mail,
            source: "imap",
            caller: None,
            sent_at: None,
        };
        match self.wait(self.intake.accept(arrival))? {
            Ok(accepted) => Ok(Ok(accepted)),
            Err(NotAccepted::Refused(why)) => Ok(Err(why)),
            Err(NotAccepted::Stopping) => Err(Trouble::Stopping),
            Err(error) => {
                Err(Trouble::Away(format!("the mail can't be kept for now: {}", said(&error.to_string()))))
            }
        }
    }

    async fn is_renumbered(&self, place: &str, bytes: &[u8]) -> Result<bool, StoreError> {
        let same = Filter { number: Some(sha256_hex(bytes)), ..Filter::default() };
        let found = self.intake.store.list(Kind::Document, &same).await?;
        let (mailbox, place) = (label(&format!("{}:", self.place)), label(place));
        let under_another = |it: Snapshot| {
            it.body.read::<Document>().is_ok_and(|it| {
                it.source == "imap" && it.name.starts_with(&mailbox) && !it.name.starts_with(&place)
            })
        };
        Ok(found.into_iter().any(under_another))
    }
}

fn away(error: &StoreError) -> Trouble {
    Trouble::Away(said(&error.to_string()))
}
