//! The bytes of documents: content-addressed files in a folder, written, synced and renamed before anything names them.

use crate::order::ids::sha256_hex;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A folder of blobs, each named by the SHA-256 of its bytes.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    /// Opens the folder, making it when it is missing.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    fn path(&self, sha256: &str) -> PathBuf {
        self.folder.join(sha256.get(..2).unwrap_or("xx")).join(sha256)
    }

    /// Keeps the bytes and returns their name. When this returns they are on the disk.
    pub fn put(&self, bytes: &[u8]) -> io::Result<String> {
        let name = sha256_hex(bytes);
        let path = self.path(&name);
        if path.exists() {
            return Ok(name);
        }
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let part = folder.join(format!("{name}.{}.part", std::process::id()));
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, &path)?;
        sync_folder(folder)?;
        Ok(name)
    }

    /// The bytes of a blob, whose hash is checked.
    pub fn get(&self, sha256: &str) -> io::Result<Vec<u8>> {
        let bytes = fs::read(self.path(sha256))?;
        if sha256_hex(&bytes) == sha256 {
            Ok(bytes)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, format!("blob {sha256} was changed on the disk")))
        }
    }

    /// Whether the blob is there.
    #[must_use]
    pub fn has(&self, sha256: &str) -> bool {
        self.path(sha256).is_file()
    }
}

/// Makes a rename in `folder` durable.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
