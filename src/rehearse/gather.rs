//! What there is to rehearse on: the mails, faxes and order files of a folder, mbox files and Maildirs in it.

use crate::intake::{channel_of, fax};
use crate::order::document::Channel;
use crate::read::mail::address;
use crate::read::mail::header::Headers;
use chrono::{DateTime, TimeZone as _, Utc};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes in which a mail's header stands.
const HEADER: u64 = 64 * 1024;
/// Folders in folders, at most.
const DEPTH: u32 = 32;

/// One mail, fax or order file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Path below the folder; a mail of an mbox file is `old.mbox#12`.
    pub name: String,
    pub channel: Channel,
    /// When it was sent, as it says itself.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the file was written: counts where nothing better is known.
    pub modified: DateTime<Utc>,
    /// Caller's number of a fax.
    pub caller: Option<String>,
    pub size: u64,
    path: PathBuf,
    /// Where it begins in a file that holds several.
    piece: Option<u64>,
}

/// Everything that was found, and what can't be used, with the reason.
#[derive(Debug, Default)]
pub struct Found {
    pub items: Vec<Item>,
    pub unreadable: Vec<(String, String)>,
}

impl Item {
    /// When it came, as far as that is known before it is read.
    #[must_use]
    pub fn moment(&self) -> DateTime<Utc> {
        self.sent_at.unwrap_or(self.modified)
    }

    /// The bytes as they would have come in.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        let Some(from) = self.piece else { return fs::read(&self.path) };
        let bytes = part(&self.path, from, self.size)?;
        Ok(unquoted(&bytes))
    }
}

/// Looks through a folder, or at one file.
#[must_use]
pub fn gather(place: &Path) -> Found {
    let mut found = Found::default();
    if place.is_file() {
        found.file(place, place.parent().unwrap_or(place));
    } else {
        found.folder(place, place, DEPTH);
    }
    found.items.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

impl Found {
    fn folder(&mut self, folder: &Path, root: &Path, depth: u32) {
        let entries = fs::read_dir(folder).and_then(|all| all.collect::<io::Result<Vec<_>>>());
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                return self.unreadable.push((below(folder, root), format!("it can't be read: {error}")));
            }
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        // A Maildir: mails that are being written are in `tmp`.
        let is_maildir = ["cur", "new"].iter().all(|name| folder.join(name).is_dir());
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().ok();
            if name.starts_with('.') || (is_maildir && name == "tmp") {
                continue;
            }
            if kind.is_some_and(|kind| kind.is_dir()) {
                if depth > 0 {
                    self.folder(&entry.path(), root, depth - 1);
                }
            } else if entry.path().is_file() {
                self.file(&entry.path(), root);
            }
        }
    }

    fn file(&mut self, path: &Path, root: &Path) {
        if fax::is_side_file(path) && is_beside_a_fax(path) {
            return;
        }
        let name = below(path, root);
        if let Err(why) = self.taken(path, &name) {
            self.unreadable.push((name, why));
        }
    }

    fn taken(&mut self, path: &Path, name: &str) -> Result<(), String> {
        let wrong = |error: io::Error| format!("it can't be read: {error}");
        let meta = fs::metadata(path).map_err(wrong)?;
        if meta.len() == 0 {
            return Err("it is empty".to_owned());
        }
        let written = meta.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let modified = written.and_then(|since| {
            Utc.timestamp_opt(i64::try_from(since.as_secs()).ok()?, since.subsec_nanos()).single()
        });
        let mut item = Item {
            name: name.to_owned(),
            channel: channel_of(path),
            sent_at: None,
            modified: modified.unwrap_or_default(),
            caller: None,
            size: meta.len(),
            path: path.to_owned(),
            piece: None,
        };
        if item.channel == Channel::Fax {
            let side = fax::side(path)?;
            (item.caller, item.sent_at) = (side.caller, side.received);
            self.items.push(item);
            return Ok(());
        }
        let head = part(path, 0, HEADER.min(meta.len())).map_err(wrong)?;
        if begins_a_mail(head.split(|byte| *byte == b'\n').next().unwrap_or_default()) {
            return self.mbox(&item).map_err(wrong);
        }
        item.sent_at = sent_at(&head);
        self.items.push(item);
        Ok(())
    }

    /// The mails of an mbox file (RFC 4155): each begins behind a line `From …` that follows an empty one.
    fn mbox(&mut self, file: &Item) -> io::Result<()> {
        let mut lines = BufReader::new(File::open(&file.path)?);
        let (mut at, mut after_blank, mut line) = (0u64, true, Vec::new());
        // Where each mail's own line begins, and where the mail behind it does.
        let mut begins: Vec<(u64, u64)> = Vec::new();
        loop {
            line.clear();
            let length = lines.read_until(b'\n', &mut line)? as u64;
            if length == 0 {
                break;
            }
            if after_blank && begins_a_mail(&line) {
                begins.push((at, at + length));
            }
            after_blank = line.trim_ascii_end().is_empty();
            at += length;
        }
        let ends = begins.iter().skip(1).map(|(from, _)| *from).chain([at]);
        for (nth, ((_, from), to)) in (1..).zip(begins.iter().copied().zip(ends)) {
            let size = to.saturating_sub(from);
            let name = format!("{}#{nth}", file.name);
            if size == 0 {
                self.unreadable.push((name, "it is empty".to_owned()));
                continue;
            }
            let sent_at = sent_at(&part(&file.path, from, size.min(HEADER))?);
            self.items.push(Item { name, sent_at, size, piece: Some(from), ..file.clone() });
        }
        Ok(())
    }
}

