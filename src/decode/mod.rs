//! Decoders in child processes: what the bytes of a stranger's file do to a decoder, they do to a process that holds nothing,
//! can open nothing, and is given up after a while.
//!
//! The parent writes what it asks and the bytes to the child's standard input, and reads one answer. A child serves many
//! files, one after the other; one that breaks down or takes too long is ended, and the file it had is the only one that is
//! not read.

pub mod child;
mod frame;
mod guard;
mod pool;

pub use pool::{Pool, Readers};

use crate::ocr::{Program, RecognitionSettings, place};
use crate::read::decoder::{Decoder, Recognizer};
use std::path::PathBuf;

/// What opens files and reads pictures.
pub struct Engines {
    pub decoder: Box<dyn Decoder>,
    /// None: pictures wait for a person.
    pub recognizer: Option<Box<dyn Recognizer>>,
}

impl Engines {
    /// As the settings have it, in children of the program that is running.
    #[must_use]
    pub fn own(settings: &RecognitionSettings) -> Self {
        Self::of(std::env::current_exe().unwrap_or_default(), settings)
    }

    /// The same in children of another build of gendan.
    #[must_use]
    pub fn of(program: PathBuf, settings: &RecognitionSettings) -> Self {
        let recognizer: Option<Box<dyn Recognizer>> = if !settings.command.is_empty() {
            Some(Box::new(Program::new(settings.command.clone())))
        } else if place::is_there(&settings.models) {
            let most = settings.pages_at_once();
            Some(Box::new(Readers::new(program.clone(), &settings.models, most)))
        } else {
            None
        };
        Self { decoder: Box::new(Pool::new(program)), recognizer }
    }
}
