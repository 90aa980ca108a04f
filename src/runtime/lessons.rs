//! What was learnt of the customers, read from the store once and again when a lesson was taught or taken back.

use crate::learn::{Lessons, Taught};
use crate::store::{Filter, Index, Json, Key, Kind, Snapshot, Store, StoreError, Write};
use std::sync::Arc;
use tokio::sync::RwLock;

/// Name of the aggregate whose version grows with every lesson; no customer's code has a stroke at its start.
const VERSION: &str = "/version";

/// Keeps the lessons ready for the steps.
pub struct LessonShelf {
    store: Arc<dyn Store>,
    held: RwLock<(u64, Arc<Lessons>)>,
}

impl LessonShelf {
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, held: RwLock::default() }
    }

    /// The aggregate whose version says which lessons are in force; for who loads something anyway.
    #[must_use]
    pub fn version_key() -> Key {
        Key::new(Kind::Lessons, VERSION)
    }

    /// The lessons in force.
    pub async fn get(&self) -> Result<Arc<Lessons>, StoreError> {
        let marker = self.store.load(&[Self::version_key()]).await?.into_iter().flatten().next();
        self.of(marker.as_ref()).await
    }

    /// The lessons of a version; none was ever taught where there is no marker.
    pub async fn of(&self, marker: Option<&Snapshot>) -> Result<Arc<Lessons>, StoreError> {
        let version = marker.map_or(0, |it| it.version);
        let held = self.held.read().await.clone();
        if held.0 == version {
            return Ok(held.1);
        }
        let all = self.store.list(Kind::Lessons, &Filter::default()).await?;
        let all = all.into_iter().filter(|it| it.key.id != VERSION);
        let taught: Vec<(String, Taught)> =
            all.map(|it| Ok((it.key.id.clone(), body(&it)?))).collect::<Result<_, StoreError>>()?;
        let lessons = Arc::new(Lessons::new(taught));
        *self.held.write().await = (version, lessons.clone());
        Ok(lessons)
    }
}

/// What was taught about a customer, with what has to be written over to teach more.
pub struct Page {
    pub customer: String,
    pub taught: Taught,
    was: u64,
    marker: u64,
}

impl Page {
    pub async fn load(store: &dyn Store, customer: &str) -> Result<Self, StoreError> {
        let keys = [Key::new(Kind::Lessons, customer), LessonShelf::version_key()];
        let mut found = store.load(&keys).await?.into_iter();
        let (page, marker) = (found.next().flatten(), found.next().flatten());
        Ok(Self {
            customer: customer.to_owned(),
            taught: page.as_ref().map(body).transpose()?.unwrap_or_default(),
            was: page.map_or(0, |it| it.version),
            marker: marker.map_or(0, |it| it.version),
        })
    }

    /// The page as it is now, and the word to all that it has changed.
    #[must_use]
    pub fn writes(&self) -> [Write; 2] {
        let write = |key, was, body, customer| Write {
            key,
            was,
            now: was + 1,
            body,
            index: Index { customer, ..Index::default() },
        };
        let key = Key::new(Kind::Lessons, &self.customer);
        [
            write(LessonShelf::version_key(), self.marker, Json::of(&()), None),
            write(key, self.was, Json::of(&self.taught), Some(self.customer.clone())),
        ]
    }
}

/// All that was ever taught, by customer.
pub async fn all(store: &dyn Store, customer: Option<String>) -> Result<Vec<(String, Taught)>, StoreError> {
    let filter = Filter { customer, ..Filter::default() };
    let found = store.list(Kind::Lessons, &filter).await?;
    let pages = found.into_iter().filter(|it| it.key.id != VERSION);
    pages.map(|it| Ok((it.key.id.clone(), body(&it)?))).collect()
}

fn body(snapshot: &Snapshot) -> Result<Taught, StoreError> {
    let read = snapshot.body.read();
    read.map_err(|e| StoreError::Broken(format!("lessons of {}: {e}", snapshot.key.id)))
}
