//! Whether what was granted is what was sent, to the last minor unit, and whether the books balance.

use crate::bank::REWARD_MINOR;
use crate::service::{Service, Token, authorized};
use anyhow::{Context as _, Result};
use handsel_access::Role;
use handsel_proto::google::r#type::Money;
use handsel_proto::handsel::reward::v1::{
    GetPlanRequest, GetTrialBalanceRequest, LedgerAccount, SummarizeRewardsRequest,
    ledger_service_client::LedgerServiceClient, plan_service_client::PlanServiceClient,
    reward_service_client::RewardServiceClient,
};
use tonic::transport::Channel;

/// A check that did not hold.
#[derive(Debug)]
pub(crate) struct DoesNotAddUp(String);

impl std::fmt::Display for DoesNotAddUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "it does not add up: {}", self.0)
    }
}

impl std::error::Error for DoesNotAddUp {}

/// Holds what the service says against what was granted: by plan the budget's counter and the rewards themselves, and over
/// everything that this service ever granted, `total` rewards, the trial balance.
///
/// # Errors
/// [`DoesNotAddUp`]; or the service does not answer.
pub(crate) async fn hold(service: &Service, plans: &[String], granted: &[i64], total: i64) -> Result<()> {
    let officer = service.token(Role::ComplianceOfficer, Some("karel"))?;
    let channel = service.connect().await?;
    for (plan, rewards) in plans.iter().zip(granted) {
        same(&format!("what {plan} granted"), budget_used(&channel, &officer, plan).await?, rewards * REWARD_MINOR)?;
        let (count, sum) = rewards_of(&channel, &officer, plan).await?;
        same(&format!("the number of rewards of {plan}"), count, *rewards)?;
        same(&format!("the sum of rewards of {plan}"), sum, rewards * REWARD_MINOR)?;
    }
    balance(&channel, &officer, total * REWARD_MINOR).await
}

async fn budget_used(channel: &Channel, officer: &Token, plan: &str) -> Result<i64> {
    let request = GetPlanRequest { name: plan.to_owned(), version: 0 };
    let plan = PlanServiceClient::new(channel.clone()).get_plan(authorized(request, officer)).await?.into_inner();
    minor(plan.granted.as_ref())
}

async fn rewards_of(channel: &Channel, officer: &Token, plan: &str) -> Result<(i64, i64)> {
    let request = SummarizeRewardsRequest { plan: plan.to_owned() };
    let mut client = RewardServiceClient::new(channel.clone());
    let groups = client.summarize_rewards(authorized(request, officer)).await?.into_inner().groups;
    let (mut count, mut sum) = (0, 0);
    for group in groups {
        count += group.count;
        sum += minor(group.reward_amount.as_ref())?;
    }
    Ok((count, sum))
}

async fn balance(channel: &Channel, officer: &Token, owed: i64) -> Result<()> {
    let mut client = LedgerServiceClient::new(channel.clone());
    let request = authorized(GetTrialBalanceRequest::default(), officer);
    let lines = client.get_trial_balance(request).await?.into_inner().lines;
    let mut sum = 0;
    for line in &lines {
        let (debits, credits) = (minor(line.debits.as_ref())?, minor(line.credits.as_ref())?);
        sum += debits - credits;
        match line.account() {
            LedgerAccount::PlanExpense => same("the plans' expense", debits - credits, owed)?,
            LedgerAccount::CustomerPayable => same("what customers are owed", credits - debits, owed)?,
            other => same(other.as_str_name(), debits - credits, 0)?,
        }
    }
    same("the accounts that moved", i64::try_from(lines.len())?, 2)?;
    same("the sum of the trial balance", sum, 0)
}

/// Holds what the ledger says once a file was settled: so many payouts paid, so many owed again, and nothing on its way.
///
/// # Errors
/// [`DoesNotAddUp`]; or the service does not answer.
pub(crate) async fn hold_settled(service: &Service, paid: i64, owed: i64) -> Result<()> {
    let officer = service.token(Role::ComplianceOfficer, Some("karel"))?;
    let mut client = LedgerServiceClient::new(service.connect().await?);
    let lines =
        client.get_trial_balance(authorized(GetTrialBalanceRequest::default(), &officer)).await?.into_inner().lines;
    let mut sum = 0;
    for line in &lines {
        let balance = minor(line.debits.as_ref())? - minor(line.credits.as_ref())?;
        sum += balance;
        match line.account() {
            LedgerAccount::PlanExpense => same("the plan's expense", balance, (paid + owed) * REWARD_MINOR)?,
            LedgerAccount::CustomerPayable => same("what customers are owed", -balance, owed * REWARD_MINOR)?,
            LedgerAccount::Settled => same("what the bank has paid", -balance, paid * REWARD_MINOR)?,
            other => same(other.as_str_name(), balance, 0)?,
        }
    }
    same("the sum of the trial balance", sum, 0)
}

/// Amounts of this run have two digits.
fn minor(money: Option<&Money>) -> Result<i64> {
    let Money { units, nanos, .. } = money.context("an amount is missing")?;
    Ok(units * 100 + i64::from(nanos / 10_000_000))
}

/// Refuses a figure that is not as expected.
///
/// # Errors
/// [`DoesNotAddUp`], naming it.
pub(crate) fn same(what: &str, found: i64, expected: i64) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(DoesNotAddUp(format!("{what} is {found}, not {expected}")).into())
}
