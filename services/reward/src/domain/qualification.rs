//! A qualified referral, as the referral service or a bank's own system states it.

use super::{refusal::Refusal, reward::Role};
use handsel_money::{Money, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// How far ahead of our clock a fact may be dated before it is refused: two machines' clocks differ.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(300);

/// The same for a qualification, which another service has judged: the fact's source may be ahead of that service, and that
/// service ahead of us. It is refused for ever, so nobody is refused for a second between two clocks.
pub const QUALIFICATION_TOLERANCE: Duration = CLOCK_TOLERANCE.saturating_mul(2);

/// Everything that the rewards of one referral are computed from. Two that are equal grant the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qualification {
    /// The referral.
    pub referral: Uuid,
    /// The plan that pays.
    pub plan: String,
    /// Its version.
    pub plan_version: i64,
    /// The branch that owns the referral.
    pub branch: String,
    /// The bank's customer number of who introduced.
    pub referrer: String,
    /// The bank's customer number of who was introduced.
    pub referee: String,
    /// The amount from which percentages are computed; absent counts as 0.
    pub qualifying_amount: Option<Money>,
    /// When the completing fact happened.
    pub qualified_at: Timestamp,
    /// The person who registered the referral; empty: none.
    pub registrar: String,
}

impl Qualification {
    /// The resource name of its referral.
    pub fn name(&self) -> String {
        format!("referrals/{}", self.referral)
    }

    /// Whether this one, told again, says what was granted on before. What is kept names its amount, be it 0.
    pub fn says_the_same_as(&self, kept: &Self) -> bool {
        let zero = kept.qualifying_amount.map(|amount| Money::zero(amount.currency()));
        let qualifying_amount = self.qualifying_amount.or(zero);
        Self { qualifying_amount, ..self.clone() } == *kept
    }

    /// Who is rewarded in a role.
    pub fn beneficiary(&self, role: Role) -> &str {
        match role {
            Role::Referrer => &self.referrer,
            Role::Referee => &self.referee,
        }
    }
}

/// Refuses an instant that lies further ahead of `now` than clocks may differ: by `tolerance`.
///
/// # Errors
/// [`Refusal::FutureTime`], naming `what`.
pub fn not_in_the_future(
    instant: Timestamp,
    now: Timestamp,
    tolerance: Duration,
    what: &'static str,
) -> Result<(), Refusal> {
    match now.checked_add(tolerance) {
        Some(latest) if instant > latest => Err(Refusal::FutureTime(what)),
        _ => Ok(()),
    }
}
