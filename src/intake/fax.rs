//! The fax spool: who called and when, from a side file or from the fax's file name.
//!
//! `NAME.json` beside `NAME.tif` may hold `{"caller": "...", "received": "2026-03-05T14:30:00+08:00"}`; else a name such as
//! `20260305-143000_0769-5550-1202.tif` says the same (time in the firm's zone). The number is a hint, never a proof.

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeZone as _, Utc};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// Hours east of UTC at which a spool names its files (China Standard Time).
const SPOOL_OFFSET_SECONDS: i32 = 8 * 3600;

/// What is known of a fax beside its pages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    #[serde(default)]
    pub caller: Option<String>,
    #[serde(default)]
    pub received: Option<DateTime<Utc>>,
}

/// Side files are not faxes themselves.
#[must_use]
pub fn is_side_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// The side file of a fax, when there is one.
#[must_use]
pub fn side_file(path: &Path) -> Option<PathBuf> {
    let side = path.with_extension("json");
    (!is_side_file(path) && side.is_file()).then_some(side)
}

/// Caller and time of a fax. A side file that can't be understood is an error that names it.
pub fn side(path: &Path) -> Result<Side, String> {
    let Some(file) = side_file(path) else {
        return Ok(from_name(&path.file_stem().unwrap_or_default().to_string_lossy()));
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = fs::read_to_string(&file).map_err(|e| format!("its side file {name} can't be read: {e}"))?;
    serde_json::from_str(&text)
        .map_err(|e| format!("its side file {name} must hold caller and received: {e}"))
}

fn from_name(stem: &str) -> Side {
    let mut side = Side::default();
    for piece in stem.split('_') {
        let digits: String = piece.chars().filter(char::is_ascii_digit).collect();
        if let (None, Some(time)) = (side.received, spool_time(&digits)) {
            side.received = Some(time);
        } else if side.caller.is_none() && digits.len() >= 7 && is_number(piece) {
            side.caller = Some(piece.to_owned());
        }
    }
    side
}

fn is_number(piece: &str) -> bool {
    piece.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c))
}

fn spool_time(digits: &str) -> Option<DateTime<Utc>> {
    let time = NaiveDateTime::parse_from_str(digits, "%Y%m%d%H%M%S").ok()?;
    let zone = FixedOffset::east_opt(SPOOL_OFFSET_SECONDS)?;
    zone.from_local_datetime(&time).single().map(|time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_who_called_and_when() {
        let time = "2026-03-05T06:30:00Z".parse().ok();
        let cases = [
            ("20260305-143000_0769-5550-1202", Some("0769-5550-1202"), time),
            ("0769-5550-1202_20260305143000", Some("0769-5550-1202"), time),
            ("f01", None, None),
            ("scan_00123", None, None),
        ];
        for (name, caller, received) in cases {
            let side = from_name(name);
            assert_eq!((side.caller.as_deref(), side.received), (caller, received), "{name}");
        }
    }

    #[test]
    fn a_side_file_counts_more_than_the_name_and_must_be_right() {
        let folder = tempfile::tempdir().unwrap();
        let fax = folder.path().join("20260305-143000_0769-5550-1202.tif");
        fs::write(fax.with_extension("json"), r#"{"caller": "020-5550-2102"}"#).unwrap();
        assert_eq!(side(&fax).unwrap().caller.as_deref(), Some("020-5550-2102"));
        fs::write(fax.with_extension("json"), r#"{"callr": "1"}"#).unwrap();
        assert!(side(&fax).unwrap_err().contains("must hold caller and received"));
    }
}
