//! `gendan bench`: what an order costs, measured.

pub mod idle;
mod orders;
pub mod pipeline;
pub(crate) mod process;
pub mod read;
pub mod servers;

use crate::config::ConfigError;
use crate::runtime::house::OpenError;
use crate::runtime::import::ImportError;
use crate::runtime::trial::TrialError;
use crate::store::StoreError;
use thiserror::Error;

/// Why nothing could be measured on servers.
#[derive(Debug, Error)]
pub enum BenchError {
    #[error(transparent)]
    Trial(#[from] TrialError),
    #[error("RabbitMQ: {0}")]
    Broker(#[from] lapin::Error),
    #[error("PostgreSQL: {0}")]
    Database(#[from] sqlx::Error),
    #[error("nothing came for {0} s; what the workers say is on standard error")]
    Stalled(u64),
}

/// Everything that stops a trial stops a bench.
macro_rules! of_trial {
    ($($error:ty),+) => {
        $(impl From<$error> for BenchError {
            fn from(error: $error) -> Self {
                Self::Trial(error.into())
            }
        })+
    };
}
of_trial!(ConfigError, OpenError, ImportError, StoreError, std::io::Error);
