//! Erasure: whose keys are destroyed, what for, on whose word, and how far it has come.

use super::{days_after, referral::State as ReferralState, refusal::Refusal, words};
use handsel_money::Timestamp;
use uuid::Uuid;

/// Days of a year of retention: never shorter than a calendar year.
const DAYS_A_YEAR: u32 = 366;
/// Who proposes what has run out, and who agrees.
const RETENTION_JOB: &str = "referral/retention";
/// See [`RETENTION_JOB`].
const RETENTION_PERIODS: &str = "policy/retention";

words! {
    /// What personal data is kept for. Each has a key of its own, so that one can end before another.
    pub(crate) enum Purpose {
        /// To contact the person: what the desk shows. It rests on his consent.
        Marketing = "MARKETING",
        /// To prove who was introduced: what the log holds. Rewards rest on it.
        Contract = "CONTRACT",
        /// To report to the tax office.
        Tax = "TAX",
    }
}

impl Purpose {
    /// Every one.
    pub(crate) const ALL: [Self; 3] = [Self::Marketing, Self::Contract, Self::Tax];
}

words! {
    /// Why something is erased.
    pub(crate) enum Reason {
        /// The person asks for it (GDPR Article 17(1), PIPL Article 47).
        DataSubjectRequest = "DATA_SUBJECT_REQUEST",
        /// He has taken his consent back.
        ConsentWithdrawn = "CONSENT_WITHDRAWN",
        /// The time for which it may be kept is over.
        RetentionOver = "RETENTION_OVER",
        /// It should never have been taken.
        UnlawfulProcessing = "UNLAWFUL_PROCESSING",
    }
}

words! {
    /// How far an erasure has come: PROPOSED → DECIDED → CLEARED → DESTROYED → ERASED, or HELD instead of CLEARED.
    pub(crate) enum Stage {
        /// One person has asked for it.
        Proposed = "PROPOSED",
        /// A second one has agreed, or its time had come. From here on it goes by itself.
        Decided = "DECIDED",
        /// The log has found no hold, and says so in a record.
        Cleared = "CLEARED",
        /// The keys are gone for ever.
        Destroyed = "DESTROYED",
        /// Nothing is left of the person here.
        Erased = "ERASED",
        /// A legal hold was in the way: nothing was destroyed.
        Held = "HELD",
    }
}

/// How long personal data is kept, by purpose, and whether it leaves a suppression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionPeriods {
    /// Years after the last consent for which a person may be contacted.
    pub marketing_years: u32,
    /// Years after a referral qualified in which it must be possible to prove who was introduced: as long as money records.
    pub contract_years: u32,
    /// Years after a referral qualified for which the tax office may ask.
    pub tax_years: u32,
    /// Years for which an erased person is known again by a suppression digest; 0: never.
    pub suppression_years: u32,
}

impl Default for RetentionPeriods {
    fn default() -> Self {
        Self { marketing_years: 2, contract_years: 10, tax_years: 10, suppression_years: 10 }
    }
}

impl RetentionPeriods {
    /// Until when data must be kept for a purpose, because of where a referral stands; none: it need not.
    pub(crate) fn bound_until(&self, purpose: Purpose, standing: &Standing) -> Option<Timestamp> {
        let years = match purpose {
            // What rests on consent ends with it.
            Purpose::Marketing => return None,
            Purpose::Contract => self.contract_years,
            Purpose::Tax => self.tax_years,
        };
        match standing.state {
            ReferralState::Qualified | ReferralState::Reversed => {
                standing.qualified_at.map(|at| years_after(at, years))
            }
            ReferralState::Registered
            | ReferralState::Converting
            | ReferralState::Expired
            | ReferralState::Rejected => None,
        }
    }

    /// Consents given before that instant have run out.
    pub(crate) fn marketing_ends_before(&self, now: Timestamp) -> Timestamp {
        let seconds = u64::from(self.marketing_years.saturating_mul(DAYS_A_YEAR)).saturating_mul(super::SECONDS_A_DAY);
        now.checked_sub(std::time::Duration::from_secs(seconds)).unwrap_or(Timestamp::MIN)
    }

