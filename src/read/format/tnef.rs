//! `winmail.dat` (MS-OXTNEF): what Outlook packs a message into for others of its kind. Its text and its files, unpacked.

use super::archive::{Entry, Unpacked};
use crate::read::codes::Code;
use crate::read::limits::Limits;
use crate::read::mail::charset::{self, code_page};
use crate::read::mail::header::safe_name;
use encoding_rs::Encoding;

pub(super) const SIGNATURE: &[u8] = b"\x78\x9f\x3e\x22";

/// Problems of one message that are told.
const PROBLEMS: usize = 20;
/// A property's values may be so many.
const VALUES: u32 = 4096;

/// Attributes of a message and of its attachments (2.1.3.1).
mod attribute {
    pub(super) const BODY: u32 = 0x0002_800c;
    pub(super) const CODE_PAGE: u32 = 0x0006_9007;
    pub(super) const PROPERTIES: u32 = 0x0006_9003;
    pub(super) const BEGINS: u32 = 0x0006_9002;
    pub(super) const TITLE: u32 = 0x0001_8010;
    pub(super) const DATA: u32 = 0x0006_800f;
    pub(super) const ATTACHMENT: u32 = 0x0006_9005;
}

/// Properties (MS-OXPROPS).
mod property {
    pub(super) const BODY: u16 = 0x1000;
    pub(super) const RTF: u16 = 0x1009;
    pub(super) const HTML: u16 = 0x1013;
    pub(super) const DATA: u16 = 0x3701;
    pub(super) const SHORT_NAME: u16 = 0x3704;
    pub(super) const LONG_NAME: u16 = 0x3707;
    pub(super) const DISPLAY_NAME: u16 = 0x3001;
}

/// Unpacks a message. `budget` is what may still be unpacked for the mail around it; it is lowered.
#[must_use]
pub fn unpack(bytes: &[u8], limits: &Limits, budget: &mut u64) -> Unpacked {
    let mut message = Message::default();
    if message.read(bytes).is_none() {
        message.damaged("it breaks off");
    }
    let body = message.body();
    let mut files = Vec::new();
    for (file, number) in std::mem::take(&mut message.files).into_iter().zip(1..) {
        match file.entry(number) {
            Some(entry) => files.push(entry),
            None => message.damaged(format!("file {number} has no bytes")),
        }
    }
    let mut out = Unpacked { problems: message.problems, ..Unpacked::default() };
    for (at, entry) in body.into_iter().chain(files).enumerate() {
        let size = entry.bytes.len() as u64;
        if at >= limits.zip_files {
            out.problems.push((Code::TooManyParts, format!("{} files", limits.zip_files)));
            break;
        }
        if size > *budget {
            out.problems.push((Code::TooBig, format!("file {}", at + 1)));
            break;
        }
        *budget -= size;
        out.entries.push(entry);
    }
    out
}

#[derive(Default)]
struct Message {
    encoding: Option<&'static Encoding>,
    text: Option<String>,
    html: Option<Vec<u8>>,
    rtf: Option<Vec<u8>>,
    files: Vec<File>,
    problems: Vec<(Code, String)>,
}

#[derive(Default)]
struct File {
    title: Option<String>,
    long_name: Option<String>,
    data: Option<Vec<u8>>,
    /// A message in this message, as a stream of its own.
    message: bool,
}

impl Message {
    /// A few problems tell as much as many.
    fn damaged(&mut self, what: impl Into<String>) {
        if self.problems.len() < PROBLEMS {
            self.problems.push((Code::DamagedTnef, what.into()));
        }
    }

    /// Reads the stream; none when it breaks off.
    fn read(&mut self, bytes: &[u8]) -> Option<()> {
        let mut at = Cursor(bytes);
        at.take(SIGNATURE.len() + 2)?;
        while !at.0.is_empty() {
            let _level = at.take(1)?;
            let (id, length) = (at.u32()?, at.u32()?);
            let data = at.take(usize::try_from(length).ok()?)?;
            self.attribute(id, data);
            at.take(2)?;
        }
        Some(())
    }

