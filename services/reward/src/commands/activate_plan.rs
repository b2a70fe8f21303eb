//! A second person puts a version of a plan in force, the one before it ends, and the plan's counter is opened.

use super::{fall_due::inconsistent, means::Means, offer_rates, statements};
use crate::{domain::refusal::Refusal, store};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};

/// Which plan, and the person who checked it.
pub(crate) struct ActivatePlan {
    pub(crate) means: Means,
    pub(crate) id: String,
    pub(crate) etag: String,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ActivatePlan {
    const NAME: &'static str = "plan.activate";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(plan) = store::plan::lock(tx, &self.id).await? else {
            return Ok(Err(Refusal::NotFound(format!("plans/{}", self.id))));
        };
        // Whoever made it with a token that named no human is on record as his account.
        let by_account = plan.second_person(&self.actor.subject);
        let activated = plan.activate(&self.etag, &self.by, self.now).and_then(|plan| by_account.map(|()| plan));
        let plan = match activated {
            Ok(plan) => plan,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let rates: Vec<_> = plan.terms.rate_rules().collect();
        if let Err(refusal) = offer_rates::check_rules(tx, &rates, self.now).await? {
            return Ok(Err(refusal));
        }
        let before = store::plan::lock_in_force(tx, &self.id).await?;
        if let Some(before) = before {
            // Whoever is pinned to it keeps what he was promised; new referrals go by the new version.
            let ended = before.end("", self.now).map_err(|refusal| inconsistent(&refusal))?;
            store::plan::save(tx, &ended).await?;
            let owed = statements::of_plan("plan.ended", "end", &ended, &self.actor, self.now);
            self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        }
        store::plan::save(tx, &plan).await?;
        store::counter::open(tx, &plan.id, &plan.terms).await?;
        store::terms_sheet::insert(tx, &plan, self.now).await?;
        let owed = statements::of_plan("plan.activated", "activate", &plan, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(plan.version_name()))
    }
}
