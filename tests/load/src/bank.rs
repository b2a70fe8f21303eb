//! The bank of the run: plans made by one person and put in force by another, and the referrals that qualify under them.

use crate::service::{Service, Token, authorized};
use anyhow::Result;
use handsel_access::Role;
use handsel_proto::google::r#type::Money;
use handsel_proto::handsel::reward::v1::{
    ActivatePlanRequest, ApprovalBand, BeneficiaryCap, BeneficiaryRole, CreatePlanRequest, FixedRule,
    GrantRewardsRequest, OnExceed, Plan, Qualification, RoleRule, SubmitPlanRequest, Window,
    plan_service_client::PlanServiceClient, role_rule,
};
use handsel_service::{Ids, World};
use prost_types::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What every reward of the run is, in whole crowns.
pub(crate) const REWARD_CROWNS: i64 = 200;
/// The same in minor units.
pub(crate) const REWARD_MINOR: i64 = REWARD_CROWNS * 100;
/// More than any run grants, and less than would never be counted.
const BUDGET_CROWNS: i64 = 1_000_000_000_000;

/// Spreads consecutive numbers evenly (Knuth's multiplicative hashing).
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Gives referrals that nobody has seen before.
pub(crate) struct Bank {
    ids: Arc<dyn Ids>,
    qualified_at: Timestamp,
    given: AtomicU64,
}

/// One referral to be granted, and the place of its plan among those of the measurement.
pub(crate) struct Case {
    pub(crate) request: GrantRewardsRequest,
    pub(crate) plan: usize,
}

impl Bank {
    /// Whose referrals have all qualified now.
    pub(crate) fn new(world: &World) -> Self {
        let qualified_at = handsel_service::wire::to_timestamp(world.business.now());
        Self { ids: Arc::clone(&world.ids), qualified_at, given: AtomicU64::new(0) }
    }

    /// The next referral, of a new beneficiary, under one of these plans.
    pub(crate) fn next(&self, plans: &[String]) -> Case {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        let count = u64::try_from(plans.len()).unwrap_or(1).max(1);
        let plan = usize::try_from((number.wrapping_mul(SPREAD) >> 32) % count).unwrap_or(0);
        let qualification = Qualification {
            referral: format!("referrals/{}", self.ids.next()),
            plan: plans.get(plan).cloned().unwrap_or_default(),
            plan_version: 1,
            branch: "0001".to_owned(),
            referrer: format!("customers/R{number}"),
            referee: format!("customers/E{number}"),
            qualifying_amount: None,
            qualify_time: Some(self.qualified_at),
            registrar: "anna".to_owned(),
            stage: String::new(),
            staff: Vec::new(),
        };
        Case { request: GrantRewardsRequest { qualification: Some(qualification) }, plan }
    }

    /// Makes plans and puts them in force, through the contract: who makes one does not activate it. Returns their names.
    ///
    /// # Errors
    /// As the service says.
    pub(crate) async fn make_plans(&self, service: &Service, prefix: &str, count: usize) -> Result<Vec<String>> {
        let mut client = PlanServiceClient::new(service.connect().await?);
        let maker = service.token(Role::ProgramAdmin, Some("mila"))?;
        let checker = service.token(Role::ProgramAdmin, Some("ota"))?;
        let mut names = Vec::with_capacity(count);
        for number in 1..=count {
            names.push(self.make_plan(&mut client, (&maker, &checker), format!("{prefix}-{number}"), plan()).await?);
        }
        Ok(names)
    }

    /// Makes one plan and puts it in force: due at once, and approved by a person of finance before it is paid.
    ///
    /// # Errors
    /// As the service says.
    pub(crate) async fn make_approved_plan(&self, service: &Service) -> Result<String> {
        let mut client = PlanServiceClient::new(service.connect().await?);
        let maker = service.token(Role::ProgramAdmin, Some("mila"))?;
        let checker = service.token(Role::ProgramAdmin, Some("ota"))?;
        let band = ApprovalBand {
            from_amount: Some(crowns(REWARD_CROWNS)),
            roles: vec![Role::FinanceApprover.into()],
            approvers: 1,
        };
        let plan = Plan { holding_days: 0, approval_bands: vec![band], ..plan() };
        self.make_plan(&mut client, (&maker, &checker), "settled".to_owned(), plan).await
    }

    async fn make_plan(
        &self,
        client: &mut PlanServiceClient<tonic::transport::Channel>,
        (maker, checker): (&Token, &Token),
        plan_id: String,
        plan: Plan,
    ) -> Result<String> {
        let request_id = || self.ids.next().to_string();
        let request = CreatePlanRequest { request_id: request_id(), plan_id, plan: Some(plan) };
        let Plan { name, etag, .. } = client.create_plan(authorized(request, maker)).await?.into_inner();
        let request = SubmitPlanRequest { request_id: request_id(), name: name.clone(), etag };
        let Plan { etag, .. } = client.submit_plan(authorized(request, maker)).await?.into_inner();
        let request = ActivatePlanRequest { request_id: request_id(), name: name.clone(), etag };
        client.activate_plan(authorized(request, checker)).await?;
        Ok(name)
    }
}

/// A fixed amount to who introduced. It has a cap and a budget, so that every grant counts in both; neither is ever reached.
fn plan() -> Plan {
    let referrer = RoleRule {
        role: BeneficiaryRole::Referrer.into(),
        base: Some(role_rule::Base::Fixed(FixedRule { amount: Some(crowns(REWARD_CROWNS)) })),
        ..RoleRule::default()
    };
    Plan {
        display_name: "Load".to_owned(),
        currency_code: "CZK".to_owned(),
        time_zone: "Europe/Prague".to_owned(),
        role_rules: vec![referrer],
        beneficiary_cap: Some(BeneficiaryCap { window: Window::Month.into(), max_count: 12, max_amount: None }),
        budget: Some(crowns(BUDGET_CROWNS)),
        on_exceed: OnExceed::Reduce.into(),
        holding_days: 30,
        ..Plan::default()
    }
}

fn crowns(units: i64) -> Money {
    Money { currency_code: "CZK".to_owned(), units, nanos: 0 }
}
