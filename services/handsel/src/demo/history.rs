//! Plays the history: each day's calls, by the right callers, at their own time.

use super::berka::{Fact, FactKind, Introduction, Transaction};
use super::cast::Cast;
use super::requests::{customer, request_id};
use super::rules::{PROGRAM, TIER_POLICY};
use super::story::Day;
use crate::suite::Suite;
use anyhow::{Context as _, Result, bail};
use handsel_money::{Currency, Date, Money, Timestamp, Zone};
use handsel_proto::handsel::{
    referral::v1 as referral,
    referral::v1::{fact_service_client::FactServiceClient, referral_service_client::ReferralServiceClient},
    reward::v1::{
        ApproveRewardsRequest, ListRewardsRequest, Reward, reward, reward_service_client::RewardServiceClient,
    },
    tier::v1 as tier,
    tier::v1::{activity_service_client::ActivityServiceClient, tier_service_client::TierServiceClient},
};
use handsel_service::wire;
use std::collections::HashMap;
use std::time::Duration;

/// Everything that a day's calls need.
pub(crate) struct History<'suite> {
    suite: &'suite Suite,
    cast: &'suite Cast,
    zone: Zone,
    crown: Currency,
    /// The referral that each introduction became.
    referrals: HashMap<u32, String>,
}

impl<'suite> History<'suite> {
    pub(crate) fn new(suite: &'suite Suite, cast: &'suite Cast) -> Result<Self> {
        Ok(Self { suite, cast, zone: "Europe/Prague".parse()?, crown: "CZK".parse()?, referrals: HashMap::new() })
    }

    /// An hour of a day, in the bank's time zone.
    pub(crate) fn at(&self, date: Date, hour: u64) -> Result<Timestamp> {
        date.start_in(&self.zone).checked_add(Duration::from_secs(hour * 3600)).context("the day is out of range")
    }

    /// Plays one day: tiers in the morning, the counter at nine, facts at noon, approvals in the evening.
    pub(crate) async fn play(&mut self, date: Date, day: &Day<'_>) -> Result<()> {
        if day.evaluation {
            self.suite.advance_clock(self.at(date, 6)?).await?;
            self.evaluate_tiers(date).await?;
        }
        self.suite.advance_clock(self.at(date, 9)?).await?;
        for introduction in &day.introductions {
            self.introduce(introduction).await?;
        }
        self.suite.advance_clock(self.at(date, 18)?).await?;
        self.report_transactions(date, &day.transactions).await?;
        self.report_facts(date, &day.facts).await?;
        if day.approval {
            self.approve().await?;
        }
        Ok(())
    }

    /// A teller registers what an owner told him at the counter.
    async fn introduce(&mut self, introduction: &Introduction) -> Result<()> {
        let at_the_counter = self.at(introduction.day, 8)?;
        let request = referral::CreateReferralRequest {
            request_id: request_id(&format!("introduction {}", introduction.number)),
            referral: Some(referral::Referral {
                program: PROGRAM.to_owned(),
                branch: introduction.branch.clone(),
                channel: referral::Channel::BranchForm.into(),
                referrer: customer(introduction.referrer),
                referee: Some(referral::Referee {
                    display_name: format!("Client {}", introduction.referee),
                    contact: Some(referral::referee::Contact::Email(format!(
                        "client-{}@berka.example",
                        introduction.referee
                    ))),
                }),
                consent: Some(referral::Consent {
                    text_version: "referee-contact/1".to_owned(),
                    give_time: Some(wire::to_timestamp(at_the_counter)),
                    means: referral::consent::Means::Signed.into(),
                }),
                ..referral::Referral::default()
            }),
        };
        let teller = self.cast.teller(&introduction.branch)?;
        let referral = ReferralServiceClient::new(teller)
            .create_referral(request)
            .await
            .with_context(|| format!("introduction {}", introduction.number))?
            .into_inner();
        self.referrals.insert(introduction.number, referral.name);
        Ok(())
    }

    /// Core banking reports the day's facts.
    async fn report_facts(&self, date: Date, facts: &[(&Introduction, &Fact)]) -> Result<()> {
        if facts.is_empty() {
            return Ok(());
        }
        let noon = self.at(date, 12)?;
        let mut sent = Vec::with_capacity(facts.len());
        for (introduction, fact) in facts {
            sent.push(referral::Fact {
                fact_id: fact_id(introduction, fact),
                kind: fact_kind(fact.kind).into(),
                customer: customer(introduction.referee),
                referral: self.referrals.get(&introduction.number).cloned().context("not introduced yet")?,
                amount: fact.amount_minor.map(|minor| wire::to_money(Money::new(self.crown, minor))),
                occur_time: Some(wire::to_timestamp(noon)),
            });
        }
        for batch in sent.chunks(500) {
            let request = referral::IngestFactsRequest { facts: batch.to_vec() };
            let requests = tokio_stream::once(request);
            let mut answers =
                FactServiceClient::new(self.cast.core_banking.clone()).ingest_facts(requests).await?.into_inner();
            let answer = answers.message().await?.context("the stream of facts ended without an answer")?;
            for outcome in answer.outcomes {
                if outcome.result() == referral::fact_outcome::Result::Refused {
                    bail!("fact {} was refused: {} {}", outcome.fact_id, outcome.reason, outcome.detail);
                }
            }
        }
        Ok(())
    }

