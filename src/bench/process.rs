//! What processes have used so far, as Linux tells it (proc(5)).

use std::fs;
use std::path::Path;

/// Clock ticks of `/proc/self/stat` a second; 100 on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// Processor time, user and system, in milliseconds; 0 where there is no `/proc`.
pub(crate) fn cpu_ms() -> f64 {
    cpu_of("self", false)
}

/// With `children`, those that have ended and were waited for count too.
fn cpu_of(process: &str, children: bool) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name in parentheses may hold blanks: count from behind it. utime, stime, cutime, cstime are fields 14 to 17.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    let own = ticks(11) + ticks(12);
    let all = if children { own + ticks(13) + ticks(14) } else { own };
    all * 1000.0 / TICKS
}

/// Processor time of this process and of those that it has started and are at work, in milliseconds.
pub(super) fn family_cpu_ms() -> f64 {
    cpu_ms() + children().iter().map(|pid| cpu_of(pid, false)).sum::<f64>()
}

/// Peak resident memory of the largest process that this one has started and is at work, in MB.
pub(super) fn child_peak_mb() -> f64 {
    children().iter().map(|pid| memory(pid, "VmHWM:")).fold(0.0, f64::max)
}

fn children() -> Vec<String> {
    let own = std::process::id().to_string();
    let parent = |pid: &str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().and_then(|it| it.split_whitespace().nth(1).map(str::to_owned))
    };
    processes().into_iter().filter(|pid| parent(pid).as_ref() == Some(&own)).collect()
}

/// Processor time in milliseconds: of the workers, and of all servers on this machine by the names of their processes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usage {
    pub(super) workers: f64,
    pub(super) postgres: f64,
    pub(super) rabbitmq: f64,
}

impl Usage {
    pub(super) fn now(workers: &[u32]) -> Self {
        Self {
            workers: workers.iter().map(|pid| cpu_of(&pid.to_string(), false)).sum(),
            postgres: named("postgres").iter().map(|pid| cpu_of(pid, true)).sum(),
            rabbitmq: named("beam.smp").iter().map(|pid| cpu_of(pid, false)).sum(),
        }
    }

    pub(super) fn since(&self, before: &Self) -> Self {
        Self {
            workers: self.workers - before.workers,
            postgres: self.postgres - before.postgres,
            rabbitmq: self.rabbitmq - before.rabbitmq,
        }
    }
}

fn named(name: &str) -> Vec<String> {
    let is = |pid: &String| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|it| it.trim() == name);
    processes().into_iter().filter(is).collect()
}

fn processes() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    pids.filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit())).collect()
}

/// Peak resident memory in MB.
pub(super) fn peak_mb() -> f64 {
    memory("self", "VmHWM:")
}

/// Resident memory in bytes.
pub(crate) fn resident_bytes() -> f64 {
    memory("self", "VmRSS:") * 1024.0 * 1024.0
}

pub(super) fn peak_mb_of(pid: u32) -> f64 {
    memory(&pid.to_string(), "VmHWM:")
}

/// Resident memory at the moment, in MB.
pub(super) fn resident_mb(pid: u32) -> f64 {
    memory(&pid.to_string(), "VmRSS:")
}

fn memory(process: &str, what: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    line.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
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
