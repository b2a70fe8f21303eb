//! Rewards that were due for too long and never left are owed no more: their room comes back, their accrual is taken back.

use super::{fall_due::inconsistent, means::Means, moves::Moves, statements};
use crate::{
    domain::{expiry, reward::Reward},
    store::{self, reward_read::WaitingRow},
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{At, Command, Fault, Tx};
use uuid::Uuid;

/// A limited run of what is due, after a position.
pub(crate) struct Expire {
    pub(crate) means: Means,
    /// The due instant and id of the last one looked at before, if any.
    pub(crate) after: Option<(Timestamp, Uuid)>,
    pub(crate) now: Timestamp,
    pub(crate) limit: i64,
}

/// What a run came to.
pub(crate) struct Expired {
    /// How many expired.
    pub(crate) count: usize,
    /// Where the next run goes on; none: everything has been looked at.
    pub(crate) next: Option<(Timestamp, Uuid)>,
}

impl Command for Expire {
    const NAME: &'static str = "reward.expire";
    type Output = Expired;

    /// What is held does not expire: whoever holds it answers for it.
    async fn apply(&self, tx: &mut Tx) -> Result<Expired, Fault> {
        let after = self.after.map(|(at, id)| (At(at), id));
        let waiting = store::reward_read::waiting(tx, At(self.now), after, self.limit).await?;
        let full = i64::try_from(waiting.len()).is_ok_and(|count| count >= self.limit);
        let next = waiting.last().filter(|_| full).map(|last| (last.due_at.0, last.id));
        let mut expired = Vec::new();
        for row in waiting {
            if self.is_over(tx, &row).await? {
                expired.push(row);
            }
        }
        if expired.is_empty() {
            return Ok(Expired { count: 0, next });
        }
        store::counter::lock(tx, expired.iter().map(|row| row.plan_id.clone()).collect()).await?;
        let locked = store::reward::lock(tx, expired.iter().map(|row| row.id).collect()).await?;
        let actor = Actor::system("reward/expire");
        let mut moves = Moves::default();
        for reward in locked {
            // Moved since it was looked at: the next run sees it where it stands then.
            let Ok(moved) = reward.expire(self.now) else { continue };
            moves.note(&self.means, moved, self.now, |reward| self.said(reward, &actor));
        }
        let count = moves.len();
        moves.save(tx, &self.means, self.now).await?;
        Ok(Expired { count, next })
    }
}

impl Expire {
    async fn is_over(&self, tx: &mut Tx, row: &WaitingRow) -> Result<bool, Fault> {
        let plan = self.means.plans.get(tx, &row.plan_id, row.plan_version).await?;
        let plan = plan.map_err(|refusal| inconsistent(&refusal))?;
        let terms = &plan.plan.terms;
        let ends = expiry::expires_at(row.due_at.0, &terms.zone, terms.payment.expiry_days);
        Ok(ends.is_some_and(|ends| ends <= self.now))
    }

    fn said(&self, reward: &Reward, actor: &Actor) -> handsel_outbox::Owed {
        let body = statements::standing(reward);
        statements::of_reward("reward.expired", "expire", reward, actor, self.now, body)
    }
}
