//! The whole suite in one process while nobody calls it: how soon it is ready, and how much memory it holds.

use crate::program;
use crate::usage::{self, Memory};
use anyhow::{Context as _, Result};
use serde::Serialize;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// How long it rests before its memory is read.
const REST: Duration = Duration::from_secs(2);
/// How long it may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// The suite at rest.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Idle {
    /// From its start over an empty folder, whose databases and keys it makes, to the line that says that it is ready.
    pub(crate) first_start_micros: u64,
    /// The same over the folder as it was left.
    pub(crate) start_micros: u64,
    /// After two seconds, on its second start.
    pub(crate) memory: Memory,
}

/// Starts the suite twice over one folder.
///
/// # Errors
/// It does not start, or does not end well.
pub(crate) async fn rest(program: &Path, folder: &Path) -> Result<Idle> {
    let (first_start_micros, _) = start(program, folder).await?;
    let (start_micros, memory) = start(program, folder).await?;
    Ok(Idle { first_start_micros, start_micros, memory })
}

async fn start(program: &Path, folder: &Path) -> Result<(u64, Memory)> {
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(["up", "--listen", "127.0.0.1:0", "--json", "--data"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("a program without output")?).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.context("the suite does not start")??;
    let ready = began.elapsed();
    line.context("the suite ended before it was ready")?;
    tokio::time::sleep(REST).await;
    let memory = usage::memory(child.id().context("the suite has ended")?)?;
    program::stop(child).await?;
    Ok((u64::try_from(ready.as_micros())?, memory))
}
