//! What two people decide by hand, for the wire.

use super::settlement::to_status;
use crate::{
    domain::resolution::{Found, Resolution, Standing, Verdict},
    queries::resolutions::Conflict,
};
use handsel_proto::handsel::reward::v1::{
    self as wire, ProposeResolutionRequest,
    resolution::{State, Verdict as Said},
};
use handsel_service::{
    status::Violation,
    wire::{timestamp_from, to_timestamp},
};

/// What a request says became of an attempt.
///
/// # Errors
/// A settlement without the bank's reference, anything else with one, no instant.
pub(crate) fn found_from(request: &ProposeResolutionRequest) -> Result<Found, Violation> {
    let settled = request.outcome() == Said::Settled;
    if settled == request.bank_reference.is_empty() {
        return Err(Violation::new("bank_reference", "it is required once settled, and only then"));
    }
    Ok(Found {
        end_to_end_id: request.end_to_end_id.clone(),
        settled,
        bank_reference: request.bank_reference.clone(),
        occurred_at: timestamp_from(request.occur_time.as_ref(), "occur_time")?,
    })
}

pub(crate) fn to_resolution(resolution: &Resolution) -> wire::Resolution {
    let found = resolution.finding.attempt();
    let verdict = match resolution.finding.verdict() {
        Verdict::Settled => Said::Settled,
        Verdict::Rejected => Said::Rejected,
        Verdict::WrittenOff => Said::WrittenOff,
    };
    let state = match resolution.state.standing() {
        Standing::Proposed => State::Proposed,
        Standing::Confirmed => State::Confirmed,
        Standing::Void => State::Void,
    };
    wire::Resolution {
        name: resolution.name(),
        reward: format!("rewards/{}", resolution.reward),
        end_to_end_id: found.map(|found| found.end_to_end_id.clone()).unwrap_or_default(),
        verdict: verdict.into(),
        bank_reference: found.map(|found| found.bank_reference.clone()).unwrap_or_default(),
        occur_time: found.map(|found| to_timestamp(found.occurred_at)),
        reason: resolution.reason.clone(),
        evidence: resolution.evidence.clone(),
        state: state.into(),
        proposed_by: resolution.proposer.clone(),
        propose_time: Some(to_timestamp(resolution.proposed_at)),
        confirmed_by: resolution.state.confirmed_by().to_owned(),
        end_time: resolution.state.ended_at().map(to_timestamp),
    }
}

pub(crate) fn state_from(state: State) -> Option<Standing> {
    match state {
        State::Unspecified => None,
        State::Proposed => Some(Standing::Proposed),
        State::Confirmed => Some(Standing::Confirmed),
        State::Void => Some(Standing::Void),
    }
}

pub(crate) fn to_conflict(conflict: &Conflict) -> wire::OutcomeConflict {
    let Conflict { id, reward, known, said, recorded_at } = conflict;
    wire::OutcomeConflict {
        name: format!("conflicts/{id}"),
        reward: format!("rewards/{reward}"),
        end_to_end_id: said.end_to_end_id.clone(),
        known_status: to_status(*known).into(),
        said_status: to_status(said.status).into(),
        reason_code: said.reason_code.clone(),
        bank_reference: said.bank_reference.clone(),
        occur_time: Some(to_timestamp(said.occurred_at)),
        record_time: Some(to_timestamp(*recorded_at)),
    }
}
