//! What the bank has decided, each made by one person and put in force by another; and its customers' tiers.

use super::introduction::{REFERRERS, is_core, referrer_name};
use super::{Bank, PLAN, PROGRAM, TIER_POLICY, crowns, decimal, request_id};
use crate::installation::Service;
use handsel_access::Role;
use handsel_proto::handsel::{
    referral::v1::{
        ActivateProgramRequest, Condition, CreateProgramRequest, FactKind, Program, Requirement, SubmitProgramRequest,
        SuccessRule, program_service_client::ProgramServiceClient,
    },
    reward::v1::{
        ActivatePlanRequest, ApprovalBand, BeneficiaryRole, CreatePlanRequest, FixedRule, OnExceed, PercentRule, Plan,
        RoleRule, SubmitPlanRequest, TierMultiplier, plan_service_client::PlanServiceClient, role_rule,
    },
    tier::v1::{
        ActivateTierPolicyRequest, Activity, BandScoring, CreateTierPolicyRequest, EvaluateTiersRequest,
        IngestActivitiesRequest, TierCondition, TierPolicy, activity_outcome,
        activity_service_client::ActivityServiceClient, tier_policy,
        tier_policy_service_client::TierPolicyServiceClient, tier_service_client::TierServiceClient,
    },
};
use prost_types::Timestamp;
use tonic::Response;

const MAKER: (Role, &str, Option<&str>) = (Role::ProgramAdmin, "*", Some("mila"));
const CHECKER: (Role, &str, Option<&str>) = (Role::ProgramAdmin, "*", Some("ota"));
const DAY_SECONDS: i64 = 86_400;

impl Bank<'_> {
    /// Makes the tier policy, feeds what customers do, and evaluates their tiers as of the beginning.
    pub async fn make_tiers(&self) {
        let (maker, checker) = (self.caller(Service::Tier, MAKER), self.caller(Service::Tier, CHECKER));
        let request = CreateTierPolicyRequest {
            request_id: request_id("create tier policy"),
            tier_policy_id: "value".to_owned(),
            tier_policy: Some(tier_policy()),
        };
        let create = async || TierPolicyServiceClient::new(maker.clone()).create_tier_policy(request.clone()).await;
        self.patience.answer("creating the tier policy", create).await;
        let request = ActivateTierPolicyRequest {
            request_id: request_id("activate tier policy"),
            name: TIER_POLICY.to_owned(),
            ..ActivateTierPolicyRequest::default()
        };
        let activate =
            async || TierPolicyServiceClient::new(checker.clone()).activate_tier_policy(request.clone()).await;
        self.patience.answer("activating the tier policy", activate).await;
        self.report_activities().await;

        let operator = self.caller(Service::Tier, (Role::Operator, "*", None));
        let as_of_time = Some(Timestamp { seconds: self.began, nanos: 0 });
        let request = EvaluateTiersRequest { tier_policy: TIER_POLICY.to_owned(), as_of_time };
        let evaluate = async || {
            let client = &mut TierServiceClient::new(operator.clone());
            let mut progress = client.evaluate_tiers(request.clone()).await?.into_inner();
            while progress.message().await?.is_some() {}
            Ok(Response::new(()))
        };
        self.patience.answer("evaluating tiers", evaluate).await;
    }

    /// Core customers do much, every third one does little, the others nothing.
    async fn report_activities(&self) {
        let core_banking = self.caller(Service::Tier, (Role::CoreBanking, "*", None));
        for referrer in 0..REFERRERS {
            let (times, amount) = match referrer % 3 {
                0 => (20, crowns(10_000)),
                1 => (1, crowns(100)),
                _ => continue,
            };
            let activity = |number: i64| Activity {
                activity_id: format!("act-{referrer}-{number}"),
                customer: referrer_name(referrer),
                amount: Some(amount.clone()),
                occur_time: Some(Timestamp { seconds: self.began - number * DAY_SECONDS, nanos: 0 }),
            };
            let request = IngestActivitiesRequest { activities: (1..=times).map(activity).collect() };
            let ingest = async || {
                ActivityServiceClient::new(core_banking.clone()).batch_ingest_activities(request.clone()).await
            };
            for outcome in self.patience.answer("reporting activity", ingest).await.outcomes {
                assert_ne!(outcome.result(), activity_outcome::Result::Refused, "{outcome:?}");
            }
        }
        assert!(is_core(0), "there are core customers");
    }

    /// Makes what success pays.
    pub async fn make_plan(&self) {
        let (maker, checker) = (self.caller(Service::Reward, MAKER), self.caller(Service::Reward, CHECKER));
        let (name, etag) = (PLAN.to_owned(), String::new());
        let create = CreatePlanRequest {
            request_id: request_id("create plan"),
            plan_id: "friends".to_owned(),
            plan: Some(plan()),
        };
        let call = async || PlanServiceClient::new(maker.clone()).create_plan(create.clone()).await;
        self.patience.answer("creating the plan", call).await;
        let submit =
            SubmitPlanRequest { request_id: request_id("submit plan"), name: name.clone(), etag: etag.clone() };
        let call = async || PlanServiceClient::new(maker.clone()).submit_plan(submit.clone()).await;
        self.patience.answer("submitting the plan", call).await;
        let activate = ActivatePlanRequest { request_id: request_id("activate plan"), name, etag };
        let call = async || PlanServiceClient::new(checker.clone()).activate_plan(activate.clone()).await;
        self.patience.answer("activating the plan", call).await;
    }

    /// Makes who may introduce whom. The referral service asks the reward service for the plan: it must be in force.
    pub async fn make_program(&self) {
        let (maker, checker) = (self.caller(Service::Referral, MAKER), self.caller(Service::Referral, CHECKER));
        let (name, etag) = (PROGRAM.to_owned(), String::new());
        let create = CreateProgramRequest {
            request_id: request_id("create program"),
            program_id: "friends".to_owned(),
            program: Some(self.program()),
        };
        let call = async || ProgramServiceClient::new(maker.clone()).create_program(create.clone()).await;
        self.patience.answer("creating the program", call).await;
        let submit =
            SubmitProgramRequest { request_id: request_id("submit program"), name: name.clone(), etag: etag.clone() };
        let call = async || ProgramServiceClient::new(maker.clone()).submit_program(submit.clone()).await;
        self.patience.answer("submitting the program", call).await;
        let activate = ActivateProgramRequest { request_id: request_id("activate program"), name, etag };
        let call = async || ProgramServiceClient::new(checker.clone()).activate_program(activate.clone()).await;
        self.patience.answer("activating the program", call).await;
    }

    /// An account, and a first deposit of 1,000 crowns, within 90 days.
    fn program(&self) -> Program {
        let of_kind = |kind: FactKind, minimum| Requirement { any_of: vec![Condition { kind: kind.into(), minimum }] };
        let requirements =
            vec![of_kind(FactKind::AccountOpened, None), of_kind(FactKind::FirstDeposit, Some(crowns(1_000)))];
        let success = SuccessRule {
            requirements,
            within_days: 90,
            qualifying_amount: FactKind::FirstDeposit.into(),
            reversal_days: 90,
            ..SuccessRule::default()
        };
        Program {
            display_name: "Friends".to_owned(),
            plan: PLAN.to_owned(),
            start_time: Some(Timestamp { seconds: self.began - DAY_SECONDS, nanos: 0 }),
            success: Some(success),
            ..Program::default()
        }
    }
}

