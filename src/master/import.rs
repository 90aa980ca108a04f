//! A file of master data → the table as it is stored, or every reason why it can't be.

use super::cells::{Cells, Place, RowError};
use super::rows::{Shape, shape};
use super::tables::NAMES;
use crate::read::page::{Grid, Row as GridRow};
use csv::StringRecord;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

pub use super::difference::{Changes, Difference, FieldChange, RowChange, What, changes, difference, merged};

/// How errors name the rows of a message; they count from 1.
const ROWS: &str = "rows";

/// A table that was read without a single error.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub table: String,
    pub rows: usize,
    /// Body of the `master` aggregate: `{"rows": [...]}`.
    pub body: Value,
    /// The columns that it had: what stands in others stays.
    pub columns: Vec<String>,
}

/// Reads the bytes of `file` (a label for errors) as the table of that name: UTF-8 with or without BOM, or GBK,
/// comma-separated, with a header row. One error refuses the whole table.
pub fn import(table: &str, file: &str, bytes: &[u8]) -> Result<Imported, Vec<RowError>> {
    let place = Place { file, sheet: None };
    let shape = known(place, table)?;
    let text = decode(bytes).filter(|text| !text.contains('\0')).ok_or_else(|| {
        vec![place.error(1, "encoding", "bytes that are neither", "save the file as CSV in UTF-8 or GBK")]
    })?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(problem) => return Err(vec![place.error(1, "header", &problem.to_string(), shape.known())]),
    };
    let mut reading = Reading::new(shape, place, (1, &header))?;
    let mut lines = Lines { text: text.as_bytes(), seen: 0, line: 1 };
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = lines.at(record.position().map_or(0, csv::Position::byte));
                reading.row(line, &record);
            }
            Err(problem) => {
                let line = problem.position().map_or(0, csv::Position::line);
                let todo = "repair this line of the CSV file";
                reading.errors.push(place.error(line, "row", &problem.to_string(), todo));
            }
        }
    }
    reading.end()
}

/// Reads a sheet of the workbook `file`: its first row that holds anything is the header.
pub fn import_sheet(table: &str, file: &str, grid: &Grid) -> Result<Imported, Vec<RowError>> {
    let place = Place { file, sheet: grid.sheet.as_deref() };
    let shape = known(place, table)?;
    let cells = |row: &GridRow| row.cells.iter().map(|cell| cell.text.trim().to_owned()).collect::<Vec<_>>();
    let mut rows = grid.rows.iter();
    let Some(first) = rows.next() else {
        let todo = format!("write the header row: {}", shape.known());
        return Err(vec![place.error(1, "header", "", todo)]);
    };
    let mut header = cells(first);
    while header.last().is_some_and(String::is_empty) {
        header.pop();
    }
    let width = header.len();
    let mut reading = Reading::new(shape, place, (first.number.into(), &StringRecord::from(header)))?;
    for row in rows {
        let mut cells = cells(row);
        // A sheet has cells behind its table; empty ones are none.
        while cells.len() > width && cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        cells.resize(cells.len().max(width), String::new());
        reading.row(row.number.into(), &StringRecord::from(cells));
    }
    reading.end()
}

/// Rows of a message as the table of that name, read as its CSV file is; a column that a row leaves out is empty.
pub fn from_rows(table: &str, rows: &[BTreeMap<String, String>]) -> Result<Imported, Vec<RowError>> {
    let place = Place { file: ROWS, sheet: None };
    let shape = known(place, table)?;
    let unknown = rows.iter().zip(1..).find_map(|(row, line)| {
        let name = row.keys().find(|name| !shape.has(name))?;
        let todo = format!("there is no such column; there are {}", shape.known());
        Some(place.error(line, name, name, todo))
    });
    if let Some(unknown) = unknown {
        return Err(vec![unknown]);
    }
    uniform(place, shape, rows)?;
    let named = rows.iter().flat_map(BTreeMap::keys).map(String::as_str);
    let mut columns: Vec<&str> = shape.columns.iter().copied().chain(named).collect();
    columns.sort_unstable();
    columns.dedup();
    let mut reading = Reading::new(shape, place, (1, &StringRecord::from(columns.clone())))?;
    for (row, line) in rows.iter().zip(1..) {
        let cells = columns.iter().map(|name| row.get(*name).map_or("", String::as_str));
        reading.row(line, &StringRecord::from(cells.collect::<Vec<_>>()));
    }
    reading.end()
}

