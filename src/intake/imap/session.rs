//! One logged-in session: the few commands that reading a mailbox takes.

use super::cursor::Listed;
use super::settings::After;
use super::trouble::{Trouble, said};
use super::utf7::encode;
use super::wire::Wire;
use crate::runtime::outside::{Point, call_here};
use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

/// An answer that lists mails; about a hundred bytes for each.
const LIST: u64 = 64 << 20;
const SMALL: u64 = 1 << 20;
/// UIDs named in one command.
const CHUNK: usize = 500;

/// What the server can do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Abilities {
    pub(super) idle: bool,
    pub(super) moves: bool,
    pub(super) uidplus: bool,
}

pub(super) struct Session {
    session: imap::Session<Wire>,
    wire: Wire,
    pub(super) can: Abilities,
    tag: u32,
}

/// The folder as it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) uid_validity: u32,
    pub(super) next_uid: Option<u32>,
    pub(super) mails: u32,
}

/// A mail's bytes, or why there are none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    Bytes(Vec<u8>),
    /// Somebody has deleted or moved it meanwhile.
    Gone,
    /// It is larger than the server had said; the connection is of no more use.
    TooLarge(u64),
    Refused(String),
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    Mail,
    Time,
    /// The server does not wait with us after all.
    Unable,
    /// It took the command and then said nothing any more; the connection is of no more use.
    Hung,
}

impl Session {
    pub(super) fn new(session: imap::Session<Wire>, wire: Wire, can: Abilities) -> Self {
        Self { session, wire, can, tag: 0 }
    }

    /// Opens the folder, anew each time: only so does the server say its numbering.
    pub(super) fn open(&mut self, folder: &str) -> Result<Opened, Trouble> {
        self.wire.allow(SMALL);
        let what = format!("folder {folder}");
        let opened = call_here(Point::IntakeRead, || self.session.select(encode(folder)));
        let opened = opened.map_err(|e| Trouble::of(&e, &what))?;
        let uid_validity = opened.uid_validity.filter(|it| *it != 0);
        Ok(Opened {
            uid_validity: uid_validity.ok_or_else(|| {
                Trouble::Wrong(format!("{what}: the server gives its mails no lasting numbers"))
            })?,
            next_uid: opened.uid_next,
            mails: opened.exists,
        })
    }

    /// Opens the folder for reading alone, so that the server refuses whatever would change it; how many mails it has.
    pub(super) fn examine(&mut self, folder: &str) -> Result<u32, Trouble> {
        self.wire.allow(SMALL);
        let opened = call_here(Point::IntakeRead, || self.session.examine(encode(folder)));
        opened.map(|it| it.exists).map_err(|e| Trouble::of(&e, &format!("folder {folder}")))
    }

    /// The mails of this set of UIDs (`1:*`).
    pub(super) fn list(&mut self, set: &str) -> Result<Vec<Listed>, Trouble> {
        self.wire.allow(LIST);
        let query = "(UID RFC822.SIZE INTERNALDATE)";
        let found = call_here(Point::IntakeRead, || self.session.uid_fetch(set, query));
        let found = found.map_err(|e| Trouble::of(&e, "listing the mails"))?;
        let listed = found.iter().filter_map(|it| {
            let arrived = it.internal_date().map(|at| at.to_utc());
            // A mail whose flags somebody changes at this moment comes without what was asked for.
            it.uid.filter(|_| it.size.is_some() || arrived.is_some()).map(|uid| Listed {
                uid,
                size: it.size,
                arrived,
            })
        });
        Ok(listed.collect())
    }

    /// These mails, as far as they are there.
    pub(super) fn list_these(&mut self, uids: &BTreeSet<u32>) -> Result<Vec<Listed>, Trouble> {
        let uids: Vec<String> = uids.iter().map(u32::to_string).collect();
        let mut listed = Vec::new();
        for chunk in uids.chunks(CHUNK) {
            listed.extend(self.list(&chunk.join(","))?);
        }
        Ok(listed)
    }

    pub(super) fn search(&mut self, query: &str) -> Result<BTreeSet<u32>, Trouble> {
        self.wire.allow(LIST);
        let found = call_here(Point::IntakeRead, || self.session.uid_search(query));
        Ok(found.map_err(|e| Trouble::of(&e, "searching the mails"))?.into_iter().collect())
    }

    /// A mail, without marking it as read.
    pub(super) fn body(&mut self, uid: u32, max: u64) -> Result<Body, Trouble> {
        self.wire.allow(max + SMALL);
        let body = call_here(Point::IntakeRead, || self.fetch(uid, max));
        body.map_err(|e| Trouble::io(&e, "fetching a mail"))
    }

