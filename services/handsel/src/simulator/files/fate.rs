//! What becomes of a payment that came in a file.

use crate::simulator::{
    bank::Standing,
    faults::{Fault, Faults},
};

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Accepted in the first report, booked in the first statement.
    Paid,
    /// Pending in the first report; accepted in the second, booked in the second statement.
    Late,
    /// As paid, and booked back in the second statement.
    Returned,
    /// Refused in the first report.
    Refused,
}

impl Fate {
    /// As the seed has it: the first fault that strikes decides.
    pub(super) fn of(end_to_end_id: &str, faults: Faults) -> Self {
        let strikes = |fault| faults.strike(fault, end_to_end_id);
        if strikes(Fault::Reject) {
            Self::Refused
        } else if strikes(Fault::LateAcceptance) || strikes(Fault::Delay) {
            Self::Late
        } else if strikes(Fault::Returned) {
            Self::Returned
        } else {
            Self::Paid
        }
    }

    /// How it stands in the bank's book.
    pub(super) fn standing(self) -> Standing {
        match self {
            Self::Paid | Self::Late | Self::Returned => Standing::Paid,
            Self::Refused => Standing::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fault_that_strikes_decides() {
        let none = Faults::default();
        assert_eq!(Fate::of("E1", none), Fate::Paid);
        assert_eq!(Fate::of("E1", Faults { returned: 100, ..none }), Fate::Returned);
        assert_eq!(Fate::of("E1", Faults { delay: 100, returned: 100, ..none }), Fate::Late);
        assert_eq!(Fate::of("E1", Faults { late_acceptance: 100, reject: 100, ..none }), Fate::Refused);
        assert_eq!(Fate::Refused.standing(), Standing::Refused);
        assert_eq!(Fate::Late.standing(), Standing::Paid);
    }
}
