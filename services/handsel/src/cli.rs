//! The command line: what a person may ask for, with help that teaches.

use crate::simulator::Faults;
use clap::{Args, Parser, Subcommand, ValueEnum};
use handsel_money::Timestamp;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Runs a bank's customer-referral program: who introduced whom, what each is owed, and the proof of it.
#[derive(Debug, Parser)]
#[command(name = "handsel", version, after_help = FIRST_STEPS, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const FIRST_STEPS: &str = "First steps:
  handsel demo                                   watch a real bank's introductions become paid, provable rewards
  handsel up --simulator                         the whole suite on 127.0.0.1:7410, with a core bank that pays
  handsel token --role branch.staff --branch 0001 --person anna
                                                 a token to call it with (development only)

Exit codes: 0 done · 1 failed · 2 the command line makes no sense · 3 a check did not hold";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Plays a real bank's introductions through the suite, to the last payout and the proof of the log.
    ///
    /// Everything goes through the same rpcs as in production, with a simulated clock. Killed at any moment, it goes on where it
    /// was when run again; run twice, it gives the same rewards and pays nothing twice.
    Demo(DemoArguments),
    /// Runs the whole suite in one process on one port: nothing to configure.
    ///
    /// Tokens are issued by a development issuer whose key lies in the data folder: see `handsel token`.
    Up(UpArguments),
    /// Runs one service in its own process, as in production: configuration from a file.
    Serve(ServeArguments),
    /// Brings the database up to this version, under a role that may change its schema.
    Migrate(MigrateArguments),
    /// Copies the databases of an embedded installation into a folder, all as of one moment, while it runs.
    ///
    /// The folder of keys is not in the copy: keep it elsewhere. Keys of personal data lie in a folder of their own in it, whose copies
    /// end sooner. A PostgreSQL database is copied by its own means: pg_dump, pg_basebackup.
    Backup(BackupArguments),
    /// Puts a copy back in the place of an embedded installation that does not run.
    ///
    /// It does not know what was paid since: payouts stop in it until two people have reconciled with the bank. What it replaces is
    /// kept beside it.
    Restore(RestoreArguments),
    /// Takes note that the reward service's database was put back from a copy by other means, before it is started again: payouts
    /// stop until two people have reconciled with the bank.
    Restored(RestoredArguments),
    /// Shows messages of a service that were put aside because their receiver failed at them, or releases them.
    Parked(ParkedArguments),
    /// Issues a development token. In production the bank's own identity provider does.
    Token(TokenArguments),
    /// Reads the audit log, and checks it against its key.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Plays the bank's side of settlement against a suite that runs elsewhere: for development.
    Simulator(SimulatorArguments),
}

