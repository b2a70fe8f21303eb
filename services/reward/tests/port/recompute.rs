//! Stored rewards computed again: one, and all of them, with what a hand in the database did to one.

use crate::{
    bank::{Bank, introduction_plan, money, request_id},
    rate_desk::{contract, date, half_a_percent, term_deposit},
};
use handsel_proto::handsel::reward::v1::{
    self as wire, recompute_reward_response::Comparison, recompute_service_client::RecomputeServiceClient,
};
use handsel_storage::{Command, Fault, Tx};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use tonic::{Status, transport::Channel};
use uuid::Uuid;

/// A hand in the database: other bytes as the trace of a reward, past the trigger that would not have it.
struct Overwritten(Uuid, Vec<u8>);

impl Command for Overwritten {
    const NAME: &'static str = "test.by_hand";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        let off =
            tx.pick("ALTER TABLE reward DISABLE TRIGGER reward_facts_stay", "DROP TRIGGER IF EXISTS reward_facts_stay");
        tx.exec(off, ()).await?;
        tx.exec("UPDATE reward SET trace = $2 WHERE id = $1", (self.0, self.1.clone())).await.map(|_| ())
    }
}

/// A hand in the database: another version in the trace of a rate's offer, and another benefit of a rate that a contract has.
struct RatesOverwritten {
    offered: Uuid,
    trace: Vec<u8>,
    active: Uuid,
}

impl Command for RatesOverwritten {
    const NAME: &'static str = "test.rates_by_hand";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        let off =
            tx.pick("ALTER TABLE rate_trace DISABLE TRIGGER USER", "DROP TRIGGER IF EXISTS rate_trace_is_kept_changed");
        tx.exec(off, ()).await?;
        let trace = "UPDATE rate_trace SET trace = $2 WHERE grant_id = $1 AND event = 'OFFER'";
        tx.exec_one(trace, (self.offered, self.trace.clone())).await?;
        tx.exec_one("UPDATE rate_grant SET benefit_minor = benefit_minor + 1 WHERE id = $1", (self.active,)).await
    }
}

impl Bank {
    async fn rate_recomputed(&self, name: &str) -> Result<wire::RecomputeRateGrantResponse, Status> {
        let token = self.lab.token(Role::InternalAuditor, "*", None);
        let request = wire::RecomputeRateGrantRequest { name: name.to_owned() };
        self.recompute().recompute_rate_grant(self.lab.call(request, &token)).await.map(tonic::Response::into_inner)
    }

    fn recompute(&self) -> RecomputeServiceClient<Channel> {
        RecomputeServiceClient::new(self.channel())
    }

    pub(crate) async fn recomputed(&self, name: &str) -> Result<wire::RecomputeRewardResponse, Status> {
        let token = self.lab.token(Role::InternalAuditor, "*", None);
        let request = wire::RecomputeRewardRequest { name: name.to_owned() };
        self.recompute().recompute_reward(self.lab.call(request, &token)).await.map(tonic::Response::into_inner)
    }

    async fn recompute_all(&self, request: u32) -> wire::Recomputation {
        let token = self.lab.token(Role::ComplianceOfficer, "*", "ida");
        let request = wire::StartRecomputationRequest { request_id: request_id(request) };
        self.recompute().start_recomputation(self.lab.call(request, &token)).await.unwrap().into_inner()
    }

    async fn recomputation(&self, name: &str) -> wire::Recomputation {
        let token = self.lab.token(Role::Operator, "*", None);
        let request = wire::GetRecomputationRequest { name: name.to_owned() };
        self.recompute().get_recomputation(self.lab.call(request, &token)).await.unwrap().into_inner()
    }

    async fn trace_of(&self, name: &str) -> (Uuid, String) {
        let id: Uuid = name.trim_start_matches("rewards/").parse().unwrap();
        let (trace,): (Vec<u8>,) = self.db.one("SELECT trace FROM reward WHERE id = $1", (id,)).await.unwrap();
        (id, String::from_utf8(trace).unwrap())
    }
}

