//! The stage of the log's tests: a log behind a real server, producers that keep their chains, an officer who reads.

use handsel_audit::{
    Audit, AuditConfig,
    client::Follower,
    tlog::{SigningKey, VerifierKey},
};
use handsel_money::Timestamp;
use handsel_outbox::{
    Actor, Pseudonyms, Statement,
    statement::{Circumstances, GENESIS, complete, seal, statement_digest},
};
use handsel_proto::handsel::{
    audit::v1::{
        AppendReceipt, AppendRequest, Finding, SealedStatement, StreamRecordsRequest, StreamRecordsResponse,
        VerifyNowRequest, audit_ingest_service_client::AuditIngestServiceClient,
        audit_service_client::AuditServiceClient, integrity_service_client::IntegrityServiceClient,
    },
    relay::v1::Origin,
};
use handsel_service::{Job, Part as _};
use handsel_storage::{Command, Db, Fault, Tx};
use handsel_testkit::{Lab, Role, Server, run_jobs_until_idle};
use serde_json::{Value, json};
use std::time::Duration;
use tonic::{Request, Status, Streaming, transport::Channel};
use uuid::Uuid;

pub(crate) const ORIGIN: &str = "handsel.test/audit";

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[5; 32]).unwrap()
}

pub(crate) fn verifier() -> VerifierKey {
    key().verifier().clone()
}

pub(crate) fn config() -> AuditConfig {
    AuditConfig { checkpoint_interval: Duration::ZERO, ..AuditConfig::new(key()) }
}

pub(crate) fn pseudonyms() -> Pseudonyms {
    Pseudonyms::from_key(&[9; 32])
}

/// A log that runs.
pub(crate) struct Stage {
    pub(crate) lab: Lab,
    pub(crate) db: Db,
    pub(crate) audit: Audit,
    pub(crate) server: Server,
    jobs: Vec<Job>,
}

impl Stage {
    pub(crate) async fn set(lab: Lab) -> Self {
        Self::with(lab, config()).await
    }

    pub(crate) async fn with(lab: Lab, config: AuditConfig) -> Self {
        let db = lab.migrated(Audit::NAME, &Audit::migrations()).await;
        let audit = Audit::start(db.clone(), lab.world(), config, pseudonyms()).await.unwrap();
        let server = lab.serve(audit.clone()).await;
        let jobs = audit.jobs();
        Self { lab, db, audit, server, jobs }
    }

    /// Signs what is new.
    pub(crate) async fn sign(&self) {
        run_jobs_until_idle(&self.jobs).await;
    }

    /// Runs each job once, and says what fails.
    pub(crate) async fn try_sign(&self) -> anyhow::Result<()> {
        for job in &self.jobs {
            job.run_once().await?;
        }
        Ok(())
    }

    /// The findings, and what people decide about them.
    pub(crate) fn integrity(&self) -> IntegrityServiceClient<Channel> {
        IntegrityServiceClient::new(self.server.channel())
    }

    /// What a whole round finds, and how it ends.
    pub(crate) async fn verify(&self) -> (Vec<Finding>, Result<(), Status>) {
        let mut stream = self.integrity().verify_now(self.ask(VerifyNowRequest {})).await.unwrap().into_inner();
        let mut found = Vec::new();
        loop {
            match stream.message().await {
                Ok(Some(message)) => found.extend(message.findings),
                Ok(None) => return (found, Ok(())),
                Err(status) => return (found, Err(status)),
            }
        }
    }

    /// Hands statements in, as a service does.
    pub(crate) async fn append(
        &self,
        source: &str,
        epoch: i64,
        statements: Vec<SealedStatement>,
    ) -> Result<Vec<AppendReceipt>, Status> {
        let origin = Some(Origin { source: source.to_owned(), epoch });
        let token = self.lab.token(Role::Service, "*", None);
        let mut client = AuditIngestServiceClient::new(self.server.channel());
        let answer = client.append(self.lab.call(AppendRequest { origin, statements }, &token)).await?;
        Ok(answer.into_inner().receipts)
    }

    /// Hands in `count` statements of a producer, and signs.
    pub(crate) async fn fill(&self, producer: &mut Producer, count: usize) {
        let statements: Vec<_> = (0..count).map(|_| producer.next()).collect();
        for run in statements.chunks(256) {
            self.append(&producer.source, 1, run.to_vec()).await.unwrap();
        }
        self.sign().await;
    }

