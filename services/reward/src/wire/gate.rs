//! Questions to the bank before payment, and its answers.

use crate::{
    domain::{
        gate::{Answer, Verdict},
        terms::GateCheck,
    },
    queries::gate::Question,
};
use handsel_money::Timestamp;
use handsel_proto::handsel::corebank::v1::{self as wire, payout_check};
use handsel_service::wire::to_money;
use std::collections::HashMap;
use uuid::Uuid;

/// The bank's answers by reward.
#[derive(Default)]
pub(crate) struct Said(HashMap<Uuid, Vec<Answer>>);

impl Said {
    /// What it said of a reward.
    pub(crate) fn answers(&self, reward: Uuid) -> &[Answer] {
        self.0.get(&reward).map(Vec::as_slice).unwrap_or_default()
    }
}

pub(crate) fn to_check_payouts(asked: &[Question]) -> wire::CheckPayoutsRequest {
    let question = |question: &Question| {
        let of = &question.reward.entitlement;
        wire::PayoutQuestion {
            reward: question.reward.name(),
            payee: of.beneficiary.clone(),
            payee_account: question.payee.as_ref().map(|payee| payee.account_reference.clone()).unwrap_or_default(),
            amount: Some(to_money(question.reward.owed())),
            checks: question.checks.iter().map(|check| to_check(*check).into()).collect(),
        }
    };
    wire::CheckPayoutsRequest { questions: asked.iter().map(question).collect() }
}

/// What can be read of the bank's answers: what cannot says nothing.
pub(crate) fn said_from(answer: &wire::CheckPayoutsResponse, now: Timestamp) -> Said {
    let mut said: HashMap<Uuid, Vec<Answer>> = HashMap::new();
    for one in &answer.answers {
        let Some(reward) = one.reward.strip_prefix("rewards/").and_then(|id| id.parse().ok()) else { continue };
        for check in &one.checks {
            if let (Some(kind), Some(verdict)) = (check_from(check.kind()), verdict_from(check.verdict())) {
                let reason_code = check.reason_code.chars().filter(char::is_ascii_graphic).take(35).collect();
                let answer = Answer { check: kind, verdict, reason_code, asked_at: now };
                said.entry(reward).or_default().push(answer);
            }
        }
    }
    Said(said)
}

pub(crate) fn to_check(check: GateCheck) -> payout_check::Kind {
    match check {
        GateCheck::Standing => payout_check::Kind::Standing,
        GateCheck::Arrears => payout_check::Kind::Arrears,
        GateCheck::Sanctions => payout_check::Kind::Sanctions,
        GateCheck::AccountStatus => payout_check::Kind::AccountStatus,
    }
}

fn check_from(check: payout_check::Kind) -> Option<GateCheck> {
    match check {
        payout_check::Kind::Unspecified => None,
        payout_check::Kind::Standing => Some(GateCheck::Standing),
        payout_check::Kind::Arrears => Some(GateCheck::Arrears),
        payout_check::Kind::Sanctions => Some(GateCheck::Sanctions),
        payout_check::Kind::AccountStatus => Some(GateCheck::AccountStatus),
    }
}

fn verdict_from(verdict: payout_check::Verdict) -> Option<Verdict> {
    match verdict {
        payout_check::Verdict::Unspecified => None,
        payout_check::Verdict::Pass => Some(Verdict::Pass),
        payout_check::Verdict::Fail => Some(Verdict::Fail),
        payout_check::Verdict::Unknown => Some(Verdict::Unknown),
    }
}
