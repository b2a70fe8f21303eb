//! A hold: compliance keeps what it names from being paid, until two people release it. It is no state of a reward.

use super::{plan::check_etag, refusal::Refusal};
use handsel_money::Timestamp;
use uuid::Uuid;

/// What is held, now and later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One reward.
    Reward(Uuid),
    /// Every reward of a referral.
    Referral(Uuid),
    /// Every reward of a beneficiary, by his resource name.
    Beneficiary(String),
    /// Every reward of a plan, by its id.
    Plan(String),
}

impl Target {
    /// Its resource name.
    pub fn name(&self) -> String {
        match self {
            Self::Reward(id) => format!("rewards/{id}"),
            Self::Referral(id) => format!("referrals/{id}"),
            Self::Beneficiary(name) => name.clone(),
            Self::Plan(id) => format!("plans/{id}"),
        }
    }

    /// What this resource name names; none where nothing of its kind can be held.
    pub fn from_name(name: &str) -> Option<Self> {
        let (collection, id) = name.split_once('/')?;
        match collection {
            "rewards" => id.parse().ok().map(Self::Reward),
            "referrals" => id.parse().ok().map(Self::Referral),
            "customers" | "staff" => Some(Self::Beneficiary(name.to_owned())),
            "plans" => Some(Self::Plan(id.to_owned())),
            _ => None,
        }
    }
}

super::codes! {
    /// Where a hold stands.
    pub enum Standing {
        /// It holds.
        Active = "ACTIVE",
        /// It holds, and one person would release it.
        ReleaseProposed = "RELEASE_PROPOSED",
        /// It holds no more.
        Released = "RELEASED",
    }
}

super::codes! {
    /// Where a hold was placed, and is released.
    pub enum Origin {
        /// Here.
        Reward = "REWARD",
        /// In the audit service, which tells of it.
        Audit = "AUDIT",
    }
}

/// Where a hold stands, and who brought it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It holds.
    Active(Active),
    /// It holds, and one person would release it.
    ReleaseProposed(ReleaseProposed),
    /// It holds no more.
    Released(Released),
}

/// It holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Active;

/// It holds, and one person would release it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseProposed {
    /// Who.
    pub by: String,
}

/// It holds no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// Who proposed it.
    pub proposed_by: String,
    /// Who confirmed it.
    pub by: String,
}

impl Active {
    fn propose(self, by: &str) -> ReleaseProposed {
        ReleaseProposed { by: by.to_owned() }
    }
}

impl ReleaseProposed {
    fn confirm(self, by: &str) -> Released {
        Released { proposed_by: self.by, by: by.to_owned() }
    }
}

impl State {
    /// The name of where it stands.
    pub fn standing(&self) -> Standing {
        match self {
            Self::Active(_) => Standing::Active,
            Self::ReleaseProposed(_) => Standing::ReleaseProposed,
            Self::Released(_) => Standing::Released,
        }
    }

    /// Who proposed its release; empty: nobody.
    pub fn proposed_by(&self) -> &str {
        match self {
            Self::Active(_) => "",
            Self::ReleaseProposed(ReleaseProposed { by }) | Self::Released(Released { proposed_by: by, .. }) => by,
        }
    }

    /// Who confirmed its release; empty: nobody.
    pub fn released_by(&self) -> &str {
        match self {
            Self::Active(_) | Self::ReleaseProposed(_) => "",
            Self::Released(Released { by, .. }) => by,
        }
    }

    /// The state that these columns describe.
    pub fn restore(standing: Standing, proposed_by: String, released_by: String) -> Self {
        match standing {
            Standing::Active => Self::Active(Active),
            Standing::ReleaseProposed => Self::ReleaseProposed(ReleaseProposed { by: proposed_by }),
            Standing::Released => Self::Released(Released { proposed_by, by: released_by }),
        }
    }
}

/// One hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its name.
    pub id: Uuid,
    /// What it holds.
    pub target: Target,
    /// Why: a code of the bank's own.
    pub reason: String,
    /// Who placed it.
    pub placed_by: String,
    /// When.
    pub placed_at: Timestamp,
    /// Where it was placed.
    pub origin: Origin,
    /// Where it stands.
    pub state: State,
    /// Counts its changes from 1; its etag.
    pub revision: i64,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Hold {
    /// A new hold.
    pub fn place(id: Uuid, target: Target, reason: String, by: String, origin: Origin, now: Timestamp) -> Self {
        let state = State::Active(Active);
        Self { id, target, reason, placed_by: by, placed_at: now, origin, state, revision: 1, updated_at: now }
    }

    /// Its resource name.
    pub fn name(&self) -> String {
        format!("holds/{}", self.id)
    }

    /// One person proposes to release it, another confirms. `account` is the name that who acts has on record where a token named no human.
    ///
    /// # Errors
    /// In this order: [`Refusal::EtagMismatch`], [`Refusal::StateConflict`] for one of the audit service's, and once it is released,
    /// [`Refusal::MakerIsChecker`] to who proposed it.
    pub fn release(self, etag: &str, by: &str, account: &str, now: Timestamp) -> Result<Self, Refusal> {
        check_etag(&self.name(), self.revision, etag)?;
        if self.origin == Origin::Audit {
            let state = self.state.standing().code();
            return Err(Refusal::StateConflict {
                name: self.name(),
                state,
                act: "be released but in the audit service",
            });
        }
        let state = match self.state.clone() {
            State::Active(active) => State::ReleaseProposed(active.propose(by)),
            State::ReleaseProposed(proposed) if proposed.by == by || proposed.by == account => {
                return Err(Refusal::MakerIsChecker(self.name()));
            }
            State::ReleaseProposed(proposed) => State::Released(proposed.confirm(by)),
            State::Released(_) => {
                let state = self.state.standing().code();
                return Err(Refusal::StateConflict { name: self.name(), state, act: "be released" });
            }
        };
        let revision = self.revision.saturating_add(1);
        Ok(Self { state, revision, updated_at: now, ..self })
    }

    /// Two people have released it in the audit service. One that is released already stays as it is.
    #[must_use]
    pub fn released_in_audit(self, proposed_by: String, by: String, now: Timestamp) -> Self {
        if let State::Released(_) = self.state {
            return self;
        }
        let state = State::Released(Released { proposed_by, by });
        let revision = self.revision.saturating_add(1);
        Self { state, revision, updated_at: now, ..self }
    }
}
