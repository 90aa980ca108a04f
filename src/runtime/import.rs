//! Master data from CSV files and workbooks into the store: all tables that are named, or none of them.

use super::register::Register;
use super::work::Stamp;
use crate::master::RowError;
use crate::master::difference::{Changes, keep, merged};
use crate::master::import::{self, Imported};
use crate::master::record::{MasterSettings, Source};
use crate::master::tables::NAMES;
use crate::master::{bills, versions, workbook};
use crate::order::event::Actor;
use crate::order::ids::{self, sha256_hex};
use crate::read::codes::Code;
use crate::read::decoder::Decoder;
use crate::read::format::{self, Format};
use crate::read::limits::Limits;
use crate::read::page::Grid;
use crate::store::{Answer, Commit, Store, StoreError};
use chrono::NaiveDate;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// One table that was read, and what it changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub table: String,
    /// Where it was read.
    pub file: String,
    pub rows: usize,
    pub changes: Changes,
}

/// Why nothing was imported.
#[derive(Debug, Error)]
pub enum ImportError {
    #[error("{0}")]
    Folder(String),
    #[error("nothing was imported: {} rows are wrong", .0.len())]
    Rows(Vec<RowError>),
    #[error("nothing was imported: {0}")]
    Published(String),
    #[error("nothing was imported: {0}")]
    Bills(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("another import came first; import again")]
    Lost,
}

/// A table as its file has it.
pub struct TableFile {
    pub table: String,
    pub source: Source,
    pub content: Content,
}

/// What a file holds.
pub enum Content {
    Csv(Vec<u8>),
    Sheet(Grid),
}

/// Who imports, and how.
pub struct Importing<'a> {
    pub stamp: Stamp,
    /// Today in the firm's zone: what was published before can't be changed.
    pub today: NaiveDate,
    pub settings: &'a MasterSettings,
    /// Only say what would change.
    pub dry: bool,
    /// At most so many rows of each table's changes are told.
    pub told: usize,
}

/// Endings of the files that are read.
const ENDINGS: [&str; 5] = ["csv", "xlsx", "xlsm", "xls", "ods"];

