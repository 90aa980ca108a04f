//! What is known of a mailbox, kept in the records so that every process that reads it goes on from there.
//!
//! Pure: what was learnt is a list of [`Change`]s, which can be told again to the state that another process wrote meanwhile.

use crate::order::ids::sha256_hex;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many of the newest mails are remembered one by one.
pub const WINDOW: usize = 300;
/// With so many mails that could not be taken, something is wrong with more than the mails.
pub const MOST_OPEN: usize = 500;

/// A folder of a mailbox: the body of `Kind::Mailbox`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cursor {
    /// The numbering of the server; UIDs mean something under the same one only.
    pub uid_validity: u32,
    /// The next UID that the server named last. A smaller one later means that numbers are given a second time.
    pub next_uid: u32,
    /// The newest mails that are done with, each with its print: another print means another mail under the same number.
    pub settled: BTreeMap<u32, String>,
    /// Mails that wait: they could not be taken, or were taken and not marked yet.
    pub open: BTreeMap<u32, Open>,
    pub looked_at: Option<DateTime<Utc>>,
    /// Why it can't be read at the moment.
    pub trouble: Option<String>,
    /// How often somebody asked for it to be tried at once.
    pub asked: u64,
}

/// A mail that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    pub print: String,
    pub kind: Waits,
    /// For people.
    pub why: String,
    pub size: Option<u32>,
    /// When it came, by the server.
    pub arrived: Option<DateTime<Utc>>,
    pub attempts: u32,
    /// Not to be tried before.
    pub next: Option<DateTime<Utc>>,
}

/// What a mail waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// To be taken: it failed.
    Failed,
    /// For a greater limit.
    TooLarge,
    /// To be marked: it was taken.
    Unmarked,
}

/// A mail as the server lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub uid: u32,
    pub size: Option<u32>,
    pub arrived: Option<DateTime<Utc>>,
}

impl Listed {
    /// Tells a mail from another that has the same number after the server has begun to count again.
    #[must_use]
    pub fn print(&self) -> String {
        let text = format!("{:?}/{:?}", self.size, self.arrived.map(|it| it.timestamp()));
        sha256_hex(text.as_bytes())[..8].to_owned()
    }
}

/// What is to be done with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Take it; so many tries failed before.
    Take(Listed, u32),
    /// It is taken; mark it.
    Mark(Listed, u32),
}

/// Something learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The server numbers anew: nothing is known any more.
    Renumbered(u32),
    /// The server gives numbers a second time: what is done with must be looked at again.
    Rewound,
    NextUid(u32),
    Settled(u32, String),
    Waits(u32, Open),
    /// It is no longer there.
    Gone(u32),
    Looked(DateTime<Utc>),
    Trouble(Option<String>),
}

impl Cursor {
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Renumbered(validity) if *validity == self.uid_validity => {}
            Change::Renumbered(validity) => self.forget(*validity),
            Change::Rewound => self.forget(self.uid_validity),
            Change::NextUid(uid) => self.next_uid = self.next_uid.max(*uid),
            Change::Settled(uid, print) => {
                self.open.remove(uid);
                self.settled.insert(*uid, print.clone());
                while self.settled.len() > WINDOW {
                    self.settled.pop_first();
                }
            }
            Change::Waits(uid, open) => {
                // What another process has settled meanwhile needs no more.
                if self.settled.get(uid) != Some(&open.print) {
                    self.settled.remove(uid);
                    self.open.insert(*uid, open.clone());
                }
            }
            Change::Gone(uid) => {
                self.open.remove(uid);
            }
            Change::Looked(at) => self.looked_at = self.looked_at.max(Some(*at)),
            Change::Trouble(why) => self.trouble.clone_from(why),
        }
    }

    fn forget(&mut self, uid_validity: u32) {
        *self = Self { uid_validity, looked_at: self.looked_at, asked: self.asked, ..Self::default() };
    }

    /// From here on every mail is listed at each look: below it there is nothing new, as far as is known.
    #[must_use]
    pub fn low(&self) -> u32 {
        match self.settled.first_key_value() {
            Some((lowest, _)) if self.settled.len() == WINDOW => *lowest,
            Some(_) | None => 1,
        }
    }

    /// What to do about the mails that the server lists, oldest first.
    #[must_use]
    pub fn tasks(&self, listed: &[Listed], max_bytes: u64, now: DateTime<Utc>) -> Vec<Task> {
        let mut tasks: Vec<Task> = listed.iter().filter_map(|mail| self.task(mail, max_bytes, now)).collect();
        tasks.sort_by_key(|task| task.mail().uid);
        tasks.dedup_by_key(|task| task.mail().uid);
        tasks
    }

    fn task(&self, mail: &Listed, max_bytes: u64, now: DateTime<Utc>) -> Option<Task> {
        let print = mail.print();
        if self.settled.get(&mail.uid) == Some(&print) {
            return None;
        }
        let Some(open) = self.open.get(&mail.uid).filter(|open| open.print == print) else {
            return Some(Task::Take(mail.clone(), 0));
        };
        let due = open.next.is_none_or(|next| next <= now);
        match open.kind {
            Waits::Failed if due => Some(Task::Take(mail.clone(), open.attempts)),
            Waits::Unmarked if due => Some(Task::Mark(mail.clone(), open.attempts)),
            Waits::TooLarge if open.size.is_some_and(|size| u64::from(size) <= max_bytes) => {
                Some(Task::Take(mail.clone(), 0))
            }
            Waits::Failed | Waits::Unmarked | Waits::TooLarge => None,
        }
    }

    /// Those that wait and are no longer listed though they were asked for.
    #[must_use]
    pub fn gone(&self, listed: &[Listed]) -> Vec<u32> {
        let here = |uid: &u32| listed.iter().any(|mail| mail.uid == *uid);
        self.open.keys().copied().filter(|uid| !here(uid)).collect()
    }

    /// Has what waits (all, or the one) tried at once. Says how many.
    pub fn retry(&mut self, uid: Option<u32>) -> usize {
        self.asked += 1;
        let chosen = |it: &u32| uid.is_none_or(|uid| uid == *it);
        let mut count = 0;
        for (_, open) in self.open.iter_mut().filter(|(it, _)| chosen(it)) {
            (open.next, open.attempts) = (None, 0);
            count += 1;
        }
        count
    }
}

