//! What taking facts owes: a statement for each that was recorded, those left out in sum, where referrals stand, and the
//! message to the reward service.

use super::{Act, IngestFacts, policy};
use crate::domain::{
    fact::Fact,
    intake::{Outcome, Tracked},
    referral::{Referral, State},
};
use handsel_outbox::{Owed, Statement};
use handsel_proto::handsel::reward::v1::{Qualification, deliver_request};
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
        owed.push(Owed::Audit(moved(act, referral, tracked)));
        if tracked.completion.is_some() {
            let message = qualification(referral, tracked)?;
            owed.push(Owed::message("reward", format!("referrals/{id}"), &message)?);
        }
    }
    Ok(owed)
}

fn moved(act: &Act, referral: &Referral, tracked: &Tracked) -> Statement {
    let kind = match tracked.state {
        State::Qualified => "referral.qualified",
        State::Expired => "referral.expired",
        State::Registered | State::Converting | State::Rejected => "referral.converting",
    };
    let name = format!("referrals/{}", referral.id);
    let mut body = json!({"from": tracked.loaded_state.as_str(), "to": tracked.state.as_str()});
    if let Some(completion) = tracked.completion {
        body = json!({
            "from": tracked.loaded_state.as_str(),
            "to": tracked.state.as_str(),
            "qualified_at": completion.qualified_at.to_string(),
        });
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

fn qualification(referral: &Referral, tracked: &Tracked) -> Result<deliver_request::Message, Fault> {
    let unbound = || Fault::Invalid(format!("referral {} qualified without a customer", referral.id));
    let beyond = |_| Fault::Invalid(format!("plan version {} is beyond the contract", referral.plan_version));
    let qualification = Qualification {
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
    };
    let content = Some(deliver_request::message::Content::Qualification(qualification));
    Ok(deliver_request::Message { sequence: 0, traceparent: String::new(), content })
}