/// The tables of a folder: `customers.csv`, `products.csv`, …; those that are not there stay as they are.
pub fn read_folder(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, ImportError> {
    let (files, _) = files_of(folder, &["csv"])?;
    files.into_iter().map(|(table, path)| Ok((table.to_owned(), bytes_of(&path, u64::MAX)?))).collect()
}

/// Every table of a folder's files, or of one file: CSV files and workbooks that are named after their table, or a workbook
/// with a sheet for each.
pub fn read(
    path: &Path,
    decoder: &dyn Decoder,
    (settings, limits): (&MasterSettings, &Limits),
) -> Result<Vec<TableFile>, ImportError> {
    let named = if path.is_file() { vec![path.to_owned()] } else { files_of(path, &ENDINGS)?.1 };
    let mut tables: Vec<TableFile> = Vec::new();
    for file in named {
        for table in tables_of(&file, bytes_of(&file, settings.file_bytes)?, decoder, limits)? {
            if let Some(other) = tables.iter().find(|other| other.table == table.table) {
                return Err(ImportError::Folder(format!(
                    "{} and {} are both the table {}: keep one",
                    other.source.name, table.source.name, table.table
                )));
            }
            tables.push(table);
        }
    }
    Ok(tables)
}

type Named = (Vec<(&'static str, PathBuf)>, Vec<PathBuf>);

/// The files of a folder that are named after a table.
fn files_of(folder: &Path, endings: &[&str]) -> Result<Named, ImportError> {
    if !folder.is_dir() {
        return Err(ImportError::Folder(format!(
            "there is no file or folder {}; name the one that holds the master data",
            folder.display()
        )));
    }
    let unreadable = |e| ImportError::Folder(format!("{} can't be read: {e}", folder.display()));
    let inside = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut files: Vec<(&'static str, PathBuf)> = Vec::new();
    for path in inside.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()) {
        let part = |it: Option<&std::ffi::OsStr>| it.unwrap_or_default().to_string_lossy().into_owned();
        let ending = part(path.extension()).to_ascii_lowercase();
        if let Some(table) = workbook::table_named(&part(path.file_stem()))
            && endings.contains(&ending.as_str())
        {
            files.push((table, path));
        }
    }
    // In the order of the tables, so that what is said has one order.
    files.sort_by_key(|(table, path)| (NAMES.iter().position(|name| name == table), path.clone()));
    if files.is_empty() {
        let names = NAMES.map(|name| format!("{name}.csv")).join(", ");
        return Err(ImportError::Folder(format!("{} has none of {names}", folder.display())));
    }
    let paths = files.iter().map(|(_, path)| path.clone()).collect();
    Ok((files, paths))
}

fn bytes_of(path: &Path, most: u64) -> Result<Vec<u8>, ImportError> {
    let failed = |e| ImportError::Folder(format!("{} can't be read: {e}", path.display()));
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > most {
        return Err(ImportError::Folder(format!(
            "{} has {size} bytes, and master.file_bytes allows {most}: part it, or raise the setting",
            path.display()
        )));
    }
    std::fs::read(path).map_err(failed)
}

fn tables_of(
    path: &Path,
    bytes: Vec<u8>,
    decoder: &dyn Decoder,
    limits: &Limits,
) -> Result<Vec<TableFile>, ImportError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = Source { sha256: Some(sha256_hex(&bytes)), name: name.clone() };
    let format = format::sniff(&bytes, &name, "");
    if !matches!(format, Format::Xlsx | Format::Xls | Format::Ods) {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let table = workbook::table_named(&stem).map_or_else(|| stem.into_owned(), str::to_owned);
        return Ok(vec![TableFile { table, source, content: Content::Csv(bytes) }]);
    }
    let limits = workbook_limits(limits);
    let pages = decoder.text(&bytes, format, &limits, &mut limits.unpacked_bytes.clone());
    let pages = pages.map_err(|code| ImportError::Folder(format!("{name}: {}", unopened(code))))?;
    let tables = workbook::tables(&name, pages).map_err(ImportError::Rows)?;
    let table = |(table, grid): (&str, Grid)| {
        let content = Content::Sheet(grid);
        TableFile { table: table.to_owned(), source: source.clone(), content }
    };
    Ok(tables.into_iter().map(table).collect())
}

/// Tables are larger than orders.
const fn workbook_limits(limits: &Limits) -> Limits {
    Limits {
        rows: 1_048_576,
        cells: 10_000_000,
        unpacked_bytes: 1 << 30,
        zip_ratio: 1_000,
        decode_seconds: 300,
        ..*limits
    }
}

fn unopened(code: Code) -> &'static str {
    if code == Code::Encrypted {
        "the workbook is locked by a password: save it without one"
    } else if matches!(code, Code::TooBig | Code::DecoderFailed) {
        "the workbook is too large or damaged: save its sheets as CSV files"
    } else {
        "the workbook is damaged: save it anew, or its sheets as CSV files"
    }
}

/// Reads CSV files by table, and writes them unless `dry`: for tests, trials and benches.
pub async fn import(
    store: &dyn Store,
    files: Vec<(String, Vec<u8>)>,
    dry: bool,
) -> Result<Vec<Table>, ImportError> {
    let now = store.now().await?;
    let cause = ids::from_name(now, b"import", "trial");
    let stamp = Stamp { at: now, actor: Actor::System("import".to_owned()), cause };
    let file = |(table, bytes): (String, Vec<u8>)| {
        let source = Source { name: format!("{table}.csv"), sha256: Some(sha256_hex(&bytes)) };
        TableFile { table, source, content: Content::Csv(bytes) }
    };
    let settings = MasterSettings::default();
    let today = now.date_naive();
    let files = files.into_iter().map(file).collect();
    bring(store, files, &Importing { stamp, today, settings: &settings, dry, told: 0 }).await
}

/// Reads all tables and says what they change; unless it is only said, writes them with their record in one commit.
pub async fn bring(
    store: &dyn Store,
    files: Vec<TableFile>,
    how: &Importing<'_>,
) -> Result<Vec<Table>, ImportError> {
    let read = parse(files)?;
    let names = with_related(read.iter().map(|(it, _)| it.table.as_str()));
    let mut register = Register::load(store, &names, how.settings).await?;
    let mut after = Vec::new();
    for (table, source) in read {
        let Imported { table, rows, mut body, columns } = table;
        keep(&table, &columns, register.body(&table), &mut body);
        after.push((table, rows, body, source));
    }
    let new = |name: &str| after.iter().find(|(table, ..)| table == name).map(|(_, _, body, _)| body);
    unpublished(&register, new, how.today).map_err(ImportError::Published)?;
    usable(&register, new).map_err(ImportError::Bills)?;
    let mut tables = Vec::new();
    for (table, rows, body, source) in after {
        let changes = register.change(&table, &body, (&source, how.told), &how.stamp);
        tables.push(Table { table, file: source.name, rows, changes });
    }
    let mut commit = Commit::default();
    register.write(&mut commit);
    if !how.dry && !commit.writes.is_empty() {
        match store.commit(vec![commit]).await?.as_slice() {
            [Answer::Done] => {}
            _ => return Err(ImportError::Lost),
        }
    }
    Ok(tables)
}

fn parse(files: Vec<TableFile>) -> Result<Vec<(Imported, Source)>, ImportError> {
    let (mut read, mut errors) = (Vec::new(), Vec::new());
    for TableFile { table, source, content } in files {
        let imported = match content {
            Content::Csv(bytes) => import::import(&table, &source.name, &bytes),
            Content::Sheet(grid) => import::import_sheet(&table, &source.name, &grid),
        };
        match imported {
            Ok(imported) => read.push((imported, source)),
            Err(rows) => errors.extend(rows),
        }
    }
    if errors.is_empty() { Ok(read) } else { Err(ImportError::Rows(errors)) }
}

/// These tables, and those that they are looked at together with: both of the price lists where one of them is among them, the
/// products where the bills of material are.
fn with_related<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.collect();
    if versions::TABLES.iter().any(|table| names.contains(table)) {
        let missing: Vec<&str> = versions::TABLES.into_iter().filter(|it| !names.contains(it)).collect();
        names.extend(missing);
    }
    if names.contains(&"boms") && !names.contains(&"products") {
        names.push("products");
    }
    names
}

