//! `gendan import`: master data from a folder of CSV files.

use super::context::Context;
use super::{End, Stop};
use crate::rights::Action;
use crate::runtime::import::{ImportError, Table, import, read_folder};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder with customers.csv, products.csv, prices.csv … 主数据目录
    folder: PathBuf,
    /// Only say what would change 只看差异
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(arguments: Arguments, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    context.may(&house, Action::EditMaster)?;
    let files = read_folder(&arguments.folder).map_err(stop)?;
    let tables = import(house.store.as_ref(), files, arguments.dry_run).await.map_err(stop)?;
    let data: Vec<_> = tables
        .iter()
        .map(|table| {
            let Table { imported, difference } = table;
            serde_json::json!({"table": imported.table, "rows": imported.rows, "added": difference.added,
                "changed": difference.changed, "removed": difference.removed})
        })
        .collect();
    let row = |table: &Table| {
        let numbers =
            [table.imported.rows, table.difference.added, table.difference.changed, table.difference.removed];
        std::iter::once(table.imported.table.clone()).chain(numbers.iter().map(usize::to_string)).collect()
    };
    context.out.rows(
        &data,
        &["table", "rows", "added", "changed", "removed"],
        tables.iter().map(row).collect(),
    )?;
    if arguments.dry_run && !context.out.json {
        context.out.line("nothing was written (--dry-run)")?;
    }
    Ok(End::Done)
}

fn stop(error: ImportError) -> Stop {
    match error {
        ImportError::Rows(rows) => {
            let mut said: Vec<String> = rows.iter().take(50).map(ToString::to_string).collect();
            if rows.len() > 50 {
                said.push(format!("… and {} more", rows.len() - 50));
            }
            Stop::Refused(format!("nothing was imported:\n{}", said.join("\n")))
        }
        ImportError::Store(error) => error.into(),
        ImportError::Folder(_) | ImportError::Lost => Stop::Refused(error.to_string()),
    }
}
