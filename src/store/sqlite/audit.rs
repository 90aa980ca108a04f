//! Comes next.

use super::Sqlite;
use crate::store::{Audit, StoreError};

impl Sqlite {
    pub(super) async fn audit_all(&self) -> Result<Audit, StoreError> {
        Err(StoreError::Broken("not yet".to_owned()))
    }
}