    fn attribute(&mut self, id: u32, data: &[u8]) {
        match id {
            attribute::CODE_PAGE => self.encoding = Cursor(data).u32().and_then(code_page),
            attribute::BODY => self.text = self.text.take().or(Some(self.decode(data))),
            attribute::PROPERTIES => self.properties(data),
            attribute::BEGINS => self.files.push(File::default()),
            attribute::TITLE => {
                let title = self.decode(data);
                self.file().title = Some(title);
            }
            attribute::DATA => self.file().data = Some(data.to_vec()),
            attribute::ATTACHMENT => {
                let encoding = self.encoding;
                if self.file().properties(data, encoding).is_none() {
                    self.damaged(format!("the properties of file {} break off", self.files.len()));
                }
            }
            _ => {}
        }
    }

    /// The file that is open.
    fn file(&mut self) -> &mut File {
        if self.files.is_empty() {
            self.files.push(File::default());
        }
        let last = self.files.len() - 1;
        &mut self.files[last]
    }

    fn decode(&self, data: &[u8]) -> String {
        decode(data, self.encoding)
    }

    fn properties(&mut self, data: &[u8]) {
        let encoding = self.encoding;
        let mut packed = None;
        let whole = each(data, |id, kind, value| match id {
            property::BODY => self.text = Some(string(kind, value, encoding)),
            property::HTML => self.html = Some(value.to_vec()),
            property::RTF => packed = Some(value.to_vec()),
            _ => {}
        });
        if let Some(packed) = packed {
            self.rtf = decompressed(&packed);
            if self.rtf.is_none() {
                self.damaged("its text can't be unpacked");
            }
        }
        if whole.is_none() {
            self.damaged("the properties of the message break off");
        }
    }

    /// The text: as HTML, as RTF, or plain, whichever says most.
    fn body(&mut self) -> Option<Entry> {
        let entry =
            |ending: &str, bytes: Vec<u8>| Some(Entry { path: format!("body.{ending}"), bytes, body: true });
        if let Some(html) = self.html.take() {
            return entry("html", html);
        }
        if let Some(rtf) = self.rtf.take() {
            return entry("rtf", rtf);
        }
        let text = self.text.take().filter(|it| !it.trim().is_empty())?;
        entry("txt", text.into_bytes())
    }
}

impl File {
    fn properties(&mut self, data: &[u8], encoding: Option<&'static Encoding>) -> Option<()> {
        each(data, |id, kind, value| match id {
            property::LONG_NAME => self.long_name = Some(string(kind, value, encoding)),
            property::SHORT_NAME | property::DISPLAY_NAME if self.title.is_none() => {
                self.title = Some(string(kind, value, encoding));
            }
            property::DATA => {
                // An object begins with the id of its interface.
                let inner = if kind == Type::Object { value.get(16..).unwrap_or_default() } else { value };
                self.message = inner.starts_with(SIGNATURE);
                if self.message || self.data.is_none() {
                    self.data = Some(inner.to_vec());
                }
            }
            _ => {}
        })
    }

    fn entry(self, number: usize) -> Option<Entry> {
        let bytes = self.data.filter(|it| !it.is_empty())?;
        let name = self.long_name.or(self.title).map(|it| safe_name(&it)).filter(|it| !it.is_empty());
        let unnamed = || if self.message { format!("message {number}") } else { format!("file {number}") };
        Some(Entry { path: name.unwrap_or_else(unnamed), bytes, body: false })
    }
}

/// How the value of a property is stored (MS-OXCDATA 2.11.1).
#[derive(Clone, Copy, PartialEq)]
enum Type {
    /// So many bytes, filled up to four.
    Fixed(usize),
    Text,
    Wide,
    Object,
    Binary,
}

fn type_of(kind: u16) -> Option<Type> {
    Some(match kind {
        0x0001 => Type::Fixed(0),
        0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => Type::Fixed(4),
        0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => Type::Fixed(8),
        0x0048 => Type::Fixed(16),
        0x001e => Type::Text,
        0x001f => Type::Wide,
        0x000d => Type::Object,
        0x0102 => Type::Binary,
        _ => return None,
    })
}