    /// Until when a suppression of today holds; none where they are switched off.
    pub(crate) fn suppressed_until(&self, now: Timestamp) -> Option<Timestamp> {
        (self.suppression_years > 0).then(|| years_after(now, self.suppression_years))
    }
}

fn years_after(start: Timestamp, years: u32) -> Timestamp {
    days_after(start, years.saturating_mul(DAYS_A_YEAR))
}

/// Where one referral of a person stands, as far as retention asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The sealed person of that referral.
    pub(crate) subject: Uuid,
    /// The referral.
    pub(crate) referral: Uuid,
    /// The customer that he turned out to be.
    pub(crate) customer: Option<String>,
    /// Where it stands.
    pub(crate) state: ReferralState,
    /// When it qualified.
    pub(crate) qualified_at: Option<Timestamp>,
}

/// What the log says when it is asked whether a legal hold is in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HoldAnswer {
    /// None is.
    Clear,
    /// This one is, `holds/…`.
    Held(String),
    /// It could not be asked. That is no clearance.
    Unavailable,
}

/// What the log says when it is asked to clear an erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Clearance {
    /// It has left a record that none is in the way.
    Granted {
        /// The record's index.
        record: i64,
    },
    /// This one is, `holds/…`.
    Held(String),
}

impl HoldAnswer {
    /// Nothing while a hold is in the way, or while nobody knows.
    ///
    /// # Errors
    /// `HELD`, `HOLDS_UNKNOWN`.
    pub(crate) fn must_be_clear(&self) -> Result<(), Refusal> {
        match self {
            Self::Clear => Ok(()),
            Self::Held(hold) => Err(Refusal::Held(hold.clone())),
            Self::Unavailable => Err(Refusal::HoldsUnknown),
        }
    }
}

/// An erasure on its course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Erasure {
    /// Its id.
    pub(crate) id: Uuid,
    /// The referral whose referee it is about.
    pub(crate) referral: Uuid,
    /// What for his data is kept that goes, in order.
    pub(crate) purposes: Vec<Purpose>,
    /// Why.
    pub(crate) reason: Reason,
    /// How far it is.
    pub(crate) stage: Stage,
    /// Who asked for it.
    pub(crate) proposer: String,
    /// When.
    pub(crate) proposed_at: Timestamp,
    /// Who agreed.
    pub(crate) confirmer: Option<String>,
    /// When.
    pub(crate) decided_at: Option<Timestamp>,
    /// The log's record that no hold was in the way.
    pub(crate) clearance: Option<i64>,
    /// When it said so.
    pub(crate) cleared_at: Option<Timestamp>,
    /// Keys destroyed.
    pub(crate) keys: Option<i64>,
    /// When.
    pub(crate) destroyed_at: Option<Timestamp>,
    /// When nothing was left, or the hold was met.
    pub(crate) ended_at: Option<Timestamp>,
    /// The hold that was met.
    pub(crate) hold: Option<String>,
}

