//! A policy as it is proposed: everything that is wrong with it is said at once.

use super::policy::{Rules, Scoring, TierCondition};
use super::refusal::{Fault, Refusal};
use handsel_money::{Currency, Money};
use std::collections::HashSet;

/// Rules as proposed. What could not be read is `None`, and stands among the faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) display_name: String,
    /// Days looked back.
    pub(crate) window_days: u32,
    pub(crate) currency: Option<Currency>,
    pub(crate) scoring: ProposedScoring,
    pub(crate) tiers: Vec<TierCondition>,
    pub(crate) default_tier: String,
    /// What could not be read.
    pub(crate) unreadable: Vec<Fault>,
}

/// How scores are to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProposedScoring {
    Bands { recency_days: [i64; 4], frequency: [i64; 4], monetary: [Option<Money>; 4] },
    Quintiles,
}

impl Proposal {
    /// The rules, if nothing is wrong: else every fault, those of reading first.
    pub(crate) fn rules(&self) -> Result<Rules, Refusal> {
        let mut faults = self.unreadable.clone();
        let scoring = match &self.scoring {
            ProposedScoring::Quintiles => Some(Scoring::Quintiles),
            ProposedScoring::Bands { recency_days, frequency, monetary } => {
                rising(&recency_days.map(Some), 0, "tier_policy.bands.recency_days", &mut faults);
                rising(&frequency.map(Some), 1, "tier_policy.bands.frequency", &mut faults);
                self.of_its_currency(monetary, &mut faults);
                rising(&monetary.map(|one| one.map(Money::minor)), 1, "tier_policy.bands.monetary", &mut faults);
                all(*monetary).map(|monetary| Scoring::Bands {
                    recency_days: *recency_days,
                    frequency: *frequency,
                    monetary,
                })
            }
        };
        self.named_once(&mut faults);
        match (self.currency, scoring) {
            (Some(currency), Some(scoring)) if faults.is_empty() => Ok(Rules {
                display_name: self.display_name.clone(),
                window_days: self.window_days,
                currency,
                scoring,
                tiers: self.tiers.clone(),
                default_tier: self.default_tier.clone(),
            }),
            _ => Err(Refusal::Invalid(faults)),
        }
    }

    fn of_its_currency(&self, monetary: &[Option<Money>; 4], faults: &mut Vec<Fault>) {
        let Some(currency) = self.currency else { return };
        for (place, amount) in monetary.iter().enumerate() {
            if amount.is_some_and(|amount| amount.currency() != currency) {
                let field = format!("tier_policy.bands.monetary[{place}].currency_code");
                let description = format!("must be the policy's currency, {}", currency.code());
                faults.push(Fault::new(field, description).because("CURRENCY_MISMATCH"));
            }
        }
    }

    fn named_once(&self, faults: &mut Vec<Fault>) {
        let mut seen = HashSet::new();
        for (place, condition) in self.tiers.iter().enumerate() {
            if !seen.insert(&condition.tier) {
                let field = format!("tier_policy.tiers[{place}].tier");
                faults.push(Fault::new(field, format!("{} stands here twice", condition.tier)));
            }
        }
    }
}

/// All four, if each was read.
fn all(amounts: [Option<Money>; 4]) -> Option<[Money; 4]> {
    let [first, second, third, fourth] = amounts;
    Some([first?, second?, third?, fourth?])
}

/// Four numbers, each above the one before, the first at least `least`. One that could not be read is passed over.
fn rising(band: &[Option<i64>; 4], least: i64, field: &str, faults: &mut Vec<Fault>) {
    if band[0].is_some_and(|first| first < least) {
        faults.push(Fault::new(format!("{field}[0]"), format!("must be {least} or more")));
    }
    for (place, pair) in band.windows(2).enumerate() {
        if let [Some(lower), Some(upper)] = pair
            && lower >= upper
        {
            faults.push(Fault::new(format!("{field}[{}]", place.saturating_add(1)), "must be above the one before"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal() -> Proposal {
        let crown: Currency = "CZK".parse().unwrap();
        let condition = |tier: &str| TierCondition {
            tier: tier.to_owned(),
            min_recency: 0,
            min_frequency: 0,
            min_monetary: 0,
            min_total: 9,
            core: false,
        };
        Proposal {
            display_name: "Value".to_owned(),
            window_days: 365,
            currency: Some(crown),
            scoring: ProposedScoring::Bands {
                recency_days: [7, 30, 60, 90],
                frequency: [1, 5, 10, 20],
                monetary: [1, 2, 3, 4].map(|minor| Some(Money::new(crown, minor))),
            },
            tiers: vec![condition("CORE"), condition("GENERAL")],
            default_tier: "AT_RISK".to_owned(),
            unreadable: Vec::new(),
        }
    }

    fn fields(proposal: &Proposal) -> Vec<String> {
        let Err(Refusal::Invalid(faults)) = proposal.rules() else { panic!("accepted: {proposal:?}") };
        faults.into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn every_fault_is_named_at_once() {
        assert!(proposal().rules().is_ok());
        let euro: Currency = "EUR".parse().unwrap();
        let mut wrong = proposal();
        wrong.scoring = ProposedScoring::Bands {
            recency_days: [7, 7, 60, 50],
            frequency: [0, 5, 10, 20],
            monetary: [1, 2, 3, 4].map(|minor| Some(Money::new(euro, minor))),
        };
        wrong.tiers[1].tier = "CORE".to_owned();
        assert_eq!(
            fields(&wrong),
            [
                "tier_policy.bands.recency_days[1]",
                "tier_policy.bands.recency_days[3]",
                "tier_policy.bands.frequency[0]",
                "tier_policy.bands.monetary[0].currency_code",
                "tier_policy.bands.monetary[1].currency_code",
                "tier_policy.bands.monetary[2].currency_code",
                "tier_policy.bands.monetary[3].currency_code",
                "tier_policy.tiers[1].tier",
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_hides_no_other_fault() {
        let crown: Currency = "CZK".parse().unwrap();
        let amount = |minor| Some(Money::new(crown, minor));
        let mut wrong = proposal();
        wrong.currency = None;
        wrong.scoring = ProposedScoring::Bands {
            recency_days: [0, 1, 2, 3],
            frequency: [1, 2, 3, 4],
            monetary: [amount(0), None, amount(5), amount(4)],
        };
        wrong.unreadable = vec![
            Fault::new("tier_policy.currency_code", "no such currency"),
            Fault::new("tier_policy.bands.monetary[1]", "finer than the minor unit").because("AMOUNT_PRECISION"),
        ];
        wrong.tiers[1].tier = "CORE".to_owned();
        assert_eq!(
            fields(&wrong),
            [
                "tier_policy.currency_code",
                "tier_policy.bands.monetary[1]",
                "tier_policy.bands.monetary[0]",
                "tier_policy.bands.monetary[3]",
                "tier_policy.tiers[1].tier",
            ]
        );
    }
}
