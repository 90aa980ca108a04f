//! A document to letters and files: messages in messages, zips in zips, workbooks and texts, within limits.

use super::codes::Code;
use super::format::{self, Format, archive, delimited, html, sheet, text, word};
use super::layout::{Place, layout};
use super::limits::Limits;
use super::mail::{self, Part, address, charset, header::Headers, quote};
use super::page::Page;
use super::printed;
use super::{Pictures, Reader, Shown, Source, View};
use crate::order::document::Envelope;

/// A message: who wrote it, and what its body says.
#[derive(Debug, Default)]
pub struct Letter {
    pub headers: Headers,
    pub envelope: Envelope,
    /// "body", or the path of the message in the one around it.
    pub source: String,
    pub body: quote::Split,
    /// The letter that this one came in.
    pub parent: Option<usize>,
}

/// A file: attachment, zip entry, or the whole document.
#[derive(Debug)]
pub struct Item {
    pub source: String,
    pub letter: usize,
    /// Sheets or text; empty when it was not read.
    pub pages: Vec<Page>,
    /// Of printed pages: where their rows and lines stand.
    pub places: Vec<Place>,
    /// Its letters, or some of them, were recognised on pictures.
    pub recognized: bool,
    /// Why it was not read.
    pub unread: Option<(Code, String)>,
    /// Belongs to an HTML body: a logo, a picture in the signature.
    pub inline: bool,
    pub size: usize,
}

/// Everything that a document holds.
#[derive(Debug, Default)]
pub struct Collected {
    pub letters: Vec<Letter>,
    pub items: Vec<Item>,
    /// Some pages are pictures, which are to be read later.
    pub later: bool,
    /// What was looked at, where it was asked for.
    pub shown: Vec<Shown>,
}

/// An inline picture of fewer bytes is a logo.
const SMALL: usize = 30_000;

struct Walk<'l> {
    reader: &'l Reader,
    pictures: Pictures,
    budget: u64,
    parts: usize,
    out: Collected,
}

/// Opens a document. `message` says whether the bytes are a mail.
#[must_use]
pub fn collect(source: &Source<'_>, message: bool, reader: &Reader, pictures: Pictures) -> Collected {
    let Source { bytes, name, .. } = *source;
    let budget = reader.limits.unpacked_bytes;
    let mut walk = Walk { reader, pictures, budget, parts: 0, out: Collected::default() };
    if message {
        walk.letter(bytes, "", None, 0);
    } else {
        walk.out.letters.push(Letter { source: "body".to_owned(), ..Letter::default() });
        walk.file(
            File { bytes, name, path: name.to_owned(), declared: "", charset: None, inline: false },
            0,
            0,
        );
    }
    walk.out
}

struct File<'a> {
    bytes: &'a [u8],
    name: &'a str,
    path: String,
    declared: &'a str,
    charset: Option<&'a str>,
    inline: bool,
}

