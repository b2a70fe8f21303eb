//! The one program: the suite, its demo and its command line.

mod audit;
mod backup;
mod bearer;
mod cli;
mod demo;
mod evidence;
mod export;
mod keys;
mod paint;
mod parked;
mod place;
mod progress;
mod reconcile;
mod secrets;
mod serve;
mod simulator;
mod suite;
mod told;
mod unseal;

use anstream::{eprintln, println};
use anyhow::{Context as _, Result, bail};
use audit::{Following, NotProven, Watched};
use bearer::{Bearer, Caller};
use clap::Parser as _;
use cli::{AuditCommand, Cli, Command, ServerArguments, TokenArguments};
use demo::DemoSettings;
use handsel_access::{AccessLayer, Branch, DevToken, Role, Rules, role_named};
use handsel_proto::POOL;
use handsel_service::World;
use handsel_service::config::{LogConfig, TelemetryConfig};
use handsel_service::telemetry::Telemetry;
use paint::{bad, bold, good};
use place::{Place, program};
use progress::Progress;
use serde_json::json;
use std::process::ExitCode;
use suite::{Clock, Suite, SuiteSettings, Way};
use tonic::transport::Endpoint;

/// A quarter of the reward service's processor time under load went to the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Data of `up` where no folder is named.
const DATA: &str = "handsel-data";
/// Data of the demo where no folder is named.
const DEMO_DATA: &str = "handsel-data/demo";
/// A check did not hold.
const NOT_HELD: u8 = 3;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{} there is no runtime: {error}", bad("error:"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli.command)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{} {error:#}", bad("error:"));
            if error.is::<NotProven>() { ExitCode::from(NOT_HELD) } else { ExitCode::FAILURE }
        }
    }
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Demo(arguments) => {
            let _telemetry = quiet_log()?;
            let settings = DemoSettings {
                place: Place::new(&arguments.place, DEMO_DATA),
                introductions: arguments.introductions.unwrap_or(usize::MAX),
                faults: arguments.faults,
                json: arguments.json,
            };
            let sound = Box::pin(demo::run(settings)).await?;
            return Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(NOT_HELD) });
        }
        Command::Up(arguments) => up(arguments).await?,
        Command::Serve(arguments) => serve::serve(arguments.service, &arguments.config).await?,
        Command::Migrate(arguments) => {
            serve::migrate(&Place::new(&arguments.place, DATA), arguments.service).await?;
        }
        Command::Backup(arguments) => backup::backup(&arguments).await?,
        Command::Restore(arguments) => backup::restore(&arguments).await?,
        Command::Restored(arguments) => backup::restored(&arguments).await?,
        Command::Parked(arguments) => parked::run(&arguments).await?,
        Command::Token(arguments) => token(&arguments)?,
        Command::Audit(AuditCommand::Verify(arguments)) => {
            let caller = officer(&arguments.server)?;
            let progress = Progress::bar("records", 0, arguments.json);
            let watched = Watched(Some(progress));
            let proven = audit::verify(&caller, arguments.key.as_deref(), &watched).await;
            if let Watched(Some(progress)) = watched {
                progress.finish();
            }
            verified(&proven?, arguments.json);
        }
        Command::Audit(AuditCommand::Search(arguments)) => {
            let caller = officer(&arguments.audit.server)?;
            audit::search(&caller, arguments).await?;
        }
        Command::Audit(AuditCommand::Reconcile(arguments)) => {
            let caller = officer(&arguments.server)?;
            reconcile::reconcile(&caller, arguments).await?;
        }
        Command::Audit(AuditCommand::Export(arguments)) => {
            let caller = officer(&arguments.audit.server)?;
            let progress = Progress::bar("records", 0, arguments.audit.json);
            let openings = arguments.from..arguments.to;
            let exported = export::export(&caller, arguments.audit.key, &arguments.folder, openings, &progress).await;
            progress.finish();
            export::print_exported(&exported?, &arguments.folder, arguments.audit.json);
        }
        Command::Audit(AuditCommand::OpenExport(arguments)) => {
            let caller = officer(&arguments.server)?;
            let progress = Progress::bar("bundles", 0, false);
            let opened = unseal::open(&caller, &arguments.folder, arguments.reason, &progress).await;
            progress.finish();
            opened?;
        }
        Command::Audit(AuditCommand::VerifyExport(arguments)) => {
            export::check(&arguments.folder, arguments.key.as_deref(), arguments.json)?;
        }
        Command::Audit(AuditCommand::VerifyProof(arguments)) => evidence::verify_file(&arguments)?,
        Command::Audit(AuditCommand::RotateKey(arguments)) => keys::rotate(&arguments.secrets, &World::real())?,
        Command::Audit(AuditCommand::RetireKey(arguments)) => keys::retire(&arguments.secrets)?,
        Command::Audit(AuditCommand::Evidence(arguments)) => {
            let caller = officer(&arguments.audit.server)?;
            evidence::fetch(&caller, &arguments).await?;
        }
        Command::Audit(AuditCommand::Follow(arguments)) => {
            let caller = officer(&arguments.audit.server)?;
            let following = Following {
                key: arguments.audit.key,
                cursor: arguments.cursor,
                stay: !arguments.once,
                json: arguments.audit.json,
            };
            audit::follow(&caller, &following).await?;
        }
        Command::Simulator(arguments) => {
            let _telemetry = quiet_log()?;
            let place = Place::new(&arguments.server.place, DATA);
            if arguments.books {
                simulator::print_books(&place, arguments.json).await?;
            } else {
                let caller = caller(&arguments.server, Role::CoreBanking)?;
                let listen =
                    arguments.listen.map(|listen| Ok::<_, anyhow::Error>((listen, access(&place)?))).transpose()?;
                simulator::run(&place, caller, arguments.faults, arguments.files, listen).await?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn up(arguments: cli::UpArguments) -> Result<()> {
    let _telemetry = quiet_log()?;
    let place = Place::new(&arguments.place, DATA);
    let suite = Suite::start(SuiteSettings {
        place: place.clone(),
        listen: arguments.listen,
        clock: Clock::Real,
        simulator: arguments.simulator.then_some(arguments.faults),
        way: if arguments.by_files { Way::Files } else { Way::Listed },
    })
    .await?;
    let address = suite.address();
    if arguments.json {
        println!("{}", json!({ "address": address.to_string(), "data": place.folder() }));
    } else {
        let (program, flags) = (program(), place.flags());
        println!("{} referral, reward, tier and audit on {}", good("ready:"), bold(format!("http://{address}")));
        println!("data   {}", place.folder().display());
        println!("token  {program} token {flags} --role branch.staff --branch 0001 --person anna");
        println!("look   grpcurl -plaintext {address} list");
        println!("log    {program} audit follow --address http://{address} {flags}");
        println!("stop   Ctrl-C");
    }
    suite.until_stopped().await
}

fn token(arguments: &TokenArguments) -> Result<()> {
    let mut roles = Vec::with_capacity(arguments.role.len());
    for name in &arguments.role {
        let Some(role) = role_named(name) else {
            bail!(
                "{name:?} is no role; roles are branch.staff, branch.manager, program.admin, finance.approver, compliance.officer, internal.auditor, core.banking, service, operator"
            );
        };
        roles.push(role);
    }
    let issuer = suite::issuer(&Place::new(&arguments.place, DATA), &World::real())?;
    let subject = arguments.person.clone().unwrap_or_else(|| "development-system".to_owned());
    let token = issuer.issue(&DevToken {
        subject,
        person: arguments.person.clone(),
        roles,
        branch: if arguments.branch == "*" { Branch::All } else { Branch::One(arguments.branch.clone()) },
        lifetime_seconds: i64::from(arguments.minutes) * 60,
        audience: None,
    })?;
    if arguments.json {
        println!("{}", json!({ "token": token, "minutes": arguments.minutes }));
    } else {
        println!("{token}");
    }
    Ok(())
}

/// A caller at the server that is asked for.
fn caller(server: &ServerArguments, role: Role) -> Result<Caller> {
    let channel = Endpoint::from_shared(server.address.clone()).context("the server's address")?.connect_lazy();
    let bearer = match &server.token {
        Some(token) => Bearer::new(token)?,
        None => Bearer::issue(&suite::issuer(&Place::new(&server.place, DATA), &World::real())?, role, "*", None)?,
    };
    Ok(bearer.on(&channel))
}

/// Who may call a bank of development: whoever has a token of the issuer in this place.
fn access(place: &Place) -> Result<AccessLayer> {
    Ok(AccessLayer::new(Rules::read(&POOL)?, suite::issuer(place, &World::real())?.verifier()?))
}

fn officer(server: &ServerArguments) -> Result<Caller> {
    caller(server, Role::ComplianceOfficer)
}

fn verified(proven: &audit::Verification, as_json: bool) {
    if as_json {
        let found = json!({
            "origin": proven.origin, "tree_size": proven.tree_size, "root": proven.root,
            "verifier_key": proven.verifier_key, "verified": true,
        });
        println!("{found}");
        return;
    }
    println!("{} {} records of {}", good("verified:"), proven.tree_size, proven.origin);
    println!("root   {}", proven.root);
    println!("key    {}", proven.verifier_key);
}

/// For programs that a person watches: warnings and errors only, unless `RUST_LOG` asks for more.
fn quiet_log() -> Result<Telemetry> {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned());
    Telemetry::start("handsel", &TelemetryConfig::default(), &LogConfig { filter, ..LogConfig::default() })
}
