//! Hands out what core banking has to be told of rate grants: what leaves is committed as having left before anybody sees it.

use super::{means::Means, statements};
use crate::{
    domain::{rate_grant::RateGrant, rate_instruction::RateInstruction},
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{At, Command, Fault, Tx};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// A page of instructions without an answer.
pub(crate) struct HandOutRates {
    pub(crate) means: Means,
    /// The position of the last one before, if any.
    pub(crate) after: Option<(Timestamp, String)>,
    pub(crate) limit: i64,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

/// An instruction, and the grant that it is about.
pub(crate) type Told = (RateInstruction, RateGrant);

impl Command for HandOutRates {
    const NAME: &'static str = "rate.hand_out";
    /// Oldest first.
    type Output = Vec<Told>;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<Told>, Fault> {
        let after = self.after.clone().map(|(at, id)| (At(at), id));
        let open = store::rate_instruction::open(tx, after, self.limit).await?;
        if open.is_empty() {
            return Ok(Vec::new());
        }
        // Whoever takes a grant back locks it: an offer that leaves here is not voided there.
        let ids: BTreeSet<Uuid> = open.iter().map(|one| one.grant).collect();
        let grants = store::rate_instruction::lock_grants(tx, ids.into_iter().collect()).await?;
        let by_id: HashMap<Uuid, RateGrant> = grants.into_iter().map(|one| (one.offer.id, one)).collect();
        let first: Vec<&RateInstruction> = open.iter().filter(|one| one.first_sent_at.is_none()).collect();
        let owed = first.iter().filter_map(|one| Some(self.said(one, by_id.get(&one.grant)?))).collect();
        let mut ids: Vec<String> = first.iter().map(|one| one.id.clone()).collect();
        ids.sort();
        store::rate_instruction::mark_sent(tx, ids, self.now).await?;
        self.means.outbox.owe(tx, self.now, owed).await?;
        let told = open.into_iter().filter_map(|one| {
            let grant = by_id.get(&one.grant)?.clone();
            Some((one, grant))
        });
        Ok(told.collect())
    }
}

impl HandOutRates {
    fn said(&self, instruction: &RateInstruction, grant: &RateGrant) -> handsel_outbox::Owed {
        let body = json!({ "kind": instruction.kind.code(), "instruction_id": instruction.id });
        statements::of_rate_grant("rate.sent", "send", grant, &self.actor, self.now, body)
    }
}
