//! Evaluates the next customers of an evaluation: as many as one transaction should hold, in order of customer, so that a
//! broken run is taken up where it stopped and any run gives the same tiers.

use super::policy_name;
use crate::domain::policy::{Policy, State};
use crate::domain::refusal::Refusal;
use crate::domain::scoring::{CutOffs, Measures, quintiles, score};
use crate::store;
use crate::store::customer_tier::CustomerTier;
use crate::store::evaluation::Evaluation;
use handsel_money::{Money, Timestamp};
use handsel_outbox::{Actor, Outbox, Owed, Statement};
use handsel_proto::handsel::{referral, reward};
use handsel_service::wire;
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;

const SECONDS_PER_DAY: u64 = 86_400;

pub(crate) struct EvaluateChunk {
    /// The policy's id.
    pub(crate) policy: String,
    /// By what had happened before this instant; the tiers hold from it on.
    pub(crate) as_of: Timestamp,
    /// Customers at most.
    pub(crate) limit: i64,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
    pub(crate) outbox: Outbox,
}

/// How far the evaluation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) total: i64,
    pub(crate) evaluated: i64,
    pub(crate) changed: i64,
    pub(crate) finished: bool,
}

impl Command for EvaluateChunk {
    const NAME: &'static str = "tier.evaluate";
    type Output = Result<Progress, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(policy) = store::policy::find(tx, &self.policy).await? else {
            return Ok(Err(Refusal::NotFound(policy_name(&self.policy))));
        };
        if policy.state != State::Active {
            return Ok(Err(Refusal::StateConflict("a draft")));
        }
        if self.as_of > self.now {
            return Ok(Err(Refusal::FutureTime("as_of_time")));
        }
        let found = store::evaluation::find(tx, &self.policy, self.as_of).await?;
        let evaluation = match found {
            Some(evaluation) => evaluation,
            None if store::evaluation::any_later(tx, self.as_of).await? => return Ok(Err(Refusal::EvaluatedLater)),
            None => self.begin(tx, &policy).await?,
        };
        let evaluation = if evaluation.finished { evaluation } else { self.go_on(tx, &policy, evaluation).await? };
        let Evaluation { total, evaluated, changed, finished, .. } = evaluation;
        Ok(Ok(Progress { total, evaluated, changed, finished }))
    }
}

impl EvaluateChunk {
    /// The window of a policy that ends at the instant.
    fn window(&self, policy: &Policy) -> (Timestamp, Timestamp) {
        let days = Duration::from_secs(u64::from(policy.rules.window_days).saturating_mul(SECONDS_PER_DAY));
        (self.as_of.checked_sub(days).unwrap_or(Timestamp::from_micros(0)), self.as_of)
    }

    /// Fixes how many customers there are and the cut-offs that all of them are scored by.
    async fn begin(&self, tx: &mut Tx, policy: &Policy) -> Result<Evaluation, Fault> {
        let total = store::activity::count_customers(tx, self.as_of).await?;
        let cut_offs = match policy.rules.fixed_cut_offs() {
            Some(fixed) => Some(fixed),
            None => {
                let all = store::activity::measure(tx, "", self.window(policy), policy.rules.currency, total).await?;
                let all: Vec<Measures> = all.into_iter().map(|(_, measures)| measures).collect();
                quintiles(&all)
            }
        };
        let nobody = CutOffs { recency: [0; 4], frequency: [0; 4], monetary: [0; 4] };
        let evaluation = Evaluation {
            cut_offs: cut_offs.unwrap_or(nobody),
            total,
            evaluated: 0,
            changed: 0,
            reached: String::new(),
            finished: total == 0,
        };
        store::evaluation::insert(tx, &self.policy, self.as_of, &evaluation).await?;
        Ok(evaluation)
    }

