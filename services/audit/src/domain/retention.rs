//! How long bodies are kept, by classes of statement types. A type that no class names is money: kept as long as money records.

use super::refused::Refused;
use handsel_money::Timestamp;
use std::time::Duration;

/// Days of a year of retention: never shorter than a calendar year.
const SECONDS_A_YEAR: u64 = 366 * 86_400;

/// A class of statements whose bodies are kept as long.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RetentionClass {
    /// Its name, e.g. `MARKETING`.
    name: String,
    /// Types of statements; with a dot at its end, all that begin so.
    types: Vec<String>,
    /// Years for which a body is kept after its record was sealed; none: for ever.
    years: Option<u32>,
}

/// The classes: the log's own records, whose bodies are kept for ever, those that a bank names, and money, which is everything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    classes: Vec<RetentionClass>,
    money_years: u32,
}

/// Why periods are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetentionError {
    /// A period must be of whole years.
    #[error("{0}: not from 1 to {MOST_YEARS} years")]
    Years(String),
    /// A class is named in refusals.
    #[error(
        "`{0}` is no name of a class: capital letters, digits and underlines, and neither LOG nor MONEY, which are there already"
    )]
    Name(String),
    /// One name, two periods.
    #[error("{0} is there twice")]
    Twice(String),
    /// A class of nothing.
    #[error("{0} names no types")]
    Empty(String),
    /// A type is lower-case words with dots between them.
    #[error("{class}: `{kind}` is neither a type nor, with a dot at its end, the beginning of some")]
    Type {
        /// The class that names it.
        class: String,
        /// What is none.
        kind: String,
    },
    /// Who did what to the log is never taken from it.
    #[error("{class}: bodies of `{kind}` are kept for ever")]
    ForEver {
        /// The class that names it.
        class: String,
        /// The type.
        kind: String,
    },
}

/// Years that a period has at most.
const MOST_YEARS: u32 = 100;
/// What says who did what to the log, and what was taken from it, is never taken from it.
const LOG: [&str; 9] = ["audit.", "bodies.", "case.", "clock.", "erasure.", "hold.", "key.", "source.", "subject."];

impl Default for Retention {
    fn default() -> Self {
        let marketing =
            RetentionClass { name: "MARKETING".to_owned(), types: vec!["tier.".to_owned()], years: Some(2) };
        Self::with(10, vec![marketing])
    }
}

impl Retention {
    /// Periods as a bank sets them, in years: of money, and of classes of types. Of two classes that a type is in, the longer counts.
    ///
    /// # Errors
    /// [`RetentionError`], the first that applies: a period, a name, its types.
    pub fn of(money_years: u32, classes: Vec<(String, Vec<String>, u32)>) -> Result<Self, RetentionError> {
        within("money", money_years)?;
        let mut checked: Vec<RetentionClass> = Vec::with_capacity(classes.len());
        for (name, types, years) in classes {
            let word = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
            if name.is_empty() || !name.bytes().all(word) || ["LOG", "MONEY"].contains(&name.as_str()) {
                return Err(RetentionError::Name(name));
            }
            if checked.iter().any(|class| class.name == name) {
                return Err(RetentionError::Twice(name));
            }
            within(&name, years)?;
            check_types(&name, &types)?;
            checked.push(RetentionClass { name, types, years: Some(years) });
        }
        Ok(Self::with(money_years, checked))
    }

    fn with(money_years: u32, classes: Vec<RetentionClass>) -> Self {
        let types = LOG.map(str::to_owned).to_vec();
        let log = RetentionClass { name: "LOG".to_owned(), types, years: None };
        Self { classes: [log].into_iter().chain(classes).collect(), money_years }
    }

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

fn within(what: &str, years: u32) -> Result<(), RetentionError> {
    if (1..=MOST_YEARS).contains(&years) { Ok(()) } else { Err(RetentionError::Years(what.to_owned())) }
}

fn check_types(class: &str, types: &[String]) -> Result<(), RetentionError> {
    if types.is_empty() {
        return Err(RetentionError::Empty(class.to_owned()));
    }
    for kind in types {
        let (class, kind) = (class.to_owned(), kind.clone());
        let words = kind.strip_suffix('.').unwrap_or(&kind);
        let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if !words.split('.').all(word) {
            return Err(RetentionError::Type { class, kind });
        }
        if LOG.iter().any(|own| covers(own, &kind)) {
            return Err(RetentionError::ForEver { class, kind });
        }
    }
    Ok(())
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

    #[test]
    fn periods_that_are_none_are_refused_and_say_why() {
        let class = |name: &str, types: &[&str], years| {
            (name.to_owned(), types.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>(), years)
        };
        let marketing = |types: &[&str], years| vec![class("MARKETING", types, years)];
        for (money, classes, refusal) in [
            (10, marketing(&["tier."], 2), None),
            (1, vec![], None),
            (100, marketing(&["tier.changed", "campaign."], 100), None),
            (0, vec![], Some("money: not from 1 to 100 years")),
            (101, vec![], Some("money: not from 1 to 100 years")),
            (10, marketing(&["tier."], 0), Some("MARKETING: not from 1 to 100 years")),
            (10, marketing(&[], 2), Some("MARKETING names no types")),
            (10, [marketing(&["tier."], 2), marketing(&["a."], 2)].concat(), Some("MARKETING is there twice")),
            (
                10,
                vec![class("MONEY", &["tier."], 2)],
                Some(
                    "`MONEY` is no name of a class: capital letters, digits and underlines, and neither LOG nor MONEY, which are there already",
                ),
            ),
            (
                10,
                vec![class("log", &["tier."], 2)],
                Some(
                    "`log` is no name of a class: capital letters, digits and underlines, and neither LOG nor MONEY, which are there already",
                ),
            ),
            (
                10,
                marketing(&["."], 2),
                Some("MARKETING: `.` is neither a type nor, with a dot at its end, the beginning of some"),
            ),
            (
                10,
                marketing(&["Tier"], 2),
                Some("MARKETING: `Tier` is neither a type nor, with a dot at its end, the beginning of some"),
            ),
            (10, marketing(&["hold.placed"], 2), Some("MARKETING: bodies of `hold.placed` are kept for ever")),
        ] {
            let refused = Retention::of(money, classes).err().map(|error| error.to_string());
            assert_eq!(refused.as_deref(), refusal);
        }
        let usual = marketing(&["tier."], 2);
        assert_eq!(Retention::of(10, usual), Ok(Retention::default()));
    }

    #[test]
    fn a_bank_keeps_longer_or_shorter() {
        let short = vec![("CAMPAIGN".to_owned(), vec!["campaign.".to_owned()], 1)];
        let told = Retention::of(15, short).unwrap();
        let allows = |kind: &str, years| told.allows(&[kind.to_owned()], years_ago(years), years_ago(0)).is_ok();
        for (kind, years, allowed) in [
            ("campaign.begun", 1, true),
            ("reward.granted", 15, true),
            ("reward.granted", 14, false),
            ("tier.changed", 2, false),
            ("hold.placed", 99, false),
        ] {
            assert_eq!(allows(kind, years), allowed, "{kind} {years}");
        }
    }
}