/// 200 crowns to who introduces, half as much again if he is a core customer; 10 % of the first deposit to who comes. From 250
/// crowns on, somebody looks at it.
fn plan() -> Plan {
    let referrer = RoleRule {
        role: BeneficiaryRole::Referrer.into(),
        base: Some(role_rule::Base::Fixed(FixedRule { amount: Some(crowns(200)) })),
        tier_multipliers: vec![TierMultiplier { tier: "CORE".to_owned(), multiplier: Some(decimal("1.5")) }],
        ..RoleRule::default()
    };
    let referee = RoleRule {
        role: BeneficiaryRole::Referee.into(),
        base: Some(role_rule::Base::Percent(PercentRule { rate: Some(decimal("0.10")) })),
        ..RoleRule::default()
    };
    Plan {
        display_name: "Friends".to_owned(),
        currency_code: "CZK".to_owned(),
        time_zone: "Europe/Prague".to_owned(),
        role_rules: vec![referrer, referee],
        budget: Some(crowns(1_000_000)),
        on_exceed: OnExceed::Reduce.into(),
        approval_bands: vec![ApprovalBand {
            from_amount: Some(crowns(250)),
            roles: vec![Role::FinanceApprover.into()],
            approvers: 1,
        }],
        ..Plan::default()
    }
}

/// Core is who does much; everybody else is GENERAL.
fn tier_policy() -> TierPolicy {
    TierPolicy {
        display_name: "Value over a year".to_owned(),
        window_days: 365,
        currency_code: "CZK".to_owned(),
        scoring: Some(tier_policy::Scoring::Bands(BandScoring {
            recency_days: vec![7, 30, 60, 120],
            frequency: vec![2, 5, 10, 15],
            monetary: [1_000, 10_000, 50_000, 150_000].map(crowns).to_vec(),
        })),
        tiers: vec![TierCondition { tier: "CORE".to_owned(), min_total: 12, core: true, ..TierCondition::default() }],
        default_tier: "GENERAL".to_owned(),
        ..TierPolicy::default()
    }
}
