//! Zip files: entries unpacked in memory within limits; names are labels, GBK ones are decoded.

use crate::read::codes::Code;
use crate::read::limits::Limits;
use crate::read::mail::{charset, header};
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// An entry, unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path inside the zip, made safe, with `/`.
    pub path: String,
    pub bytes: Vec<u8>,
    /// The text of a message, not a file that was sent with it.
    pub body: bool,
}

/// What was unpacked, and what was not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unpacked {
    pub entries: Vec<Entry>,
    pub problems: Vec<(Code, String)>,
}

/// Unpacks a zip. `budget` is what may still be unpacked for this message; it is lowered.
#[must_use]
pub fn unpack(bytes: &[u8], limits: &Limits, budget: &mut u64) -> Unpacked {
    let mut out = Unpacked::default();
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else {
        out.problems.push((Code::DamagedArchive, String::new()));
        return out;
    };
    if archive.len() > limits.zip_files {
        out.problems.push((Code::TooManyParts, format!("{} files", archive.len())));
    }
    for at in 0..archive.len().min(limits.zip_files) {
        match entry(&mut archive, at, limits, budget) {
            Ok(Some(entry)) => out.entries.push(entry),
            Ok(None) => {}
            Err(code) => {
                out.problems.push((code, format!("entry {}", at + 1)));
                if code == Code::TooBig {
                    break;
                }
            }
        }
    }
    out
}

/// The entries whose paths are wanted.
///
/// # Errors
/// `TooBig` when one is larger than allowed, `DamagedArchive` or `Encrypted` when one can't be unpacked.
pub fn pick(
    bytes: &[u8],
    wanted: impl Fn(&str) -> bool,
    limits: &Limits,
    budget: &mut u64,
) -> Result<Vec<Entry>, Code> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Code::DamagedArchive)?;
    let chosen: Vec<usize> = (0..archive.len().min(2000))
        .filter(|at| archive.name_for_index(*at).is_some_and(|name| name.is_ok_and(|name| wanted(&name))))
        .take(limits.zip_files)
        .collect();
    let mut out = Vec::with_capacity(chosen.len());
    for at in chosen {
        out.extend(entry(&mut archive, at, limits, budget)?);
    }
    Ok(out)
}

fn entry(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    at: usize,
    limits: &Limits,
    budget: &mut u64,
) -> Result<Option<Entry>, Code> {
    let file = archive.by_index(at).map_err(|e| {
        let locked = matches!(
            e,
            zip::result::ZipError::UnsupportedArchive(_) | zip::result::ZipError::InvalidPassword
        );
        if locked { Code::Encrypted } else { Code::DamagedArchive }
    })?;
    if file.is_dir() {
        return Ok(None);
    }
    let path = path(file.name_raw());
    let packed = file.compressed_size();
    let bytes = bounded(file, packed, limits, budget)?;
    let noise = path.starts_with("__MACOSX") || path.ends_with(".DS_Store") || path.ends_with("Thumbs.db");
    Ok((!noise).then_some(Entry { path, bytes, body: false }))
}

/// Reads to the end or to the first limit; the declared size is not believed.
fn bounded(file: impl Read, packed: u64, limits: &Limits, budget: &mut u64) -> Result<Vec<u8>, Code> {
    let by_ratio = packed.saturating_mul(limits.zip_ratio).max(1 << 20);
    let most = (limits.part_bytes as u64).min(*budget).min(by_ratio);
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|_| Code::DamagedArchive)?;
    *budget = budget.saturating_sub(bytes.len() as u64);
    if bytes.len() as u64 > most { Err(Code::TooBig) } else { Ok(bytes) }
}

/// Whether all of a workbook's entries fit the limits: its reader unpacks them without asking.
///
/// # Errors
/// `TooBig` when they don't, `DamagedArchive` when they can't be unpacked.
pub fn fits(bytes: &[u8], limits: &Limits, budget: &mut u64) -> Result<(), Code> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Code::DamagedWorkbook)?;
    if archive.len() > 2000 {
        return Err(Code::TooBig);
    }
    for at in 0..archive.len() {
        let Ok(file) = archive.by_index(at) else { return Err(Code::DamagedWorkbook) };
        let by_ratio = file.compressed_size().saturating_mul(limits.zip_ratio).max(4 << 20);
        let most = (limits.part_bytes as u64).min(*budget).min(by_ratio);
        let copied = std::io::copy(&mut file.take(most + 1), &mut std::io::sink())
            .map_err(|_| Code::DamagedWorkbook)?;
        *budget = budget.saturating_sub(copied);
        if copied > most {
            return Err(Code::TooBig);
        }
    }
    Ok(())
}

/// An entry's path: UTF-8, else GBK; no way out of the archive.
fn path(raw: &[u8]) -> String {
    let text = charset::decode(raw, Some("gb18030")).replace('\\', "/");
    let parts: Vec<String> = text.split('/').map(header::safe_name).filter(|p| !p.is_empty()).collect();
    parts.join("/")
}
