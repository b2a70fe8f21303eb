//! A rate grant: a preferential rate that a beneficiary was offered, what became of it, and what it takes of the plan's limits.

use super::{
    effective_rate::{self, Contract, Input, RateRecord},
    plan::check_etag,
    qualification::{CLOCK_TOLERANCE, not_in_the_future},
    rate_product::Versions,
    rate_rule::{RateLimits, RateRule, StartRule},
    refusal::Refusal,
    reward::Role,
    stacking::{Because, Candidate},
};
use handsel_money::{Date, Decimal, Exact, Money, Rounding, Timestamp, round_to_minor};
use uuid::Uuid;

/// Why nothing is offered: the plan's limits are used up.
pub const COUNT_CAP: &str = "COUNT_CAP";
/// Why nothing is offered: what it is worth does not fit what is left of the budget.
pub const BUDGET: &str = "BUDGET";
/// Why nothing is offered: the product is not in force, or has no rate for the contract of reference.
pub const RATE_UNAVAILABLE: &str = "RATE_UNAVAILABLE";

super::codes! {
    /// The name of where a rate grant stands.
    pub enum Standing {
        /// The beneficiary may use it.
        Offered = "OFFERED",
        /// A contract has it.
        Active = "ACTIVE",
        /// The contract is over, or the rate's months are.
        Ended = "ENDED",
        /// Taken back by two people, or by the choice of money.
        Revoked = "REVOKED",
        /// Not used in time.
        Expired = "EXPIRED",
        /// Never offered: there was no room.
        Rejected = "REJECTED",
    }
}

super::codes! {
    /// From which of a plan's counters a grant takes its room.
    pub enum Charge {
        /// The plan's limits on rates.
        RateLimits = "RATE_LIMITS",
        /// The plan's budget: it was chosen instead of money.
        Budget = "BUDGET",
    }
}

/// For what a rate is offered: the referral and the place in its plan. Unique for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// The referral that earned it.
    pub referral: Uuid,
    /// The plan that offers it.
    pub plan: String,
    /// The plan's version.
    pub plan_version: i64,
    /// As what the beneficiary is rewarded.
    pub role: Role,
    /// The stage of the referral; empty: the whole of it.
    pub stage: String,
    /// The milestone; empty: none.
    pub milestone: String,
    /// Which time the milestone was reached; 0: none.
    pub milestone_count: i64,
    /// Who may use it: `customers/{customer}`.
    pub beneficiary: String,
    /// The branch that owns the referral.
    pub branch: String,
    /// When the completing fact happened.
    pub qualified_at: Timestamp,
}

impl Ground {
    /// What identifies it for ever.
    #[must_use]
    pub fn natural_key(&self) -> String {
        let Self { referral, plan, role, stage, milestone, milestone_count, beneficiary, .. } = self;
        format!("{referral}/{plan}/{stage}/{}/{milestone}/{milestone_count}/{beneficiary}", role.code())
    }
}

/// What was offered. Never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub id: Uuid,
    /// For what.
    pub ground: Ground,
    /// The plan's rule.
    pub rule: RateRule,
    /// What it was held to be worth, in the plan's currency.
    pub estimate: Money,
    /// From which counter it takes its room.
    pub charge: Charge,
    /// When it was offered.
    pub offered_at: Timestamp,
    /// From when on it can no longer be used.
    pub expires_at: Timestamp,
}

/// The contract that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The bank's reference of the contract.
    pub reference: String,
    /// As it was opened.
    pub contract: Contract,
    /// The product's version that holds for it.
    pub product_version: i64,
    /// The contract's rate with every grant that counted on it.
    pub rate: Decimal,
    /// What this grant adds to it.
    pub applied_bps: Decimal,
    /// What this grant is worth on it, beside the others.
    pub benefit: Money,
    /// From when on it counts.
    pub starts_at: Timestamp,
    /// When it ends by itself.
    pub ends_at: Timestamp,
    /// When core banking told us.
    pub activated_at: Timestamp,
}

/// How it came to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// From when on it no longer counts.
    pub at: Timestamp,
    /// Who did it; empty: time.
    pub by: String,
}

/// Where it stands, with what is known there and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The beneficiary may use it.
    Offered,
    /// A contract has it.
    Active(Box<Activation>),
    /// The contract is over, or the rate's months are.
    Ended(Box<Activation>, Closing),
    /// Taken back: before a contract had it, or after.
    Revoked(Option<Box<Activation>>, Closing),
    /// Not used in time.
    Expired(Closing),
    /// Never offered.
    Rejected,
}

