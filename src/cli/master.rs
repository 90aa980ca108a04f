//! `gendan master`: what stands in the tables of master data, and who changed it when.

use super::context::Context;
use super::{End, Stop};
use crate::master::difference::{row, shown};
use crate::master::record::recorded_key;
use crate::master::tables::NAMES;
use crate::order::event::Actor;
use crate::order::record::{FieldRecord, RowRecord};
use crate::rights::Action;
use crate::runtime::house::House;
use crate::runtime::register::{Recorded, Register, recorded};
use serde_json::json;

/// What else is recorded beside the tables.
const OTHERS: [&str; 1] = ["applications"];

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List changes: who, when, from where, what; the newest last 变更记录
    Log {
        /// Of this table only 数据表
        #[arg(long)]
        table: Option<String>,
        /// Of this row only; its key, as the log and `show` have it 主键
        #[arg(long)]
        key: Option<String>,
        /// At most so many changes, the newest 条数
        #[arg(long, default_value_t = 100)]
        last: usize,
    },
    /// Show a row and its changes 查看
    Show {
        table: String,
        /// Several columns of a key are parted by " / ", as in "C1001 / HT-N5" 主键
        key: String,
    },
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    context.may(&house, Action::EditMaster)?;
    match command {
        Command::Log { table, key, last } => {
            known(table.as_deref(), &OTHERS)?;
            let (table, key) = (table.as_deref(), key.as_deref());
            let mut found = of(&house, table, key).await?;
            found.drain(..found.len().saturating_sub(last));
            list(&found, &house, context)
        }
        Command::Show { table, key } => show(&house, &table, &key, context).await,
    }
}

fn known(table: Option<&str>, others: &[&str]) -> Result<(), Stop> {
    let is = |table: &str| NAMES.contains(&table) || others.contains(&table);
    match table.filter(|table| !is(table)) {
        None => Ok(()),
        Some(table) => {
            Err(Stop::NotFound(format!("there is no table {table}; there are {}", NAMES.join(", "))))
        }
    }
}

/// Changes of a table, and of one row of it with only what concerns it.
async fn of(house: &House, table: Option<&str>, key: Option<&str>) -> Result<Vec<Recorded>, Stop> {
    let mut found = recorded(house.store.as_ref(), table).await?;
    if let Some(key) = key {
        for change in &mut found {
            let wanted = recorded_key(&change.record.table, key);
            change.record.rows.retain(|row| row.key == key || row.key == wanted);
        }
        found.retain(|change| !change.record.rows.is_empty());
    }
    Ok(found)
}

fn list(found: &[Recorded], house: &House, context: &mut Context) -> Result<End, Stop> {
    let rows = found.iter().flat_map(|change| lines(change, house)).collect();
    context.out.rows(&found, &["at", "who", "table", "what", "from where"], rows)?;
    Ok(End::Done)
}

/// One line for the change, and one for each of its rows where there are few.
fn lines(change: &Recorded, house: &House) -> Vec<Vec<String>> {
    let record = &change.record;
    let counts = format!("{} added, {} changed, {} removed", record.added, record.changed, record.removed);
    let at = change.at.with_timezone(&house.config.firm.zone).format("%Y-%m-%d %H:%M:%S").to_string();
    let mut lines = vec![vec![at, who(&change.actor), record.table.clone(), counts, record.source.clone()]];
    let most = house.config.master.shown_rows;
    let cells = |what: String| vec![String::new(), String::new(), String::new(), what, String::new()];
    lines.extend(record.rows.iter().take(most).map(|row| cells(said(row))));
    if record.rows.len() > most {
        lines.push(cells(format!("… and {} more rows: --json has them all", record.rows.len() - most)));
    } else if record.rows.is_empty() {
        let hash = record.sha256.as_deref().unwrap_or("none");
        lines.push(cells(format!("too many rows to be recorded one by one; SHA-256 of the file: {hash}")));
    }
    lines
}

pub(super) fn who(actor: &Actor) -> String {
    match actor {
        Actor::Step(name) | Actor::User(name) | Actor::System(name) => name.clone(),
    }
}

fn said(row: &RowRecord) -> String {
    let field = |it: &FieldRecord| {
        let value = |text: &Option<String>| text.clone().unwrap_or_else(|| "(empty)".to_owned());
        if it.personal {
            format!("{}: changed", it.field)
        } else {
            format!("{}: {} → {}", it.field, value(&it.from), value(&it.to))
        }
    };
    let fields: Vec<String> =
        if row.what == "changed" { row.fields.iter().map(field).collect() } else { Vec::new() };
    format!("{} {}  {}", row.what, row.key, fields.join("; ")).trim_end().to_owned()
}

async fn show(house: &House, table: &str, key: &str, context: &mut Context) -> Result<End, Stop> {
    known(Some(table), &[])?;
    let register = Register::load(house.store.as_ref(), &[table], &house.config.master).await?;
    let row = row(table, key, register.body(table));
    let changes = of(house, Some(table), Some(key)).await?;
    if row.is_none() && changes.is_empty() {
        return Err(Stop::NotFound(format!("there is no row `{key}` in {table}, and none is recorded")));
    }
    if context.out.json {
        context.out.json(&json!({"table": table, "key": key, "row": row, "changes": changes}))?;
        return Ok(End::Done);
    }
    match row {
        Some(row) => {
            let fields = shown(table, row).into_iter().map(|(field, value)| vec![field, value]).collect();
            context.out.rows(&(), &["field", "value"], fields)?;
        }
        None => context.out.line("it is not there any more; these are its changes")?,
    }
    list(&changes, house, context)
}
