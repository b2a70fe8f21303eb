//! What the commands say to the audit log.

use crate::domain::{hold::Hold, plan::Plan, reward::Reward};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed, Statement};
use serde_json::{Value, json};

/// Something happened to a plan.
pub(crate) fn of_plan(kind: &'static str, action: &'static str, plan: &Plan, actor: &Actor, now: Timestamp) -> Owed {
    Owed::Audit(Statement {
        kind,
        time: now,
        actor: actor.clone(),
        subjects: vec![plan.name()],
        action,
        outcome: "success",
        reason: None,
        correlation: plan.name(),
        amount: plan.terms.limits.budget,
        policy: Some(policy(&plan.id, plan.version)),
        body: json!({ "state": plan.state.code(), "revision": plan.revision }),
    })
}

/// Something happened to a reward. `body` tells more, without naming anyone.
pub(crate) fn of_reward(
    kind: &'static str,
    action: &'static str,
    reward: &Reward,
    actor: &Actor,
    now: Timestamp,
    body: Value,
) -> Owed {
    let entitlement = &reward.entitlement;
    Owed::Audit(Statement {
        kind,
        time: now,
        actor: actor.clone(),
        subjects: vec![reward.name(), format!("referrals/{}", entitlement.referral), entitlement.beneficiary.clone()],
        action,
        outcome: "success",
        reason: reward.reasons.last().cloned(),
        correlation: format!("referrals/{}", entitlement.referral),
        amount: Some(entitlement.amounts.reward),
        policy: Some(policy(&entitlement.plan, entitlement.plan_version)),
        body,
    })
}

/// Something happened to a hold.
pub(crate) fn of_hold(kind: &'static str, action: &'static str, hold: &Hold, actor: &Actor, now: Timestamp) -> Owed {
    Owed::Audit(Statement {
        kind,
        time: now,
        actor: actor.clone(),
        subjects: vec![hold.name(), hold.target.name()],
        action,
        outcome: "success",
        reason: Some(hold.reason.clone()),
        correlation: hold.target.name(),
        amount: None,
        policy: None,
        body: json!({ "state": hold.state.standing().code(), "revision": hold.revision }),
    })
}

/// Where a reward stands now, for the body of its statement.
pub(crate) fn standing(reward: &Reward) -> Value {
    json!({ "state": reward.state.standing().code(), "revision": reward.revision })
}

fn policy(plan: &str, version: i64) -> String {
    format!("plans/{plan}@{version}")
}
