//! What a command prints: tables for people, JSON for programs; and how it ends.

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::io::{self, Write};
use std::process::ExitCode;
use thiserror::Error;

/// How a command ended; the numbers are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// 0: done.
    Done,
    /// 4: done, and something needs a person: missing or double in the balance, a finding of the audit, a part not read.
    Attention,
}

/// Why a command could not do its work; the numbers are part of the interface (2 is wrong usage).
#[derive(Debug, Error)]
pub enum Stop {
    /// 1: something failed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
    /// 3: the settings, rules, labels or schemas are wrong.
    #[error("{0}")]
    Config(String),
    /// 5: refused: the decision does not stand, the data is wrong.
    #[error("{0}")]
    Refused(String),
    /// 6: there is no such thing.
    #[error("{0}")]
    NotFound(String),
}

impl Stop {
    /// Whoever read the output has seen enough (`| head`).
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        let Self::Failed(error) = self else { return false };
        let kinds = |cause: &(dyn std::error::Error + 'static)| {
            cause.downcast_ref::<io::Error>().map(io::Error::kind)
        };
        error.chain().filter_map(kinds).any(|kind| kind == io::ErrorKind::BrokenPipe)
    }

    #[must_use]
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Config(_) => 3,
            Self::Refused(_) => 5,
            Self::NotFound(_) => 6,
        })
    }
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        match end {
            End::Done => Self::SUCCESS,
            End::Attention => Self::from(4),
        }
    }
}

impl From<crate::store::StoreError> for Stop {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Standard output, as a table or as JSON.
pub struct Out {
    pub json: bool,
    to: Box<dyn Write + Send>,
}

impl Out {
    #[must_use]
    pub fn stdout(json: bool) -> Self {
        Self { json, to: Box::new(io::stdout()) }
    }

    /// A line for people.
    pub fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.to, "{}", text.as_ref())?;
        self.to.flush()
    }

    /// One JSON value on one line.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.to, value)?;
        writeln!(self.to)
    }

    /// Rows as a table for people; for programs `data`, which says the same and more.
    pub fn rows(&mut self, data: &impl Serialize, heads: &[&str], rows: Vec<Vec<String>>) -> io::Result<()> {
        if self.json {
            return self.json(data);
        }
        if rows.is_empty() {
            return self.line("(none)");
        }
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(heads);
        for row in rows {
            table.add_row(row.into_iter().map(|cell| printable(&cell)).collect::<Vec<_>>());
        }
        self.line(table.to_string())
    }
}

/// What a terminal may show of foreign text: no control characters, no direction overrides.
#[must_use]
pub fn printable(text: &str) -> String {
    let bad = |c: char| {
        (c.is_control() && c != '\n')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    text.chars().map(|c| if bad(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn foreign_text_can_t_command_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c"), "a\u{fffd}[31mb\u{fffd}c");
    }
}
