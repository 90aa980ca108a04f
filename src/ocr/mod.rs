//! The recognition of letters: models of our own in pure Rust, or a program that a house has already.
//!
//! The models are two files that set-up puts into their place once (`gendan models fetch`); nothing is fetched while orders are
//! processed. Without them pages of which there are only pictures wait for a person.

mod command;
mod detect;
mod lines;
mod models;
pub mod place;
mod recognize;

pub use command::{Program, words};
pub use models::{Failed, Models};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread::available_parallelism;

/// How pictures are read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecognitionSettings {
    /// Folder of the models, also when it is not there yet. Empty in a file stands for the one in the user's cache.
    pub models: PathBuf,
    /// Pages at once; 0 stands for as many as there are cores.
    pub at_once: usize,
    /// A program and its arguments in place of the models.
    pub command: Vec<String>,
}

impl RecognitionSettings {
    /// Names the folder in the user's cache where none is named; `environment` as of the XDG base directories.
    pub fn complete(&mut self, environment: &BTreeMap<String, String>) {
        if self.models.as_os_str().is_empty() {
            let variable = |name: &str| environment.get(name).filter(|it| !it.is_empty()).map(PathBuf::from);
            let home = || Some(variable("HOME")?.join(".cache"));
            let cache = variable("XDG_CACHE_HOME").or_else(home);
            self.models = cache.unwrap_or_else(|| PathBuf::from("/var/cache")).join("gendan/models");
        }
    }

    /// Pages that are read at once.
    #[must_use]
    pub fn pages_at_once(&self) -> usize {
        match self.at_once {
            0 => available_parallelism().map_or(1, usize::from),
            some => some,
        }
    }
}
