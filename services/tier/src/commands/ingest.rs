//! Takes activities in: each is new, known, or refused by itself. Batches that wait at the same moment are looked up and
//! written as one.

use super::Act;
use crate::domain::activity::{Activity, Outcome, Untakeable, decide};
use crate::store;
use handsel_money::Timestamp;
use handsel_outbox::{Owed, Statement};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Activities of one transaction, the first batch apart: a batch has at most 1,000.
const MOST_ACTIVITIES: usize = 4_000;

pub(crate) struct Ingest {
    /// In the order sent; what could not be read is refused as it is.
    pub(crate) activities: Vec<Result<Activity, Untakeable>>,
    /// Names the batch in the log.
    pub(crate) correlation: String,
    pub(crate) act: Act,
}

impl Command for Ingest {
    const NAME: &'static str = "tier.ingest";
    /// One outcome for each, in the order sent.
    type Output = Vec<Outcome>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        Ok(Self::apply_all(&[self], tx).await?.pop().unwrap_or_default())
    }

    async fn apply_all(batch: &[&Self], tx: &mut Tx) -> Result<Vec<Self::Output>, Fault> {
        let batch = portion(batch);
        let ids: BTreeSet<&str> =
            batch.iter().flat_map(|command| command.readable()).map(|one| one.id.as_str()).collect();
        let known = store::activity::by_ids(tx, ids.into_iter().map(str::to_owned).collect()).await?;
        let mut known: HashMap<&str, &Activity> = known.iter().map(|one| (one.id.as_str(), one)).collect();
        let (mut new, mut answers) = (Vec::new(), Vec::with_capacity(batch.len()));
        for command in batch {
            answers.push(command.decide(&mut known, &mut new));
        }
        // In one order for all, so that two transactions with the same ids wait for each other instead of deadlocking.
        new.sort_unstable_by(|(one, _), (other, _)| one.id.cmp(&other.id));
        store::activity::insert(tx, &new).await?;
        for (command, outcomes) in batch.iter().zip(&answers) {
            command.act.owe(tx, command.owed(outcomes)).await?;
        }
        Ok(answers)
    }
}

/// The first batch, and those behind it that fit into one transaction with it.
fn portion<'a, 'b>(batch: &'b [&'a Ingest]) -> &'b [&'a Ingest] {
    let mut activities = 0_usize;
    let fitting = batch.iter().take_while(|command| {
        activities = activities.saturating_add(command.activities.len());
        activities <= MOST_ACTIVITIES
    });
    let count = fitting.count().max(1).min(batch.len());
    batch.get(..count).unwrap_or(batch)
}

impl Ingest {
    fn readable(&self) -> impl Iterator<Item = &Activity> {
        self.activities.iter().filter_map(|one| one.as_ref().ok())
    }

    /// Decides on each; what is new is known to those behind it.
    fn decide<'a>(
        &'a self,
        known: &mut HashMap<&'a str, &'a Activity>,
        new: &mut Vec<(&'a Activity, Timestamp)>,
    ) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(self.activities.len());
        for activity in &self.activities {
            outcomes.push(match activity {
                Err(untakeable) => Outcome::Refused(untakeable.clone()),
                Ok(activity) => {
                    let outcome = decide(activity, known.get(activity.id.as_str()).copied(), self.act.now);
                    if outcome == Outcome::Applied {
                        known.insert(&activity.id, activity);
                        new.push((activity, self.act.now));
                    }
                    outcome
                }
            });
        }
        outcomes
    }

    /// Activities come by the million and decide nothing by themselves: the log counts them, and names why some were refused.
    /// A batch that was only sent again leaves no trace.
    fn owed(&self, outcomes: &[Outcome]) -> Vec<Owed> {
        let (mut taken, mut refused) = (0_usize, BTreeMap::<&str, usize>::new());
        for outcome in outcomes {
            match outcome {
                Outcome::Applied => taken = taken.saturating_add(1),
                Outcome::Duplicate => {}
                Outcome::Refused(Untakeable { reason, .. }) => {
                    let count = refused.entry(reason).or_default();
                    *count = count.saturating_add(1);
                }
            }
        }
        let statement = |kind| self.act.statement(kind, "ingest", self.correlation.clone());
        let mut owed = Vec::with_capacity(2);
        if taken > 0 {
            let body = json!({ "sent": outcomes.len().to_string(), "taken": taken.to_string() });
            owed.push(Owed::Audit(Statement { body, ..statement("tier.activity.ingested") }));
        }
        if !refused.is_empty() {
            let refused: BTreeMap<&str, String> =
                refused.into_iter().map(|(reason, count)| (reason, count.to_string())).collect();
            let (outcome, body) = ("refused", json!(refused));
            owed.push(Owed::Audit(Statement { outcome, body, ..statement("tier.activity.refused") }));
        }
        owed
    }
}
