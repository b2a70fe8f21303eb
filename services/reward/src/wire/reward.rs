//! Rewards for the wire.

use super::{check::to_check, choice::to_reward_choice, hold::to_hold, rule::to_role, settlement::to_status};
use crate::{
    domain::{
        calculation::{explanation::Language, trace::Step},
        checks,
        outcome::{Attempt, Status},
        reward::{Amounts, Entitlement, Kind, Reward},
        state::Standing,
        story,
    },
    queries::{rewards::Whole, summary::Group},
};
use handsel_proto::{
    CalculationStep,
    handsel::{corebank::v1::payout_outcome, reward::v1 as wire},
};
use handsel_service::wire::{to_money, to_timestamp};

/// A reward without steps and explanation.
pub(crate) fn to_reward(reward: &Reward, attempts: &[Attempt]) -> wire::Reward {
    let Reward { entitlement, state, netted, reasons, revision, updated_at } = reward;
    let Entitlement {
        id: _,
        referral,
        plan,
        plan_version,
        role,
        stage,
        milestone,
        milestone_count,
        beneficiary,
        branch,
        tier,
        kind,
        quantity,
        item,
        amounts: Amounts { gross, reward: reward_amount, tax, net, cost },
        window: _,
        season,
        choice: _,
        qualified_at,
        due_at,
        created_at,
    } = entitlement;
    wire::Reward {
        name: reward.name(),
        referral: format!("referrals/{referral}"),
        plan: format!("plans/{plan}"),
        plan_version: i32::try_from(*plan_version).unwrap_or(i32::MAX),
        role: to_role(*role).into(),
        beneficiary: beneficiary.clone(),
        branch: branch.clone(),
        tier: tier.clone(),
        state: to_state(state.standing()).into(),
        gross_amount: Some(to_money(*gross)),
        reward_amount: Some(to_money(*reward_amount)),
        tax_amount: Some(to_money(*tax)),
        net_amount: Some(to_money(*net)),
        cost_amount: Some(to_money(*cost)),
        reasons: reasons.clone(),
        steps: Vec::new(),
        explanation: Vec::new(),
        qualify_time: Some(to_timestamp(*qualified_at)),
        due_time: Some(to_timestamp(*due_at)),
        create_time: Some(to_timestamp(*created_at)),
        update_time: Some(to_timestamp(*updated_at)),
        approver: state.approver().to_owned(),
        settle_time: state.settled_at().map(to_timestamp),
        netted_amount: netted.is_positive().then(|| to_money(*netted)),
        reversed_amount: state.taken_back().map(|part| to_money(part.reward)),
        holds: Vec::new(),
        attempts: attempts.iter().map(to_attempt).collect(),
        waiting_for: story::waiting_for(reward, attempts.last()),
        etag: revision.to_string(),
        kind: to_kind(*kind).into(),
        stage: stage.clone(),
        milestone: milestone.clone(),
        milestone_count: *milestone_count,
        quantity: *quantity,
        item: item.clone(),
        season: season.clone(),
        choice: None,
        checks: Vec::new(),
        until_time: None,
    }
}

fn to_kind(kind: Kind) -> wire::RewardKind {
    match kind {
        Kind::Cash => wire::RewardKind::Cash,
        Kind::Points => wire::RewardKind::Points,
        Kind::Item => wire::RewardKind::Item,
        Kind::Rate => wire::RewardKind::Rate,
    }
}

/// A reward with every step of its calculation, the same in plain words, and every check on its way.
pub(crate) fn to_whole_reward(whole: &Whole, language: Language) -> wire::Reward {
    let Whole { reward, attempts, record, holds, choice, checks } = whole;
    wire::Reward {
        steps: record.shown().into_iter().map(to_step).collect(),
        explanation: story::tell(reward, attempts.last(), record, language),
        holds: holds.iter().map(to_hold).collect(),
        choice: choice.as_ref().map(to_reward_choice),
        checks: checks.iter().map(|check| to_check(check, language)).collect(),
        until_time: checks::waits_for(reward, checks).and_then(|check| check.until).map(to_timestamp),
        waiting_for: checks::waiting_for(reward, checks, language),
        ..to_reward(reward, attempts)
    }
}

pub(super) fn to_step(step: Step) -> CalculationStep {
    let Step { step, value, reason } = step;
    CalculationStep { step, value, reason: reason.unwrap_or_default() }
}

fn to_attempt(attempt: &Attempt) -> wire::Attempt {
    let Attempt {
        reward: _,
        number,
        end_to_end_id,
        amount,
        status,
        reason_code,
        bank_reference,
        instructed_at,
        first_sent_at,
        outcome_at,
    } = attempt;
    let status = match status {
        Status::Unknown => payout_outcome::Status::Unspecified,
        known => to_status(*known),
    };
    wire::Attempt {
        number: i32::try_from(*number).unwrap_or(i32::MAX),
        end_to_end_id: end_to_end_id.clone(),
        status: status.into(),
        amount: Some(to_money(*amount)),
        reason_code: reason_code.clone(),
        bank_reference: bank_reference.clone(),
        instruct_time: Some(to_timestamp(*instructed_at)),
        first_send_time: first_sent_at.map(to_timestamp),
        outcome_time: outcome_at.map(to_timestamp),
    }
}

pub(crate) fn to_state(standing: Standing) -> wire::reward::State {
    match standing {
        Standing::Accrued => wire::reward::State::Accrued,
        Standing::PendingApproval => wire::reward::State::PendingApproval,
        Standing::Approved => wire::reward::State::Approved,
        Standing::Paying => wire::reward::State::Paying,
        Standing::Paid => wire::reward::State::Paid,
        Standing::Failed => wire::reward::State::Failed,
        Standing::Rejected => wire::reward::State::Rejected,
        Standing::Due => wire::reward::State::Due,
        Standing::Returned => wire::reward::State::Returned,
        Standing::WrittenOff => wire::reward::State::WrittenOff,
        Standing::Cancelled => wire::reward::State::Cancelled,
        Standing::Expired => wire::reward::State::Expired,
        Standing::Reversed => wire::reward::State::Reversed,
    }
}

pub(crate) fn state_from(state: wire::reward::State) -> Option<Standing> {
    match state {
        wire::reward::State::Unspecified => None,
        wire::reward::State::Accrued => Some(Standing::Accrued),
        wire::reward::State::PendingApproval => Some(Standing::PendingApproval),
        wire::reward::State::Approved => Some(Standing::Approved),
        wire::reward::State::Paying => Some(Standing::Paying),
        wire::reward::State::Paid => Some(Standing::Paid),
        wire::reward::State::Failed => Some(Standing::Failed),
        wire::reward::State::Rejected => Some(Standing::Rejected),
        wire::reward::State::Due => Some(Standing::Due),
        wire::reward::State::Returned => Some(Standing::Returned),
        wire::reward::State::WrittenOff => Some(Standing::WrittenOff),
        wire::reward::State::Cancelled => Some(Standing::Cancelled),
        wire::reward::State::Expired => Some(Standing::Expired),
        wire::reward::State::Reversed => Some(Standing::Reversed),
    }
}

pub(crate) fn to_group(group: &Group) -> wire::reward_summary::Group {
    let Group { plan, role, tier, standing, count, reward, net } = group;
    wire::reward_summary::Group {
        plan: format!("plans/{plan}"),
        role: to_role(*role).into(),
        tier: tier.clone(),
        state: to_state(*standing).into(),
        count: *count,
        reward_amount: Some(to_money(*reward)),
        net_amount: Some(to_money(*net)),
    }
}