/// Shows every value of a list of properties (2.1.3.4); none when it breaks off.
fn each(data: &[u8], mut show: impl FnMut(u16, Type, &[u8])) -> Option<()> {
    let mut at = Cursor(data);
    for _ in 0..at.u32()? {
        let (kind, id) = (at.u16()?, at.u16()?);
        if id >= 0x8000 {
            at.take(16)?;
            if at.u32()? == 0 {
                at.u32()?;
            } else {
                let length = at.u32()?;
                at.padded(length)?;
            }
        }
        let (several, kind) = (kind & 0x1000 != 0, type_of(kind & 0x0fff)?);
        if let Type::Fixed(size) = kind {
            let count = if several { at.u32()? } else { 1 };
            at.take(size.checked_mul(usize::try_from(count).ok()?)?)?;
            continue;
        }
        let count = at.u32()?;
        if count > VALUES {
            return None;
        }
        for _ in 0..count {
            let length = at.u32()?;
            show(id, kind, at.padded(length)?);
        }
    }
    Some(())
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// So many bytes; what fills them up to four is passed over.
    fn padded(&mut self, length: u32) -> Option<&'a [u8]> {
        let length = usize::try_from(length).ok()?;
        let taken = self.take(length)?;
        let fill = length.wrapping_neg() % 4;
        self.take(fill.min(self.0.len()))?;
        Some(taken)
    }
}

/// Text of the code page, up to its end.
fn decode(data: &[u8], encoding: Option<&'static Encoding>) -> String {
    let data = data.split(|it| *it == 0).next().unwrap_or_default();
    charset::decode(data, encoding.map(Encoding::name))
}

fn string(kind: Type, value: &[u8], encoding: Option<&'static Encoding>) -> String {
    if kind == Type::Wide {
        let units: Vec<u16> =
            value.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned()
    } else {
        decode(value, encoding)
    }
}

