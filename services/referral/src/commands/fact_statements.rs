//! What taking facts owes: a statement for each that was recorded, those left out in sum, where referrals stand, and the
//! message to the reward service.

use super::{Act, IngestFacts, policy};
use crate::domain::{
    fact::{Fact, FactKind},
    intake::{Outcome, Tracked},
    referral::{Referral, State},
};
use handsel_money::Timestamp;
use handsel_outbox::{Owed, Statement};
use handsel_proto::handsel::reward::v1::{
    Qualification, Reversal,
    deliver_request::{self, message::Content},
};
use handsel_service::wire;
use handsel_storage::Fault;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

impl IngestFacts {
    /// A statement for each fact that was recorded; those left out in sum, those taken before not again.
    pub(super) fn owed(&self, outcomes: &[Outcome]) -> Vec<Owed> {
        let mut owed = Vec::new();
        let mut unmatched = 0_u32;
        let mut refused: BTreeMap<&'static str, u32> = BTreeMap::new();
        for (incoming, outcome) in self.facts.iter().zip(outcomes) {
            match outcome {
                Outcome::Applied(referral) => owed.push(Owed::Audit(self.recorded(&incoming.fact, *referral))),
                Outcome::Unmatched => unmatched = unmatched.saturating_add(1),
                Outcome::Refused(refusal) => {
                    let count = refused.entry(refusal.reason()).or_default();
                    *count = count.saturating_add(1);
                }
                Outcome::Duplicate(_) => {}
            }
        }
        let source = format!("sources/{}", self.act.actor.subject);
        if unmatched > 0 {
            let statement = self.act.statement("fact.unmatched", "record", source.clone());
            owed.push(Owed::Audit(Statement { body: json!({"count": unmatched}), ..statement }));
        }
        if !refused.is_empty() {
            let statement = self.act.statement("fact.refused", "record", source);
            owed.push(Owed::Audit(Statement { outcome: "refused", body: json!(refused), ..statement }));
        }
        owed
    }

    fn recorded(&self, fact: &Fact, referral: Uuid) -> Statement {
        let name = format!("referrals/{referral}");
        Statement {
            subjects: vec![name.clone(), fact.customer.clone()],
            amount: fact.amount,
            body: json!({
                "fact": fact.id,
                "kind": fact.kind.as_str(),
                "occurred_at": fact.occurred_at.to_string(),
            }),
            ..self.act.statement("fact.recorded", "record", name)
        }
    }
}

/// What referrals owe that stand elsewhere than before.
pub(super) fn moves_owed(
    act: &Act,
    referrals: &BTreeMap<Uuid, Referral>,
    tracked: &BTreeMap<Uuid, Tracked>,
) -> Result<Vec<Owed>, Fault> {
    let mut owed = Vec::new();
    for (id, tracked) in tracked {
        let Some(referral) = referrals.get(id).filter(|_| tracked.state != tracked.loaded_state) else {
            continue;
        };
        let tell = |content| Owed::message("reward", format!("referrals/{id}"), &message(content));
        if tracked.completion.is_some() {
            owed.push(Owed::Audit(moved(act, referral, tracked, State::Qualified)));
            owed.push(tell(Content::Qualification(qualification(referral, tracked)?))?);
        }
        if let Some(reversed_at) = tracked.reversed_at {
            owed.push(Owed::Audit(moved(act, referral, tracked, State::Reversed)));
            owed.push(tell(Content::Reversal(reversal(referral, reversed_at)))?);
        }
        if tracked.completion.is_none() && tracked.reversed_at.is_none() {
            owed.push(Owed::Audit(moved(act, referral, tracked, tracked.state)));
        }
    }
    Ok(owed)
}

fn message(content: Content) -> deliver_request::Message {
    deliver_request::Message { sequence: 0, traceparent: String::new(), content: Some(content) }
}

/// That a referral came to stand there: one that qualifies and is reversed by the same facts says both.
fn moved(act: &Act, referral: &Referral, tracked: &Tracked, to: State) -> Statement {
    let kind = match to {
        State::Qualified => "referral.qualified",
        State::Reversed => "referral.reversed",
        State::Expired => "referral.expired",
        State::Registered | State::Converting | State::Rejected => "referral.converting",
    };
    let name = format!("referrals/{}", referral.id);
    let mut body = json!({"from": tracked.loaded_state.as_str(), "to": to.as_str()});
    let decided = match to {
        State::Qualified => tracked.qualified_at.map(|instant| ("qualified_at", instant)),
        State::Reversed => tracked.reversed_at.map(|instant| ("reversed_at", instant)),
        State::Registered | State::Converting | State::Expired | State::Rejected => None,
    };
    if let Some((name, instant)) = decided {
        body[name] = json!(instant.to_string());
    }
    let customer = tracked.customer.clone();
    Statement {
        subjects: [name.clone(), referral.referrer.clone()].into_iter().chain(customer).collect(),
        amount: tracked.completion.and_then(|completion| completion.amount),
        policy: Some(policy(&referral.program, referral.program_version)),
        body,
        ..act.statement(kind, "assess", name)
    }
}

fn qualification(referral: &Referral, tracked: &Tracked) -> Result<Qualification, Fault> {
    let unbound = || Fault::Invalid(format!("referral {} qualified without a customer", referral.id));
    let beyond = |_| Fault::Invalid(format!("plan version {} is beyond the contract", referral.plan_version));
    Ok(Qualification {
        referral: format!("referrals/{}", referral.id),
        plan: referral.plan.clone(),
        plan_version: i32::try_from(referral.plan_version).map_err(beyond)?,
        branch: referral.branch.clone(),
        referrer: referral.referrer.clone(),
        referee: tracked.customer.clone().ok_or_else(unbound)?,
        qualifying_amount: tracked.completion.and_then(|completion| completion.amount).map(wire::to_money),
        qualify_time: tracked.completion.map(|completion| wire::to_timestamp(completion.qualified_at)),
        registrar: referral.registrar.clone(),
        stage: String::new(),
        staff: Vec::new(),
    })
}

fn reversal(referral: &Referral, reversed_at: Timestamp) -> Reversal {
    Reversal {
        referral: format!("referrals/{}", referral.id),
        reason: FactKind::AccountClosed.as_str().to_owned(),
        trigger_time: Some(wire::to_timestamp(reversed_at)),
    }
}
