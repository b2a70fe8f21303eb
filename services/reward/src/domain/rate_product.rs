//! A rate product: a deposit or a loan of the bank's, its base rates by date and term, how far rates may be moved and what adds up.
//! Versioned and dated; its way from draft to force takes two people.

use super::{
    calculation::{
        deposit::Accrual,
        loan::{InterestBasis, Method},
    },
    plan::check_etag,
    rate_rule::{Change, RateRule, rate_fault, too_fine},
    refusal::{Fault, Refusal},
    stacking::Stacking,
};
use handsel_money::{Currency, Date, DayCount, Decimal, Rate, Rounding, Timestamp, Zone};
use serde::{Deserialize, Serialize};

/// One version of a rate product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateProduct {
    /// The last part of its name.
    pub id: String,
    /// Counts from 1.
    pub version: i64,
    /// What people call it.
    pub display_name: String,
    /// What it says.
    pub terms: ProductTerms,
    /// Who made it.
    pub maker: String,
    /// Where it stands.
    pub state: State,
    /// Counts its changes from 1; its etag.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What one version says of a product. All rates are fractions a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductTerms {
    /// Of every amount.
    pub currency: Currency,
    /// Its days are counted in it.
    pub zone: Zone,
    /// For every amount that is computed.
    pub rounding: Rounding,
    /// From this day on it holds, until a later version does.
    pub effective_from: Date,
    /// Deposit or loan, and how its interest is computed.
    pub kind: Kind,
    /// By rising date.
    pub base_rates: Vec<BaseRates>,
    /// The basis points of all grants together are cut to this.
    pub max_change_bps: Option<Decimal>,
    /// The ceiling of a deposit's rate, the floor of a loan's.
    pub rate_limit: Option<Rate>,
    /// What adds up, and what excludes what.
    pub stacking: Stacking,
}

/// Deposit or loan, and how its interest is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Uplifts raise its rate.
    Deposit {
        /// How periods become years.
        day_count: DayCount,
        /// When interest is added.
        accrual: Accrual,
    },
    /// Discounts lower its rate.
    Loan {
        /// What a month's interest is computed from.
        interest_basis: InterestBasis,
        /// How the principal is repaid.
        method: Method,
    },
}

/// The base rates from a day on, until the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseRates {
    /// The first day.
    pub from: Date,
    /// By rising term.
    pub terms: Vec<TermRate>,
}

/// The base rate of contracts of so many months or more, until the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermRate {
    /// The shortest, in months.
    pub from_months: u32,
    /// The base rate.
    pub rate: Rate,
}

impl ProductTerms {
    /// The base rate on a day for so many months; none where nothing is said of them.
    #[must_use]
    pub fn base_rate(&self, on: Date, months: u32) -> Option<Rate> {
        let day = self.base_rates.iter().rev().find(|rates| rates.from <= on)?;
        let term = day.terms.iter().rev().find(|term| term.from_months <= months)?;
        Some(term.rate)
    }

    /// Refuses a plan's rule that this product cannot keep.
    ///
    /// # Errors
    /// In this order: [`Refusal::CurrencyMismatch`], [`Refusal::FieldInvalid`] for an uplift of a loan, a discount of a deposit, and a
    /// contract of reference without base rate.
    pub fn check_rule(&self, rule: &RateRule, on: Date) -> Result<(), Refusal> {
        if rule.estimate.principal.currency() != self.currency {
            return Err(Refusal::CurrencyMismatch("a rate rule's product"));
        }
        let fits = match (self.kind, rule.change) {
            (Kind::Deposit { .. }, Change::Uplift(_)) | (Kind::Loan { .. }, Change::Discount(_)) => true,
            (Kind::Deposit { .. }, Change::Discount(_)) | (Kind::Loan { .. }, Change::Uplift(_)) => false,
        };
        if !fits {
            let wrong = Fault::new("change", "a deposit takes an uplift, a loan a discount");
            return Err(Refusal::FieldInvalid(vec![wrong]));
        }
        if self.base_rate(on, rule.estimate.term_months).is_none() {
            let wrong = Fault::new("estimate.term_months", "the product has no base rate for it");
            return Err(Refusal::FieldInvalid(vec![wrong]));
        }
        Ok(())
    }

