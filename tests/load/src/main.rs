//! The load program: how many grants a second are durable, beside pgbench with the same statements on the same machine; and
//! quotes beside the emptiest tonic server; what the calculations take; what the audit log takes, proves and reads again; what the
//! suite costs while nobody calls it.

mod bank;
mod checks;
mod echo;
mod grants;
mod idle;
mod latency;
mod library;
mod log;
mod machine;
mod pgbench;
mod postgres;
mod program;
mod quotes;
mod report;
mod runs;
mod service;
mod settings;
mod settlement;
mod usage;

use anstream::{eprintln, println};
use anyhow::{Result, bail};
use clap::Parser as _;
use report::Report;
use settings::Settings;
use std::process::ExitCode;

/// The allocator of the program that is measured, for the callers and for the empty server beside it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What was granted is not what was sent, or the books do not balance.
const DOES_NOT_ADD_UP: u8 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let settings = Settings::parse();
    if settings.serve_echo {
        return match echo::serve().await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error:#}");
                ExitCode::FAILURE
            }
        };
    }
    match measured(&settings).await {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            if error.is::<checks::DoesNotAddUp>() { ExitCode::from(DOES_NOT_ADD_UP) } else { ExitCode::FAILURE }
        }
    }
}

/// A signal drops the run, and with it every process that it started.
async fn measured(settings: &Settings) -> Result<String> {
    let stopped = handsel_service::stop_on_signal()?;
    tokio::select! {
        said = said(settings) => said,
        () = stopped.cancelled() => bail!("stopped"),
    }
}

/// The run that is wanted, for people or for programs.
async fn said(settings: &Settings) -> Result<String> {
    if let Some(payouts) = settings.settle {
        let settled = settlement::run(settings, payouts).await?;
        return Ok(if settings.json { serde_json::to_string(&settled)? } else { settled.to_string() });
    }
    let report: Report = runs::all(settings).await?;
    Ok(if settings.json { report.as_json().to_string() } else { report.to_string() })
}
