//! A look into an OLE workbook before its decoder: the decoder allocates the whole rectangle from the first to the last
//! cell, so that two damaged cells can ask for more memory than there is. [MS-CFB] and [MS-XLS] give the layouts.

use crate::read::codes::Code;
use std::collections::BTreeSet;

const END: u32 = 0xffff_fff9;
/// Streams of fewer bytes stand in the mini stream.
const CUTOFF: u32 = 4096;
/// The type of an entry that is a stream.
const STREAM: u8 = 2;
/// Cells of all rectangles together.
const MOST: u64 = 4_000_000;
/// Records that begin with row and column: BLANK, NUMBER, LABEL, BOOLERR, FORMULA, RK, MULRK, MULBLANK, LABELSST, RSTRING.
const CELLS: [u16; 12] =
    [0x0201, 0x0203, 0x0204, 0x0205, 0x0006, 0x0206, 0x0406, 0x027e, 0x00bd, 0x00be, 0x00fd, 0x00d6];
const BOF: [u16; 4] = [0x0009, 0x0209, 0x0409, 0x0809];

/// Whether the workbook stream of a compound file is sound and its cells fit the limits.
///
/// # Errors
/// `DamagedWorkbook` when the container or its records don't hold together, `TooBig` when the cells lie too far apart.
pub(super) fn fits(bytes: &[u8]) -> Result<(), Code> {
    let stream = workbook(bytes).ok_or(Code::DamagedWorkbook)?;
    let mut area = 0;
    let mut sheet = Rectangle::default();
    let mut at = 0;
    while let (Some(kind), Some(len)) = (u16_at(&stream, at), u16_at(&stream, at + 2)) {
        let body = stream.get(at + 4..at + 4 + usize::from(len)).ok_or(Code::DamagedWorkbook)?;
        if BOF.contains(&kind) {
            area += std::mem::take(&mut sheet).area();
        } else if CELLS.contains(&kind)
            && let (Some(row), Some(column)) = (u16_at(body, 0), u16_at(body, 2))
        {
            sheet.take(row, column);
            // MULRK and MULBLANK end with the last column.
            if matches!(kind, 0x00bd | 0x00be) && body.len() >= 2 {
                sheet.take(row, u16_at(body, body.len() - 2).unwrap_or(column));
            }
        }
        at += 4 + usize::from(len);
        if kind == 0 && len == 0 {
            break;
        }
    }
    area += sheet.area();
    if area > MOST { Err(Code::TooBig) } else { Ok(()) }
}

/// First and last row and column of a sheet.
#[derive(Default)]
struct Rectangle(Option<[u16; 4]>);

impl Rectangle {
    fn take(&mut self, row: u16, column: u16) {
        let [top, left, bottom, right] = self.0.unwrap_or([row, column, row, column]);
        self.0 = Some([top.min(row), left.min(column), bottom.max(row), right.max(column)]);
    }

    fn area(&self) -> u64 {
        self.0.map_or(0, |[top, left, bottom, right]| {
            (u64::from(bottom - top) + 1) * (u64::from(right - left) + 1)
        })
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The "Workbook" or "Book" stream.
fn workbook(bytes: &[u8]) -> Option<Vec<u8>> {
    let size = match u16_at(bytes, 30)? {
        9 => 512,
        12 => 4096,
        _ => return None,
    };
    let table = sector_table(bytes, size)?;
    let directory = chain(bytes, size, &table, u32_at(bytes, 48)?)?;
    let entries: Vec<&[u8]> = directory.chunks_exact(128).collect();
    // No entry may claim more than the file has: decoders believe it.
    if entries.iter().any(|e| e[66] != 0 && e[66] != 5 && u32_at(e, 120).unwrap_or(0) as usize > bytes.len())
    {
        return None;
    }
    // The only cutoff that [MS-CFB] 2.2 allows, and the one that decoders take without looking.
    if u32_at(bytes, 56)? != CUTOFF {
        return None;
    }
    let root = entries.first()?;
    let mut mini = chain(bytes, size, &table, u32_at(root, 116)?)?;
    mini.truncate(u32_at(root, 120)? as usize);
    let small = numbers(&chain(bytes, size, &table, u32_at(bytes, 60)?)?)?;
    let stream = |entry: &[u8]| {
        let (start, length) = (u32_at(entry, 116)?, u32_at(entry, 120)?);
        if length == 0 {
            return Some(Vec::new());
        }
        let mut stream = if length < CUTOFF {
            small_chain(&mini, &small, start)?
        } else {
            chain(bytes, size, &table, start)?
        };
        stream.truncate(length as usize);
        Some(stream)
    };
    let named = |name: &str| entries.iter().find(|e| entry_name(e).eq_ignore_ascii_case(name)).copied();
    // Where there are macros the decoder looks into their streams too, and breaks on one that leads out of the file.
    let streams = || entries.iter().filter(|entry| entry[66] == STREAM);
    if named("_VBA_PROJECT_CUR").is_some() && !streams().all(|entry| stream(entry).is_some()) {
        return None;
    }
    stream(named("Workbook").or_else(|| named("Book"))?)
}

fn entry_name(entry: &[u8]) -> String {
    let length = usize::from(u16_at(entry, 64).unwrap_or(0)).clamp(2, 64) - 2;
    let units: Vec<u16> = entry[..length].chunks_exact(2).filter_map(|c| u16_at(c, 0)).collect();
    String::from_utf16_lossy(&units)
}

/// The sector allocation table, from the list in the header and its continuation sectors.
fn sector_table(bytes: &[u8], size: usize) -> Option<Vec<u32>> {
    let mut sectors: Vec<u32> = (0..109).filter_map(|n| u32_at(bytes, 76 + n * 4)).collect();
    let mut next = u32_at(bytes, 68)?;
    let mut seen = BTreeSet::new();
    while next < END && seen.insert(next) {
        let sector = sector(bytes, size, next)?;
        let list = numbers(sector)?;
        let (last, own) = list.split_last()?;
        sectors.extend_from_slice(own);
        next = *last;
    }
    let mut table = Vec::new();
    for number in sectors.into_iter().filter(|s| *s < END) {
        table.extend(numbers(sector(bytes, size, number)?)?);
    }
    Some(table)
}

/// A list of sectors; one that is cut within a number breaks decoders.
fn numbers(list: &[u8]) -> Option<Vec<u32>> {
    list.len().is_multiple_of(4).then(|| list.chunks_exact(4).filter_map(|c| u32_at(c, 0)).collect())
}

fn sector(bytes: &[u8], size: usize, number: u32) -> Option<&[u8]> {
    let start = (number as usize).checked_add(1)?.checked_mul(size)?;
    // The last sector of a file may be cut short.
    bytes.get(start..(start + size).min(bytes.len())).filter(|s| !s.is_empty())
}

fn chain(bytes: &[u8], size: usize, table: &[u32], start: u32) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut next, mut seen) = (start, BTreeSet::new());
    while next < END {
        if !seen.insert(next) {
            return None;
        }
        out.extend_from_slice(sector(bytes, size, next)?);
        next = *table.get(next as usize)?;
    }
    Some(out)
}

