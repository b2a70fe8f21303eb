//! What processes use, as the kernel counts it.

use anyhow::{Context as _, Result};
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

/// The kernel shows processor time in hundredths of a second, on every machine that Rust's Linux targets know.
const TICK: Duration = Duration::from_millis(10);

/// Places in `/proc/<id>/stat`, counted from the state behind the command's name (proc(5)).
const PARENT: usize = 1;
const USER_TIME: usize = 11;
const SYSTEM_TIME: usize = 12;
const CHILDREN_SYSTEM_TIME: usize = 14;

/// Memory of a process, in KiB.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(crate) struct Memory {
    /// Resident now.
    pub(crate) resident_kib: u64,
    /// The most that was ever resident.
    pub(crate) peak_kib: u64,
}

/// Memory of a running process.
///
/// # Errors
/// There is no such process.
pub(crate) fn memory(process: u32) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("the process has ended")?;
    let line = |name: &str| -> Result<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no memory in /proc")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    };
    Ok(Memory { resident_kib: line("VmRSS:")?, peak_kib: line("VmHWM:")? })
}

/// Processor time of a process, its children that have ended, and those that run.
///
/// # Errors
/// There is no such process.
pub(crate) fn processor_time(process: u32) -> Result<Duration> {
    let own = stat(&Path::new("/proc").join(process.to_string()))?;
    let mut ticks = sum(&own, USER_TIME..=CHILDREN_SYSTEM_TIME)?;
    for entry in fs::read_dir("/proc")? {
        // Processes come and go while the folder is read.
        let Ok(fields) = stat(&entry?.path()) else { continue };
        if fields.get(PARENT).is_some_and(|parent| *parent == process.to_string()) {
            ticks += sum(&fields, USER_TIME..=CHILDREN_SYSTEM_TIME)?;
        }
    }
    Ok(TICK * u32::try_from(ticks)?)
}

/// Processor time of this process alone.
///
/// # Errors
/// The kernel does not say.
pub(crate) fn own_processor_time() -> Result<Duration> {
    let fields = stat(Path::new("/proc/self"))?;
    Ok(TICK * u32::try_from(sum(&fields, USER_TIME..=SYSTEM_TIME)?)?)
}

/// The fields behind the command's name, which may itself hold spaces.
fn stat(folder: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(folder.join("stat"))?;
    let (_, fields) = text.rsplit_once(')').context("no fields in /proc")?;
    Ok(fields.split_whitespace().map(str::to_owned).collect())
}

/// Times in hundredths of a second.
fn sum(fields: &[String], places: RangeInclusive<usize>) -> Result<u64> {
    let times = fields.get(places).context("no times in /proc")?;
    times.iter().map(|time| Ok(time.parse::<u64>()?)).sum()
}