/// Whether new bills of material can be used; else what is wrong and what to do.
fn usable<'v>(
    register: &'v Register,
    new: impl Fn(&str) -> Option<&'v serde_json::Value>,
) -> Result<(), String> {
    let products = || new("products").or(register.body("products"));
    new("boms").map_or(Ok(()), |boms| bills::usable(boms, products()))
}

/// Whether the new tables leave published price lists as they are; else what is wrong and what to do.
fn unpublished<'v>(
    register: &'v Register,
    new: impl Fn(&str) -> Option<&'v serde_json::Value>,
    today: NaiveDate,
) -> Result<(), String> {
    let before = versions::TABLES.map(|table| register.body(table));
    let after = versions::TABLES.map(|table| new(table).or(register.body(table)));
    versions::unpublished(before, after, today)
}

/// Rows of a message put into their table, in the place of those of the same key, or of all. Says what they change.
pub(super) async fn put_rows(
    store: &dyn Store,
    (read, whole): (Imported, bool),
    source: &Source,
    how: &Importing<'_>,
) -> Result<(Register, Changes), ImportError> {
    let Imported { table, mut body, columns, .. } = read;
    let names = with_related([table.as_str()].into_iter());
    let mut register = Register::load(store, &names, how.settings).await?;
    keep(&table, &columns, register.body(&table), &mut body);
    let after = if whole { body } else { merged(&table, register.body(&table), &body) };
    let new = |name: &str| (name == table).then_some(&after);
    unpublished(&register, new, how.today).map_err(ImportError::Published)?;
    usable(&register, new).map_err(ImportError::Bills)?;
    let changes = register.change(&table, &after, (source, how.told), &how.stamp);
    Ok((register, changes))
}