    /// Everything wrong with it, by the field's path in the product; empty when nothing is.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (at, rates) in self.base_rates.iter().enumerate() {
            faults.extend(self.rates_faults(at, rates));
        }
        if self.base_rates.first().is_none_or(|first| first.from > self.effective_from) {
            faults.push(Fault::new("base_rates", "they begin on the effective day or before it"));
        }
        if self.max_change_bps.is_some_and(|bps| bps < Decimal::ZERO || too_fine(bps)) {
            faults.push(Fault::new("max_change_bps", "basis points are not below 0, with at most 8 decimals"));
        }
        faults.extend(self.rate_limit.and_then(|limit| rate_fault("rate_limit", limit)));
        faults.extend(self.stacking.faults());
        faults
    }

    fn rates_faults(&self, at: usize, rates: &BaseRates) -> Vec<Fault> {
        let mut faults = Vec::new();
        let earlier = self.base_rates.iter().take(at).next_back();
        if earlier.is_some_and(|earlier| earlier.from >= rates.from) {
            faults.push(Fault::new(format!("base_rates[{at}].from"), "the days do not rise"));
        }
        let mut last = None;
        for (place, term) in rates.terms.iter().enumerate() {
            let path = format!("base_rates[{at}].terms[{place}]");
            if last.is_some_and(|last| last >= term.from_months) {
                faults.push(Fault::new(format!("{path}.from_months"), "the terms do not rise"));
            }
            last = Some(term.from_months);
            faults.extend(rate_fault(format!("{path}.rate"), term.rate));
        }
        faults
    }
}

/// Where a product's version stands, and who brought it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Being made.
    Draft,
    /// Handed to the checker.
    InReview {
        /// Who handed it over.
        submitter: String,
    },
    /// In force from its day on. It never changes again.
    Active {
        /// Who handed it over.
        submitter: String,
        /// Who put it in force.
        checker: String,
    },
}

impl State {
    /// Its stable text.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::InReview { .. } => "IN_REVIEW",
            Self::Active { .. } => "ACTIVE",
        }
    }

    /// Who handed it to the checker; empty before.
    #[must_use]
    pub fn submitter(&self) -> &str {
        match self {
            Self::Draft => "",
            Self::InReview { submitter } | Self::Active { submitter, .. } => submitter,
        }
    }

    /// Who put it in force; empty before.
    #[must_use]
    pub fn checker(&self) -> &str {
        match self {
            Self::Draft | Self::InReview { .. } => "",
            Self::Active { checker, .. } => checker,
        }
    }

    /// The state that these columns describe, if they do.
    #[must_use]
    pub fn restore(code: &str, submitter: String, checker: String) -> Option<Self> {
        match code {
            "DRAFT" => Some(Self::Draft),
            "IN_REVIEW" => Some(Self::InReview { submitter }),
            "ACTIVE" => Some(Self::Active { submitter, checker }),
            _ => None,
        }
    }
}

impl RateProduct {
    /// A draft: the first version of a product, or the next one after its newest, which has to be in force by then.
    ///
    /// # Errors
    /// In this order: [`Refusal::AlreadyExists`] while the newest version is not in force; [`Refusal::FieldInvalid`] for another
    /// currency, time zone or kind than before, or a day that is not later than the newest version's.
    pub fn draft(newest: Option<&Self>, proposed: Proposed, maker: String, now: Timestamp) -> Result<Self, Refusal> {
        let Proposed { id, display_name, terms } = proposed;
        let mut version = 1;
        if let Some(newest) = newest {
            if !matches!(newest.state, State::Active { .. }) {
                return Err(Refusal::AlreadyExists(format!("{} version {}", newest.name(), newest.version)));
            }
            let faults = terms.faults_after(&newest.terms);
            if !faults.is_empty() {
                return Err(Refusal::FieldInvalid(faults));
            }
            version = newest.version.saturating_add(1);
        }
        let state = State::Draft;
        Ok(Self { id, version, display_name, terms, maker, state, revision: 1, created_at: now, updated_at: now })
    }

