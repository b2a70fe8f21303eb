//! The choice between money and a preferential rate: offered with a reward, made once, by its beneficiary or by its deadline. While it
//! is open, caps and budgets hold the dearer side, and nothing is paid.

use super::{
    grant::{Freed, Left},
    rate_grant::{BUDGET, RATE_UNAVAILABLE},
    rate_rule::Side,
    refusal::Refusal,
    reward::{Choice, Entitlement},
};
use handsel_money::{Money, Timestamp};
use uuid::Uuid;

/// Why there is nothing to choose: what the rate is worth does not fit the beneficiary's cap.
pub const AMOUNT_CAP: &str = "AMOUNT_CAP";
/// Why a reward is cancelled: the rate was chosen instead.
pub const CHOICE_RATE: &str = "CHOICE_RATE";
/// Why a choice is closed: its reward is owed no longer, or not the way it was.
pub const REWARD_MOVED: &str = "REWARD_MOVED";

/// One choice, of one reward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewardChoice {
    /// The reward, which is the money.
    pub reward: Uuid,
    /// What the deadline chooses.
    pub default_side: Side,
    /// The first instant at which it is too late.
    pub until: Timestamp,
    /// What the rate is held to be worth.
    pub estimate: Money,
    /// What caps and budgets hold for it beyond the reward, as long as it is open.
    pub extra: Money,
    /// Whether it was made.
    pub state: State,
}

/// Whether a choice was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not yet.
    Open,
    /// For ever.
    Made(Made),
}

/// A choice that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Which side.
    pub side: Side,
    /// By whom; empty: by the deadline, or because there was no other side.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why nobody was asked; empty: somebody was.
    pub reason: String,
    /// The rate grant, where the rate was chosen.
    pub grant: Option<Uuid>,
}

impl RewardChoice {
    /// Opens the choice of a reward. `estimate` is what its rate is worth, if the product gives one. Where the dearer side has no
    /// room, or there is no rate, there is nothing to choose: the money stands, and the reason is kept.
    #[must_use]
    pub fn open(
        entitlement: &Entitlement,
        choice: Choice,
        estimate: Option<Money>,
        left: Left,
        now: Timestamp,
    ) -> Self {
        let money = entitlement.amounts.reward;
        let nothing = Money::zero(money.currency());
        let open = Self {
            reward: entitlement.id,
            default_side: choice.default,
            until: choice.until,
            estimate: estimate.unwrap_or(nothing),
            extra: nothing,
            state: State::Open,
        };
        let closed = |reason: &str| {
            let made = Made { side: Side::Cash, by: String::new(), at: now, reason: reason.to_owned(), grant: None };
            Self { state: State::Made(made), ..open.clone() }
        };
        let Some(estimate) = estimate else { return closed(RATE_UNAVAILABLE) };
        let extra = estimate.minor().saturating_sub(money.minor()).max(0);
        let open = Self { extra: Money::new(money.currency(), extra), ..open.clone() };
        let Freed { cost_minor, .. } = open.beyond(entitlement);
        let lacks = |left: Option<i64>, needed: i64| left.is_some_and(|left| left < needed);
        if lacks(left.cap, extra) {
            return closed(AMOUNT_CAP);
        }
        if lacks(left.budget, extra) || lacks(left.cost, cost_minor) {
            return closed(BUDGET);
        }
        open
    }

    /// What caps and budgets hold for it beyond its reward, as long as it is open. The money costs the tax that the bank bears on
    /// top, a rate what it is worth.
    #[must_use]
    pub fn beyond(&self, entitlement: &Entitlement) -> Freed {
        let reward_minor = self.extra.minor();
        let dearer = self.estimate.minor().saturating_sub(entitlement.amounts.cost.minor()).max(0);
        let cost_minor = if reward_minor > 0 { dearer } else { 0 };
        Freed { count: 0, reward_minor, cost_minor }
    }

    /// What of that comes back where the rate is taken, and keeps so much. Below 0: the money, which came back, was the dearer side.
    #[must_use]
    pub fn beyond_rate(&self, entitlement: &Entitlement, kept: Money) -> Freed {
        let Freed { count, reward_minor, cost_minor } = self.beyond(entitlement);
        let less = |held: i64| held.saturating_sub(kept.minor());
        Freed { count, reward_minor: less(reward_minor), cost_minor: less(cost_minor) }
    }

    /// Its beneficiary chooses.
    ///
    /// # Errors
    /// [`Refusal::ChoiceClosed`] where it was made, or its deadline has passed.
    pub fn choose(self, side: Side, by: &str, now: Timestamp) -> Result<Self, Refusal> {
        if self.state != State::Open || now >= self.until {
            return Err(Refusal::ChoiceClosed(self.reward_name()));
        }
        Ok(self.made(side, by, "", now))
    }

    /// Its deadline chooses what the plan says.
    ///
    /// # Errors
    /// [`Refusal::ChoiceClosed`] where it was made, or its deadline has not come.
    pub fn lapse(self, now: Timestamp) -> Result<Self, Refusal> {
        if self.state != State::Open || now < self.until {
            return Err(Refusal::ChoiceClosed(self.reward_name()));
        }
        let side = self.default_side;
        Ok(self.made(side, "", "DEADLINE", now))
    }

    /// There is nothing to choose any more: the money it is, or what became of it.
    #[must_use]
    pub fn fall_back(self, reason: &str, now: Timestamp) -> Self {
        self.made(Side::Cash, "", reason, now)
    }

    /// With the grant of the side chosen.
    #[must_use]
    pub fn granted(self, grant: Uuid) -> Self {
        match self.state {
            State::Open => self,
            State::Made(made) => Self { state: State::Made(Made { grant: Some(grant), ..made }), ..self },
        }
    }

    /// Which side it was made for.
    #[must_use]
    pub const fn side(&self) -> Option<Side> {
        match &self.state {
            State::Open => None,
            State::Made(made) => Some(made.side),
        }
    }

    /// The resource name of its reward.
    #[must_use]
    pub fn reward_name(&self) -> String {
        format!("rewards/{}", self.reward)
    }

    fn made(self, side: Side, by: &str, reason: &str, now: Timestamp) -> Self {
        let made = Made { side, by: by.to_owned(), at: now, reason: reason.to_owned(), grant: None };
        Self { state: State::Made(made), ..self }
    }
}
