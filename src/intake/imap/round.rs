//! One look into a mailbox: what is new is taken, and marked only when its commit is in.

use super::cursor::{Change, Listed, MOST_OPEN, Open, Task, Waits};
use super::session::{Body, Opened, Session};
use super::settings::{After, Mailbox};
use super::shelf::Shelf;
use super::trouble::Trouble;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// The state is written after so many mails.
const SAVE_EVERY: usize = 20;
/// A mail of which the server gives less than it said is taken as it is after so many tries.
const TRIES_SHORT: u32 = 3;

pub(super) struct Round<'a> {
    pub(super) mailbox: &'a Mailbox,
    pub(super) max_bytes: u64,
    pub(super) session: &'a mut Session,
    pub(super) shelf: &'a mut Shelf,
}

impl Round<'_> {
    /// Takes what is new; with `full`, also what may have been missed among the old. Says how many mails were taken.
    pub(super) fn look(&mut self, full: bool) -> Result<usize, Trouble> {
        // First what is known, then the folder: another process may be further than we, never the server behind us.
        self.shelf.load()?;
        let opened = self.session.open(&self.mailbox.folder)?;
        self.compare(opened);
        let now = self.shelf.now()?;
        let listed = self.listed(opened, full)?;
        for uid in self.shelf.cursor.gone(&listed) {
            self.shelf.note(Change::Gone(uid));
        }
        let done = self.work_off(&listed, now);
        if let Ok((taken, None)) = &done {
            tracing::debug!(mailbox = self.mailbox.name, taken, "looked");
            self.shelf.note(Change::Looked(now));
            opened.next_uid.into_iter().for_each(|uid| self.shelf.note(Change::NextUid(uid)));
        }
        let trouble = match &done {
            Ok((_, why)) => why.clone(),
            Err(_) => self.shelf.cursor.trouble.clone(),
        };
        if self.shelf.cursor.trouble != trouble {
            self.shelf.note(Change::Trouble(trouble));
        }
        let saved = self.shelf.save_if_worth();
        let (taken, _) = done?;
        saved.map(|()| taken)
    }

    fn compare(&mut self, opened: Opened) {
        let (name, cursor) = (&self.mailbox.name, &self.shelf.cursor);
        if cursor.uid_validity != opened.uid_validity {
            if cursor.uid_validity != 0 {
                tracing::warn!(
                    mailbox = name,
                    "the server has numbered its mails anew; all are looked at again"
                );
            }
            self.shelf.note(Change::Renumbered(opened.uid_validity));
        } else if opened.next_uid.is_some_and(|next| next < cursor.next_uid) {
            tracing::warn!(
                mailbox = name,
                "the server gives numbers a second time; all mails are looked at again"
            );
            self.shelf.note(Change::Rewound);
        }
    }

    fn listed(&mut self, opened: Opened, full: bool) -> Result<Vec<Listed>, Trouble> {
        if opened.mails == 0 {
            return Ok(Vec::new());
        }
        let low = self.shelf.cursor.low();
        // `n:*` is the last mail where there is none from n on.
        let mut listed = self.session.list(&format!("{low}:*"))?;
        listed.retain(|mail| mail.uid >= low);
        let mut more: BTreeSet<u32> =
            self.shelf.cursor.open.keys().copied().filter(|uid| *uid < low).collect();
        if full && low > 1 {
            let below = low - 1;
            match self.mailbox.after {
                After::Seen => more.extend(self.session.search(&format!("UID 1:{below} UNSEEN"))?),
                After::Move(_) => more.extend(self.session.search(&format!("UID 1:{below} UNDELETED"))?),
                After::None => {}
            }
        }
        listed.extend(self.session.list_these(&more)?);
        Ok(listed)
    }

    /// How many were taken, and what keeps the rest from being taken.
    fn work_off(
        &mut self,
        listed: &[Listed],
        now: DateTime<Utc>,
    ) -> Result<(usize, Option<String>), Trouble> {
        let mut taken = 0;
        for task in self.shelf.cursor.tasks(listed, self.max_bytes, now) {
            if self.shelf.cursor.open.len() >= MOST_OPEN {
                let why =
                    format!("{MOST_OPEN} mails could not be taken; no more are until these are looked at");
                return Ok((taken, Some(why)));
            }
            match &task {
                Task::Take(mail, attempts) => taken += usize::from(self.take(mail, *attempts, now)?),
                Task::Mark(mail, attempts) => self.mark(mail, *attempts, now)?,
            }
            if self.shelf.untold() >= SAVE_EVERY {
                self.shelf.save()?;
            }
        }
        Ok((taken, None))
    }

    fn take(&mut self, mail: &Listed, attempts: u32, now: DateTime<Utc>) -> Result<bool, Trouble> {
        let zone_free = |at: DateTime<Utc>| at.date_naive();
        if self.mailbox.since.zip(mail.arrived.map(zone_free)).is_some_and(|(since, day)| day < since) {
            self.shelf.note(Change::Settled(mail.uid, mail.print()));
            return Ok(false);
        }
        if let Some(size) = mail.size.map(u64::from).filter(|size| *size > self.max_bytes) {
            self.too_large(mail, size, now);
            return Ok(false);
        }
        let Some(bytes) = self.fetch(mail, attempts, now)? else { return Ok(false) };
        match self.shelf.take(mail.uid, bytes)? {
            Ok(accepted) => {
                tracing::info!(mailbox = self.mailbox.name, uid = mail.uid, ?accepted, "taken");
                self.mark(mail, 0, now)?;
                Ok(true)
            }
            Err(why) => {
                self.failed(mail, why, attempts, now);
                Ok(false)
            }
        }
    }

    fn fetch(
        &mut self,
        mail: &Listed,
        attempts: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<u8>>, Trouble> {
        // Sizes differ by how the server counts the ends of lines.
        let most = self.max_bytes + self.max_bytes / 8 + 64 * 1024;
        let body = self.session.body(mail.uid, most);
        let bytes = match body {
            Ok(Body::Bytes(bytes)) => bytes,
            Ok(Body::Gone) => {
                self.shelf.note(Change::Gone(mail.uid));
                return Ok(None);
            }
            Ok(Body::Refused(why)) => {
                self.failed(mail, format!("the server does not give it: {why}"), attempts, now);
                return Ok(None);
            }
            Ok(Body::TooLarge(size)) => {
                self.too_large(mail, size, now);
                return Err(Trouble::Away(
                    "a mail is larger than the server said; connecting anew".to_owned(),
                ));
            }
            Err(trouble) => {
                // Once is chance. The second time in a row it may be this mail, and others must not wait for it.
                if trouble != Trouble::Stopping
                    && (self.shelf.suspect.replace(mail.uid) == Some(mail.uid) || attempts > 0)
                {
                    self.failed(mail, format!("the connection breaks at it: {trouble}"), attempts, now);
                }
                return Err(trouble);
            }
        };
        self.shelf.suspect = None;
        if attempts < TRIES_SHORT
            && let Some(size) = mail.size
            && is_cut(&bytes, size)
        {
            self.failed(mail, format!("the server gives {} of its {size} bytes", bytes.len()), attempts, now);
            return Ok(None);
        }
        Ok(Some(bytes))
    }

    fn mark(&mut self, mail: &Listed, attempts: u32, now: DateTime<Utc>) -> Result<(), Trouble> {
        match self.session.mark(mail.uid, &self.mailbox.after) {
            Ok(Ok(())) => self.shelf.note(Change::Settled(mail.uid, mail.print())),
            Ok(Err(why)) => {
                tracing::warn!(
                    mailbox = self.mailbox.name,
                    uid = mail.uid,
                    why,
                    "taken, but can't be marked"
                );
                let open = Open::again(mail, Waits::Unmarked, why, attempts, now);
                self.shelf.note(Change::Waits(mail.uid, open));
            }
            Err(trouble) => {
                let why = trouble.to_string();
                let open = Open { next: None, ..Open::again(mail, Waits::Unmarked, why, attempts, now) };
                self.shelf.note(Change::Waits(mail.uid, open));
                return Err(trouble);
            }
        }
        Ok(())
    }

    fn failed(&mut self, mail: &Listed, why: String, attempts: u32, now: DateTime<Utc>) {
        tracing::warn!(
            mailbox = self.mailbox.name,
            uid = mail.uid,
            why,
            "not taken; it stays and is tried again"
        );
        let open = Open::again(mail, Waits::Failed, why, attempts, now);
        self.shelf.note(Change::Waits(mail.uid, open));
    }

    fn too_large(&mut self, mail: &Listed, size: u64, now: DateTime<Utc>) {
        let max = self.max_bytes;
        let why = format!(
            "it has {size} bytes, more than the {max} of max_bytes; raise that or have it sent in parts"
        );
        tracing::warn!(mailbox = self.mailbox.name, uid = mail.uid, why, "not taken; it stays");
        let size = Some(u32::try_from(size).unwrap_or(u32::MAX));
        let open = Open { size, next: None, ..Open::again(mail, Waits::TooLarge, why, 0, now) };
        self.shelf.note(Change::Waits(mail.uid, open));
    }
}

/// Whether bytes are missing, however the server has counted the ends of lines.
fn is_cut(bytes: &[u8], size: u32) -> bool {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    bytes.len() + lines < size as usize
}

#[cfg(test)]
mod tests {
    use super::is_cut;

    #[test]
    fn ends_of_lines_are_counted_either_way() {
        assert!(!is_cut(b"a\r\nb\r\n", 6));
        assert!(!is_cut(b"a\nb\n", 6), "the server counts CRLF and gives LF");
        assert!(!is_cut(b"a\r\nb\r\n", 4), "and the other way round");
        assert!(is_cut(b"a\r\nb\r\n", 60));
    }
}