/// RTF as MS-OXRTFCP packs it. The library believes the sizes in its head, so they are looked at first.
fn decompressed(packed: &[u8]) -> Option<Vec<u8>> {
    let mut at = Cursor(packed);
    let (size, raw, kind) = (at.u32()?, at.u32()?, at.u32()?);
    let whole = usize::try_from(size).ok()?.checked_add(4)?;
    let plain = kind == u32::from_le_bytes(*b"MELA");
    // A token of two bytes stands for seventeen at most.
    let most = if plain { whole.checked_sub(16)? } else { whole.checked_mul(9)? };
    if whole < 16 || whole > packed.len() || usize::try_from(raw).ok()? > most {
        return None;
    }
    let text = compressed_rtf::decompress_rtf(packed.get(..whole)?).ok()?;
    // Each letter is a byte.
    Some(text.chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::GB18030;

    fn stream(attributes: &[(u8, u32, Vec<u8>)]) -> Vec<u8> {
        let mut out = [SIGNATURE, &[1, 0]].concat();
        for (level, id, data) in attributes {
            out.push(*level);
            out.extend(id.to_le_bytes());
            out.extend((data.len() as u32).to_le_bytes());
            out.extend(data);
            out.extend([0, 0]);
        }
        out
    }

    fn properties(list: &[(u16, u16, Vec<u8>)]) -> Vec<u8> {
        let mut out = (list.len() as u32).to_le_bytes().to_vec();
        for (kind, id, value) in list {
            out.extend(kind.to_le_bytes());
            out.extend(id.to_le_bytes());
            out.extend(1u32.to_le_bytes());
            out.extend((value.len() as u32).to_le_bytes());
            out.extend(value);
            out.resize(out.len().next_multiple_of(4), 0);
        }
        out
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
    }

    fn unpacked(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let out = unpack(bytes, &Limits::default(), &mut 1_000_000);
        assert_eq!(out.problems, []);
        out.entries.into_iter().map(|it| (it.path, it.bytes)).collect()
    }

    #[test]
    fn text_and_files_with_their_names() {
        let gbk = |text: &str| [GB18030.encode(text).0.as_ref(), &[0]].concat();
        let bytes = stream(&[
            (1, attribute::CODE_PAGE, [936u32.to_le_bytes(), 0u32.to_le_bytes()].concat()),
            (1, attribute::BODY, gbk("请查收附件")),
            (2, attribute::BEGINS, vec![0; 14]),
            (2, attribute::TITLE, gbk("订单~1.XLS")),
            (2, attribute::DATA, b"one".to_vec()),
            (2, attribute::ATTACHMENT, properties(&[(0x001f, property::LONG_NAME, wide("订单 3月.xlsx"))])),
            (2, attribute::BEGINS, vec![0; 14]),
            (2, attribute::TITLE, gbk("图纸.pdf")),
            (2, attribute::DATA, b"two".to_vec()),
        ]);
        let want = [
            ("body.txt".to_owned(), "请查收附件".as_bytes().to_vec()),
            ("订单 3月.xlsx".to_owned(), b"one".to_vec()),
            ("图纸.pdf".to_owned(), b"two".to_vec()),
        ];
        assert_eq!(unpacked(&bytes), want);
    }

    #[test]
    fn html_before_rtf_before_text_and_messages_in_messages() {
        let inner = stream(&[(1, attribute::BODY, b"inner".to_vec())]);
        let object = [&[7; 16], inner.as_slice()].concat();
        let rtf = compressed_rtf::compress_rtf("{\\rtf1 hello}").unwrap();
        let message = |html: bool| {
            let mut list =
                vec![(0x001f, property::BODY, wide("plain")), (0x0102, property::RTF, rtf.clone())];
            if html {
                list.push((0x0102, property::HTML, b"<p>html</p>".to_vec()));
            }
            stream(&[
                (1, attribute::PROPERTIES, properties(&list)),
                (2, attribute::BEGINS, vec![0; 14]),
                (2, attribute::ATTACHMENT, properties(&[(0x000d, property::DATA, object.clone())])),
            ])
        };
        assert_eq!(unpacked(&message(true))[0], ("body.html".to_owned(), b"<p>html</p>".to_vec()));
        let all = unpacked(&message(false));
        assert_eq!(all[0], ("body.rtf".to_owned(), b"{\\rtf1 hello}".to_vec()));
        assert_eq!(all[1], ("message 1".to_owned(), inner));
    }

    #[test]
    fn what_breaks_off_or_is_too_big() {
        let bytes = stream(&[
            (2, attribute::BEGINS, vec![0; 14]),
            (2, attribute::DATA, b"whole".to_vec()),
            (2, attribute::BEGINS, vec![0; 14]),
            (2, attribute::DATA, b"broken".to_vec()),
        ]);
        let cut = unpack(&bytes[..bytes.len() - 5], &Limits::default(), &mut 1_000);
        assert_eq!(cut.entries.len(), 1);
        let damaged = |what: &str| (Code::DamagedTnef, what.to_owned());
        assert_eq!(cut.problems, [damaged("it breaks off"), damaged("file 2 has no bytes")]);
        let big = unpack(&bytes, &Limits::default(), &mut 5);
        assert_eq!((big.entries.len(), big.problems[0].0), (1, Code::TooBig));
        for head in [&b"MELA"[..], b"LZFu", b"none"] {
            let sized =
                |size: u32, raw: u32| [&size.to_le_bytes()[..], &raw.to_le_bytes(), head, &[0; 4]].concat();
            for (size, raw) in [(12, u32::MAX), (11, 0), (0, 0), (u32::MAX, 0)] {
                assert_eq!(decompressed(&sized(size, raw)), None, "{size} {raw}");
            }
            assert_eq!(decompressed(&sized(12, 0)[..9]), None);
            assert!(
                decompressed(&sized(12, 1)).is_none_or(|it| it.is_empty()),
                "it is not read past its end"
            );
        }
    }
}
