//! Stored valuations of a preferential rate computed again, and set beside what the grant itself holds of them.

use super::{
    effective_rate::{self, Differs, RateRecord},
    rate_grant::Charge,
};
use handsel_money::Money;
use uuid::Uuid;

super::codes! {
    /// When a rate was valued.
    pub enum Valuation {
        /// As it was offered, on the plan's contract of reference.
        Offer = "OFFER",
        /// As a contract took it.
        Activation = "ACTIVATION",
    }
}

/// What a grant holds of a valuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The grant.
    pub grant: Uuid,
    /// Which of its valuations.
    pub valuation: Valuation,
    /// From which counter it takes its room.
    pub charge: Charge,
    /// What it is held to be worth; none where it holds none though it should.
    pub worth: Option<Money>,
}

/// A valuation that comes out as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// The version of the calculation that made it.
    pub calculation_version: u32,
    /// What it comes to.
    pub benefit: Money,
}

/// Computes a stored valuation again.
///
/// # Errors
/// In words, without personal data: why it cannot be computed, or what differs.
pub fn again(stored: &[u8], held: Held) -> Result<Sound, String> {
    let record = effective_rate::recompute(stored).map_err(|differs| in_words(&differs))?;
    let RateRecord { calculation_version, grant, benefit, .. } = record;
    if grant != held.grant {
        return Err(format!("its trace is that of rate-grants/{grant}"));
    }
    match held.worth {
        Some(worth) if agrees(worth, benefit, held) => Ok(Sound { calculation_version, benefit }),
        Some(worth) => Err(format!("the grant holds {worth}, {benefit} comes out")),
        None => Err(format!("the grant holds nothing, {benefit} comes out")),
    }
}

/// One that was chosen instead of money is offered for no more than was reserved for it.
fn agrees(worth: Money, benefit: Money, held: Held) -> bool {
    match (held.valuation, held.charge) {
        (Valuation::Offer, Charge::Budget) => {
            worth.currency() == benefit.currency() && worth.minor() <= benefit.minor()
        }
        (Valuation::Offer, Charge::RateLimits) | (Valuation::Activation, _) => worth == benefit,
    }
}

fn in_words(differs: &Differs) -> String {
    match differs {
        Differs::Unreadable(why) => format!("its trace cannot be read: {why}"),
        other => other.to_string(),
    }
}
