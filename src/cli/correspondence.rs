//! `gendan correspondence`: all mail and fax in and out, per customer and thread, with what is open and late.

use super::context::{self, Context};
use super::{End, Stop};
use crate::follow::correspondence::{Item, Way};
use crate::order::document::Channel;
use crate::rights::Action;
use crate::runtime::correspondence::gather;
use chrono::{TimeDelta, Utc};
use std::path::{Path, PathBuf};

/// Days of a week.
const WEEK: i64 = 7;
/// What a table or file has of a letter.
const HEADS: [&str; 8] = ["customer", "thread", "at", "way", "subject", "due", "done", "state"];

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only this customer's 客户
    #[arg(long, value_name = "CODE")]
    customer: Option<String>,
    /// Only what waits for an answer, or for word that it arrived 未结
    #[arg(long)]
    open: bool,
    /// Only what came or went in the last seven days 近一周
    #[arg(long)]
    week: bool,
    /// Write it to this file: .csv or .xlsx 导出
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    context.may(&house, Action::View)?;
    let sees = context.sees(&house)?;
    let now = house.store.now().await?;
    let mut items = gather(&house, now).await?;
    let since = now - TimeDelta::days(WEEK);
    items.retain(|item| {
        arguments.customer.as_ref().is_none_or(|code| item.customer.as_ref() == Some(code))
            && (!arguments.open || item.is_open())
            && (!arguments.week || item.at >= since)
    });
    if !sees.contacts {
        items.iter_mut().for_each(|item| item.subject = None);
    }
    let zone = house.config.firm.zone;
    let moment = |at: chrono::DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
    let rows: Vec<Vec<String>> = items.iter().map(|item| row(item, &moment)).collect();
    match &arguments.out {
        Some(file) => {
            std::fs::write(file, bytes(file, &rows)?)
                .map_err(|e| Stop::Refused(format!("{} can't be written: {e}", file.display())))?;
            context.out.line(format!("{} letters in {}", rows.len(), file.display()))?;
        }
        None => context.out.rows(&context::seen(sees, &items)?, &HEADS, rows)?,
    }
    Ok(End::Done)
}

fn row(item: &Item, moment: &dyn Fn(chrono::DateTime<Utc>) -> String) -> Vec<String> {
    let kind = if item.channel == Channel::Fax { "fax" } else { "mail" };
    let way = if item.way == Way::In { "in" } else { "out" };
    let state = match (item.is_open(), item.late) {
        (true, true) => "open, late",
        (true, false) => "open",
        (false, true) => "done late",
        (false, false) => "done",
    };
    vec![
        item.customer.clone().unwrap_or_default(),
        item.thread.to_string(),
        moment(item.at),
        format!("{kind} {way}"),
        item.subject.clone().unwrap_or_default(),
        moment(item.due_at),
        item.done_at.map(moment).unwrap_or_default(),
        state.to_owned(),
    ]
}

/// The file by its name's ending.
fn bytes(file: &Path, rows: &[Vec<String>]) -> Result<Vec<u8>, Stop> {
    let ending = file.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let all = std::iter::once(HEADS.map(str::to_owned).to_vec()).chain(rows.iter().cloned());
    match ending.as_str() {
        "csv" => {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in all {
                writer.write_record(&row).map_err(anyhow::Error::from)?;
            }
            let text = writer.into_inner().map_err(|e| anyhow::anyhow!("{e}"))?;
            Ok([b"\xEF\xBB\xBF".as_slice(), &text].concat())
        }
        "xlsx" => {
            let mut book = rust_xlsxwriter::Workbook::new();
            let sheet = book.add_worksheet();
            for (at, row) in (0..).zip(all) {
                sheet.write_row(at, 0, row).map_err(anyhow::Error::from)?;
            }
            Ok(book.save_to_buffer().map_err(anyhow::Error::from)?)
        }
        _ => Err(Stop::Refused(format!("{}: name a file that ends in .csv or .xlsx", file.display()))),
    }
}