/// Columns that may be left out, and then keep what stands there, have to be left out of all rows or of none.
fn uniform(place: Place<'_>, shape: &Shape, rows: &[BTreeMap<String, String>]) -> Result<(), Vec<RowError>> {
    let Some(first) = rows.first() else { return Ok(()) };
    let differs = |(row, line): (&BTreeMap<String, String>, u64)| {
        let named = first.keys().chain(row.keys()).filter(|name| !shape.columns.contains(&name.as_str()));
        let name = named.into_iter().find(|name| first.contains_key(*name) != row.contains_key(*name))?;
        let todo = "name this column in every row of the message, or in none";
        Some(place.error(line, name, row.get(name).map_or("", String::as_str), todo))
    };
    match rows.iter().zip(1..).find_map(differs) {
        Some(error) => Err(vec![error]),
        None => Ok(()),
    }
}

fn known(place: Place<'_>, table: &str) -> Result<&'static Shape, Vec<RowError>> {
    shape(table).ok_or_else(|| {
        let todo = format!("name the file after its table: {}", NAMES.join(", "));
        vec![place.error(1, "table", table, todo)]
    })
}

/// The text of a CSV file: UTF-8, or GB 18030 (which holds GBK and GB 2312) as Chinese Excel writes it.
fn decode(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.to_owned());
    }
    encoding_rs::GB18030
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(|text| text.into_owned())
}

/// A table while it is read, row by row.
struct Reading<'a> {
    shape: &'static Shape,
    place: Place<'a>,
    columns: HashMap<String, usize>,
    rows: Vec<Value>,
    /// Where each key stands.
    seen: HashMap<String, u64>,
    errors: Vec<RowError>,
}

impl<'a> Reading<'a> {
    fn new(
        shape: &'static Shape,
        place: Place<'a>,
        (line, header): (u64, &StringRecord),
    ) -> Result<Self, Vec<RowError>> {
        let mut columns = HashMap::new();
        let mut errors = Vec::new();
        for (at, name) in header.iter().map(str::trim).enumerate() {
            if !shape.has(name) {
                let todo = format!("unknown column: rename or delete it; there are {}", shape.known());
                errors.push(place.error(line, name, name, todo));
            } else if columns.insert(name.to_owned(), at).is_some() {
                errors.push(place.error(line, name, name, "the column stands there twice: delete one"));
            }
        }
        for name in shape.columns.iter().filter(|name| !columns.contains_key(**name)) {
            errors.push(place.error(line, name, "", "the column is missing: add it"));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self { shape, place, columns, rows: Vec::new(), seen: HashMap::new(), errors })
    }

    fn row(&mut self, line: u64, record: &StringRecord) {
        if record.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        let place = self.place;
        if record.len() != self.columns.len() {
            let todo = format!("write {} cells; quote a cell that has a comma in it", self.columns.len());
            self.errors.push(place.error(line, "row", &format!("{} cells", record.len()), todo));
            return;
        }
        let errors = &mut self.errors;
        let row = (self.shape.parse)(&mut Cells { place, line, columns: &self.columns, record, errors });
        let key = self.shape.key_of(&row);
        if let Some(first) = self.seen.get(&key) {
            let todo = format!("delete one of the two: line {first} has the same");
            self.errors.push(place.error(line, &self.shape.key.join(" + "), &key, todo));
        }
        self.seen.insert(key, line);
        self.rows.push(row);
    }

    fn end(self) -> Result<Imported, Vec<RowError>> {
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        Ok(Imported {
            table: self.shape.table.to_owned(),
            rows: self.rows.len(),
            columns: self.columns.into_keys().collect(),
            body: json!({ "rows": self.rows }),
        })
    }
}

/// Line numbers of growing byte offsets; the reader's own do not count blank lines before a row.
struct Lines<'a> {
    text: &'a [u8],
    seen: usize,
    line: u64,
}

impl Lines<'_> {
    fn at(&mut self, offset: u64) -> u64 {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(self.text.len());
        let blank = self.text[offset..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let breaks = self.text[self.seen..offset + blank].iter().filter(|byte| **byte == b'\n').count();
        self.line += breaks as u64;
        self.seen = offset + blank;
        self.line
    }
}