impl Walk<'_> {
    fn letter(&mut self, bytes: &[u8], prefix: &str, parent: Option<usize>, depth: usize) {
        let limits =
            Limits { parts: self.reader.limits.parts.saturating_sub(self.parts), ..self.reader.limits };
        let message = mail::parse(bytes, &limits);
        self.parts += message.parts.len();
        let source = if prefix.is_empty() { "body".to_owned() } else { prefix.to_owned() };
        let at = self.out.letters.len();
        self.out.letters.push(Letter {
            envelope: address::envelope(&message.headers),
            source: source.clone(),
            parent,
            ..Letter::default()
        });
        for (code, detail) in &message.problems {
            self.unread(source.clone(), at, (*code, detail.clone()), (false, 0));
        }
        let bounced = message.headers.token("content-type").is_some_and(|t| t == "multipart/report");
        let mut body = body_parts(&message.parts);
        if message.problems.iter().any(|(code, _)| *code == Code::TooManyParts) {
            body.truncate(1);
        }
        let mut page = Page::default();
        for n in &body {
            page.blocks.extend(self.text_page(&message.parts[*n]).blocks);
        }
        let split = quote::split(page, &self.reader.labels);
        self.show(&source, [View::Text(split.fresh.clone())]);
        self.out.letters[at].body = split;
        for (n, part) in message.parts.iter().enumerate() {
            if body.contains(&n)
                || is_other_body(part, n, &body, &message.parts)
                || bounced
                || is_ignored(part)
            {
                continue;
            }
            let name = part.name.clone().unwrap_or_else(|| part.declared.clone());
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            let file = File {
                bytes: &part.bytes,
                name: &name,
                path,
                declared: &part.declared,
                charset: part.charset.as_deref(),
                inline: part.inline && !part.attachment,
            };
            self.file(file, at, depth);
        }
        self.out.letters[at].headers = message.headers;
    }

    fn text_page(&self, part: &Part) -> Page {
        let decoded = charset::decode(&part.bytes, part.charset.as_deref());
        if format::sniff(&part.bytes, "", &part.declared) == Format::Html {
            return html::read(&decoded, &self.reader.limits);
        }
        let decoded = if part.flowed { mail::transfer::unflow(&decoded, part.delsp) } else { decoded };
        text::read(&decoded, self.reader.limits.text_bytes)
    }

    fn unread(&mut self, source: String, letter: usize, why: (Code, String), (inline, size): (bool, usize)) {
        self.out.items.push(Item {
            source,
            letter,
            pages: Vec::new(),
            places: Vec::new(),
            recognized: false,
            unread: Some(why),
            inline,
            size,
        });
    }

    fn show(&mut self, source: &str, views: impl IntoIterator<Item = View>) {
        if self.pictures == Pictures::Shown {
            let views = views.into_iter().map(|view| Shown { source: source.to_owned(), view });
            self.out.shown.extend(views);
        }
    }

    /// A file that was read.
    fn read(&mut self, file: &File<'_>, letter: usize, pages: Vec<Page>, places: Vec<Place>) {
        self.out.items.push(Item {
            source: file.path.clone(),
            letter,
            pages,
            places,
            recognized: false,
            unread: None,
            inline: file.inline,
            size: file.bytes.len(),
        });
    }

    fn file(&mut self, file: File<'_>, letter: usize, depth: usize) {
        if self.out.items.len() >= self.reader.limits.parts + self.reader.limits.zip_files {
            return;
        }
        let size = file.bytes.len();
        if size > self.reader.limits.part_bytes {
            return self.unread(
                file.path,
                letter,
                (Code::TooBig, format!("{} MB", size >> 20)),
                (file.inline, size),
            );
        }
        let format = format::sniff(file.bytes, file.name, file.declared);
        let contained = matches!(format, Format::Zip | Format::Message);
        if contained && depth >= self.reader.limits.container_depth {
            return self.unread(
                file.path,
                letter,
                (Code::TooDeep, format!("limit {}", self.reader.limits.container_depth)),
                (false, size),
            );
        }
        match format {
            Format::Zip => self.zip(&file, letter, depth),
            Format::Message => self.letter(file.bytes, &file.path, Some(letter), depth + 1),
            Format::Xlsx | Format::Xls | Format::Ods => self.workbook(&file, format, letter),
            Format::Picture if file.inline && size < SMALL => {
                self.unread(file.path, letter, (Code::PictureNotRead, String::new()), (true, size));
            }
            Format::Pdf | Format::Picture => self.printed(&file, letter),
            Format::Docx => self.word(&file, letter),
            Format::Html | Format::Text => self.text_file(&file, format, letter),
            Format::Empty => self.unread(file.path, letter, (Code::Empty, String::new()), (true, 0)),
            Format::Unread(code) => {
                self.unread(file.path, letter, (code, String::new()), (file.inline, size))
            }
        }
    }

    fn zip(&mut self, file: &File<'_>, letter: usize, depth: usize) {
        let unpacked = archive::unpack(file.bytes, &self.reader.limits, &mut self.budget);
        for (code, detail) in unpacked.problems {
            self.unread(file.path.clone(), letter, (code, detail), (false, file.bytes.len()));
        }
        for entry in unpacked.entries {
            let path = format!("{}/{}", file.path, entry.path);
            let name = entry.path.rsplit('/').next().unwrap_or("").to_owned();
            self.file(
                File { bytes: &entry.bytes, name: &name, path, declared: "", charset: None, inline: false },
                letter,
                depth + 1,
            );
        }
    }

    fn workbook(&mut self, file: &File<'_>, format: Format, letter: usize) {
        match sheet::read(file.bytes, format, &self.reader.limits, &mut self.budget) {
            Ok(sheets) => {
                let pages: Vec<Page> = sheets.into_iter().map(|s| s.page).collect();
                self.show(&file.path, pages.iter().cloned().map(View::Text));
                self.read(file, letter, pages, Vec::new());
            }
            Err(code) => {
                self.unread(file.path.clone(), letter, (code, String::new()), (false, file.bytes.len()))
            }
        }
    }

    fn word(&mut self, file: &File<'_>, letter: usize) {
        match word::read(file.bytes, &self.reader.limits, &mut self.budget) {
            Ok(page) => {
                self.show(&file.path, [View::Text(page.clone())]);
                self.read(file, letter, vec![page], Vec::new());
            }
            Err(code) => {
                let about = (file.inline, file.bytes.len());
                self.unread(file.path.clone(), letter, (code, String::new()), about);
            }
        }
    }

    /// Pages with words; what could not be made out is said beside what was read.
    fn printed(&mut self, file: &File<'_>, letter: usize) {
        let about = (file.inline, file.bytes.len());
        let printed = match printed::read(file.bytes, self.reader, self.pictures) {
            Ok(printed) => printed,
            Err(why) => return self.unread(file.path.clone(), letter, why, about),
        };
        self.out.later |= printed.later;
        self.show(&file.path, printed.shown);
        for why in printed.problems {
            self.unread(file.path.clone(), letter, why, about);
        }
        let envelope = &mut self.out.letters[letter].envelope;
        if let Some(head) = printed.head {
            envelope.sent_at = envelope.sent_at.or(head.sent_at);
            envelope.caller = envelope.caller.take().or(head.caller);
        }
        if !printed.pages.is_empty() {
            let layout = layout(&printed.pages);
            self.show(&file.path, [View::Text(layout.page.clone())]);
            self.read(file, letter, vec![layout.page], layout.places);
            if let Some(item) = self.out.items.last_mut() {
                item.recognized = printed.pages.iter().any(|(_, print)| print.scan.is_some());
            }
        }
    }

    fn text_file(&mut self, file: &File<'_>, format: Format, letter: usize) {
        let decoded = charset::decode(file.bytes, file.charset);
        let page = match (format, delimited::delimiter(&decoded)) {
            (Format::Html, _) => html::read(&decoded, &self.reader.limits),
            (_, Some(mark)) => delimited::read(
                &decoded[..super::value::text::floor(&decoded, self.reader.limits.text_bytes * 4)],
                mark,
                file.name,
                &self.reader.limits,
            ),
            (_, None) => text::read(&decoded, self.reader.limits.text_bytes),
        };
        self.show(&file.path, [View::Text(page.clone())]);
        self.read(file, letter, vec![page], Vec::new());
    }
}

