//! What the demo's bank has decided: the tier policy, the plan and the program, each made by one person and put in force by
//! another.

use super::cast::Cast;
use super::requests::{crowns, decimal, request_id};
use anyhow::Result;
use handsel_money::Timestamp;
use handsel_proto::handsel::{
    access::v1 as access,
    referral::v1::{
        ActivateProgramRequest, Condition, CreateProgramRequest, FactKind, Program, Requirement, SubmitProgramRequest,
        SuccessRule, program_service_client::ProgramServiceClient,
    },
    reward::v1::{
        ActivatePlanRequest, ApprovalBand, BeneficiaryCap, BeneficiaryRole, CreatePlanRequest, FixedRule, FlatTax,
        OnExceed, PercentRule, Plan, RoleRule, SubmitPlanRequest, TierMultiplier, Window, flat_tax,
        plan_service_client::PlanServiceClient, role_rule,
    },
    tier::v1::{
        ActivateTierPolicyRequest, CreateTierPolicyRequest, QuintileScoring, TierCondition, TierPolicy, tier_policy,
        tier_policy_service_client::TierPolicyServiceClient,
    },
};
use handsel_service::wire;

/// The program that every introduction of the demo belongs to.
pub(crate) const PROGRAM: &str = "programs/second-person";
/// The policy that tiers are evaluated under.
pub(crate) const TIER_POLICY: &str = "tierPolicies/rfm-1993";

/// Makes the rules and puts them in force, or finds them as an earlier run left them.
pub(crate) async fn make(cast: &Cast, start: Timestamp) -> Result<()> {
    make_tier_policy(cast).await?;
    make_plan(cast).await?;
    make_program(cast, start).await
}

/// Recency, frequency and monetary value over a year, scored by rank among all customers; the first tier whose conditions hold.
async fn make_tier_policy(cast: &Cast) -> Result<()> {
    let tier = |tier: &str, min_recency, min_total, core| TierCondition {
        tier: tier.to_owned(),
        min_recency,
        min_total,
        core,
        ..TierCondition::default()
    };
    let policy = TierPolicy {
        display_name: "Value over a year".to_owned(),
        window_days: 365,
        currency_code: "CZK".to_owned(),
        scoring: Some(tier_policy::Scoring::Quintiles(QuintileScoring {})),
        tiers: vec![tier("CORE", 3, 12, true), tier("POTENTIAL", 2, 9, false), tier("GENERAL", 1, 6, false)],
        default_tier: "AT_RISK".to_owned(),
        ..TierPolicy::default()
    };
    TierPolicyServiceClient::new(cast.maker.clone())
        .create_tier_policy(CreateTierPolicyRequest {
            request_id: request_id("create tier policy"),
            tier_policy_id: "rfm-1993".to_owned(),
            tier_policy: Some(policy),
        })
        .await?;
    TierPolicyServiceClient::new(cast.checker.clone())
        .activate_tier_policy(ActivateTierPolicyRequest {
            request_id: request_id("activate tier policy"),
            name: TIER_POLICY.to_owned(),
            etag: String::new(),
        })
        .await?;
    Ok(())
}

/// 200 crowns to who introduces, more for core customers; 10 % of the first deposit, 50 to 500 crowns, to who comes. At most
/// four rewards a year for one person, 150,000 crowns in all; 15 % tax withheld above 100 crowns; a person looks at 250 and above.
async fn make_plan(cast: &Cast) -> Result<()> {
    let multiplier =
        |tier: &str, multiplier: &str| TierMultiplier { tier: tier.to_owned(), multiplier: Some(decimal(multiplier)) };
    let referrer = RoleRule {
        role: BeneficiaryRole::Referrer.into(),
        base: Some(role_rule::Base::Fixed(FixedRule { amount: Some(crowns(200)) })),
        tier_multipliers: vec![multiplier("CORE", "1.5"), multiplier("POTENTIAL", "1.2"), multiplier("AT_RISK", "0.8")],
        ..RoleRule::default()
    };
    let referee = RoleRule {
        role: BeneficiaryRole::Referee.into(),
        base: Some(role_rule::Base::Percent(PercentRule { rate: Some(decimal("0.10")) })),
        minimum: Some(crowns(50)),
        maximum: Some(crowns(500)),
        ..RoleRule::default()
    };
    let plan = Plan {
        display_name: "A second person on the account".to_owned(),
        currency_code: "CZK".to_owned(),
        time_zone: "Europe/Prague".to_owned(),
        role_rules: vec![referrer, referee],
        beneficiary_cap: Some(BeneficiaryCap {
            window: Window::Year.into(),
            max_count: 4,
            max_amount: Some(crowns(1_000)),
        }),
        budget: Some(crowns(150_000)),
        on_exceed: OnExceed::Reduce.into(),
        tax: Some(FlatTax {
            rate: Some(decimal("0.15")),
            exempt_up_to: Some(crowns(100)),
            basis: flat_tax::Basis::Excess.into(),
            borne_by: flat_tax::BorneBy::Recipient.into(),
        }),
        holding_days: 30,
        approval_bands: vec![ApprovalBand {
            from_amount: Some(crowns(250)),
            roles: vec![access::Role::FinanceApprover.into()],
            approvers: 1,
        }],
        ..Plan::default()
    };
    let mut maker = PlanServiceClient::new(cast.maker.clone());
    maker
        .create_plan(CreatePlanRequest {
            request_id: request_id("create plan"),
            plan_id: "second-person".to_owned(),
            plan: Some(plan),
        })
        .await?;
    let name = "plans/second-person".to_owned();
    let etag = String::new();
    let submit = SubmitPlanRequest { request_id: request_id("submit plan"), name: name.clone(), etag: etag.clone() };
    maker.submit_plan(submit).await?;
    PlanServiceClient::new(cast.checker.clone())
        .activate_plan(ActivatePlanRequest { request_id: request_id("activate plan"), name, etag })
        .await?;
    Ok(())
}

/// An account, and within two years any of a first deposit, a card or a loan.
async fn make_program(cast: &Cast, start: Timestamp) -> Result<()> {
    let of_kind = |kind: FactKind| Condition { kind: kind.into(), minimum: None };
    let success = SuccessRule {
        requirements: vec![
            Requirement { any_of: vec![of_kind(FactKind::AccountOpened)] },
            Requirement {
                any_of: vec![
                    Condition { kind: FactKind::FirstDeposit.into(), minimum: Some(crowns(200)) },
                    of_kind(FactKind::CardIssued),
                    of_kind(FactKind::LoanDrawn),
                ],
            },
        ],
        within_days: 730,
        qualifying_amount: FactKind::FirstDeposit.into(),
        reversal_days: 90,
        ..SuccessRule::default()
    };
    let program = Program {
        display_name: "Bring a second person".to_owned(),
        plan: "plans/second-person".to_owned(),
        start_time: Some(wire::to_timestamp(start)),
        success: Some(success),
        ..Program::default()
    };
    let mut maker = ProgramServiceClient::new(cast.maker.clone());
    maker
        .create_program(CreateProgramRequest {
            request_id: request_id("create program"),
            program_id: "second-person".to_owned(),
            program: Some(program),
        })
        .await?;
    let name = PROGRAM.to_owned();
    let etag = String::new();
    let submit =
        SubmitProgramRequest { request_id: request_id("submit program"), name: name.clone(), etag: etag.clone() };
    maker.submit_program(submit).await?;
    ProgramServiceClient::new(cast.checker.clone())
        .activate_program(ActivateProgramRequest { request_id: request_id("activate program"), name, etag })
        .await?;
    Ok(())
}