    /// Core banking reports the day's transactions of owners.
    async fn report_transactions(&self, date: Date, transactions: &[&Transaction]) -> Result<()> {
        let morning = self.at(date, 10)?;
        for batch in transactions.chunks(1_000) {
            let activities = batch
                .iter()
                .map(|transaction| tier::Activity {
                    activity_id: format!("trans-{}", transaction.number),
                    customer: customer(transaction.customer),
                    amount: Some(wire::to_money(Money::new(self.crown, transaction.amount_minor))),
                    occur_time: Some(wire::to_timestamp(morning)),
                })
                .collect();
            let answer = ActivityServiceClient::new(self.cast.core_banking.clone())
                .batch_ingest_activities(tier::IngestActivitiesRequest { activities })
                .await?
                .into_inner();
            for outcome in answer.outcomes {
                if outcome.result() == tier::activity_outcome::Result::Refused {
                    bail!("transaction {} was refused: {} {}", outcome.activity_id, outcome.reason, outcome.detail);
                }
            }
        }
        Ok(())
    }

    /// Evaluates owners' tiers, and waits until everybody who needs them has them: rewards of later days use them.
    async fn evaluate_tiers(&self, date: Date) -> Result<()> {
        let request = tier::EvaluateTiersRequest {
            tier_policy: TIER_POLICY.to_owned(),
            as_of_time: Some(wire::to_timestamp(date.start_in(&self.zone))),
        };
        let mut progress = TierServiceClient::new(self.cast.maker.clone()).evaluate_tiers(request).await?.into_inner();
        while progress.message().await?.is_some() {}
        self.suite.wait_until_delivered().await
    }

    /// The approver approves what waits for him: he lists it, adds it up, and signs for that sum.
    pub(crate) async fn approve(&self) -> Result<usize> {
        let mut client = RewardServiceClient::new(self.cast.approver.clone());
        let mut approved = 0;
        loop {
            let waiting = client
                .list_rewards(ListRewardsRequest {
                    state: reward::State::PendingApproval.into(),
                    page_size: 500,
                    ..ListRewardsRequest::default()
                })
                .await?
                .into_inner()
                .rewards;
            if waiting.is_empty() {
                return Ok(approved);
            }
            let mut names: Vec<String> = waiting.iter().map(|reward| reward.name.clone()).collect();
            names.sort();
            let request = ApproveRewardsRequest {
                request_id: request_id(&format!("approve {}", names.join(" "))),
                control_count: i32::try_from(names.len())?,
                names,
                control_sum: Some(wire::to_money(net_sum(&waiting, self.crown)?)),
            };
            approved += client.approve_rewards(request).await?.into_inner().rewards.len();
        }
    }
}

/// What the beneficiaries of these rewards receive together.
fn net_sum(rewards: &[Reward], currency: Currency) -> Result<Money> {
    rewards.iter().try_fold(Money::zero(currency), |sum, reward| {
        let net = wire::money_from(reward.net_amount.as_ref(), "net_amount")
            .map_err(|violation| anyhow::anyhow!("{}: {}", violation.field, violation.description))?;
        Ok(sum.checked_add(net)?)
    })
}

/// Ids are unique across kinds, and an account's facts are each introduction's own.
fn fact_id(introduction: &Introduction, fact: &Fact) -> String {
    let kind = match fact.kind {
        FactKind::AccountOpened => "account",
        FactKind::FirstDeposit => "trans",
        FactKind::CardIssued => "card",
        FactKind::LoanDrawn => "loan",
    };
    format!("{kind}-{}.{}", fact.number, introduction.number)
}

fn fact_kind(kind: FactKind) -> referral::FactKind {
    match kind {
        FactKind::AccountOpened => referral::FactKind::AccountOpened,
        FactKind::FirstDeposit => referral::FactKind::FirstDeposit,
        FactKind::CardIssued => referral::FactKind::CardIssued,
        FactKind::LoanDrawn => referral::FactKind::LoanDrawn,
    }
}
