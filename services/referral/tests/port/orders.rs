//! Prune, erasure and hold in every order, with the hold in force or released before the rest: through the ports of this service and of a
//! real log beside it. Every proof of before holds, nothing held is gone, nothing erased is readable, and the log says who did what.

use crate::{
    bank::Bank,
    erasure::{confirm, get, propose, run},
    reveal::{open, reveal},
};
use handsel_audit::{
    Audit, AuditConfig,
    client::{Absent, Follower, SavedCursor, VerifiedRecord, verify_stream},
    tlog::SigningKey,
};
use handsel_outbox::Pseudonyms;
use handsel_proto::handsel::{
    audit::v1::{
        ConfirmPruneRequest, Hold, PlaceHoldRequest, ProposePruneRequest, ReleaseHoldRequest, StreamRecordsRequest,
        VerifyNowRequest,
        audit_service_client::AuditServiceClient,
        hold::{Scope, scope::What},
        hold_service_client::HoldServiceClient,
        integrity_service_client::IntegrityServiceClient,
        prune_service_client::PruneServiceClient,
    },
    referral::v1::{SealedField, erasure::Stage, open_personal_data_response::Outcome},
};
use handsel_service::{Clock as _, Job, Part as _, wire::to_timestamp};
use handsel_testkit::{Lab, Role, Server, on_both_engines, reason, run_jobs_until_idle};
use serde_json::Value;
use std::time::Duration;
use tonic::Request;

const PHONE: &str = "+420601123456";
const YEAR: Duration = Duration::from_secs(366 * 86_400);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Do {
    Prune,
    Erase,
    Hold,
}
use Do::{Erase, Hold as PutHold, Prune};

/// Every order of the three.
const ORDERS: [[Do; 3]; 6] = [
    [Prune, Erase, PutHold],
    [Prune, PutHold, Erase],
    [Erase, Prune, PutHold],
    [Erase, PutHold, Prune],
    [PutHold, Prune, Erase],
    [PutHold, Erase, Prune],
];

/// What becomes of the hold before the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    InForce,
    Released,
}

fn config() -> AuditConfig {
    let key = SigningKey::from_seed("handsel.test/audit", &[5; 32]).unwrap();
    AuditConfig { checkpoint_interval: Duration::ZERO, ..AuditConfig::new(key) }
}

/// A log behind its port.
struct Log {
    jobs: Vec<Job>,
    server: Server,
}

/// Somebody who was introduced ten years ago, as his record had him.
struct Story {
    bank: Bank,
    log: Log,
    referral: String,
    record: i64,
    fields: Vec<SealedField>,
    /// Where a reader stood then.
    read: SavedCursor,
}

impl Log {
    async fn start(lab: &Lab) -> Self {
        let db = lab.migrated(Audit::NAME, &Audit::migrations()).await;
        let audit = Audit::start(db, lab.world(), config(), Pseudonyms::from_key(&[1; 32])).await.unwrap();
        let (jobs, server) = (audit.jobs(), lab.serve(audit).await);
        Self { jobs, server }
    }
}

impl Story {
    async fn begun(lab: Lab) -> Self {
        let log = Log::start(&lab).await;
        let bank = Bank::open(lab).await.beside(log.server.address()).await;
        bank.run_program("friends", |_| {}).await;
        let referral = bank.register(bank.introduction("friends", PHONE)).await.unwrap().name;
        let (record, fields) = (0, Vec::new());
        run_jobs_until_idle(&bank.service.jobs()).await;
        run_jobs_until_idle(&log.jobs).await;
        bank.lab.system.advance(10 * YEAR + Duration::from_secs(1)).unwrap();
        log.server.stop().await;
        let log = Log::start(&bank.lab).await;
        let bank = bank.beside(log.server.address()).await;
        let follower = Follower::new(config().key.verifier().clone(), None).unwrap();
        let mut story = Self { bank, log, referral, record, fields, read: follower.saved().clone() };
        let (follower, records) = story.read_on(story.read.clone()).await;
        let of_him = |one: &&VerifiedRecord| one.statement["type"] == "referral.registered";
        let registered = records.iter().find(of_him).unwrap();
        let body: Value = serde_json::from_slice(&registered.body).unwrap();
        (story.record, story.fields) = (registered.index, crate::reveal::sealed(&body));
        story.read = follower.saved().clone();
        story
    }