    /// Evaluates the next customers, and owes what changed.
    async fn go_on(&self, tx: &mut Tx, policy: &Policy, mut evaluation: Evaluation) -> Result<Evaluation, Fault> {
        let window = self.window(policy);
        let chunk =
            store::activity::measure(tx, &evaluation.reached, window, policy.rules.currency, self.limit).await?;
        let customers: Vec<String> = chunk.iter().map(|(customer, _)| customer.clone()).collect();
        let before: HashMap<String, String> = store::customer_tier::latest(tx, customers).await?.into_iter().collect();
        let evaluated = i64::try_from(chunk.len()).map_err(|error| Fault::Invalid(error.to_string()))?;
        if let Some((last, _)) = chunk.last() {
            evaluation.reached.clone_from(last);
        }
        let changed: Vec<CustomerTier> = chunk
            .into_iter()
            .map(|(customer, measures)| self.tier(policy, &evaluation.cut_offs, customer, measures))
            .filter(|now| before.get(&now.customer) != Some(&now.tier))
            .collect();
        store::customer_tier::insert(tx, &changed).await?;
        let mut owed = Vec::with_capacity(changed.len().saturating_mul(3));
        for tier in &changed {
            owed.push(Owed::Audit(self.statement(tier, before.get(&tier.customer))));
            owed.extend(messages(tier)?);
        }
        self.outbox.owe(tx, self.now, owed).await?;

        evaluation.evaluated = evaluation.evaluated.saturating_add(evaluated);
        evaluation.changed = evaluation.changed.saturating_add(i64::try_from(changed.len()).unwrap_or(i64::MAX));
        evaluation.finished = evaluated < self.limit;
        if evaluation.finished {
            // Customers whose first activity arrived while it ran, dated back, are in it too.
            evaluation.total = evaluation.evaluated;
        }
        store::evaluation::update(tx, &self.policy, self.as_of, &evaluation).await?;
        Ok(evaluation)
    }

    fn tier(&self, policy: &Policy, cut_offs: &CutOffs, customer: String, measures: Measures) -> CustomerTier {
        let scores = score(measures, cut_offs);
        let (tier, core) = policy.rules.tier(scores);
        CustomerTier {
            customer,
            effective_at: self.as_of,
            tier: tier.to_owned(),
            core,
            policy: self.policy.clone(),
            measures,
            monetary: Money::new(policy.rules.currency, measures.monetary_minor),
            scores,
        }
    }

    fn statement(&self, tier: &CustomerTier, before: Option<&String>) -> Statement {
        let CustomerTier { measures, scores, .. } = tier;
        Statement {
            kind: "tier.changed",
            time: self.now,
            actor: self.actor.clone(),
            subjects: vec![tier.customer.clone()],
            action: "evaluate",
            outcome: "success",
            reason: None,
            correlation: format!("{}/{}", policy_name(&self.policy), self.as_of),
            amount: None,
            policy: Some(policy_name(&self.policy)),
            body: json!({
                "from": before.map_or("", String::as_str),
                "to": tier.tier,
                "recency_days": measures.recency_days.to_string(),
                "frequency": measures.frequency.to_string(),
                "monetary_minor": measures.monetary_minor.to_string(),
                "scores": [scores.recency.to_string(), scores.frequency.to_string(), scores.monetary.to_string()],
            }),
        }
    }
}

/// What the reward and the referral service are told.
fn messages(tier: &CustomerTier) -> Result<[Owed; 2], Fault> {
    let effective_time = Some(wire::to_timestamp(tier.effective_at));
    let for_reward = reward::v1::deliver_request::message::Content::TierChange(reward::v1::TierChange {
        customer: tier.customer.clone(),
        tier: tier.tier.clone(),
        effective_time,
    });
    let for_referral = referral::v1::deliver_request::message::Content::TierChange(referral::v1::TierChange {
        customer: tier.customer.clone(),
        tier: tier.tier.clone(),
        effective_time,
        core: tier.core,
    });
    let (sequence, traceparent) = (0, String::new());
    Ok([
        Owed::message(
            "reward",
            &tier.customer,
            &reward::v1::deliver_request::Message {
                sequence,
                traceparent: traceparent.clone(),
                content: Some(for_reward),
            },
        )?,
        Owed::message(
            "referral",
            &tier.customer,
            &referral::v1::deliver_request::Message { sequence, traceparent, content: Some(for_referral) },
        )?,
    ])
}
