//! Workbooks (xlsx, xls, ods) to grids: hidden sheets are left out, merged cells carried down, floats made exact.

use super::Format;
use super::text::clean;
use super::{archive, compound};
use crate::read::codes::Code;
use crate::read::limits::Limits;
use crate::read::page::{Block, Cell, Grid, Page, Row};
use calamine::{Data, DataRef, Dimensions, Ods, Reader, SheetType, SheetVisible, Xls, Xlsx};
use std::collections::BTreeMap;
use std::io::Cursor;

type Cells = BTreeMap<u32, BTreeMap<u32, String>>;

/// A sheet with its name.
#[derive(Debug)]
pub struct Sheet {
    pub name: String,
    pub page: Page,
}

/// Reads all visible sheets that hold something.
///
/// # Errors
/// When the workbook is damaged, encrypted or over the limits.
pub fn read(bytes: &[u8], format: Format, limits: &Limits, budget: &mut u64) -> Result<Vec<Sheet>, Code> {
    if format == Format::Xls {
        compound::fits(bytes)?;
    } else if !bytes.starts_with(b"PK") {
        // An archive may stand behind the head of another file, into which its reader looks first.
        return Err(Code::DamagedWorkbook);
    } else {
        archive::fits(bytes, limits, budget)?;
    }
    if format == Format::Xls {
        xls(bytes, limits)
    } else if format == Format::Ods {
        ods(bytes, limits)
    } else {
        xlsx(bytes, limits)
    }
}

fn xlsx(bytes: &[u8], limits: &Limits) -> Result<Vec<Sheet>, Code> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| Code::DamagedWorkbook)?;
    let mut out = Vec::new();
    let mut left = limits.cells;
    for name in visible(&book, limits) {
        let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
        let mut cells = Cells::new();
        let mut reader = book.worksheet_cells_reader(&name).map_err(|_| Code::DamagedWorkbook)?;
        while let Some(cell) = reader.next_cell().map_err(|_| Code::DamagedWorkbook)? {
            let (row, column) = cell.get_position();
            let text = owned(cell.get_value());
            put(&mut cells, (row, column), &text, limits, &mut left)?;
        }
        out.extend(sheet(name, cells, &merged, limits));
    }
    Ok(out)
}

fn xls(bytes: &[u8], limits: &Limits) -> Result<Vec<Sheet>, Code> {
    let mut book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(|e| {
        if matches!(e, calamine::XlsError::Password) { Code::Encrypted } else { Code::DamagedWorkbook }
    })?;
    let mut out = Vec::new();
    let mut left = limits.cells;
    for name in visible(&book, limits) {
        let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
        let range = book.worksheet_range(&name).map_err(|_| Code::DamagedWorkbook)?;
        out.extend(sheet(name, from_range(&range, limits, &mut left)?, &merged, limits));
    }
    Ok(out)
}

fn ods(bytes: &[u8], limits: &Limits) -> Result<Vec<Sheet>, Code> {
    let mut book: Ods<_> = Ods::new(Cursor::new(bytes)).map_err(|_| Code::DamagedWorkbook)?;
    let mut out = Vec::new();
    let mut left = limits.cells;
    for name in visible(&book, limits) {
        let range = book.worksheet_range(&name).map_err(|_| Code::DamagedWorkbook)?;
        out.extend(sheet(name, from_range(&range, limits, &mut left)?, &[], limits));
    }
    Ok(out)
}

fn visible<R: std::io::Read + std::io::Seek, B: Reader<R>>(book: &B, limits: &Limits) -> Vec<String> {
    let sheets = book
        .sheets_metadata()
        .iter()
        .filter(|s| s.visible == SheetVisible::Visible && s.typ == SheetType::WorkSheet);
    sheets.take(limits.sheets).map(|s| s.name.clone()).collect()
}

fn from_range(range: &calamine::Range<Data>, limits: &Limits, left: &mut usize) -> Result<Cells, Code> {
    let (top, side) = range.start().unwrap_or((0, 0));
    let mut cells = Cells::new();
    for (row, column, value) in range.used_cells() {
        let at = |n: usize, base: u32| u32::try_from(n).unwrap_or(u32::MAX).saturating_add(base);
        put(&mut cells, (at(row, top), at(column, side)), &printed(value), limits, left)?;
    }
    Ok(cells)
}

