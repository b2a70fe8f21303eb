//! A bank's day in which as many writes of the contract as one suite can show are called once and succeed, each with what its record
//! tells.

use bytes::Bytes;
use handsel_access::Role;
use handsel_proto::google::r#type::{Date, Decimal, Money};
use handsel_proto::handsel::audit::v1 as audit;
use handsel_proto::handsel::corebank::v1::{Instruction, PayoutOutcome, payout_outcome};
use handsel_proto::handsel::referral::v1 as referral;
use handsel_proto::handsel::reward::v1 as reward;
use handsel_proto::handsel::tier::v1 as tier;
use handsel_tests::chain::Chain;
use handsel_tests::dice::Dice;
use handsel_tests::patience::Patience;
use handsel_tests::raw::call;
use handsel_tests::{Suite, system_seconds, token};
use prost::Message;
use prost_types::Timestamp;
use std::cell::RefCell;
use tonic::Response;
use tonic::transport::Channel;
use uuid::Uuid;

const PLAN: &str = "plans/friends";
const OTHER_PLAN: &str = "plans/other";
const PROGRAM: &str = "programs/friends";
const PRODUCT: &str = "rate-products/term";
const TIER_POLICY: &str = "tierPolicies/value";
const BRANCH: &str = "0101";

/// Somebody who calls: a role, and a person or a system.
type Who = (Role, Option<&'static str>);
const MAKER: Who = (Role::ProgramAdmin, Some("mila"));
const CHECKER: Who = (Role::ProgramAdmin, Some("ota"));
const TELLER: Who = (Role::BranchStaff, Some("anna"));
const BEA: Who = (Role::BranchManager, Some("bea"));
const PETRA: Who = (Role::FinanceApprover, Some("petra"));
const KAREL: Who = (Role::ComplianceOfficer, Some("karel"));
const OLGA: Who = (Role::ComplianceOfficer, Some("olga"));
const OPERATOR: Who = (Role::Operator, Some("ivan"));
const CORE_BANKING: Who = (Role::CoreBanking, None);
const SERVICE: Who = (Role::Service, None);

/// A write that succeeded, and its record: its type, and what it tells of.
pub(crate) struct Act {
    pub(crate) path: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) about: String,
}

/// The day, and what was done in it.
pub(crate) struct Acts<'a> {
    suite: &'a Suite,
    patience: &'a Patience,
    channel: Channel,
    seconds: i64,
    done: RefCell<Vec<Act>>,
}

impl<'a> Acts<'a> {
    /// The whole day.
    pub(crate) async fn done(suite: &'a Suite, patience: &'a Patience) -> Vec<Act> {
        let (channel, seconds) = (suite.channel().await, system_seconds()());
        let day = Self { suite, patience, channel, seconds, done: RefCell::default() };
        day.tiers().await;
        day.plans().await;
        day.rate_product().await;
        let referral = day.introduction().await;
        day.rewards(&referral).await;
        day.latch().await;
        day.log().await;
        day.done.into_inner()
    }