    pub(crate) fn officer(&self) -> AuditServiceClient<Channel> {
        AuditServiceClient::new(self.server.channel())
    }

    /// A request of the compliance officer's.
    pub(crate) fn ask<M>(&self, message: M) -> Request<M> {
        self.lab.call(message, &self.lab.token(Role::ComplianceOfficer, "*", "olga"))
    }

    /// Opens a stream from where a follower stands.
    pub(crate) async fn stream(
        &self,
        from: &Follower,
        follow: bool,
    ) -> Result<Streaming<StreamRecordsResponse>, Status> {
        let request =
            StreamRecordsRequest { cursor: Some(from.cursor()), follow, batch_size: 100, ..Default::default() };
        Ok(self.officer().stream_records(self.ask(request)).await?.into_inner())
    }

    /// Everything that is signed, proven.
    pub(crate) async fn read(&self) -> Vec<Value> {
        let mut follower = Follower::new(verifier(), None).unwrap();
        let stream = self.stream(&follower, false).await.unwrap();
        let mut statements = Vec::new();
        let keep = |batch: Vec<handsel_audit::client::VerifiedRecord>| {
            statements.extend(batch.into_iter().map(|record| record.statement));
        };
        handsel_audit::client::verify_stream(&mut follower, stream, keep).await.unwrap();
        statements
    }

    /// The types of all statements that are signed.
    pub(crate) async fn kinds(&self) -> Vec<String> {
        self.sign().await;
        self.read().await.iter().map(|statement| statement["type"].as_str().unwrap().to_owned()).collect()
    }

    /// Ends the server and opens the log again.
    pub(crate) async fn restarted(self) -> anyhow::Result<Self> {
        self.restarted_with(config()).await
    }

    /// The same, run in another way.
    pub(crate) async fn restarted_with(self, config: AuditConfig) -> anyhow::Result<Self> {
        let Self { lab, db, audit, server, jobs } = self;
        server.stop().await;
        drop((audit, jobs));
        let audit = Audit::start(db.clone(), lab.world(), config, pseudonyms()).await?;
        let (server, jobs) = (lab.serve(audit.clone()).await, audit.jobs());
        Ok(Self { lab, db, audit, server, jobs })
    }

    /// What somebody with the database's password might do.
    pub(crate) async fn tamper(&self, postgres: &[&'static str], sqlite: &[&'static str]) -> Result<(), Fault> {
        self.db.transact(&Tamper(self.db.pick(postgres, sqlite).to_vec())).await
    }
}

struct Tamper(Vec<&'static str>);

impl Command for Tamper {
    const NAME: &'static str = "test.tamper";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        for sql in &self.0 {
            tx.exec(sql, ()).await?;
        }
        Ok(())
    }
}

/// A source: what it hands in follows from what it handed in before.
#[derive(Clone)]
pub(crate) struct Producer {
    pub(crate) source: String,
    pub(crate) sequence: i64,
    pub(crate) prev: [u8; 32],
}

impl Producer {
    pub(crate) fn of(source: &str) -> Self {
        Self { source: source.to_owned(), sequence: 0, prev: GENESIS }
    }

    /// The next statement, with a body.
    pub(crate) fn next(&mut self) -> SealedStatement {
        self.sequence += 1;
        let made = self.made(self.sequence, "true");
        self.prev = statement_digest(&made.statement);
        made
    }

    /// A statement of any number that follows from the last one.
    pub(crate) fn made(&self, sequence: i64, story: &str) -> SealedStatement {
        let statement = Statement {
            kind: "referral.registered",
            time: Timestamp::from_micros(1_767_603_600_000_000 + sequence),
            actor: Actor {
                subject: "anna".to_owned(),
                person: None,
                roles: vec!["branch.staff".to_owned()],
                branch: "0101".to_owned(),
            },
            subjects: vec![format!("referrals/{sequence}"), "customers/42".to_owned()],
            action: "register",
            outcome: "success",
            reason: None,
            correlation: format!("referrals/{sequence}"),
            amount: None,
            policy: None,
            body: json!({ "story": story }),
        };
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{} {sequence} {story}", self.source).as_bytes());
        let around = Circumstances { id, source: self.source.clone(), traceparent: String::new(), salt: [4; 32] };
        let sealed = seal(statement, &around, &pseudonyms()).unwrap();
        let statement = complete(&sealed.content, 1, sequence, &self.prev).unwrap();
        SealedStatement { sequence, statement, body: sealed.body, body_salt: sealed.body_salt }
    }
}
