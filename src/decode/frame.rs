//! What parent and child say to each other: a length, then JSON or bytes.

use crate::read::codes::Code;
use crate::read::decoder::{Decoded, Wanted};
use crate::read::format::Format;
use crate::read::format::archive::{Entry, Unpacked};
use crate::read::limits::Limits;
use crate::read::picture::Picture;
use crate::read::print::Print;
use image::GrayImage;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// Bytes of one answer at most, without its pictures.
pub(super) const ANSWER: u64 = 64 << 20;
/// Bytes of one file at most that another holds.
const ENTRY: u64 = 256 << 20;
/// Bytes of one picture at most.
const PICTURE: u64 = 256 << 20;

/// What the child is to do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Ask {
    /// Give the pages of the file that follows; answered with `Result<Vec<Page>, (Code, String)>` and their pictures.
    Pages { limits: Limits, wanted: Wanted },
    /// Give the text of the file that follows; answered with `Text`. `budget` bytes may be unpacked.
    Text { limits: Limits, format: Format, budget: u64 },
    /// Give the files in the file that follows; answered with `Files` and the bytes of each.
    Files { limits: Limits, format: Format, budget: u64 },
    /// Read the picture that follows; answered with `Result<Print, Code>`.
    Letters,
}

/// Sheets or text, and what may be unpacked after it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Text {
    pub(super) pages: Result<Vec<crate::read::page::Page>, Code>,
    pub(super) budget: u64,
}

/// The paths of files, each of which follows.
#[derive(Debug, Serialize, Deserialize)]
struct Files {
    /// With whether it is the text of a message.
    paths: Vec<(String, bool)>,
    problems: Vec<(Code, String)>,
    budget: u64,
}

/// A page, and whether its picture follows.
#[derive(Debug, Serialize, Deserialize)]
struct Page {
    print: Print,
    pictured: bool,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Size {
    width: u32,
    height: u32,
    dpi: Option<(f32, f32)>,
}

type Pages = Result<Vec<Page>, (Code, String)>;

pub(super) fn write(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(&(bytes.len() as u64).to_le_bytes())?;
    to.write_all(bytes)
}

pub(super) fn write_json<T: Serialize>(to: &mut impl Write, value: &T) -> io::Result<()> {
    write(to, &serde_json::to_vec(value)?)
}

/// The next frame; None when there are no more.
pub(super) fn read(from: &mut impl Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u64::from_le_bytes(length);
    if length > most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a frame of {length} bytes")));
    }
    let mut bytes = Vec::new();
    let taken = from.take(length).read_to_end(&mut bytes)?;
    if taken as u64 == length { Ok(Some(bytes)) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

pub(super) fn read_json<T: DeserializeOwned>(from: &mut impl Read, most: u64) -> io::Result<Option<T>> {
    let Some(bytes) = read(from, most)? else { return Ok(None) };
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// What has to follow does.
pub(super) fn expect<T>(frame: Option<T>) -> io::Result<T> {
    frame.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

pub(super) fn write_picture(to: &mut impl Write, picture: &Picture) -> io::Result<()> {
    let (width, height) = picture.gray.dimensions();
    write_json(to, &Size { width, height, dpi: picture.dpi })?;
    write(to, picture.gray.as_raw())
}

pub(super) fn read_picture(from: &mut impl Read) -> io::Result<Picture> {
    let size: Size = expect(read_json(from, ANSWER)?)?;
    let bytes = expect(read(from, PICTURE)?)?;
    let gray = GrayImage::from_raw(size.width, size.height, bytes);
    let gray = gray.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a picture of another size"))?;
    Ok(Picture { gray, dpi: size.dpi })
}

pub(super) fn write_pages(
    to: &mut impl Write,
    answer: Result<Vec<Decoded>, (Code, String)>,
) -> io::Result<()> {
    let mut pictures = Vec::new();
    let pages: Pages = answer.map(|pages| {
        let page = |page: Decoded| {
            let pictured = page.picture.is_some();
            pictures.extend(page.picture);
            Page { print: page.print, pictured }
        };
        pages.into_iter().map(page).collect()
    });
    write_json(to, &pages)?;
    pictures.iter().try_for_each(|picture| write_picture(to, picture))
}

pub(super) fn read_pages(from: &mut impl Read) -> io::Result<Result<Vec<Decoded>, (Code, String)>> {
    let pages = match expect(read_json::<Pages>(from, ANSWER)?)? {
        Ok(pages) => pages,
        Err(why) => return Ok(Err(why)),
    };
    let mut out = Vec::with_capacity(pages.len());
    for page in pages {
        let picture = if page.pictured { Some(read_picture(from)?) } else { None };
        out.push(Decoded { print: page.print, picture });
    }
    Ok(Ok(out))
}

pub(super) fn write_files(to: &mut impl Write, files: Unpacked, budget: u64) -> io::Result<()> {
    let Unpacked { entries, problems } = files;
    let (paths, bytes): (Vec<_>, Vec<_>) =
        entries.into_iter().map(|it| ((it.path, it.body), it.bytes)).unzip();
    write_json(to, &Files { paths, problems, budget })?;
    bytes.iter().try_for_each(|bytes| write(to, bytes))
}

pub(super) fn read_files(from: &mut impl Read) -> io::Result<(Unpacked, u64)> {
    let Files { paths, problems, budget } = expect(read_json(from, ANSWER)?)?;
    let entry = |(path, body)| Ok(Entry { path, bytes: expect(read(from, ENTRY)?)?, body });
    let entries = paths.into_iter().map(entry).collect::<io::Result<_>>()?;
    Ok((Unpacked { entries, problems }, budget))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_over_with_their_bytes() {
        let entry = |path: &str, bytes: &[u8]| Entry {
            path: path.to_owned(),
            bytes: bytes.to_vec(),
            body: bytes.is_empty(),
        };
        let files = Unpacked {
            entries: vec![entry("订单.xlsx", b"one"), entry("empty", b"")],
            problems: vec![(Code::TooBig, "entry 3".to_owned())],
        };
        let mut pipe = Vec::new();
        write_files(&mut pipe, files.clone(), 7).unwrap();
        assert_eq!(read_files(&mut pipe.as_slice()).unwrap(), (files, 7));
        pipe.truncate(pipe.len() - 9);
        assert!(read_files(&mut pipe.as_slice()).is_err());
    }

    #[test]
    fn pages_go_over_with_their_pictures() {
        let picture =
            Picture { gray: GrayImage::from_raw(2, 1, vec![7, 9]).unwrap(), dpi: Some((204.0, 98.0)) };
        let pages = vec![Decoded { picture: Some(picture), ..Decoded::default() }, Decoded::default()];
        for answer in [Ok(pages), Err((Code::DamagedPdf, "why".to_owned()))] {
            let mut pipe = Vec::new();
            write_pages(&mut pipe, answer.clone()).unwrap();
            assert_eq!(read_pages(&mut pipe.as_slice()).unwrap(), answer);
        }
    }
}
