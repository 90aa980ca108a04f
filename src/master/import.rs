//! A CSV file of master data → the table as it is stored, or every reason why it can't be.

use super::cells::{Cells, RowError};
use super::rows::Row;
use super::tables::{self, NAMES};
use serde_json::{Value, json};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

/// How errors name the rows of a message; they count from 1.
const ROWS: &str = "rows";

/// A table that was read without a single error.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub table: String,
    pub rows: usize,
    /// Body of the `master` aggregate: `{"rows": [...]}`.
    pub body: Value,
}

/// How a new version of a table differs from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Difference {
    pub added: usize,
    pub changed: usize,
    pub removed: usize,
}

/// Reads the bytes of `file` (a label for errors) as the table of that name: UTF-8 with or without BOM, or GBK,
/// comma-separated, with a header row. One error refuses the whole table.
pub fn import(table: &str, file: &str, bytes: &[u8]) -> Result<Imported, Vec<RowError>> {
    match table {
        "customers" => read::<tables::Customer>(table, file, bytes),
        "products" => read::<tables::Product>(table, file, bytes),
        "prices" => read::<tables::Price>(table, file, bytes),
        "aliases" => read::<tables::Alias>(table, file, bytes),
        "stock" => read::<tables::Stock>(table, file, bytes),
        "balances" => read::<tables::Balance>(table, file, bytes),
        "boms" => read::<tables::Bom>(table, file, bytes),
        "carriers" => read::<tables::Carrier>(table, file, bytes),
        "departments" => read::<tables::Department>(table, file, bytes),
        "words" => read::<tables::Word>(table, file, bytes),
        "promotions" => read::<tables::Promotion>(table, file, bytes),
        other => Err(vec![error(
            file,
            1,
            "table",
            other,
            format!("name the file after its table: {}", NAMES.join(", ")),
        )]),
    }
}

/// Rows of a message as the table of that name, read as its CSV file is; a column that a row leaves out is empty.
pub fn from_rows(table: &str, rows: &[BTreeMap<String, String>]) -> Result<Imported, Vec<RowError>> {
    let columns = columns_of(table);
    let unknown = rows.iter().zip(1..).find_map(|(row, line)| {
        let name = row.keys().find(|name| !columns.contains(&name.as_str()))?;
        Some(error(
            ROWS,
            line,
            name,
            name,
            format!("there is no such column; there are {}", columns.join(", ")),
        ))
    });
    if let Some(unknown) = unknown.filter(|_| !columns.is_empty()) {
        return Err(vec![unknown]);
    }
    let mut csv = csv::Writer::from_writer(Vec::new());
    let cell = |row: &BTreeMap<String, String>, name: &&str| row.get(*name).cloned().unwrap_or_default();
    let written = csv.write_record(columns).and_then(|()| {
        rows.iter().try_for_each(|row| csv.write_record(columns.iter().map(|name| cell(row, name))))
    });
    let bytes = written.ok().and_then(|()| csv.into_inner().ok()).unwrap_or_default();
    import(table, ROWS, &bytes)
}

/// The rows of `old` with those of `new` in the place of the ones with the same key, and the others after them.
#[must_use]
pub fn merged(table: &str, old: Option<&Value>, new: &Value) -> Value {
    let key = key_columns(table);
    let rows = |body: Option<&Value>| body.and_then(|it| it["rows"].as_array().cloned()).unwrap_or_default();
    let mut all = rows(old);
    let mut places: HashMap<String, usize> =
        all.iter().enumerate().map(|(at, row)| (key_of(row, key), at)).collect();
    for row in rows(Some(new)) {
        match places.entry(key_of(&row, key)) {
            Entry::Occupied(place) => all[*place.get()] = row,
            Entry::Vacant(place) => {
                place.insert(all.len());
                all.push(row);
            }
        }
    }
    json!({ "rows": all })
}