    fn ask<M>(&self, message: M, person: &str) -> Request<M> {
        self.bank.lab.call(message, &self.bank.lab.token(Role::ComplianceOfficer, "*", person))
    }

    /// What is owed to the log, and what the log itself does.
    async fn settle(&self) {
        let to_log = |job: &Job| job.name == "relay referral/audit";
        let relays: Vec<Job> = self.bank.service.jobs().into_iter().filter(to_log).collect();
        assert_eq!(relays.len(), 1);
        run_jobs_until_idle(&relays).await;
        run_jobs_until_idle(&self.log.jobs).await;
    }

    /// Reads on, and proves it.
    async fn read_on(&self, from: SavedCursor) -> (Follower, Vec<VerifiedRecord>) {
        let mut follower = Follower::new(config().key.verifier().clone(), Some(from)).unwrap();
        let request = StreamRecordsRequest { cursor: Some(follower.cursor()), ..StreamRecordsRequest::default() };
        let mut client = AuditServiceClient::new(self.log.server.channel());
        let stream = client.stream_records(self.ask(request, "olga")).await.unwrap().into_inner();
        let mut records = Vec::new();
        verify_stream(&mut follower, stream, |batch| records.extend(batch)).await.unwrap();
        (follower, records)
    }

    async fn hold(&self) -> Hold {
        let request = PlaceHoldRequest {
            request_id: self.bank.request_id(),
            scope: Some(Scope { what: Some(What::Subject(self.referral.clone())) }),
            reason: "COURT_ORDER".into(),
            ..PlaceHoldRequest::default()
        };
        let mut client = HoldServiceClient::new(self.log.server.channel());
        client.place_hold(self.ask(request, "olga")).await.unwrap().into_inner()
    }

    async fn let_go(&self, hold: &Hold) {
        for person in ["olga", "petr"] {
            let (request_id, name) = (self.bank.request_id(), hold.name.clone());
            let request = ReleaseHoldRequest { request_id, name, ..ReleaseHoldRequest::default() };
            HoldServiceClient::new(self.log.server.channel()).release_hold(self.ask(request, person)).await.unwrap();
        }
    }

    async fn prune(&self, id: &str) {
        let before = self.bank.lab.system.now().checked_sub(10 * YEAR).unwrap();
        let types = vec!["referral.".to_owned()];
        let request = ProposePruneRequest { prune_id: id.into(), types, before_time: Some(to_timestamp(before)) };
        let mut client = PruneServiceClient::new(self.log.server.channel());
        client.propose_prune(self.ask(request, "olga")).await.unwrap();
        let request = ConfirmPruneRequest { name: format!("prunes/{id}") };
        client.confirm_prune(self.ask(request, "petr")).await.unwrap();
    }

    /// Two people; how far it came, or why not.
    async fn erase(&self) -> Result<Stage, String> {
        let proposed = propose(&self.bank, &self.referral, &[], "olga").await.map_err(|status| reason(&status))?;
        confirm(&self.bank, &proposed.name, "petr").await.map_err(|status| reason(&status))?;
        run(&self.bank, "referral erasures").await.unwrap();
        Ok(get(&self.bank, &proposed.name).await.stage())
    }

    /// Everything that must be true after each step.
    async fn stands(&self, pruned: bool, erased: bool, why: &str) {
        self.settle().await;
        let mut round = IntegrityServiceClient::new(self.log.server.channel())
            .verify_now(self.ask(VerifyNowRequest {}, "olga"))
            .await
            .unwrap()
            .into_inner();
        while let Some(message) = round.message().await.unwrap() {
            assert_eq!(message.findings, [], "{why}");
        }
        // Whoever stood there ten years ago goes on; whoever begins anew is shown the same.
        self.read_on(self.read.clone()).await;
        let from = Follower::new(config().key.verifier().clone(), None).unwrap().saved().clone();
        let (follower, records) = self.read_on(from).await;
        assert_eq!(follower.unproven().count(), 0, "{why}: what is gone went by a record");
        let record = &records[usize::try_from(self.record).unwrap()];
        assert_eq!(matches!(record.absent, Some(Absent::PrunedBy(_))), pruned, "{why}");
        assert_eq!(record.body.is_empty(), pruned, "{why}: nothing held is gone");
        let shown = reveal(&self.bank, &self.referral, &self.bank.teller()).await;
        assert_eq!(shown.is_err_and(|status| reason(&status) == "ERASED"), erased, "{why}");
        // Whoever has kept the body from before.
        for opening in open(&self.bank, self.fields.clone()).await {
            let expected = if erased { Outcome::Erased } else { Outcome::Open };
            assert_eq!(
                (opening.outcome(), opening.plain.is_empty()),
                (expected, erased),
                "{why}: nothing erased is readable"
            );
        }
    }
}