fn small_chain(root: &[u8], table: &[u32], start: u32) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut next, mut seen) = (start, BTreeSet::new());
    while next < END {
        if !seen.insert(next) {
            return None;
        }
        let at = (next as usize).checked_mul(64)?;
        out.extend_from_slice(root.get(at..(at + 64).min(root.len()))?);
        next = *table.get(next as usize)?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_damaged() {
        for bytes in [&b""[..], b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", &[0xff; 2048]] {
            assert_eq!(fits(bytes), Err(Code::DamagedWorkbook));
        }
    }

    const NONE: u32 = 0xffff_fffe;

    /// A compound file: table in sector 0, directory in 1, the workbook in 2 to 9; `more` entries of (name, type, start, length).
    fn file(cutoff: u32, small: u32, more: &[(&str, u8, u32, u32)]) -> Vec<u8> {
        let mut bytes = vec![0u8; 512 * 11];
        let mut put = |at: usize, part: &[u8]| bytes[at..at + part.len()].copy_from_slice(part);
        put(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
        for (at, value) in [(44, 1), (48, 1), (56, cutoff), (60, small), (68, NONE), (76, 0)] {
            put(at, &u32::to_le_bytes(value));
        }
        put(30, &[9, 0, 6, 0]);
        put(80, &[0xff; 108 * 4]);
        put(512, &[0xff; 512]);
        let links = [0xffff_fffd, NONE, 3, 4, 5, 6, 7, 8, 9, NONE];
        links.iter().zip(0..).for_each(|(link, at)| put(512 + at * 4, &u32::to_le_bytes(*link)));
        let entries = [("Root Entry", 5, NONE, 0), ("Workbook", 2, 2, 4096)];
        for ((name, kind, start, length), at) in entries.iter().chain(more).zip((1024..).step_by(128)) {
            let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            put(at, &units);
            put(at + 64, &[units.len() as u8 + 2, 0, *kind]);
            put(at + 116, &u32::to_le_bytes(*start));
            put(at + 120, &u32::to_le_bytes(*length));
        }
        bytes
    }

    #[test]
    fn what_decoders_break_on_is_damaged() {
        let damaged = Err(Code::DamagedWorkbook);
        let macros = [("_VBA_PROJECT_CUR", 1, 0, 0), ("dir", 2, 3, 100)];
        for (what, bytes, fits_so) in [
            ("sound", file(4096, NONE, &[]), Ok(())),
            ("another cutoff", file(64, NONE, &[]), damaged),
            (
                "a stream that leads out of the file, which nobody looks into",
                file(4096, NONE, &macros[1..]),
                Ok(()),
            ),
            ("the same among macros", file(4096, NONE, &macros), damaged),
            ("a table that ends within a number", file(4096, 9, &[])[..512 * 10 + 2].to_vec(), damaged),
        ] {
            assert_eq!(fits(&bytes), fits_so, "{what}");
        }
    }

    #[test]
    fn far_cells_make_a_large_rectangle() {
        let mut sheet = Rectangle::default();
        sheet.take(0, 0);
        sheet.take(65_535, 255);
        assert!(sheet.area() > MOST);
    }
}
