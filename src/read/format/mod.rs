//! Formats told by their bytes, and each turned into pages.

pub mod archive;
mod compound;
pub mod delimited;
pub mod html;
pub mod pdf;
pub mod picture;
pub mod rtf;
pub mod sheet;
pub mod text;
pub mod tiff;
pub mod tnef;
pub mod word;

use super::codes::Code;
use super::data::{self, Standard};
use serde::{Deserialize, Serialize};

/// What bytes are, whatever their name or declared type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    Empty,
    Xlsx,
    Xls,
    Ods,
    Zip,
    Html,
    Text,
    Message,
    Pdf,
    /// One picture, or the pages of a fax.
    Picture,
    Docx,
    Rtf,
    /// `winmail.dat`.
    Tnef,
    /// An order as data.
    Data(Standard),
    /// A format that is known, but not read here.
    Unread(Code),
}

/// Tells the format of a part; `name` and `declared` only decide between kinds of text.
#[must_use]
pub fn sniff(bytes: &[u8], name: &str, declared: &str) -> Format {
    let head = &bytes[..bytes.len().min(1024)];
    let lower = name.to_lowercase();
    match head {
        [] => Format::Empty,
        _ if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") => zip_kind(bytes),
        _ if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => ole_kind(bytes),
        _ if contains(head, b"%PDF-") => Format::Pdf,
        _ if is_picture(head) || is_tiff(head) => Format::Picture,
        _ if is_unread_picture(head) => Format::Unread(Code::PictureNotRead),
        _ if head.starts_with(tnef::SIGNATURE) => Format::Tnef,
        _ if head.starts_with(b"{\\rtf") => Format::Rtf,
        _ if is_archive(head) => Format::Unread(Code::FormatNotRead),
        // BIFF without a container, as very old programs write it.
        _ if head.starts_with(b"\x09\x08")
            || head.starts_with(b"\x09\x04")
            || head.starts_with(b"\x09\x02") =>
        {
            Format::Unread(Code::FormatNotRead)
        }
        _ if declared == "message/rfc822" || lower.ends_with(".eml") => Format::Message,
        _ => text_kind(bytes, &lower, declared),
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle)
}

fn zip_kind(bytes: &[u8]) -> Format {
    let has = |name: &[u8]| {
        contains(&bytes[..bytes.len().min(4096)], name)
            || contains(&bytes[bytes.len().saturating_sub(65_536)..], name)
    };
    if has(b"xl/workbook") || has(b"xl/worksheets") {
        Format::Xlsx
    } else if has(b"application/vnd.oasis.opendocument.spreadsheet") {
        Format::Ods
    } else if has(b"word/document.xml") {
        Format::Docx
    } else if has(b"ppt/presentation") || has(b"opendocument.text") {
        Format::Unread(Code::WordNotRead)
    } else if has(b"OFD.xml") {
        Format::Unread(Code::OfdNotRead)
    } else {
        Format::Zip
    }
}

fn ole_kind(bytes: &[u8]) -> Format {
    let wide = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    if contains(bytes, &wide("EncryptedPackage")) {
        Format::Unread(Code::Encrypted)
    } else if contains(bytes, &wide("WordDocument")) {
        Format::Unread(Code::WordNotRead)
    } else if contains(bytes, &wide("Workbook")) || contains(bytes, &wide("Book")) {
        Format::Xls
    } else {
        Format::Unread(Code::FormatNotRead)
    }
}

/// JPEG, PNG, GIF, BMP, WebP.
pub(super) fn is_picture(head: &[u8]) -> bool {
    let starts: [&[u8]; 3] = [b"\x89PNG", b"\xff\xd8\xff", b"GIF8"];
    let webp = head.starts_with(b"RIFF") && head.len() > 12 && &head[8..12] == b"WEBP";
    let letters = |it: &u8| it.is_ascii_graphic() || it.is_ascii_whitespace();
    let bitmap = head.starts_with(b"BM") && !head.iter().take(1024).all(letters);
    starts.iter().any(|start| head.starts_with(start)) || webp || bitmap
}

pub(super) fn is_tiff(head: &[u8]) -> bool {
    head.starts_with(b"II*\0") || head.starts_with(b"MM\0*")
}

/// HEIF, icons, metafiles.
fn is_unread_picture(head: &[u8]) -> bool {
    let starts: [&[u8]; 2] = [b"\0\0\x01\0", b"\xd7\xcd\xc6\x9a"];
    let heif = head.len() > 12 && &head[4..8] == b"ftyp";
    starts.iter().any(|start| head.starts_with(start)) || heif
}

fn is_archive(head: &[u8]) -> bool {
    let starts: [&[u8]; 7] = [b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"MZ", b"\x7fELF", b"BZh9", b"\xfd7zXZ"];
    starts.iter().any(|s| head.starts_with(s))
}

fn text_kind(bytes: &[u8], lower: &str, declared: &str) -> Format {
    if let Some(standard) = data::standard(bytes) {
        return Format::Data(standard);
    }
    let head = &bytes[..bytes.len().min(4096)];
    let ascii = String::from_utf8_lossy(head).to_lowercase();
    let tags = [
        "<html",
        "<!doctype html",
        "<table",
        "<div",
        "<meta http",
        "<body",
        "<p>",
        "<p ",
        "<span",
        "<tr",
        "<br",
        "<h1",
        "<h2",
        "<font",
    ];
    let tagged = tags.iter().any(|t| ascii.contains(t));
    if tagged
        && (ascii.trim_start_matches(['\u{feff}', '\u{fffd}']).trim_start().starts_with('<')
            || declared == "text/html"
            || lower.ends_with(".htm")
            || lower.ends_with(".html"))
    {
        return Format::Html;
    }
    if ascii.trim_start().starts_with("<?xml") {
        return Format::Unread(Code::FormatNotRead);
    }
    let controls = head.iter().filter(|b| **b < 9 || (14..32).contains(*b) && **b != 27).count();
    let zeros = head.iter().filter(|b| **b == 0).count();
    let utf16 = zeros * 4 > head.len() || head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    if controls * 20 > head.len() && !utf16 { Format::Unread(Code::FormatNotRead) } else { Format::Text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_by_content() {
        for (bytes, name, want) in [
            (&b"%PDF-1.4"[..], "order.xlsx", Format::Pdf),
            (b"\xff\xd8\xff\xe0", "", Format::Picture),
            (b"II*\0\x08", "x.txt", Format::Picture),
            (b"\0\0\0\x18ftypheic\0\0", "x.jpg", Format::Unread(Code::PictureNotRead)),
            (b"{\\rtf1 x}", "x.doc", Format::Rtf),
            (b"\x78\x9f\x3e\x22\x01\x00", "winmail.dat", Format::Tnef),
            (b"UNB+UNOA:1+A+B'UNH+1+ORDERS:D:96A:UN'", "x.txt", Format::Data(Standard::Edifact)),
            (b"BM is a name", "x.txt", Format::Text),
            (b"a,b\n1,2", "x.csv", Format::Text),
            (b"<html><body>", "x.xls", Format::Html),
            (b"", "", Format::Empty),
            (b"\x01\x02\x03\x04\x05\x06", "", Format::Unread(Code::FormatNotRead)),
        ] {
            assert_eq!(sniff(bytes, name, ""), want, "{name}");
        }
    }
}
