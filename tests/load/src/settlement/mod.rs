//! Settlement by one file: payouts granted, approved, written into a `pain.001`, and answered by a `pain.002` and a `camt.053`, all
//! through the service's own rpcs. What is measured is the service's process: how long each step takes, and the most memory it ever held.

mod answers;
mod payees;

use crate::bank::Bank;
use crate::checks;
use crate::postgres::Postgres;
use crate::program;
use crate::service::{Name, Service, Store, Token, authorized};
use crate::settings::{Settings, SettleOn};
use crate::usage::{self, Memory};
use anstream::eprintln;
use answers::Answers;
use anyhow::{Context as _, Result, ensure};
use futures::stream;
use handsel_access::Role;
use handsel_money::Money;
use handsel_proto::handsel::reward::v1::{
    ApproveRewardsRequest, BankFile, ImportStatementRequest, ImportStatusReportRequest, ListRewardsRequest,
    PaymentFile, SummarizeRewardsRequest, WritePaymentFileRequest, reward::State,
    reward_service_client::RewardServiceClient, settlement_file_service_client::SettlementFileServiceClient,
};
use handsel_service::{
    World,
    wire::{money_from, to_money},
};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tonic::transport::Channel;

/// The database of a run.
const DATABASE: &str = "settlement";
/// Calls for grants under way at once.
const CALLERS: u32 = 64;
/// Rewards of one page and of one approval, at most.
const PAGE: i32 = 500;
/// How often a state is looked at that jobs bring about.
const LOOK: Duration = Duration::from_millis(500);
/// Bytes of one piece of a file.
const PIECE: usize = 512 * 1024;
/// The most memory that the service may hold, in KiB.
const MEMORY_TARGET: u64 = 200 * 1024;

/// One step of a run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Step {
    what: &'static str,
    millis: u64,
    /// The service's, after it.
    memory: Memory,
}

/// A run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Settled {
    store: &'static str,
    payouts: u32,
    file_bytes: i64,
    refused: i64,
    returned: i64,
    steps: Vec<Step>,
}

impl Display for Settled {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { store, payouts, file_bytes, refused, returned, steps } = self;
        writeln!(
            f,
            "{payouts} payouts in one file of {file_bytes} bytes, on {store}; {refused} refused, {returned} returned"
        )?;
        for Step { what, millis, memory } in steps {
            let (resident, peak) = (memory.resident_kib / 1024, memory.peak_kib / 1024);
            writeln!(
                f,
                "  {what:<28} {:>6}.{:03} s   {resident:>4} MiB, at most {peak}",
                millis / 1000,
                millis % 1000
            )?;
        }
        let peak = steps.iter().map(|step| step.memory.peak_kib).max().unwrap_or_default();
        let met = if peak < MEMORY_TARGET { "met" } else { "missed" };
        write!(f, "  less than {} MiB: {met}, {} MiB", MEMORY_TARGET / 1024, peak / 1024)
    }
}

/// Settles so many payouts.
///
/// # Errors
/// A step that fails; figures that do not add up.
pub(crate) async fn run(settings: &Settings, payouts: u32) -> Result<Settled> {
    let program = program::find(settings.program.as_deref())?;
    let scratch = match &settings.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let folder = scratch.path();
    let server = match settings.settle_on {
        SettleOn::Postgres => Some(Postgres::start(folder)?),
        SettleOn::Sqlite => None,
    };
    let store = match &server {
        Some(server) => {
            server.create(DATABASE)?;
            Store::Postgres(server.url(DATABASE))
        }
        None => Store::Sqlite,
    };
    let payees = payees::serve().await?;
    let orders = folder.join("orders");
    let sections = sections(&orders, &payees.address);
    let service = Service::start_with(Name::Reward, &program, &folder.join("service"), &store, &sections).await?;
    let mut course = Course::begin(service, payouts, orders).await?;
    course.settle().await?;
    let name = if server.is_some() { "PostgreSQL" } else { "SQLite" };
    course.end(name).await
}

fn sections(orders: &Path, payees: &str) -> String {
    format!(
        "\n[settlement]\nmode = \"file\"\nlog_wait_seconds = 86400\n\n[settlement.files]\nfolder = {orders:?}\n\
         debtor_name = \"Load Bank\"\ndebtor_iban = \"{}\"\ntime_zone = \"Europe/Prague\"\n\n\
         [peers.corebank]\naddress = \"{payees}\"\n",
        answers::DEBTOR,
    )
}

/// A run under way.
struct Course {
    service: Service,
    channel: Channel,
    approver: Token,
    core: Token,
    payouts: u32,
    orders: PathBuf,
    file: PaymentFile,
    answers: Option<Answers>,
    steps: Vec<Step>,
}

impl Course {
    async fn begin(service: Service, payouts: u32, orders: PathBuf) -> Result<Self> {
        let channel = service.connect().await?;
        let approver = service.token(Role::FinanceApprover, Some("fiala"))?;
        let core = service.token(Role::CoreBanking, None)?;
        let (file, steps) = (PaymentFile::default(), Vec::new());
        Ok(Self { service, channel, approver, core, payouts, orders, file, answers: None, steps })
    }

