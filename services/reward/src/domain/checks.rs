//! Every check on a reward's way to its beneficiary, in the order of that way: what it comes to, why, and until when. Told from what
//! is stored and the instant at which it is looked at; it decides nothing.

mod chinese;
mod english;
mod look;

pub use look::look;

use super::{
    approval::{Approval, Needed},
    calculation::explanation::Language,
    gate::{Answer, Round},
    hold::Hold,
    latch::{Cause, Stop},
    outcome::Attempt,
    payee::Payee,
    reward::Reward,
    reward_choice::RewardChoice,
    terms::{GateCheck, Payment},
};
use handsel_money::{Timestamp, Zone};

super::codes! {
    /// What is checked, in the order of a reward's way.
    pub enum Rule {
        /// What caps and budget left of it.
        CapsAndBudget = "CAPS_AND_BUDGET",
        /// Whether its beneficiary has still to choose.
        Choice = "CHOICE",
        /// Whether its due time has come.
        HoldingPeriod = "HOLDING_PERIOD",
        /// Whether anybody holds it: one check for each hold that is open.
        Hold = "HOLD",
        /// Whether those who are asked have approved it.
        Approval = "APPROVAL",
        /// Where it is paid to.
        Payee = "PAYEE",
        /// What the bank says of its beneficiary: one check for each that the plan asks for.
        Gate = "GATE",
        /// Whether payouts leave at all.
        SettlementLatch = "SETTLEMENT_LATCH",
        /// What became of the newest attempt to pay it.
        Attempt = "ATTEMPT",
        /// Whether it is owed no more if nobody pays it.
        Expiry = "EXPIRY",
    }
}

super::codes! {
    /// What a check comes to.
    pub enum Verdict {
        /// It is not in the way.
        Pass = "PASS",
        /// It is in the way.
        Fail = "FAIL",
        /// It is still to come, or nobody knows yet.
        Pending = "PENDING",
        /// The plan does not ask for it, or the reward's way does not lead past it any more.
        NotApplicable = "NOT_APPLICABLE",
    }
}

/// What is known of a reward when its checks are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The reward.
    pub reward: &'a Reward,
    /// Its newest attempt.
    pub newest: Option<&'a Attempt>,
    /// The holds that are open on it, oldest first.
    pub holds: &'a [Hold],
    /// The choice that was offered with it.
    pub choice: Option<&'a RewardChoice>,
    /// The words that count for it.
    pub approvals: &'a [Approval],
    /// Where it is paid to, where somebody named an account.
    pub payee: Option<&'a Payee>,
    /// What the bank said last.
    pub round: Option<&'a Round>,
    /// Why nothing leaves; none: payouts leave.
    pub stop: Option<Stop>,
    /// What the latch fell for, in the order seen.
    pub signs: &'a [Cause],
    /// What its plan asks before it is paid.
    pub payment: &'a Payment,
    /// The plan's time zone.
    pub zone: &'a Zone,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub rule: Rule,
    /// What it comes to.
    pub verdict: Verdict,
    /// Why, UPPER_SNAKE; empty where nothing is to be said.
    pub reason: String,
    /// What was found.
    pub found: Found,
    /// When it ends by itself, or the bank is asked again; none: by people, or not at all.
    pub until: Option<Timestamp>,
    /// When it was looked at: when the bank was asked, the hold placed, the outcome reported.
    pub at: Timestamp,
}

/// What a check found, to be put into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Its way ended before this, or does not lead past it any more.
    Past,
    /// Neither caps nor budget cut it.
    Uncut,
    /// These cut it; something is left.
    Cut(Vec<String>),
    /// Nothing is left of it, or the rule gave nothing, for this reason.
    NothingLeft(String),
    /// No choice was offered.
    NoChoice,
    /// A choice may be made until then.
    MayChoose(Timestamp),
    /// The choice was made, or its time is over.
    ChoiceOver,
    /// It is due then.
    DueAt(Timestamp),
    /// It is due since.
    DueSince(Timestamp),
    /// Nobody holds it.
    NotHeld,
    /// This hold is open.
    Held {
        /// Its resource name.
        name: String,
        /// Why it was placed.
        reason: String,
        /// By whom.
        placed_by: String,
        /// Who would release it; empty: nobody yet.
        proposed_by: String,
    },
    /// Nobody is asked.
    NobodyAsked,
    /// People are asked.
    Asked {
        /// How many, in which roles.
        needed: Needed,
        /// Who has given his word.
        given: Vec<Approval>,
    },
    /// A person refused it.
    Refused {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// It goes to the beneficiary's own account.
    OwnAccount,
    /// It goes to the account that a person named.
    NamedAccount {
        /// The bank's own reference of it.
        reference: String,
        /// Who named it.
        by: String,
    },
    /// The plan has the bank asked nothing.
    NothingAsked,
    /// The bank was not asked this yet.
    NotAskedYet(GateCheck),
    /// What the bank said.
    Said {
        /// Its answer.
        answer: Answer,
        /// Whether that is too old to let a payment leave.
        lapsed: bool,
    },
    /// Payouts leave.
    Leaving,
    /// Payouts do not leave, for this reason; of a latch, what it fell for.
    Stopped(Stop, Vec<Cause>),
    /// What the bank and the latch are asked when somebody has it tried again.
    AskedOnRetry,
    /// No attempt was made yet.
    NotInstructed,
    /// Nothing was left to pay.
    NothingToPay,
    /// The newest attempt, and what is known of it.
    Tried(Box<Attempt>),
    /// It never expires.
    NeverExpires,
    /// It expires then unless it is paid.
    ExpiresAt(Timestamp),
    /// It would have expired then, and is held.
    ExpiryHeld(Timestamp),
    /// It was due for too long.
    Expired,
}

impl Check {
    /// What was found, in words.
    pub fn detail(&self, language: Language) -> String {
        match language {
            Language::English => english::detail(&self.found),
            Language::Chinese => chinese::detail(&self.found),
        }
    }

    fn words(&self, language: Language) -> String {
        match language {
            Language::English => english::words(&self.found),
            Language::Chinese => chinese::words(&self.found),
        }
    }

    fn is_in_the_way(&self) -> bool {
        matches!(self.verdict, Verdict::Fail | Verdict::Pending)
    }
}

/// The check that a reward waits for: the first that is in the way. None once it has ended.
pub fn waits_for<'a>(reward: &Reward, checks: &'a [Check]) -> Option<&'a Check> {
    if reward.state.standing().is_final() {
        return None;
    }
    checks.iter().find(|check| check.is_in_the_way())
}

/// What it waits for, in words; empty when nothing.
pub fn waiting_for(reward: &Reward, checks: &[Check], language: Language) -> String {
    waits_for(reward, checks).map(|check| check.words(language)).unwrap_or_default()
}
