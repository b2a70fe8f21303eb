//! What the demo asks the suite at its end, through the same rpcs as anybody: the findings that it prints.

use super::cast::Cast;
use crate::audit::{self, Verification};
use crate::simulator::Payments;
use crate::suite::Suite;
use anyhow::{Context as _, Result};
use handsel_proto::handsel::{
    referral::v1::{Channel, GetFunnelRequest, referral::State, referral_service_client::ReferralServiceClient},
    reward::v1::{
        BeneficiaryRole, GetPlanRequest, GetRewardRequest, GetTrialBalanceRequest, LedgerAccount, ListRewardsRequest,
        Plan, Reward, SummarizeRewardsRequest, TrialBalance, ledger_service_client::LedgerServiceClient,
        plan_service_client::PlanServiceClient, reward, reward_service_client::RewardServiceClient, reward_summary,
    },
};
use handsel_service::wire;

/// Everything there is to say at the end.
pub(crate) struct Findings {
    /// Referrals by state, in the order of their life.
    pub(crate) funnel: Vec<(State, i64)>,
    /// Rewards by role, tier and state.
    pub(crate) rewards: Vec<reward_summary::Group>,
    /// The plan, with what its budget has granted.
    pub(crate) plan: Plan,
    /// The payout worth explaining.
    pub(crate) example: Reward,
    /// Every account.
    pub(crate) balance: TrialBalance,
    /// What the core bank has paid out.
    pub(crate) payments: Payments,
    /// The log, read from the beginning and verified.
    pub(crate) log: Verification,
}

impl Findings {
    /// Asks for all of it.
    pub(crate) async fn gather(suite: &Suite, cast: &Cast) -> Result<Self> {
        let mut rewards = RewardServiceClient::new(cast.officer.clone());
        let plan = PlanServiceClient::new(cast.officer.clone())
            .get_plan(GetPlanRequest { name: "plans/second-person".to_owned(), version: 0 })
            .await?
            .into_inner();
        let balance = LedgerServiceClient::new(cast.officer.clone())
            .get_trial_balance(GetTrialBalanceRequest::default())
            .await?
            .into_inner();
        let groups = rewards.summarize_rewards(SummarizeRewardsRequest::default()).await?.into_inner().groups;
        Ok(Self {
            funnel: funnel(cast).await?,
            rewards: groups,
            plan,
            example: example(&mut rewards).await?,
            balance,
            payments: suite.payments().await?,
            log: audit::verify(&cast.officer, None, &audit::Watched(None)).await?,
        })
    }

    /// True if what was claimed holds: the books balance, clearing is empty, and the bank has paid exactly what is recorded
    /// as paid.
    pub(crate) fn sound(&self) -> Result<()> {
        let balance = |wanted: Option<LedgerAccount>| -> Result<i64> {
            let mut sum = 0i64;
            for line in &self.balance.lines {
                if wanted.is_none_or(|account| line.account() == account) {
                    sum = sum.checked_add(minor(line.balance.as_ref())?).context("out of range")?;
                }
            }
            Ok(sum)
        };
        anyhow::ensure!(balance(None)? == 0, "the ledger does not sum to zero");
        anyhow::ensure!(balance(Some(LedgerAccount::Clearing))? == 0, "clearing is not empty");
        let settled = balance(Some(LedgerAccount::Settled))?;
        anyhow::ensure!(
            settled.checked_neg() == Some(self.payments.sum_minor),
            "the ledger says {settled}, the core bank paid {}",
            self.payments.sum_minor
        );
        anyhow::ensure!(self.payments.doubled == 0, "{} rewards were paid twice", self.payments.doubled);
        let paid: i64 =
            self.rewards.iter().filter(|group| group.state() == reward::State::Paid).map(|group| group.count).sum();
        anyhow::ensure!(paid == self.payments.count, "{paid} rewards are paid, {} payments made", self.payments.count);
        Ok(())
    }
}

/// Referrals that may still qualify: none, once their time is over.
pub(super) async fn undecided(cast: &Cast) -> Result<i64> {
    let funnel = funnel(cast).await?;
    let open = funnel.iter().filter(|(state, _)| matches!(state, State::Registered | State::Converting));
    Ok(open.map(|(_, count)| count).sum())
}

/// Referrals by state; the demo has one channel.
async fn funnel(cast: &Cast) -> Result<Vec<(State, i64)>> {
    let steps =
        ReferralServiceClient::new(cast.officer.clone()).get_funnel(GetFunnelRequest::default()).await?.into_inner();
    let order =
        [State::Registered, State::Converting, State::Qualified, State::Expired, State::Reversed, State::Rejected];
    let count = |state| {
        let of_state = steps.steps.iter().filter(|step| step.state() == state && step.channel() == Channel::BranchForm);
        of_state.map(|step| step.count).sum()
    };
    Ok(order.into_iter().map(|state| (state, count(state))).collect())
}

/// A paid reward of a referrer whose tier changed what he got, so that every step has something to say.
async fn example(client: &mut RewardServiceClient<crate::bearer::Caller>) -> Result<Reward> {
    let paid = client
        .list_rewards(ListRewardsRequest {
            state: reward::State::Paid.into(),
            page_size: 500,
            ..ListRewardsRequest::default()
        })
        .await?
        .into_inner()
        .rewards;
    let chosen = paid
        .iter()
        .max_by_key(|reward| (reward.role() == BeneficiaryRole::Referrer, minor(reward.reward_amount.as_ref()).ok()))
        .context("nothing was paid")?;
    Ok(client
        .get_reward(GetRewardRequest { name: chosen.name.clone(), ..GetRewardRequest::default() })
        .await?
        .into_inner())
}

/// An amount's minor units.
pub(crate) fn minor(money: Option<&handsel_proto::google::r#type::Money>) -> Result<i64> {
    let money = wire::money_from(money, "amount")
        .map_err(|violation| anyhow::anyhow!("{}: {}", violation.field, violation.description))?;
    Ok(money.minor())
}
