//! What every command needs: where the data is, the settings, and a way to print.

use super::{Out, Stop};
use crate::config::Config;
use crate::rights::{Action, Denied, Sees};
use crate::runtime::house::{House, OpenError};
use crate::runtime::trial::TrialError;
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use uuid::Uuid;

/// The command line's common part.
pub(super) struct Context {
    pub(super) dir: PathBuf,
    pub(super) config: Option<PathBuf>,
    /// Who asks; none is the operator of the machine, who holds the records anyway.
    pub(super) by: Option<String>,
    pub(super) out: Out,
}

impl Context {
    /// The settings in force.
    pub(super) fn settings(&self) -> Result<Config, Stop> {
        let in_folder = self.dir.join("gendan.toml");
        let file = self.config.clone().or_else(|| in_folder.is_file().then_some(in_folder));
        Config::load(file.as_deref(), std::env::vars()).map_err(|e| Stop::Config(e.to_string()))
    }

    /// The user who asks, for what only a person may do.
    pub(super) fn user(&self) -> Result<&str, Stop> {
        self.by.as_deref().ok_or_else(|| Stop::Refused("say who you are, with --as USER".to_owned()))
    }

    /// Whether who asks may do this.
    pub(super) fn may(&self, house: &House, action: Action) -> Result<(), Stop> {
        if let Some(by) = &self.by {
            house.books.staff(&[]).may(by, action)?;
        }
        Ok(())
    }

    /// The user who asks, who has to have this right: for what is kept with the name of who did it.
    pub(super) fn acting(&self, house: &House, action: Action) -> Result<String, Stop> {
        Ok(house.books.staff(&[]).may(self.user()?, action)?.id.clone())
    }

    /// What who asks gets to see of orders and documents.
    pub(super) fn sees(&self, house: &House) -> Result<Sees, Stop> {
        Ok(match &self.by {
            Some(by) => house.books.staff(&[]).sees(by)?,
            None => Sees::ALL,
        })
    }

    /// The house of the data folder, opened.
    pub(super) async fn open(&self) -> Result<Arc<House>, Stop> {
        let config = self.settings()?;
        House::open(&self.dir, config).await.map(Arc::new).map_err(stop)
    }
}

/// A record without what is not for these eyes.
pub(super) fn seen(sees: Sees, record: &impl Serialize) -> Result<Value, Stop> {
    let mut value = serde_json::to_value(record).map_err(anyhow::Error::from)?;
    sees.redact(&mut value);
    Ok(value)
}

impl From<Denied> for Stop {
    fn from(denied: Denied) -> Self {
        Self::Refused(denied.to_string())
    }
}

/// The id that a person named; `list` is the command that shows those that are.
pub(super) fn id(text: &str, what: &str, list: &str) -> Result<Uuid, Stop> {
    text.parse().map_err(|_| {
        Stop::NotFound(format!("there is no {what} {text}: `gendan {list}` shows the ids of those that are"))
    })
}

pub(super) fn stop(error: OpenError) -> Stop {
    match error {
        OpenError::Books(why) => Stop::Config(why),
        OpenError::Store(error) => error.into(),
        OpenError::Broker(error) => Stop::Failed(error.into()),
        OpenError::Io(error) => Stop::Failed(error),
    }
}

impl From<TrialError> for Stop {
    fn from(error: TrialError) -> Self {
        match error {
            TrialError::Open(error) => stop(error),
            TrialError::Store(error) => error.into(),
            TrialError::Config(_) | TrialError::Import(_) | TrialError::Io(_) => Self::Failed(error.into()),
        }
    }
}

/// A progress bar on standard error, when a terminal is there and there is enough to wait for.
pub(super) fn progress(length: usize, json: bool) -> indicatif::ProgressBar {
    use std::io::IsTerminal as _;
    if json || length < 10 || !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    indicatif::ProgressBar::new(length as u64)
}
