//! Reversals: what fell away, and what that meant.

use super::{corrupt, money};
use crate::domain::{
    reversal::{Decision, Effect, Reversal, Trigger},
    state::TakenBack,
};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};
use std::collections::BTreeSet;
use uuid::Uuid;

row! {
    pub(crate) struct RewardRow {
        pub id: Uuid,
    }
    pub(crate) struct ReversalRow {
        pub id: Uuid,
        pub reward_id: Uuid,
        pub reason: String,
        pub triggered_at: At,
        pub requested_by: String,
        pub requested_at: At,
        pub decision: String,
        pub reversed_minor: i64,
        pub tax_minor: i64,
        pub trace: Vec<u8>,
        pub currency: String,
    }
}

impl ReversalRow {
    fn restore(self) -> Result<Reversal, Fault> {
        let Self {
            id,
            reward_id,
            reason,
            triggered_at,
            requested_by,
            requested_at,
            decision,
            reversed_minor,
            tax_minor,
            trace,
            currency,
        } = self;
        let effect = Effect::from_code(&decision).ok_or_else(|| corrupt("reversal.decision", &decision))?;
        let steps = if trace.is_empty() {
            Vec::new()
        } else {
            serde_json::from_slice(&trace).map_err(|error| Fault::Invalid(format!("reversal.trace: {error}")))?
        };
        let part = TakenBack { reward: money(&currency, reversed_minor)?, tax: money(&currency, tax_minor)? };
        let decision = match effect {
            Effect::Waiting => Decision::Wait,
            Effect::Nothing => Decision::Nothing(steps),
            Effect::Cancelled => Decision::Cancel(steps),
            Effect::TakenBack => Decision::TakeBack(part, steps),
        };
        let trigger = Trigger { reason, at: triggered_at.0, by: requested_by };
        Ok(Reversal { id, reward: reward_id, trigger, requested_at: requested_at.0, decision })
    }
}

/// The reversals of these rewards, oldest first.
pub(crate) async fn of_rewards(tx: &mut Tx, rewards: Vec<Uuid>) -> Result<Vec<Reversal>, Fault> {
    if rewards.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<ReversalRow> = tx
        .all_by(
            "SELECT v.id, v.reward_id, v.reason, v.triggered_at, v.requested_by, v.requested_at, v.decision,
                    v.reversed_minor, v.tax_minor, v.trace, r.currency
             FROM reversal v JOIN reward r ON r.id = v.reward_id WHERE v.reward_id = ANY($1)",
            "SELECT v.id, v.reward_id, v.reason, v.triggered_at, v.requested_by, v.requested_at, v.decision,
                    v.reversed_minor, v.tax_minor, v.trace, r.currency
             FROM reversal v JOIN reward r ON r.id = v.reward_id WHERE v.reward_id = $1",
            Column::Uuid(rewards),
        )
        .await?;
    let mut reversals = rows.into_iter().map(ReversalRow::restore).collect::<Result<Vec<_>, _>>()?;
    reversals.sort_by_key(|reversal| (reversal.requested_at, reversal.id));
    Ok(reversals)
}

fn minor(part: Option<TakenBack>) -> (i64, i64) {
    part.map(|part| (part.reward.minor(), part.tax.minor())).unwrap_or_default()
}

fn trace(decision: &Decision) -> Result<Vec<u8>, Fault> {
    match decision {
        Decision::Wait => Ok(Vec::new()),
        decided => serde_json::to_vec(decided.steps())
            .map_err(|error| Fault::Invalid(format!("the trace of a reversal: {error}"))),
    }
}

fn decided_at(decision: &Decision, now: Timestamp) -> Option<At> {
    (decision.effect() != Effect::Waiting).then_some(At(now))
}

/// Adds a reversal of a reward that is locked.
pub(crate) async fn insert(tx: &mut Tx, reversal: &Reversal, now: Timestamp) -> Result<(), Fault> {
    let Reversal { id, reward, trigger, requested_at, decision } = reversal;
    let (reversed, tax) = minor(decision.taken_back());
    tx.exec_one(
        "INSERT INTO reversal (id, reward_id, reason, triggered_at, requested_by, requested_at, decision, reversed_minor,
                               tax_minor, trace, decided_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        (
            *id,
            *reward,
            trigger.reason.clone(),
            At(trigger.at),
            trigger.by.clone(),
            At(*requested_at),
            decision.effect().code(),
            reversed,
            tax,
            trace(decision)?,
            decided_at(decision, now),
        ),
    )
    .await
}

/// Saves what a reversal that waited means. Its reward is locked.
pub(crate) async fn decide(tx: &mut Tx, id: Uuid, decision: &Decision, now: Timestamp) -> Result<(), Fault> {
    let (reversed, tax) = minor(decision.taken_back());
    tx.exec_one(
        "UPDATE reversal SET decision = $2, reversed_minor = $3, tax_minor = $4, trace = $5, decided_at = $6
         WHERE id = $1 AND decision = 'WAITING'",
        (id, decision.effect().code(), reversed, tax, trace(decision)?, decided_at(decision, now)),
    )
    .await
}

/// What reversals of referrals lock: the budget rows of the plans that they were granted under, and their rewards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) plans: BTreeSet<String>,
    pub(crate) rewards: BTreeSet<Uuid>,
}

/// What reversals of these referrals lock, as far as it is there.
pub(crate) async fn reach(tx: &mut Tx, referrals: Vec<Uuid>) -> Result<Reach, Fault> {
    let stages = super::qualification::of_referrals(tx, referrals.clone()).await?;
    let rewards: Vec<RewardRow> = tx
        .all_by(
            "SELECT id FROM reward WHERE referral = ANY($1)",
            "SELECT id FROM reward WHERE referral = $1",
            Column::Uuid(referrals),
        )
        .await?;
    Ok(Reach {
        plans: stages.into_iter().map(|stage| stage.plan).collect(),
        rewards: rewards.into_iter().map(|row| row.id).collect(),
    })
}
