//! What a plan pays: its terms, checked as a whole before they are ever kept.

mod budget;
mod check;
mod gives;
mod in_force;
mod payment;

pub use budget::{Budgets, Season};
pub use check::Proposal;
pub use gives::{Gives, NonCashRule};
pub use in_force::{Gift, MilestoneInForce, PlanInForce, RewardTerms, RoleInForce};
pub use payment::{ApprovalBand, Approver, GateCheck, Payment, band_of};

use super::{
    calculation::{caps::Limits, milestones::Fires, tax::Tax, window::Window},
    profile::{Introducers, Profile, QualifyingFact},
    rate_rule::RateLimits,
    reward::Role,
};
use handsel_money::{Currency, Money, Rounding, Zone};
use serde::{Deserialize, Serialize};

/// The terms of one plan version. All amounts are in its one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The currency of every amount.
    pub currency: Currency,
    /// Windows and days are counted in it.
    pub zone: Zone,
    /// For everything the plan computes.
    pub rounding: Rounding,
    /// What each role gets, a role at most once for each stage.
    pub roles: Vec<RoleTerms>,
    /// What the n-th referral of an introducer pays on top.
    pub milestones: Option<Milestones>,
    /// The window of the beneficiary's caps; absent: no such caps.
    pub window: Option<Window>,
    /// Caps and budget.
    pub limits: Limits,
    /// The budgets beside that of the limits.
    pub budgets: Budgets,
    /// How much may be offered as preferential rates.
    pub rate_limits: RateLimits,
    /// How rewards are taxed.
    pub tax: Tax,
    /// From which sum of a calendar year on a beneficiary's rewards are reported; absent: never.
    pub reporting_threshold: Option<Money>,
    /// Whole days from qualification to the day a reward is due.
    pub holding_days: i32,
    /// What is asked before and after it is paid.
    pub payment: Payment,
    /// Under which rules it stands.
    pub standing: Jurisdiction,
}

/// What one role gets for one stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleTerms {
    /// Who.
    pub role: Role,
    /// For which stage of a referral; empty: the whole referral.
    pub stage: String,
    /// What, and how much.
    pub gives: Gives,
}

/// What the n-th referral of an introducer pays on top of its own reward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestones {
    /// In which referrals are counted.
    pub window: Window,
    /// In the order in which several on one referral fire.
    pub list: Vec<MilestoneTerms>,
}

/// One milestone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneTerms {
    /// Its name within the plan.
    pub id: String,
    /// At which counts.
    pub fires: Fires,
    /// What it gives the referrer.
    pub gives: Gives,
}

/// Under which rules a plan stands, and what they need to know of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jurisdiction {
    /// Whose rules.
    pub profile: Profile,
    /// What a referral has to lead to; absent: not said.
    pub fact: Option<QualifyingFact>,
    /// Who may introduce.
    pub introducers: Introducers,
    /// Why it is taxed otherwise than the profile's rule; empty: it is not.
    pub tax_note: String,
}

impl Terms {
    /// Whether a plan has any use for a season's counter.
    pub fn season_of(&self, qualified_at: handsel_money::Timestamp) -> String {
        self.budgets.season.map(|season| season.window.key(qualified_at, &self.zone)).unwrap_or_default()
    }
}