    /// Calls an rpc, which succeeds; again, where its answer was lost or it is too early. Its record tells of `about`.
    async fn act<A: Message + Default>(
        &self,
        path: &'static str,
        (role, person): Who,
        message: &impl Message,
        (kind, about): (&'static str, &str),
    ) -> A {
        let branch = if matches!(role, Role::BranchStaff | Role::BranchManager) { BRANCH } else { "*" };
        let token = token(&self.suite.issuer(), role, branch, person);
        let bytes = Bytes::from(message.encode_to_vec());
        let ask = async || call(&self.channel, path, Some(&token), bytes.clone()).await.map(Response::new);
        let answer = self.patience.answer(path, ask).await;
        self.done.borrow_mut().push(Act { path, kind, about: about.to_owned() });
        A::decode(answer).expect("the answer of the contract")
    }

    fn now(&self) -> Option<Timestamp> {
        Some(Timestamp { seconds: self.seconds, nanos: 0 })
    }

    async fn tiers(&self) {
        let scoring = tier::BandScoring {
            recency_days: vec![7, 30, 60, 120],
            frequency: vec![2, 5, 10, 15],
            monetary: [1_000, 10_000, 50_000, 150_000].map(crowns).to_vec(),
        };
        let policy = tier::TierPolicy {
            display_name: "Value over a year".to_owned(),
            window_days: 365,
            currency_code: "CZK".to_owned(),
            scoring: Some(tier::tier_policy::Scoring::Bands(scoring)),
            tiers: vec![tier::TierCondition {
                tier: "CORE".to_owned(),
                min_total: 12,
                core: true,
                ..Default::default()
            }],
            default_tier: "GENERAL".to_owned(),
            ..tier::TierPolicy::default()
        };
        let create = tier::CreateTierPolicyRequest {
            request_id: id(),
            tier_policy_id: "value".to_owned(),
            tier_policy: Some(policy),
        };
        let path = "/handsel.tier.v1.TierPolicyService/CreateTierPolicy";
        self.act::<()>(path, MAKER, &create, ("tier.policy.created", TIER_POLICY)).await;
        let activate = tier::ActivateTierPolicyRequest {
            request_id: id(),
            name: TIER_POLICY.to_owned(),
            ..tier::ActivateTierPolicyRequest::default()
        };
        let path = "/handsel.tier.v1.TierPolicyService/ActivateTierPolicy";
        self.act::<()>(path, CHECKER, &activate, ("tier.policy.activated", TIER_POLICY)).await;
        for (path, number) in [
            ("/handsel.tier.v1.ActivityService/BatchIngestActivities", 1),
            ("/handsel.tier.v1.ActivityService/IngestActivities", 2),
        ] {
            let activity = tier::Activity {
                activity_id: format!("activity-{number}"),
                customer: "customers/C-1".to_owned(),
                amount: Some(crowns(100)),
                occur_time: Some(Timestamp { seconds: self.seconds - 86_400, nanos: 0 }),
            };
            let ingest = tier::IngestActivitiesRequest { activities: vec![activity] };
            self.act::<()>(path, CORE_BANKING, &ingest, ("tier.activity.ingested", "")).await;
        }
        let evaluate = tier::EvaluateTiersRequest { tier_policy: TIER_POLICY.to_owned(), as_of_time: self.now() };
        let path = "/handsel.tier.v1.TierService/EvaluateTiers";
        self.act::<()>(path, OPERATOR, &evaluate, ("tier.evaluation.begun", TIER_POLICY)).await;
    }

    /// Two plans are put in force. One of them is changed, paused, suspended and ended.
    async fn plans(&self) {
        for name in [PLAN, OTHER_PLAN] {
            let plan_id = name.trim_start_matches("plans/").to_owned();
            let create = reward::CreatePlanRequest { request_id: id(), plan_id, plan: Some(plan()) };
            let path = "/handsel.reward.v1.PlanService/CreatePlan";
            self.act::<()>(path, MAKER, &create, ("plan.created", name)).await;
            let (name, etag) = (name.to_owned(), String::new());
            let submit = reward::SubmitPlanRequest { request_id: id(), name: name.clone(), etag: etag.clone() };
            let path = "/handsel.reward.v1.PlanService/SubmitPlan";
            self.act::<()>(path, MAKER, &submit, ("plan.submitted", &name)).await;
            let activate = reward::ActivatePlanRequest { request_id: id(), name: name.clone(), etag };
            let path = "/handsel.reward.v1.PlanService/ActivatePlan";
            self.act::<()>(path, CHECKER, &activate, ("plan.activated", &name)).await;
        }
        let (name, etag) = (OTHER_PLAN.to_owned(), String::new());
        let version = reward::CreatePlanVersionRequest { request_id: id(), name: name.clone(), plan: Some(plan()) };
        let path = "/handsel.reward.v1.PlanService/CreatePlanVersion";
        self.act::<()>(path, MAKER, &version, ("plan.version_created", OTHER_PLAN)).await;
        let pause = reward::PausePlanRequest { request_id: id(), name: name.clone(), etag: etag.clone() };
        let path = "/handsel.reward.v1.PlanService/PausePlan";
        self.act::<()>(path, MAKER, &pause, ("plan.paused", OTHER_PLAN)).await;
        let resume = reward::ResumePlanRequest { request_id: id(), name: name.clone(), etag: etag.clone() };
        let path = "/handsel.reward.v1.PlanService/ResumePlan";
        self.act::<()>(path, CHECKER, &resume, ("plan.resumed", OTHER_PLAN)).await;
        let reason = "REGULATOR_ORDER".to_owned();
        let suspend = reward::SuspendPlanVersionRequest { request_id: id(), name: name.clone(), version: 1, reason };
        let path = "/handsel.reward.v1.PlanService/SuspendPlanVersion";
        self.act::<()>(path, OLGA, &suspend, ("plan.suspension_asked", OTHER_PLAN)).await;
        let end = reward::EndPlanRequest { request_id: id(), name, etag };
        let path = "/handsel.reward.v1.PlanService/EndPlan";
        self.act::<()>(path, MAKER, &end, ("plan.ended", OTHER_PLAN)).await;
    }

    async fn rate_product(&self) {
        let date = Some(Date { year: 2026, month: 1, day: 1 });
        let terms =
            vec![reward::rate_product::TermRate { from_months: 3, rate: Some(Decimal { value: "0.02".to_owned() }) }];
        let product = reward::RateProduct {
            display_name: "Term deposit".to_owned(),
            currency_code: "CZK".to_owned(),
            time_zone: "Europe/Prague".to_owned(),
            rounding: reward::Rounding::HalfUp.into(),
            effective_date: date,
            kind: Some(reward::rate_product::Kind::Deposit(reward::rate_product::DepositTerms {
                day_count: reward::DayCount::Act365f.into(),
                accrual: reward::Accrual::Simple.into(),
            })),
            base_rates: vec![reward::rate_product::BaseRates { from_date: date, terms }],
            ..reward::RateProduct::default()
        };
        let create = reward::CreateRateProductRequest {
            request_id: id(),
            rate_product_id: "term".to_owned(),
            rate_product: Some(product),
        };
        let path = "/handsel.reward.v1.RateProductService/CreateRateProduct";
        self.act::<()>(path, MAKER, &create, ("rate_product.created", PRODUCT)).await;
        let (name, etag) = (PRODUCT.to_owned(), String::new());
        let submit = reward::SubmitRateProductRequest { request_id: id(), name: name.clone(), etag: etag.clone() };
        let path = "/handsel.reward.v1.RateProductService/SubmitRateProduct";
        self.act::<()>(path, MAKER, &submit, ("rate_product.submitted", PRODUCT)).await;
        let activate = reward::ActivateRateProductRequest { request_id: id(), name, etag };
        let path = "/handsel.reward.v1.RateProductService/ActivateRateProduct";
        self.act::<()>(path, CHECKER, &activate, ("rate_product.activated", PRODUCT)).await;
    }

    /// A program, a code, a referral that qualifies: the reward service grants what the message says. Returns the referral.
    async fn introduction(&self) -> String {
        let requirement = |kind: referral::FactKind| referral::Requirement {
            any_of: vec![referral::Condition { kind: kind.into(), minimum: None }],
        };
        let program = referral::Program {
            display_name: "Friends".to_owned(),
            plan: PLAN.to_owned(),
            start_time: Some(Timestamp { seconds: self.seconds - 86_400, nanos: 0 }),
            success: Some(referral::SuccessRule {
                requirements: vec![
                    requirement(referral::FactKind::AccountOpened),
                    requirement(referral::FactKind::FirstDeposit),
                ],
                within_days: 90,
                qualifying_amount: referral::FactKind::FirstDeposit.into(),
                ..referral::SuccessRule::default()
            }),
            ..referral::Program::default()
        };
        let create = referral::CreateProgramRequest {
            request_id: id(),
            program_id: "friends".to_owned(),
            program: Some(program),
        };
        let path = "/handsel.referral.v1.ProgramService/CreateProgram";
        self.act::<()>(path, MAKER, &create, ("program.created", PROGRAM)).await;
        let (name, etag) = (PROGRAM.to_owned(), String::new());
        let submit = referral::SubmitProgramRequest { request_id: id(), name: name.clone(), etag: etag.clone() };
        let path = "/handsel.referral.v1.ProgramService/SubmitProgram";
        self.act::<()>(path, MAKER, &submit, ("program.submitted", PROGRAM)).await;
        let activate = referral::ActivateProgramRequest { request_id: id(), name, etag };
        let path = "/handsel.referral.v1.ProgramService/ActivateProgram";
        self.act::<()>(path, CHECKER, &activate, ("program.activated", PROGRAM)).await;

        let code = referral::Code {
            program: PROGRAM.to_owned(),
            referrer: "customers/C-1".to_owned(),
            branch: BRANCH.to_owned(),
            ..referral::Code::default()
        };
        let create = referral::CreateCodeRequest { request_id: id(), code: Some(code) };
        let path = "/handsel.referral.v1.CodeService/CreateCode";
        let _code: referral::Code = self.act(path, TELLER, &create, ("code.issued", "")).await;
        self.referral().await
    }

    async fn referral(&self) -> String {
        let introduced = referral::Referral {
            program: PROGRAM.to_owned(),
            branch: BRANCH.to_owned(),
            channel: referral::Channel::BranchForm.into(),
            referrer: "customers/C-1".to_owned(),
            referee: Some(referral::Referee {
                display_name: "Jana".to_owned(),
                contact: Some(referral::referee::Contact::Email("jana@example.org".to_owned())),
            }),
            consent: Some(referral::Consent {
                text_version: "referee-contact/1".to_owned(),
                give_time: self.now(),
                means: referral::consent::Means::Signed.into(),
            }),
            ..referral::Referral::default()
        };
        let create = referral::CreateReferralRequest { request_id: id(), referral: Some(introduced) };
        let path = "/handsel.referral.v1.ReferralService/CreateReferral";
        let made: referral::Referral = self.act(path, TELLER, &create, ("referral.registered", "")).await;
        let registered = made.create_time.expect("it was made");
        for (path, kind, later) in [
            ("/handsel.referral.v1.FactService/BatchIngestFacts", referral::FactKind::AccountOpened, 1),
            ("/handsel.referral.v1.FactService/IngestFacts", referral::FactKind::FirstDeposit, 2),
        ] {
            let fact = referral::Fact {
                fact_id: format!("fact-{later}"),
                kind: kind.into(),
                customer: "customers/F-1".to_owned(),
                referral: made.name.clone(),
                amount: (later == 2).then(|| crowns(2_000)),
                occur_time: Some(Timestamp { seconds: registered.seconds + later, ..registered }),
            };
            let ingest = referral::IngestFactsRequest { facts: vec![fact] };
            self.act::<()>(path, CORE_BANKING, &ingest, ("fact.recorded", &made.name)).await;
        }
        // What the referral service tells the reward service by its relay.
        let (path, kind) = ("/handsel.reward.v1.RewardInboxService/Deliver", "reward.granted");
        self.done.borrow_mut().push(Act { path, kind, about: made.name.clone() });
        made.name
    }

    /// One is approved, paid after a refusal; one is rejected, one reversed, one held and let go.
    async fn rewards(&self, referral: &str) {
        let mut names = Vec::new();
        for _ in 0..4 {
            names.push(self.granted().await);
        }
        let [paid, rejected, reversed, held] = <[String; 4]>::try_from(names).expect("four");
        let (etag, reason) = (String::new(), "DUPLICATE_CUSTOMER".to_owned());
        let payee = reward::SetPayeeRequest {
            request_id: id(),
            name: paid.clone(),
            etag: etag.clone(),
            account_reference: "account-1".to_owned(),
        };
        self.act::<()>("/handsel.reward.v1.RewardService/SetPayee", BEA, &payee, ("reward.payee_set", &paid)).await;
        self.hold(&held).await;
        let reverse = reward::ReverseRewardRequest {
            request_id: id(),
            name: reversed.clone(),
            etag: etag.clone(),
            reason: "ACCOUNT_CLOSED".to_owned(),
            trigger_time: self.now(),
        };
        let path = "/handsel.reward.v1.RewardService/ReverseReward";
        self.act::<()>(path, KAREL, &reverse, ("reward.reversed", &reversed)).await;
        self.until_it_waits(&rejected).await;
        let reject =
            reward::RejectRewardRequest { request_id: id(), name: rejected.clone(), etag: etag.clone(), reason };
        let path = "/handsel.reward.v1.RewardService/RejectReward";
        self.act::<()>(path, PETRA, &reject, ("reward.rejected", &rejected)).await;
        self.until_it_waits(&paid).await;
        let approve = reward::ApproveRewardsRequest {
            request_id: id(),
            names: vec![paid.clone()],
            control_sum: Some(crowns(200)),
            control_count: 1,
        };
        let path = "/handsel.reward.v1.RewardService/ApproveRewards";
        self.act::<()>(path, PETRA, &approve, ("reward.approved", &paid)).await;

        let instruction = self.instruction(&paid).await;
        let outcome = PayoutOutcome {
            end_to_end_id: instruction.end_to_end_id,
            status: payout_outcome::Status::Rejected.into(),
            reason_code: "AC04".to_owned(),
            bank_reference: String::new(),
            occur_time: self.now(),
        };
        let report = reward::ReportOutcomesRequest { outcomes: vec![outcome] };
        let path = "/handsel.reward.v1.SettlementService/ReportOutcomes";
        self.act::<()>(path, CORE_BANKING, &report, ("payout.outcome", &paid)).await;
        let retry = reward::RetryPayoutRequest { request_id: id(), name: paid.clone(), etag };
        let path = "/handsel.reward.v1.RewardService/RetryPayout";
        self.act::<()>(path, PETRA, &retry, ("payout.retried", &paid)).await;
        let start = reward::StartRecomputationRequest { request_id: id() };
        let path = "/handsel.reward.v1.RecomputeService/StartRecomputation";
        self.act::<()>(path, OPERATOR, &start, ("recomputation.started", "")).await;
        assert!(!referral.is_empty(), "the relay's own grant is looked for in the log");
    }

    /// A referral of its own is granted to another customer each time.
    async fn granted(&self) -> String {
        let referral = format!("referrals/{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, id().as_bytes()));
        let qualification = reward::Qualification {
            referral: referral.clone(),
            plan: PLAN.to_owned(),
            plan_version: 1,
            branch: BRANCH.to_owned(),
            referrer: format!("customers/R{}", self.done.borrow().len()),
            referee: format!("customers/E{}", self.done.borrow().len()),
            qualify_time: self.now(),
            registrar: "anna".to_owned(),
            ..reward::Qualification::default()
        };
        let grant = reward::GrantRewardsRequest { qualification: Some(qualification) };
        let path = "/handsel.reward.v1.RewardService/GrantRewards";
        let granted: reward::GrantRewardsResponse =
            self.act(path, SERVICE, &grant, ("reward.granted", &referral)).await;
        granted.rewards.into_iter().next().expect("a reward").name
    }

    async fn hold(&self, target: &str) {
        let reason = "SUSPECTED_COLLUSION".to_owned();
        let place = reward::PlaceHoldRequest { request_id: id(), target: target.to_owned(), reason };
        let path = "/handsel.reward.v1.HoldService/PlaceHold";
        let hold: reward::Hold = self.act(path, KAREL, &place, ("hold.placed", target)).await;
        for (who, kind) in [(KAREL, "hold.release_proposed"), (OLGA, "hold.released")] {
            let release = reward::ReleaseHoldRequest { request_id: id(), name: hold.name.clone(), etag: String::new() };
            self.act::<()>("/handsel.reward.v1.HoldService/ReleaseHold", who, &release, (kind, &hold.name)).await;
        }
    }

    async fn until_it_waits(&self, name: &str) {
        let token = token(&self.suite.issuer(), Role::InternalAuditor, "*", None);
        let request = reward::GetRewardRequest { name: name.to_owned(), ..reward::GetRewardRequest::default() };
        let (path, bytes) = ("/handsel.reward.v1.RewardService/GetReward", Bytes::from(request.encode_to_vec()));
        let waits = async || {
            let answer =
                call(&self.channel, path, Some(&token), bytes.clone()).await.map_err(|status| status.to_string())?;
            let state = reward::Reward::decode(answer).expect("a reward").state();
            if state == reward::reward::State::PendingApproval { Ok(()) } else { Err(format!("{state:?}")) }
        };
        self.patience.until("it waits for approval", waits).await;
    }

    /// Core banking pulls until the order is there.
    async fn instruction(&self, reward: &str) -> Instruction {
        let request = reward::ListInstructionsRequest::default();
        let path = "/handsel.reward.v1.SettlementService/ListInstructions";
        loop {
            let listed: reward::ListInstructionsResponse =
                self.act(path, CORE_BANKING, &request, ("payout.sent", reward)).await;
            if let Some(first) = listed.instructions.into_iter().next() {
                return first;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    async fn latch(&self) {
        let latch = reward::LatchSettlementRequest { request_id: id(), reason: "RESTORED_FROM_BACKUP".to_owned() };
        let path = "/handsel.reward.v1.LatchService/LatchSettlement";
        self.act::<()>(path, OPERATOR, &latch, ("settlement.latched", "")).await;
        let reconciled = "the core bank's orders, one by one".to_owned();
        let propose = reward::ProposeReleaseRequest { request_id: id(), reconciled };
        let path = "/handsel.reward.v1.LatchService/ProposeRelease";
        let latched: reward::SettlementLatch =
            self.act(path, PETRA, &propose, ("settlement.release_proposed", "")).await;
        let proposal = latched.proposal.expect("it stands").id;
        let confirm = reward::ConfirmReleaseRequest { request_id: id(), proposal };
        let path = "/handsel.reward.v1.LatchService/ConfirmRelease";
        self.act::<()>(path, KAREL, &confirm, ("settlement.released", "")).await;
    }

    /// A source of its own hands in, and leaves something out: that is found, and acknowledged.
    async fn log(&self) {
        let (mut chain, mut dice) = (Chain::new("console/audit"), Dice::new(1));
        let path = "/handsel.audit.v1.AuditIngestService/Append";
        let run = chain.next(&mut dice, 1);
        let answer: audit::AppendResponse =
            self.act(path, SERVICE, &run, ("referral.registered", "console-audit-1")).await;
        assert_eq!(answer.receipts.len(), 1);
        chain.next(&mut dice, 1);
        let beyond = Bytes::from(chain.next(&mut dice, 1).encode_to_vec());
        let service = token(&self.suite.issuer(), Role::Service, "*", None);
        call(&self.channel, path, Some(&service), beyond).await.expect_err("something was left out");
        let acknowledge =
            audit::AcknowledgeFindingRequest { name: "findings/1".to_owned(), comment: "a test".to_owned() };
        let path = "/handsel.audit.v1.IntegrityService/AcknowledgeFinding";
        self.act::<()>(path, KAREL, &acknowledge, ("audit.acknowledged", "findings/1")).await;
    }
}

/// Another request each time.
fn id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128(0x4000_8000_0000_0000_0000 + u128::from(NEXT.fetch_add(1, Ordering::Relaxed))).to_string()
}

fn crowns(units: i64) -> Money {
    Money { currency_code: "CZK".to_owned(), units, nanos: 0 }
}

/// 200 crowns to who introduces; somebody looks at each.
fn plan() -> reward::Plan {
    let referrer = reward::RoleRule {
        role: reward::BeneficiaryRole::Referrer.into(),
        base: Some(reward::role_rule::Base::Fixed(reward::FixedRule { amount: Some(crowns(200)) })),
        ..reward::RoleRule::default()
    };
    reward::Plan {
        display_name: "Friends".to_owned(),
        currency_code: "CZK".to_owned(),
        time_zone: "Europe/Prague".to_owned(),
        role_rules: vec![referrer],
        budget: Some(crowns(1_000_000)),
        on_exceed: reward::OnExceed::Reduce.into(),
        approval_bands: vec![reward::ApprovalBand {
            from_amount: Some(crowns(100)),
            roles: vec![Role::FinanceApprover.into()],
            approvers: 1,
        }],
        ..reward::Plan::default()
    }
}
