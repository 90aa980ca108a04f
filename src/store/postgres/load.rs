//! Loads of aggregates: what many steps ask for at the same moment goes to the database as one query.
//!
//! Nobody waits for others to ask: while a query is on its way, those who come gather for the next.

use super::read::snapshot;
use super::transaction::within;
use crate::store::{Key, Snapshot, StoreError};
use sqlx::postgres::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, oneshot};

const LOAD: &str = "select a.* from unnest($1::text[], $2::text[]) k (kind, id)
    join aggregate a on a.kind = k.kind and a.id = k.id";

/// Queries that are on their way at once.
const READERS: usize = 2;
/// Those who wait; more of them wait to wait.
const WAITING: usize = 1_024;
/// Asked for with one query, unless a single one asks for more.
const KEYS: usize = 512;

type Answer = Result<Vec<Option<Snapshot>>, StoreError>;

struct Ask {
    keys: Vec<Key>,
    answer: oneshot::Sender<Answer>,
}

/// Where to ask. The readers end with the last one who can.
#[derive(Clone)]
pub(super) struct Loads(mpsc::Sender<Ask>);

impl Loads {
    pub(super) fn start(pool: &PgPool) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..READERS {
            tokio::spawn(answer(pool.clone(), Arc::clone(&receiver)));
        }
        Self(sender)
    }

    pub(super) async fn load(&self, keys: &[Key]) -> Answer {
        let (answer, answered) = oneshot::channel();
        let closed = || StoreError::Unavailable("the store is closed".to_owned());
        self.0.send(Ask { keys: keys.to_vec(), answer }).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

async fn answer(pool: PgPool, receiver: Arc<Mutex<mpsc::Receiver<Ask>>>) {
    loop {
        let asks = gather(&mut *receiver.lock().await).await;
        if asks.is_empty() {
            return;
        }
        let found = find(&pool, &asks).await;
        for ask in asks {
            let answer = match &found {
                Ok(found) => Ok(ask.keys.iter().map(|key| found.get(key).cloned()).collect()),
                Err(error) => Err(again(error)),
            };
            // Whoever asked may have gone.
            let _ = ask.answer.send(answer);
        }
    }
}

/// The next one, and all who wait already. Empty when nobody can ask any more.
async fn gather(receiver: &mut mpsc::Receiver<Ask>) -> Vec<Ask> {
    let mut asks: Vec<Ask> = receiver.recv().await.into_iter().collect();
    let mut keys = asks.iter().map(|ask| ask.keys.len()).sum::<usize>();
    while keys < KEYS
        && let Ok(ask) = receiver.try_recv()
    {
        keys += ask.keys.len();
        asks.push(ask);
    }
    asks
}

async fn find(pool: &PgPool, asks: &[Ask]) -> Result<BTreeMap<Key, Snapshot>, StoreError> {
    let keys: BTreeSet<&Key> = asks.iter().flat_map(|ask| &ask.keys).collect();
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (kinds, ids): (Vec<&str>, Vec<&str>) =
        keys.into_iter().map(|key| (key.kind.as_str(), key.id.as_str())).unzip();
    let rows = within(sqlx::query(LOAD).bind(kinds).bind(ids).fetch_all(pool)).await?;
    let keyed = |row| snapshot(row).map(|it| (it.key.clone(), it));
    rows.iter().map(keyed).collect()
}

/// The same error for the next one who asked.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(why) => StoreError::Unavailable(why.clone()),
        StoreError::Unknown(why) => StoreError::Unknown(why.clone()),
        StoreError::Broken(why) => StoreError::Broken(why.clone()),
    }
}