impl State {
    /// The name of where it stands.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match self {
            Self::Offered => Standing::Offered,
            Self::Active(_) => Standing::Active,
            Self::Ended(..) => Standing::Ended,
            Self::Revoked(..) => Standing::Revoked,
            Self::Expired(_) => Standing::Expired,
            Self::Rejected => Standing::Rejected,
        }
    }

    /// The contract that has it or had it.
    #[must_use]
    pub fn activation(&self) -> Option<&Activation> {
        match self {
            Self::Active(activation) | Self::Ended(activation, _) | Self::Revoked(Some(activation), _) => {
                Some(activation)
            }
            Self::Offered | Self::Revoked(None, _) | Self::Expired(_) | Self::Rejected => None,
        }
    }

    /// How it came to an end, if it did.
    #[must_use]
    pub const fn closing(&self) -> Option<&Closing> {
        match self {
            Self::Ended(_, closing) | Self::Revoked(_, closing) | Self::Expired(closing) => Some(closing),
            Self::Offered | Self::Active(_) | Self::Rejected => None,
        }
    }

    /// The state that these parts describe, if they do.
    #[must_use]
    pub fn restore(standing: Standing, activation: Option<Activation>, closing: Option<Closing>) -> Option<Self> {
        let activation = activation.map(Box::new);
        match (standing, activation, closing) {
            (Standing::Offered, None, None) => Some(Self::Offered),
            (Standing::Active, Some(activation), None) => Some(Self::Active(activation)),
            (Standing::Ended, Some(activation), Some(closing)) => Some(Self::Ended(activation, closing)),
            (Standing::Revoked, activation, Some(closing)) => Some(Self::Revoked(activation, closing)),
            (Standing::Expired, None, Some(closing)) => Some(Self::Expired(closing)),
            (Standing::Rejected, None, None) => Some(Self::Rejected),
            _ => None,
        }
    }
}

/// One rate grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateGrant {
    /// What was offered.
    pub offer: Offer,
    /// Where it stands.
    pub state: State,
    /// Why nothing was offered, or why it was taken back or ended.
    pub reasons: Vec<String>,
    /// Counts its changes from 1; its etag.
    pub revision: i64,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a plan's rate grants have taken of its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// How many.
    pub count: i64,
    /// What they are worth together, in minor units.
    pub benefit_minor: i64,
}

/// What a change gives back to the plan's counter, or takes of it where it is below 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freed {
    /// Rate grants.
    pub count: i64,
    /// Minor units.
    pub benefit_minor: i64,
}

impl Freed {
    const NOTHING: Self = Self { count: 0, benefit_minor: 0 };
}

/// A grant after a transition, and what that frees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// As it stands now.
    pub grant: RateGrant,
    /// For the counter of its [`Charge`].
    pub freed: Freed,
}

/// A grant as it is offered, and how its estimate came about; none where nothing could be computed.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The grant, `OFFERED` or `REJECTED`.
    pub grant: RateGrant,
    /// How it was valued.
    pub record: Option<RateRecord>,
}

/// Offers a rate by a plan's rule, valued by its contract of reference as of today, and takes its room. Where there is none, or
/// the product cannot give a rate, the grant is `REJECTED` with its reason and takes nothing: the referral's other rewards stand.
#[must_use]
pub fn offer(
    ground: Ground,
    rule: &RateRule,
    limits: &RateLimits,
    product: &Versions,
    taken: &mut Taken,
    (id, now): (Uuid, Timestamp),
) -> Offered {
    let drafted = Drafted::of(ground, rule, product, Charge::RateLimits, (id, now));
    let estimate = drafted.offer.estimate.minor();
    let reason = if drafted.record.is_none() { Some(RATE_UNAVAILABLE) } else { limits.refuse(taken, estimate) };
    if reason.is_none() {
        taken.count = taken.count.saturating_add(1);
        taken.benefit_minor = taken.benefit_minor.saturating_add(estimate);
    }
    drafted.offered(reason, now)
}

