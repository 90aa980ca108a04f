//! `gendan submit`: files handed over to be taken as documents.

use super::context::Context;
use super::{End, Stop};
use crate::intake::{Accepted, Arrival, fax};
use crate::order::document::Channel;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Mails (.eml), order files, faxes (.tif) 文件
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// They are faxes; side files and names say who called 按传真处理
    #[arg(long)]
    fax: bool,
}

pub(super) async fn run(arguments: Arguments, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    let intake = house.intake(None);
    let mut end = End::Done;
    let bar = super::context::progress(arguments.files.len(), context.out.json);
    for file in &arguments.files {
        let said = match arrival(file, arguments.fax, house.config.intake.max_bytes) {
            Ok(arrival) => match intake.accept(arrival).await {
                Ok(Accepted::New(id)) => serde_json::json!({"file": file, "document": id, "status": "taken"}),
                Ok(Accepted::Repeats { document, first }) => {
                    serde_json::json!({"file": file, "document": document, "status": "repeats", "first": first})
                }
                Ok(Accepted::Known) => serde_json::json!({"file": file, "status": "known"}),
                Err(error) => return Err(Stop::Failed(error.into())),
            },
            Err(why) => {
                end = End::Attention;
                serde_json::json!({"file": file, "status": "refused", "why": why})
            }
        };
        bar.inc(1);
        print(&said, context)?;
    }
    bar.finish_and_clear();
    Ok(end)
}

fn print(said: &serde_json::Value, context: &mut Context) -> Result<(), Stop> {
    if context.out.json {
        context.out.json(said)?;
        return Ok(());
    }
    let text = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
    let more = [text("document"), text("why"), text("first")].join(" ");
    context.out.line(format!("{}: {} {}", text("file"), text("status"), more.trim()))?;
    Ok(())
}

fn arrival(file: &Path, is_fax: bool, max: u64) -> Result<Arrival, String> {
    let size = std::fs::metadata(file).map_err(|e| format!("it can't be read: {e}"))?.len();
    if size == 0 || size > max {
        return Err(format!("it has {size} bytes; between 1 and {max} can be taken (intake.max_bytes)"));
    }
    let bytes = std::fs::read(file).map_err(|e| format!("it can't be read: {e}"))?;
    let side = if is_fax { fax::side(file)? } else { fax::Side::default() };
    Ok(Arrival {
        bytes,
        name: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        channel: if is_fax { Channel::Fax } else { Channel::Mail },
        source: "submit",
        caller: side.caller,
        sent_at: side.received,
    })
}
