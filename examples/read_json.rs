//! Reads the files named on the command line and writes one JSON object a line, for scoring.

use gendan::order::document::Channel;
use gendan::read::labels::Labels;
use gendan::read::{Source, json, read};
use std::io::Write;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let labels = Labels::built_in();
    let mut out = std::io::stdout().lock();
    for path in std::env::args().skip(1) {
        let path = Path::new(&path);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let channel = if name.ends_with(".eml") { Channel::Mail } else { Channel::Fax };
        let bytes = std::fs::read(path)?;
        let reading = read(&Source { bytes: &bytes, name: &name, channel }, &labels);
        let object = json::object(&format!("{folder}/{name}"), channel, &reading);
        writeln!(out, "{}", serde_json::Value::Object(object))?;
    }
    Ok(())
}
