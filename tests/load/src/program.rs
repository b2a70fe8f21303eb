//! The program that is measured, run as a bank runs it.

use anyhow::{Context as _, Result, ensure};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// How long a program that was told to stop may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program named, or the one built beside this one.
///
/// # Errors
/// There is none; the message says how to build it.
pub(crate) fn find(named: Option<&Path>) -> Result<PathBuf> {
    let found = match named {
        Some(path) => path.to_owned(),
        None => std::env::current_exe()?.parent().context("this program lies in no folder")?.join("handsel"),
    };
    ensure!(found.is_file(), "{} is not there: cargo build --release -p handsel", found.display());
    Ok(found)
}

/// Runs it to its end.
///
/// # Errors
/// It failed; the message is its own.
pub(crate) async fn run(program: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).kill_on_drop(true).stdin(Stdio::null()).output().await?;
    ensure!(
        output.status.success(),
        "handsel {}: {}",
        arguments.first().unwrap_or(&""),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Asks a process to end as an operator does, and waits until it has.
///
/// # Errors
/// It has not ended in time, or not well.
pub(crate) async fn stop(mut child: Child) -> Result<()> {
    let id = child.id().context("the program ended by itself")?;
    let told = Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
    ensure!(told.success(), "the program cannot be told to stop");
    let status = tokio::time::timeout(PATIENCE, child.wait()).await.context("the program does not stop")??;
    ensure!(status.success(), "the program ended with {status}");
    Ok(())
}

/// An address that is free now.
///
/// # Errors
/// As the operating system says.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
