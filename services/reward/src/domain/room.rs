//! What a transition does to count, cap and budget: the table of [`Room`](super::state::Room), applied.

use super::{
    grant::Freed,
    reward::Entitlement,
    state::{Room, State, TakenBack},
};

/// What a transition does to count, cap and budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomChange {
    /// Nothing.
    Stays,
    /// What was reserved is spent.
    IsUsed,
    /// What was spent is reserved again.
    IsReservedAgain,
    /// All of it comes back, the count with it.
    ComesBack,
    /// All of it had come back, and is spent after all.
    IsTakenAgain,
    /// So much of what was spent comes back, and the count stays.
    ComesBackInPart(TakenBack),
}

impl RoomChange {
    /// What a reward does on its way from one state to another.
    pub fn between(from: &State, to: &State) -> Self {
        match (from.standing().room(), to.standing().room(), to.taken_back()) {
            (Room::Reserved, Room::Used, _) => Self::IsUsed,
            (Room::Used, Room::Reserved, _) => Self::IsReservedAgain,
            (Room::Reserved | Room::Used, Room::Free, _) => Self::ComesBack,
            (Room::Free, Room::Used, _) => Self::IsTakenAgain,
            (Room::Used, Room::Used, Some(part)) if from.taken_back().is_none() => Self::ComesBackInPart(part),
            (Room::Free, Room::Free | Room::Reserved, _)
            | (Room::Reserved, Room::Reserved, _)
            | (Room::Used, Room::Used, _) => Self::Stays,
        }
    }

    /// What is given back; none: nothing. What is spent stays granted.
    pub fn freed(self, entitlement: &Entitlement) -> Option<Freed> {
        match self {
            Self::Stays | Self::IsUsed | Self::IsReservedAgain => None,
            Self::ComesBack => Some(Freed::whole(entitlement)),
            Self::IsTakenAgain => Some(Freed::whole(entitlement).taken_again()),
            Self::ComesBackInPart(part) => Some(Freed::part(entitlement, part.reward, part.tax)),
        }
    }
}
