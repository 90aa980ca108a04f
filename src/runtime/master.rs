//! The master data in force, read from the store once and again when an import has changed it.

use crate::master::{Master, Tables};
use crate::store::{Filter, Key, Kind, Snapshot, Store, StoreError};
use std::sync::Arc;
use tokio::sync::RwLock;

/// Name of the aggregate whose version grows with every import.
pub const VERSION: &str = "version";

/// These tables as they stand, for who wants their rows.
pub async fn tables(store: &dyn Store, names: &[&str]) -> Result<Tables, StoreError> {
    let keys: Vec<Key> = names.iter().map(|name| Key::new(Kind::Master, name)).collect();
    let mut all = Tables::default();
    for table in store.load(&keys).await?.into_iter().flatten() {
        put(&mut all, &table)?;
    }
    Ok(all)
}

fn put(all: &mut Tables, table: &Snapshot) -> Result<(), StoreError> {
    let put = all.put(&table.key.id, table.body.text());
    put.map_err(|e| StoreError::Broken(format!("the master data: {e}")))
}

/// Keeps the master data ready for the steps.
pub struct MasterShelf {
    store: Arc<dyn Store>,
    held: RwLock<Option<(u64, Arc<Master>)>>,
}

impl MasterShelf {
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, held: RwLock::new(None) }
    }

    /// A shelf that holds `master` as of `version` already: a simulation has no time to index it again and again.
    #[must_use]
    pub fn holding(store: Arc<dyn Store>, version: u64, master: Arc<Master>) -> Self {
        Self { store, held: RwLock::new(Some((version, master))) }
    }

    /// The master data as of the last import; empty before the first.
    pub async fn get(&self) -> Result<Arc<Master>, StoreError> {
        let version = self.version().await?;
        if let Some((held, master)) = self.held.read().await.as_ref()
            && *held == version
        {
            return Ok(master.clone());
        }
        let mut held = self.held.write().await;
        if let Some((other, master)) = held.as_ref()
            && *other == version
        {
            return Ok(master.clone());
        }
        let master = Arc::new(self.load().await?);
        *held = Some((version, master.clone()));
        Ok(master)
    }

    async fn version(&self) -> Result<u64, StoreError> {
        let found = self.store.load(&[Key::new(Kind::Master, VERSION)]).await?;
        Ok(found.into_iter().flatten().next().map_or(0, |it| it.version))
    }

    async fn load(&self) -> Result<Master, StoreError> {
        let tables = self.store.list(Kind::Master, &Filter::default()).await?;
        let mut all = Tables::default();
        for table in tables.into_iter().filter(|it| it.key.id != VERSION) {
            put(&mut all, &table)?;
        }
        Ok(Master::from_tables(all))
    }
}
