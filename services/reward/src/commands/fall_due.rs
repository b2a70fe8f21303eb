//! Rewards whose due instant has come wait for a person, or for nobody.

use super::{dossier, means::Means, moves::Moves, statements};
use crate::{domain::approval, store};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{At, Command, Fault, Tx};

/// A limited run of what is due by now.
pub(crate) struct FallDue {
    pub(crate) means: Means,
    pub(crate) now: Timestamp,
    pub(crate) limit: i64,
}

impl Command for FallDue {
    const NAME: &'static str = "reward.fall_due";
    /// How many fell due.
    type Output = usize;

    async fn apply(&self, tx: &mut Tx) -> Result<usize, Fault> {
        let actor = Actor::system("reward/due");
        let mut moves = Moves::default();
        let mut due = store::reward::lock_due(tx, At(self.now), self.limit).await?;
        due.extend(store::reward::lock_chosen(tx, At(self.now), self.limit).await?);
        let dossiers = dossier::of_rewards(&self.means, tx, &due).await?;
        for reward in due {
            let Some(dossier) = dossiers.get(&reward.entitlement.id) else { continue };
            let bands = &dossier.plan.plan.terms.payment.approval_bands;
            // Of what comes here nothing is left to choose, be it that it was chosen early.
            let now = reward.entitlement.choice.map_or(self.now, |choice| choice.until.max(self.now));
            let onward = approval::onward(&reward, bands, dossier.payee.as_ref(), now);
            let moved = reward.fall_due(onward, self.now).map_err(|refusal| inconsistent(&refusal))?;
            moves.note(&self.means, moved, self.now, |reward| {
                statements::of_reward("reward.due", "fall-due", reward, &actor, self.now, statements::standing(reward))
            });
        }
        Ok(moves.save(tx, &self.means, self.now).await?.len())
    }
}

/// What was read under a lock cannot be refused, unless the database holds what no command wrote.
pub(super) fn inconsistent(refusal: &crate::domain::refusal::Refusal) -> Fault {
    Fault::Invalid(refusal.to_string())
}
