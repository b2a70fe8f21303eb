//! The steps of an erasure that go by themselves. Each is one transaction here; what lies between two of them, at the log and at the
//! key store, may be done twice. So whatever dies wherever, the next run goes on from the last step on record.

use super::{Act, erase::of_erasure};
use crate::{
    domain::{
        erasure::{Clearance, Erasure, Purpose, RetentionPeriods, Stage},
        refusal::Refusal,
    },
    registry::Registry,
    store,
};
use handsel_outbox::{Owed, Statement};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use uuid::Uuid;

/// What has happened outside.
#[derive(Debug, Clone)]
pub(crate) enum Happened {
    /// The log has answered.
    Answered(Clearance),
    /// The key store has destroyed so many keys.
    Destroyed(i64),
}

/// Writes down what has happened outside.
#[derive(Debug)]
pub(crate) struct AdvanceErasure {
    /// The service itself, now.
    pub(crate) act: Act,
    /// Of which erasure.
    pub(crate) id: Uuid,
    /// What.
    pub(crate) happened: Happened,
}

impl Command for AdvanceErasure {
    const NAME: &'static str = "erasure.advance";
    type Output = Result<Erasure, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(erasure) = store::erasure::lock(tx, self.id).await? else {
            return Ok(Err(Refusal::NotFound(format!("erasures/{}", self.id))));
        };
        let now = self.act.now;
        let advanced = match &self.happened {
            Happened::Answered(clearance) => erasure.cleared(clearance, now),
            Happened::Destroyed(keys) => erasure.destroyed(*keys, now),
        };
        let advanced = match advanced {
            Ok(advanced) => advanced,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::erasure::save(tx, &advanced).await?;
        if advanced.stage == Stage::Held {
            let standings = store::erasure::standings_of(tx, self.id).await?;
            let statement = self.act.statement("subject.erasure_held", "erase", advanced.name());
            let mut statement = of_erasure(statement, &advanced, &standings);
            statement.outcome = "refused";
            statement.subjects.extend(advanced.hold.clone());
            self.act.owe(tx, vec![Owed::Audit(statement)]).await?;
        }
        Ok(Ok(advanced))
    }
}

/// Forgets a person whose keys are destroyed: what was sealed for the desk, and his blind index, which gives way to a suppression where
/// the periods say so.
pub(crate) struct FinishErasure {
    /// The service itself, now.
    pub(crate) act: Act,
    /// Which.
    pub(crate) id: Uuid,
    /// Makes suppressions of blind indexes.
    pub(crate) registry: Registry,
    /// How long a suppression holds.
    pub(crate) periods: RetentionPeriods,
}

impl Command for FinishErasure {
    const NAME: &'static str = "erasure.finish";
    type Output = Result<Erasure, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(erasure) = store::erasure::lock(tx, self.id).await? else {
            return Ok(Err(Refusal::NotFound(format!("erasures/{}", self.id))));
        };
        let erased = match erasure.erased(self.act.now) {
            Ok(erased) => erased,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let standings = store::erasure::standings_of(tx, self.id).await?;
        let subjects = standings.iter().map(|standing| standing.subject).collect();
        let suppressed = match erased.ends(Purpose::Marketing) {
            true => forget(tx, subjects, &self.registry, &self.periods, &self.act).await?,
            false => 0,
        };
        store::erasure::save(tx, &erased).await?;
        let statement = of_erasure(self.act.statement("subject.erased", "erase", erased.name()), &erased, &standings);
        let mut body = statement.body.clone();
        body["keys_destroyed"] = json!(erased.keys.unwrap_or_default());
        body["clearance"] = json!(erased.clearance.map(|record| format!("records/{record}")).unwrap_or_default());
        body["suppressed"] = json!(suppressed);
        self.act.owe(tx, vec![Owed::Audit(Statement { body, ..statement })]).await?;
        Ok(Ok(erased))
    }
}

/// Forgets again those whom a database put back from a copy remembers, and the key store does not. How many.
pub(crate) struct ForgetAgain {
    /// The service itself, now.
    pub(crate) act: Act,
    /// People whose key of MARKETING is destroyed.
    pub(crate) subjects: Vec<Uuid>,
    /// As in [`FinishErasure`].
    pub(crate) registry: Registry,
    /// As in [`FinishErasure`].
    pub(crate) periods: RetentionPeriods,
}

impl Command for ForgetAgain {
    const NAME: &'static str = "erasure.forget_again";
    type Output = usize;

    async fn apply(&self, tx: &mut Tx) -> Result<usize, Fault> {
        let remembered = store::subject::remembered(tx, self.subjects.clone()).await?;
        if remembered.is_empty() {
            return Ok(0);
        }
        let mut owed = Vec::new();
        for subject in &remembered {
            let statement = self.act.statement("subject.erased_again", "erase", format!("subjects/{subject}"));
            owed.push(Owed::Audit(Statement { reason: Some("RESTORED_FROM_COPY".to_owned()), ..statement }));
        }
        let forgotten = remembered.len();
        forget(tx, remembered, &self.registry, &self.periods, &self.act).await?;
        self.act.owe(tx, owed).await?;
        Ok(forgotten)
    }
}

/// Takes away what finds and shows these people; how many suppressions it leaves.
async fn forget(
    tx: &mut Tx,
    subjects: Vec<Uuid>,
    registry: &Registry,
    periods: &RetentionPeriods,
    act: &Act,
) -> Result<usize, Fault> {
    let indexes = store::subject::indexes(tx, subjects.clone()).await?;
    let mut digests: Vec<[u8; 32]> = Vec::new();
    if periods.suppressed_until(act.now).is_some() {
        digests = indexes.iter().map(|index| registry.suppression(index)).collect();
        digests.sort_unstable();
        digests.dedup();
    }
    let suppressed = digests.len();
    if let Some(until) = periods.suppressed_until(act.now) {
        store::suppression::add(tx, digests, act.now, until).await?;
    }
    let forgotten = subjects.into_iter().map(|subject| (subject, registry.index_of_nobody())).collect();
    store::subject::forget(tx, forgotten).await?;
    Ok(suppressed)
}
