//! How long bodies are kept, by classes of statement types. A type that no class names is money: kept as long as money records.

use super::refused::Refused;
use handsel_money::Timestamp;
use std::time::Duration;

/// Days of a year of retention: never shorter than a calendar year.
const SECONDS_A_YEAR: u64 = 366 * 86_400;

/// A class of statements whose bodies are kept as long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionClass {
    /// Its name, e.g. `MONEY`.
    pub name: String,
    /// Types of statements; with a dot at its end, all that begin so.
    pub types: Vec<String>,
    /// Years for which a body is kept after its record was sealed; none: for ever.
    pub years: Option<u32>,
}

/// The classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Those that name types.
    pub classes: Vec<RetentionClass>,
    /// Years for everything else.
    pub money_years: u32,
}

impl Default for Retention {
    fn default() -> Self {
        let class = |name: &str, types: &[&str], years| RetentionClass {
            name: name.to_owned(),
            types: types.iter().map(|kind| (*kind).to_owned()).collect(),
            years,
        };
        // What says who did what to the log, and what was taken from it, is never taken from it.
        let log = ["audit.", "bodies.", "case.", "clock.", "erasure.", "hold.", "key.", "source.", "subject."];
        Self { classes: vec![class("LOG", &log, None), class("MARKETING", &["tier."], Some(2))], money_years: 10 }
    }
}

impl Retention {
    /// Whether every body of these types that was sealed before an instant may go now.
    ///
    /// # Errors
    /// `RETENTION_APPLIES`, of the first class that is bound longer.
    pub(crate) fn allows(&self, types: &[String], before: Timestamp, now: Timestamp) -> Result<(), Refused> {
        let bound = |name: &str, years: Option<u32>| {
            let Some(years) = years else {
                return Err(Refused::RetentionApplies(name.to_owned(), "for ever".to_owned()));
            };
            let latest = years_before(now, years);
            let kept = || Refused::RetentionApplies(name.to_owned(), format!("those sealed after {latest}"));
            if before <= latest { Ok(()) } else { Err(kept()) }
        };
        for class in self.classes.iter().filter(|class| class.meets(types)) {
            bound(&class.name, class.years)?;
        }
        let elsewhere = |kind: &String| !self.classes.iter().any(|class| class.holds(kind));
        if types.iter().any(elsewhere) { bound("MONEY", Some(self.money_years)) } else { Ok(()) }
    }
}

impl RetentionClass {
    /// Whether some type may be both of this class and asked for.
    fn meets(&self, types: &[String]) -> bool {
        types.iter().any(|wanted| self.types.iter().any(|own| covers(own, wanted) || covers(wanted, own)))
    }

    /// Whether all that is asked for so is of this class.
    fn holds(&self, wanted: &str) -> bool {
        self.types.iter().any(|own| covers(own, wanted))
    }
}

/// Whether a type, or all that begin so, includes another.
fn covers(outer: &str, inner: &str) -> bool {
    if outer.ends_with('.') { inner.starts_with(outer) } else { outer == inner }
}

fn years_before(now: Timestamp, years: u32) -> Timestamp {
    now.checked_sub(Duration::from_secs(SECONDS_A_YEAR.saturating_mul(years.into()))).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn years_ago(years: u32) -> Timestamp {
        years_before(Timestamp::from_micros(1_767_603_600_000_000), years)
    }

    #[test]
    fn a_prune_waits_for_the_longest_of_its_classes() {
        let retention = Retention::default();
        for (types, years, outcome) in [
            (&["tier.changed"][..], 2, None),
            (&["tier.changed"], 1, Some("MARKETING")),
            (&["reward.granted"], 10, None),
            (&["reward.granted"], 9, Some("MONEY")),
            (&["referral.registered", "tier.changed"], 9, Some("MONEY")),
            (&["t"], 99, None),
            (&["tier."], 2, None),
            (&["bodies.pruned"], 99, Some("LOG")),
            (&["audit."], 99, Some("LOG")),
            (&["tier.changed", "hold.placed"], 99, Some("LOG")),
        ] {
            let types: Vec<String> = types.iter().map(|kind| (*kind).to_owned()).collect();
            let refused = retention.allows(&types, years_ago(years), years_ago(0)).err();
            let class = refused.map(|refused| match refused {
                Refused::RetentionApplies(class, _) => class,
                other => other.to_string(),
            });
            assert_eq!(class.as_deref(), outcome, "{types:?} {years}");
        }
    }
}
