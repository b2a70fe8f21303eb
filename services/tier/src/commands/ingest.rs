//! Takes a batch of activities: each is new, known, or refused by itself.

use crate::domain::activity::{Activity, Outcome, decide};
use crate::store;
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Outbox, Owed, Statement};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use std::collections::HashMap;

pub(crate) struct Ingest {
    /// In the order sent.
    pub(crate) activities: Vec<Activity>,
    pub(crate) actor: Actor,
    /// Names the batch in the log.
    pub(crate) correlation: String,
    pub(crate) now: Timestamp,
    pub(crate) outbox: Outbox,
}

impl Command for Ingest {
    const NAME: &'static str = "tier.ingest";
    /// One outcome for each, in the order sent.
    type Output = Vec<Outcome>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let mut ids: Vec<String> = self.activities.iter().map(|one| one.id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let known = store::activity::by_ids(tx, ids).await?;
        let mut known: HashMap<&str, &Activity> = known.iter().map(|one| (one.id.as_str(), one)).collect();
        let mut outcomes = Vec::with_capacity(self.activities.len());
        let mut new = Vec::new();
        for activity in &self.activities {
            let outcome = decide(activity, known.get(activity.id.as_str()).copied(), self.now);
            if outcome == Outcome::Applied {
                known.insert(&activity.id, activity);
                new.push(activity);
            }
            outcomes.push(outcome);
        }
        if !new.is_empty() {
            // In one order for all, so that two batches with the same ids wait for each other instead of deadlocking.
            new.sort_unstable_by(|one, other| one.id.cmp(&other.id));
            store::activity::insert(tx, &new, self.now).await?;
            self.outbox.owe(tx, self.now, vec![Owed::Audit(self.statement(new.len()))]).await?;
        }
        Ok(outcomes)
    }
}

impl Ingest {
    /// Activities come by the million and decide nothing by themselves: the log counts them.
    fn statement(&self, taken: usize) -> Statement {
        Statement {
            kind: "tier.activity.ingested",
            time: self.now,
            actor: self.actor.clone(),
            subjects: Vec::new(),
            action: "ingest",
            outcome: "success",
            reason: None,
            correlation: self.correlation.clone(),
            amount: None,
            policy: None,
            body: json!({ "sent": self.activities.len().to_string(), "taken": taken.to_string() }),
        }
    }
}