/// What a mail's Date field says.
#[must_use]
pub fn sent_at(head: &[u8]) -> Option<DateTime<Utc>> {
    address::envelope(&Headers::parse(head).0).sent_at
}

/// `From sender Mon Mar  2 09:00:00 2026`: with the time, which a sentence that begins so has not.
fn begins_a_mail(line: &[u8]) -> bool {
    let timed = |at: &[u8]| at[2] == b':' && [0, 1, 3, 4].iter().all(|digit| at[*digit].is_ascii_digit());
    line.starts_with(b"From ") && line.windows(5).any(timed)
}

fn is_beside_a_fax(side: &Path) -> bool {
    ["tif", "tiff", "pdf", "TIF", "TIFF", "PDF"].iter().any(|it| side.with_extension(it).is_file())
}

fn below(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

fn part(path: &Path, from: u64, size: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Lines that begin with `>From ` stood without the `>` in the mail.
fn unquoted(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let quotes = line.iter().take_while(|byte| **byte == b'>').count();
        let quoted = quotes > 0 && line[quotes..].starts_with(b"From ");
        out.extend_from_slice(if quoted { &line[1..] } else { line });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &Found) -> Vec<&str> {
        found.items.iter().map(|item| item.name.as_str()).collect()
    }

    #[test]
    fn mails_faxes_maildirs_and_mboxes_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("a.eml", "Date: Mon, 2 Mar 2026 09:00:00 +0800\nSubject: x\n\nhello\n");
        put("20260305-143000_0769-5550-1202.tif", "II");
        put("b.tif", "II");
        put("b.json", r#"{"caller": "1"}"#);
        put("order.json", "{}");
        put("empty.eml", "");
        put(".hidden", "x");
        put("box/cur/1:2,S", "Date: Tue, 3 Mar 2026 09:00:00 +0800\n\nx\n");
        put("box/new/2", "Subject: y\n\nx\n");
        put("box/tmp/3", "half");
        put(
            "old.mbox",
            "From a Mon Mar  2 09:00:00 2026\nDate: Wed, 4 Mar 2026 09:00:00 +0800\n\nFrom here on\n>From me\n\nFrom b Tue Mar  3 09:00:00 2026\nSubject: z\n\nlast\n",
        );
        let found = gather(folder.path());
        assert_eq!(
            names(&found),
            [
                "20260305-143000_0769-5550-1202.tif",
                "a.eml",
                "b.tif",
                "box/cur/1:2,S",
                "box/new/2",
                "old.mbox#1",
                "old.mbox#2",
                "order.json",
            ]
        );
        assert_eq!(found.unreadable, [("empty.eml".to_owned(), "it is empty".to_owned())]);
        let item = |name: &str| found.items.iter().find(|item| item.name == name).unwrap();
        assert_eq!(item("a.eml").sent_at, "2026-03-02T01:00:00Z".parse().ok());
        assert_eq!(item("20260305-143000_0769-5550-1202.tif").sent_at, "2026-03-05T06:30:00Z".parse().ok());
        assert_eq!(item("b.tif").caller.as_deref(), Some("1"));
        let first = String::from_utf8(item("old.mbox#1").bytes().unwrap()).unwrap();
        assert_eq!(first, "Date: Wed, 4 Mar 2026 09:00:00 +0800\n\nFrom here on\nFrom me\n\n");
    }
}
