//! A document to letters and files: messages in messages, zips in zips, workbooks and texts, within limits.

use super::codes::Code;
use super::data::{self, Standard};
use super::find::Found;
use super::format::archive::{Entry, Unpacked};
use super::format::{self, Format, delimited, html, rtf, text};
use super::layout::{Place, layout};
use super::limits::Limits;
use super::mail::{self, Part, address, body, charset, header::Headers, quote};
use super::page::Page;
use super::printed;
use super::value::text::{floor, head, key};
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
#[derive(Debug, Default)]
pub struct Item {
    pub source: String,
    pub letter: usize,
    /// Sheets or text; empty when it was not read.
    pub pages: Vec<Page>,
    /// Of printed pages: where their rows and lines stand.
    pub places: Vec<Place>,
    /// What a file of data states, in which nothing has to be searched for.
    pub stated: Vec<Found>,
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

/// Letters of a subject that is handed on.
const SUBJECT: usize = 1_000;

fn cut_off() -> (Code, String) {
    (Code::TooBig, "its end was not read".to_owned())
}

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

/// A file that was read; what it holds is put in by the caller.
fn item_of(file: &File<'_>, letter: usize) -> Item {
    Item { source: file.path.clone(), letter, inline: file.inline, size: file.bytes.len(), ..Item::default() }
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
            envelope: self.envelope(&message.headers, parent),
            source: source.clone(),
            parent,
            ..Letter::default()
        });
        for (code, detail) in &message.problems {
            self.unread(source.clone(), at, (*code, detail.clone()), (false, 0));
        }
        let bounced = message.headers.token("content-type").is_some_and(|t| t == "multipart/report");
        let mut body = body::parts(&message.parts);
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
                || body::is_other(part, n, &body, &message.parts)
                || bounced
                || body::is_ignored(part)
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

    /// Only of the message itself the firm's mail server said anything: what is within it, its sender put there.
    fn envelope(&self, headers: &Headers, parent: Option<usize>) -> Envelope {
        let authentication = if parent.is_none() { self.reader.believed.of(headers) } else { None };
        Envelope { authentication, ..address::envelope(headers) }
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
        self.out.items.push(Item { source, letter, unread: Some(why), inline, size, ..Item::default() });
    }

    fn show(&mut self, source: &str, views: impl IntoIterator<Item = View>) {
        if self.pictures == Pictures::Shown {
            let views = views.into_iter().map(|view| Shown { source: source.to_owned(), view });
            self.out.shown.extend(views);
        }
    }

    fn file(&mut self, file: File<'_>, letter: usize, depth: usize) {
        let most = self.reader.limits.parts + self.reader.limits.zip_files;
        if self.out.items.len() >= most {
            if self.out.items.len() == most {
                let why = (Code::TooManyParts, format!("{most} files"));
                self.unread(file.path, letter, why, (false, file.bytes.len()));
            }
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
        let contained = matches!(format, Format::Zip | Format::Message | Format::Tnef);
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
            Format::Tnef => self.tnef(&file, letter, depth),
            Format::Message => self.letter(file.bytes, &file.path, Some(letter), depth + 1),
            Format::Xlsx | Format::Xls | Format::Ods | Format::Docx => self.office(&file, format, letter),
            Format::Picture if file.inline && size < SMALL => {
                self.unread(file.path, letter, (Code::PictureNotRead, String::new()), (true, size));
            }
            Format::Pdf | Format::Picture => self.printed(&file, letter),
            Format::Html | Format::Rtf | Format::Text => self.text_file(&file, format, letter),
            Format::Data(standard) => self.data(&file, standard, letter),
            Format::Empty => self.unread(file.path, letter, (Code::Empty, String::new()), (true, 0)),
            Format::Unread(code) => {
                self.unread(file.path, letter, (code, String::new()), (file.inline, size))
            }
        }
    }

    fn zip(&mut self, file: &File<'_>, letter: usize, depth: usize) {
        for entry in self.unpack(file, Format::Zip, letter) {
            self.entry(file, &entry, letter, depth);
        }
    }

    /// The files in a file; what could not be unpacked is said.
    fn unpack(&mut self, file: &File<'_>, format: Format, letter: usize) -> Vec<Entry> {
        let Reader { decoder, limits, .. } = self.reader;
        let Unpacked { entries, problems } = decoder.files(file.bytes, format, limits, &mut self.budget);
        for why in problems {
            self.unread(file.path.clone(), letter, why, (false, file.bytes.len()));
        }
        entries
    }

    fn entry(&mut self, of: &File<'_>, entry: &Entry, letter: usize, depth: usize) {
        let path = format!("{}/{}", of.path, entry.path);
        let name = entry.path.rsplit('/').next().unwrap_or("");
        let file = File { bytes: &entry.bytes, name, path, declared: "", charset: None, inline: false };
        self.file(file, letter, depth + 1);
    }

    /// `winmail.dat`: its text is that of the mail where the mail itself has none; a message in it is a letter of its own.
    fn tnef(&mut self, file: &File<'_>, letter: usize, depth: usize) {
        for entry in self.unpack(file, Format::Tnef, letter) {
            let format = format::sniff(&entry.bytes, &entry.path, "");
            if entry.body && self.out.letters[letter].body.is_blank() {
                let (page, whole) = self.page(&entry.bytes, &entry.path, None, format);
                if !whole {
                    let about = (false, entry.bytes.len());
                    self.unread(format!("{}/{}", file.path, entry.path), letter, cut_off(), about);
                }
                let split = quote::split(page, &self.reader.labels);
                self.show(&self.out.letters[letter].source.clone(), [View::Text(split.fresh.clone())]);
                self.out.letters[letter].body = split;
            } else if entry.body && self.is_said(&entry, format, letter) {
                // The mail has the same text.
            } else if format == Format::Tnef {
                self.inner_letter(file, &entry, letter, depth);
            } else {
                self.entry(file, &entry, letter, depth);
            }
        }
    }

    /// Whether the mail itself says what stands in the text of its `winmail.dat`.
    fn is_said(&self, entry: &Entry, format: Format, letter: usize) -> bool {
        let letters = |page: &Page| page.texts().map(key).collect::<String>();
        let inner = letters(&self.page(&entry.bytes, &entry.path, None, format).0);
        let body = &self.out.letters[letter].body;
        [&body.fresh, &body.quoted].iter().map(|page| letters(page)).collect::<String>().contains(&inner)
    }

    fn inner_letter(&mut self, file: &File<'_>, entry: &Entry, letter: usize, depth: usize) {
        let source = format!("{}/{}", file.path, entry.path);
        self.parts += 1;
        if self.parts > self.reader.limits.parts {
            let why = (Code::TooManyParts, format!("{} parts", self.reader.limits.parts));
            return self.unread(source, letter, why, (false, entry.bytes.len()));
        }
        // What the message says of its sender is in Outlook's own terms; who sent the mail is known.
        let mut envelope = self.out.letters[letter].envelope.clone();
        envelope.subject = envelope.subject.map(|it| head(&it, SUBJECT).to_owned());
        let inner = self.out.letters.len();
        self.out.letters.push(Letter { source, envelope, parent: Some(letter), ..Letter::default() });
        self.entry(file, entry, inner, depth);
    }

    fn office(&mut self, file: &File<'_>, format: Format, letter: usize) {
        let Reader { decoder, limits, .. } = self.reader;
        match decoder.text(file.bytes, format, limits, &mut self.budget) {
            Ok(pages) => {
                self.show(&file.path, pages.iter().cloned().map(View::Text));
                let item = Item { pages, ..item_of(file, letter) };
                self.out.items.push(item);
            }
            Err(code) => {
                let about = (file.inline, file.bytes.len());
                self.unread(file.path.clone(), letter, (code, String::new()), about);
            }
        }
    }

    fn data(&mut self, file: &File<'_>, standard: Standard, letter: usize) {
        let said = data::charset(file.bytes);
        let text = charset::decode(file.bytes, file.charset.or(said.as_deref()));
        match data::read(&text, standard, &self.reader.limits) {
            Ok(statement) => {
                self.show(&file.path, [View::Text(statement.page)]);
                let item = Item { stated: statement.found, ..item_of(file, letter) };
                self.out.items.push(item);
            }
            Err(why) => self.unread(file.path.clone(), letter, why, (file.inline, file.bytes.len())),
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
            let recognized = printed.pages.iter().any(|(_, print)| print.scan.is_some());
            let (pages, places) = (vec![layout.page], layout.places);
            let item = Item { pages, places, recognized, ..item_of(file, letter) };
            self.out.items.push(item);
        }
    }

    fn text_file(&mut self, file: &File<'_>, format: Format, letter: usize) {
        let (page, whole) = self.page(file.bytes, file.name, file.charset, format);
        if !whole {
            self.unread(file.path.clone(), letter, cut_off(), (file.inline, file.bytes.len()));
        }
        self.show(&file.path, [View::Text(page.clone())]);
        let item = Item { pages: vec![page], ..item_of(file, letter) };
        self.out.items.push(item);
    }

    /// Text of any kind, and whether it is all of it.
    fn page(&self, bytes: &[u8], name: &str, declared: Option<&str>, format: Format) -> (Page, bool) {
        let limits = &self.reader.limits;
        if format == Format::Rtf {
            return rtf::read(bytes, limits);
        }
        let decoded = charset::decode(bytes, declared);
        match (format, delimited::delimiter(&decoded)) {
            (Format::Html, _) => (html::read(&decoded, limits), true),
            (_, Some(mark)) => {
                let end = floor(&decoded, limits.text_bytes * 4);
                (delimited::read(&decoded[..end], mark, name, limits), end == decoded.len())
            }
            (_, None) => (text::read(&decoded, limits.text_bytes), decoded.len() <= limits.text_bytes),
        }
    }
}
