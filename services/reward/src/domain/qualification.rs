//! A qualified referral, as the referral service or a bank's own system states it.

use super::{
    refusal::Refusal,
    reward::{Entitlement, Role},
};
use handsel_money::{Decimal, Money, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// How far ahead of our clock a fact may be dated before it is refused: two machines' clocks differ.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(300);

/// The same for a qualification, which another service has judged: the fact's source may be ahead of that service, and that
/// service ahead of us. It is refused for ever, so nobody is refused for a second between two clocks.
pub const QUALIFICATION_TOLERANCE: Duration = CLOCK_TOLERANCE.saturating_mul(2);

/// A member of staff, and his weight in the team's award.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffShare {
    /// `staff/{staff}`.
    pub staff: String,
    /// Above 0.
    pub weight: Decimal,
}

/// Everything that the rewards of one referral, or of a stage of it, are computed from. Two that are equal grant the same.
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
    /// Which stage of the referral is reached; empty: the whole referral.
    pub stage: String,
    /// Who introduced, `customers/{customer}`.
    pub referrer: String,
    /// Who was introduced, `customers/{customer}`.
    pub referee: String,
    /// The staff who had a part in it, a member at most once: the first is rewarded as STAFF, all share the team's award.
    pub staff: Vec<StaffShare>,
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

    /// What it is once for ever: a stage of a referral.
    pub fn key(&self) -> (Uuid, String) {
        (self.referral, self.stage.clone())
    }

    /// Where one of its rewards stands in its answer: by role, staff as they were listed.
    pub fn place_of(&self, entitlement: &Entitlement) -> (Role, Option<usize>) {
        let listed = self.staff.iter().position(|share| share.staff == entitlement.beneficiary);
        (entitlement.role, listed)
    }

    /// Whether this one, told again, says what was granted on before. What is kept names its amount, be it 0.
    pub fn says_the_same_as(&self, kept: &Self) -> bool {
        let zero = kept.qualifying_amount.map(|amount| Money::zero(amount.currency()));
        let qualifying_amount = self.qualifying_amount.or(zero);
        Self { qualifying_amount, ..self.clone() } == *kept
    }

    /// Who is rewarded in a role, in the order listed; nobody where no staff had a part in it.
    pub fn beneficiaries(&self, role: Role) -> Vec<&str> {
        let staff = || self.staff.iter().map(|share| share.staff.as_str());
        match role {
            Role::Referrer => vec![&self.referrer],
            Role::Referee => vec![&self.referee],
            Role::Staff => staff().take(1).collect(),
            Role::Team => staff().collect(),
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
