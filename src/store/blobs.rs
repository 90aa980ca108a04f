//! The bytes of documents: content-addressed, and on the disk before anything names them.

use crate::order::ids::sha256_hex;
use crate::runtime::outside::{Point, call_blocking};
use async_trait::async_trait;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the bytes of documents are kept, each named by its SHA-256 in lower-case hex.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Keeps the bytes and returns their name. When this returns they are safe.
    async fn put(&self, bytes: Vec<u8>) -> io::Result<String>;

    /// The bytes of a blob, whose hash has been checked.
    async fn get(&self, sha256: &str) -> io::Result<Vec<u8>>;

    /// Whether the blob is there.
    async fn has(&self, sha256: &str) -> io::Result<bool>;
}

/// A folder of blobs on this machine's disk: written, synced, renamed.
#[derive(Debug, Clone)]
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Opens the folder, making it when it is missing.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    fn path(&self, sha256: &str) -> PathBuf {
        self.folder.join(sha256.get(..2).unwrap_or("xx")).join(sha256)
    }
}

#[async_trait]
impl Blobs for Disk {
    async fn put(&self, bytes: Vec<u8>) -> io::Result<String> {
        let name = sha256_hex(&bytes);
        let path = self.path(&name);
        call_blocking(Point::BlobPut, move || {
            if path.exists() {
                return Ok(());
            }
            write_whole(&path, &bytes)
        })
        .await?;
        Ok(name)
    }

    async fn get(&self, sha256: &str) -> io::Result<Vec<u8>> {
        let path = self.path(sha256);
        let name = sha256.to_owned();
        call_blocking(Point::BlobGet, move || {
            let bytes = fs::read(path)?;
            if sha256_hex(&bytes) == name {
                Ok(bytes)
            } else {
                Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("blob {name} was changed on the disk"),
                ))
            }
        })
        .await
    }

    async fn has(&self, sha256: &str) -> io::Result<bool> {
        let path = self.path(sha256);
        call_blocking(Point::BlobGet, move || Ok(path.is_file())).await
    }
}

/// How often this process made files and commits durable since it started; for the bench.
pub static SYNCS: AtomicU64 = AtomicU64::new(0);

/// Files begun by this process.
static PARTS: AtomicU64 = AtomicU64::new(0);

/// Writes a file so that it is there whole or not at all: beside it, synced, renamed, the folder synced.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // Two tasks may write the same name at the same moment.
    let nth = PARTS.fetch_add(1, Ordering::Relaxed);
    let part = folder.join(format!(".{name}.{}.{nth}.part", std::process::id()));
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    SYNCS.fetch_add(2, Ordering::Relaxed);
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn many_may_keep_the_same_bytes_at_the_same_moment() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        let puts = (0..32).map(|_| disk.put(vec![b'x'; 100_000]));
        for kept in futures_util::future::join_all(puts).await {
            assert_eq!(disk.get(&kept.unwrap()).await.unwrap().len(), 100_000);
        }
    }
}