fn is_text(part: &Part) -> bool {
    (part.declared == "text/plain"
        || part.declared == "text/html"
        || (!part.declared.contains('/') && part.name.is_none())
        || (part.declared.starts_with("multipart/") && part.name.is_none()))
        && !part.attachment
        && (part.name.is_none() || part.inline)
}

/// The parts that make the body: of alternatives the one that says most, of the others all.
fn body_parts(parts: &[Part]) -> Vec<usize> {
    let mut out: Vec<usize> = Vec::new();
    for (n, part) in parts.iter().enumerate().filter(|(_, p)| is_text(p)) {
        let rival = part.alternative.and_then(|a| out.iter().position(|o| parts[*o].alternative == Some(a)));
        match rival {
            Some(at) => {
                if says_more(part, &parts[out[at]]) {
                    out[at] = n;
                }
            }
            None => out.push(n),
        }
    }
    out
}

/// HTML before plain text, unless it is nearly empty.
fn says_more(new: &Part, old: &Part) -> bool {
    let tables = |p: &Part| p.bytes.windows(6).filter(|w| w.eq_ignore_ascii_case(b"<table")).count();
    if new.declared == "text/html" && old.declared != "text/html" {
        let text = charset::decode(&new.bytes, new.charset.as_deref());
        let page = html::read(&text, &Limits::default());
        let length: usize = page.texts().map(|t| t.trim().len()).sum();
        return tables(new) > 0
            || length * 2 > charset::decode(&old.bytes, old.charset.as_deref()).trim().len();
    }
    new.declared == old.declared && new.bytes.len() > old.bytes.len()
}

/// A text part that lost against its alternative.
fn is_other_body(part: &Part, n: usize, body: &[usize], parts: &[Part]) -> bool {
    is_text(part)
        && !body.contains(&n)
        && part.alternative.is_some_and(|a| body.iter().any(|b| parts[*b].alternative == Some(a)))
}

/// Parts that never hold an order: signatures of mail programs, calendar entries, cards, delivery reports.
fn is_ignored(part: &Part) -> bool {
    let kinds = [
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "text/calendar",
        "text/vcard",
        "text/x-vcard",
        "message/delivery-status",
        "message/disposition-notification",
        "text/rfc822-headers",
    ];
    kinds.contains(&part.declared.as_str())
}
