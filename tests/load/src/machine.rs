//! What the figures were measured on.

use anyhow::Result;
use serde::Serialize;
use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the disk is asked.
const DISK_TIME: Duration = Duration::from_secs(1);
/// A page of PostgreSQL's log.
const PAGE: [u8; 8192] = [b'x'; 8192];

/// The machine, and whether it was free.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// The processor's name.
    processor: String,
    /// How many of them.
    processors: usize,
    /// Memory, in MiB.
    memory_mib: u64,
    /// Pages of 8 KiB that one writer brings durably to the disk of the run, a second.
    durable_writes_per_second: u64,
    /// The system's load over the minute before, in hundredths: what else it was busy with.
    load_hundredths: u64,
}

impl Machine {
    /// Looks at the machine, and at the disk of this folder.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(crate) fn look(folder: &Path) -> Result<Self> {
        let text = |path| fs::read_to_string(path).unwrap_or_default();
        let value = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_once(':').map_or_else(String::new, |(_, value)| value.trim().to_owned())
        };
        let memory = value(&text("/proc/meminfo"), "MemTotal");
        let load: String =
            text("/proc/loadavg").chars().take_while(|char| *char != ' ').filter(|char| *char != '.').collect();
        Ok(Self {
            processor: value(&text("/proc/cpuinfo"), "model name"),
            processors: std::thread::available_parallelism()?.get(),
            memory_mib: memory.trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024,
            durable_writes_per_second: durable_writes(folder)?,
            load_hundredths: load.parse().unwrap_or(0),
        })
    }
}

fn durable_writes(folder: &Path) -> Result<u64> {
    let path = folder.join("disk");
    let mut file = File::create(&path)?;
    let (began, mut writes) = (Instant::now(), 0);
    while began.elapsed() < DISK_TIME {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&PAGE)?;
        file.sync_data()?;
        writes += 1;
    }
    fs::remove_file(path)?;
    Ok(writes)
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { processor, processors, memory_mib, durable_writes_per_second, load_hundredths } = self;
        let (load, hundredths) = (load_hundredths / 100, load_hundredths % 100);
        write!(
            f,
            "{processors} × {processor}, {memory_mib} MiB; {durable_writes_per_second} durable writes/s by one writer; \
             load before the run {load}.{hundredths:02}"
        )
    }
}
