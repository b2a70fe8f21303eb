//! Rate grants and effective rates for the wire; contracts and receipts from it.

use super::{
    rate_rule::{decimal, months, to_rate_rule},
    reward::to_step,
    rule::to_role,
};
use crate::{
    commands::{
        hand_out_rates::Told,
        report_rates::{Answered, Novelty},
    },
    domain::{
        effective_rate::{Contract, EffectiveRate, Layer, Part},
        rate_grant::{Activation, Ground, Offer, Opening, RateGrant, Standing},
        rate_instruction::{Kind, RateInstruction, Receipt, Status},
        rate_rule::{Change, RateRule, StartRule},
        rate_story,
    },
    queries::rates::Whole,
};
use handsel_proto::handsel::{
    corebank::v1::{self as corebank, rate_instruction, rate_receipt},
    reward::v1::{
        self as wire, effective_rate, outcome_receipt, rate_grant, report_rate_instructions_response::Answer,
    },
};
use handsel_service::{
    status::Violation,
    wire::{date_from, money_from, to_date, to_decimal, to_money, to_timestamp},
};

/// A grant without steps, explanation and what core banking was told.
pub(crate) fn to_rate_grant(grant: &RateGrant) -> wire::RateGrant {
    let RateGrant { offer, state, reasons, revision, updated_at } = grant;
    let Offer { id: _, ground, rule, estimate, charge: _, offered_at, expires_at } = offer;
    let Ground {
        referral,
        plan,
        plan_version,
        role,
        stage,
        milestone: _,
        milestone_count: _,
        beneficiary,
        branch,
        qualified_at: _,
    } = ground;
    let closing = state.closing();
    wire::RateGrant {
        name: grant.name(),
        referral: format!("referrals/{referral}"),
        plan: format!("plans/{plan}"),
        plan_version: i32::try_from(*plan_version).unwrap_or(i32::MAX),
        role: to_role(*role).into(),
        stage: stage.clone(),
        beneficiary: beneficiary.clone(),
        branch: branch.clone(),
        rule: Some(to_rate_rule(rule)),
        state: to_state(state.standing()).into(),
        reasons: reasons.clone(),
        estimated_benefit: Some(to_money(*estimate)),
        activation: state.activation().map(to_activation),
        offer_time: Some(to_timestamp(*offered_at)),
        expire_time: Some(to_timestamp(*expires_at)),
        close_time: closing.map(|closing| to_timestamp(closing.at)),
        closer: closing.map(|closing| closing.by.clone()).unwrap_or_default(),
        update_time: Some(to_timestamp(*updated_at)),
        etag: revision.to_string(),
        steps: Vec::new(),
        explanation: Vec::new(),
        instructions: Vec::new(),
    }
}

/// A grant with everything known of it.
pub(crate) fn to_whole_grant(whole: &Whole) -> wire::RateGrant {
    let Whole { grant, record, instructions } = whole;
    let steps = record.as_ref().map(|record| record.steps.clone()).unwrap_or_default();
    wire::RateGrant {
        steps: steps.into_iter().map(to_step).collect(),
        explanation: rate_story::tell(grant),
        instructions: instructions.iter().map(to_status).collect(),
        ..to_rate_grant(grant)
    }
}

fn to_activation(activation: &Activation) -> rate_grant::Activation {
    let Activation {
        reference,
        contract,
        product_version,
        rate,
        applied_bps,
        benefit,
        starts_at: _,
        ends_at,
        activated_at,
    } = activation;
    rate_grant::Activation {
        contract: Some(wire::RateContract {
            reference: reference.clone(),
            principal: Some(to_money(contract.principal)),
            start_date: Some(to_date(contract.start)),
            term_months: months(contract.term_months),
            maturity_date: contract.maturity.map(to_date),
        }),
        product_version: i32::try_from(*product_version).unwrap_or(i32::MAX),
        effective_rate: Some(decimal(*rate)),
        applied_bps: Some(decimal(*applied_bps)),
        benefit: Some(to_money(*benefit)),
        end_time: Some(to_timestamp(*ends_at)),
        activate_time: Some(to_timestamp(*activated_at)),
    }
}

const fn to_state(standing: Standing) -> rate_grant::State {
    match standing {
        Standing::Offered => rate_grant::State::Offered,
        Standing::Active => rate_grant::State::Active,
        Standing::Ended => rate_grant::State::Ended,
        Standing::Revoked => rate_grant::State::Revoked,
        Standing::Expired => rate_grant::State::Expired,
        Standing::Rejected => rate_grant::State::Rejected,
    }
}

pub(crate) const fn state_from(state: rate_grant::State) -> Option<Standing> {
    match state {
        rate_grant::State::Unspecified => None,
        rate_grant::State::Offered => Some(Standing::Offered),
        rate_grant::State::Active => Some(Standing::Active),
        rate_grant::State::Ended => Some(Standing::Ended),
        rate_grant::State::Revoked => Some(Standing::Revoked),
        rate_grant::State::Expired => Some(Standing::Expired),
        rate_grant::State::Rejected => Some(Standing::Rejected),
    }
}