    /// Spoken here, not by the client: it takes no NUL, and takes whatever length the server names.
    fn fetch(&mut self, uid: u32, max: u64) -> io::Result<Body> {
        let tag = self.begin(&format!("UID FETCH {uid} (UID BODY.PEEK[])"))?;
        let (mut text, mut bytes, mut body) = (String::new(), None, Body::Gone);
        loop {
            let line = self.wire.line()?;
            // Each byte as the character of its number: a body in quotes keeps every byte so.
            let shown: String = line.into_iter().map(char::from).collect();
            if text.is_empty()
                && let Some(rest) = ended(&tag, &shown)
            {
                return Ok(match rest {
                    Ok(()) => body,
                    Err(why) if why.to_ascii_uppercase().contains("EXPUNGEISSUED") => Body::Gone,
                    Err(why) => Body::Refused(why),
                });
            }
            text.push_str(&shown);
            if let Some(length) = literal(&shown) {
                if length > max {
                    return Ok(Body::TooLarge(length));
                }
                let piece = self.wire.exact(usize::try_from(length).unwrap_or(usize::MAX))?;
                if text.to_ascii_uppercase().contains("BODY[]") && bytes.is_none() {
                    bytes = Some(piece);
                }
                continue;
            }
            let found = bytes.take().or_else(|| quoted(&text));
            if let (true, Some(found)) = (is_of(&text, uid), found) {
                body = Body::Bytes(found);
            }
            text.clear();
        }
    }

    /// Marks a mail that was taken; why it could not, in the inner result.
    pub(super) fn mark(&mut self, uid: u32, after: &After) -> Result<Result<(), String>, Trouble> {
        self.wire.allow(SMALL);
        let done = call_here(Point::IntakeMove, || match after {
            After::None => Ok(()),
            After::Seen => self.session.uid_store(uid.to_string(), "+FLAGS.SILENT (\\Seen)").map(|_| ()),
            After::Move(to) => self.move_to(uid, &encode(to)),
        });
        match done.map_err(|e| (Trouble::of(&e, "marking a mail"), e)) {
            Ok(()) => Ok(Ok(())),
            Err((Trouble::Wrong(why), imap::Error::No(_) | imap::Error::Bad(_))) => Ok(Err(why)),
            Err((trouble, _)) => Err(trouble),
        }
    }

    fn move_to(&mut self, uid: u32, to: &str) -> imap::Result<()> {
        match self.move_or_copy(uid, to) {
            Err(imap::Error::No(no)) if format!("{:?}", no.code).contains("TryCreate") => {
                let _ = self.session.create(to);
                self.move_or_copy(uid, to)
            }
            done => done,
        }
    }

    /// Never a plain EXPUNGE: that would delete what others have marked.
    fn move_or_copy(&mut self, uid: u32, to: &str) -> imap::Result<()> {
        let uid = uid.to_string();
        if self.can.moves {
            return self.session.uid_mv(&uid, to);
        }
        self.session.uid_copy(&uid, to)?;
        self.session.uid_store(&uid, "+FLAGS.SILENT (\\Deleted)")?;
        if self.can.uidplus {
            self.session.uid_expunge(&uid)?;
        }
        Ok(())
    }

    /// Waits until the server says that a mail has come, at most so long.
    pub(super) fn idle(&mut self, longest: Duration) -> Result<Woken, Trouble> {
        self.wire.allow(SMALL);
        self.wait(Instant::now() + longest).map_err(|e| Trouble::io(&e, "waiting for mails"))
    }

    fn wait(&mut self, end: Instant) -> io::Result<Woken> {
        let tag = self.begin("IDLE")?;
        let mut woken = Woken::Time;
        let mut begun = false;
        let soon = Instant::now() + Duration::from_secs(30);
        while woken == Woken::Time {
            let Some(line) = self.wire.line_until(if begun { end } else { soon.min(end) })? else { break };
            let line = String::from_utf8_lossy(&line).to_ascii_uppercase();
            if ended(&tag, &line).is_some() {
                return Ok(Woken::Unable);
            }
            begun |= line.starts_with('+');
            let mut words = line.split_ascii_whitespace().skip(2);
            if line.starts_with("* ") && matches!(words.next(), Some("EXISTS" | "RECENT")) {
                woken = Woken::Mail;
            }
        }
        self.wire.allow(SMALL);
        self.wire.send("DONE\r\n")?;
        let patience = Instant::now() + Duration::from_secs(30);
        while let Some(line) = self.wire.line_until(patience)? {
            if ended(&tag, &String::from_utf8_lossy(&line)).is_some() {
                return Ok(if begun { woken } else { Woken::Unable });
            }
        }
        Ok(Woken::Hung)
    }

