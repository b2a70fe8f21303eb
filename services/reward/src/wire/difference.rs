//! Differences, and what people say of them, for the wire.

use crate::{
    domain::difference::{self, Code, Resolution, Standing},
    store::bank_file::Kept,
};
use handsel_proto::handsel::reward::v1::{self as wire, difference::State, difference_resolution::Code as WireCode};
use handsel_service::{
    status::Violation,
    wire::{to_money, to_timestamp},
};

/// A difference.
pub(crate) fn to_difference(kept: &Kept) -> wire::Difference {
    let Kept { place, end_to_end_id, reason, said, amount, expected, bank_reference, recorded_at, resolution } = kept;
    let state = match difference::standing(resolution.as_ref()) {
        Standing::Open => State::Open,
        Standing::ResolutionProposed => State::ResolutionProposed,
        Standing::Resolved => State::Resolved,
    };
    wire::Difference {
        bank_file: format!("bankFiles/{}", place.file),
        position: place.position,
        end_to_end_id: end_to_end_id.clone(),
        reason: reason.clone(),
        said: said.clone(),
        amount: amount.map(to_money),
        expected_amount: expected.map(to_money),
        bank_reference: bank_reference.clone(),
        record_time: Some(to_timestamp(*recorded_at)),
        state: state.into(),
        resolution: resolution.as_ref().map(to_resolution),
    }
}

fn to_resolution(resolution: &Resolution) -> wire::DifferenceResolution {
    let Resolution { id, code, note, proposed_by, proposed_at, confirmation, .. } = resolution;
    let code = match code {
        Code::BankCorrected => WireCode::BankCorrected,
        Code::OutcomeReported => WireCode::OutcomeReported,
        Code::NotOurs => WireCode::NotOurs,
        Code::SaidTwice => WireCode::SaidTwice,
        Code::BookedElsewhere => WireCode::BookedElsewhere,
        Code::Other => WireCode::Other,
    };
    wire::DifferenceResolution {
        id: id.to_string(),
        code: code.into(),
        note: note.clone(),
        proposed_by: proposed_by.clone(),
        propose_time: Some(to_timestamp(*proposed_at)),
        confirmed_by: confirmation.as_ref().map(|one| one.by.clone()).unwrap_or_default(),
        confirm_time: confirmation.as_ref().map(|one| to_timestamp(one.at)),
    }
}

/// Why a difference is settled, as a person says it.
///
/// # Errors
/// None given.
pub(crate) fn code_from(code: WireCode) -> Result<Code, Violation> {
    match code {
        WireCode::BankCorrected => Ok(Code::BankCorrected),
        WireCode::OutcomeReported => Ok(Code::OutcomeReported),
        WireCode::NotOurs => Ok(Code::NotOurs),
        WireCode::SaidTwice => Ok(Code::SaidTwice),
        WireCode::BookedElsewhere => Ok(Code::BookedElsewhere),
        WireCode::Other => Ok(Code::Other),
        WireCode::Unspecified => Err(Violation::new("code", "is required")),
    }
}

/// Which differences are asked for; none: all.
pub(crate) fn standing_from(state: State) -> Option<Standing> {
    match state {
        State::Unspecified => None,
        State::Open => Some(Standing::Open),
        State::ResolutionProposed => Some(Standing::ResolutionProposed),
        State::Resolved => Some(Standing::Resolved),
    }
}
