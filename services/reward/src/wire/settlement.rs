//! Instructions for the bank, and what it says became of them.

use super::reward::to_state;
use crate::{
    commands::{hand_out::Open, report_outcomes::Taken},
    domain::{
        outcome::{Meaning, Outcome, Status},
        reward::Kind,
    },
};
use handsel_proto::handsel::{
    corebank::v1::{Instruction, PayoutOutcome, instruction, payout_outcome},
    reward::v1::{OutcomeReceipt, outcome_receipt, reward},
};
use handsel_service::{
    status::Violation,
    wire::{timestamp_from, to_money, to_timestamp},
};

pub(crate) fn to_instruction(open: &Open) -> Instruction {
    let Open {
        end_to_end_id,
        reward,
        number,
        payee,
        payee_account,
        amount,
        kind,
        quantity,
        item,
        instructed_at,
        first_sent_at: _,
    } = open;
    Instruction {
        end_to_end_id: end_to_end_id.clone(),
        reward: format!("rewards/{reward}"),
        attempt: i32::try_from(*number).unwrap_or(i32::MAX),
        payee: payee.clone(),
        payee_account: payee_account.clone(),
        amount: Some(to_money(*amount)),
        remittance_text: format!("Referral reward {reward}"),
        instruct_time: Some(to_timestamp(*instructed_at)),
        kind: to_kind(*kind).into(),
        quantity: *quantity,
        item: item.clone(),
    }
}

/// A rate is not instructed as a payment, so money stands for it.
fn to_kind(kind: Kind) -> instruction::Kind {
    match kind {
        Kind::Cash | Kind::Rate => instruction::Kind::Cash,
        Kind::Points => instruction::Kind::Points,
        Kind::Item => instruction::Kind::Item,
    }
}

/// Outcomes as the bank says them.
///
/// # Errors
/// Every field that cannot be taken: no instant, no status, a settlement without the bank's reference.
pub(crate) fn outcomes_from(said: &[PayoutOutcome]) -> Result<Vec<Outcome>, Vec<Violation>> {
    let (mut outcomes, mut violations) = (Vec::with_capacity(said.len()), Vec::new());
    for (at, outcome) in said.iter().enumerate() {
        match outcome_from(outcome, &format!("outcomes[{at}]")) {
            Ok(outcome) => outcomes.push(outcome),
            Err(violation) => violations.push(violation),
        }
    }
    if violations.is_empty() { Ok(outcomes) } else { Err(violations) }
}

/// One outcome, its fields named under `path`.
///
/// # Errors
/// The first field that cannot be taken.
pub(crate) fn outcome_from(said: &PayoutOutcome, path: &str) -> Result<Outcome, Violation> {
    let status = match said.status() {
        payout_outcome::Status::Accepted => Status::Accepted,
        payout_outcome::Status::Settled => Status::Settled,
        payout_outcome::Status::Rejected => Status::Rejected,
        payout_outcome::Status::Returned => Status::Returned,
        payout_outcome::Status::Unspecified => return Err(Violation::new(format!("{path}.status"), "it is required")),
    };
    if status == Status::Settled && said.bank_reference.is_empty() {
        return Err(Violation::new(format!("{path}.bank_reference"), "it is required once settled"));
    }
    let PayoutOutcome { end_to_end_id, status: _, reason_code, bank_reference, occur_time } = said;
    Ok(Outcome {
        end_to_end_id: end_to_end_id.clone(),
        status,
        reason_code: reason_code.clone(),
        bank_reference: bank_reference.clone(),
        occurred_at: timestamp_from(occur_time.as_ref(), &format!("{path}.occur_time"))?,
    })
}

pub(super) fn to_status(status: Status) -> payout_outcome::Status {
    match status {
        Status::Unknown => payout_outcome::Status::Unspecified,
        Status::Accepted => payout_outcome::Status::Accepted,
        Status::Settled => payout_outcome::Status::Settled,
        Status::Rejected => payout_outcome::Status::Rejected,
        Status::Returned => payout_outcome::Status::Returned,
    }
}

pub(crate) fn to_receipt(taken: &Taken) -> OutcomeReceipt {
    let Taken { end_to_end_id, result, standing } = taken;
    let (result, reason) = match result {
        Ok(Meaning::Duplicate) => (outcome_receipt::Result::Duplicate, ""),
        Ok(Meaning::Accepted | Meaning::Settled | Meaning::Refused | Meaning::Returned) => {
            (outcome_receipt::Result::Applied, "")
        }
        Err(refusal) => (outcome_receipt::Result::Refused, refusal.reason()),
    };
    OutcomeReceipt {
        end_to_end_id: end_to_end_id.clone(),
        result: result.into(),
        reason: reason.to_owned(),
        state: standing.map_or(reward::State::Unspecified, to_state).into(),
    }
}