    /// Says what we are; whether the server likes it does not matter.
    pub(super) fn name_us(&mut self) -> Result<(), Trouble> {
        let what = |e: io::Error| Trouble::io(&e, "ID");
        self.wire.allow(SMALL);
        let us = concat!("ID (\"name\" \"gendan\" \"version\" \"", env!("CARGO_PKG_VERSION"), "\")");
        let tag = self.begin(us).map_err(what)?;
        while ended(&tag, &String::from_utf8_lossy(&self.wire.line().map_err(what)?)).is_none() {}
        Ok(())
    }

    fn begin(&mut self, command: &str) -> io::Result<String> {
        self.tag += 1;
        let tag = format!("g{}", self.tag);
        self.wire.send(&format!("{tag} {command}\r\n"))?;
        Ok(tag)
    }

    /// Takes its leave; the server knows without an answer.
    pub(super) fn leave(self) {
        let _ = self.wire.send("g0 LOGOUT\r\n");
    }
}

/// Whether this line ends the command, and how.
fn ended(tag: &str, line: &str) -> Option<Result<(), String>> {
    let rest = line.get(..tag.len()).filter(|it| it.eq_ignore_ascii_case(tag)).map(|_| &line[tag.len()..])?;
    let rest = rest.strip_prefix(' ')?;
    let fine = rest.get(..2).is_some_and(|it| it.eq_ignore_ascii_case("OK"));
    Some(if fine { Ok(()) } else { Err(said(rest)) })
}

/// The length of the literal that follows a line, `{123}` at its end.
fn literal(line: &str) -> Option<u64> {
    let inner = line.trim_end_matches(['\r', '\n']).strip_suffix('}')?;
    let (_, digits) = inner.rsplit_once('{')?;
    digits.trim_end_matches('+').parse().ok()
}

/// Whether a FETCH answer is about this mail.
fn is_of(text: &str, uid: u32) -> bool {
    let words: Vec<&str> = text.split(|c: char| c.is_ascii_whitespace() || "()".contains(c)).collect();
    let same = |pair: &[&str]| pair[0].eq_ignore_ascii_case("UID") && pair[1].parse() == Ok(uid);
    words.windows(2).any(same)
}

/// A body that is short enough to come in quotes.
fn quoted(text: &str) -> Option<Vec<u8>> {
    let at = text.to_ascii_uppercase().find("BODY[] \"")? + "BODY[] \"".len();
    let mut out = Vec::new();
    let mut bytes = text.get(at..)?.chars().map(u8::try_from);
    while let Some(Ok(byte)) = bytes.next() {
        match byte {
            b'"' => return Some(out),
            b'\\' => out.push(bytes.next()?.ok()?),
            other => out.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(ended("g1", "g1 OK done\r\n"), Some(Ok(())));
        assert_eq!(
            ended("g1", "g1 NO [EXPUNGEISSUED] gone\r\n"),
            Some(Err("NO [EXPUNGEISSUED] gone".to_owned()))
        );
        assert_eq!(ended("g1", "g12 OK done\r\n"), None);
        assert_eq!(ended("g1", "* 1 FETCH (UID 3)\r\n"), None);
    }

    #[test]
    fn bodies_come_as_literals_quoted_or_not_at_all() {
        assert_eq!(literal("* 1 FETCH (UID 7 BODY[] {42}\r\n"), Some(42));
        assert_eq!(literal("* 1 FETCH (UID 7 BODY[] ~{42+}\r\n"), Some(42));
        assert_eq!(literal("* 1 FETCH (UID 7 BODY[] NIL)\r\n"), None);
        assert_eq!(quoted("* 1 FETCH (UID 7 BODY[] \"a\\\"b\")\r\n"), Some(b"a\"b".to_vec()));
        assert_eq!(quoted("* 1 FETCH (UID 7 BODY[] NIL)\r\n"), None);
        assert!(is_of("* 1 FETCH (FLAGS (\\Seen) BODY[] {3}\r\n UID 7)\r\n", 7));
        assert!(!is_of("* 7 FETCH (UID 70 BODY[] {3}\r\n)\r\n", 7));
    }
}
