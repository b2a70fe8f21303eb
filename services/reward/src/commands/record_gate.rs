//! Takes down what the bank said of rewards that are to be paid.

use super::{means::Means, statements};
use crate::{
    domain::{gate::Round, state::Standing},
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// One round for each reward.
pub(crate) struct RecordGate {
    pub(crate) means: Means,
    pub(crate) said: Vec<Said>,
    pub(crate) now: Timestamp,
}

/// What the bank said of a reward as it stood when it was asked.
pub(crate) struct Said {
    /// The revision it was asked of: whoever names another account, or moves the reward, makes another one.
    pub(crate) revision: i64,
    pub(crate) round: Round,
}

impl Command for RecordGate {
    const NAME: &'static str = "payout.record_gate";
    /// How many were taken down.
    type Output = usize;

    /// A reward that has moved on in the meantime is asked of again where it stands then; what was said later already stays.
    async fn apply(&self, tx: &mut Tx) -> Result<usize, Fault> {
        let ids: Vec<Uuid> = self.said.iter().map(|said| said.round.reward).collect();
        let locked = store::reward::lock(tx, ids.clone()).await?;
        let before: HashMap<Uuid, Round> =
            store::gate::rounds(tx, ids).await?.into_iter().map(|round| (round.reward, round)).collect();
        let actor = Actor::system("reward/gate");
        let (mut kept, mut owed): (Vec<Round>, Vec<Owed>) = (Vec::new(), Vec::new());
        for reward in &locked {
            let waits = matches!(reward.state.standing(), Standing::Approved | Standing::Paying);
            let id = reward.entitlement.id;
            let about_it = |said: &&Said| waits && said.round.reward == id && said.revision == reward.revision;
            let Some(Said { round, .. }) = self.said.iter().find(about_it) else { continue };
            if before.get(&id).is_some_and(|before| before.asked_at > round.asked_at) {
                continue;
            }
            // The same word again is no news.
            if before.get(&id).map(|before| before.verdict) != Some(round.verdict) {
                let body = json!({
                    "verdict": round.verdict.code(),
                    "answers": round.answers.iter().map(|answer| json!({
                        "check": answer.check.code(),
                        "verdict": answer.verdict.code(),
                        "reason_code": answer.reason_code,
                    })).collect::<Vec<_>>(),
                });
                owed.push(statements::of_reward("payout.gate", "ask", reward, &actor, self.now, body));
            }
            kept.push(round.clone());
        }
        store::gate::save(tx, &kept).await?;
        self.means.outbox.owe(tx, self.now, owed).await?;
        Ok(kept.len())
    }
}