/// What a rate is held to be worth by a plan's rule as of now; none where the product gives none.
#[must_use]
pub fn estimate(ground: Ground, rule: &RateRule, product: &Versions, now: Timestamp) -> Option<Money> {
    let drafted = Drafted::of(ground, rule, product, Charge::Budget, (Uuid::nil(), now));
    drafted.record.map(|record| record.benefit)
}

/// A rate that is chosen instead of money: its room was reserved with the money's, so nothing refuses it but the product. It takes
/// no more of the budget than was `reserved` for it.
#[must_use]
pub fn chosen(
    ground: Ground,
    rule: &RateRule,
    product: &Versions,
    reserved: Money,
    (id, now): (Uuid, Timestamp),
) -> Offered {
    let mut drafted = Drafted::of(ground, rule, product, Charge::Budget, (id, now));
    if drafted.offer.estimate.minor() > reserved.minor() {
        drafted.offer.estimate = reserved;
    }
    let reason = drafted.record.is_none().then_some(RATE_UNAVAILABLE);
    drafted.offered(reason, now)
}

/// An offer that is valued, and not yet made.
struct Drafted {
    offer: Offer,
    record: Option<RateRecord>,
}

impl Drafted {
    fn of(ground: Ground, rule: &RateRule, product: &Versions, charge: Charge, (id, now): (Uuid, Timestamp)) -> Self {
        let nothing = Money::zero(rule.estimate.principal.currency());
        let mut offer =
            Offer { id, ground, rule: rule.clone(), estimate: nothing, charge, offered_at: now, expires_at: now };
        let valued = offer.valued(product);
        if let Some((record, expires_at)) = &valued {
            offer.estimate = record.benefit;
            offer.expires_at = *expires_at;
        }
        Self { offer, record: valued.map(|(record, _)| record) }
    }

    fn offered(self, reason: Option<&'static str>, now: Timestamp) -> Offered {
        let Self { offer, record } = self;
        let state = if reason.is_some() { State::Rejected } else { State::Offered };
        let reasons = reason.map(str::to_owned).into_iter().collect();
        Offered { grant: RateGrant { offer, state, reasons, revision: 1, updated_at: now }, record }
    }
}

impl RateLimits {
    /// Why one more of this worth does not fit.
    fn refuse(&self, taken: &Taken, estimate_minor: i64) -> Option<&'static str> {
        if self.count.is_some_and(|most| taken.count >= most) {
            return Some(COUNT_CAP);
        }
        let after = taken.benefit_minor.checked_add(estimate_minor);
        let fits = match (self.budget, after) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(budget), Some(after)) => after <= budget.minor(),
        };
        (!fits).then_some(BUDGET)
    }
}

impl Offer {
    /// Its value by the contract of reference opened on the day of the offer, and when it expires; none where the product has no
    /// rate for that.
    fn valued(&self, product: &Versions) -> Option<(RateRecord, Timestamp)> {
        let (version, today) = product.at(self.offered_at)?;
        version.terms.check_rule(&self.rule, today).ok()?;
        let contract = Contract {
            principal: self.rule.estimate.principal,
            start: today,
            term_months: self.rule.estimate.term_months,
            maturity: None,
        };
        let input = Input {
            product: version.id.clone(),
            product_version: version.version,
            terms: version.terms.clone(),
            contract,
            candidates: vec![self.candidate(self.offered_at)],
        };
        let valued = effective_rate::value(&input, self.id).ok()?;
        let after_the_last = today.plus_days(self.rule.expiry_days.checked_add(1)?).ok()?;
        Some((RateRecord::of(self.id, input, &valued), after_the_last.start_in(&version.terms.zone)))
    }

    /// What it holds of its counter once a contract has it, in minor units: what it is worth; of the plan's budget no more than was
    /// reserved there.
    fn held(&self, benefit: Money) -> i64 {
        match self.charge {
            Charge::RateLimits => benefit.minor(),
            Charge::Budget => benefit.minor().min(self.estimate.minor()),
        }
    }

    fn candidate(&self, since: Timestamp) -> Candidate {
        let RateRule { product: _, change, principal_cap, term_months, start: _, group, limit, .. } = &self.rule;
        Candidate {
            grant: self.id,
            source: format!("plans/{}", self.ground.plan),
            group: group.clone(),
            bps: change.bps(),
            limit: *limit,
            principal_cap: *principal_cap,
            term_months: *term_months,
            since,
        }
    }
}

/// A contract that a grant is used for, as core banking tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The bank's reference of the contract.
    pub reference: String,
    /// As it was opened.
    pub contract: Contract,
}