on_both_engines! {
    async fn a_stored_reward_comes_out_as_it_is_stored(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        for reward in bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap() {
            let again = bank.recomputed(&reward.name).await.unwrap();
            let different: Vec<&Comparison> = again.comparisons.iter().filter(|one| !one.equal).collect();
            assert!(again.equal && different.is_empty() && again.failure.is_empty(), "{different:?}");
            assert_eq!(again.calculation_version, 1);
            let steps: Vec<&str> = again.comparisons.iter().map(|one| one.step.as_str()).collect();
            assert!(["due_on", "base", "tax", "cost_amount"].iter().all(|step| steps.contains(step)), "{steps:?}");
        }
        let missing = bank.recomputed("rewards/00000000-0000-7000-8000-000000000000").await.unwrap_err();
        assert_eq!(reason(&missing), "NOT_FOUND");
    }

    async fn all_are_computed_again_and_what_differs_is_found(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let mut names = Vec::new();
        for number in 1..=3 {
            names.extend(bank.grant(bank.qualification(number, "2000.00 CNY")).await.unwrap().into_iter().map(|one| one.name));
        }
        let first = bank.recompute_all(21).await;
        assert_eq!((first.recomputed, first.done), (0, false));
        assert_eq!(bank.recompute_all(22).await.name, first.name, "one at a time");
        bank.run_jobs().await;
        let done = bank.recomputation(&first.name).await;
        assert_eq!((done.recomputed, done.different, done.done), (6, 0, true));

        // Another rate in the trace; a version that never was; bytes that are no trace.
        let (id, trace) = bank.trace_of(&names[0]).await;
        let other = trace.replace("0.01", "0.03");
        assert_ne!(trace, other);
        bank.db.transact(&Overwritten(id, other.into_bytes())).await.unwrap();
        let again = bank.recomputed(&names[0]).await.unwrap();
        assert!(!again.equal && again.failure.is_empty());
        assert!(again.comparisons.iter().any(|one| !one.equal && one.step == "gross"), "{:?}", again.comparisons);
        let (id, trace) = bank.trace_of(&names[1]).await;
        let version = trace.replace("\"calculation_version\":1", "\"calculation_version\":99");
        bank.db.transact(&Overwritten(id, version.into_bytes())).await.unwrap();
        assert_eq!(bank.recomputed(&names[1]).await.unwrap().failure, "calculation version 99 is not known");
        let (id, _) = bank.trace_of(&names[2]).await;
        bank.db.transact(&Overwritten(id, b"gone".to_vec())).await.unwrap();
        let run = bank.recompute_all(23).await;
        assert_ne!(run.name, first.name);
        bank.run_jobs().await;
        let done = bank.recomputation(&run.name).await;
        assert_eq!((done.recomputed, done.different, done.done), (6, 3, true));

        let token = bank.lab.token(Role::InternalAuditor, "*", None);
        let list = async |parent: &str| {
            let request = wire::ListRecomputeFindingsRequest { parent: parent.to_owned(), ..Default::default() };
            bank.recompute().list_recompute_findings(bank.lab.call(request, &token)).await
        };
        let findings = list(&run.name).await.unwrap().into_inner().findings;
        let found: Vec<(&str, &str)> =
            findings.iter().map(|one| (one.reward.as_str(), one.detail.as_str())).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        let of = |name: &str| found.iter().find(|(reward, _)| *reward == name).unwrap().1;
        assert!(of(&names[0]).contains("is stored"), "{found:?}");
        assert!(of(&names[1]).contains("version 99"), "{found:?}");
        assert!(of(&names[2]).starts_with("its trace cannot be read"), "{found:?}");
        assert!(list(&first.name).await.unwrap().into_inner().findings.is_empty());
        let nowhere = list("recomputations/00000000-0000-7000-8000-000000000000").await.unwrap_err();
        assert_eq!(reason(&nowhere), "NOT_FOUND");
    }

    async fn valuations_of_rates_are_computed_again_after_the_rewards(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.product_in_force("term", term_deposit()).await;
        let rate = wire::RoleRule {
            role: wire::BeneficiaryRole::Referrer.into(),
            base: Some(wire::role_rule::Base::Rate(half_a_percent())),
            ..wire::RoleRule::default()
        };
        let referee = introduction_plan().role_rules[1].clone();
        let plan = wire::Plan { role_rules: vec![rate, referee], budget: money("1000.00 CNY"), ..introduction_plan() };
        bank.put_in_force("spring", plan).await;
        for number in 1..=2 {
            bank.grant(bank.qualification(number, "1.00 CNY")).await.unwrap();
        }
        let names: Vec<String> = bank.rate_grants().await.into_iter().map(|grant| grant.name).collect();
        bank.take_rate(&names[1], contract("D-1", "20000.00 CNY", date(2026, 1, 5))).await.unwrap();
        let sound = bank.rate_recomputed(&names[1]).await.unwrap();
        let valued: Vec<(&str, i32)> =
            sound.valuations.iter().map(|one| (one.valuation.as_str(), one.calculation_version)).collect();
        assert_eq!((sound.equal, valued), (true, vec![("ACTIVATION", 1), ("OFFER", 1)]), "{sound:?}");
        let first = bank.recompute_all(21).await;
        bank.run_jobs().await;
        let done = bank.recomputation(&first.name).await;
        assert_eq!((done.recomputed, done.different, done.done), (2 + 3, 0, true), "two rewards, three valuations");

        let id = |name: &str| -> Uuid { name.trim_start_matches("rate-grants/").parse().unwrap() };
        let (offered, active) = (id(&names[0]), id(&names[1]));
        let (trace,): (Vec<u8>,) =
            bank.db.one("SELECT trace FROM rate_trace WHERE grant_id = $1", (offered,)).await.unwrap();
        let trace = String::from_utf8(trace).unwrap();
        let other = trace.replace("\"calculation_version\":1", "\"calculation_version\":99");
        assert_ne!(trace, other);
        let by_hand = RatesOverwritten { offered, trace: other.into_bytes(), active };
        bank.db.transact(&by_hand).await.unwrap();
        let again = bank.rate_recomputed(&names[0]).await.unwrap();
        assert_eq!((again.equal, again.valuations[0].failure.as_str()), (false, "calculation version 99 is not known"));
        let again = bank.rate_recomputed(&names[1]).await.unwrap();
        assert!(again.valuations[0].failure.starts_with("the grant holds "), "{again:?}");
        assert_eq!(again.valuations[1].failure, "", "its offer is as it was");

        let run = bank.recompute_all(22).await;
        bank.run_jobs().await;
        let done = bank.recomputation(&run.name).await;
        assert_eq!((done.recomputed, done.different, done.done), (5, 2, true));
        let token = bank.lab.token(Role::InternalAuditor, "*", None);
        let request = wire::ListRecomputeFindingsRequest { parent: run.name, page_size: 1, ..Default::default() };
        let page = bank.recompute().list_recompute_findings(bank.lab.call(request.clone(), &token)).await;
        let page = page.unwrap().into_inner();
        let next = wire::ListRecomputeFindingsRequest { page_token: page.next_page_token, ..request };
        let rest = bank.recompute().list_recompute_findings(bank.lab.call(next, &token)).await.unwrap().into_inner();
        let found: Vec<(String, String)> =
            page.findings.into_iter().chain(rest.findings).map(|one| (one.rate_grant, one.valuation)).collect();
        assert_eq!(found, [(names[0].clone(), "OFFER".into()), (names[1].clone(), "ACTIVATION".into())]);
        let kinds: Vec<(Vec<u8>,)> =
            bank.db.all("SELECT content FROM outbox WHERE destination = 'audit'", ()).await.unwrap();
        let failed = |content: &[u8]| String::from_utf8_lossy(content).contains("rate.recompute_failed");
        assert_eq!(kinds.iter().filter(|(content,)| failed(content)).count(), 2, "each is on record");
        let missing = bank.rate_recomputed("rate-grants/00000000-0000-7000-8000-000000000000").await.unwrap_err();
        assert_eq!(reason(&missing), "NOT_FOUND");
    }
}
