//! One bank for one test: the service behind its port, a reward service, and the people who call.

use crate::{log::FakeLog, reward::FakeReward};
use handsel_money::Timestamp;
use handsel_outbox::{Outbox, Pseudonyms};
use handsel_proto::{
    google::r#type::Money,
    handsel::referral::v1::{
        ActivateProgramRequest, Channel, Code, Condition, Consent, CreateCodeRequest, CreateProgramRequest,
        CreateReferralRequest, Fact, FactKind, FactOutcome, GetReferralRequest, IngestFactsRequest, Program, Referee,
        Referral, Requirement, SubmitProgramRequest, SuccessRule, code_service_client::CodeServiceClient,
        consent::Means, fact_service_client::FactServiceClient, program_service_client::ProgramServiceClient,
        referee::Contact, referral_service_client::ReferralServiceClient,
    },
};
use handsel_referral::{KeyMaterial, Peers, Referral as Service, ReferralConfig, RetentionPeriods};
use handsel_service::{Clock, Peer, World, wire::to_timestamp};
use handsel_storage::Db;
use handsel_testkit::{Lab, Role, Server};
use std::{net::SocketAddr, time::Duration};
use tonic::{Status, transport::Channel as Wire};

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// One bank.
pub(crate) struct Bank {
    pub(crate) lab: Lab,
    pub(crate) db: Db,
    pub(crate) keys_db: Db,
    pub(crate) service: Service,
    pub(crate) server: Server,
    pub(crate) reward: FakeReward,
    /// What it is told of holds; asked by nobody where the bank was opened without it.
    pub(crate) log: FakeLog,
    peers: Peers,
    periods: RetentionPeriods,
    /// The others' ports, for as long as the test runs.
    others: Vec<Server>,
}

impl Bank {
    pub(crate) async fn open(lab: Lab) -> Self {
        let reward = FakeReward::default();
        let reward_server = lab.serve(reward.clone()).await;
        let peer = lab.peer(reward_server.address());
        let (db, keys_db) = databases(&lab).await;
        let service = start(&lab, peer.clone()).await;
        let server = lab.serve(service.clone()).await;
        let (log, periods) = (FakeLog::default(), RetentionPeriods::default());
        let peers = Peers { reward: peer, audit: None };
        Self { lab, db, keys_db, service, server, reward, log, peers, periods, others: vec![reward_server] }
    }

    /// The same with a log that can be asked about holds.
    pub(crate) async fn with_log(lab: Lab, periods: RetentionPeriods) -> Self {
        let mut bank = Self::open(lab).await;
        let log_server = bank.lab.serve(bank.log.clone()).await;
        bank.peers.audit = Some(bank.lab.peer(log_server.address()));
        bank.others.push(log_server);
        bank.periods = periods;
        bank.restarted().await
    }

    /// The same beside a log at this address.
    pub(crate) async fn beside(mut self, log: SocketAddr) -> Self {
        self.peers.audit = Some(self.lab.peer(log));
        self.restarted().await
    }

    /// The service started anew over the same databases.
    pub(crate) async fn restarted(self) -> Self {
        let Self { lab, server, peers, periods, .. } = self;
        server.stop().await;
        let service = start_with(&lab, peers.clone(), periods).await;
        let server = lab.serve(service.clone()).await;
        Self { lab, service, server, peers, ..self }
    }

    pub(crate) fn programs(&self) -> ProgramServiceClient<Wire> {
        ProgramServiceClient::new(self.server.channel())
    }
    pub(crate) fn codes(&self) -> CodeServiceClient<Wire> {
        CodeServiceClient::new(self.server.channel())
    }
    pub(crate) fn referrals(&self) -> ReferralServiceClient<Wire> {
        ReferralServiceClient::new(self.server.channel())
    }
    pub(crate) fn facts(&self) -> FactServiceClient<Wire> {
        FactServiceClient::new(self.server.channel())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.lab.clock.now()
    }
    pub(crate) fn wire_now(&self) -> prost_types::Timestamp {
        to_timestamp(self.now())
    }
    pub(crate) fn request_id(&self) -> String {
        self.lab.world().ids.next().to_string()
    }
    pub(crate) fn admin(&self, person: &str) -> String {
        self.lab.token(Role::ProgramAdmin, "*", person)
    }
    pub(crate) fn teller(&self) -> String {
        self.lab.token(Role::BranchStaff, "0101", "anna")
    }
    pub(crate) fn core_banking(&self) -> String {
        self.lab.token(Role::CoreBanking, "*", None)
    }

    pub(crate) async fn create_program(&self, id: &str, program: Program, person: &str) -> Result<Program, Status> {
        let request =
            CreateProgramRequest { request_id: self.request_id(), program_id: id.into(), program: Some(program) };
        let answer = self.programs().create_program(self.lab.call(request, &self.admin(person))).await?;
        Ok(answer.into_inner())
    }
    pub(crate) async fn submit(&self, id: &str, etag: &str, person: &str) -> Result<Program, Status> {
        let (name, etag) = (format!("programs/{id}"), etag.to_owned());
        let request = SubmitProgramRequest { request_id: self.request_id(), name, etag };
        Ok(self.programs().submit_program(self.lab.call(request, &self.admin(person))).await?.into_inner())
    }
    pub(crate) async fn activate(&self, id: &str, etag: &str, person: &str) -> Result<Program, Status> {
        let (name, etag) = (format!("programs/{id}"), etag.to_owned());
        let request = ActivateProgramRequest { request_id: self.request_id(), name, etag };
        Ok(self.programs().activate_program(self.lab.call(request, &self.admin(person))).await?.into_inner())
    }

