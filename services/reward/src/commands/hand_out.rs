//! Hands instructions out: what leaves is committed as having left before anybody sees it.

use super::means::Means;
use crate::store;
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
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for HandOut {
    const NAME: &'static str = "payout.hand_out";
    /// Oldest first.
    type Output = Vec<Open>;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<Open>, Fault> {
        let after = self.after.clone().map(|(at, id)| (At(at), id));
        let open = store::attempt::open(tx, after, self.limit).await?;
        let mut first: Vec<&Open> = open.iter().filter(|one| one.first_sent_at.is_none()).collect();
        if first.is_empty() {
            return Ok(open);
        }
        first.sort_by(|one, other| one.end_to_end_id.cmp(&other.end_to_end_id));
        // Whoever reports outcomes locks the same rewards: what he has said of an earlier attempt is seen before this one leaves.
        store::reward::lock(tx, first.iter().map(|one| one.reward).collect()).await?;
        // A hold placed since they were read keeps them here: whoever places one waits for us, or we for him.
        store::hold::pass_fence(tx).await?;
        let held = store::hold::held(tx, first.iter().map(|one| one.reward).collect()).await?;
        if !held.is_empty() {
            return Err(Fault::Contention);
        }
        let ids: Vec<String> = first.iter().map(|one| one.end_to_end_id.clone()).collect();
        let owed = first.iter().map(|one| self.said(one)).collect();
        store::attempt::mark_sent(tx, ids, self.now).await?;
        self.means.outbox.owe(tx, self.now, owed).await?;
        Ok(open)
    }
}

impl HandOut {
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
            body: json!({ "attempt": open.number, "end_to_end_id": open.end_to_end_id }),
        })
    }
}