/// Boxed: two services and all that is between them.
async fn in_order(lab: Lab, order: [Do; 3], then: Then) {
    Box::pin(played(lab, order, then)).await;
}

async fn played(lab: Lab, order: [Do; 3], then: Then) {
    let story = Box::pin(Story::begun(lab)).await;
    let (mut pruned, mut erased, mut held) = (false, false, None);
    story.stands(false, false, "at the beginning").await;
    for act in order {
        match act {
            PutHold => {
                let hold = story.hold().await;
                match then {
                    Then::Released => story.let_go(&hold).await,
                    Then::InForce => held = Some(hold),
                }
            }
            Prune => {
                story.prune("old").await;
                pruned = held.is_none();
            }
            Erase => {
                let expected = if held.is_some() { Err("HELD".to_owned()) } else { Ok(Stage::Erased) };
                assert_eq!(story.erase().await, expected, "{order:?} {then:?}");
                erased = held.is_none();
            }
        }
        story.stands(pruned, erased, &format!("{order:?} {then:?} {act:?}")).await;
    }
    if let Some(hold) = &held {
        story.let_go(hold).await;
        story.prune("rest").await;
        if !erased {
            assert_eq!(story.erase().await, Ok(Stage::Erased), "{order:?}");
        }
        story.stands(true, true, &format!("{order:?}, the hold released")).await;
    }
    said(&story, order).await;
}

/// The log says who did it: two people each.
async fn said(story: &Story, order: [Do; 3]) {
    let (_, records) = story.read_on(story.read.clone()).await;
    let people = Pseudonyms::from_key(&[1; 32]);
    let (olga, petr) = (people.staff("olga"), people.staff("petr"));
    for (kind, who) in [
        ("hold.placed", &olga),
        ("hold.release_proposed", &olga),
        ("hold.released", &petr),
        ("bodies.prune_proposed", &olga),
        ("bodies.prune_confirmed", &petr),
        ("subject.erasure_proposed", &olga),
        ("subject.erasure_decided", &petr),
    ] {
        let by = |one: &VerifiedRecord| one.statement["type"] == kind && one.statement["actor"]["staff"] == **who;
        assert!(records.iter().any(by), "{order:?}: {kind}");
    }
    for kind in ["bodies.pruned", "erasure.cleared", "subject.erased"] {
        assert!(records.iter().any(|one| one.statement["type"] == kind), "{order:?}: {kind}");
    }
}

on_both_engines! {
    async fn prune_erase_hold(lab: Lab) {
        in_order(lab, ORDERS[0], Then::InForce).await;
    }

    async fn prune_hold_erase(lab: Lab) {
        in_order(lab, ORDERS[1], Then::InForce).await;
    }

    async fn erase_prune_hold(lab: Lab) {
        in_order(lab, ORDERS[2], Then::InForce).await;
    }

    async fn erase_hold_prune(lab: Lab) {
        in_order(lab, ORDERS[3], Then::InForce).await;
    }

    async fn hold_prune_erase(lab: Lab) {
        in_order(lab, ORDERS[4], Then::InForce).await;
    }

    async fn hold_erase_prune(lab: Lab) {
        in_order(lab, ORDERS[5], Then::InForce).await;
    }

    // A hold that comes last is in nobody's way, released or not: the last four orders matter.
    async fn prune_released_hold_erase(lab: Lab) {
        in_order(lab, ORDERS[1], Then::Released).await;
    }

    async fn erase_released_hold_prune(lab: Lab) {
        in_order(lab, ORDERS[3], Then::Released).await;
    }

    async fn released_hold_prune_erase(lab: Lab) {
        in_order(lab, ORDERS[4], Then::Released).await;
    }

    async fn released_hold_erase_prune(lab: Lab) {
        in_order(lab, ORDERS[5], Then::Released).await;
    }
}
