//! Delegations in the store: read where somebody acts for a colleague, written when one is granted or ended.

use crate::rights::Delegation;
use crate::store::{Index, Json, Key, Kind, Store, StoreError, Write};

/// The only aggregate of its kind.
const ID: &str = "delegations";

/// All delegations that were ever granted, with the version to write over.
#[derive(Debug, Default)]
pub struct Delegations {
    pub all: Vec<Delegation>,
    was: u64,
}

impl Delegations {
    pub async fn load(store: &dyn Store) -> Result<Self, StoreError> {
        let found = store.load(&[Key::new(Kind::Rights, ID)]).await?.into_iter().flatten().next();
        let Some(snapshot) = found else { return Ok(Self::default()) };
        let all = snapshot.body.read().map_err(|e| StoreError::Broken(format!("delegations: {e}")))?;
        Ok(Self { all, was: snapshot.version })
    }

    /// What is to be written now.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            key: Key::new(Kind::Rights, ID),
            was: self.was,
            now: self.was + 1,
            body: Json::of(&self.all),
            index: Index::default(),
        }
    }
}
