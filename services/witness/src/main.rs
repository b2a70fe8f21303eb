//! The witness's program: `handsel-witness serve`, `handsel-witness key`.

use anstream::{eprintln, println};
use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use handsel_service::{World, config::TelemetryConfig, stop_on_signal, telemetry::Telemetry};
use handsel_tlog::CosigningKey;
use handsel_witness::{Known, Records, Witness, WitnessConfig, serve};
use std::{path::PathBuf, process::ExitCode, sync::Arc};
use tokio::net::TcpListener;

/// Witnesses transparency logs (C2SP tlog-witness): cosigns a checkpoint only if it continues the last one it saw.
///
/// Run it where those who run the log cannot reach: that is what makes it worth something.
#[derive(Debug, Parser)]
#[command(name = "handsel-witness", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Its configuration: see deploy/witness/witness.toml.
    #[arg(long, env = "HANDSEL_WITNESS_CONFIG", value_name = "FILE", global = true, default_value = "witness.toml")]
    config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answers until a signal stops it.
    Serve,
    /// Prints the key to check its cosignatures with, and makes one where there is none.
    Key,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(Cli { command, config }: Cli) -> Result<()> {
    let WitnessConfig { name, listen, folder, logs, log } = WitnessConfig::read(&config)?;
    let world = World::real();
    let mut seed = [0; 32];
    world.entropy.fill(&mut seed);
    let records = Records::open(&folder)?;
    let key = CosigningKey::from_file_or_create(&folder.join("witness.key"), &name, &seed)?;
    if let Command::Key = command {
        println!("{}", key.verifier());
        return Ok(());
    }
    let telemetry = Telemetry::start("handsel-witness", &TelemetryConfig::default(), &log)?;
    let stop = stop_on_signal()?;
    let witness = Arc::new(Witness::start(key, Known::new(logs), records, world.system)?);
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    tracing::info!(address = %listener.local_addr()?, key = witness.verifier_key(), "ready");
    serve(listener, witness, stop).await?;
    tracing::info!("stopped");
    telemetry.stop().await;
    Ok(())
}