/// What a new body would change in the old one; `old` is none where the table was not there.
#[must_use]
pub fn difference(table: &str, old: Option<&Value>, new: &Value) -> Difference {
    let key = key_columns(table);
    let keyed = |body: Option<&Value>| -> BTreeMap<String, Value> {
        let rows = body.and_then(|body| body.get("rows")).and_then(Value::as_array);
        rows.into_iter().flatten().map(|row| (key_of(row, key), row.clone())).collect()
    };
    let (old, new) = (keyed(old), keyed(Some(new)));
    Difference {
        added: new.keys().filter(|key| !old.contains_key(*key)).count(),
        changed: new.iter().filter(|(key, row)| old.get(*key).is_some_and(|was| was != *row)).count(),
        removed: old.keys().filter(|key| !new.contains_key(*key)).count(),
    }
}

fn columns_of(table: &str) -> &'static [&'static str] {
    match table {
        "customers" => tables::Customer::COLUMNS,
        "products" => tables::Product::COLUMNS,
        "prices" => tables::Price::COLUMNS,
        "aliases" => tables::Alias::COLUMNS,
        "stock" => tables::Stock::COLUMNS,
        "balances" => tables::Balance::COLUMNS,
        "boms" => tables::Bom::COLUMNS,
        "carriers" => tables::Carrier::COLUMNS,
        "departments" => tables::Department::COLUMNS,
        "words" => tables::Word::COLUMNS,
        "promotions" => tables::Promotion::COLUMNS,
        _ => &[],
    }
}

fn key_columns(table: &str) -> &'static [&'static str] {
    match table {
        "customers" => tables::Customer::KEY,
        "products" => tables::Product::KEY,
        "prices" => tables::Price::KEY,
        "aliases" => tables::Alias::KEY,
        "stock" => tables::Stock::KEY,
        "balances" => tables::Balance::KEY,
        "boms" => tables::Bom::KEY,
        "carriers" => tables::Carrier::KEY,
        "departments" => tables::Department::KEY,
        "promotions" => tables::Promotion::KEY,
        _ => tables::Word::KEY,
    }
}

fn key_of(row: &Value, columns: &[&str]) -> String {
    let part = |column: &&str| row.get(*column).and_then(Value::as_str).unwrap_or("").to_owned();
    columns.iter().map(part).collect::<Vec<_>>().join(" / ")
}

