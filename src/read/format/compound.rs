//! A look into an OLE workbook before its decoder: the decoder allocates the whole rectangle from the first to the last
//! cell, so that two damaged cells can ask for more memory than there is. [MS-CFB] and [MS-XLS] give the layouts.

use crate::read::codes::Code;
use std::collections::BTreeSet;

const END: u32 = 0xffff_fff9;
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
    let named = |name: &str| entries.iter().find(|e| entry_name(e).eq_ignore_ascii_case(name)).copied();
    let entry = named("Workbook").or_else(|| named("Book"))?;
    let (start, length) = (u32_at(entry, 116)?, u32_at(entry, 120)? as usize);
    let mut stream = if length < u32_at(bytes, 56)? as usize {
        let small = chain(bytes, size, &table, u32_at(bytes, 60)?)?;
        let small: Vec<u32> = small.chunks_exact(4).filter_map(|c| u32_at(c, 0)).collect();
        let root = chain(bytes, size, &table, u32_at(entries.first()?, 116)?)?;
        small_chain(&root, &small, start)?
    } else {
        chain(bytes, size, &table, start)?
    };
    stream.truncate(length);
    Some(stream)
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
        let list: Vec<u32> = sector.chunks_exact(4).filter_map(|c| u32_at(c, 0)).collect();
        let (last, own) = list.split_last()?;
        sectors.extend_from_slice(own);
        next = *last;
    }
    let mut table = Vec::new();
    for number in sectors.into_iter().filter(|s| *s < END) {
        table.extend(sector(bytes, size, number)?.chunks_exact(4).filter_map(|c| u32_at(c, 0)));
    }
    Some(table)
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

    #[test]
    fn far_cells_make_a_large_rectangle() {
        let mut sheet = Rectangle::default();
        sheet.take(0, 0);
        sheet.take(65_535, 255);
        assert!(sheet.area() > MOST);
    }
}