/// The contract that core banking opened.
///
/// # Errors
/// The first field that cannot be taken.
pub(crate) fn opening_from(contract: Option<&wire::RateContract>) -> Result<Opening, Violation> {
    let wire::RateContract { reference, principal, start_date, term_months, maturity_date } =
        contract.ok_or_else(|| Violation::new("contract", "is required"))?;
    let start = date_from(start_date.as_ref(), "contract.start_date")?;
    let maturity = maturity_date.as_ref().map(|date| date_from(Some(date), "contract.maturity_date")).transpose()?;
    if maturity.is_some_and(|maturity| maturity <= start) {
        return Err(Violation::new("contract.maturity_date", "it is not after the first day"));
    }
    let contract = Contract {
        principal: money_from(principal.as_ref(), "contract.principal")?,
        start,
        term_months: u32::try_from(*term_months).unwrap_or_default(),
        maturity,
    };
    Ok(Opening { reference: reference.clone(), contract })
}

/// The rate of a contract, and the version of the product that holds for it.
pub(crate) fn to_effective_rate(product: &str, version: i64, effective: &EffectiveRate) -> wire::EffectiveRate {
    let EffectiveRate {
        base_rate,
        rate,
        blended_rate,
        parts,
        layers,
        total_interest,
        base_interest,
        benefit,
        yearly_cost,
        steps,
    } = effective;
    let (nominal, yearly) = yearly_cost.unzip();
    wire::EffectiveRate {
        product: format!("rate-products/{product}"),
        product_version: i32::try_from(version).unwrap_or(i32::MAX),
        base_rate: Some(to_decimal(*base_rate)),
        rate: Some(decimal(*rate)),
        blended_rate: Some(decimal(*blended_rate)),
        parts: parts.iter().map(to_part).collect(),
        layers: layers.iter().map(to_layer).collect(),
        total_interest: Some(to_money(*total_interest)),
        base_interest: base_interest.map(to_money),
        benefit: Some(to_money(*benefit)),
        nominal_yearly_cost: nominal.map(decimal),
        effective_yearly_cost: yearly.map(decimal),
        steps: steps.iter().cloned().map(to_step).collect(),
        explanation: rate_story::explain(effective),
    }
}

fn to_part(part: &Part) -> effective_rate::Part {
    let Part { grant, source, group, bps, applied_bps, because } = part;
    effective_rate::Part {
        rate_grant: format!("rate-grants/{grant}"),
        source: source.clone(),
        stacking_group: group.clone(),
        bps: Some(decimal(*bps)),
        applied_bps: Some(decimal(*applied_bps)),
        reason: because.map(|because| because.code().to_owned()).unwrap_or_default(),
    }
}

fn to_layer(layer: &Layer) -> effective_rate::Layer {
    let Layer { principal, rate, interest } = layer;
    effective_rate::Layer {
        principal: Some(to_money(*principal)),
        rate: Some(decimal(*rate)),
        interest: Some(to_money(*interest)),
    }
}

/// What core banking is told.
pub(crate) fn to_instruction((instruction, grant): &Told) -> corebank::RateInstruction {
    let Offer { ground, rule, offered_at, expires_at, .. } = &grant.offer;
    let RateRule { product, change, principal_cap, term_months, start, .. } = rule;
    corebank::RateInstruction {
        instruction_id: instruction.id.clone(),
        kind: to_kind(instruction.kind).into(),
        rate_grant: grant.name(),
        customer: ground.beneficiary.clone(),
        product: format!("rate-products/{product}"),
        change: Some(match change {
            Change::Uplift(bps) => rate_instruction::Change::UpliftBps(decimal(*bps)),
            Change::Discount(bps) => rate_instruction::Change::DiscountBps(decimal(*bps)),
        }),
        principal_cap: principal_cap.map(to_money),
        term_months: months(term_months.unwrap_or_default()),
        new_contracts_only: *start == StartRule::NewContract,
        offer_time: Some(to_timestamp(*offered_at)),
        expire_time: Some(to_timestamp(*expires_at)),
    }
}

const fn to_kind(kind: Kind) -> rate_instruction::Kind {
    match kind {
        Kind::Offer => rate_instruction::Kind::Offer,
        Kind::Withdraw => rate_instruction::Kind::Withdraw,
    }
}

fn to_status(instruction: &RateInstruction) -> wire::RateInstructionStatus {
    let result = match instruction.status {
        Status::Open | Status::Void => rate_receipt::Result::Unspecified,
        Status::Taken => rate_receipt::Result::Taken,
        Status::Refused => rate_receipt::Result::Refused,
    };
    wire::RateInstructionStatus {
        kind: to_kind(instruction.kind).into(),
        first_send_time: instruction.first_sent_at.map(to_timestamp),
        result: result.into(),
        reason_code: instruction.reason_code.clone(),
    }
}

/// What core banking did with one instruction, its fields named under `path`.
///
/// # Errors
/// A receipt without result.
pub(crate) fn receipt_from(said: &corebank::RateReceipt, path: &str) -> Result<Receipt, Violation> {
    let status = match said.result() {
        rate_receipt::Result::Taken => Status::Taken,
        rate_receipt::Result::Refused => Status::Refused,
        rate_receipt::Result::Unspecified => {
            return Err(Violation::new(format!("{path}.result"), "it is required"));
        }
    };
    Ok(Receipt { id: said.instruction_id.clone(), status, reason_code: said.reason_code.clone() })
}

/// What became of one answer.
pub(crate) fn to_answer(answered: &Answered) -> Answer {
    let Answered { id, result } = answered;
    let (result, reason) = match result {
        Ok(Novelty::New) => (outcome_receipt::Result::Applied, ""),
        Ok(Novelty::Known) => (outcome_receipt::Result::Duplicate, ""),
        Err(refusal) => (outcome_receipt::Result::Refused, refusal.reason()),
    };
    Answer { instruction_id: id.clone(), result: result.into(), reason: reason.to_owned() }
}