/// Where data lies.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlaceArguments {
    /// Folder for keys, the clock of the demo and, unless a database is named, the data itself.
    #[arg(long, env = "HANDSEL_DATA", value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// A PostgreSQL database instead of embedded files: postgres://user@host/name.
    #[arg(long, env = "HANDSEL_DATABASE", value_name = "URL", hide_env_values = true)]
    pub(crate) database: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Play only the first introductions of the history (there are 869).
    #[arg(long, value_name = "NUMBER")]
    pub(crate) introductions: Option<usize>,
    /// What goes wrong at the core bank, in percent: delay, duplicate, lost-answer, late-acceptance; seed=N varies it.
    #[arg(
        long,
        value_name = "NAME=PERCENT,…",
        default_value = "delay=10,duplicate=5,lost-answer=10,late-acceptance=5"
    )]
    pub(crate) faults: Faults,
    /// Print one JSON object at the end instead of a page.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UpArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Address to listen on; port 0 takes any free one.
    #[arg(long, env = "HANDSEL_LISTEN", default_value = "127.0.0.1:7410")]
    pub(crate) listen: SocketAddr,
    /// Also run a core bank that pulls instructions and pays them.
    #[arg(long)]
    pub(crate) simulator: bool,
    /// What goes wrong at that core bank, in percent.
    #[arg(long, value_name = "NAME=PERCENT,…", default_value = "", requires = "simulator")]
    pub(crate) faults: Faults,
    /// Payouts leave in ISO 20022 files, under payment-files in the data folder: WritePaymentFile writes one, that bank reads it
    /// and answers with status reports and statements.
    #[arg(long, requires = "simulator")]
    pub(crate) by_files: bool,
    /// Print the address as one JSON object, once everything is ready.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The four services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServiceName {
    /// Who introduced whom, and did it succeed.
    Referral,
    /// What each is owed, and how it is paid.
    Reward,
    /// What kind of customer each is.
    Tier,
    /// The log that proves it.
    Audit,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Which service.
    #[arg(value_enum)]
    pub(crate) service: ServiceName,
    /// Its configuration: see deploy/config for a sample of each.
    #[arg(long, env = "HANDSEL_CONFIG", value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Only this service's part.
    #[arg(value_enum)]
    pub(crate) service: Option<ServiceName>,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// Where the copy goes: a folder that is empty, or not there yet.
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// Where the copy lies.
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// Who puts it back.
    #[arg(long, value_name = "NAME")]
    pub(crate) person: String,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RestoredArguments {
    /// Who has put the copy back.
    #[arg(long, value_name = "NAME")]
    pub(crate) person: String,
    /// Which copy, in a few words without personal data: of when, and why.
    #[arg(long, value_name = "WORDS")]
    pub(crate) detail: String,
    /// The reward service's configuration, which says where its data and keys lie. Without it they lie where `up` has them.
    #[arg(long, env = "HANDSEL_CONFIG", value_name = "FILE", conflicts_with_all = ["data", "database"])]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ParkedArguments {
    /// Whose messages.
    #[arg(value_enum)]
    pub(crate) service: ServiceName,
    /// The service's configuration, which says where its data and keys lie. Without it they lie where `up` has them; embedded
    /// files can be opened while the service does not run.
    #[arg(long, env = "HANDSEL_CONFIG", value_name = "FILE", conflicts_with_all = ["data", "database"])]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Send what is put aside of this aggregate again, as the list names it, and what waits behind it.
    #[arg(long, value_name = "AGGREGATE", requires = "person")]
    pub(crate) release: Option<String>,
    /// Who releases it: on record.
    #[arg(long)]
    pub(crate) person: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// What the caller is: branch.staff, branch.manager, program.admin, finance.approver, compliance.officer,
    /// internal.auditor, core.banking, service, operator. May be given several times.
    #[arg(long, required = true, value_name = "ROLE")]
    pub(crate) role: Vec<String>,
    /// The branch he reaches; `*` for all.
    #[arg(long, default_value = "*")]
    pub(crate) branch: String,
    /// The human who acts; acts of a second person ask for one.
    #[arg(long)]
    pub(crate) person: Option<String>,
    /// How long it holds, in minutes.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub(crate) minutes: u32,
    /// Print a JSON object instead of the bare token.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Reads the whole log, recomputes its root and checks the signature. Exit code 3 if anything is not as it should be.
    Verify(AuditArguments),
    /// Finds records by what they say, newest first, and proves each by itself. Searching is recorded.
    Search(SearchArguments),
    /// Compares the payouts of a period in the log with the reward service's ledger, and lists what differs. Exit code 3 if anything
    /// does. What comes of it is recorded.
    Reconcile(ReconcileArguments),
    /// Writes the whole log into a folder that strangers can check without us: C2SP tlog-tiles, bodies, views, a verifier in
    /// Python. An export that was cut off is gone on with.
    Export(ExportArguments),
    /// Adds openings of personal data to such a folder, from the referral service, which writes down who asked and why. What was
    /// erased stays closed.
    OpenExport(OpenExportArguments),
    /// Checks such a folder, without network or database. Exit code 3 if anything is not as it should be.
    VerifyExport(VerifyExportArguments),
    /// Checks a `.tlog-proof` file without any server: the record in it, its way to the root, the log's signature, and as many
    /// witnesses' cosignatures as are asked for. Exit code 3 if it proves nothing.
    VerifyProof(VerifyProofArguments),
    /// Replaces the log's signing key: makes a new one beside the old. From the next start on both sign, and readers learn the new one.
    RotateKey(KeysArguments),
    /// Ends a rotation: destroys the old key's secret and keeps its public half, so that what it signed stays checkable.
    RetireKey(KeysArguments),
    /// Fetches the evidence of one record, checks it, and writes it into a `.tlog-proof` file.
    Evidence(EvidenceArguments),
    /// Verifies record by record and prints each, from a saved cursor on, and stays for what comes.
    Follow(FollowArguments),
}

/// A period of payouts.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReconcileArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// Whose statements.
    #[arg(long, default_value = "reward/audit")]
    pub(crate) source: String,
    /// From this instant on, by the source's time, e.g. `2026-01-31T00:00:00.000000Z`.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) from: Timestamp,
    /// To before this one.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) to: Timestamp,
}

