//! What this process has used so far, as Linux tells it (proc(5)).

use std::fs;
use std::path::Path;

/// Clock ticks of `/proc/self/stat` a second; 100 on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// Processor time, user and system, in milliseconds; 0 where there is no `/proc`.
pub(crate) fn cpu_ms() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in parentheses may hold blanks: count from behind it. utime and stime are fields 14 and 15.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) * 1000.0 / TICKS
}

/// Peak resident memory in MB.
pub(super) fn peak_mb() -> f64 {
    status_kb("VmHWM:") / 1024.0
}

/// Resident memory in bytes.
pub(crate) fn resident_bytes() -> f64 {
    status_kb("VmRSS:") * 1024.0
}

fn status_kb(field: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0)
}

/// Bytes of all files below a folder.
pub(super) fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => bytes_below(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}
