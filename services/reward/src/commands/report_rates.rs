//! Takes what core banking did with instructions on rate grants. Each answer is taken for itself.

use super::{means::Means, statements};
use crate::{
    domain::{
        rate_instruction::{RateInstruction, Receipt},
        refusal::Refusal,
    },
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What core banking says, in the order it says it.
pub(crate) struct ReportRates {
    pub(crate) means: Means,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

/// What became of one answer: whether it said anything new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) id: String,
    pub(crate) result: Result<Novelty, Refusal>,
}

/// Whether an answer said anything new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Novelty {
    New,
    Known,
}

impl Command for ReportRates {
    const NAME: &'static str = "rate.report";
    /// In the order said.
    type Output = Vec<Answered>;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<Answered>, Fault> {
        let ids: BTreeSet<&str> = self.receipts.iter().map(|receipt| receipt.id.as_str()).collect();
        let mut known = BTreeMap::new();
        for id in ids {
            if let Some(instruction) = store::rate_instruction::lock(tx, id).await? {
                known.insert(id.to_owned(), instruction);
            }
        }
        let (mut answers, mut owed) = (Vec::with_capacity(self.receipts.len()), Vec::new());
        for receipt in &self.receipts {
            let result = self.take(tx, receipt, &mut known, &mut owed).await?;
            answers.push(Answered { id: receipt.id.clone(), result });
        }
        self.means.outbox.owe(tx, self.now, owed).await?;
        Ok(answers)
    }
}

impl ReportRates {
    async fn take(
        &self,
        tx: &mut Tx,
        receipt: &Receipt,
        known: &mut BTreeMap<String, RateInstruction>,
        owed: &mut Vec<Owed>,
    ) -> Result<Result<Novelty, Refusal>, Fault> {
        let Some(instruction) = known.get(&receipt.id).cloned() else {
            return Ok(Err(Refusal::UnknownInstruction(receipt.id.clone())));
        };
        let answered = match instruction.answered(receipt, self.now) {
            Ok(Some(answered)) => answered,
            Ok(None) => return Ok(Ok(Novelty::Known)),
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::rate_instruction::answer(tx, &answered).await?;
        if let Some(grant) = store::rate_read::one(tx, answered.grant).await? {
            let body = json!({
                "kind": answered.kind.code(),
                "instruction_id": answered.id,
                "answer": answered.status.code(),
                "reason_code": answered.reason_code,
            });
            owed.push(statements::of_rate_grant("rate.answered", "report", &grant, &self.actor, self.now, body));
        }
        known.insert(receipt.id.clone(), answered);
        Ok(Ok(Novelty::New))
    }
}