/// A proof in a file, and the keys that are trusted.
#[derive(Debug, Clone, Args)]
pub(crate) struct VerifyProofArguments {
    /// The `.tlog-proof` file.
    pub(crate) file: PathBuf,
    /// The log's key, as obtained from elsewhere.
    #[arg(long, value_name = "VKEY")]
    pub(crate) key: String,
    /// The key of a witness that is trusted, as obtained from that witness. May be given several times.
    #[arg(long, value_name = "VKEY")]
    pub(crate) witness: Vec<String>,
    /// So many of them must have cosigned; without it, all.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) quorum: Option<usize>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where the log's keys lie.
#[derive(Debug, Clone, Args)]
pub(crate) struct KeysArguments {
    /// The folder of key files: `[secrets] folder`, or `secrets` in the data folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) secrets: PathBuf,
}

/// A record to be proven.
#[derive(Debug, Clone, Args)]
pub(crate) struct EvidenceArguments {
    #[command(flatten)]
    pub(crate) audit: AuditArguments,
    /// The record's index.
    #[arg(value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) index: i64,
    /// Where to write it; `record-<index>.tlog-proof` where nothing is said.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
}

/// Whom to ask, and as whom.
#[derive(Debug, Clone, Args)]
pub(crate) struct AuditArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// The log's key as obtained from elsewhere; otherwise the server is asked for it, which proves less.
    #[arg(long, value_name = "VKEY")]
    pub(crate) key: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct SearchArguments {
    #[command(flatten)]
    pub(crate) audit: AuditArguments,
    /// The statement's type, or with a dot at its end all that begin so: `reward.granted`, `reward.`. May be given several times.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) types: Vec<String>,
    /// What it is about, as the statement names it: `rewards/…`. May be given several times.
    #[arg(long, value_name = "NAME")]
    pub(crate) subject: Vec<String>,
    /// Its source, e.g. `reward/audit`. May be given several times.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Vec<String>,
    /// Who acted, as the statement names him. May be given several times.
    #[arg(long, value_name = "NAME")]
    pub(crate) staff: Vec<String>,
    /// What became of it: `success`, `refused`. May be given several times.
    #[arg(long, value_name = "OUTCOME")]
    pub(crate) outcome: Vec<String>,
    /// Sealed at this instant or later, e.g. `2026-01-31T00:00:00.000000Z`.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) from: Option<Timestamp>,
    /// Sealed before this instant.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) to: Option<Timestamp>,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_name = "NUMBER")]
    pub(crate) most: usize,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    pub(crate) audit: AuditArguments,
    /// An empty folder, or one with an unfinished export.
    pub(crate) folder: PathBuf,
    /// First record of which views and bodies are included; all leaves always are.
    #[arg(long, default_value_t = 0, value_name = "INDEX")]
    pub(crate) from: u64,
    /// First record behind them.
    #[arg(long, default_value_t = u64::MAX, hide_default_value = true, value_name = "INDEX")]
    pub(crate) to: u64,
}

/// Why personal data is read.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Why {
    /// A complaint is looked into.
    Complaint,
    /// The person asks what is known of him.
    DataSubjectRequest,
    /// An investigation, or an examination by a regulator.
    Investigation,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct OpenExportArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// A finished export.
    pub(crate) folder: PathBuf,
    /// Why; a record of it is left.
    #[arg(long)]
    pub(crate) reason: Why,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct VerifyExportArguments {
    /// A finished export.
    pub(crate) folder: PathBuf,
    /// The log's key as obtained from elsewhere; otherwise the one in the export is believed, which proves less.
    #[arg(long, value_name = "VKEY")]
    pub(crate) key: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct FollowArguments {
    #[command(flatten)]
    pub(crate) audit: AuditArguments,
    /// Where the cursor is kept, so that the next call goes on from what was verified.
    #[arg(long, value_name = "FILE")]
    pub(crate) cursor: Option<PathBuf>,
    /// End at the newest checkpoint instead of staying.
    #[arg(long)]
    pub(crate) once: bool,
}

/// A server, and a token for it.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServerArguments {
    /// The server.
    #[arg(long, env = "HANDSEL_ADDRESS", default_value = "http://127.0.0.1:7410", value_name = "URL")]
    pub(crate) address: String,
    /// A token. Without one, the development issuer in the data folder makes it.
    #[arg(long, env = "HANDSEL_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct SimulatorArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// What goes wrong, in percent: delay, duplicate, reject, lost-answer, late-acceptance, unknown-payee; of files also
    /// returned and unknown-id; seed=N varies it.
    #[arg(long, value_name = "NAME=PERCENT,…", default_value = "")]
    pub(crate) faults: Faults,
    /// Settle by files too: read the payment files in this folder, `folder` of the reward service's [settlement.files], and
    /// answer with status reports and statements. The answers stay under bank-answers in the data folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) files: Option<PathBuf>,
    /// Say at this address where beneficiaries are paid: [peers.corebank] of a reward service that settles by files. It takes
    /// tokens of the development issuer in the data folder.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Print its books instead of running: what it has paid, by currency.
    #[arg(long)]
    pub(crate) books: bool,
    /// Print them as one JSON object, with every payment order.
    #[arg(long, requires = "books")]
    pub(crate) json: bool,
}
