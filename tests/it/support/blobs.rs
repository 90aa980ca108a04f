//! Blobs in memory, for simulations.

use async_trait::async_trait;
use gendan::order::ids::sha256_hex;
use gendan::store::blobs::Blobs;
use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

#[derive(Default)]
pub(crate) struct MemoryBlobs(Mutex<BTreeMap<String, Vec<u8>>>);

#[async_trait]
impl Blobs for MemoryBlobs {
    async fn put(&self, bytes: Vec<u8>) -> io::Result<String> {
        let name = sha256_hex(&bytes);
        self.0.lock().unwrap().insert(name.clone(), bytes);
        Ok(name)
    }

    async fn get(&self, sha256: &str) -> io::Result<Vec<u8>> {
        self.0.lock().unwrap().get(sha256).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    async fn has(&self, sha256: &str) -> io::Result<bool> {
        Ok(self.0.lock().unwrap().contains_key(sha256))
    }
}
