//! `gendan import`: master data from CSV files and workbooks.

use super::context::Context;
use super::{End, Stop};
use crate::master::difference::{FieldChange, RowChange, What};
use crate::master::tables::NAMES;
use crate::order::event::Actor;
use crate::order::ids;
use crate::rights::Action;
use crate::runtime::house::House;
use crate::runtime::import::{ImportError, Importing, Table, TableFile, bring, read};
use crate::runtime::master;
use crate::runtime::work::Stamp;
use crate::store::StoreError;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder with customers.csv, products.xlsx …, or one file; a workbook may have a sheet for each table 主数据目录或文件
    path: PathBuf,
    /// Only say what would change, row by row 只看差异
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(arguments: Arguments, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    context.may(&house, Action::EditMaster)?;
    let actor = actor(&house, context.by.as_deref())?;
    let config = &house.config;
    let decoder = house.books.reader.decoder.as_ref();
    let files = read(&arguments.path, decoder, (&config.master, &config.limits)).map_err(stop)?;
    let stamp = stamp(&house, actor, "import").await?;
    let how = Importing {
        today: house.today(stamp.at),
        stamp,
        settings: &config.master,
        dry: arguments.dry_run,
        told: match (arguments.dry_run, context.out.json) {
            (false, _) => 0,
            (true, false) => config.master.shown_rows,
            (true, true) => usize::MAX,
        },
    };
    let tables = imported(&house, files, &how).await?;
    let data: Vec<Value> = tables.iter().map(|table| said(table, arguments.dry_run)).collect();
    let row = |table: &Table| {
        let counts = table.changes.counts;
        let numbers = [table.rows, counts.added, counts.changed, counts.removed];
        std::iter::once(table.table.clone()).chain(numbers.iter().map(usize::to_string)).collect()
    };
    let heads = ["table", "rows", "added", "changed", "removed"];
    context.out.rows(&data, &heads, tables.iter().map(row).collect())?;
    if arguments.dry_run && !context.out.json {
        for table in tables.iter().filter(|table| !table.changes.rows.is_empty()) {
            show(table, context)?;
        }
        context.out.line("nothing was written (--dry-run)")?;
    }
    if !arguments.dry_run && !context.out.json {
        loose(&house, context).await?;
    }
    Ok(End::Done)
}

/// Rows that refer to what is in no table: they are kept, and have no effect until it is there.
async fn loose(house: &House, context: &mut Context) -> Result<(), Stop> {
    let found = master::tables(house.store.as_ref(), &NAMES).await?.references();
    let most = house.config.master.shown_rows;
    for it in found.iter().take(most) {
        let (table, field, rows) = (it.table, it.field, it.rows);
        let line = format!("note: {table}: {field} `{}` ({rows} rows) is in no table", it.found);
        context.out.line(super::printable(&line))?;
    }
    if found.len() > most {
        context.out.line(format!("note: and {} more that are in no table", found.len() - most))?;
    }
    Ok(())
}

async fn imported(house: &House, files: Vec<TableFile>, how: &Importing<'_>) -> Result<Vec<Table>, Stop> {
    bring(house.store.as_ref(), files, how).await.map_err(stop)
}

fn said(table: &Table, rows: bool) -> Value {
    let counts = table.changes.counts;
    let mut said = json!({"table": table.table, "file": table.file, "rows": table.rows, "added": counts.added,
        "changed": counts.changed, "removed": counts.removed});
    if rows {
        said["changes"] = json!(table.changes.rows);
    }
    said
}

/// The difference of one table, as far as it is told.
fn show(table: &Table, context: &mut Context) -> Result<(), Stop> {
    context.out.line(format!("\n{} ({})", table.table, table.file))?;
    for row in &table.changes.rows {
        context.out.line(super::printable(&line(row)))?;
    }
    let more = table.changes.counts.total() - table.changes.rows.len();
    if more > 0 {
        context.out.line(format!("  … and {more} more rows: --json has them all"))?;
    }
    Ok(())
}

fn line(row: &RowChange) -> String {
    let mark = match row.what {
        What::Added => '+',
        What::Changed => '~',
        What::Removed => '-',
    };
    let nothing = || "(empty)".to_owned();
    let field = |it: &FieldChange| {
        let (from, to) = (it.from.clone().unwrap_or_else(nothing), it.to.clone().unwrap_or_else(nothing));
        format!("{}: {from} → {to}", it.field)
    };
    // Of a row that comes or goes its key says enough.
    let fields: Vec<String> =
        if row.what == What::Changed { row.fields.iter().map(field).collect() } else { Vec::new() };
    format!("  {mark} {}  {}", row.key, fields.join("; ")).trim_end().to_owned()
}

/// Who it is that changes master data: the user who is named, else the command line.
pub(super) fn actor(house: &House, by: Option<&str>) -> Result<Actor, Stop> {
    match by {
        Some(by) if house.config.user(by).is_some() => Ok(Actor::User(by.to_owned())),
        Some(by) => Err(Stop::Refused(format!(
            "`{by}` is no user: name one with --as, or add him under [[users]] in the settings"
        ))),
        None if house.config.master.ask_by => {
            Err(Stop::Refused("say who you are with --as: the setting master.ask_by wants it".to_owned()))
        }
        None => Ok(Actor::System("command line".to_owned())),
    }
}

/// What the records of a command are signed with.
pub(super) async fn stamp(house: &House, actor: Actor, command: &str) -> Result<Stamp, StoreError> {
    let at = house.store.now().await?;
    let cause = ids::from_name(at, std::process::id().to_string().as_bytes(), command);
    Ok(Stamp { at, actor, cause })
}

/// As many wrong rows as are told.
const TOLD: usize = 50;

pub(super) fn stop(error: ImportError) -> Stop {
    match error {
        ImportError::Rows(rows) => {
            let mut said: Vec<String> = rows.iter().take(TOLD).map(ToString::to_string).collect();
            if rows.len() > TOLD {
                said.push(format!("… and {} more", rows.len() - TOLD));
            }
            Stop::Refused(format!("nothing was imported:\n{}", said.join("\n")))
        }
        ImportError::Store(error) => error.into(),
        ImportError::Folder(_) | ImportError::Published(_) | ImportError::Bills(_) | ImportError::Lost => {
            Stop::Refused(error.to_string())
        }
    }
}