    /// Its resource name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("rate-products/{}", self.id)
    }

    /// Hands it to the checker.
    ///
    /// # Errors
    /// In this order: [`Refusal::EtagMismatch`], [`Refusal::StateConflict`].
    pub fn submit(self, etag: &str, by: &str, now: Timestamp) -> Result<Self, Refusal> {
        check_etag(&self.name(), self.revision, etag)?;
        match &self.state {
            State::Draft => Ok(self.changed(State::InReview { submitter: by.to_owned() }, now)),
            State::InReview { .. } | State::Active { .. } => Err(self.conflict("be submitted")),
        }
    }

    /// A second person puts it in force.
    ///
    /// # Errors
    /// In this order: [`Refusal::EtagMismatch`], [`Refusal::StateConflict`], [`Refusal::MakerIsChecker`] for whoever made or submitted it.
    pub fn activate(self, etag: &str, by: &str, now: Timestamp) -> Result<Self, Refusal> {
        check_etag(&self.name(), self.revision, etag)?;
        let State::InReview { submitter } = self.state.clone() else {
            return Err(self.conflict("be activated"));
        };
        self.second_person(by)?;
        Ok(self.changed(State::Active { submitter, checker: by.to_owned() }, now))
    }

    /// Refuses whoever made or submitted it, by whichever name he is on record.
    ///
    /// # Errors
    /// [`Refusal::MakerIsChecker`].
    pub fn second_person(&self, name: &str) -> Result<(), Refusal> {
        if name == self.maker || name == self.state.submitter() {
            return Err(Refusal::MakerIsChecker(self.name()));
        }
        Ok(())
    }

    fn conflict(&self, act: &'static str) -> Refusal {
        Refusal::StateConflict { name: self.name(), state: self.state.code(), act }
    }

    fn changed(self, state: State, now: Timestamp) -> Self {
        let revision = self.revision.saturating_add(1);
        Self { state, revision, updated_at: now, ..self }
    }
}

/// A version as it is proposed, its terms without fault.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// The last part of its name.
    pub id: String,
    /// What people call it.
    pub display_name: String,
    /// What it says.
    pub terms: ProductTerms,
}

impl ProductTerms {
    /// What may not differ from the version before: grants and their estimates hold on to it.
    fn faults_after(&self, before: &Self) -> Vec<Fault> {
        let same_kind = matches!(
            (self.kind, before.kind),
            (Kind::Deposit { .. }, Kind::Deposit { .. }) | (Kind::Loan { .. }, Kind::Loan { .. })
        );
        let rules = [
            (self.currency != before.currency, "currency_code", "it is not the version's before"),
            (self.zone != before.zone, "time_zone", "it is not the version's before"),
            (!same_kind, "kind", "a deposit stays a deposit, a loan a loan"),
            (
                self.effective_from <= before.effective_from,
                "effective_from",
                "it is not later than the version's before",
            ),
        ];
        let broken = rules.into_iter().filter(|(wrong, _, _)| *wrong);
        broken.map(|(_, field, description)| Fault::new(field, description)).collect()
    }
}

/// The versions of one product that are in force, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions(pub Vec<RateProduct>);

impl Versions {
    /// The version that holds on a day, if any.
    #[must_use]
    pub fn on(&self, day: Date) -> Option<&RateProduct> {
        self.0.iter().rev().find(|version| version.terms.effective_from <= day)
    }

    /// The version that holds at an instant, and the day it is there then.
    #[must_use]
    pub fn at(&self, instant: Timestamp) -> Option<(&RateProduct, Date)> {
        // Every version of a product has the same time zone.
        let day = instant.date_in(&self.0.first()?.terms.zone);
        Some((self.on(day)?, day))
    }
}