    async fn settle(&mut self) -> Result<()> {
        let began = Instant::now();
        self.grant().await?;
        self.note("granted", began)?;
        let began = Instant::now();
        self.until(State::PendingApproval).await?;
        self.note("due", began)?;
        let began = Instant::now();
        self.approve().await?;
        self.note("approved", began)?;
        let began = Instant::now();
        self.until(State::Paying).await?;
        self.note("instructed", began)?;
        let began = Instant::now();
        self.write().await?;
        self.note("written", began)?;
        let answers = Answers::to(&self.orders.join(format!("{}.xml", self.file.message_id)), &self.orders)?;
        for (what, kind, path, expected) in [
            ("status report taken", Kind::Report, &answers.report, i64::from(self.payouts)),
            ("statement taken", Kind::Statement, &answers.statement, i64::from(self.payouts) - answers.refused),
            ("returns taken", Kind::Statement, &answers.returns, answers.returned),
        ] {
            let began = Instant::now();
            let taken = self.import(kind, path).await?;
            checks::same(what, taken.applied_count, expected)?;
            checks::same("differences", taken.difference_count, 0)?;
            self.note(what, began)?;
        }
        self.answers = Some(answers);
        Ok(())
    }

    async fn end(self, store: &'static str) -> Result<Settled> {
        let answers = self.answers.context("nothing was answered")?;
        let owed = answers.refused + answers.returned;
        checks::hold_settled(&self.service, i64::from(self.payouts) - owed, owed).await?;
        self.service.stop().await?;
        Ok(Settled {
            store,
            payouts: self.payouts,
            file_bytes: self.file.size_bytes,
            refused: answers.refused,
            returned: answers.returned,
            steps: self.steps,
        })
    }

    fn note(&mut self, what: &'static str, began: Instant) -> Result<()> {
        let millis = u64::try_from(began.elapsed().as_millis())?;
        let memory = usage::memory(self.service.process()?)?;
        eprintln!("{what}: {millis} ms, {} MiB at most", memory.peak_kib / 1024);
        self.steps.push(Step { what, millis, memory });
        Ok(())
    }

    async fn grant(&self) -> Result<()> {
        let bank = Arc::new(Bank::new(&World::real()));
        let plans: Arc<[String]> = vec![bank.make_approved_plan(&self.service).await?].into();
        let token = self.service.token(Role::Service, None)?;
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let share = self.payouts / CALLERS + u32::from(caller < self.payouts % CALLERS);
            let (bank, plans, token) = (Arc::clone(&bank), Arc::clone(&plans), token.clone());
            let mut client = RewardServiceClient::new(self.channel.clone());
            callers.spawn(async move {
                for _ in 0..share {
                    client.grant_rewards(authorized(bank.next(&plans).request, &token)).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(done) = callers.join_next().await {
            done??;
        }
        Ok(())
    }

    /// Waits until jobs have brought every reward there.
    async fn until(&self, state: State) -> Result<()> {
        let mut client = RewardServiceClient::new(self.channel.clone());
        loop {
            let request = authorized(SummarizeRewardsRequest::default(), &self.approver);
            let groups = client.summarize_rewards(request).await?.into_inner().groups;
            let there: i64 = groups.iter().filter(|group| group.state() == state).map(|group| group.count).sum();
            if there == i64::from(self.payouts) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn approve(&self) -> Result<()> {
        let mut client = RewardServiceClient::new(self.channel.clone());
        let ids = World::real().ids;
        let mut page_token = String::new();
        loop {
            let state = State::PendingApproval.into();
            let request = ListRewardsRequest { state, page_size: PAGE, page_token, ..ListRewardsRequest::default() };
            let page = client.list_rewards(authorized(request, &self.approver)).await?.into_inner();
            let amounts = page.rewards.iter().map(|one| money_from(one.net_amount.as_ref(), "net_amount"));
            let amounts: Vec<Money> =
                amounts.collect::<Result<_, _>>().map_err(|violation| anyhow::anyhow!(violation.description))?;
            if let Some(first) = amounts.first() {
                let nothing = Money::new(first.currency(), 0);
                let sum = amounts.iter().try_fold(nothing, |sum, one| sum.checked_add(*one))?;
                let request = ApproveRewardsRequest {
                    request_id: ids.next().to_string(),
                    control_count: i32::try_from(page.rewards.len())?,
                    control_sum: Some(to_money(sum)),
                    names: page.rewards.into_iter().map(|one| one.name).collect(),
                };
                client.approve_rewards(authorized(request, &self.approver)).await?;
            }
            if page.next_page_token.is_empty() {
                return Ok(());
            }
            page_token = page.next_page_token;
        }
    }

    async fn write(&mut self) -> Result<()> {
        let mut client = SettlementFileServiceClient::new(self.channel.clone());
        let request = WritePaymentFileRequest {
            request_id: World::real().ids.next().to_string(),
            currency_code: "CZK".to_owned(),
        };
        let mut told = client.write_payment_file(authorized(request, &self.approver)).await?.into_inner();
        let mut messages = 0_u32;
        while let Some(message) = told.message().await? {
            messages += 1;
            let written = message.written;
            self.file = message.file.context("progress without a file")?;
            if messages.is_multiple_of(40) {
                eprintln!("  {} entered, {written} written", self.file.payout_count);
            }
        }
        ensure!(messages > self.payouts / 500, "{messages} messages say how far it is");
        checks::same("payouts of the file", self.file.payout_count, i64::from(self.payouts))
    }

    async fn import(&self, kind: Kind, path: &Path) -> Result<BankFile> {
        let mut client = SettlementFileServiceClient::new(self.channel.clone());
        let bytes = fs::read(path)?;
        let pieces: Vec<Vec<u8>> = bytes.chunks(PIECE).map(<[u8]>::to_vec).collect();
        let taken = match kind {
            Kind::Report => {
                let pieces = pieces.into_iter().map(|data| ImportStatusReportRequest { data });
                client.import_status_report(authorized(stream::iter(pieces), &self.core)).await
            }
            Kind::Statement => {
                let pieces = pieces.into_iter().map(|data| ImportStatementRequest { data });
                client.import_statement(authorized(stream::iter(pieces), &self.core)).await
            }
        };
        Ok(taken?.into_inner())
    }
}

/// Which message a file is.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Report,
    Statement,
}
