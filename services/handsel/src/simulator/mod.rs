//! A core bank for development: it takes payout instructions, pays each once, and answers as badly as it is told to.
//!
//! It plays the bank's side of `handsel.corebank.v1` both ways: [`Simulator::pull`] lists and reports as a bank that pulls,
//! and it serves `CoreBankingService` and `CoreBankingRateService` to a Handsel that pushes. With a [`Desk`] it also settles by
//! files, as `files` says.

mod bank;
mod books;
mod faults;
mod files;
mod gate;
mod payees;
mod rates;
mod store;

pub(crate) use books::print as print_books;
pub(crate) use faults::Faults;
pub(crate) use files::Desk;
pub(crate) use store::{MIGRATIONS, Payments, SCHEMA};

use crate::bearer::Caller;
use crate::place::Place;
use anyhow::{Context as _, Result};
use bank::{Answer, Order, Standing};
use futures::future::BoxFuture;
use handsel_access::AccessLayer;
use handsel_money::{Currency, Timestamp};
use handsel_proto::handsel::corebank::v1::{
    CheckPayoutsRequest, CheckPayoutsResponse, ExecuteInstructionsRequest, ExecuteInstructionsResponse, Instruction,
    PayoutOutcome, ResolvePayeesRequest, ResolvePayeesResponse,
    core_banking_rate_service_server::CoreBankingRateServiceServer,
    core_banking_service_server::{CoreBankingService, CoreBankingServiceServer},
    payout_outcome::Status as OutcomeStatus,
};
use handsel_proto::handsel::reward::v1::{
    ListInstructionsRequest, ReportOutcomesRequest, settlement_service_client::SettlementServiceClient,
};
use handsel_service::config::{LimitsConfig, ServerConfig};
use handsel_service::{Frame, Job, Jobs, Part, Routes, Worked, World, status, wire};
use handsel_storage::{Command, Db, Fault, Tx};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Response, Status};

/// How often the bank looks for instructions.
const PULL_PERIOD: Duration = Duration::from_millis(250);
/// How often it looks for files.
const FILE_PERIOD: Duration = Duration::from_secs(1);

/// The folder of the bank's answers, beside its books.
pub(crate) const ANSWERS: &str = "bank-answers";

/// The simulated core bank.
#[derive(Clone)]
pub(crate) struct Simulator {
    db: Db,
    world: World,
    faults: Faults,
}

impl Simulator {
    /// Opens its books.
    pub(crate) async fn open(db: Db, world: World, faults: Faults) -> Result<Self> {
        db.migrate(MIGRATIONS).await?;
        Ok(Self { db, world, faults })
    }

    /// What it has paid in this currency.
    pub(crate) async fn payments(&self, currency: Currency) -> Result<Payments> {
        Ok(store::payments(&self.db, currency).await?)
    }

    /// One round of a bank that pulls: every open instruction is executed or looked up, what there is to say is reported.
    /// True if there was anything to do.
    pub(crate) async fn pull(&self, caller: &Caller) -> Result<bool> {
        let mut settlement = SettlementServiceClient::new(caller.clone());
        let mut page_token = String::new();
        let mut said = false;
        loop {
            let request = ListInstructionsRequest { page_size: 200, page_token };
            let page = settlement.list_instructions(request).await?.into_inner();
            let outcomes = self.execute(&page.instructions).await?;
            if !outcomes.is_empty() {
                said = true;
                // A duplicated answer may make more than the 500 that one call takes.
                for batch in outcomes.chunks(500) {
                    settlement.report_outcomes(ReportOutcomesRequest { outcomes: batch.to_vec() }).await?;
                }
            }
            if page.next_page_token.is_empty() {
                return Ok(said);
            }
            page_token = page.next_page_token;
        }
    }

    /// The bank as a part of a suite: it serves those that push, and pulls as this caller; with a desk it reads files too.
    pub(crate) fn pulling(&self, caller: Caller, desk: Option<Desk>) -> Arc<dyn Part> {
        Arc::new(Pulling { simulator: self.clone(), caller, desk })
    }

    /// Executes instructions, or answers for what was done when they came before.
    async fn execute(&self, instructions: &[Instruction]) -> Result<Vec<PayoutOutcome>> {
        if instructions.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.world.business.now();
        let orders = instructions.iter().map(|instruction| order(instruction, now)).collect::<Result<Vec<_>>>()?;
        let told = self.db.transact(&Execute { orders, faults: self.faults, now }).await?;
        Ok(told.into_iter().flat_map(|(order, answer)| outcomes(&order, answer)).collect())
    }
}

/// A core bank that takes instructions both ways.
struct Pulling {
    simulator: Simulator,
    caller: Caller,
    desk: Option<Desk>,
}