fn error(file: &str, line: u64, field: &str, found: &str, todo: impl Into<String>) -> RowError {
    RowError {
        file: file.to_owned(),
        line,
        field: field.to_owned(),
        found: found.to_owned(),
        todo: todo.into(),
    }
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

fn read<R: Row>(table: &str, file: &str, bytes: &[u8]) -> Result<Imported, Vec<RowError>> {
    let text = decode(bytes).filter(|text| !text.contains('\0')).ok_or_else(|| {
        vec![error(file, 1, "encoding", "bytes that are neither", "save the file as CSV in UTF-8 or GBK")]
    })?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let columns = columns::<R>(file, &mut reader)?;
    let mut lines = Lines { text: text.as_bytes(), seen: 0, line: 1 };
    let (mut rows, mut errors, mut seen) = (Vec::new(), Vec::new(), HashMap::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(problem) => {
                let line = problem.position().map_or(0, csv::Position::line);
                errors.push(error(
                    file,
                    line,
                    "row",
                    &problem.to_string(),
                    "repair this line of the CSV file",
                ));
                continue;
            }
        };
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.len() != columns.len() {
            let todo = format!("write {} cells; quote a cell that has a comma in it", columns.len());
            errors.push(error(file, line, "row", &format!("{} cells", record.len()), todo));
            continue;
        }
        let row =
            R::parse(&mut Cells { file, line, columns: &columns, record: &record, errors: &mut errors });
        let row = serde_json::to_value(row).unwrap_or(Value::Null);
        if let Some(first) = seen.insert(key_of(&row, R::KEY), line) {
            let todo = format!("delete one of the two: line {first} has the same");
            errors.push(error(file, line, R::KEY.join(" + ").as_str(), &key_of(&row, R::KEY), todo));
        }
        rows.push(row);
    }
    if errors.is_empty() {
        Ok(Imported { table: table.to_owned(), rows: rows.len(), body: json!({ "rows": rows }) })
    } else {
        Err(errors)
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

fn columns<R: Row>(
    file: &str,
    reader: &mut csv::Reader<&[u8]>,
) -> Result<HashMap<String, usize>, Vec<RowError>> {
    let known = R::COLUMNS.join(", ");
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(problem) => return Err(vec![error(file, 1, "header", &problem.to_string(), known)]),
    };
    let mut columns = HashMap::new();
    let mut errors = Vec::new();
    for (at, name) in header.iter().map(str::trim).enumerate() {
        if !R::COLUMNS.contains(&name) {
            errors.push(error(
                file,
                1,
                name,
                name,
                format!("unknown column: rename or delete it; there are {known}"),
            ));
        } else if columns.insert(name.to_owned(), at).is_some() {
            errors.push(error(file, 1, name, name, "the column stands there twice: delete one"));
        }
    }
    let wanted = R::COLUMNS.iter().filter(|name| !R::OPTIONAL.contains(name));
    for name in wanted.filter(|name| !columns.contains_key(**name)) {
        errors.push(error(file, 1, name, "", "the column is missing: add it"));
    }
    if errors.is_empty() { Ok(columns) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::import;

    const HEAD: &str = "code,customer_code,sku,category,percent,valid_from,valid_to,min_total,currency\n";

    #[test]
    fn promotions_are_imported_or_named_where_they_are_wrong() {
        let rows = |rows: &str| import("promotions", "promotions.csv", format!("{HEAD}{rows}").as_bytes());
        let good = "S10,,,,10,2026-03-01,2026-03-31,0,CNY\nS10,C1,A-1,,12.5,2026-03-01,2026-03-31,500,CNY\n";
        assert_eq!(rows(good).unwrap().rows, 2);
        for (row, error) in [
            (",,,,10,2026-03-01,2026-03-31,0,CNY", "promotions.csv:2: code: found ``: fill it in"),
            (
                "S,,,,100,2026-03-01,2026-03-31,0,CNY",
                "promotions.csv:2: percent: found `100`: write a number under 100, as in 5 for 5 % off",
            ),
            (
                "S,,,,0,2026-03-01,2026-03-31,0,CNY",
                "promotions.csv:2: percent: found `0`: write a number greater than 0",
            ),
            (
                "S,,,,5,2026-03-02,2026-03-01,0,CNY",
                "promotions.csv:2: valid_to: found `2026-03-01`: write a day that is not before valid_from",
            ),
        ] {
            let errors: Vec<String> = rows(row).unwrap_err().iter().map(ToString::to_string).collect();
            assert_eq!(errors, [error], "{row}");
        }
        let twice = "S,,,,5,2026-03-01,2026-03-31,0,CNY\nS,,,,6,2026-03-01,2026-03-31,0,CNY";
        assert!(rows(twice).unwrap_err()[0].to_string().contains("3"), "the second row is named");
    }

    #[test]
    fn a_column_that_is_optional_may_be_left_out() {
        let head =
            "sku,name,name_en,category,unit,spec,moq,pack_qty,lead_days,standard_price,currency,barcode";
        let row = "A,Tape,,T,m,,1,1,5,0.5,CNY,";
        let old = import("products", "products.csv", format!("{head}\n{row}\n").as_bytes()).unwrap();
        assert!(old.body["rows"][0].get("substitute").is_none());
        let new = import("products", "products.csv", format!("{head},substitute\n{row},B\n").as_bytes());
        assert_eq!(new.unwrap().body["rows"][0]["substitute"], "B");
    }
}