impl Erasure {
    /// A new one. Purposes are kept in order and once each; none named means all.
    pub(crate) fn proposed(
        id: Uuid,
        referral: Uuid,
        mut purposes: Vec<Purpose>,
        reason: Reason,
        (proposer, now): (String, Timestamp),
    ) -> Self {
        if purposes.is_empty() {
            purposes = Purpose::ALL.to_vec();
        }
        purposes.sort_unstable();
        purposes.dedup();
        Self {
            id,
            referral,
            purposes,
            reason,
            stage: Stage::Proposed,
            proposer,
            proposed_at: now,
            confirmer: None,
            decided_at: None,
            clearance: None,
            cleared_at: None,
            keys: None,
            destroyed_at: None,
            ended_at: None,
            hold: None,
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> String {
        format!("erasures/{}", self.id)
    }

    /// The purposes of a person's data that have run out with his consent: what no duty binds goes with it.
    pub(crate) fn purposes_run_out(standings: &[Standing], periods: &RetentionPeriods, now: Timestamp) -> Vec<Purpose> {
        let bound = |purpose: &Purpose| {
            standings.iter().filter_map(|one| periods.bound_until(*purpose, one)).any(|until| until > now)
        };
        Purpose::ALL.into_iter().filter(|purpose| !bound(purpose)).collect()
    }

    /// Whether a purpose is among those that end.
    pub(crate) fn ends(&self, purpose: Purpose) -> bool {
        self.purposes.contains(&purpose)
    }

    /// Whether nothing of the person that any duty binds would go. First rung broken: the purpose bound longest.
    ///
    /// # Errors
    /// `RETENTION_APPLIES`.
    pub(crate) fn unbound(
        &self,
        standings: &[Standing],
        periods: &RetentionPeriods,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let bound = self.purposes.iter().flat_map(|purpose| {
            let untils = standings.iter().filter_map(|standing| periods.bound_until(*purpose, standing));
            untils.map(|until| (until, *purpose))
        });
        match bound.max().filter(|(until, _)| *until > now) {
            None => Ok(()),
            Some((until, purpose)) => Err(Refusal::RetentionApplies { purpose: purpose.as_str(), until }),
        }
    }

    /// A second person agrees. The rungs: where it stands, who he is, what must be kept, what is held.
    ///
    /// # Errors
    /// `STATE_CONFLICT`, `MAKER_IS_CHECKER`, `RETENTION_APPLIES`, `HELD`, `HOLDS_UNKNOWN`.
    pub(crate) fn confirm(
        self,
        (confirmer, now): (String, Timestamp),
        standings: &[Standing],
        periods: &RetentionPeriods,
        holds: &HoldAnswer,
    ) -> Result<Self, Refusal> {
        self.must_be(Stage::Proposed)?;
        if confirmer == self.proposer {
            return Err(Refusal::MakerIsChecker);
        }
        self.unbound(standings, periods, now)?;
        holds.must_be_clear()?;
        Ok(Self { stage: Stage::Decided, confirmer: Some(confirmer), decided_at: Some(now), ..self })
    }

    /// The retention periods have decided it: nobody had to ask.
    pub(crate) fn run_out(id: Uuid, referral: Uuid, purposes: Vec<Purpose>, now: Timestamp) -> Self {
        let proposed = Self::proposed(id, referral, purposes, Reason::RetentionOver, (RETENTION_JOB.into(), now));
        Self { stage: Stage::Decided, confirmer: Some(RETENTION_PERIODS.into()), decided_at: Some(now), ..proposed }
    }

    /// What the log has said, before the first key is destroyed.
    ///
    /// # Errors
    /// `STATE_CONFLICT`.
    pub(crate) fn cleared(self, clearance: &Clearance, now: Timestamp) -> Result<Self, Refusal> {
        self.must_be(Stage::Decided)?;
        Ok(match clearance {
            Clearance::Granted { record } => {
                Self { stage: Stage::Cleared, clearance: Some(*record), cleared_at: Some(now), ..self }
            }
            Clearance::Held(hold) => Self { stage: Stage::Held, hold: Some(hold.clone()), ended_at: Some(now), ..self },
        })
    }

    /// The key store has destroyed so many keys.
    ///
    /// # Errors
    /// `STATE_CONFLICT`.
    pub(crate) fn destroyed(self, keys: i64, now: Timestamp) -> Result<Self, Refusal> {
        self.must_be(Stage::Cleared)?;
        Ok(Self { stage: Stage::Destroyed, keys: Some(keys), destroyed_at: Some(now), ..self })
    }

    /// Nothing is left here.
    ///
    /// # Errors
    /// `STATE_CONFLICT`.
    pub(crate) fn erased(self, now: Timestamp) -> Result<Self, Refusal> {
        self.must_be(Stage::Destroyed)?;
        Ok(Self { stage: Stage::Erased, ended_at: Some(now), ..self })
    }

    fn must_be(&self, needed: Stage) -> Result<(), Refusal> {
        if self.stage == needed {
            return Ok(());
        }
        Err(Refusal::StateConflict { resource: self.name(), state: self.stage.as_str(), needed: needed.as_str() })
    }
}

#[cfg(test)]
#[path = "erasure_tests.rs"]
mod tests;
