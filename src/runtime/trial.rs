//! Why a house that is set up for a trial, such as the demo or the bench, could not go on.

use super::house::OpenError;
use super::import::ImportError;
use crate::config::ConfigError;
use crate::store::StoreError;
use thiserror::Error;

/// What stopped a trial.
#[derive(Debug, Error)]
pub enum TrialError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