impl Part for Pulling {
    fn name(&self) -> &'static str {
        SCHEMA
    }

    fn add_to(&self, routes: &mut Routes) {
        routes
            .add_service(CoreBankingServiceServer::new(self.simulator.clone()))
            .add_service(CoreBankingRateServiceServer::new(self.simulator.clone()));
    }

    fn jobs(&self) -> Vec<Job> {
        let (simulator, caller) = (self.simulator.clone(), self.caller.clone());
        let pull = Job::new("core bank pull", PULL_PERIOD, move || {
            let (simulator, caller) = (simulator.clone(), caller.clone());
            async move {
                let said = simulator.pull(&caller).await.context("pulling instructions")?;
                let said = simulator.pull_rates(&caller).await.context("pulling what there is of rates")? || said;
                Ok(if said { Worked::More } else { Worked::Idle })
            }
        });
        std::iter::once(pull).chain(self.desk.clone().map(|desk| self.reading(desk))).collect()
    }

    fn drain(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Pulling {
    fn reading(&self, desk: Desk) -> Job {
        let (simulator, caller) = (self.simulator.clone(), self.caller.clone());
        Job::new("core bank files", FILE_PERIOD, move || {
            let (simulator, caller, desk) = (simulator.clone(), caller.clone(), desk.clone());
            async move {
                let busy = simulator.settle_files(&desk, &caller).await.context("settling files")?;
                Ok(if busy { Worked::More } else { Worked::Idle })
            }
        })
    }
}

#[tonic::async_trait]
impl CoreBankingService for Simulator {
    async fn check_payouts(
        &self,
        request: Request<CheckPayoutsRequest>,
    ) -> Result<Response<CheckPayoutsResponse>, Status> {
        let questions = request.into_inner().questions;
        let answers = questions.iter().map(|question| gate::answer(question, self.faults)).collect();
        Ok(Response::new(CheckPayoutsResponse { answers }))
    }

    async fn execute_instructions(
        &self,
        request: Request<ExecuteInstructionsRequest>,
    ) -> Result<Response<ExecuteInstructionsResponse>, Status> {
        let outcomes = self.execute(&request.into_inner().instructions).await;
        let outcomes = outcomes.map_err(|error| match error.downcast::<Fault>() {
            Ok(fault) => status::fault(fault),
            Err(error) => Status::invalid_argument(error.to_string()),
        })?;
        Ok(Response::new(ExecuteInstructionsResponse { outcomes }))
    }

    async fn resolve_payees(
        &self,
        request: Request<ResolvePayeesRequest>,
    ) -> Result<Response<ResolvePayeesResponse>, Status> {
        let asked = request.into_inner().questions;
        let payees = asked.iter().filter_map(|question| payees::resolve(question, self.faults)).collect();
        Ok(Response::new(ResolvePayeesResponse { payees }))
    }
}

/// Takes a list of orders, each decided by what the books know of it.
struct Execute {
    orders: Vec<Order>,
    faults: Faults,
    now: Timestamp,
}

impl Command for Execute {
    const NAME: &'static str = "simulator.execute";
    type Output = Vec<(Order, Answer)>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let mut told = Vec::with_capacity(self.orders.len());
        for order in &self.orders {
            let known = store::find(tx, &order.end_to_end_id).await?;
            let new = known.is_none();
            let (order, answer) = bank::asked(known.unwrap_or_else(|| order.clone()), self.faults, self.now);
            if new {
                store::insert(tx, &order).await?;
            } else {
                store::update(tx, &order).await?;
            }
            told.push((order, answer));
        }
        Ok(told)
    }
}

fn order(instruction: &Instruction, now: Timestamp) -> Result<Order> {
    let amount = wire::money_from(instruction.amount.as_ref(), "amount")
        .map_err(|violation| anyhow::anyhow!("{}: {}", violation.field, violation.description))?;
    Ok(Order {
        end_to_end_id: instruction.end_to_end_id.clone(),
        reward: instruction.reward.clone(),
        payee: instruction.payee.clone(),
        amount,
        asked: 0,
        standing: Standing::Received,
        stands_since: now,
    })
}

/// Runs a core bank against a suite elsewhere, until a signal stops it. Its books lie beside the suite's data or in a folder
/// of their own. With a folder of orders it settles by files; with an address it says there where beneficiaries are paid, to
/// services whose tokens `access` takes.
///
/// # Errors
/// Its books, its folders, or its port cannot be had.
pub(crate) async fn run(
    place: &Place,
    caller: Caller,
    faults: Faults,
    orders: Option<PathBuf>,
    listen: Option<(SocketAddr, AccessLayer)>,
) -> Result<()> {
    let stop = handsel_service::stop_on_signal()?;
    let db = Db::open(place.location(), SCHEMA).await?;
    let simulator = Simulator::open(db, World::real(), faults).await?;
    let desk = orders.map(|orders| Desk::open(orders, place.folder().join(ANSWERS))).transpose()?;
    let part = simulator.pulling(caller, desk);
    match listen {
        Some((listen, access)) => {
            let server = ServerConfig { listen, ..ServerConfig::default() };
            let frame = Frame::bind(&server, LimitsConfig::default()).await?;
            frame.serve(vec![part], access, stop).await?;
        }
        None => {
            let jobs = Jobs::start(part.jobs());
            stop.cancelled().await;
            jobs.stop().await;
        }
    }
    Ok(())
}

/// What the bank says, as outcomes.
fn outcomes(order: &Order, answer: Answer) -> Vec<PayoutOutcome> {
    let times = match answer {
        Answer::Silence => 0,
        Answer::Standing => 1,
        Answer::StandingTwice => 2,
    };
    let (status, reason_code, bank_reference) = match order.standing {
        Standing::Received => return Vec::new(),
        Standing::Accepted => (OutcomeStatus::Accepted, "", String::new()),
        Standing::Paid => (OutcomeStatus::Settled, "", format!("CB-{}", order.end_to_end_id)),
        Standing::Refused => (OutcomeStatus::Rejected, "AC04", String::new()),
    };
    let outcome = PayoutOutcome {
        end_to_end_id: order.end_to_end_id.clone(),
        status: status.into(),
        reason_code: reason_code.to_owned(),
        bank_reference,
        occur_time: Some(wire::to_timestamp(order.stands_since)),
    };
    vec![outcome; times]
}
