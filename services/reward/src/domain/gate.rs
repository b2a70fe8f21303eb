//! What the bank is asked of a beneficiary when he is to be paid: good standing, arrears, sanctions, the account. Fail closed: what is
//! not known to pass waits.

use super::terms::GateCheck;
use handsel_money::Timestamp;
use std::{collections::BTreeSet, time::Duration};
use uuid::Uuid;

/// Why a check has no answer: the bank gave none.
pub const NO_ANSWER: &str = "NO_ANSWER";
/// Why a check has no answer: the bank could not be asked.
pub const UNREACHABLE: &str = "UNREACHABLE";
/// Why a check has no answer: the plan asks for what this installation cannot ask.
pub const NOT_CONFIGURED: &str = "GATE_NOT_CONFIGURED";

super::codes! {
    /// What the bank says, in the order in which the worse outweighs the better.
    pub enum Verdict {
        /// Nothing is in the way.
        Pass = "PASS",
        /// The bank does not know, or nobody knows what the bank says.
        Unknown = "UNKNOWN",
        /// He is not to be paid now.
        Fail = "FAIL",
    }
}

/// What the bank says of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was asked.
    pub check: GateCheck,
    /// What was said.
    pub verdict: Verdict,
    /// The bank's own code, or one of ours where it gave no answer; may be empty on a PASS.
    pub reason_code: String,
    /// When it was asked.
    pub asked_at: Timestamp,
}

/// What all checks of one reward come to, and until when that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// The reward.
    pub reward: Uuid,
    /// The worst of its answers.
    pub verdict: Verdict,
    /// When they were asked.
    pub asked_at: Timestamp,
    /// A PASS lets it be paid until then; after anything else the bank is not asked before then.
    pub holds_until: Timestamp,
    /// One for each check that the plan asks for, in their order.
    pub answers: Vec<Answer>,
}

/// How long answers hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long a PASS lets a reward be paid.
    pub pass_holds: Duration,
    /// How long after anything else the bank is asked again.
    pub ask_again: Duration,
}

impl Round {
    /// What the bank's answers come to. What was asked and not answered is unknown; what was not asked does not count.
    pub fn of(
        reward: Uuid,
        asked: &BTreeSet<GateCheck>,
        said: &[Answer],
        missing: &str,
        patience: Patience,
        now: Timestamp,
    ) -> Self {
        let answer = |check: &GateCheck| {
            // Where the bank says two things of one check, the worse counts.
            let worst = said.iter().filter(|answer| answer.check == *check).max_by_key(|answer| answer.verdict);
            worst.cloned().unwrap_or_else(|| Answer {
                check: *check,
                verdict: Verdict::Unknown,
                reason_code: missing.to_owned(),
                asked_at: now,
            })
        };
        let answers: Vec<Answer> = asked.iter().map(answer).collect();
        let verdict = answers.iter().map(|answer| answer.verdict).max().unwrap_or(Verdict::Pass);
        let holds = if verdict == Verdict::Pass { patience.pass_holds } else { patience.ask_again };
        Self { reward, verdict, asked_at: now, holds_until: now.checked_add(holds).unwrap_or(Timestamp::MAX), answers }
    }

    /// Whether it lets its reward be paid now.
    pub fn passes(&self, now: Timestamp) -> bool {
        self.verdict == Verdict::Pass && now < self.holds_until
    }
}