    /// A program in force.
    pub(crate) async fn run_program(&self, id: &str, change: impl FnOnce(&mut Program)) -> Program {
        let mut program = self.program();
        change(&mut program);
        self.create_program(id, program, "maker").await.unwrap();
        self.submit(id, "", "maker").await.unwrap();
        self.activate(id, "", "checker").await.unwrap()
    }

    /// An account, and a first deposit of 1,000 CZK, in 30 days; paid by the deposit.
    pub(crate) fn program(&self) -> Program {
        Program {
            display_name: "Friends".into(),
            plan: "plans/live".into(),
            start_time: Some(self.wire_now()),
            success: Some(SuccessRule {
                requirements: vec![
                    any_of(FactKind::AccountOpened, None),
                    any_of(FactKind::FirstDeposit, Some(czk(1_000))),
                ],
                within_days: 30,
                grace_days: 0,
                qualifying_amount: FactKind::FirstDeposit.into(),
                reversal_days: 10,
            }),
            ..Program::default()
        }
    }

    pub(crate) async fn code(&self, program: &str, change: impl FnOnce(&mut Code)) -> Result<Code, Status> {
        let mut code = Code {
            program: format!("programs/{program}"),
            referrer: "customers/100".into(),
            branch: "0101".into(),
            ..Code::default()
        };
        change(&mut code);
        let request = CreateCodeRequest { request_id: self.request_id(), code: Some(code) };
        Ok(self.codes().create_code(self.lab.call(request, &self.teller())).await?.into_inner())
    }

    /// An introduction by customer 100, by word of mouth.
    pub(crate) fn introduction(&self, program: &str, phone: &str) -> Referral {
        Referral {
            program: format!("programs/{program}"),
            branch: "0101".into(),
            channel: Channel::WordOfMouth.into(),
            referrer: "customers/100".into(),
            referee: Some(Referee { display_name: "Jan Novák".into(), contact: Some(Contact::Phone(phone.into())) }),
            consent: Some(Consent {
                text_version: "referee-contact/2".into(),
                give_time: Some(self.wire_now()),
                means: Means::Signed.into(),
            }),
            ..Referral::default()
        }
    }

    pub(crate) async fn register(&self, referral: Referral) -> Result<Referral, Status> {
        let request = CreateReferralRequest { request_id: self.request_id(), referral: Some(referral) };
        Ok(self.referrals().create_referral(self.lab.call(request, &self.teller())).await?.into_inner())
    }
    pub(crate) async fn referral(&self, name: &str) -> Referral {
        let request = GetReferralRequest { name: name.into() };
        self.referrals().get_referral(self.lab.call(request, &self.teller())).await.unwrap().into_inner()
    }

    pub(crate) async fn ingest(&self, facts: Vec<Fact>) -> Vec<FactOutcome> {
        let request = self.lab.call(IngestFactsRequest { facts }, &self.core_banking());
        self.facts().batch_ingest_facts(request).await.unwrap().into_inner().outcomes
    }

    /// A fact about customer 200, so long from now back.
    pub(crate) fn fact(&self, id: &str, kind: FactKind, amount: Option<Money>, back: Duration) -> Fact {
        Fact {
            fact_id: id.into(),
            kind: kind.into(),
            customer: "customers/200".into(),
            amount,
            occur_time: Some(to_timestamp(self.now().checked_sub(back).unwrap())),
            ..Fact::default()
        }
    }

    /// The kinds of the statements owed so far, in order.
    pub(crate) async fn statements(&self) -> Vec<String> {
        let sql = "SELECT content FROM outbox WHERE destination = 'audit' ORDER BY ordinal";
        let rows: Vec<(Vec<u8>,)> = self.db.all(sql, ()).await.unwrap();
        let kind = |content: &[u8]| {
            let statement: serde_json::Value = serde_json::from_slice(content).unwrap();
            statement["type"].as_str().unwrap().to_owned()
        };
        rows.iter().map(|(content,)| kind(content)).collect()
    }
}

/// The two databases, migrated.
pub(crate) async fn databases(lab: &Lab) -> (Db, Db) {
    let db = lab.migrated(Service::NAME, &Service::migrations()).await;
    let keys_db = lab.migrated(Service::KEYS_NAME, &Service::key_migrations()).await;
    (db, keys_db)
}

/// The service, calling this reward service.
pub(crate) async fn start(lab: &Lab, reward: Peer) -> Service {
    start_with(lab, Peers { reward, audit: None }, RetentionPeriods::default()).await
}

async fn start_with(lab: &Lab, peers: Peers, retention: RetentionPeriods) -> Service {
    let (db, keys_db) = databases(lab).await;
    let world: World = lab.world();
    let outbox = Outbox::new(Service::NAME, world.clone(), Pseudonyms::from_key(&[1; 32]));
    let config = ReferralConfig {
        plan_patience: Duration::from_millis(500),
        retention,
        ..ReferralConfig::with_keys(KeyMaterial::from_keys([2; 32], &[3; 32], &[4; 32], &[5; 32]))
    };
    Service::start(db, keys_db, world, outbox, config, peers).await.unwrap()
}

pub(crate) fn any_of(kind: FactKind, minimum: Option<Money>) -> Requirement {
    Requirement { any_of: vec![Condition { kind: kind.into(), minimum }] }
}

pub(crate) fn czk(units: i64) -> Money {
    Money { currency_code: "CZK".into(), units, nanos: 0 }
}