fn put(
    cells: &mut Cells,
    (row, column): (u32, u32),
    text: &str,
    limits: &Limits,
    left: &mut usize,
) -> Result<(), Code> {
    if text.is_empty() || column >= limits.columns {
        return Ok(());
    }
    *left = left.checked_sub(1).ok_or(Code::TooBig)?;
    if row >= limits.rows {
        return Err(Code::TooBig);
    }
    cells.entry(row).or_default().insert(column, text.to_owned());
    Ok(())
}

fn owned(value: &DataRef<'_>) -> String {
    match value {
        DataRef::String(text) => tidy(text),
        DataRef::SharedString(text) => tidy(text),
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(n) => exact(*n),
        DataRef::Bool(b) => b.to_string(),
        DataRef::DateTime(d) => date(d),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.split('T').next().unwrap_or("").to_owned()
        }
        DataRef::Error(_) => "#ERROR".to_owned(),
        DataRef::Empty => String::new(),
    }
}

fn printed(value: &Data) -> String {
    match value {
        Data::String(text) => tidy(text),
        Data::Int(n) => n.to_string(),
        Data::Float(n) => exact(*n),
        Data::Bool(b) => b.to_string(),
        Data::DateTime(d) => date(d),
        Data::DateTimeIso(text) | Data::DurationIso(text) => text.split('T').next().unwrap_or("").to_owned(),
        Data::Error(_) => "#ERROR".to_owned(),
        Data::Empty => String::new(),
    }
}

fn tidy(text: &str) -> String {
    let lines: Vec<String> = text
        .replace("_x000D_", "")
        .lines()
        .map(|l| clean(l).trim().to_owned())
        .filter(|l| !l.is_empty())
        .collect();
    lines.join("\n")
}

/// The decimal text of a stored float: what binary noise behind the 12th figure added is taken off.
fn exact(value: f64) -> String {
    if !value.is_finite() {
        return "#ERROR".to_owned();
    }
    let short = format!("{value}");
    if short.bytes().filter(u8::is_ascii_digit).count() <= 15 {
        return short;
    }
    let whole = format!("{:.0}", value.abs()).len();
    let rounded = format!("{value:.*}", 12usize.saturating_sub(whole));
    if rounded.contains('.') {
        rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        rounded
    }
}

fn date(value: &calamine::ExcelDateTime) -> String {
    if !value.is_datetime() {
        return exact(value.as_f64());
    }
    value.as_datetime().map_or_else(|| exact(value.as_f64()), |d| d.date().to_string())
}

/// A grid of the used rows; None for a sheet without text.
fn sheet(name: String, cells: Cells, merged: &[Dimensions], limits: &Limits) -> Option<Sheet> {
    let width = cells.values().filter_map(|r| r.keys().next_back()).max()? + 1;
    let mut rows: Vec<Row> = Vec::with_capacity(cells.len());
    for (number, filled) in &cells {
        let cell = |c: u32| Cell::new(filled.get(&c).cloned().unwrap_or_default());
        rows.push(Row { number: number + 1, cells: (0..width).map(cell).collect() });
    }
    for area in merged.iter().take(20_000).filter(|a| a.end.0 > a.start.0) {
        carry(&mut rows, &cells, area, limits);
    }
    let grid = Grid { sheet: Some(name.clone()), rows };
    Some(Sheet { name, page: Page { blocks: vec![Block::Grid(grid)] } })
}

/// Copies the text of a cell that is merged downwards into the rows that it covers.
fn carry(rows: &mut [Row], cells: &Cells, area: &Dimensions, limits: &Limits) {
    let Some(text) = cells.get(&area.start.0).and_then(|r| r.get(&area.start.1)) else { return };
    let last = area.end.0.min(area.start.0.saturating_add(limits.rows));
    for row in rows.iter_mut().filter(|r| r.number > area.start.0 + 1 && r.number <= last + 1) {
        if let Some(cell) = row.cells.get_mut(area.start.1 as usize).filter(|c| c.text.is_empty()) {
            *cell = Cell { text: text.clone(), carried: true };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_lose_their_noise() {
        for (value, want) in [
            (1_475.999_999_999_999_8, "1476"),
            (0.1 + 0.2, "0.3"),
            (0.0085, "0.0085"),
            (3000.0, "3000"),
            (1e15, "1000000000000000"),
        ] {
            assert_eq!(exact(value), want);
        }
    }

    #[test]
    fn damaged_workbooks_are_an_answer() {
        let limits = Limits::default();
        for format in [Format::Xlsx, Format::Xls, Format::Ods] {
            assert!(read(b"PK\x03\x04 nothing", format, &limits, &mut 1000).is_err());
        }
    }
}
