//! Ends referrals whose time has run out.

use super::{Act, policy};
use crate::{
    domain::referral::State,
    store::{self, referral::Moved},
};
use handsel_outbox::{Owed, Statement};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;

/// Ends the first open referrals past their deadline and grace; how many.
#[derive(Debug)]
pub(crate) struct ExpireReferrals {
    /// The service itself, now.
    pub(crate) act: Act,
    /// At most so many in one transaction.
    pub(crate) limit: i64,
}

impl Command for ExpireReferrals {
    const NAME: &'static str = "referral.expire";
    type Output = usize;

    async fn apply(&self, tx: &mut Tx) -> Result<usize, Fault> {
        let due = store::referral::due(tx, self.act.now, self.limit).await?;
        let referrals = store::referral::by_ids(tx, due).await?;
        let (mut moved, mut owed) = (Vec::new(), Vec::new());
        for referral in referrals.values() {
            let at = self.act.now;
            moved.push(Moved { id: referral.id, state: State::Expired, completion: None, reversed_at: None, at });
            let name = format!("referrals/{}", referral.id);
            owed.push(Owed::Audit(Statement {
                subjects: vec![name.clone(), referral.referrer.clone()],
                policy: Some(policy(&referral.program, referral.program_version)),
                body: json!({"from": referral.state.as_str(), "to": State::Expired.as_str()}),
                ..self.act.statement("referral.expired", "expire", name)
            }));
        }
        store::referral::save_moved(tx, &moved).await?;
        self.act.owe(tx, owed).await?;
        Ok(moved.len())
    }
}
