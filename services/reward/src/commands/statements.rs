//! What the commands say to the audit log.

use super::take_bank_file::EndBankFile;
use crate::domain::{
    grant::{BudgetKind, Warning},
    hold::Hold,
    ledger::Flow,
    payment_file::PaymentFile,
    plan::Plan,
    rate_grant::RateGrant,
    rate_product::RateProduct,
    reward::Reward,
    withdrawal::Withdrawal,
};
use crate::store::transfer::Transfer;
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed, Statement};
use handsel_storage::TextEnum as _;
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

/// A budget has reached a mark for the first time.
pub(crate) fn of_budget(warning: &Warning, actor: &Actor, now: Timestamp) -> Owed {
    let Warning { plan, version, kind, percent, granted, limit } = warning;
    let (budget, season) = match kind {
        BudgetKind::Rewards => ("rewards", ""),
        BudgetKind::Cost => ("cost", ""),
        BudgetKind::Season(season) => ("season", season.as_str()),
    };
    let name = format!("plans/{plan}");
    Owed::Audit(Statement {
        kind: "budget.warned",
        time: now,
        actor: actor.clone(),
        subjects: vec![name.clone()],
        action: "warn",
        outcome: "success",
        reason: None,
        correlation: name,
        amount: Some(*limit),
        policy: Some(policy(plan, *version)),
        body: json!({ "budget": budget, "season": season, "percent": percent, "granted": granted.to_string() }),
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

/// The ledger has written down that a beneficiary was paid, or that it came back: what the log is reconciled by. None of any other
/// transfer.
pub(crate) fn of_payout(transfer: &Transfer) -> Option<Owed> {
    let Transfer { id, reward, posting, customer, plan, posted_at, number: _ } = transfer;
    let (kind, action) = match posting.event.flow()? {
        Flow::Paid => ("ledger.paid", "pay"),
        Flow::Returned => ("ledger.returned", "return"),
    };
    let reward = format!("rewards/{}", (*reward)?);
    Some(Owed::Audit(Statement {
        kind,
        time: *posted_at,
        actor: Actor::system("reward/ledger"),
        subjects: vec![reward.clone(), format!("transfers/{id}"), customer.clone()],
        action,
        outcome: "success",
        reason: None,
        correlation: reward,
        amount: Some(posting.amount),
        policy: Some(format!("plans/{plan}")),
        body: Value::Null,
    }))
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

/// Something happened to a rate product.
pub(crate) fn of_rate_product(
    kind: &'static str,
    action: &'static str,
    product: &RateProduct,
    actor: &Actor,
    now: Timestamp,
) -> Owed {
    Owed::Audit(Statement {
        kind,
        time: now,
        actor: actor.clone(),
        subjects: vec![product.name()],
        action,
        outcome: "success",
        reason: None,
        correlation: product.name(),
        amount: None,
        policy: Some(format!("{}@{}", product.name(), product.version)),
        body: json!({
            "state": product.state.code(),
            "revision": product.revision,
            "effective_from": product.terms.effective_from.to_string(),
        }),
    })
}

/// Something happened to a rate grant. `body` tells more, without naming anyone.
pub(crate) fn of_rate_grant(
    kind: &'static str,
    action: &'static str,
    grant: &RateGrant,
    actor: &Actor,
    now: Timestamp,
    body: Value,
) -> Owed {
    let ground = &grant.offer.ground;
    let worth = grant.state.activation().map_or(grant.offer.estimate, |activation| activation.benefit);
    Owed::Audit(Statement {
        kind,
        time: now,
        actor: actor.clone(),
        subjects: vec![grant.name(), format!("referrals/{}", ground.referral), ground.beneficiary.clone()],
        action,
        outcome: "success",
        reason: grant.reasons.last().cloned(),
        correlation: format!("referrals/{}", ground.referral),
        amount: Some(worth),
        policy: Some(policy(&ground.plan, ground.plan_version)),
        body,
    })
}

/// Where a rate grant stands now, for the body of its statement.
pub(crate) fn rate_standing(grant: &RateGrant) -> Value {
    json!({ "state": grant.state.standing().code(), "revision": grant.revision })
}

/// Something happened to a file of payouts. What is in it has statements of its own.
pub(crate) fn of_file(
    kind: &'static str,
    action: &'static str,
    file: &PaymentFile,
    actor: &Actor,
    now: Timestamp,
) -> Owed {
    Owed::Audit(Statement {
        kind,
        time: now,
        actor: actor.clone(),
        subjects: vec![file.name()],
        action,
        outcome: "success",
        reason: None,
        correlation: file.name(),
        amount: Some(file.sum),
        policy: None,
        body: json!({
            "message_id": file.message_id,
            "state": file.state.code(),
            "payouts": file.payouts,
            "sha256": file.sha256,
        }),
    })
}

/// What two people say of withdrawing a file. The note is people's words and stays here.
pub(crate) fn of_withdrawal(
    kind: &'static str,
    action: &'static str,
    file: &PaymentFile,
    withdrawal: &Withdrawal,
    actor: &Actor,
    now: Timestamp,
) -> Owed {
    Owed::Audit(Statement {
        kind,
        time: now,
        actor: actor.clone(),
        subjects: vec![file.name()],
        action,
        outcome: "success",
        reason: Some(withdrawal.effect.code().to_owned()),
        correlation: file.name(),
        amount: Some(file.sum),
        policy: None,
        body: json!({
            "message_id": file.message_id,
            "state": file.state.code(),
            "payouts": file.payouts,
            "withdrawal": withdrawal.id.to_string(),
        }),
    })
}

/// A file of the bank's was applied.
pub(crate) fn of_bank_file(file: &EndBankFile) -> Owed {
    let name = format!("bankFiles/{}", file.file);
    Owed::Audit(Statement {
        kind: "bank_file.imported",
        time: file.now,
        actor: file.actor.clone(),
        subjects: vec![name.clone()],
        action: "import",
        outcome: "success",
        reason: None,
        correlation: name,
        amount: None,
        policy: None,
        body: json!({
            "kind": file.kind.text(),
            "message_id": file.message_id,
            "sha256": file.sha256,
            "said": file.counts.said,
            "applied": file.counts.applied,
            "duplicates": file.counts.duplicates,
            "ignored": file.counts.ignored,
        }),
    })
}
