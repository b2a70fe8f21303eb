//! Evaluates the next customers of an evaluation that was begun: as many as one transaction should hold, in order of customer,
//! so that a broken run is taken up where it stopped.

use super::{Act, evaluation_name, policy_name};
use crate::domain::customer_tier::{CustomerTier, Standing};
use crate::domain::evaluation::Evaluation;
use crate::domain::policy::Policy;
use crate::store;
use handsel_money::Timestamp;
use handsel_outbox::{Owed, Statement};
use handsel_proto::handsel::{referral::v1 as referral, reward::v1 as reward};
use handsel_service::wire;
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::json;
use std::collections::HashMap;

pub(crate) struct Evaluate {
    /// The policy's id.
    pub(crate) policy: String,
    /// The evaluation's instant.
    pub(crate) as_of: Timestamp,
    /// Customers at most.
    pub(crate) limit: i64,
    pub(crate) act: Act,
}

/// How far an evaluation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) total: i64,
    pub(crate) evaluated: i64,
    pub(crate) changed: i64,
}

impl Progress {
    pub(crate) fn of(evaluation: &Evaluation) -> Self {
        let Evaluation { total, evaluated, changed, .. } = *evaluation;
        Self { total, evaluated, changed }
    }

    /// Whether every customer has been evaluated.
    pub(crate) fn is_finished(self) -> bool {
        self.evaluated == self.total
    }
}

impl Command for Evaluate {
    const NAME: &'static str = "tier.evaluate";
    type Output = Progress;

    fn locks(&self) -> Vec<Lock> {
        vec![store::evaluation::turn()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Progress, Fault> {
        let gone = || Fault::Invalid("an evaluation that was begun is not there".into());
        let policy = store::policy::find(tx, &self.policy).await?.ok_or_else(gone)?;
        let evaluation = store::evaluation::find(tx, &self.policy, self.as_of).await?.ok_or_else(gone)?;
        if evaluation.is_finished() {
            return Ok(Progress::of(&evaluation));
        }
        let evaluation = self.go_on(tx, &policy, evaluation).await?;
        Ok(Progress::of(&evaluation))
    }
}

impl Evaluate {
    async fn go_on(&self, tx: &mut Tx, policy: &Policy, evaluation: Evaluation) -> Result<Evaluation, Fault> {
        let next = store::evaluation_customer::next(tx, self.as_of, &evaluation.reached, self.limit).await?;
        let Some((reached, _)) = next.last().cloned() else {
            return Err(Fault::Invalid("an evaluation lacks customers that it counted".into()));
        };
        let evaluated = count(next.len())?;
        let customers = next.iter().map(|(customer, _)| customer.clone()).collect();
        let before = store::customer_tier::latest(tx, customers).await?;
        let changed: Vec<CustomerTier> = next
            .into_iter()
            .map(|customer| CustomerTier::of(policy, &evaluation.cut_offs, self.as_of, customer))
            .filter(|tier| tier.is_change_from(before.get(&tier.customer)))
            .collect();
        store::customer_tier::insert(tx, &changed).await?;
        let evaluation = evaluation.advance(evaluated, count(changed.len())?, reached);
        store::evaluation_customer::delete(tx, self.as_of, &evaluation.reached).await?;
        store::evaluation::update(tx, &evaluation).await?;
        self.act.owe(tx, self.owed(&evaluation, &changed, &before)?).await?;
        Ok(evaluation)
    }

    /// Whoever needs it is told of each change, and the log of the end.
    fn owed(
        &self,
        evaluation: &Evaluation,
        changed: &[CustomerTier],
        before: &HashMap<String, Standing>,
    ) -> Result<Vec<Owed>, Fault> {
        let mut owed = Vec::with_capacity(changed.len().saturating_mul(3));
        for tier in changed {
            owed.push(Owed::Audit(self.changed(tier, before.get(&tier.customer))));
            owed.push(to_reward(tier)?);
            owed.push(to_referral(tier)?);
        }
        if evaluation.is_finished() {
            owed.push(Owed::Audit(self.finished(evaluation)));
        }
        Ok(owed)
    }

    fn changed(&self, tier: &CustomerTier, before: Option<&Standing>) -> Statement {
        let CustomerTier { measures, scores, .. } = tier;
        Statement {
            subjects: vec![tier.customer.clone()],
            policy: Some(policy_name(&self.policy)),
            body: json!({
                "from": before.map_or("", |before| before.tier.as_str()),
                "to": tier.tier,
                "core": tier.core,
                "recency_days": measures.recency_days.to_string(),
                "frequency": measures.frequency.to_string(),
                "monetary_minor": measures.monetary_minor.to_string(),
                "currency": tier.monetary.currency().code(),
                "scores": [scores.recency.to_string(), scores.frequency.to_string(), scores.monetary.to_string()],
            }),
            ..self.act.statement("tier.changed", "evaluate", evaluation_name(&self.policy, self.as_of))
        }
    }

    fn finished(&self, evaluation: &Evaluation) -> Statement {
        let name = policy_name(&self.policy);
        Statement {
            subjects: vec![name.clone()],
            policy: Some(name),
            body: json!({
                "customers": evaluation.total.to_string(),
                "changed": evaluation.changed.to_string(),
            }),
            ..self.act.statement("tier.evaluation.finished", "evaluate", evaluation_name(&self.policy, self.as_of))
        }
    }
}

/// What the reward service is told: multipliers go by tiers.
fn to_reward(tier: &CustomerTier) -> Result<Owed, Fault> {
    let change = reward::TierChange {
        customer: tier.customer.clone(),
        tier: tier.tier.clone(),
        effective_time: Some(wire::to_timestamp(tier.effective_at)),
    };
    let content = Some(reward::deliver_request::message::Content::TierChange(change));
    let message = reward::deliver_request::Message { sequence: 0, traceparent: String::new(), content };
    Owed::message("reward", &tier.customer, &message)
}

/// What the referral service is told: priorities go by whether a tier is core.
fn to_referral(tier: &CustomerTier) -> Result<Owed, Fault> {
    let change = referral::TierChange {
        customer: tier.customer.clone(),
        tier: tier.tier.clone(),
        effective_time: Some(wire::to_timestamp(tier.effective_at)),
        core: tier.core,
    };
    let content = Some(referral::deliver_request::message::Content::TierChange(change));
    let message = referral::deliver_request::Message { sequence: 0, traceparent: String::new(), content };
    Owed::message("referral", &tier.customer, &message)
}

fn count(length: usize) -> Result<i64, Fault> {
    i64::try_from(length).map_err(|error| Fault::Invalid(error.to_string()))
}