impl RateGrant {
    /// Its resource name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("rate-grants/{}", self.offer.id)
    }

    /// Refuses an etag that is not the one of this revision; an empty one stands for whatever it is now.
    ///
    /// # Errors
    /// [`Refusal::EtagMismatch`].
    pub fn check_etag(&self, etag: &str) -> Result<(), Refusal> {
        check_etag(&self.name(), self.revision, etag)
    }

    /// As it counts at an instant on its customer's contracts; none where it does not.
    #[must_use]
    pub fn counting_at(&self, instant: Timestamp) -> Option<Candidate> {
        let activation = self.state.activation()?;
        let over = self.state.closing().map_or(activation.ends_at, |closing| closing.at);
        let counts = activation.starts_at <= instant && instant < over;
        counts.then(|| self.offer.candidate(activation.starts_at))
    }

    /// Whether it is active for this very contract: told again, nothing is to be done.
    ///
    /// # Errors
    /// [`Refusal::ActivationConflict`] if another contract has it or had it, or this one with other content.
    pub fn was_opened_by(&self, opening: &Opening) -> Result<bool, Refusal> {
        match self.state.activation() {
            None => Ok(false),
            Some(known) if known.reference == opening.reference && known.contract == opening.contract => Ok(true),
            Some(_) => Err(Refusal::ActivationConflict(self.name())),
        }
    }

    /// A contract takes it: it is valued anew, with the others that count at the contract's start. From then on the plan's counter
    /// holds what it is worth, no longer what it was held to be.
    ///
    /// # Errors
    /// In this order: [`Refusal::StateConflict`] unless it is offered; [`Refusal::OfferExpired`]; [`Refusal::NoBaseRate`] where no
    /// version of the product holds on the contract's first day; [`Refusal::FutureTime`]; [`Refusal::StartBeforeOffer`];
    /// those of [`effective_rate::decide`]; [`Refusal::TermNotCovered`].
    pub fn activate(
        self,
        opening: Opening,
        product: &Versions,
        others: Vec<Candidate>,
        now: Timestamp,
    ) -> Result<(Moved, RateRecord), Refusal> {
        if self.state.standing() != Standing::Offered {
            return Err(self.conflict("be activated"));
        }
        if now >= self.offer.expires_at {
            return Err(Refusal::OfferExpired(self.name()));
        }
        let Opening { reference, contract } = opening;
        let version = product
            .on(contract.start)
            .ok_or_else(|| Refusal::NoBaseRate(format!("rate-products/{}", self.offer.rule.product)))?;
        let zone = &version.terms.zone;
        if contract.start > now.date_in(zone) {
            return Err(Refusal::FutureTime("the contract's first day"));
        }
        if self.offer.rule.start == StartRule::NewContract && contract.start < self.offer.offered_at.date_in(zone) {
            return Err(Refusal::StartBeforeOffer(self.name()));
        }
        let starts_at = contract.start.start_in(zone);
        let ends_at = self.last_day(&contract)?.start_in(zone);
        let mut candidates = others;
        candidates.push(self.offer.candidate(starts_at));
        let input = Input {
            product: version.id.clone(),
            product_version: version.version,
            terms: version.terms.clone(),
            contract,
            candidates,
        };
        let valued = effective_rate::value(&input, self.offer.id)?;
        let own = valued.effective.parts.iter().find(|part| part.grant == self.offer.id);
        if own.is_some_and(|own| own.because == Some(Because::TermNotCovered)) {
            return Err(Refusal::TermNotCovered(self.name()));
        }
        let activation = Activation {
            reference,
            contract,
            product_version: version.version,
            rate: valued.effective.rate,
            applied_bps: own.map(|own| own.applied_bps).unwrap_or_default(),
            benefit: valued.benefit,
            starts_at,
            ends_at,
            activated_at: now,
        };
        let record = RateRecord::of(self.offer.id, input, &valued);
        let less = self.offer.estimate.minor().saturating_sub(self.offer.held(valued.benefit));
        let freed = Freed { count: 0, benefit_minor: less };
        Ok((self.moved(State::Active(Box::new(activation)), None, freed, now), record))
    }

    /// The day from which it no longer counts: the contract's end, or after its own months.
    fn last_day(&self, contract: &Contract) -> Result<Date, Refusal> {
        let end = contract.end()?;
        let Some(months) = self.offer.rule.term_months else { return Ok(end) };
        let own = contract.start.months(i32::try_from(months).unwrap_or(i32::MAX));
        Ok(own.map_or(end, |own| own.min(end)))
    }

    /// The contract is over before its time, says core banking.
    ///
    /// # Errors
    /// In this order: [`Refusal::StateConflict`] unless it is active; [`Refusal::FutureTime`].
    pub fn end(self, at: Timestamp, by: &str, reason: &str, now: Timestamp) -> Result<Moved, Refusal> {
        let State::Active(activation) = self.state.clone() else {
            return Err(self.conflict("be ended"));
        };
        not_in_the_future(at, now, CLOCK_TOLERANCE, "the contract's end")?;
        let closing = Closing { at: at.max(activation.starts_at), by: by.to_owned() };
        Ok(self.moved(State::Ended(activation, closing), Some(reason), Freed::NOTHING, now))
    }

    /// Its time is over: the contract's, or its own months.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it is active and its end has come.
    pub fn run_out(self, now: Timestamp) -> Result<Moved, Refusal> {
        match self.state.clone() {
            State::Active(activation) if activation.ends_at <= now => {
                let closing = Closing { at: activation.ends_at, by: String::new() };
                Ok(self.moved(State::Ended(activation, closing), None, Freed::NOTHING, now))
            }
            _ => Err(self.conflict("run out")),
        }
    }

    /// Nobody has used it in time: its room comes back.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it is offered and its time is over.
    pub fn expire(self, now: Timestamp) -> Result<Moved, Refusal> {
        if self.state.standing() != Standing::Offered || now < self.offer.expires_at {
            return Err(self.conflict("expire"));
        }
        let closing = Closing { at: self.offer.expires_at, by: String::new() };
        let freed = self.whole();
        Ok(self.moved(State::Expired(closing), None, freed, now))
    }

    /// It is taken back. Of one that is offered, all its room comes back; of an active one, what it would have been worth on the
    /// days that are left.
    ///
    /// # Errors
    /// In this order: [`Refusal::StateConflict`] unless it is offered or active; [`Refusal::OutOfRange`].
    pub fn revoke(self, by: &str, reason: &str, now: Timestamp) -> Result<Moved, Refusal> {
        let closing = Closing { at: now, by: by.to_owned() };
        match self.state.clone() {
            State::Offered => {
                let freed = self.whole();
                Ok(self.moved(State::Revoked(None, closing), Some(reason), freed, now))
            }
            State::Active(activation) => {
                let held = Money::new(activation.benefit.currency(), self.offer.held(activation.benefit));
                let freed = Freed { count: 0, benefit_minor: activation.left_of(held, now)?.minor() };
                Ok(self.moved(State::Revoked(Some(activation), closing), Some(reason), freed, now))
            }
            State::Ended(..) | State::Revoked(..) | State::Expired(_) | State::Rejected => {
                Err(self.conflict("be revoked"))
            }
        }
    }

    fn whole(&self) -> Freed {
        Freed { count: 1, benefit_minor: self.offer.estimate.minor() }
    }

    fn conflict(&self, act: &'static str) -> Refusal {
        Refusal::StateConflict { name: self.name(), state: self.state.standing().code(), act }
    }

    fn moved(mut self, state: State, reason: Option<&str>, freed: Freed, now: Timestamp) -> Moved {
        self.reasons.extend(reason.map(str::to_owned));
        let revision = self.revision.saturating_add(1);
        Moved { grant: Self { state, revision, updated_at: now, ..self }, freed }
    }
}

impl Activation {
    /// What is left of what it holds for the time from now to its end, rounded down: what is not surely free stays used.
    fn left_of(&self, held: Money, now: Timestamp) -> Result<Money, Refusal> {
        let seconds =
            |from: Timestamp, to: Timestamp| i64::try_from(to.saturating_since(from).as_secs()).unwrap_or(i64::MAX);
        let (all, left) = (seconds(self.starts_at, self.ends_at), seconds(now.max(self.starts_at), self.ends_at));
        let share = Exact::fraction(left, all).unwrap_or(Exact::ZERO);
        round_to_minor(&held.exact().times(&share), held.currency(), Rounding::Down)
            .map_err(|_| Refusal::OutOfRange("the benefit"))
    }
}
