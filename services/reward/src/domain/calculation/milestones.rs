//! Specification §6: which milestones a referral fires. What they pay is `cash`, with the milestone's own rule.
//!
//! [`decide`] takes a whole row of referrals, with what they pay.

mod row;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use handsel_money::{Timestamp, Zone};
use serde::{Deserialize, Serialize};

pub use self::row::{Event, MilestoneRow, Paid, Payment, decide};
use super::bounds;
use super::error::CalculationError;
use super::window::Window;

/// A milestone of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    /// Its name within the plan.
    pub id: String,
    /// When it fires.
    pub fires: Fires,
}

/// At which counts a milestone fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "n", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Fires {
    /// When the n-th referral arrives.
    At(u32),
    /// On each multiple of n.
    Every(u32),
}

/// A plan's milestones, in the plan's order, and where its windows turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Milestones {
    milestones: Vec<Milestone>,
    window: Window,
    zone: Zone,
}

/// One beneficiary's progress: what has been counted, and what has been fired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    referrals: HashMap<String, Standing>,
    counts: BTreeMap<String, u32>,
    fired: HashSet<Fired>,
}

/// What a referral has done to the counts.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    Counted { window: String },
    Reversed,
}

/// One milestone fired.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fired {
    /// Which.
    pub milestone: String,
    /// In which window.
    pub window: String,
    /// At which count.
    pub count: u32,
}

/// Where an event stands in the order in which events are taken: as they arrive, what arrives together by its own
/// instant, then by referral; of one referral, the qualification first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// When it reached the calculation.
    pub arrived_at: Timestamp,
    /// Its own instant.
    pub at: Timestamp,
    /// The referral.
    pub referral: String,
    /// What happened to it.
    pub what: Happened,
}

/// What happened to a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happened {
    /// It qualified.
    Qualified,
    /// Its qualification was taken back.
    Reversed,
}

impl Milestones {
    /// A plan's milestones.
    ///
    /// # Errors
    /// `TooMany` of them; `NoCount` for one that counts to 0; `MilestoneTwice` for two of one name.
    pub fn new(milestones: Vec<Milestone>, window: Window, zone: Zone) -> Result<Self, CalculationError> {
        bounds::check("milestones", milestones.len(), bounds::MILESTONES)?;
        let mut names = HashSet::new();
        if !milestones.iter().all(|milestone| names.insert(milestone.id.as_str())) {
            return Err(CalculationError::MilestoneTwice);
        }
        if milestones.iter().any(|milestone| matches!(milestone.fires, Fires::At(0) | Fires::Every(0))) {
            return Err(CalculationError::NoCount);
        }
        Ok(Self { milestones, window, zone })
    }
}

impl Fires {
    fn at(self, count: u32) -> bool {
        match self {
            Self::At(n) => count == n,
            Self::Every(n) => count.checked_rem(n) == Some(0),
        }
    }
}

impl fmt::Display for Fires {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(n) => write!(formatter, "AT {n}"),
            Self::Every(n) => write!(formatter, "EVERY {n}"),
        }
    }
}

impl Progress {
    /// Takes what happened to a referral; what it fires, in the plan's order.
    pub fn take(&mut self, plan: &Milestones, turn: &Turn) -> Vec<Fired> {
        match turn.what {
            Happened::Qualified => self.qualified(plan, turn),
            Happened::Reversed => {
                self.reversed(&turn.referral);
                Vec::new()
            }
        }
    }

    /// How many referrals stand in each window that ever had one.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<String, u32> {
        &self.counts
    }

    /// A referral counts once ever, in the window of its first qualification, unless it was reversed before.
    fn qualified(&mut self, plan: &Milestones, turn: &Turn) -> Vec<Fired> {
        if self.referrals.contains_key(&turn.referral) {
            return Vec::new();
        }
        let window = plan.window.key(turn.at, &plan.zone);
        self.referrals.insert(turn.referral.clone(), Standing::Counted { window: window.clone() });
        let count = self.counts.entry(window.clone()).or_default();
        *count = count.saturating_add(1);
        let count = *count;
        let reached = plan.milestones.iter().filter(|milestone| milestone.fires.at(count));
        let reached = reached.map(|milestone| Fired { milestone: milestone.id.clone(), window: window.clone(), count });
        // After a reversal a count may be reached again; a milestone fires at most once for it.
        reached.filter(|fired| self.fired.insert(fired.clone())).collect()
    }

    fn reversed(&mut self, referral: &str) {
        let before = self.referrals.insert(referral.to_owned(), Standing::Reversed);
        if let Some(Standing::Counted { window }) = before
            && let Some(count) = self.counts.get_mut(&window)
        {
            *count = count.saturating_sub(1);
        }
    }
}
