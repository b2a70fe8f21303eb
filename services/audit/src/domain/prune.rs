//! Prunes: bodies that two people let go, by type and age, as far as nothing holds them.

use super::{
    hold::{InForce, Step},
    refused::Refused,
};
use crate::filter::RecordFilter;
use handsel_money::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// A record that says which bodies were pruned.
pub(crate) const PRUNED: &str = "bodies.pruned";

/// A prune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prune {
    /// Its id.
    pub(crate) id: String,
    /// Types of statements; with a dot at its end, all that begin so.
    pub(crate) types: Vec<String>,
    /// Records sealed before this.
    pub(crate) before: Timestamp,
    /// Who asked for it.
    pub(crate) proposed: Step,
    /// Who agreed.
    pub(crate) confirmed: Option<Step>,
    /// How far it is.
    pub(crate) progress: Progress,
}

/// How far a prune is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// All records below have been looked at.
    pub(crate) next: u64,
    /// Bodies that went.
    pub(crate) pruned: i64,
    /// Bodies that a hold keeps.
    pub(crate) held: i64,
    /// Whether it has come to its end.
    pub(crate) done: bool,
}

impl Prune {
    /// Its name.
    pub(crate) fn name(&self) -> String {
        format!("prunes/{}", self.id)
    }

    /// A second person agrees; the same one again agrees no more than once.
    ///
    /// # Errors
    /// `MAKER_IS_CHECKER`, `STATE_CONFLICT`.
    pub(crate) fn confirm(self, step: Step) -> Result<Self, Refused> {
        if self.proposed.by == step.by {
            return Err(Refused::MakerIsChecker(self.name()));
        }
        match &self.confirmed {
            Some(confirmed) if confirmed.by == step.by => Ok(self),
            Some(_) => Err(Refused::StateConflict(self.name(), "is confirmed already")),
            None => Ok(Self { confirmed: Some(step), ..self }),
        }
    }

    /// Looks through records that have bodies, in order, up to before `end`; what goes, by type, and how far that comes.
    pub(crate) fn choose(&self, records: &[Candidate], end: u64, size: u64, holds: &InForce) -> (Chosen, Progress) {
        let asked = RecordFilter { types: self.types.clone(), to: Some(self.before), ..RecordFilter::default() };
        let (mut chosen, mut progress) = (Chosen::new(), Progress { next: end, ..self.progress });
        for record in records {
            // Leaves are dated never backwards: from here on everything is too young.
            if record.logged_at >= self.before.to_string() {
                progress.done = true;
                break;
            }
            if !asked.asks_for(&record.logged_at, &record.statement) {
                continue;
            }
            if holds.on_statement(record.index, &record.statement).is_some() {
                progress.held = progress.held.saturating_add(1);
                continue;
            }
            let kind = record.statement.get("type").and_then(Value::as_str).unwrap_or_default();
            chosen.entry(kind.to_owned()).or_default().push(record.index);
            progress.pruned = progress.pruned.saturating_add(1);
        }
        progress.done |= end >= size;
        (chosen, progress)
    }
}

/// A record with a body.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// Its place.
    pub(crate) index: u64,
    /// When it was sealed, as it stands in the leaf.
    pub(crate) logged_at: String,
    /// What it says.
    pub(crate) statement: Value,
}

/// Indexes of bodies that go, by type, in order.
pub(crate) type Chosen = BTreeMap<String, Vec<u64>>;

/// Indexes in order as runs, first and last of each.
pub(crate) fn runs(indexes: &[u64]) -> Vec<[u64; 2]> {
    let mut runs: Vec<[u64; 2]> = Vec::new();
    for index in indexes {
        match runs.last_mut() {
            Some([_, last]) if last.saturating_add(1) == *index => *last = *index,
            _ => runs.push([*index, *index]),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hold::Scope;
    use serde_json::json;
    use uuid::Uuid;

    fn step(by: &str) -> Step {
        Step { by: by.to_owned(), at: Timestamp::MIN }
    }

    fn prune() -> Prune {
        Prune {
            id: "p".to_owned(),
            types: vec!["tier.".to_owned()],
            before: "2026-01-02T00:00:00Z".parse().unwrap(),
            proposed: step("olga"),
            confirmed: None,
            progress: Progress::default(),
        }
    }

    fn record(index: u64, day: u8, kind: &str, subject: &str) -> Candidate {
        let statement = json!({ "type": kind, "source": "tier/audit", "subjects": [subject] });
        Candidate { index, logged_at: format!("2026-01-{day:02}T00:00:00.000000Z"), statement }
    }

    #[test]
    fn two_people_prune() {
        assert_eq!(prune().confirm(step("olga")), Err(Refused::MakerIsChecker("prunes/p".to_owned())));
        let confirmed = prune().confirm(step("petr")).unwrap();
        assert_eq!(confirmed.clone().confirm(step("petr")), Ok(confirmed.clone()));
        assert!(matches!(confirmed.confirm(step("jana")), Err(Refused::StateConflict(..))));
    }

    #[test]
    fn what_is_asked_for_old_enough_and_not_held_goes() {
        let mut holds = InForce::default();
        holds.add(Uuid::nil(), Scope::Subject("tiers/held".to_owned()), None);
        let records = [
            record(0, 1, "tier.changed", "tiers/1"),
            record(1, 1, "tier.changed", "tiers/held"),
            record(2, 1, "reward.granted", "rewards/1"),
            record(3, 1, "tier.lost", "tiers/1"),
            record(4, 1, "tier.changed", "tiers/1"),
            record(5, 2, "tier.changed", "tiers/1"),
        ];
        let (chosen, progress) = prune().choose(&records, 6, 99, &holds);
        let expected = [("tier.changed".to_owned(), vec![0, 4]), ("tier.lost".to_owned(), vec![3])];
        assert_eq!(chosen, Chosen::from(expected));
        assert_eq!(progress, Progress { next: 6, pruned: 3, held: 1, done: true });
        let (_, progress) = prune().choose(&records[..5], 5, 99, &holds);
        assert!(!progress.done, "there may be more");
        assert!(prune().choose(&[], 99, 99, &holds).1.done, "there is no more");
    }

    #[test]
    fn indexes_are_told_by_runs() {
        assert_eq!(runs(&[1, 2, 3, 7, 9, 10]), [[1, 3], [7, 7], [9, 10]]);
        assert!(runs(&[]).is_empty());
    }
}
