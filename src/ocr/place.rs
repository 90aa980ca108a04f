//! The files of the models: put into their place by set-up, and checked.

use super::models::{DETECTOR, RECOGNIZER};
use sha2::{Digest as _, Sha256};
use std::io::{self, Cursor, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use thiserror::Error;

/// The package on the Python Package Index that holds them, and its version.
const PACKAGE: &str = "rapidocr==3.10.0";
/// Bytes of the package at most.
const LARGEST: u64 = 256 << 20;

/// The files, where they are in the package, and their SHA-256.
const FILES: [(&str, &str, &str); 2] = [
    (
        DETECTOR,
        "rapidocr/models/PP-OCRv6_det_small.onnx",
        "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    ),
    (
        RECOGNIZER,
        "rapidocr/models/PP-OCRv6_rec_small.onnx",
        "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    ),
];

/// Their licence (Apache-2.0) and whose they are, that go with them.
const LICENSES: [(&str, &str); 2] = [
    ("LICENSE", "rapidocr-3.10.0.dist-info/licenses/LICENSE"),
    ("MODEL_LICENSES.md", "rapidocr-3.10.0.dist-info/licenses/MODEL_LICENSES.md"),
];

/// Why the models could not be put into their place.
#[derive(Debug, Error)]
pub enum FetchError {
    #[error(
        "the package {PACKAGE} could not be fetched: {0}. Fetch it where there is a network (pip download --no-deps \
         {PACKAGE}), and name the file: gendan models fetch --from FILE"
    )]
    Pip(String),
    #[error("{0} is not the package {PACKAGE}: {1}")]
    NotThePackage(String, String),
    #[error("{0} can't be written: {1}; name another folder as recognition.models")]
    Write(String, io::Error),
}

/// How a file of the models is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Right,
    Missing,
    /// Its bytes are not those of the version that is used.
    Wrong,
}

impl State {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Missing => "missing",
            Self::Wrong => "wrong",
        }
    }
}

/// Whether all files are there; their bytes are not looked at.
#[must_use]
pub fn is_there(folder: &Path) -> bool {
    FILES.iter().all(|(name, ..)| folder.join(name).is_file())
}

/// How each file is, by its bytes.
#[must_use]
pub fn check(folder: &Path) -> Vec<(PathBuf, State)> {
    let state = |path: &Path, wanted: &str| match std::fs::read(path) {
        Err(_) => State::Missing,
        Ok(bytes) if is(&bytes, wanted) => State::Right,
        Ok(_) => State::Wrong,
    };
    let file = |(name, _, wanted): &(&str, &str, &str)| {
        let path = folder.join(name);
        let state = state(&path, wanted);
        (path, state)
    };
    FILES.iter().map(file).collect()
}

fn is(bytes: &[u8], sha256: &str) -> bool {
    hex::encode(Sha256::digest(bytes)) == sha256
}

/// Puts the models into a folder: out of the package at `from`, or fetched by pip.
pub fn fetch(folder: &Path, from: Option<&Path>) -> Result<(), FetchError> {
    let package = match from {
        Some(path) => read(path)?,
        None => downloaded(folder)?,
    };
    let wrong = |why: String| FetchError::NotThePackage("the file".to_owned(), why);
    let mut zip = zip::ZipArchive::new(Cursor::new(package)).map_err(|e| wrong(e.to_string()))?;
    let mut unpack = |path: &str| -> Result<Vec<u8>, FetchError> {
        let file = zip.by_name(path).map_err(|e| wrong(format!("{path}: {e}")))?;
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes).map_err(|e| wrong(format!("{path}: {e}")))?;
        Ok(bytes)
    };
    let mut files = Vec::new();
    for (name, path, sha256) in FILES {
        let bytes = unpack(path)?;
        if !is(&bytes, sha256) {
            return Err(wrong(format!("{name} has other bytes than expected")));
        }
        files.push((name, bytes));
    }
    for (name, path) in LICENSES {
        files.push((name, unpack(path)?));
    }
    files.iter().try_for_each(|(name, bytes)| put(folder, name, bytes))
}

fn read(path: &Path) -> Result<Vec<u8>, FetchError> {
    std::fs::read(path).map_err(|e| FetchError::NotThePackage(path.display().to_string(), e.to_string()))
}

/// Whole or not at all: another process may look at the same time.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), FetchError> {
    let failed = |e| FetchError::Write(folder.join(name).display().to_string(), e);
    std::fs::create_dir_all(folder).map_err(failed)?;
    let part = folder.join(format!("{name}.{}.part", std::process::id()));
    std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, folder.join(name))).map_err(failed)
}

/// The package, by whichever pip there is.
fn downloaded(folder: &Path) -> Result<Vec<u8>, FetchError> {
    let target = folder.join(format!("package.{}", std::process::id()));
    let mut why = "there is no pip".to_owned();
    for pip in [&["python3", "-m", "pip"][..], &["pip3"], &["pip"]] {
        match pip_download(pip, &target) {
            Ok(bytes) => return Ok(bytes),
            Err(Some(said)) => why = said,
            Err(None) => {}
        }
    }
    Err(FetchError::Pip(why))
}

/// None: there is no such pip.
fn pip_download(pip: &[&str], target: &Path) -> Result<Vec<u8>, Option<String>> {
    let output = Command::new(pip[0])
        .args(&pip[1..])
        .args(["download", "--quiet", "--retries", "1", "--disable-pip-version-check", "--no-deps", "--dest"])
        .arg(target)
        .arg(PACKAGE)
        .stdin(Stdio::null())
        .output()
        .map_err(|_| None)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        if said.contains("No module named pip") {
            return Err(None);
        }
        let last = said.lines().rfind(|line| line.starts_with("ERROR")).unwrap_or("pip failed");
        return Err(Some(last.trim_start_matches("ERROR: ").to_owned()));
    }
    let file = std::fs::read_dir(target).ok().and_then(|mut entries| entries.next()?.ok());
    let bytes = file.and_then(|file| std::fs::read(file.path()).ok());
    let _ = std::fs::remove_dir_all(target);
    bytes.ok_or_else(|| Some("pip has fetched nothing".to_owned()))
}
