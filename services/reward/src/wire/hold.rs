//! Holds for the wire.

use crate::domain::hold::{Hold, Origin, Standing, Target};
use handsel_proto::handsel::reward::v1::{self as wire, hold::State};
use handsel_service::{status::Violation, wire::to_timestamp};

/// What a request names as held.
///
/// # Errors
/// The field that names nothing that can be held.
pub(crate) fn target_from(name: &str, field: &str) -> Result<Target, Violation> {
    Target::from_name(name).ok_or_else(|| Violation::new(field, "it names nothing that can be held"))
}

pub(crate) fn to_hold(hold: &Hold) -> wire::Hold {
    let Hold { id: _, target, reason, placed_by, placed_at, origin, state, revision, updated_at } = hold;
    wire::Hold {
        name: hold.name(),
        target: target.name(),
        reason: reason.clone(),
        state: to_state(state.standing()).into(),
        placed_by: placed_by.clone(),
        place_time: Some(to_timestamp(*placed_at)),
        release_proposed_by: state.proposed_by().to_owned(),
        released_by: state.released_by().to_owned(),
        update_time: Some(to_timestamp(*updated_at)),
        etag: revision.to_string(),
        origin: to_origin(*origin).into(),
    }
}

fn to_origin(origin: Origin) -> wire::hold::Origin {
    match origin {
        Origin::Reward => wire::hold::Origin::Reward,
        Origin::Audit => wire::hold::Origin::Audit,
    }
}

fn to_state(standing: Standing) -> State {
    match standing {
        Standing::Active => State::Active,
        Standing::ReleaseProposed => State::ReleaseProposed,
        Standing::Released => State::Released,
    }
}

pub(crate) fn state_from(state: State) -> Option<Standing> {
    match state {
        State::Unspecified => None,
        State::Active => Some(Standing::Active),
        State::ReleaseProposed => Some(Standing::ReleaseProposed),
        State::Released => Some(Standing::Released),
    }
}