impl Task {
    #[must_use]
    pub const fn mail(&self) -> &Listed {
        match self {
            Self::Take(mail, _) | Self::Mark(mail, _) => mail,
        }
    }
}

impl Open {
    /// A mail that failed once more: tried again later each time, hourly in the end.
    #[must_use]
    pub fn again(mail: &Listed, kind: Waits, why: String, attempts: u32, now: DateTime<Utc>) -> Self {
        let wait = (5i64 << attempts.min(10)).min(3600);
        Self {
            print: mail.print(),
            kind,
            why,
            size: mail.size,
            arrived: mail.arrived,
            attempts: attempts + 1,
            next: Some(now + TimeDelta::seconds(wait)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(uid: u32, size: u32) -> Listed {
        Listed { uid, size: Some(size), arrived: DateTime::from_timestamp(1_790_000_000, 0) }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_100, 0).unwrap()
    }

    fn settle(cursor: &mut Cursor, it: &Listed) {
        cursor.apply(&Change::Settled(it.uid, it.print()));
    }

    fn takes(cursor: &Cursor, listed: &[Listed]) -> Vec<u32> {
        cursor.tasks(listed, 1000, now()).iter().map(|it| it.mail().uid).collect()
    }

    #[test]
    fn a_mail_is_taken_once_and_oldest_first() {
        let mut cursor = Cursor::default();
        let all = [mail(9, 5), mail(3, 5), mail(4, 5)];
        assert_eq!(takes(&cursor, &all), [3, 4, 9]);
        settle(&mut cursor, &all[1]);
        assert_eq!(takes(&cursor, &all), [4, 9]);
    }

    #[test]
    fn another_mail_under_the_same_number_is_another_mail() {
        let mut cursor = Cursor::default();
        settle(&mut cursor, &mail(7, 100));
        assert_eq!(takes(&cursor, &[mail(7, 100)]), [0; 0]);
        assert_eq!(takes(&cursor, &[mail(7, 101)]), [7]);
    }

    #[test]
    fn a_late_number_within_the_window_is_found() {
        let mut cursor = Cursor::default();
        (1..=1000).filter(|uid| *uid != 900).for_each(|uid| settle(&mut cursor, &mail(uid, 5)));
        assert_eq!((cursor.settled.len(), cursor.low()), (WINDOW, 700));
        assert_eq!(takes(&cursor, &[mail(900, 5), mail(901, 5), mail(1000, 5)]), [900]);
    }

    #[test]
    fn what_failed_waits_longer_each_time_and_can_be_asked_for() {
        let mut cursor = Cursor::default();
        let it = mail(5, 10);
        cursor.apply(&Change::Waits(5, Open::again(&it, Waits::Failed, "no".to_owned(), 3, now())));
        assert_eq!(takes(&cursor, std::slice::from_ref(&it)), [0; 0]);
        assert_eq!(cursor.open[&5].next, Some(now() + TimeDelta::seconds(40)));
        assert_eq!((cursor.retry(Some(6)), cursor.retry(Some(5)), cursor.asked), (0, 1, 2));
        assert_eq!(takes(&cursor, &[it]), [5]);
    }

    #[test]
    fn what_is_too_large_waits_for_a_greater_limit() {
        let mut cursor = Cursor::default();
        let it = mail(5, 2000);
        let open = Open { next: None, ..Open::again(&it, Waits::TooLarge, String::new(), 0, now()) };
        cursor.apply(&Change::Waits(5, open));
        assert_eq!(takes(&cursor, std::slice::from_ref(&it)), [0; 0]);
        assert_eq!(cursor.tasks(&[it], 2000, now()).len(), 1);
        assert_eq!(cursor.gone(&[]), [5]);
    }

    #[test]
    fn changes_told_again_to_what_another_wrote_lose_nothing() {
        let (mut theirs, it) = (Cursor::default(), mail(5, 10));
        settle(&mut theirs, &it);
        theirs.apply(&Change::Waits(5, Open::again(&it, Waits::Failed, String::new(), 0, now())));
        assert!(theirs.open.is_empty(), "they have taken it");
        theirs.apply(&Change::Renumbered(8));
        assert_eq!((theirs.uid_validity, theirs.low()), (8, 1));
        assert_eq!(takes(&theirs, &[it]), [5]);
    }
}
