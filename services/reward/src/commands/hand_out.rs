//! Hands instructions out: what leaves is committed as having left before anybody sees it.

use super::{latch, means::Means};
use crate::{
    domain::channel::Channel,
    store::{self, attempt::Sight},
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed, Statement};
use handsel_storage::{At, Command, Fault, Tx};
use serde_json::json;

pub(crate) use crate::store::attempt::Open;

/// A page of instructions whose outcome is unknown.
pub(crate) struct HandOut {
    pub(crate) means: Means,
    /// The position of the last one before, if any.
    pub(crate) after: Option<(Timestamp, String)>,
    pub(crate) limit: i64,
    /// By which way they leave: those that left by another are not listed.
    pub(crate) channel: Channel,
    /// Whether that is the way by which payouts leave now: else only what left by it before is listed.
    pub(crate) in_use: bool,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for HandOut {
    const NAME: &'static str = "payout.hand_out";
    /// Oldest first.
    type Output = Vec<Open>;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<Open>, Fault> {
        let after = self.after.clone().map(|(at, id)| (At(at), id));
        // What has left before is asked for again whatever happens: the bank recognises it.
        let not_left = self.in_use && latch::stopped(tx, &self.means).await?.is_none();
        let sight = Sight { left_by: Some(self.channel), not_left, currency: None, now: self.now };
        let open = store::attempt::open(tx, sight, after, self.limit).await?;
        let first: Vec<&Open> = open.iter().filter(|one| one.first_sent_at.is_none()).collect();
        let leaving = Leaving { means: &self.means, channel: self.channel, actor: &self.actor, now: self.now };
        leaving.let_go(tx, first).await?;
        Ok(open)
    }
}

/// Attempts on the point of leaving for the first time, by whatever way.
pub(crate) struct Leaving<'a> {
    pub(crate) means: &'a Means,
    pub(crate) channel: Channel,
    pub(crate) actor: &'a Actor,
    pub(crate) now: Timestamp,
}

impl Leaving<'_> {
    /// Commits that they leave, all of them; contention where something has come between since they were read.
    pub(crate) async fn let_go(&self, tx: &mut Tx, mut first: Vec<&Open>) -> Result<(), Fault> {
        if first.is_empty() {
            return Ok(());
        }
        first.sort_by(|one, other| one.end_to_end_id.cmp(&other.end_to_end_id));
        // Whoever reports outcomes locks the same rewards: what he has said of an earlier attempt is seen before this one leaves.
        store::reward::lock(tx, first.iter().map(|one| one.reward).collect()).await?;
        // A hold placed since they were read keeps them here: whoever places one waits for us, or we for him.
        store::hold::pass_fence(tx).await?;
        let rewards = first.iter().map(|one| one.reward).collect();
        if store::hold::keeps_back(tx, rewards, self.now).await? {
            return Err(Fault::Contention);
        }
        let ids: Vec<String> = first.iter().map(|one| one.end_to_end_id.clone()).collect();
        let owed = first.iter().map(|one| self.said(one)).collect();
        store::attempt::mark_sent(tx, ids, self.channel, self.now).await?;
        self.means.outbox.owe(tx, self.now, owed).await
    }

    fn said(&self, open: &Open) -> Owed {
        let reward = format!("rewards/{}", open.reward);
        Owed::Audit(Statement {
            kind: "payout.sent",
            time: self.now,
            actor: self.actor.clone(),
            subjects: vec![reward.clone(), open.payee.clone()],
            action: "send",
            outcome: "success",
            reason: None,
            correlation: reward,
            amount: Some(open.amount),
            policy: None,
            body: json!({ "attempt": open.number, "end_to_end_id": open.end_to_end_id, "channel": self.channel.code() }),
        })
    }
}
