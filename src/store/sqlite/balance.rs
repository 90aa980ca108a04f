//! Comes next.

use super::Sqlite;
use crate::store::{Balance, StoreError};

impl Sqlite {
    pub(super) async fn add_up(&self) -> Result<Balance, StoreError> {
        Err(StoreError::Broken("not yet".to_owned()))
    }
}
